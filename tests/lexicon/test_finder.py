"""One automaton for all words: whole words, gaps, plurals, overlaps, owners apart."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.lexicon import Lexicon, Mark, Term, one_per_place
from veilleur.text import normalise
from veilleur.vocabulary import Language


def found(words: list[str], text: str) -> list[str]:
    lexicon = Lexicon({"owner": [Term(word) for word in words]})
    normal = normalise(text)
    marks = lexicon.scan(normal.text).get("owner", ())
    return [normal.span(mark.start, mark.end).of(text) for mark in marks]


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (["mal à la tête"], "Toujours MAL A LA TETE.", ["MAL A LA TETE"]),
        (["mal à la tête"], "mal-à-la-tête, mal  à\nla tête", ["mal-à-la-tête", "mal  à\nla tête"]),
        (["mal à la tête"], "mal. À la tête du service", []),
        (["ibuprofène"], "l’ibuprofène(400)", ["ibuprofène"]),
        (["bras"], "embrasser, brassard, bras", ["bras"]),
        (["crampe", "os"], "des crampes aux oss", ["crampes"]),
        (["genou"], "les genoux", ["genoux"]),
        (["mal", "mal de dos", "dos"], "mal de dos et mal", ["mal de dos", "mal"]),
        (["mal de", "dos cassé"], "mal de dos", ["mal de"]),
        (["œdème"], "des oedèmes ŒDÈMEEEE", ["oedèmes", "ŒDÈMEEEE"]),
        (["vitamine b12"], "vitamine B12 et vitamine b120", ["vitamine B12"]),
        (["a", "b"], "a b a.b", ["a", "b", "a", "b"]),
        (["été"], "😱été😱", ["été"]),
        (["мама"], "мама, мамам", ["мама"]),
        ([], "rien", []),
    ],
)
def test_whole_words_leftmost_longest(words: list[str], text: str, expected: list[str]) -> None:
    assert found(words, text) == expected


def test_owners_do_not_change_each_others_marks() -> None:
    alone = Lexicon({"a": [Term("tête")]}).scan("mal a la tete")
    shared = Lexicon({"a": [Term("tête")], "b": [Term("mal à la tête"), Term("tete")]}).scan("mal a la tete")
    assert shared["a"] == alone["a"]
    assert [mark.term.text for mark in shared["b"]] == ["mal à la tête"]


def test_terms_with_the_same_words_each_give_their_mark() -> None:
    french, english = Term("nausée", language=Language.FR), Term("nausee", language=Language.EN)
    marks = Lexicon({"a": [french, english]}).scan("nausee")["a"]
    assert [mark.term for mark in marks] == [french, english]
    assert [mark.term for mark in one_per_place(marks, Language.EN)] == [english]
    assert [mark.term for mark in one_per_place(marks, Language.OTHER)] == [french]


def test_a_term_needs_a_letter_or_a_digit() -> None:
    with pytest.raises(ValueError, match=r"“owner” declares .*'\?!'"):
        Lexicon({"owner": [Term("?!")]})


def bare(text: str) -> str:
    spaced = "".join(char if char.isalnum() else " " for char in normalise(text).text)
    return " ".join(spaced.split())


words = st.text("abéœ -'", min_size=1, max_size=6).filter(lambda word: any(map(str.isalpha, word)))


@given(st.lists(words, max_size=6), st.text("abéœ -'.\nsx", max_size=40))
def test_marks_are_ordered_apart_and_hold_a_declared_term(declared: list[str], text: str) -> None:
    normal = normalise(text)
    lexicon = Lexicon({"owner": [Term(word) for word in dict.fromkeys(declared)]})
    marks = lexicon.scan(normal.text).get("owner", ())
    for left, right in pairwise(marks):
        assert left.end <= right.start or (left.start, left.end) == (right.start, right.end)
    for mark in marks:
        assert (
            bare(normal.text[mark.start : mark.end])
            .removesuffix("s")
            .removesuffix("x")
            .startswith(bare(mark.term.text).removesuffix("s").removesuffix("x"))
        )


@given(st.lists(words, max_size=8, unique_by=bare), st.text("abéœ -'.\nsx", max_size=40))
def test_marks_are_those_of_a_plain_search(declared: list[str], text: str) -> None:
    normal = normalise(text).text
    marks = Lexicon({"owner": [Term(word) for word in declared]}).scan(normal).get("owner", ())
    assert [(mark.start, mark.end) for mark in marks] == plainly(sorted(map(bare, declared)), normal)


def plainly(expressions: list[str], text: str) -> list[tuple[int, int]]:
    """Every expression at every place, then the leftmost and the longest of those that overlap."""
    spaced = "".join(char if char.isalnum() else " " for char in text) + " "
    places = set()
    for expression in expressions:
        for start in range(len(text)):
            if not spaced.startswith(expression, start) or (start and spaced[start - 1] != " "):
                continue
            rest = spaced[start + len(expression) :]
            plural = rest[:1] in {"s", "x"} and rest[1:2] == " " and len(expression) >= 4
            if rest[:1] == " " or (plural and expression[-1].isalpha()):
                places.add((start, start + len(expression) + (rest[:1] != " ")))
    kept: list[tuple[int, int]] = []
    for start, end in sorted(places, key=lambda place: (place[0], -place[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


@given(words)
def test_every_term_finds_itself(word: str) -> None:
    [mark] = Lexicon({"owner": [Term(word)]}).scan(bare(word))["owner"]
    assert mark == Mark(Term(word), 0, len(bare(word)))
