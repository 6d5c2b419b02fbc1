"""One spelling for everything people type, and the way back to it."""

from __future__ import annotations

import itertools
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from veilleur.text import Normalised, normalise
from veilleur.text.normalise import _SIGNS, _SPELLINGS

anything = st.text(st.characters(exclude_categories=()))
tricky = [
    "trooop",
    "goooood",
    "bonnneeee",
    "œuf",
    "é",
    "e\u0301",
    "ﬁ",
    "👩\u200d⚕\ufe0f",
    "III",
    "\ud83d",
    "…",
]
glue = [" ", "  ", "\n", "\r\n", "\t", "\xa0", "'", "’", ":", ")", "(", "-", "u", "U", "<", "3", "=", "^"]
pieces = st.one_of(
    st.sampled_from([*_SPELLINGS, *_SIGNS, *tricky]), st.sampled_from(glue), st.text(max_size=3)
)
typed = st.lists(pieces, max_size=8).map("".join)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("", ""),
        ("ÉTÉ À L'HÔPITAL", "ete a l'hopital"),
        ("Cœur, nœud, ex æquo", "coeur, noeud, ex aequo"),
        ("e\u0301te\u0301", "ete"),
        ("« l’été »", '" l\'ete "'),
        ("troooop long", "trop long"),
        ("goooood, belllle et bonnneee", "good, belle et bonne"),
        ("phase III", "phase iii"),
        ("10000 fois", "10000 fois"),
        ("super😊merci", "super :joy: merci"),
        ("👍🏽 👩‍⚕️", " :good: :emoji: :medicine: "),
        ("bravo :-) et <3", "bravo :joy: et :love: "),
        ("pour:docteur", "pour:docteur"),
        ("jsuis nul pcq jprends rien", "je suis nul parce que je prends rien"),
        ("pcqu, xpcq, pcq", "pcqu, xpcq, parce que"),
        ("thank u but U Express", "thank you but u express"),
        ("a \t b\r\n\r\n c\nd", "a b\nc\nd"),
        ("e\xadf\u200bfet", "effet"),
        ("a\ud800b", "a\ufffdb"),
        ("½ dose… à 38°", "1/2 dose... a 38°"),
    ],
)
def test_one_spelling(written: str, normal: str) -> None:
    assert normalise(written).text == normal


@pytest.mark.parametrize(
    ("written", "found", "slice_"),
    [
        ("Mon Cœur bat", "coeur", "Cœur"),
        ("😊😊 vertiges", "vertiges", "vertiges"),
        ("des nauuuuséeees !!", "nausees", "nauuuuséeees"),
        ("J’ai des nause\u0301es", "nausees", "nause\u0301es"),
        ("mal  à\xa0 la  tête", "mal a la tete", "mal  à\xa0 la  tête"),
        ("rien pcq fatigué", "parce que", "pcq"),
        ("rien pcq fatigué", "que fatigue", "pcq fatigué"),
        ("\u202efièvre", "fievre", "fièvre"),
        ("ﬁèvre", "fievre", "ﬁèvre"),
    ],
)
def test_the_way_back(written: str, found: str, slice_: str) -> None:
    normal = normalise(written)
    start = normal.text.index(found)
    assert normal.span(start, start + len(found)).of(written) == slice_


@given(st.one_of(anything, typed))
@example("ẞẞSS")
@example(":ppp")
@example("thx u")
def test_normalising_twice_changes_nothing(written: str) -> None:
    once = normalise(written).text
    assert normalise(once).text == once


def test_every_character_folds_once_and_lower_case_keeps_lengths() -> None:
    scripts_without_case = {"Lo", "Cn", "Co", "Cs"}
    for char in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(char) in scripts_without_case:
            continue
        assert len(char.replace("İ", "i").lower()) == 1
        once = normalise(char).text
        assert normalise(once).text == once, hex(ord(char))


def test_spellings_next_to_each_other_are_settled_in_one_go() -> None:
    for pair in itertools.product([*_SPELLINGS, "u", "i"], repeat=2):
        once = normalise(" ".join(pair)).text
        assert normalise(once).text == once, pair


@given(st.one_of(anything, typed), st.data())
def test_every_span_maps_inside_the_original_and_in_order(written: str, data: st.DataObject) -> None:
    normal = normalise(written)
    cuts = st.integers(0, len(normal.text))
    first, second, third = sorted((data.draw(cuts), data.draw(cuts), data.draw(cuts)))
    left, right, whole = normal.span(first, second), normal.span(second, third), normal.span(first, third)
    for span in (left, right, whole):
        assert 0 <= span.start <= span.end <= len(written)
    assert normal.written(first, third) == whole.of(written)
    assert left.start <= right.start
    assert left.end <= right.end or second == third
    assert whole.start <= left.start
    assert whole.end >= left.end


@given(st.text("abcxyz ,.", max_size=30).filter(lambda t: normalise(t).text == t), st.data())
def test_plain_text_maps_to_itself(written: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(written)))
    end = data.draw(st.integers(start, len(written)))
    span = normalise(written).span(start, end)
    assert (span.start, span.end) == (start, end)


def test_a_span_outside_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not a span"):
        Normalised("abc", "abc").span(1, 4)
