"""Cut where findings begin and end; put together, the pieces are the text again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from veilleur.desk.inbox.segments import FAMILIES, Mark, excerpt, segments
from veilleur.vocabulary import Span

TEXTS = st.text(max_size=400)
ONE_MARK = st.builds(
    lambda number, start, length, family: Mark(number, Span(start, start + length), family, "x", "because"),
    st.integers(1, 99),
    st.integers(0, 450),
    st.integers(0, 80),
    st.sampled_from(FAMILIES),
)
MARKS = st.lists(ONE_MARK, max_size=8)


@given(TEXTS, MARKS)
def test_the_pieces_are_the_text(text, marks):
    assert "".join(segment.text for segment in segments(text, marks)) == text


@given(TEXTS, MARKS)
def test_every_mark_that_lies_inside_covers_just_its_own_words(text, marks):
    pieces = segments(text, marks)
    for mark in marks:
        covered = "".join(piece.text for piece in pieces if mark in piece.marks)
        assert covered == (mark.span.of(text) if mark.span.end <= len(text) else "")


@given(TEXTS, MARKS)
def test_no_piece_is_empty(text, marks):
    assert all(segment.text for segment in segments(text, marks))


def test_where_two_overlap_both_give_their_reason_and_the_graver_its_colour():
    neg = Mark(1, Span(0, 8), "neg", "negative", "first")
    danger = Mark(2, Span(4, 12), "danger", "danger", "second")
    pieces = segments("abcdefghijkl", [neg, danger])
    assert [(piece.text, piece.family, piece.described_by) for piece in pieces] == [
        ("abcd", "neg", "why-1"),
        ("efgh", "danger", "why-1 why-2"),
        ("ijkl", "danger", "why-2"),
    ]


@given(TEXTS, st.none() | ONE_MARK)
def test_an_excerpt_is_short_and_its_words_are_the_authors(text, mark):
    kept = "".join(piece.text for piece in excerpt(text, mark, length=60))
    body = kept.removeprefix("… ") if kept not in text else kept
    assert len(body) <= 61
    assert body in text or body.removesuffix("…") in text


def test_an_excerpt_shows_the_gravest_words_even_when_they_come_late():
    text = "mot " * 200 + "levotirox" + " mot" * 50
    mark = Mark(1, Span(800, 809), "pharmacovigilance", "medicine", "because")
    pieces = excerpt(text, mark)
    assert [piece.text for piece in pieces if piece.marks] == ["levotirox"]
    assert pieces[0].text == "… "
    assert pieces[-1].text == "…"
