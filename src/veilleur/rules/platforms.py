"""How much a network takes, and how it counts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import regex

from veilleur.vocabulary import Kind, Mark

ADDRESS = re.compile(r"https?://\S+")
_ADDRESS_WEIGHT = 23
"""What an address counts on X, however long it is (twitter-text, configuration 3)."""
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that count for one on X; all others count for two (twitter-text, configuration 3)."""
_GRAPHEME = regex.compile(r"\X")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Limit:
    """The most of something that a network takes."""

    most: int
    mark: Mark
    unit: str = ""


def limit(network: str, what: str) -> Limit | None:
    """The limit of a kind of text (`"post"`), or of `"hashtags"` and `"mentions"`; None: none is known.

    A network may be named as people name it: its key is one of the words.

    >>> limit("bluesky", "post").most, limit("Avis Google", "reply").most
    (300, 4096)
    """
    known = _limits()
    key = next((word for word in _WORD.findall(network.lower()) if word in known), "")
    return known.get(key, {}).get(what)


def limit_of(network: str, kind: Kind) -> Limit | None:
    """How long such a text may be."""
    return limit(network, kind.value)


@cache
def _limits() -> Mapping[str, Mapping[str, Limit]]:
    raw = tomllib.loads((files(__package__) / "data/platforms.toml").read_text(encoding="utf-8"))
    return {
        network: {
            what: Limit(told["most"], Mark(told["mark"]), told.get("unit", ""))
            for what, told in kinds.items()
        }
        for network, kinds in raw.items()
        if isinstance(kinds, dict)
    }


def length(text: str, unit: str) -> int:
    """How long a text is as a network counts it.

    >>> length("é", "bytes"), length("👩‍⚕️", "graphemes"), length("https://exemple.fr/une/page", "weighted")
    (2, 1, 23)
    """
    return sum(size for size, _end in _steps(text, unit))


def first_beyond(text: str, known: Limit) -> int:
    """Offset of the first character that is too many; the length of the text when none is."""
    total = 0
    for size, end in _steps(text, known.unit):
        total += size
        if total > known.most:
            return end - 1
    return len(text)


def _steps(text: str, unit: str) -> Iterator[tuple[int, int]]:
    """What each piece counts, and where it ends."""
    if unit == "graphemes":
        yield from ((1, match.end()) for match in _GRAPHEME.finditer(text))
    elif unit == "weighted":
        yield from _weighted(text)
    elif unit == "bytes":
        yield from ((len(letter.encode("utf-8", "surrogatepass")), at) for at, letter in enumerate(text, 1))
    else:
        yield from ((1, at) for at in range(1, len(text) + 1))


def _weighted(text: str) -> Iterator[tuple[int, int]]:
    place = 0
    for match in ADDRESS.finditer(text):
        yield from _letters(text, place, match.start())
        yield _ADDRESS_WEIGHT, match.end()
        place = match.end()
    yield from _letters(text, place, len(text))


def _letters(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    for match in _GRAPHEME.finditer(text, start, stop):
        heavy = any(not _is_light(ord(letter)) for letter in match[0])
        yield (2 if heavy else len(match[0])), match.end()


def _is_light(code: int) -> bool:
    return any(first <= code <= last for first, last in _LIGHT)
