"""What the machine saw, in sentences that a person can check against the text."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from veilleur.desk.inbox.explanations import marks_of, sentence_of, strongest_mark
from veilleur.desk.inbox.queries.ticket import changes
from veilleur.vocabulary import Because, Concept, Finding, Reading, Span, Why

TEXT = "Attente interminable, attente encore ; mon levotirox manque."


@pytest.fixture(autouse=True)
def in_french():
    with translation.override("fr"):
        yield


def finding(analyzer="sentiment", label="neg", because=Because.NGRAMS, grounds=(), **fields) -> Finding:
    return Finding(analyzer, label, fields.pop("score", 0.87), Why(because, tuple(grounds)), **fields)


def reading(*findings: Finding) -> Reading:
    return Reading("0" * 64, "tests/1", findings)


def test_a_feeling_says_how_sure_it_is_and_from_which_words():
    sentence = sentence_of(finding(grounds=["attente", "personne ne"]))
    assert "87" in sentence
    assert "« attente », « personne ne »" in sentence.replace("\u00a0", " ")


def test_a_medicine_says_what_it_is_and_who_says_so():
    drug = finding(
        "drugs",
        "drug",
        Because.TERM,
        ["levotirox"],
        concept=Concept("BDPM-BRAND:levothyrox", "lévothyroxine"),
    )
    sentence = sentence_of(drug).replace("\u00a0", " ")
    assert "« levotirox » → lévothyroxine (BDPM)" in sentence


def test_words_are_marked_where_they_stand_whole_and_once():
    marks = marks_of(reading(finding(grounds=["attente", "tout", "ma", "(", ""])), TEXT)
    assert [mark.span.of(TEXT) for mark in marks] == ["Attente"]


def test_what_weighed_for_a_neutral_verdict_is_not_shown():
    neutral = finding(label="neu", grounds=["attente"])
    assert marks_of(reading(neutral), TEXT) == ()
    assert "attente" not in sentence_of(neutral)


def test_the_gravest_stretch_is_the_one_a_list_shows():
    drug = finding("drugs", "drug", Because.TERM, ["levotirox"], span=Span(43, 52))
    mark = strongest_mark(reading(finding(grounds=["attente"]), drug), TEXT)
    assert (mark.span.of(TEXT), mark.family) == ("levotirox", "pharmacovigilance")
    assert strongest_mark(reading(), TEXT) is None


def test_the_findings_of_an_unknown_analyzer_are_told_too():
    custom = finding("parking", "full car park", Because.TERM, ["interminable"], span=Span(8, 20))
    (mark,) = marks_of(reading(custom), TEXT)
    assert mark.family == "other"
    assert "full car park" in mark.sentence


def test_a_percent_sign_in_a_label_breaks_nothing():
    assert "100 %" in sentence_of(finding("plugin", "100 %", Because.TERM, ["mot"]))


@given(st.text(max_size=60), st.lists(st.text(max_size=8), max_size=4))
def test_marks_of_any_words_lie_in_any_text(text, grounds):
    for mark in marks_of(reading(finding(grounds=grounds)), text):
        assert mark.span.end <= len(text)


@given(st.text(max_size=120), st.text(max_size=120))
def test_the_changes_between_two_wordings_give_back_both(old, new):
    pieces = list(changes(old, new))
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new
