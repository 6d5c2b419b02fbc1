"""Acts through the browser's eyes: what is posted, where one lands, what is said."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.inbox.models import DecisionRow, TicketRow
from veilleur.triage import house_policy_text


def url(name, organisation, **arguments):
    return reverse(f"inbox:{name}", kwargs={"organisation": organisation.slug, **arguments})


@pytest.fixture
def tickets(organisation_a, make_mention):
    """Three tickets, the newest first."""
    made = [
        make_mention(organisation_a, text=f"Message {number}", sentiment="neg").ticket for number in range(3)
    ]
    return list(reversed(made))


def post(client, organisation, act, ticket, query="", **said):
    address = url(act, organisation, ticket=ticket.pk) + (f"?{query}" if query else "")
    return client.post(address, {"version": ticket.version, **said}, follow=True)


def test_deciding_leads_to_the_next_ticket_of_the_same_list(client_a, organisation_a, tickets):
    answer = post(client_a, organisation_a, "close", tickets[0], "sentiment=neg", outcome="nothing")
    assert (
        answer.redirect_chain[-1][0] == url("ticket", organisation_a, ticket=tickets[1].pk) + "?sentiment=neg"
    )
    assert TicketRow.objects.get(pk=tickets[0].pk).status == "closed"


def test_after_the_last_one_comes_the_list(client_a, organisation_a, tickets):
    for ticket in tickets:
        answer = post(client_a, organisation_a, "close", ticket, outcome="nothing")
    assert answer.redirect_chain[-1][0] == url("list", organisation_a)


def test_the_toast_undoes_what_was_just_done(client_a, organisation_a, tickets):
    page = post(client_a, organisation_a, "close", tickets[0], outcome="answered").content.decode()
    toast = re.search(r'<form method="post" action="([^"]*/undo/\d+/[^"]*)"', page)
    assert toast
    answer = client_a.post(toast[1], follow=True)
    assert answer.redirect_chain[-1][0] == url("ticket", organisation_a, ticket=tickets[0].pk)
    row = TicketRow.objects.get(pk=tickets[0].pk)
    assert (row.status, row.outcome, row.answered_at) == ("new", "", None)


def test_who_comes_second_sees_the_ticket_as_it_now_stands(client_a, organisation_a, member_a, tickets):
    ticket = tickets[0]
    post(client_a, organisation_a, "assign", ticket, to=str(member_a.pk))
    answer = post(client_a, organisation_a, "close", ticket, outcome="nothing")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "toast-warning" in page
    assert "Marie" in page
    assert TicketRow.objects.get(pk=ticket.pk).status == "open"


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("close", {"outcome": "party"}),
        ("close", {"version": "x", "outcome": "nothing"}),
        ("assign", {"to": "999999"}),
        ("snooze", {"until": "date"}),
        ("snooze", {"until": "date", "date": "9999-12-31"}),
        ("snooze", {"until": "date", "date": "2020-01-01"}),
        ("correct", {"label": "sentiment:angry"}),
        ("note", {"text": ""}),
        ("note", {"text": "x" * 5_001}),
        ("note", {"text": "a\x00b"}),
        ("reopen", {}),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(client_a, organisation_a, tickets, act, said):
    answer = post(client_a, organisation_a, act, tickets[0], **said)
    assert answer.status_code == 200
    assert "toast-error" in answer.content.decode()
    assert not DecisionRow.objects.exists()


@pytest.mark.parametrize("until", ["evening", "tomorrow", "monday", "date"])
def test_a_ticket_is_put_away_until_a_moment_in_words(client_a, organisation_a, tickets, until, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 4, 9, tzinfo=UTC))  # a Wednesday
    post(client_a, organisation_a, "snooze", tickets[0], until=until, date="2026-03-20")
    moments = {"evening": (4, 17), "tomorrow": (5, 8), "monday": (9, 8), "date": (20, 8)}
    row = TicketRow.objects.get(pk=tickets[0].pk)
    assert row.status == "snoozed"
    assert (row.snoozed_until.day, row.snoozed_until.hour) == moments[until]


def test_a_colleagues_act_cannot_be_undone_from_its_address(
    client_a, client_b, organisation_a, organisation_b, tickets
):
    post(client_a, organisation_a, "close", tickets[0], outcome="nothing")
    decision = DecisionRow.objects.get()
    assert client_b.post(url("undo", organisation_b, decision=decision.pk)).status_code == 404
    assert client_b.post(url("undo", organisation_a, decision=decision.pk)).status_code == 404


def test_history_and_notes_are_told_in_sentences(client_a, organisation_a, tickets):
    ticket = tickets[0]
    post(client_a, organisation_a, "note", ticket, text="<b>À rappeler</b>")
    ticket.version += 1
    post(client_a, organisation_a, "correct", ticket, label="sentiment:pos", reason="ironie")
    page = client_a.get(url("ticket", organisation_a, ticket=ticket.pk)).content.decode()
    assert "&lt;b&gt;À rappeler&lt;/b&gt;" in page
    assert "ironie" in page
    assert page.count("<strong>Alice</strong>") >= 3


# --- the policy ---

CALM = house_policy_text().replace('queue = "dissatisfied"', 'queue = "to-handle"')


def test_a_policy_is_tried_before_it_is_kept(client_a, organisation_a, make_mention):
    finding = {"analyzer": "sentiment", "label": "neg", "score": 0.9, "because": "ngrams", "grounds": []}
    make_mention(organisation_a, findings=[finding], queue="dissatisfied")
    page = client_a.post(url("policy", organisation_a), {"policy": CALM, "try": ""}).content.decode()
    assert "→" in page
    organisation_a.refresh_from_db()
    assert organisation_a.triage_policy == ""
    assert TicketRow.objects.get().queue == "dissatisfied"


def test_a_kept_policy_sorts_what_nobody_touched(client_a, place_a, organisation_a, make_mention, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    finding = {"analyzer": "sentiment", "label": "neg", "score": 0.9, "because": "ngrams", "grounds": []}
    untouched = make_mention(organisation_a, findings=[finding], queue="dissatisfied").ticket
    touched = make_mention(organisation_a, findings=[finding], queue="dissatisfied", version=2).ticket
    client_a.post(url("policy", organisation_a), {"policy": CALM.replace("\n", "\r\n"), "save": ""})
    organisation_a.refresh_from_db()
    assert organisation_a.triage_policy.strip() == CALM.strip()
    assert AuditLine.objects.latest("number").act == "inbox.policy"
    assert TicketRow.objects.get(pk=untouched.pk).queue == "to-handle"
    assert TicketRow.objects.get(pk=touched.pk).queue == "dissatisfied"


def test_a_wrong_policy_is_refused_with_its_place(client_a, organisation_a):
    wrong = house_policy_text().replace('priority = "today"', 'priority = "tody"', 1)
    page = client_a.post(url("policy", organisation_a), {"policy": wrong, "save": ""}).content.decode()
    assert "policy-problems" in page
    assert "clé «\u00a0priority\u00a0»\u00a0: «\u00a0tody\u00a0» n’est pas connu." in page
    assert "Vouliez-vous dire «\u00a0today\u00a0»\u00a0?" in page
    assert "Did you mean" not in page
    organisation_a.refresh_from_db()
    assert organisation_a.triage_policy == ""


def test_the_policy_belongs_to_managers(client_reader_a, client_b, organisation_a):
    assert client_reader_a.get(url("policy", organisation_a)).status_code == 403
    assert client_b.get(url("policy", organisation_a)).status_code == 404
