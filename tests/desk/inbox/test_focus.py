"""Focus mode: decided, next, undone; never the message that a colleague has."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from veilleur.desk.accounts.permissions import workplace_of
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.attendance import Attendance, Doing
from veilleur.desk.inbox.attending import STAYS, attend
from veilleur.desk.inbox.models import DecisionRow, TicketRow

HTMX = {"HX-Request": "true", "HX-Target": "desk"}


def url(name, organisation, **arguments):
    return reverse(f"inbox:{name}", kwargs={"organisation": organisation.slug, **arguments})


@pytest.fixture
def tickets(organisation_a, make_mention):
    """Five tickets, the newest first."""
    made = [make_mention(organisation_a, text=f"Message {number}").ticket for number in range(5)]
    return list(reversed(made))


@pytest.fixture
def marie(member_a, organisation_a):
    """Marie at work."""
    return workplace_of(member_a, organisation_a.slug)


def decide(client, organisation, ticket, done=0, **said):
    address = url("focus_decide", organisation, ticket=ticket.pk) + (f"?done={done}" if done else "")
    said = {"act": "close", "outcome": "nothing", "version": ticket.version, **said}
    return client.post(address, said, headers=HTMX)


def shown(answer):
    found = re.search(r'data-ticket="(\d+)"', answer.content.decode())
    return int(found[1]) if found else None


def test_it_begins_with_the_first_of_the_list(client_a, organisation_a, tickets):
    answer = client_a.get(url("focus", organisation_a))
    assert shown(answer) == tickets[0].pk


def test_deciding_answers_with_the_next_one_and_counts(client_a, organisation_a, tickets):
    answer = decide(client_a, organisation_a, tickets[0])
    assert answer.status_code == 200
    assert shown(answer) == tickets[1].pk
    assert answer["HX-Push-Url"].endswith(
        f"/focus/{tickets[1].pk}/?done=1&last={DecisionRow.objects.get().pk}"
    )
    assert "1 avis décidé, 4 à voir" in answer.content.decode()
    assert TicketRow.objects.get(pk=tickets[0].pk).status == "closed"


@pytest.mark.parametrize("said", [{"act": "snooze", "until": "tomorrow"}, {"act": "assign", "to": "me"}])
def test_other_decisions_lead_on_too(client_a, organisation_a, tickets, said):
    answer = decide(client_a, organisation_a, tickets[0], **said)
    assert shown(answer) == tickets[1].pk
    assert DecisionRow.objects.get().act == said["act"]


def test_without_script_a_form_is_led_to_the_next_address(client_a, organisation_a, tickets):
    said = {"act": "close", "outcome": "nothing", "version": tickets[0].version}
    answer = client_a.post(url("focus_decide", organisation_a, ticket=tickets[0].pk), said)
    assert answer["Location"].startswith(
        url("focus_ticket", organisation_a, ticket=tickets[1].pk) + "?done=1&last="
    )


def test_undo_brings_it_back_and_counts_down(client_a, organisation_a, tickets):
    decide(client_a, organisation_a, tickets[0])
    decision = DecisionRow.objects.get()
    answer = client_a.post(url("focus_undo", organisation_a, decision=decision.pk) + "?done=1", headers=HTMX)
    assert shown(answer) == tickets[0].pk
    assert "0 avis décidé, 5 à voir" in answer.content.decode()


def test_what_a_colleague_has_is_passed_over_and_said(client_a, organisation_a, tickets, marie):
    attend(marie, tickets[1].pk, Doing.DECIDING, now=timezone.now())
    answer = decide(client_a, organisation_a, tickets[0])
    assert shown(answer) == tickets[2].pk
    assert "Marie" in answer.content.decode()


def test_a_claim_that_lapsed_holds_nothing(client_a, organisation_a, tickets, marie):
    attend(marie, tickets[1].pk, Doing.DECIDING, now=timezone.now() - 2 * STAYS)
    assert shown(decide(client_a, organisation_a, tickets[0])) == tickets[2 - 1].pk


def test_who_only_reads_holds_nothing(client_a, organisation_a, tickets, marie):
    attend(marie, tickets[1].pk, Doing.READING, now=timezone.now())
    assert shown(decide(client_a, organisation_a, tickets[0])) == tickets[1].pk


def test_the_next_one_is_taken_so_that_no_colleague_gets_it(client_a, organisation_a, tickets, member_a):
    decide(client_a, organisation_a, tickets[0])
    other = Client()
    other.force_login(member_a, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert shown(other.get(url("focus", organisation_a))) == tickets[2].pk


def test_who_comes_second_passes_on_and_nothing_is_decided_twice(client_a, organisation_a, tickets, marie):
    actions.close(marie, tickets[0].pk, tickets[0].version, outcome="answered", now=timezone.now())
    answer = decide(client_a, organisation_a, tickets[0])
    assert shown(answer) == tickets[1].pk
    assert "0 avis décidé" in answer.content.decode()
    assert "avant vous" in answer.content.decode()
    assert TicketRow.objects.get(pk=tickets[0].pk).outcome == "answered"
    assert DecisionRow.objects.count() == 1


def test_at_the_end_it_says_so(client_a, organisation_a, tickets):
    for ticket in tickets:
        answer = decide(client_a, organisation_a, ticket)
    assert shown(answer) is None
    assert "Plus rien ici" in answer.content.decode()


def test_a_form_that_makes_no_sense_changes_nothing(client_a, organisation_a, tickets):
    answer = decide(client_a, organisation_a, tickets[0], outcome="party")
    assert shown(answer) == tickets[0].pk
    assert not DecisionRow.objects.exists()


def test_next_and_previous_without_deciding(client_a, organisation_a, tickets):
    home = url("focus", organisation_a)
    assert shown(client_a.get(f"{home}?passed={tickets[1].pk}")) == tickets[2].pk
    assert shown(client_a.get(f"{home}?above={tickets[1].pk}")) == tickets[0].pk
    assert shown(client_a.get(f"{home}?passed={tickets[-1].pk}")) == tickets[0].pk


def test_a_reader_does_not_decide(client_reader_a, organisation_a, tickets):
    assert client_reader_a.get(url("focus", organisation_a)).status_code == 403
    assert decide(client_reader_a, organisation_a, tickets[0]).status_code == 403


def test_the_filters_are_kept(client_a, organisation_a, make_mention):
    kept = [make_mention(organisation_a, sentiment=label).ticket for label in ("pos", "neg", "pos")]
    address = url("focus_decide", organisation_a, ticket=kept[2].pk) + "?sentiment=pos"
    answer = client_a.post(address, {"act": "close", "outcome": "nothing", "version": 1}, headers=HTMX)
    assert shown(answer) == kept[0].pk


def test_deciding_asks_the_database_few_questions(
    client_a, organisation_a, tickets, django_assert_max_num_queries
):
    decide(client_a, organisation_a, tickets[0])
    with django_assert_max_num_queries(60):
        decide(client_a, organisation_a, tickets[1])


def test_attendance_of_the_past_goes_away(organisation_a, tickets, marie):
    now = timezone.now()
    for number, ticket in enumerate(tickets):
        attend(marie, ticket.pk, Doing.READING, now=now + number * timedelta(minutes=5))
    assert Attendance.objects.count() == 1
