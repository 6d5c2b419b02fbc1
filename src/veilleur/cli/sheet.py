"""The table of `veilleur read`: one line per message, its findings below when asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from veilleur.cli.words import say

_EXCERPT = 300


class Sheet:
    """Rows that are shown as they come, under one header."""

    def __init__(self, console: Console, *, explain: bool, quote: bool) -> None:
        """`quote` says whether offsets count in the `text` of each record: not in a redacted one."""
        self._console, self._explain, self._quote = console, explain, quote
        self._headed = False

    def rows(self, records: Sequence[dict[str, Any]]) -> None:
        """Shows some records, each with its `text`."""
        table = Table(box=None, show_header=not self._headed, padding=(0, 2, 0, 0), expand=True)
        for title, width in self._columns():
            table.add_column(title, width=width, ratio=None if width else 1, overflow="fold")
        for record in records:
            table.add_row(*map(_plain, _cells(record)))
            if self._explain:
                for finding in record["findings"]:
                    table.add_row("", "", "", "", _explained(finding, record["text"] if self._quote else ""))
        self._headed = True
        self._console.print(table)

    def _columns(self) -> list[tuple[str, int | None]]:
        return [
            ("id", 10),
            (say("language", "langue"), 8),
            (say("opinion", "opinion"), 8),
            (say("priority", "priorité"), 10),
            (say("message", "message"), None),
        ]


def _cells(record: dict[str, Any]) -> list[str]:
    text = " ".join(record["text"][:_EXCERPT].split())
    shown = text + (" …" if len(record["text"]) > _EXCERPT else "")
    labels = " ".join(f"[{name}]" for name in record["decided"])
    opinion = record["sentiment"]["label"]
    return [str(record["id"]), record["language"], opinion, record["priority"], f"{labels} {shown}".strip()]


def _explained(finding: dict[str, Any], text: str) -> Text:
    """« reactions reaction 0.90 “nausées” 12-19 (Nausée) · term: nausées »."""
    parts = [f"{finding['kind']} {finding['label']} {finding['score']:.2f}"]
    if finding["start"] is not None:
        said = text[finding["start"] : finding["end"]]
        parts.append((f"“{said}” " if said else "") + f"{finding['start']}-{finding['end']}")
    if finding["concept"]:
        parts.append(f"({finding['concept']['label']})")
    grounds = ", ".join(finding["why"]["grounds"])
    parts.append(f"· {finding['why']['because']}: {grounds}" if grounds else f"· {finding['why']['because']}")
    return Text(" ".join(_plain(part).plain for part in parts), style="dim")


def _plain(cell: str) -> Text:
    """What a message says is never markup, nor an order to the terminal."""
    return Text("".join(letter if letter.isprintable() else " " for letter in cell))
