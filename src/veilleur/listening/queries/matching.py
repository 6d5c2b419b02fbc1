"""Which messages answer which queries.

Each query is compiled to functions once. A message is then shown only to the queries whose necessary
words it holds, and to those that have none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, tzinfo

from veilleur.listening.queries.bounds import necessary_words
from veilleur.listening.queries.expressions import (
    And,
    Day,
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
    fold,
)
from veilleur.listening.queries.facts import Facts
from veilleur.vocabulary import Mention, Reading

Test = Callable[[Facts], bool]


def matches(query: Query, mention: Mention, reading: Reading, zone: tzinfo = UTC) -> bool:
    """Whether a message answers a query; days are those of `zone`."""
    return _compiled(query)(Facts(mention, reading, zone))


class Matcher:
    """Many queries, ready to be asked of many messages."""

    def __init__(self, queries: Iterable[Query], zone: tzinfo = UTC, *, with_authors: bool = False) -> None:
        """Compiles the queries; days are those of `zone`. With authors, a pseudonym is words too."""
        self._zone, self._with_authors = zone, with_authors
        self._tests: list[Test] = []
        self._always: list[int] = []
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)
        self._by_prefix: defaultdict[int, defaultdict[str, list[int]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for number, query in enumerate(queries):
            self._tests.append(_compiled(query))
            self._enter(number, query)

    def of(self, mention: Mention, reading: Reading, tags: tuple[str, ...] = ()) -> tuple[int, ...]:
        """The places of the queries that the message answers, in order; `tags`: those it carries."""
        facts = Facts(mention, reading, self._zone, self._with_authors, tags)
        return tuple([number for number in sorted(self._possible(facts)) if self._tests[number](facts)])

    def _enter(self, number: int, query: Query) -> None:
        words = necessary_words(query)
        if words is None:
            self._always.append(number)
        for word in words or ():
            entries = self._by_prefix[len(word.text)] if word.is_prefix else self._by_word
            entries[word.text].append(number)

    def _possible(self, facts: Facts) -> set[int]:
        words = facts.words.places
        found = set(self._always)
        for word in words.keys() & self._by_word.keys():
            found.update(self._by_word[word])
        for length, entries in self._by_prefix.items():
            for beginning in {word[:length] for word in words} & entries.keys():
                found.update(entries[beginning])
        return found


def _compiled(query: Query) -> Test:
    return fold(query, _leaf_test, _joined_test)


def _leaf_test(leaf: Leaf) -> Test:
    match leaf:
        case Word() | Phrase():
            return _text_test(leaf)
        case Near(left=left, right=right, distance=distance):
            return lambda facts: facts.words.has_near(left, right, distance)
        case Field(name=name, text=text):
            return _field_test(name, text)
        case Is(name=name, value=value):
            return lambda facts: (name, value) in facts.marks
        case Stars(low=low, high=high):
            return lambda facts: low <= facts.stars <= high
    return _day_test(leaf)


def _text_test(text: Word | Phrase) -> Test:
    if isinstance(text, Phrase) or text.is_prefix:
        return lambda facts: facts.words.has_text(text)
    word = text.text
    return lambda facts: word in facts.words.places


def _day_test(leaf: Day) -> Test:
    day = leaf.day
    if leaf.name == "since":
        return lambda facts: facts.day >= day
    return lambda facts: facts.day <= day


def _field_test(name: str, text: Word | Phrase) -> Test:
    """A source, a thread and a tag are named whole: part of the name names another one."""
    if name == "tag":
        return lambda facts: facts.is_tagged(text)
    if name == "thread":
        return lambda facts: facts.is_whole("thread", text) or facts.is_whole("external_id", text)
    if name == "source":
        return lambda facts: facts.is_whole("source", text)
    return lambda facts: facts.words_in(name).has_text(text)


def _joined_test(node: Not | And | Or, tests: Sequence[Test]) -> Test:
    if isinstance(node, Not):
        (test,) = tests
        return lambda facts: not test(facts)
    if isinstance(node, And):
        return lambda facts: all(test(facts) for test in tests)
    return lambda facts: any(test(facts) for test in tests)
