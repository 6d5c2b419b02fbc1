"""The demo messages are real, complete, and import themselves."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from veilleur.listening.files import Accepted, Field, Scale, check_mapping, pseudonymiser, read_mentions
from veilleur.listening.samples import Sample, samples
from veilleur.vocabulary import Precision

FRENCH, ENGLISH = samples()


def mentions(sample: Sample):
    outcomes = read_mentions(
        sample.table(),
        sample.mapping(),
        source=sample.source,
        collected_at=datetime(2026, 6, 1, tzinfo=UTC),
        pseudonym=pseudonymiser(b"demo"),
    )
    return [outcome.mention for outcome in outcomes if isinstance(outcome, Accepted)]


@pytest.mark.parametrize(("sample", "count"), [(FRENCH, 1200), (ENGLISH, 2000)])
def test_every_message_is_accepted_once(sample, count):
    found = mentions(sample)
    assert len(found) == count == sample.table().count()
    assert len({mention.external_id for mention in found}) == count
    assert all(mention.published_at and mention.precision is Precision.DAY for mention in found)
    assert all(mention.text.strip() for mention in found)
    assert not [problem for problem in check_mapping(sample.mapping(), sample.table()) if problem.blocking]


def test_french_columns():
    mapping = FRENCH.mapping()
    assert mapping.columns() == {
        Field.TEXT: "texte",
        Field.TITLE: "titre",
        Field.PUBLISHED_AT: "date",
        Field.EXTERNAL_ID: "identifiant",
        Field.NETWORK: "réseau",
    }
    assert mapping.zone == "Europe/Paris"
    networks = Counter(mention.network for mention in mentions(FRENCH))
    assert networks["Réseau consulaire"] > 300
    assert any(" · " in network for network in networks)


def test_english_ratings_run_from_very_poor_5_to_very_good_1():
    mapping = ENGLISH.mapping()
    assert mapping.scale == Scale(worst=5, best=1)
    assert mapping.columns().keys() >= {Field.QUESTION, Field.PLACE, Field.AUTHOR, Field.NETWORK}
    shares = Counter(mention.rating.share for mention in mentions(ENGLISH) if mention.rating)
    assert shares[1.0] > shares[0.75] > shares[0.0] > 50, "most patients are content"


def test_attribution_and_licence_travel_with_the_messages():
    folder = FRENCH.path.parent
    attribution = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "DITP – Services Publics+" in attribution
    assert "NHS England" in attribution
    assert "NHS England" in (folder / "LICENSE-NHS-MIT.txt").read_text(encoding="utf-8")
