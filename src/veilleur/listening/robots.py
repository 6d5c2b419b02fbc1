"""robots.txt (RFC 9309): what a site asks machines to leave alone, and how slowly it wants to be read.

The standard library's `urllib.robotparser` takes the first rule that fits and knows no `*` in a path; here
the longest rule decides and `*` and `$` mean what the RFC says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

MOST_BYTES = 512 * 1024
"""Of a robots.txt; the RFC asks for 500 KiB at least."""


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site for one reader."""

    rules: tuple[tuple[str, bool], ...] = ()
    """Patterns of paths, and whether they allow."""
    delay: float = 0.0
    """Seconds between two questions; 0 when the site does not say."""

    def allows(self, address: str) -> bool:
        """Whether an address of the site may be read: the longest rule that fits decides, allowing first."""
        parts = urlsplit(address)
        path = unquote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        fitting = [(len(pattern), allows) for pattern, allows in self.rules if _fits(pattern, path)]
        return max(fitting, default=(0, True))[1]


NOTHING = Robots((("/", False),))
"""Of a site whose robots.txt cannot be read."""


def robots(content: bytes, agent: str) -> Robots:
    """The rules for `agent` (its product name), else those for everybody."""
    groups: dict[str, list[tuple[str, str]]] = {}
    names: list[str] = []
    is_open = False
    for line in content[:MOST_BYTES].decode("utf-8-sig", "replace").splitlines():
        key, mark, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not mark:
            continue
        if key == "user-agent":
            names = [*(names if is_open else ()), value.partition("/")[0].strip().lower()]
            groups.setdefault(names[-1], [])
            is_open = True
        elif key in {"allow", "disallow", "crawl-delay"}:
            for name in names:
                groups[name].append((key, value))
            is_open = False
    return _robots(groups.get(agent.lower(), groups.get("*", [])))


def _robots(lines: list[tuple[str, str]]) -> Robots:
    rules = tuple((value, key == "allow") for key, value in lines if key != "crawl-delay" and value)
    return Robots(rules, max((_seconds(value) for key, value in lines if key == "crawl-delay"), default=0.0))


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _fits(pattern: str, path: str) -> bool:
    """Whether a path begins as a pattern says; `*` stands for anything, `$` at the end for the end."""
    is_whole = pattern.endswith("$")
    first, *others = [unquote(part) for part in pattern.removesuffix("$").split("*")]
    if not path.startswith(first):
        return False
    if not others:
        return not is_whole or path == first
    at = len(first)
    for part in others[:-1]:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    last = others[-1]
    return path.endswith(last, at) if is_whole else path.find(last, at) >= 0
