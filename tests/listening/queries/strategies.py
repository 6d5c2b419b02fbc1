"""Expressions, texts and messages, for hypothesis."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from veilleur.listening.queries import And, Day, Field, Is, Near, Not, Or, Phrase, Stars, Word
from veilleur.listening.queries.names import CHOICES, DAY_FIELDS, TEXT_FIELDS
from veilleur.listening.queries.words import words_of
from veilleur.vocabulary import ASPECTS, LABELS, Because, Finding, Mention, Rating, Reading, Why

FEW = ["attente", "attentes", "accueil", "l", "trop", "long", "et", "or", "near", "parking", "2026", "none"]


def _words_of_any(text: str) -> list[str]:
    return [word for word in words_of(text) if words_of(word) == [word]]


spellings = st.one_of(
    st.sampled_from(FEW),
    st.text(min_size=1, max_size=6).map(_words_of_any).filter(bool).map(lambda words: words[0]),
)


def texts_of(spelling):
    words = st.builds(Word, spelling, st.booleans())
    phrases = st.lists(words, min_size=2, max_size=3).map(tuple).map(Phrase)
    return st.one_of(words, words, phrases)


def places_of(spelling):
    texts = texts_of(spelling)
    choices = st.lists(texts, min_size=2, max_size=3).map(tuple).map(Or)
    return st.one_of(texts, texts, choices, st.tuples(choices, texts).map(Or))


days = st.dates(date(2025, 12, 30), date(2026, 1, 3))
stars = st.tuples(st.integers(1, 5), st.integers(1, 5)).map(lambda two: Stars(min(two), max(two)))
choices = st.sampled_from([Is(field, value) for field, values in CHOICES.items() for value in values])


def leaves_of(spelling):
    texts, places = texts_of(spelling), places_of(spelling)
    return st.one_of(
        texts,
        st.builds(Near, places, places, st.integers(1, 6)),
        st.builds(Field, st.sampled_from(TEXT_FIELDS), texts),
        choices,
        stars,
        st.builds(Day, st.sampled_from(DAY_FIELDS), days | st.dates()),
    )


def _above(below):
    parts = st.lists(below, min_size=2, max_size=4).map(tuple)
    return st.one_of(below.map(Not), parts.map(And), parts.map(Or))


expressions = st.recursive(leaves_of(spellings), _above, max_leaves=12)
common_expressions = st.recursive(leaves_of(st.sampled_from(FEW)), _above, max_leaves=8)

_PLAIN = """
attente ET AND OU OR NOT SAUF - ( ) " « » NEAR/3 PRÈS/3 PRÈS NEAR NEAR/ NEAR/0 * attent* *attente l’attente
author: auteur:x aspect:attente- label:plainte label: rating:<3 note:1..3 rating:none depuis:2026-01-01
until:2026-02-30 http://x.fr 12:30 ! … & 😡 has:lien x:y:z :
"""
PIECES = [*_PLAIN.split(), 'titre:"a b"', "PRE\u0300S/3", "\x00", "\ud800", "ﷺ", "𝐀"]
typed = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=14).flatmap(
    lambda pieces: st.sampled_from([" ", " ", ""]).map(lambda blank: blank.join(pieces))
)

_said = st.lists(
    st.sampled_from([*FEW, "Attente", "l'attente", "http://x", "www.x", "ATTENTÉ", "-", "."]), max_size=12
)
sentences = _said.map(" ".join)
_finding = st.sampled_from(
    [("labels", label) for label in LABELS]
    + [("aspects", f"{aspect}:{polarity}") for aspect in ASPECTS for polarity in ("pos", "neg", "neu")]
    + [("drugs", "brand"), ("reactions", "reaction"), ("reactions", "product_problem")]
    + [("personal_data", "NAME"), ("personal_data", "PRO_NAME"), ("language", "fr"), ("sentiment", "neg")]
)
readings = st.lists(_finding, max_size=6).map(
    lambda found: Reading(
        "d", "r", tuple(Finding(name, label, 0.9, Why(Because.TERM)) for name, label in found)
    )
)
moments = st.integers(0, 100).map(lambda hours: datetime(2025, 12, 30, tzinfo=UTC) + timedelta(hours=hours))
mentions = st.builds(
    Mention,
    source=st.sampled_from(["attente", "services-plus", "trop long"]),
    external_id=st.sampled_from(["accueil", "x-2", "2026"]),
    text=sentences,
    collected_at=st.just(datetime(2026, 1, 2, 12, tzinfo=UTC)),
    title=st.just("") | sentences,
    author=st.sampled_from(["", "attente", "Trop long"]),
    network=st.sampled_from(["", "Google", "accueil et parking"]),
    place=st.sampled_from(["", "Hôpital", "Parking l'attente"]),
    thread=st.sampled_from(["", "accueil", "trop-long"]),
    published_at=st.none() | moments,
    rating=st.none() | st.builds(Rating, st.integers(0, 10), st.just(0), st.just(10)),
)
