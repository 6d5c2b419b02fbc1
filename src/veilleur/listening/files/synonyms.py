"""How much the name of a column resembles what people call each field of a message."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Field(StrEnum):
    """What a column may hold; the values are the attributes of `vocabulary.Mention`."""

    TEXT = "text"
    TITLE = "title"
    AUTHOR = "author"
    PUBLISHED_AT = "published_at"
    RATING = "rating"
    EXTERNAL_ID = "external_id"
    URL = "url"
    NETWORK = "network"
    PLACE = "place"
    QUESTION = "question"
    LANGUAGE_HINT = "language_hint"
    THREAD = "thread"


_WORDS = tomllib.loads(files(__package__).joinpath("headers.toml").read_text(encoding="utf-8"))
_NAMES: dict[Field, tuple[str, ...]] = {field: tuple(_WORDS[field]) for field in Field}
_NEVER = frozenset(_WORDS["never"]["words"])
_ALL = frozenset(name for names in _NAMES.values() for name in names)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ASIDE = re.compile(r"\([^)]*\)|\[[^]]*\]|/\s*\d+|\d+\s*=.*")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_TYPO = 0.84
"""Likeness from which a name is taken for a misspelling of another."""


def fold(text: str) -> str:
    """Lower case, no accents, ligatures apart.

    >>> fold("Numéro d’œuvre")
    'numero d’oeuvre'
    """
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "Oe"))
    return "".join(char for char in apart if not unicodedata.combining(char)).lower()


def plain_header(header: str) -> str:
    """The words of a header, without what it says in brackets about a scale.

    >>> plain_header("Note globale (sur 5)")
    'note globale'
    >>> plain_header("starRating")
    'star rating'
    """
    bare = _ASIDE.sub(" ", header)
    return _NOT_WORD.sub(" ", fold(_CAMEL.sub(" ", bare))).strip()


def known_header(header: str) -> bool:
    """Whether this is, to the letter, the name of a field in French or English."""
    return plain_header(header) in _ALL


def forbidden(header: str) -> bool:
    """Whether a word of the header says that it is about something else than the message.

    >>> forbidden("Date de naissance"), forbidden("Date")
    (True, False)
    """
    return not known_header(header) and not _NEVER.isdisjoint(plain_header(header).split())


@cache
def likeness(header: str, field: Field) -> float:
    """Between 0 and 1: how much `header` looks like a name of `field`.

    >>> likeness("Date de publication", Field.PUBLISHED_AT) > likeness("Date", Field.TITLE)
    True
    >>> likeness("Date de naissance", Field.PUBLISHED_AT)
    0.0
    """
    name = plain_header(header)
    names = _NAMES[field]
    if name in names:
        # The surest names come first: « Date » beats « Jour » when a file has both.
        return 1.0 - names.index(name) / len(names) * 0.1
    words = name.split()
    if not words or forbidden(header):
        return 0.0
    return max(_inside(words, names), _misspelt(name, names))


def _inside(words: list[str], names: tuple[str, ...]) -> float:
    """A known name stands, whole words, at the start or the end of the header."""
    sizes = [
        len(known.split()) / len(words)
        for known in names
        if len(known) > 2 and known.split() in (words[: len(known.split())], words[-len(known.split()) :])
    ]
    return 0.5 + 0.3 * max(sizes) if sizes else 0.0


def _misspelt(name: str, names: tuple[str, ...]) -> float:
    if len(name) < 4:
        return 0.0
    best = max(SequenceMatcher(None, name, known, autojunk=False).ratio() for known in names)
    return best * 0.8 if best >= _TYPO else 0.0
