"""Drafts: what a message asks for, and wordings that the guard lets pass."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.replies import draft, situation_of, situations, written
from veilleur.rules import Rulebook
from veilleur.rules.codes import actors
from veilleur.vocabulary import (
    Because,
    Finding,
    Kind,
    Mention,
    Outgoing,
    Rating,
    Reading,
    Sentiment,
    Why,
)

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def mention(text: str = "Deux heures d'attente", stars: int | None = None, number: int = 1) -> Mention:
    rating = Rating(stars, 1, 5) if stars else None
    return Mention("s", f"m{number}", text, NOW, rating=rating)


def reading(*labels: str, aspects: tuple[str, ...] = (), sentiment: Sentiment | None = None) -> Reading:
    why = Why(Because.NGRAMS)
    found = [Finding("labels", label, 0.9, why) for label in labels]
    found += [Finding("aspects", aspect, 0.9, why) for aspect in aspects]
    found += [Finding("sentiment", sentiment.value, 0.9, why)] if sentiment else []
    return Reading("d", "r", tuple(found))


@pytest.mark.parametrize(
    ("read", "said", "situation"),
    [
        (reading("crisis_suicide", "adverse_reaction"), mention(), "crisis"),
        (reading("complaint", "adverse_reaction"), mention(), "adverse_reaction"),
        (reading("complaint", aspects=("attente:neg",), sentiment=Sentiment.NEG), mention(), "attente"),
        (reading("complaint", aspects=("remboursement:neg",), sentiment=Sentiment.NEG), mention(), "prix"),
        (reading("complaint", aspects=("competence:neg",), sentiment=Sentiment.NEG), mention(), "complaint"),
        (reading(sentiment=Sentiment.MIXED), mention(), "mixed"),
        (reading("question"), mention("Prenez-vous de nouveaux patients ?"), "request"),
        (reading("praise", sentiment=Sentiment.POS), mention("Parfait"), "praise"),
        (reading(), mention("", 5), "stars"),
        (reading(), mention("bof"), "complaint"),
    ],
)
def test_what_a_message_asks_for(read: Reading, said: Mention, situation: str) -> None:
    assert situation_of(said, read) == situation


@pytest.mark.parametrize("actor", sorted(actors()))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_draft_passes_the_guard_whoever_signs(actor: str, language: str) -> None:
    texts = {written(one, language, str(seed)).text for one in situations() for seed in range(12)}
    outgoing = [Outgoing(text, Kind.REPLY, actor, language) for text in sorted(texts)]
    found = Rulebook().judge(outgoing, TODAY)
    assert [one.text for one, breaches in zip(outgoing, found, strict=True) if breaches] == []


@given(st.sampled_from(situations()), st.sampled_from(["fr", "en"]), st.text(max_size=20))
def test_never_the_same_wording_twice_in_a_row(situation: str, language: str, seed: str) -> None:
    first = written(situation, language, seed)
    assert written(situation, language, seed, last=first.id).id != first.id


def test_the_same_message_gets_the_same_draft_and_neighbours_differ() -> None:
    read = reading("complaint", sentiment=Sentiment.NEG)
    assert draft(mention(), read, "fr") == draft(mention(), read, "fr")
    assert len({draft(mention(number=number), read, "fr").id for number in range(30)}) > 1


def test_the_contact_is_in_the_words_of_the_organisation() -> None:
    read = reading("question")
    assert "au 01 99 00 12 34" in draft(mention(), read, "fr", contact="au 01 99 00 12 34").text


def test_another_language_gets_french() -> None:
    assert draft(mention(), reading("question"), "other").id.startswith("request-fr")
