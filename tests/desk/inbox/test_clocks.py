"""The clock of a ticket across Armistice Day: near, late, put away, taken up again, noticed once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.desk.conftest import MakeMention
from veilleur.desk.accounts.audit import verify
from veilleur.desk.accounts.models import AuditLine, Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.hours import actions as hours
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.models import ClockState, TicketRow
from veilleur.desk.inbox.noticing import houses_with_news, notice
from veilleur.desk.inbox.policies import policy_of, sort_untouched_again
from veilleur.desk.inbox.queries.clock import clock_of
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.listing import list_page
from veilleur.triage.calendars import Calendar, Stretch
from veilleur.triage.promises import Counting, Promise
from veilleur.vocabulary import Act, Priority

HOUR = timedelta(hours=1)
EVE = datetime(2026, 11, 10, 16, 0, tzinfo=UTC)
"""Tuesday, 17:00 in Paris."""
NEAR = datetime(2026, 11, 12, 14, 24, tzinfo=UTC)
DUE = datetime(2026, 11, 12, 16, 0, tzinfo=UTC)
"""Eight working hours later: Wednesday is a holiday."""


@pytest.fixture
def promised(place_a: Workplace) -> Workplace:
    hours.promise(place_a, Promise(answer_in=8 * HOUR, close_in=24 * HOUR, pauses=True))
    return place_a


@pytest.fixture
def ticket(promised: Workplace, make_mention: MakeMention) -> TicketRow:
    row = make_mention(promised.organisation, opened_at=EVE, published_at=EVE).ticket
    TicketRow.objects.filter(pk=row.pk).update(due_at=DUE, near_at=NEAR)
    row.refresh_from_db()
    return row


def test_what_nobody_touched_is_counted_again(promised: Workplace, make_mention: MakeMention) -> None:
    row = make_mention(promised.organisation, opened_at=EVE).ticket
    sort_untouched_again(promised.organisation)
    row.refresh_from_db()
    assert (row.due_at, row.near_at) == (DUE, NEAR)


def test_it_is_noticed_once_when_it_is_near_and_once_when_it_is_late(
    ticket: TicketRow, organisation_a: Organisation
) -> None:
    assert notice(organisation_a, NEAR - HOUR) == 0
    for now, state in ((NEAR, ClockState.NEAR), (DUE, ClockState.LATE)):
        assert houses_with_news(now) == [organisation_a.pk]
        assert [notice(organisation_a, now), notice(organisation_a, now)] == [1, 0]
        assert houses_with_news(now) == []
        ticket.refresh_from_db()
        assert ticket.clock == state
    lines = AuditLine.objects.filter(act__in=["inbox.near", "inbox.late"]).order_by("number")
    assert [line.act for line in lines] == ["inbox.near", "inbox.late"]
    assert list(ticket.decisions.order_by("pk").values_list("act", flat=True)) == [Act.NEAR, Act.LATE]
    assert ticket.version == 1
    verify(organisation_a)


def test_what_is_late_when_it_is_first_seen_is_late_at_once(
    ticket: TicketRow, organisation_a: Organisation
) -> None:
    assert notice(organisation_a, DUE + HOUR) == 1
    assert list(ticket.decisions.values_list("act", flat=True)) == [Act.LATE]


def test_what_is_closed_is_never_late(ticket: TicketRow, promised: Workplace) -> None:
    actions.close(promised, ticket.pk, 1, outcome="nothing", now=EVE)
    assert notice(promised.organisation, DUE) == 0


def test_the_page_says_what_is_left_and_which_day_does_not_count(
    ticket: TicketRow, promised: Workplace
) -> None:
    clock = clock_of(ticket, policy_of(promised.organisation), datetime(2026, 11, 12, 11, 0, tzinfo=UTC))
    assert clock is not None
    assert (clock.state, clock.owed, clock.left) == ("", "Première réponse", "encore 4\u00a0h ouvrées")
    assert any("Armistice" in sentence for sentence in clock.because)
    late = clock_of(ticket, policy_of(promised.organisation), DUE + HOUR)
    assert late is not None
    assert late.state == "late"


def test_the_lists_of_what_is_late_and_nearly_due(ticket: TicketRow, promised: Workplace) -> None:
    notice(promised.organisation, DUE)
    page = list_page(promised, Filters(clock="late", sort="due"))
    assert [row.id for row in page.rows] == [ticket.pk]
    assert page.rows[0].clock == "late"
    counts = {view.query: view.count for view in page.views}
    assert (counts["clock=late&sort=due"], counts["clock=near&sort=due"]) == ("1", "0")
    assert list_page(promised, Filters(clock="near")).rows == ()


def test_put_away_the_clock_stands_still(ticket: TicketRow, promised: Workplace) -> None:
    until = datetime(2026, 11, 13, 8, 0, tzinfo=UTC)
    actions.snooze(promised, ticket.pk, 1, until=until, now=datetime(2026, 11, 12, 8, 0, tzinfo=UTC))
    assert notice(promised.organisation, DUE + HOUR) == 0
    assert actions.wake_due(promised.organisation, now=until) == 1
    ticket.refresh_from_db()
    assert ticket.paused == 8 * 3600
    assert ticket.due_at == datetime(2026, 11, 13, 16, 0, tzinfo=UTC)
    assert ticket.paused_at is None


def test_an_undone_snooze_starts_the_clock_as_it_was(ticket: TicketRow, promised: Workplace) -> None:
    done = actions.snooze(promised, ticket.pk, 1, until=DUE + HOUR, now=NEAR)
    ticket.refresh_from_db()
    assert ticket.paused_at == NEAR
    actions.undo(promised, done.pk, now=NEAR)
    ticket.refresh_from_db()
    assert (ticket.paused_at, ticket.due_at) == (None, DUE)


def test_once_answered_the_end_of_the_work_is_owed(ticket: TicketRow, promised: Workplace) -> None:
    actions.close(promised, ticket.pk, 1, outcome="answered", now=EVE)
    actions.reopen(promised, ticket.pk, 2, now=EVE)
    ticket.refresh_from_db()
    assert ticket.due_at == Calendar().add_working(EVE, 24 * HOUR)


def test_what_was_noticed_as_late_is_not_noticed_again_when_it_comes_back(
    ticket: TicketRow, promised: Workplace
) -> None:
    notice(promised.organisation, DUE)
    actions.snooze(promised, ticket.pk, 1, until=DUE + 48 * HOUR, now=DUE + HOUR)
    actions.wake_due(promised.organisation, now=DUE + 48 * HOUR)
    assert notice(promised.organisation, DUE + 49 * HOUR) == 0


def test_a_crisis_does_not_wait_for_the_morning(promised: Workplace, make_mention: MakeMention) -> None:
    owed = policy_of(promised.organisation).promises.owed("danger", Priority.IMMEDIATE, None)
    assert owed is not None
    assert (owed.delay.counting, owed.pauses) == (Counting.CLOCK, False)


def test_the_calendar_of_a_house_is_its_own(place_a: Workplace, organisation_b: Organisation) -> None:
    nights = Calendar("Europe/Paris", ((Stretch(0, 360),),) * 7, "")
    hours.save_calendar(place_a, nights)
    assert policy_of(place_a.organisation).promises.calendar == nights
    assert policy_of(organisation_b).promises.calendar == Calendar("Europe/London")
