"""Ratings keep their own scale, whichever way they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.listening.files import Scale
from veilleur.listening.files.ratings import guess_scale, looks_like_rating, read_rating
from veilleur.listening.files.reasons import CellRefused, codes
from veilleur.vocabulary import Rating

FIVE = Scale(1, 5)
NHS = Scale(5, 1)
GOOD = Scale(1, 5, ("very poor", "poor", "neither good nor poor", "good", "very good"))


@pytest.mark.parametrize(
    ("text", "scale", "rating"),
    [
        ("4", FIVE, Rating(4, 1, 5)),
        (" 4,5 ", FIVE, Rating(4.5, 1, 5)),
        ("4.5", FIVE, Rating(4.5, 1, 5)),
        ("1", NHS, Rating(1, 5, 1)),
        ("4/5", FIVE, Rating(4, 1, 5)),
        ("4,5 / 5", None, Rating(4.5, 1, 5)),
        ("8 sur 10", FIVE, Rating(8, 0, 10)),
        ("8 out of 10", FIVE, Rating(8, 0, 10)),
        ("80 %", FIVE, Rating(80, 0, 100)),
        ("★★★☆☆", FIVE, Rating(3, 1, 5)),
        ("⭐⭐⭐⭐", FIVE, Rating(4, 1, 5)),
        ("☆☆☆☆☆", Scale(0, 5), Rating(0, 0, 5)),
        ("4 étoiles", FIVE, Rating(4, 1, 5)),
        ("1 star", FIVE, Rating(1, 1, 5)),
        ("Very good", GOOD, Rating(5, 1, 5)),
        ("neither good nor poor", GOOD, Rating(3, 1, 5)),
        ("", FIVE, None),
        ("-", FIVE, None),
        ("N/A", FIVE, None),
        ("Ne sait pas", GOOD, None),
        ("Don't know", GOOD, None),
    ],
)
def test_reads(text, scale, rating):
    assert read_rating(text, scale) == rating


@pytest.mark.parametrize(
    ("text", "scale", "code"),
    [
        ("6", FIVE, "rating_out_of_scale"),
        ("0", FIVE, "rating_out_of_scale"),
        ("-1", FIVE, "rating_out_of_scale"),
        ("6/5", FIVE, "rating_out_of_scale"),
        ("120 %", FIVE, "rating_out_of_scale"),
        ("bien", FIVE, "rating_unreadable"),
        ("superb", GOOD, "rating_unreadable"),
        ("4", None, "rating_unreadable"),
        ("4/0", FIVE, "rating_unreadable"),
        ("12/03/2026", FIVE, "rating_unreadable"),
    ],
)
def test_refuses(text, scale, code):
    with pytest.raises(CellRefused) as refusal:
        read_rating(text, scale)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("header", "values", "scale"),
    [
        ("Note", ["1", "5", "3"], FIVE),
        ("Note", ["0", "5"], Scale(0, 5)),
        ("Note", ["7", "10"], Scale(1, 10)),
        ("Note", ["0", "10"], Scale(0, 10)),
        ("Note", ["12", "15,5"], Scale(0, 20)),
        ("Note", ["75"], Scale(0, 100)),
        ("Note /10", ["3", "4"], Scale(1, 10)),
        ("Note (sur 20)", ["3"], Scale(0, 20)),
        ("Rating (1-5)", ["2"], FIVE),
        ("NPS (0 to 10)", ["2"], Scale(0, 10)),
        ("rating (1 = very good, 5 = very poor)", ["1"], NHS),
        ("Note : 1 = très mal … 4 = très bien", ["2"], Scale(1, 4)),
        ("Note", ["4/5", "3,5/5"], FIVE),
        ("Note", ["80 %", "20%"], Scale(0, 100)),
        ("Note", ["★★★☆☆", "★☆☆☆☆"], FIVE),
        ("Avis", ["Très satisfait", "Insatisfait", "Satisfait"], None),
        ("Note", ["-3", "4"], None),
        ("Note", ["1200"], None),
        ("Note", ["oui", "non", "peut-être"], None),
        ("Note", [], None),
    ],
)
def test_the_scale_of_a_column(header, values, scale):
    found = guess_scale(header, values)
    if found is not None and found.words:
        assert (found.worst, found.best) == (1, len(found.words))
    else:
        assert found == scale


@pytest.mark.parametrize(
    ("words", "best", "worst"),
    [
        (["Very good", "Good", "Poor", "Very poor", "Don't know"], "Very good", "Very poor"),
        (["Excellent", "Very good", "Fair"], "Excellent", "Fair"),
        (["Très bien", "Moyen", "Très mal"], "Très bien", "Très mal"),
        (["Tout à fait d’accord", "Pas du tout d’accord"], "Tout à fait d’accord", "Pas du tout d’accord"),
        (["Positif", "Négatif", "Neutre"], "Positif", "Négatif"),
        (["FIVE", "ONE", "FOUR"], "FIVE", "ONE"),
    ],
)
def test_words_in_an_order(words, best, worst):
    scale = guess_scale("Satisfaction", words)
    assert scale is not None
    shares = {word: rating.share for word in words if (rating := read_rating(word, scale))}
    assert max(shares, key=lambda word: shares[word]) == best
    assert min(shares, key=lambda word: shares[word]) == worst


def test_what_can_only_be_a_rating():
    assert looks_like_rating("4/5")
    assert looks_like_rating("★★☆☆☆")
    assert looks_like_rating("Très satisfait")
    assert not looks_like_rating("4")
    assert not looks_like_rating("12/03")


@given(st.integers(2, 100), st.data())
def test_every_number_on_a_scale_comes_back(best, data):
    value = data.draw(st.integers(1, best))
    scale = Scale(1, best)
    for text in (str(value), f"{value}/{best}", f"{value},0", f"{value} sur {best}"):
        rating = read_rating(text, scale)
        assert rating is not None
        assert (rating.value, rating.best) == (value, best)


def assert_known(refusal: CellRefused) -> None:
    assert refusal.code in codes()


@given(
    st.text(max_size=20) | st.text("0123456789/,.%★☆½ -+sur", max_size=12),
    st.sampled_from([None, FIVE, NHS, GOOD]),
)
def test_any_text_is_a_rating_or_none_or_refused(text, scale):
    try:
        rating = read_rating(text, scale)
    except CellRefused as refusal:
        assert_known(refusal)
    else:
        assert rating is None or 0 <= rating.share <= 1


@given(st.text(max_size=30), st.lists(st.text(max_size=12), max_size=6))
def test_guessing_a_scale_never_fails(header, values):
    scale = guess_scale(header, values)
    assert scale is None or scale.worst != scale.best
