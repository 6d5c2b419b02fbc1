"""What words brought before is kept: the same words and pairs come again in every text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

from veilleur.rules.features import Tags
from veilleur.rules.words import Sentence

Token: TypeAlias = tuple[str, Tags]
Value = TypeVar("Value")
MOST = 200_000
"""Values that are kept; beyond, all are forgotten and begun again."""


class Kept(Generic[Value]):
    """Values by one word or by two, worked out when they are first asked for."""

    def __init__(self, value: Callable[[list[str]], Value]) -> None:
        """`value` makes of names of features what is kept."""
        self._value = value
        self._number: dict[Token, int] = {}
        self._tokens: list[Token] = []
        self._known: dict[tuple[object, int, int], Value] = {}

    def numbers(self, sentence: Sentence) -> list[int]:
        """A number for each word of a sentence, the same for the same word with the same tags."""
        if len(self._known) > MOST:
            self._known.clear()
            self._number.clear()
            self._tokens.clear()
        return [self._of(token) for token in zip(sentence.words, sentence.tags, strict=True)]

    def _of(self, token: Token) -> int:
        number = self._number.get(token)
        if number is None:
            number = self._number[token] = len(self._tokens)
            self._tokens.append(token)
        return number

    def of_one(self, names: Callable[[str, Tags], list[str]], number: int) -> Value:
        """The value of one word."""
        known = self._known.get((names, number, -1))
        if known is None:
            known = self._known[names, number, -1] = self._value(names(*self._tokens[number]))
        return known

    def of_two(self, names: Callable[[str, Tags, str, Tags], list[str]], number: int, other: int) -> Value:
        """The value of two words."""
        known = self._known.get((names, number, other))
        if known is None:
            two = (*self._tokens[number], *self._tokens[other])
            known = self._known[names, number, other] = self._value(names(*two))
        return known

    def has_tags(self, number: int) -> bool:
        """Whether a word stands for a concept."""
        return bool(self._tokens[number][1])
