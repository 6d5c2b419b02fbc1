"""The index of words and a look at each message give the same answers, on both databases."""

from __future__ import annotations

import zoneinfo
from dataclasses import replace

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.listening.queries.strategies import common_expressions, mentions, readings
from veilleur.desk.inbox import search
from veilleur.desk.inbox.conversion import mention_of, mention_row, reading_of, reading_row, ticket_row
from veilleur.desk.inbox.models import MentionRow, TicketRow
from veilleur.desk.sources.models import Source
from veilleur.listening.queries import Matcher, marks_of, parse
from veilleur.triage import house_policy, route

ZONE = zoneinfo.ZoneInfo("Europe/Paris")
said = st.lists(st.tuples(mentions, readings), min_size=1, max_size=5)


def stored(organisation, told) -> None:
    MentionRow.objects.all().delete()
    for number, (mention, reading) in enumerate(told):
        source, _new = Source.objects.get_or_create(
            organisation=organisation, key=mention.source, defaults={"name": mention.source}
        )
        numbered = replace(mention, external_id=f"{mention.external_id}-{number}")
        row = mention_row(numbered, organisation_id=organisation.pk, source_id=source.pk)
        row.marks = marks_of(numbered, reading)
        row.save()
        reading_row(reading, mention_id=row.pk).save()
        ticket = route(numbered, reading, house_policy(), numbered.collected_at)
        ticket_row(ticket, numbered, reading, mention_row=row, now=numbered.collected_at).save()


def looked_at(query) -> list[int]:
    matcher = Matcher([query], ZONE, with_authors=True)
    rows = TicketRow.objects.select_related("mention__reading", "mention__source").order_by("-position")
    return [row.pk for row in rows if matcher.of(mention_of(row.mention), reading_of(row.mention.reading))]


@pytest.mark.django_db
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said, st.lists(common_expressions, min_size=1, max_size=6))
def test_the_index_answers_as_a_look_at_each_message(organisation_a, told, queries):
    with transaction.atomic():
        stored(organisation_a, told)
        tickets = TicketRow.objects.filter(organisation=organisation_a)
        for query in queries:
            found = search.matching(tickets, organisation_a, query, 50)
            assert found.ids == looked_at(query), str(query)
            assert found.is_whole


@pytest.mark.django_db
def test_a_query_of_the_longest_kind_is_answered(organisation_a, make_mention):
    make_mention(organisation_a, text="attente250 longue", external_id="late")
    make_mention(organisation_a, text="rien", external_id="nothing")
    long = " OU ".join(f"(attente{number} longue)" for number in range(250))
    query = parse(long)
    tickets = TicketRow.objects.filter(organisation=organisation_a)
    assert search.matching(tickets, organisation_a, query, 50).ids == []
    wanted = parse(long.replace("attente249", "attente250"))
    (found,) = search.matching(tickets, organisation_a, wanted, 50).ids
    assert TicketRow.objects.get(pk=found).mention.external_id == "late"


@pytest.mark.django_db
def test_what_the_index_cannot_tell_is_looked_for_as_long_as_a_person_waits(
    organisation_a, make_mention, monkeypatch
):
    monkeypatch.setattr(search, "PATIENCE", -1.0)
    monkeypatch.setattr(search, "_AT_ONCE", 3)
    for number in range(8):
        middle = "" if number % 2 else "un deux trois quatre cinq six sept"
        make_mention(organisation_a, text=f"attente {middle} longue", external_id=str(number))
    tickets = TicketRow.objects.filter(organisation=organisation_a)
    query, seen, walk = parse("attente NEAR/2 longue"), [], search.Walk()
    while True:
        found = search.matching(tickets, organisation_a, query, 50, walk)
        seen += found.ids
        if found.reached is None:
            break
        assert not found.is_whole
        walk = search.Walk(found.reached)
    names = TicketRow.objects.in_bulk(seen)
    assert [names[pk].mention.external_id for pk in seen] == ["7", "5", "3", "1"]
