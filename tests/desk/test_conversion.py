"""What goes into the database comes out again, field by field."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.bulk import insert, reserve_ids
from veilleur.desk.inbox.columns import (
    finding_of,
    finding_record,
    list_columns,
    mention_columns,
    reading_columns,
    reason_of,
    reason_record,
    ticket_columns,
)
from veilleur.desk.inbox.conversion import (
    mention_of,
    mention_row,
    reading_of,
    reading_row,
    ticket_of,
    ticket_row,
)
from veilleur.desk.inbox.models import MentionRow, ReadingRow, TicketRow
from veilleur.desk.sources.models import Source
from veilleur.vocabulary import (
    Because,
    Concept,
    Finding,
    Mention,
    Precision,
    Priority,
    QueueName,
    Rating,
    Reading,
    Reason,
    Span,
    Ticket,
    Why,
)

NOW = datetime(2026, 3, 3, 9, 30, 15, 123456, tzinfo=UTC)

characters = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
texts = st.text(characters, max_size=60)
words = st.text(characters, min_size=1, max_size=16)
moments = st.datetimes(
    datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2100-01-01"), timezones=st.just(UTC)
)
scores = st.floats(0, 1)


@st.composite
def ratings(draw: st.DrawFn) -> Rating:
    worst, best = draw(st.sampled_from([(1, 5), (0, 10), (5, 1), (0.5, 5.0), (0, 100)]))
    return Rating(worst + draw(scores) * (best - worst), worst, best)


mentions = st.builds(
    Mention,
    source=st.just("avis"),
    external_id=words,
    text=texts,
    collected_at=moments,
    title=texts,
    author=words,
    url=texts,
    network=words,
    place=words,
    question=texts,
    language_hint=words,
    thread=words,
    published_at=st.none() | moments,
    precision=st.sampled_from(Precision),
    rating=st.none() | ratings(),
)
spans = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(lambda pair: Span(*sorted(pair)))
findings = st.builds(
    Finding,
    analyzer=words,
    label=words,
    score=scores,
    why=st.builds(Why, st.sampled_from(Because), st.lists(texts, max_size=3).map(tuple)),
    span=st.none() | spans,
    concept=st.none() | st.builds(Concept, words, texts, texts),
)
languages = st.builds(
    Finding, st.just("language"), st.sampled_from(["fr", "en", "other"]), scores, st.just(Why(Because.TERM))
)
sentiments = st.builds(
    Finding,
    st.just("sentiment"),
    st.sampled_from(["pos", "neg", "neu", "mixed"]),
    scores,
    st.just(Why(Because.NGRAMS)),
)
readings = st.builds(
    Reading,
    digest=st.just("a" * 64),
    reader=words,
    findings=st.tuples(languages, sentiments, findings),
)
tickets = st.builds(
    Ticket,
    queue=words.map(QueueName),
    priority=st.sampled_from(Priority),
    due_at=st.none() | moments,
    reasons=st.lists(st.builds(Reason, words, st.dictionaries(words, texts, max_size=3)), max_size=3).map(
        tuple
    ),
)


def full_mention() -> Mention:
    """Every field set, none to its default."""
    return Mention(
        source="avis",
        external_id="42",
        text="Très bien !\nMerci 🙂",
        collected_at=NOW,
        title="Accueil",
        author="auteur-1",
        url="https://example.org/42",
        network="Google",
        place="Maternité",
        question="Que dire ?",
        language_hint="fr-FR",
        thread="41",
        parent="40",
        published_at=NOW - timedelta(days=2),
        precision=Precision.DAY,
        rating=Rating(2, 5, 1),
    )


@pytest.fixture
def source(organisation_a: Organisation) -> Source:
    return Source.objects.create(organisation=organisation_a, key="avis", name="Avis")


def test_every_field_of_a_mention_survives(source: Source) -> None:
    mention = full_mention()
    for field in dataclasses.fields(Mention):
        if field.default is not dataclasses.MISSING:
            assert getattr(mention, field.name) != field.default, f"the example must set {field.name}"
    mention_row(mention, organisation_id=source.organisation_id, source_id=source.pk).save()
    row = MentionRow.objects.select_related("source").get()
    for field in dataclasses.fields(Mention):
        assert getattr(mention_of(row), field.name) == getattr(mention, field.name), field.name
    assert row.digest == mention.digest
    assert row.organisation_id == source.organisation_id


def test_a_known_digest_is_not_computed_again() -> None:
    assert mention_columns(full_mention(), "known")["digest"] == "known"
    assert mention_columns(full_mention())["digest"] == full_mention().digest


@given(findings)
def test_findings_are_json_and_back(finding: Finding) -> None:
    assert finding_of(finding_record(finding)) == finding


def test_a_finding_says_nothing_of_what_it_lacks() -> None:
    bare = Finding("language", "fr", 1.0, Why(Because.TERM))
    assert finding_record(bare) == {"analyzer": "language", "label": "fr", "score": 1.0, "because": "term"}


def test_reasons_are_json_and_back() -> None:
    reason = Reason("low_rating", {"rating": "1/5"})
    assert reason_of(reason_record(reason)) == reason


class RoundTrips(TestCase):
    """With the database: one row each way, saved by the ORM and by the bulk insertion."""

    def owner(self) -> dict[str, int]:
        organisation = Organisation.objects.create(slug="o", name="O")
        source = Source.objects.create(organisation=organisation, key="avis", name="Avis")
        return {"organisation_id": organisation.pk, "source_id": source.pk}

    @given(mentions, readings, tickets)
    def test_through_the_orm(self, mention: Mention, reading: Reading, ticket: Ticket) -> None:
        row = mention_row(mention, **self.owner())
        row.save()
        reading_row(reading, mention_id=row.pk).save()
        ticket_row(ticket, mention, reading, mention_row=row, now=NOW).save()
        self.check(row.pk, mention, reading, ticket)

    @given(mentions, readings, tickets)
    def test_through_the_bulk_insertion(self, mention: Mention, reading: Reading, ticket: Ticket) -> None:
        owner = self.owner()
        (pk,) = reserve_ids(MentionRow, 1)
        insert(
            MentionRow,
            [{"id": pk, **owner, "collected_at": mention.collected_at, **mention_columns(mention)}],
        )
        insert(ReadingRow, [{"mention_id": pk, **reading_columns(reading)}])
        facts = ticket_columns(ticket) | list_columns(mention, reading)
        insert(TicketRow, [{"mention_id": pk, **owner, "opened_at": NOW, **facts}])
        self.check(pk, mention, reading, ticket)

    def test_a_row_that_the_database_refuses_is_an_error_of_django(self) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            insert(ReadingRow, [{"mention_id": None, "digest": "", "reader": "", "findings": []}])

    def check(self, pk: int, mention: Mention, reading: Reading, ticket: Ticket) -> None:
        assert mention_of(MentionRow.objects.select_related("source").get(pk=pk)) == mention
        assert reading_of(ReadingRow.objects.get(pk=pk)) == reading
        row = TicketRow.objects.get(mention_id=pk)
        assert ticket_of(row) == ticket
        assert (row.moment, row.network, row.place) == (mention.moment, mention.network, mention.place)
        assert (row.language, row.sentiment) == (reading.language, reading.sentiment)
        assert row.rating_share == (mention.rating.share if mention.rating else None)
        assert (row.status, row.outcome, row.version, row.opened_at) == ("new", "", 1, NOW)
