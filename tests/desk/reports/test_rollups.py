"""Figures by day equal a brute-force count, whatever happened to the tickets before."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from veilleur.desk.accounts.actions import found_organisation
from veilleur.desk.inbox.models import MentionRow, TicketRow
from veilleur.desk.reports import rollups
from veilleur.desk.reports.counting import WHOLE, Choice
from veilleur.desk.reports.models import DailyFigures, KnownName, MonthlyFigures, Slice, StaleMark
from veilleur.desk.reports.rollups import counted_in, names_met, up_to_date
from veilleur.desk.sources.models import Source
from veilleur.reputation import Counted, Period, delay_in_hours, merge, tally

START = datetime(2024, 3, 29, 20, 0, tzinfo=UTC)
"""Just before a clock change of both Paris and New York's neighbours: days of 23 and 25 hours."""
ALL_TIME = Period(date(1900, 1, 1), date(2199, 12, 31))
CHOICES = [WHOLE, Choice("CPAM"), Choice("", "Nord"), Choice("CPAM", "Nord"), Choice("unknown")]

FACTS = st.fixed_dictionaries(
    {
        "minutes": st.integers(-60 * 24 * 300, 60 * 24 * 300),
        "network": st.sampled_from(["", "CPAM", "CAF"]),
        "place": st.sampled_from(["", "Nord"]),
        "sentiment": st.sampled_from(["", "pos", "neg", "neu", "mixed"]),
        "queue": st.sampled_from(["to-handle", "satisfied"]),
        "rating_share": st.none() | st.sampled_from([0.0, 0.25, 1 / 3, 1.0]),
        "delay": st.none() | st.integers(-30, 4000),
    }
)


def days_of(organisation, choice):
    """The kept figures, day by day."""
    return rollups._daily(up_to_date(organisation, choice), ALL_TIME)


def brute_force(organisation, choice):
    """The same figures, by reading every ticket."""
    zone = ZoneInfo(organisation.time_zone)
    days = {}
    for ticket in TicketRow.objects.filter(organisation=organisation):
        if choice.network not in ("", ticket.network) or choice.place not in ("", ticket.place):
            continue
        delay = ticket.answered_at and delay_in_hours(ticket.opened_at, ticket.answered_at)
        message = Counted(ticket.sentiment, ticket.queue, ticket.rating_share, delay)
        days.setdefault(ticket.moment.astimezone(zone).date(), []).append(message)
    return {day: tally(messages) for day, messages in days.items()}


def columns(facts):
    rest = {name: value for name, value in facts.items() if name not in ("minutes", "delay")}
    answered = None if facts["delay"] is None else START + timedelta(minutes=facts["delay"])
    return {**rest, "moment": START + timedelta(minutes=facts["minutes"]), "answered_at": answered}


def add(organisation, source, number, facts):
    mention = MentionRow.objects.create(
        organisation=organisation,
        source=source,
        external_id=str(number),
        digest="",
        text="x",
        published_at=columns(facts)["moment"],
        collected_at=START,
    )
    return TicketRow.objects.create(
        organisation=organisation,
        mention=mention,
        source=source,
        priority=2,
        reasons=[],
        opened_at=START,
        language="fr",
        **columns(facts),
    )


class AnyHistory(TestCase):
    """Random acts between looks at the figures."""

    @settings(max_examples=25)
    @given(
        zone=st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Kathmandu", "UTC"]),
        first=st.lists(FACTS, max_size=8),
        acts=st.lists(st.tuples(st.sampled_from(["add", "change", "remove"]), FACTS), max_size=8),
        look_between=st.booleans(),
    )
    def test_figures_equal_brute_force(self, zone, first, acts, look_between):
        organisation = found_organisation("o", "O", time_zone=zone)
        other = found_organisation("p", "P")
        source = Source.objects.create(organisation=organisation, key="k", name="K")
        add(other, Source.objects.create(organisation=other, key="k", name="K"), 1, FACTS_OF_ANOTHER)
        tickets = [add(organisation, source, number, facts) for number, facts in enumerate(first)]
        self.assert_equal_brute_force(organisation)
        for number, (act, facts) in enumerate(acts, len(first)):
            if act == "add":
                tickets.append(add(organisation, source, number, facts))
            elif tickets and act == "change":
                TicketRow.objects.filter(pk=tickets[0].pk).update(**columns(facts))
            elif tickets:
                tickets.pop().delete()
            if look_between:
                self.assert_equal_brute_force(organisation)
        self.assert_equal_brute_force(organisation)

    def assert_equal_brute_force(self, organisation):
        for choice in CHOICES:
            found = days_of(organisation, choice)
            expected = brute_force(organisation, choice)
            assert found.keys() == expected.keys()
            for day, counted in expected.items():
                assert_same(found[day], counted)
            self.assert_long_period_equals_its_days(organisation, choice, expected)

    def assert_long_period_equals_its_days(self, organisation, choice, expected):
        """Read by months, with odd days at both ends."""
        period = Period(START.date() - timedelta(days=250), START.date() + timedelta(days=100))
        found = counted_in(up_to_date(organisation, choice), period)
        assert_same(
            merge(found.values()), merge(counted for day, counted in expected.items() if day in period)
        )


def assert_same(found, counted):
    assert found.share_sum == pytest.approx(counted.share_sum)
    for name in ("messages", "rated", "sentiments", "queues", "delays"):
        assert getattr(found, name) == getattr(counted, name)


FACTS_OF_ANOTHER = {
    "minutes": 0,
    "network": "CPAM",
    "place": "Nord",
    "sentiment": "pos",
    "queue": "to-handle",
    "rating_share": 1.0,
    "delay": 5,
}


def test_the_triggers_are_there_after_every_migration(db):
    if connection.vendor == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'inbox_ticket'::regclass"
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'inbox_ticket'"
    with connection.cursor() as cursor:
        cursor.execute(query)
        names = {name for (name,) in cursor.fetchall()}
    assert {"reports_added", "reports_changed", "reports_removed"} <= names


def test_a_second_look_counts_nothing_again(organisation_a, make_mention, django_assert_num_queries):
    make_mention(organisation_a)
    up_to_date(organisation_a, WHOLE)
    with django_assert_num_queries(2):
        up_to_date(organisation_a, WHOLE)


def test_what_a_summary_does_not_count_leaves_no_mark(organisation_a, make_mention):
    ticket = make_mention(organisation_a).ticket
    days_of(organisation_a, WHOLE)
    marks = StaleMark.objects.filter(organisation_id=organisation_a.pk)
    TicketRow.objects.filter(pk=ticket.pk).update(status="open", version=2)
    assert not marks.exists()
    TicketRow.objects.filter(pk=ticket.pk).update(queue="satisfied")
    assert marks.exists()


def test_another_time_zone_moves_messages_to_their_new_day(organisation_a, make_mention):
    make_mention(organisation_a, published_at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    assert list(days_of(organisation_a, WHOLE)) == [date(2026, 3, 3)]
    organisation_a.time_zone = "America/New_York"
    organisation_a.save()
    assert list(days_of(organisation_a, WHOLE)) == [date(2026, 3, 2)]


def test_a_change_of_many_scattered_days_is_counted_again(organisation_a, make_mention):
    make_mention(organisation_a)
    days_of(organisation_a, WHOLE)
    for number in range(60):
        make_mention(organisation_a, published_at=START + timedelta(days=3 * number))
    assert days_of(organisation_a, WHOLE) == brute_force(organisation_a, WHOLE)


def test_names_are_those_of_the_messages_of_this_organisation(organisation_a, organisation_b, make_mention):
    make_mention(organisation_a, network="CPAM", place="Nord")
    make_mention(organisation_a, network="caf")
    make_mention(organisation_b, network="NHS")
    assert names_met(organisation_a) == {"network": ["caf", "CPAM"], "place": ["Nord"]}


def test_an_organisation_can_be_erased_with_its_figures(organisation_a, make_mention):
    make_mention(organisation_a, network="CPAM")
    days_of(organisation_a, WHOLE)
    organisation_a.audit_lines.all().delete()
    type(organisation_a.audit_head).objects.all().delete()
    organisation_a.delete()
    assert not any(model.objects.exists() for model in (Slice, DailyFigures, MonthlyFigures, KnownName))
