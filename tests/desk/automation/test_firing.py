"""Rules: to what they apply, what they do, what they never do, and that each fires once."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from tests.desk.conftest import MakeMention
from veilleur.desk.accounts.audit import verify
from veilleur.desk.accounts.models import AuditLine, Organisation, User
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.automation import actions, sharing
from veilleur.desk.automation.firing import MOST, TOO_OFTEN, fire_some
from veilleur.desk.automation.forms import RuleForm
from veilleur.desk.automation.jobs import fire_what_waits
from veilleur.desk.automation.models import Firing, Rule, Unshared
from veilleur.desk.automation.sharing import give_waiting
from veilleur.desk.hours.models import Presence
from veilleur.desk.inbox import actions as inbox
from veilleur.desk.inbox import noticing
from veilleur.desk.inbox.happenings import Happening, Kind, happened
from veilleur.desk.inbox.models import MentionRow, Note, TicketRow
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.ticket import ticket_page
from veilleur.errors import ActRefused
from veilleur.vocabulary import Priority

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DANGER = [{"analyzer": "labels", "label": "crisis_suicide", "score": 0.9, "because": "term"}]
REACTION = [{"analyzer": "labels", "label": "adverse_reaction", "score": 0.9, "because": "term"}]


def rule(place: Workplace, name: str = "Règle", *, is_on: bool = True, **fields: Any) -> Rule:
    kept = actions.save(
        place, Rule(organisation=place.organisation, name=name, **{"steps": {"close": "nothing"}, **fields})
    )
    return actions.switch(place, kept.pk, is_on=True) if is_on else kept


def arrives(mention: MentionRow, now: datetime = MONDAY) -> TicketRow:
    happened(mention.organisation_id, Kind.ARRIVES, [mention.pk], now)
    return mention.ticket


def after(ticket: TicketRow, now: datetime = MONDAY) -> TicketRow:
    while fire_some(ticket.organisation, now):
        pass
    ticket.refresh_from_db()
    return ticket


def test_a_rule_applies_to_what_answers_its_query_and_tells_why(
    place_a: Workplace, make_mention: MakeMention
) -> None:
    rule(place_a, "Publicités", query="promo*", steps={"queue": "spam", "note": "Vu.", "close": "not_ours"})
    yes = arrives(make_mention(place_a.organisation, "Grande promotion"))
    no = arrives(make_mention(place_a.organisation, "Trop d'attente"))
    after(yes)
    after(no)
    assert (yes.status, yes.outcome, yes.queue) == ("closed", "not_ours", "spam")
    assert (no.status, no.queue) == ("new", "todo")
    (line,) = Firing.objects.all()
    assert [result[:2] for result in line.results] == [["queue", True], ["note", True], ["close", True]]
    history = [one.sentence for one in ticket_page(place_a, yes.pk, Filters(status="all")).history]
    assert any("Publicités" in sentence for sentence in history)
    acts = AuditLine.objects.filter(target=f"ticket:{yes.pk}").values_list("act", "actor")
    assert set(acts) == {("inbox.move", "veilleur"), ("inbox.note", "veilleur"), ("inbox.close", "veilleur")}
    verify(place_a.organisation)


@pytest.mark.parametrize("findings", [DANGER, REACTION])
@pytest.mark.parametrize(
    "steps", [{"close": "nothing"}, {"snooze": 3}, {"queue": "spam"}, {"priority": "none"}]
)
def test_what_tells_of_danger_or_of_a_reaction_stays_in_sight(
    place_a: Workplace, make_mention: MakeMention, findings: list[Any], steps: dict[str, Any]
) -> None:
    rule(place_a, steps={**steps, "note": "À lire."})
    ticket = arrives(make_mention(place_a.organisation, findings=findings))
    before = (ticket.status, ticket.queue, ticket.priority)
    after(ticket)
    assert (ticket.status, ticket.queue, ticket.priority) == before
    assert ticket.notes.count() == 1
    (line,) = Firing.objects.all()
    assert {result[1] for result in line.results} == {True, False}
    assert all(result[2] for result in line.results if not result[1])


def test_what_must_be_looked_at_once_is_not_closed(place_a: Workplace, make_mention: MakeMention) -> None:
    rule(place_a)
    ticket = after(arrives(make_mention(place_a.organisation, priority=Priority.IMMEDIATE.rank)))
    assert ticket.status == "new"


def test_no_rule_can_say_that_it_was_answered(place_a: Workplace) -> None:
    form = RuleForm(place_a.organisation, {"name": "x", "event": "arrives", "do_close": "answered"})
    assert "do_close" in form.errors


def test_it_fires_once_whatever_is_repeated(place_a: Workplace, make_mention: MakeMention) -> None:
    rule(place_a, steps={"note": "Bonjour."})
    ticket = after(after(arrives(make_mention(place_a.organisation))))
    assert (ticket.notes.count(), Happening.objects.count(), Firing.objects.count()) == (1, 0, 1)


def test_killed_in_the_middle_it_begins_again_and_fires_once(
    place_a: Workplace, make_mention: MakeMention, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(place_a, steps={"note": "Bonjour."})
    tickets = [arrives(make_mention(place_a.organisation)) for _ in range(3)]

    class Killed(BaseException):
        """As if the process had died there."""

    real, count = Firing.objects.create, 0

    def dies(**fields: Any) -> Firing:
        nonlocal count
        count += 1
        if count == 2:
            raise Killed
        return real(**fields)

    monkeypatch.setattr(Firing.objects, "create", dies)
    with pytest.raises(Killed):
        fire_some(place_a.organisation, MONDAY)
    assert (Firing.objects.count(), Happening.objects.count()) == (0, 3)
    for ticket in tickets:
        after(ticket)
        assert ticket.notes.count() == 1
    assert Firing.objects.count() == 3
    verify(place_a.organisation)


def test_rules_are_asked_in_order_and_one_may_be_the_last(
    place_a: Workplace, make_mention: MakeMention
) -> None:
    rule(place_a, "un", steps={"queue": "law"})
    second = rule(place_a, "deux", queue="law", steps={"note": "Droit."}, is_last=True)
    rule(place_a, "trois", steps={"close": "nothing"})
    ticket = after(arrives(make_mention(place_a.organisation)))
    assert (ticket.queue, ticket.status, ticket.notes.count()) == ("law", "new", 1)
    actions.put_before(place_a, second.pk)
    assert list(Rule.objects.order_by("rank").values_list("name", flat=True)) == ["deux", "un", "trois"]
    assert after(arrives(make_mention(place_a.organisation))).status == "closed"


def test_what_rules_do_wakes_no_rule(place_a: Workplace, make_mention: MakeMention) -> None:
    rule(place_a, "ferme", steps={"close": "nothing"})
    rule(place_a, "à la clôture", event="closed", steps={"note": "Fermé."})
    ticket = after(arrives(make_mention(place_a.organisation)))
    assert (ticket.status, ticket.notes.count()) == ("closed", 0)


def test_somebody_who_closes_wakes_the_rule_of_closing(place_a: Workplace, make_mention: MakeMention) -> None:
    rule(place_a, event="closed", steps={"note": "Merci."})
    ticket = make_mention(place_a.organisation).ticket
    inbox.close(place_a, ticket.pk, 1, outcome="nothing", now=MONDAY)
    after(ticket)
    (line,) = Firing.objects.all()
    assert line.results == [["note", False, line.results[0][2]]]


def test_the_clock_wakes_a_rule(place_a: Workplace, make_mention: MakeMention) -> None:
    rule(place_a, event="late", steps={"priority": "immediate", "note": "En retard."})
    mention = make_mention(place_a.organisation, due_at=MONDAY, near_at=MONDAY)
    noticing.notice(place_a.organisation, MONDAY)
    ticket = after(mention.ticket)
    assert (ticket.priority, ticket.notes.count()) == (Priority.IMMEDIATE.rank, 1)


def test_an_author_who_writes_again(place_a: Workplace, make_mention: MakeMention) -> None:
    rule(place_a, event="returns", steps={"note": "De retour."})
    house = place_a.organisation
    first = make_mention(house, author="a1", external_id="fil")
    again = arrives(make_mention(house, author="a1", thread="fil"))
    other = arrives(make_mention(house, author="a2", thread="fil"))
    arrives(first)
    assert [after(one).notes.count() for one in (first.ticket, again, other)] == [0, 1, 0]


def test_a_rule_applies_to_one_message_a_few_times_at_most(
    place_a: Workplace, make_mention: MakeMention
) -> None:
    rule(place_a, steps={"note": "Encore."})
    mention = make_mention(place_a.organisation)
    for _ in range(MOST + 3):
        after(arrives(mention))
    assert mention.ticket.notes.count() == MOST
    assert Firing.objects.order_by("-pk")[0].results[0][0] == TOO_OFTEN
    assert Firing.objects.count() == MOST + 1


def test_nothing_is_noted_where_nobody_waits(place_a: Workplace, make_mention: MakeMention) -> None:
    kept = rule(place_a, is_on=False)
    arrives(make_mention(place_a.organisation))
    assert Happening.objects.count() == 0
    actions.switch(place_a, kept.pk, is_on=True)
    arrives(make_mention(place_a.organisation))
    assert Happening.objects.count() == 1
    actions.drop(place_a, kept.pk)
    arrives(make_mention(place_a.organisation))
    assert Happening.objects.count() == 1


def test_houses_are_apart(
    place_a: Workplace, organisation_b: Organisation, make_mention: MakeMention
) -> None:
    rule(place_a)
    stranger = arrives(make_mention(organisation_b))
    assert after(stranger).status == "new"
    assert Happening.objects.count() == 0


def test_a_name_is_taken_once(place_a: Workplace) -> None:
    rule(place_a, "une")
    with pytest.raises(ActRefused):
        rule(place_a, "une")


def present(place: Workplace, *people: User, capacity: int = 2) -> None:
    for person in people:
        Presence.objects.update_or_create(
            organisation=place.organisation,
            person=person,
            defaults={"is_present": True, "capacity": capacity},
        )


def test_messages_are_given_in_turn_to_those_who_have_room(
    place_a: Workplace, alice: User, member_a: User, reader_a: User, make_mention: MakeMention
) -> None:
    present(place_a, alice, member_a)
    rule(place_a, "Tour", steps={"share": ["all"]})
    tickets = [arrives(make_mention(place_a.organisation)) for _ in range(5)]
    given = [
        after(ticket, MONDAY + timedelta(minutes=number)).assignee for number, ticket in enumerate(tickets)
    ]
    assert given.count(alice) == given.count(member_a) == 2
    assert given[4] is None
    assert Unshared.objects.count() == 1
    history = ticket_page(place_a, tickets[0].pk, Filters()).history
    assert any("Tour" in line.sentence for line in history)
    inbox.close(place_a, tickets[0].pk, tickets[0].version, outcome="nothing", now=MONDAY)
    assert give_waiting(place_a.organisation, MONDAY) == 1
    tickets[4].refresh_from_db()
    assert tickets[4].assignee is not None
    assert Unshared.objects.count() == 0


def test_on_a_sunday_messages_wait_for_monday(
    place_a: Workplace, alice: User, make_mention: MakeMention
) -> None:
    present(place_a, alice)
    rule(place_a, steps={"share": [str(alice.pk)]})
    ticket = after(arrives(make_mention(place_a.organisation), SUNDAY), SUNDAY)
    assert ticket.assignee is None
    assert give_waiting(place_a.organisation, SUNDAY) == 0
    assert give_waiting(place_a.organisation, MONDAY) == 1
    ticket.refresh_from_db()
    assert ticket.assignee == alice


def test_what_somebody_has_is_given_to_nobody_else(
    place_a: Workplace, alice: User, member_a: User, make_mention: MakeMention
) -> None:
    present(place_a, alice)
    rule(place_a, "à Marie", steps={"assign": str(member_a.pk)})
    rule(place_a, "tour", steps={"share": ["all"]})
    ticket = after(arrives(make_mention(place_a.organisation)))
    assert ticket.assignee == member_a
    waits = make_mention(place_a.organisation).ticket
    with transaction.atomic():
        sharing.give_later(waits, [], "tour", MONDAY)
    inbox.assign(place_a, waits.pk, 1, to=member_a, now=MONDAY)
    assert give_waiting(place_a.organisation, MONDAY) == 0
    assert Unshared.objects.count() == 0


def test_who_left_gets_nothing(place_a: Workplace, member_a: User, make_mention: MakeMention) -> None:
    rule(place_a, steps={"assign": str(member_a.pk)})
    member_a.memberships.all().delete()
    ticket = after(arrives(make_mention(place_a.organisation)), timezone.now())
    assert ticket.assignee is None


def _killed_child(seconds: float) -> None:
    """A process that fires what waits, killed after `seconds` wherever it is."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            fire_what_waits()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.django_db(transaction=True)
def test_killing_the_worker_at_random_leaves_one_firing_of_each(
    place_a: Workplace, make_mention: MakeMention
) -> None:
    rule(place_a, steps={"note": "Une fois."})
    mentions = [make_mention(place_a.organisation) for _ in range(120)]
    happened(place_a.organisation.pk, Kind.ARRIVES, [one.pk for one in mentions], MONDAY)
    for _ in range(8):
        _killed_child(random.uniform(0.02, 0.4))
    fire_what_waits()
    assert (Happening.objects.count(), Firing.objects.count()) == (0, 120)
    assert Note.objects.count() == 120
    assert Note.objects.values("ticket").distinct().count() == 120
    verify(place_a.organisation)
