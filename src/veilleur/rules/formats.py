"""What was found, for people and for machines: text, JSON, JSON Lines, SARIF and GitHub annotations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from veilleur.vocabulary import Breach, Severity

_LEVELS = {
    Severity.BLOCKER: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}
_GITHUB = {"error": "error", "warning": "warning", "note": "notice"}
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
WIDEST = 96
"""Characters of a line that are shown around a breach."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One text that was judged."""

    id: str
    """Of its line; of a whole file, its name."""
    place: str
    """The file it stands in; `"-"` for standard input."""
    line: int
    """1-based line of the file where the text begins."""
    text: str
    verdict: str
    breaches: Sequence[Breach]
    whole: bool = True
    """Whether the text is the file itself, so that lines and columns count in it."""


def record(checked: Checked) -> dict[str, Any]:
    """One text as JSON: `id`, `verdict` and `findings`, offsets in characters of the text as given."""
    return {
        "id": checked.id,
        "verdict": checked.verdict,
        "findings": [
            {
                "rule": breach.rule,
                "severity": breach.severity.value,
                "start": breach.span.start,
                "end": breach.span.end,
                "message": breach.message,
                "reference": f"{breach.reference.title} [{breach.reference.mark.value}]",
                "advice": breach.advice,
                "score": breach.score,
            }
            for breach in checked.breaches
        ],
    }


def as_jsonl(checked: Iterable[Checked]) -> Iterable[str]:
    """A line of JSON for each text."""
    return (json.dumps(record(one), ensure_ascii=False) for one in checked)


def as_json(checked: Iterable[Checked]) -> Iterable[str]:
    """One JSON array."""
    return [json.dumps([record(one) for one in checked], ensure_ascii=False, indent=2)]


def as_text(checked: Iterable[Checked]) -> Iterable[str]:
    """For people: place, rule and reason, the stretch underlined, the ground and what to write instead."""
    for one in checked:
        for breach in one.breaches:
            yield from _told(one, breach)


def _told(one: Checked, breach: Breach) -> Iterable[str]:
    line, column = position(one, breach.span.start)
    where = f"{one.place}:{line}:{column}" if one.whole else f"{one.place}:{one.line} ({one.id}) {column}"
    yield f"{where}: {breach.rule} [{breach.severity.value}] {breach.message}"
    shown, start, size = _around(one.text, breach)
    gutter = " " * len(str(line))
    yield f"{gutter} |"
    yield f"{line} | {shown}"
    yield f"{gutter} | {' ' * start}{'^' * size}"
    yield f"{gutter} = {breach.reference.title} [{breach.reference.mark.value}]"
    yield f"{gutter} = {breach.advice}"
    yield ""


def _around(text: str, breach: Breach) -> tuple[str, int, int]:
    """The line that holds the start of a breach, cut to a readable width; where the breach is in it."""
    first = text.rfind("\n", 0, breach.span.start) + 1
    last = text.find("\n", breach.span.start)
    line = text[first : last if last >= 0 else len(text)]
    start = breach.span.start - first
    cut = max(0, start - WIDEST // 3)
    shown = "".join(letter if letter.isprintable() else " " for letter in line[cut : cut + WIDEST])
    shown = ("…" if cut else "") + shown + ("…" if len(line) > cut + WIDEST else "")
    start = start - cut + (1 if cut else 0)
    return shown, start, max(1, min(breach.span.end - breach.span.start, len(shown) - start))


def position(one: Checked, offset: int) -> tuple[int, int]:
    """(line, column), both 1-based, of an offset in the text."""
    before = one.text[:offset]
    return one.line + before.count("\n"), offset - before.rfind("\n")


def as_github(checked: Iterable[Checked]) -> Iterable[str]:
    """Annotations that GitHub shows beside the lines of a change."""
    for one in checked:
        for breach in one.breaches:
            line, column = position(one, breach.span.start)
            level = _GITHUB[_LEVELS[breach.severity]]
            facts = f"file={_escaped(one.place, ':,')},line={line},col={column},title={breach.rule}"
            yield f"::{level} {facts}::{_escaped(f'{breach.message} ({breach.reference.title})', '')}"


def _escaped(text: str, more: str) -> str:
    for letter in "%\r\n" + more:
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


def as_sarif(checked: Iterable[Checked]) -> Iterable[str]:
    """One SARIF 2.1.0 log."""
    results: list[dict[str, Any]] = []
    rules: dict[str, dict[str, Any]] = {}
    for one in checked:
        for breach in one.breaches:
            rules.setdefault(breach.rule, _sarif_rule(breach))
            results.append(_sarif_result(one, breach))
    driver = {"name": "veilleur", "rules": list(rules.values())}
    log = {"$schema": SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return [json.dumps(log, ensure_ascii=False, indent=2)]


def _sarif_rule(breach: Breach) -> dict[str, Any]:
    return {
        "id": breach.rule,
        "shortDescription": {"text": breach.message},
        "help": {"text": f"{breach.advice} ({breach.reference.title})"},
        "defaultConfiguration": {"level": _LEVELS[breach.severity]},
    }


def _sarif_result(one: Checked, breach: Breach) -> dict[str, Any]:
    line, column = position(one, breach.span.start)
    last_line, last_column = position(one, breach.span.end)
    region = {
        "startLine": line,
        "startColumn": column,
        "endLine": last_line,
        "endColumn": last_column,
        "snippet": {"text": breach.span.of(one.text)},
    }
    place = {"artifactLocation": {"uri": one.place}, "region": region}
    return {
        "ruleId": breach.rule,
        "level": _LEVELS[breach.severity],
        "message": {"text": f"{breach.message} {breach.advice}"},
        "locations": [{"physicalLocation": place}],
        "properties": {
            "id": one.id,
            "reference": breach.reference.title,
            "mark": breach.reference.mark.value,
        },
    }


FORMATS: Mapping[str, Callable[[Iterable[Checked]], Iterable[str]]] = {
    "text": as_text,
    "jsonl": as_jsonl,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
"""Name → lines to write. `text`, `jsonl` and `github` write as they go."""
