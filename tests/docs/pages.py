"""Reads the documentation as a reader does: prose, commands, and what they are said to print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
LANGUAGE = re.compile(r"^<!-- lang: (\w\w) -->")


@dataclass(frozen=True, slots=True)
class Step:
    """Commands of a page (`sh` or `python`), and the output shown right below them, if any."""

    line: int
    language: str
    script: str
    shown: str | None


def steps(page: str) -> Iterator[Step]:
    """What a page tells its reader to run. Fences without a language are pictures."""
    fences = list(FENCE.finditer(page))
    for fence, after in zip_longest(fences, fences[1:]):
        if fence["language"] in {"sh", "python"}:
            is_below = after and after["language"] == "text" and not page[fence.end() : after.start()].strip()
            shown = after["body"] if after and is_below else None
            yield Step(page.count("\n", 0, fence.start()) + 1, fence["language"], fence["body"], shown)


def language(page: str) -> str:
    """The language of a page, from its first line; English when it does not say."""
    found = LANGUAGE.match(page)
    return found[1] if found else "en"


def is_like(printed: str, shown: str) -> bool:
    """Whether `printed` is what the page shows; `…` stands for anything, spaces count once.

    >>> is_like("5 messages, 312/s", "5 messages, …/s")
    True
    >>> is_like("4 messages", "5 messages")
    False
    """
    parts = [re.escape(" ".join(part.split())) for part in shown.split("…")]
    pattern = r"\s*.*?\s*".join(part.replace(r"\ ", r"\s+") for part in parts)
    return re.fullmatch(pattern, " ".join(printed.split()), re.DOTALL) is not None


def links(page: str) -> Iterator[str]:
    """Targets of the links and pictures of a page, inside the repository only."""
    prose = FENCE.sub("", page)
    for found in LINK.finditer(prose):
        if not found["target"].startswith(("http:", "https:", "mailto:", "#")):
            yield found["target"].partition("#")[0]


def pages(repository: Path) -> list[Path]:
    """Every page of the documentation, the ones at the root included."""
    return sorted([*repository.glob("*.md"), *(repository / "docs").rglob("*.md")])
