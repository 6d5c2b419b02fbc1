"""Acts on tickets: each one whole or not at all, refused when stale, undone when alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.http import Http404

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.accounts.permissions import workplace_of
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.models import Correction, DecisionRow, Note, TicketRow
from veilleur.errors import ActRefused, Outdated

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
NEGATIVE = [
    {"analyzer": "sentiment", "label": "neg", "score": 0.9, "because": "ngrams", "grounds": ["attente"]}
]


@pytest.fixture
def ticket(organisation_a, make_mention) -> TicketRow:
    return make_mention(organisation_a, findings=NEGATIVE).ticket


def fresh(ticket: TicketRow) -> TicketRow:
    return TicketRow.objects.get(pk=ticket.pk)


def columns(ticket: TicketRow) -> dict:
    row = fresh(ticket)
    return {name: getattr(row, name) for name in actions.RESTORABLE}


ACTS = {
    "assign": lambda place, ticket: actions.assign(place, ticket.pk, ticket.version, to=place.user, now=NOW),
    "snooze": lambda place, ticket: actions.snooze(
        place, ticket.pk, ticket.version, until=NOW + timedelta(hours=3), now=NOW
    ),
    "close": lambda place, ticket: actions.close(
        place, ticket.pk, ticket.version, outcome="answered", now=NOW
    ),
    "correct": lambda place, ticket: actions.correct(
        place, ticket.pk, ticket.version, analyzer="sentiment", label="pos", now=NOW
    ),
    "note": lambda place, ticket: actions.add_note(place, ticket.pk, text="Je rappelle demain.", now=NOW),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_leaves_one_decision_and_one_line_in_the_trail(place_a, ticket, act):
    lines = AuditLine.objects.count()
    decision = ACTS[act](place_a, ticket)
    assert decision.act == act
    assert decision.by_name == "Alice"
    assert DecisionRow.objects.count() == 1
    assert AuditLine.objects.count() == lines + 1
    assert AuditLine.objects.latest("number").act == f"inbox.{act}"
    assert fresh(ticket).version == ticket.version + 1
    assert audit.verify(place_a.organisation)


@pytest.mark.parametrize("act", ACTS)
def test_an_undone_act_leaves_the_ticket_as_it_was(place_a, ticket, act):
    before = columns(ticket)
    decision = ACTS[act](place_a, ticket)
    assert act == "note" or columns(ticket) != before
    actions.undo(place_a, decision.pk, now=NOW)
    assert columns(ticket) == before
    assert DecisionRow.objects.get(pk=decision.pk).undone
    assert not Note.objects.exists()
    assert not Correction.objects.filter(withdrawn=False).exists()


@pytest.mark.parametrize("act", ["assign", "snooze", "close", "correct"])
def test_who_looked_at_an_older_state_is_refused(place_a, ticket, act):
    actions.assign(place_a, ticket.pk, ticket.version, to=None, now=NOW)
    with pytest.raises(Outdated):
        ACTS[act](place_a, ticket)
    assert DecisionRow.objects.count() == 1


@pytest.mark.parametrize("act", ACTS)
def test_the_ticket_of_another_organisation_does_not_exist(place_b, ticket, act):
    with pytest.raises(Http404):
        ACTS[act](place_b, ticket)


@pytest.mark.parametrize("act", ACTS)
def test_who_only_reads_cannot_act(reader_a, organisation_a, ticket, act):
    with pytest.raises(ActRefused):
        ACTS[act](workplace_of(reader_a, organisation_a.slug), ticket)


def test_a_note_never_conflicts(place_a, ticket):
    actions.assign(place_a, ticket.pk, ticket.version, to=None, now=NOW)
    ACTS["note"](place_a, ticket)
    assert Note.objects.get().text == "Je rappelle demain."


def test_what_was_written_stays_out_of_the_trail(place_a, ticket):
    ACTS["note"](place_a, ticket)
    actions.correct(
        place_a, ticket.pk, ticket.version + 1, analyzer="sentiment", label="pos", reason="ironie", now=NOW
    )
    told = " ".join(str(line.details) for line in AuditLine.objects.all())
    assert "rappelle" not in told
    assert "ironie" not in told


def test_an_act_is_undone_only_while_nothing_happened_since(place_a, ticket):
    first = ACTS["assign"](place_a, ticket)
    ACTS["note"](place_a, ticket)
    with pytest.raises(Outdated):
        actions.undo(place_a, first.pk, now=NOW)


def test_undoing_the_last_act_makes_the_one_before_the_last_again(place_a, ticket):
    before = columns(ticket)
    first = ACTS["assign"](place_a, ticket)
    second = ACTS["note"](place_a, ticket)
    actions.undo(place_a, second.pk, now=NOW)
    actions.undo(place_a, first.pk, now=NOW)
    assert columns(ticket) == before
    with pytest.raises(Outdated):
        actions.undo(place_a, first.pk, now=NOW)


def test_nobody_undoes_what_a_colleague_did(place_a, member_a, organisation_a, ticket):
    decision = ACTS["close"](workplace_of(member_a, organisation_a.slug), ticket)
    with pytest.raises(ActRefused) as refused:
        actions.undo(place_a, decision.pk, now=NOW)
    assert not isinstance(refused.value, Outdated)
    assert fresh(ticket).status == "closed"


def test_a_decision_of_another_organisation_cannot_be_undone(place_a, place_b, ticket):
    decision = ACTS["close"](place_a, ticket)
    with pytest.raises(Http404):
        actions.undo(place_b, decision.pk, now=NOW)


def test_a_ticket_goes_to_members_only(place_a, bob, ticket):
    with pytest.raises(ActRefused):
        actions.assign(place_a, ticket.pk, ticket.version, to=bob, now=NOW)


def test_closing_as_answered_keeps_the_first_time(place_a, ticket):
    ACTS["close"](place_a, ticket)
    actions.reopen(place_a, ticket.pk, 2, now=NOW + timedelta(hours=1))
    actions.close(place_a, ticket.pk, 3, outcome="answered", now=NOW + timedelta(hours=2))
    row = fresh(ticket)
    assert (row.answered_at, row.closed_at) == (NOW, NOW + timedelta(hours=2))


def test_a_closed_ticket_must_be_reopened_first(place_a, ticket):
    ACTS["close"](place_a, ticket)
    for act in ("close", "snooze"):
        with pytest.raises(ActRefused) as refused:
            ACTS[act](place_a, fresh(ticket))
        assert not isinstance(refused.value, Outdated)


def test_nothing_is_put_away_until_a_moment_that_has_passed(place_a, ticket):
    with pytest.raises(ActRefused):
        actions.snooze(place_a, ticket.pk, ticket.version, until=NOW, now=NOW)


def test_a_snoozed_ticket_comes_back_by_itself(place_a, organisation_a, ticket):
    ACTS["snooze"](place_a, ticket)
    assert actions.wake_due(organisation_a, now=NOW + timedelta(hours=2)) == 0
    assert fresh(ticket).status == "snoozed"
    assert actions.wake_due(organisation_a, now=NOW + timedelta(hours=3)) == 1
    assert fresh(ticket).status == "open"
    assert actions.wake_due(organisation_a, now=NOW + timedelta(hours=4)) == 0
    assert AuditLine.objects.latest("number").actor == audit.JOB


def test_a_corrected_message_is_sorted_as_if_it_had_been_read_right(place_a, ticket):
    decision = ACTS["correct"](place_a, ticket)
    row = fresh(ticket)
    assert row.sentiment == "pos"
    assert row.queue != "todo"
    assert ticket.mention.reading.findings == NEGATIVE, "what the machine read is kept"
    assert decision.details["was"] == "neg"


def test_a_correction_counts_for_the_version_that_was_read(place_a, ticket):
    ACTS["correct"](place_a, ticket)
    with pytest.raises(ActRefused):
        actions.correct(place_a, ticket.pk, 2, analyzer="sentiment", label="pos", now=NOW)
    ticket.mention.digest = "f" * 64
    ticket.mention.save()
    actions.correct(place_a, ticket.pk, 2, analyzer="sentiment", label="pos", now=NOW)


@pytest.mark.parametrize(
    ("analyzer", "label"), [("sentiment", "angry"), ("drugs", "pos"), ("language", "pos")]
)
def test_only_known_labels_are_corrected(place_a, ticket, analyzer, label):
    with pytest.raises(ActRefused):
        actions.correct(place_a, ticket.pk, 1, analyzer=analyzer, label=label, now=NOW)


def test_looking_whether_somebody_must_wake_writes_nothing(organisation_a, ticket, django_assert_num_queries):
    with django_assert_num_queries(1):  # a transaction would wait for a running import on SQLite
        assert actions.wake_due(organisation_a, now=NOW) == 0
