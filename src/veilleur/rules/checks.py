"""What can be measured or compared exactly: the checks that packs name by their dotted path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from veilleur.rules import platforms
from veilleur.text import normalise
from veilleur.vocabulary import Outgoing, Span

_HASHTAG = re.compile(r"(?<![\w/#&])#\w+")
_MENTION = re.compile(r"(?<![\w/@.])@\w[\w.-]*")
_NAME_WORD = re.compile(r"[^\W\d_]{3,}")


def too_long(outgoing: Outgoing) -> Iterator[Span]:
    """What stands beyond the length that the network takes."""
    known = platforms.limit_of(outgoing.network, outgoing.kind)
    if known and (first := platforms.first_beyond(outgoing.text, known)) < len(outgoing.text):
        yield Span(first, len(outgoing.text))


def too_many_hashtags(outgoing: Outgoing) -> Iterator[Span]:
    """The hashtags beyond the number that the network takes."""
    yield from _beyond(outgoing, "hashtags", _HASHTAG)


def too_many_mentions(outgoing: Outgoing) -> Iterator[Span]:
    """The mentions beyond the number that the network takes."""
    yield from _beyond(outgoing, "mentions", _MENTION)


def _beyond(outgoing: Outgoing, what: str, pattern: re.Pattern[str]) -> Iterator[Span]:
    known = platforms.limit(outgoing.network, what)
    if known:
        for match in list(pattern.finditer(outgoing.text))[known.most :]:
            yield Span(match.start(), match.end())


def display_name(outgoing: Outgoing) -> Iterator[Span]:
    """The words of the display name that the reply repeats as a name: with a capital letter."""
    names = set(_NAME_WORD.findall(normalise(outgoing.author).text)) - _no_names()
    if not names:
        return
    for match in _NAME_WORD.finditer(outgoing.text):
        if match[0][0].isupper() and normalise(match[0]).text in names:
            yield Span(match.start(), match.end())


@cache
def _no_names() -> frozenset[str]:
    """Words of display names that say nobody."""
    return frozenset((files(__package__) / "data/display_words.txt").read_text(encoding="utf-8").split())
