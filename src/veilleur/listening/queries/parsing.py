"""Text → expression. `docs/reference/queries.md` is the manual of the language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import cast

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedToken

from veilleur.errors import QueryInvalid
from veilleur.listening.queries import names
from veilleur.listening.queries.expressions import (
    MOST_DISTANCE,
    MOST_STARS,
    And,
    Day,
    Field,
    Is,
    Leaf,
    Near,
    Not,
    Or,
    Phrase,
    Place,
    Query,
    Stars,
    Word,
    fold,
    is_place,
)
from veilleur.listening.queries.mistakes import refused, unknown_value
from veilleur.listening.queries.words import folded, starred_words_of, words_of

_NO_LISTS: Mapping[str, Query] = MappingProxyType({})
MOST_CHARACTERS = 10_000
MOST_TERMS = 500
"""Words, each word of a phrase too, and fields other than those that hold words."""
MOST_DEPTH = 50
"""Levels of AND, OR, NOT and NEAR within each other, the term at the bottom included."""

_LONE_STAR = re.compile(r"(?<![^\W_])\*")
_INNER_STAR = re.compile(r"\*(?=[^\W_])")
_QUOTES = '"«»“”'
_RATING = re.compile(r"(?P<sign><=|>=|<|>|=|)(?P<stars>[0-9])|(?P<low>[0-9])\.\.(?P<high>[0-9])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FRENCH_DAY = re.compile(r"(?P<day>[0-9]{1,2})[/.-](?P<month>[0-9]{1,2})[/.-](?P<year>[0-9]{4})")


def parse(text: str, lists: Mapping[str, Query] = _NO_LISTS, *, may_exclude: bool = False) -> Query:
    """The expression that a query spells; `list:name` stands for the one of `lists` with this name.

    Raises `QueryInvalid`, and nothing else, with the place of the mistake and what was probably meant. A
    query that only excludes is a mistake unless `may_exclude`.

    >>> str(parse("attent* -parking (accueil OU l’écoute) note:<3"))
    'attent* AND NOT parking AND (accueil OR "l ecoute") AND rating:1..2'
    """
    _require_short(text)
    query = _Builder(lists).built(_tree(text))
    _require_short(str(query))  # so that what is kept as canonical text can be read again
    if not may_exclude and _only_excludes(query):
        raise refused("only_negations")
    return query


def _require_short(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise refused("too_long", count=len(text), most=MOST_CHARACTERS)


@cache
def _parser() -> Lark:
    grammar = files(__package__).joinpath("query.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", propagate_positions=True)


def _tree(text: str) -> Tree[Token] | Token:
    try:
        tokens = list(_parser().lex(text))
    except UnexpectedCharacters as error:  # all else is a piece: only a quotation mark can stand alone
        raise refused("unclosed_phrase", cast("int", error.pos_in_stream)) from None
    try:
        return _parser().parse(text)
    except UnexpectedToken as error:
        raise _misplaced(error.token, tokens) from None


_OPERATORS = frozenset({"_AND", "_OR", "_NOT", "NEAR", "_MINUS"})


def _misplaced(token: Token, tokens: list[Token]) -> QueryInvalid:
    """Why `token` cannot stand where it does; `$END` is the end of the query."""
    before = tokens if token.type == "$END" else [one for one in tokens if _start(one) < _start(token)]
    last = before[-1] if before else None
    if last is not None and last.type in _OPERATORS:
        return refused("nothing_after", _start(last), operator=last)
    opened = _open_bracket(before)
    if token.type == "_CLOSE":
        return refused("unopened_bracket", _start(token)) if opened is None else _empty(opened)
    if token.type == "$END":
        return refused("empty") if opened is None else refused("unclosed_bracket", _start(opened))
    return refused("nothing_before", _start(token), operator=token)


def _empty(opened: Token) -> QueryInvalid:
    return refused("empty_brackets", _start(opened))


def _open_bracket(tokens: Iterable[Token]) -> Token | None:
    """The last bracket that is still open."""
    opened: list[Token] = []
    for token in tokens:
        if token.type == "_OPEN":
            opened.append(token)
        elif token.type == "_CLOSE":
            opened.pop()
    return opened[-1] if opened else None


def _start(token: Token) -> int:
    return token.start_pos or 0


def _only_excludes(query: Query) -> bool:
    return fold(query, lambda _leaf: False, lambda node, parts: all(parts) is not isinstance(node, Not))


class _Builder:
    """Builds the expression of one query, and counts its terms."""

    def __init__(self, lists: Mapping[str, Query]) -> None:
        self._lists = {_key(name): query for name, query in lists.items()}
        self._terms = 0

    def built(self, tree: Tree[Token] | Token, depth: int = 1) -> Query:
        """The expression of a part of the query, `depth` levels down."""
        if depth > MOST_DEPTH:
            raise refused("too_deep", _place(tree), most=MOST_DEPTH)
        if isinstance(tree, Token):
            return self._term(tree)
        if tree.data == "near":
            return self._near(tree, depth)
        parts = tuple([self.built(part, depth + 1) for part in tree.children])
        if tree.data == "negation":
            return Not(parts[0])
        return Or(parts) if tree.data == "any_of" else And(parts)

    def entry(self, line: str, start: int) -> Word | Phrase:
        """One line of a list, whatever it holds, as words side by side."""
        return self._text(line.strip(), start)

    def _near(self, tree: Tree[Token], depth: int) -> Near:
        before, operator, after = tree.children
        distance = _distance(operator)
        left, right = (self._joined(part, depth + 1, operator) for part in (before, after))
        return Near(left, right, distance)

    def _joined(self, tree: Tree[Token] | Token, depth: int, operator: object) -> Place:
        place = self.built(tree, depth)
        if not is_place(place):
            raise refused("near_operand", _place(tree), operator=operator)
        return place

    def _term(self, token: Token) -> Query:
        start = _start(token)
        if token.type == "FIELD":
            name, _colon, value = token.partition(":")
            field = names.field_of(name)
            return self._field(field, value, start + len(name) + 1) if field else self._text(token, start)
        if token.endswith(":") and (field := names.field_of(token[:-1])):
            raise refused("no_value", start, field=token[:-1])
        return self._text(token, start)

    def _field(self, field: str, value: str, start: int) -> Query:
        if field in names.TEXT_FIELDS:
            return Field(field, self._text(value, start))
        value = value.strip(_QUOTES).strip()
        if field == names.LIST:
            return self._list(value, start)
        self._count(1, start)
        if field in names.DAY_FIELDS:
            return Day(field, _day(value, start))
        if choice := names.choice_of(field, value):
            return Is(field, choice)
        if field == "rating":
            return _stars(value, start)
        raise unknown_value(field, value, start)

    def _list(self, name: str, start: int) -> Query:
        query = self._lists.get(_key(name))
        if query is None:
            near = get_close_matches(_key(name), self._lists, n=1)
            raise refused("unknown_list", start, *near, value=name)
        self._count(fold(query, _terms_of, lambda _node, counts: sum(counts)), start)
        return query

    def _text(self, text: str, start: int) -> Word | Phrase:
        spelled = folded(text)
        if _LONE_STAR.search(spelled):
            raise refused("leading_wildcard", start, value=text)
        if _INNER_STAR.search(spelled):
            raise refused("inner_wildcard", start, value=text)
        words = tuple([Word(word.rstrip("*"), word.endswith("*")) for word in starred_words_of(text)])
        if not words:
            raise (
                refused("empty_phrase", start)
                if text[0] in _QUOTES
                else refused("no_word", start, value=text)
            )
        self._count(len(words), start)
        return Phrase(words) if len(words) > 1 else words[0]

    def _count(self, terms: int, start: int) -> None:
        self._terms += terms
        if self._terms > MOST_TERMS:
            raise refused("too_many_terms", start, most=MOST_TERMS)


def _key(name: str) -> str:
    return "-".join(words_of(name))


def _terms_of(leaf: Leaf) -> int:
    return len(leaf.words) if isinstance(leaf, Phrase) else 1


def parse_list(text: str) -> Query:
    r"""A list of words or phrases, one a line, as a query that each of them answers.

    Raises `QueryInvalid`.

    >>> str(parse_list("Dr Martin\nmartin*"))
    '"dr martin" OR martin*'
    """
    builder = _Builder(_NO_LISTS)
    entries: list[Query] = []
    start = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            entries.append(builder.entry(line, start))
        start += len(line)
    if not entries:
        raise refused("empty")
    return Or(tuple(entries)) if len(entries) > 1 else entries[0]


def _place(tree: Tree[Token] | Token) -> int:
    return _start(tree) if isinstance(tree, Token) else tree.meta.start_pos


def _distance(operator: Tree[Token] | Token) -> int:
    start, (name, _slash, number) = _place(operator), str(operator).partition("/")
    if not number.isascii() or not number.isdigit():
        raise refused("near_without_number", start, f"{name}/5", operator=operator)
    if len(number) > len(str(MOST_DISTANCE)) or not 0 < int(number) <= MOST_DISTANCE:
        raise refused("near_distance", start, operator=operator, most=MOST_DISTANCE)
    return int(number)


def _stars(value: str, start: int) -> Stars:
    match = _RATING.fullmatch("".join(value.split()))
    low, high = _interval(match) if match else (0, 0)
    if not 1 <= low <= MOST_STARS or not 1 <= high <= MOST_STARS or low > high:
        raise refused("bad_rating", start, value=value)
    return Stars(low, high)


def _interval(match: re.Match[str]) -> tuple[int, int]:
    if match["low"]:
        return int(match["low"]), int(match["high"])
    stars = int(match["stars"])
    return {
        "<": (1, stars - 1),
        "<=": (1, stars),
        ">": (stars + 1, MOST_STARS),
        ">=": (stars, MOST_STARS),
    }.get(match["sign"], (stars, stars))


def _day(value: str, start: int) -> date:
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise refused("bad_date", start, _turned(value), value=value)


def _turned(value: str) -> str:
    """A date written the French way as it is written here; empty for anything else."""
    match = _FRENCH_DAY.fullmatch(value)
    try:
        return date(*map(int, match.group("year", "month", "day"))).isoformat() if match else ""
    except ValueError:
        return ""
