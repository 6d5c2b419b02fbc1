"""Queries in the language of each database's index of words.

What an index cannot tell (how near two words are, a day beside a choice, a conversation) is left out of what
it is asked, so that it answers with too much and never with too little; who asks looks at each answer then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Protocol

from veilleur.listening.queries import (
    And,
    Field,
    Is,
    Leaf,
    Near,
    Not,
    Or,
    Phrase,
    Query,
    Stars,
    Word,
    Words,
    fold,
    is_all_of,
    mark,
)

SEARCHED = "title text author"
"""Columns that a mere word is looked for in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as an index is asked."""

    words: str
    is_exact: bool
    """Whether what it finds answers; otherwise what answers is among it."""


@dataclass(frozen=True, slots=True)
class _Part:
    words: str | None
    """None asks nothing."""
    is_exact: bool = True
    is_negative: bool = False
    """Whether `words` must not hold."""


class _Language(Protocol):
    """How a database writes what it is asked."""

    everything: str

    def text(self, words: Sequence[Word]) -> str:
        """Words side by side; only the last one may be a beginning."""

    def field(self, name: str, words: Sequence[Word]) -> _Part:
        """As `text`, in one field of a message."""

    def mark(self, word: str) -> str:
        """A mark of the message: see `marks_of`."""

    def owner(self, word: str) -> str:
        """The mark of an organisation or of a source."""

    def both(self, parts: Sequence[str]) -> str:
        """All of them."""

    def either(self, parts: Sequence[str]) -> str:
        """One of them."""

    def without(self, words: str, unwanted: str) -> str:
        """The first and not the second."""


class Fts5:
    """SQLite's FTS5, within one organisation."""

    def __init__(self, organisation_id: int) -> None:
        self.everything = self.owner(mark_of(organisation_id))

    def text(self, words: Sequence[Word]) -> str:
        """In any of the columns that a mere word is looked for in."""
        return f"{{{SEARCHED}}} : {self._side_by_side(words)}"

    def field(self, name: str, words: Sequence[Word]) -> _Part:
        """Each field is a column."""
        return _Part(f"{name} : {self._side_by_side(words)}")

    def _side_by_side(self, words: Sequence[Word]) -> str:
        return f'"{" ".join(word.text for word in words)}"' + "*" * words[-1].is_prefix

    def mark(self, word: str) -> str:
        """Marks are words of a column."""
        return f'marks : "{word}"'

    def owner(self, word: str) -> str:
        """Owners are words of a column."""
        return f'owner : "{word}"'

    def both(self, parts: Sequence[str]) -> str:
        """All of them."""
        return _joined(" AND ", parts)

    def either(self, parts: Sequence[str]) -> str:
        """One of them."""
        return _joined(" OR ", parts)

    def without(self, words: str, unwanted: str) -> str:
        """FTS5 knows no NOT that stands alone."""
        return f"({words}) NOT ({unwanted})"


class TsQuery:
    """PostgreSQL's `tsquery`, within one organisation."""

    def __init__(self, organisation_id: int) -> None:
        self.everything = self.owner(mark_of(organisation_id))

    def text(self, words: Sequence[Word]) -> str:
        """Two that stand side by side are in the index as one, except in very long messages."""
        row = " <-> ".join(_lexeme(word.text, is_prefix=word.is_prefix) for word in words)
        pairs = _pairs("@", words)
        if not pairs or max(map(len, pairs)) > _LONGEST_PAIR:
            return row
        return f"({' & '.join(pairs)} | '@long') & {row}"

    def field(self, name: str, words: Sequence[Word]) -> _Part:
        """Words and pairs of a field carry its name; of three words in a row only the pairs are known."""
        if len(words) == 1:
            return _Part(_lexeme(f"#{name}_{words[0].text}", is_prefix=words[0].is_prefix))
        return _Part(" & ".join(_pairs(f"#{name}_", words)), is_exact=len(words) == 2)

    def mark(self, word: str) -> str:
        """As a word that no message holds."""
        return f"'#{word}'"

    def owner(self, word: str) -> str:
        """As a word that no message holds."""
        return f"'@{word}'"

    def both(self, parts: Sequence[str]) -> str:
        """All of them."""
        return _joined(" & ", parts)

    def either(self, parts: Sequence[str]) -> str:
        """One of them."""
        return _joined(" | ", parts)

    def without(self, words: str, unwanted: str) -> str:
        """The first and not the second."""
        return f"({words}) & !({unwanted})"


_LONGEST_PAIR = 400
"""As in the migration that makes the index of pairs."""


def _lexeme(text: str, *, is_prefix: bool) -> str:
    return f"'{text}'" + ":*" * is_prefix


def _pairs(before: str, words: Sequence[Word]) -> list[str]:
    return [
        _lexeme(f"{before}{first.text}_{second.text}", is_prefix=second.is_prefix)
        for first, second in pairwise(words)
    ]


def _joined(operator: str, parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else operator.join(f"({part})" for part in parts)


def mark_of(organisation_id: int) -> str:
    """The word that stands in the index for an organisation, and that no query can spell."""
    return f"o{organisation_id}"


@dataclass(frozen=True, slots=True)
class Names:
    """What an organisation calls its own things."""

    sources: Mapping[str, int]
    """The words of the key of each of its sources, parted by blanks → id."""
    tags: Mapping[str, int] = field(default_factory=dict)
    """The name of each of its tags → id."""


def asked(
    query: Query | None,
    language: Callable[[int], _Language],
    organisation_id: int,
    names: Names,
    marks: Sequence[str] = (),
) -> Asked:
    """A query as the index is asked, within one organisation; every one of `marks` must hold, too.

    >>> asked(Word("attent", is_prefix=True), Fts5, 7, Names({})).words
    '(owner : "o7") AND ({title text author} : "attent"*)'
    >>> asked(And((Word("a"), Not(Is("lang", "fr")))), TsQuery, 7, Names({})).words
    "('@o7') & (('a') & !('#langfr'))"
    """
    spoken = language(organisation_id)
    part = _translated(query, spoken, names) if query is not None else _Part(None)
    wanted = [spoken.everything, *map(spoken.mark, marks)]
    if part.words is not None:
        wanted.append(_positive(part, spoken))
    return Asked(spoken.both(wanted), part.is_exact)


_UNKNOWN = _Part(None, is_exact=False)


def _translated(query: Query, spoken: _Language, names: Names) -> _Part:
    return fold(
        query,
        lambda leaf: _of_leaf(leaf, spoken, names),
        lambda node, parts: _of_parts(node, parts, spoken),
    )


def _of_leaf(leaf: Leaf, spoken: _Language, names: Names) -> _Part:
    match leaf:
        case Word() | Phrase():
            return _of_text(leaf, lambda words: _Part(spoken.text(words)), spoken)
        case Field():
            return _of_field(leaf, spoken, names)
        case Is(name=name, value=value):
            return _Part(spoken.mark(mark(name, value)))
        case Stars(low=low, high=high):
            stars = [spoken.mark(mark("rating", str(number))) for number in range(low, high + 1)]
            return _Part(spoken.either(stars))
        case Near(left=left, right=right):
            places = [_translated(place, spoken, names) for place in (left, right)]
            return replace(_all(places, spoken), is_exact=False)
    return _UNKNOWN  # a day


IN_COLUMNS = frozenset({"author", "network", "place", "title"})
"""Fields whose words an index knows."""


def _of_field(field: Field, spoken: _Language, names: Names) -> _Part:
    if field.name == "source":
        return _of_source(field.text, spoken, names.sources)
    if field.name == "tag":
        return _of_tag(field.text, spoken, names.tags)
    if field.name not in IN_COLUMNS:  # a conversation
        return _UNKNOWN
    return _of_text(field.text, lambda words: spoken.field(field.name, words), spoken)


def _words_of(text: Word | Phrase) -> tuple[Word, ...]:
    return (text,) if isinstance(text, Word) else text.words


def _of_text(text: Word | Phrase, told: Callable[[Sequence[Word]], _Part], spoken: _Language) -> _Part:
    """Side by side; with a mere beginning among them, each somewhere."""
    words = _words_of(text)
    if not any(word.is_prefix for word in words[:-1]):
        return told(words)
    return replace(_all([told([word]) for word in words], spoken), is_exact=False)


def _of_source(text: Word | Phrase, spoken: _Language, sources: Mapping[str, int]) -> _Part:
    words = _words_of(text)
    if any(word.is_prefix for word in words):
        return _UNKNOWN
    return _Part(spoken.owner(f"s{sources.get(' '.join(word.text for word in words), 0)}"))


def tag_mark(tag_id: int | str) -> str:
    """The mark of the messages that carry a tag; 0 is on none."""
    return f"tag{tag_id}"


def choice_mark(field_id: int | str, choice: int | str) -> str:
    """The mark of the messages on which a field of the house holds a choice."""
    return f"choice{field_id}x{choice}"


def _of_tag(text: Word | Phrase, spoken: _Language, tags: Mapping[str, int]) -> _Part:
    """The marks of the tags of this name: several where it ends with a star."""
    meant = [pk for name, pk in tags.items() if is_all_of(Words(name), text)]
    return _Part(spoken.either([spoken.mark(tag_mark(pk)) for pk in meant or [0]]))


def _of_parts(node: Not | And | Or, parts: Sequence[_Part], spoken: _Language) -> _Part:
    if isinstance(node, Not):
        (part,) = parts
        # What is found with too much would be left out with too much.
        return replace(part, is_negative=not part.is_negative) if part.is_exact else _UNKNOWN
    return _all(parts, spoken) if isinstance(node, And) else _any(parts, spoken)


def _all(parts: Sequence[_Part], spoken: _Language) -> _Part:
    is_exact = all(part.is_exact for part in parts)
    wanted = [part.words for part in parts if part.words is not None and not part.is_negative]
    unwanted = [part.words for part in parts if part.words is not None and part.is_negative]
    if not unwanted:
        return _Part(spoken.both(wanted) if wanted else None, is_exact)
    if not wanted:
        return _Part(spoken.either(unwanted), is_exact, is_negative=True)
    return _Part(spoken.without(spoken.both(wanted), spoken.either(unwanted)), is_exact)


def _any(parts: Sequence[_Part], spoken: _Language) -> _Part:
    if any(part.words is None for part in parts):
        return _UNKNOWN
    return _Part(
        spoken.either([_positive(part, spoken) for part in parts]), all(part.is_exact for part in parts)
    )


def _positive(part: _Part, spoken: _Language) -> str:
    words = part.words or spoken.everything
    return spoken.without(spoken.everything, words) if part.is_negative else words
