"""One automaton for all the words of all analyzers; one scan for each text.

Terms are found as whole words. Between their words any single character that is neither
letter nor digit will do, so that « mal-de-tête » is found as « mal de tête », and an
elision does not hide what follows it (« l'ibuprofène »). The plural of the last word is
accepted. An owner sees, of its own terms that overlap, the leftmost and then the longest:
what others look for never changes what it is given. Terms with the same words (in two
languages, say) each give their mark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from daachorse import CharwiseDoubleArrayAhoCorasick

from veilleur.lexicon.term import Term
from veilleur.text import normalise
from veilleur.vocabulary import Language

_NO_WORD = "-"
_PLURALS = ("s", "x")
_SHORTEST_PLURAL = 4


class _Gaps(dict[int, str]):
    """Every character that is neither a letter nor a digit, to a space (for `str.translate`)."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        gap = self[code] = char if char.isalnum() else " "
        return gap


_GAPS = _Gaps()
_ASCII_GAPS = str.maketrans({chr(code): " " for code in range(128) if not chr(code).isalnum()})


@dataclass(frozen=True, slots=True)
class Mark:
    """A term found at `[start, end)` of the normalised text."""

    term: Term
    start: int
    end: int


class Lexicon:
    """The terms of all owners, compiled. Reading it is safe from several threads."""

    def __init__(self, terms: Mapping[str, Iterable[Term]]) -> None:
        """Compiles `terms`: owner → terms. Raises `ValueError` for a term without a letter or a digit."""
        owned: defaultdict[str, list[tuple[str, Term]]] = defaultdict(list)
        everything = [(owner, term) for owner, own in terms.items() for term in own]
        for one, words in zip(everything, _words([term.text for _, term in everything]), strict=True):
            if not words:
                raise ValueError(f"“{one[0]}” declares a term without a letter or a digit: {one[1].text!r}")
            # Behind a space: a word can only start after a gap.
            owned[f" {words}"].append(one)
        self._owned = tuple(owned.values())
        self._automaton = CharwiseDoubleArrayAhoCorasick(list(owned)) if owned else None

    def __len__(self) -> int:
        """How many different expressions are looked for."""
        return len(self._owned)

    def scan(self, text: str) -> dict[str, tuple[Mark, ...]]:
        """The marks of each owner that has any in `text` (normalised), in the order of the text."""
        if self._automaton is None:
            return {}
        marks: defaultdict[str, list[Mark]] = defaultdict(list)
        spaced = f" {text.translate(_ASCII_GAPS if text.isascii() else _GAPS)} "
        for start, end, index in self._automaton.find_overlapping(spaced):
            last = _word_end(spaced, start, end)
            if last:
                for owner, term in self._owned[index]:
                    marks[owner].append(Mark(term, start, last - 1))
        return {owner: _leftmost_longest(found) for owner, found in marks.items()}


def _words(texts: Sequence[str]) -> list[str]:
    """The words of each text with one space between them; empty for a text without any.

    All texts are normalised at once, a line each: one by one would take most of the time of a start.
    """
    lines = normalise("\n".join(text.strip() or _NO_WORD for text in texts)).text.split("\n")
    if len(lines) != len(texts):  # a text of several lines
        lines = [normalise(text).text for text in texts]
    return [" ".join(line.translate(_GAPS).split()) for line in lines]


def _word_end(spaced: str, start: int, end: int) -> int:
    """Where the last word of a match ends, its plural included; 0 when it goes on otherwise."""
    if spaced[end] == " ":
        return end
    plural = spaced[end] in _PLURALS and spaced[end + 1] == " " and spaced[end - 1].isalpha()
    return end + 1 if plural and end - start > _SHORTEST_PLURAL else 0


def _leftmost_longest(marks: list[Mark]) -> tuple[Mark, ...]:
    if len(marks) == 1:
        return tuple(marks)
    marks.sort(key=attrgetter("end"), reverse=True)
    marks.sort(key=attrgetter("start"))
    kept: list[Mark] = []
    for mark in marks:
        if not kept or mark.start >= kept[-1].end or (mark.start, mark.end) == (kept[-1].start, kept[-1].end):
            kept.append(mark)
    return tuple(kept)


def one_per_place(marks: Iterable[Mark], language: Language) -> list[Mark]:
    """Of marks at the same place, the one whose term is of `language`, else the first one."""
    places: dict[int, Mark] = {}
    for mark in marks:
        if mark.start not in places or places[mark.start].term.language is not language is mark.term.language:
            places[mark.start] = mark
    return list(places.values())
