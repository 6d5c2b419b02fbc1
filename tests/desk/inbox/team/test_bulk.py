"""Acts on many tickets: previewed, done once each, undone as a whole; macros; a crash in the middle."""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.inbox.team.conftest import NOW, fresh, url
from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.accounts.permissions import workplace_of
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.models import DecisionRow, Note, TicketRow
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.team import bulk_acts, selection, steps, tags
from veilleur.desk.inbox.team.bulk_queries import preview
from veilleur.desk.inbox.team.models import BulkAct, BulkLine, Macro, Notification, Tag
from veilleur.desk.inbox.team.selection import Selection, answering
from veilleur.desk.inbox.team.steps import Step
from veilleur.errors import ActRefused
from veilleur.vocabulary import Act

COLUMNS = ("status", "outcome", "assignee_id", "snoozed_until", "closed_at", "answered_at")


def state(tickets):
    carried = tags.tags_on([one.pk for one in tickets])
    return [
        (
            *[getattr(fresh(one), name) for name in COLUMNS],
            [tag.name for tag in carried.get(one.pk, ())],
            Note.objects.filter(ticket=one).count(),
        )
        for one in tickets
    ]


def begun(place, tickets, *said):
    act = bulk_acts.begin(place, Selection([one.pk for one in tickets], is_whole=True), "", now=NOW)
    bulk_acts.choose(place, act, [Step(*one) for one in said])
    return act


def done(place, act):
    bulk_acts.start(place, act, now=NOW)
    bulk_acts.carry_on(act.pk)
    return BulkAct.objects.get(pk=act.pk)


def undone(place, act):
    bulk_acts.start_undo(place, act, now=timezone.now())
    bulk_acts.carry_on(act.pk)
    return BulkAct.objects.get(pk=act.pk)


def test_the_preview_says_what_the_act_does_and_nothing_more(place_a, tickets):
    actions.close(place_a, tickets[0].pk, 1, outcome="nothing", now=NOW)
    before, decisions = state(tickets), DecisionRow.objects.count()
    act = begun(place_a, tickets, ("snooze", "7d"), ("assign", "me"))
    shown = preview(place_a, act, NOW)
    assert shown.changed == 5
    assert [refusal.count for refusal in shown.refusals] == [1]
    assert shown.refusals[0].examples[0].ticket == tickets[0].pk
    assert state(tickets) == before
    assert DecisionRow.objects.count() == decisions


def test_each_ticket_has_its_line_in_the_trail_and_the_act_too(place_a, tickets):
    lines = AuditLine.objects.count()
    done(place_a, begun(place_a, tickets, ("assign", "me")))
    assert AuditLine.objects.count() == lines + 7
    acts = list(AuditLine.objects.order_by("number").values_list("act", flat=True))[lines:]
    assert acts == ["inbox.bulk", *["inbox.assign"] * 6]
    assert {fresh(one).assignee_id for one in tickets} == {place_a.user.pk}
    assert audit.verify(place_a.organisation)


def test_what_somebody_changed_since_the_preview_is_left_alone_and_told(place_a, tickets):
    act = begun(place_a, tickets, ("close", "nothing"))
    actions.assign(place_a, tickets[2].pk, 1, to=place_a.user, now=NOW)
    done(place_a, act)
    assert fresh(tickets[2]).status == "open"
    assert [fresh(one).status for one in tickets].count("closed") == 5
    skipped = BulkLine.objects.get(state="skipped")
    assert skipped.ticket_id == tickets[2].pk
    assert skipped.why


def test_the_whole_is_undone_but_what_moved_on(place_a, tickets):
    before = state(tickets)
    tag = tags.named(place_a, ["Urgent"])[0]
    act = begun(place_a, tickets, ("close", "answered"), ("tag", str(tag.pk)), ("note", "Vu ensemble."))
    act = done(place_a, act)
    assert Note.objects.count() == 6
    actions.reopen(place_a, tickets[1].pk, fresh(tickets[1]).version, now=NOW)
    act = undone(place_a, act)
    after = state(tickets)
    assert [*after[:1], *after[2:]] == [*before[:1], *before[2:]]
    assert fresh(tickets[1]).status == "open"
    assert BulkLine.objects.filter(state="kept").count() == 1
    assert act.state == "undone"
    assert audit.verify(place_a.organisation)


def test_undoing_ends_after_ten_minutes_and_is_for_who_acted(place_a, member_a, organisation_a, tickets):
    act = done(place_a, begun(place_a, tickets, ("assign", "me")))
    with pytest.raises(ActRefused):
        bulk_acts.start_undo(workplace_of(member_a, organisation_a.slug), act, now=timezone.now())
    late = timezone.now() + timedelta(minutes=11)
    with pytest.raises(ActRefused):
        bulk_acts.start_undo(place_a, act, now=late)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(5))
def test_killed_in_the_middle_it_goes_on_and_does_nothing_twice(place_a, tickets, monkeypatch, seed):
    act = begun(place_a, tickets, ("note", "Une seule fois."))
    bulk_acts.start(place_a, act, now=NOW)
    dice, whole = random.Random(seed), steps.carry_out

    def carry_out(*args, **kwargs):
        if dice.random() < 0.3:
            raise Killed
        decision = whole(*args, **kwargs)
        if dice.random() < 0.3:
            raise Killed
        return decision

    monkeypatch.setattr(bulk_acts, "carry_out", carry_out)
    while bulk_acts.interrupted():
        try:
            bulk_acts.carry_on(act.pk)
        except Killed:
            continue
    assert Note.objects.count() == 6
    assert BulkLine.objects.filter(state="done").count() == 6
    assert audit.verify(place_a.organisation)


def test_who_gets_many_tickets_is_told_once(place_a, member_a, tickets):
    done(place_a, begun(place_a, tickets, ("assign", str(member_a.pk))))
    told = Notification.objects.get()
    assert (told.person_id, told.count, told.ticket_id) == (member_a.pk, 6, None)


@settings(max_examples=25)
@given(st.data())
def test_what_is_done_and_undone_leaves_no_mark(place_a, tickets, data):
    tag = tags.named(place_a, ["Urgent"])[0]
    pool = [
        ("close", "nothing"), ("close", "answered"), ("assign", "me"), ("assign", ""), ("reopen", ""),
        ("snooze", "3d"), ("wait", ""), ("wait", "7d"), ("tag", str(tag.pk)), ("untag", str(tag.pk)),
        ("note", "Un mot."),
    ]  # fmt: skip
    said = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=4))
    chosen = data.draw(st.lists(st.sampled_from(tickets), min_size=1, unique=True))
    before = state(tickets)
    act = begun(place_a, chosen, *said)
    changed = preview(place_a, act, NOW).changed
    act = done(place_a, act)
    assert BulkLine.objects.filter(act=act, state="done").count() == changed
    undone(place_a, act)
    assert state(tickets) == before


# --- on screen ---


def test_ticked_rows_are_shown_changed_and_put_back(client_a, organisation_a, tickets):
    chosen = [one.pk for one in tickets[:3]]
    page = client_a.post(url("bulk", organisation_a) + "?sentiment=neg", {"ticket": chosen}, follow=True)
    address = page.redirect_chain[-1][0]
    page = client_a.post(address, {"tags": "Urgent", "state": "wait:"}, follow=True).content.decode()
    assert re.search(r"3\s+avis", page)
    page = client_a.post(address + "run/", follow=True).content.decode()
    assert "undo/" in page
    assert "sentiment=neg" in page
    assert {fresh(one).status for one in tickets[:3]} == {"pending"}
    page = client_a.post(address + "undo/", follow=True).content.decode()
    assert {fresh(one).status for one in tickets} == {"new"}
    assert client_a.get(address + "progress/").status_code == 200


def test_all_that_answer_a_filter_are_meant_each_by_itself(client_a, organisation_a, place_a, tickets):
    client_a.post(url("bulk", organisation_a) + "?q=attente", {"all": "1"})
    assert BulkLine.objects.count() == 6
    assert answering(place_a, Filters(q="attente")).ids == [one.pk for one in tickets]
    selection.MOST, kept = 4, selection.MOST
    try:
        some = answering(place_a, Filters())
    finally:
        selection.MOST = kept
    assert (len(some.ids), some.is_whole) == (4, False)


def test_many_are_a_job_with_its_progress(client_a, organisation_a, place_a, make_mention, monkeypatch):
    for _number in range(30):
        make_mention(organisation_a)
    monkeypatch.setattr(bulk_acts, "AT_ONCE", 10)
    page = client_a.post(url("bulk", organisation_a), {"all": "1"}, follow=True)
    address = page.redirect_chain[-1][0]
    client_a.post(address, {"assign": "me"})
    client_a.post(address + "run/")
    assert TicketRow.objects.filter(assignee=place_a.user).count() == 30
    assert BulkAct.objects.get().state == "done"


def test_nothing_selected_and_nothing_to_do_are_said(client_a, organisation_a, tickets):
    page = client_a.post(url("bulk", organisation_a), {}, follow=True).content.decode()
    assert "toast-error" in page
    page = client_a.post(url("bulk", organisation_a), {"ticket": [tickets[0].pk]}, follow=True)
    page = client_a.post(page.redirect_chain[-1][0], {})
    assert "errorlist" in page.content.decode()


def test_tickets_of_another_house_are_never_meant(client_b, organisation_b, tickets):
    client_b.post(url("bulk", organisation_b), {"ticket": [one.pk for one in tickets]})
    assert not BulkAct.objects.exists()


def test_who_only_reads_selects_nothing(client_reader_a, organisation_a, tickets):
    assert client_reader_a.post(url("bulk", organisation_a), {"all": "1"}).status_code == 403
    assert 'class="pick"' not in client_reader_a.get(url("list", organisation_a)).content.decode()


# --- macros ---


def make_macro(client, organisation, **said):
    return client.post(
        url("add_macro", organisation), {"name": "Presse", "key": "1", "tags": "Presse", **said}, follow=True
    )


def test_a_macro_is_one_act_with_one_undo(client_a, organisation_a, place_a, tickets):
    make_macro(client_a, organisation_a, assign="me", state="wait:3d", note="Vu avec la presse.")
    macro = Macro.objects.get()
    before = state(tickets)
    page = client_a.post(
        url("run_macro", organisation_a, ticket=tickets[0].pk, macro=macro.pk), {"version": 1}, follow=True
    )
    assert page.redirect_chain[-1][0] == url("ticket", organisation_a, ticket=tickets[1].pk)
    decision = DecisionRow.objects.get()
    assert decision.act == Act.MACRO
    row = fresh(tickets[0])
    assert (row.status, row.assignee_id) == ("pending", place_a.user.pk)
    assert "Presse (" in client_a.get(url("ticket", organisation_a, ticket=tickets[0].pk)).content.decode()
    client_a.post(url("undo", organisation_a, decision=decision.pk))
    assert state(tickets) == before


def test_a_macro_on_a_selection_comes_with_its_preview(client_a, organisation_a, tickets):
    make_macro(client_a, organisation_a, assign="me")
    page = client_a.post(
        url("bulk", organisation_a), {"ticket": [one.pk for one in tickets], "macro": "1"}, follow=True
    ).content.decode()
    assert 'id="preview"' in page
    assert DecisionRow.objects.count() == 0


def test_two_macros_have_neither_a_name_nor_a_key_in_common(client_a, organisation_a):
    make_macro(client_a, organisation_a)
    assert make_macro(client_a, organisation_a, key="2").content.decode().count("errorlist") == 1
    assert make_macro(client_a, organisation_a, name="Autre").content.decode().count("errorlist") == 1
    client_a.post(
        url("macro", organisation_a, macro=Macro.objects.get().pk), {"name": "Presse", "untags": "Presse"}
    )
    macro = Macro.objects.get()
    assert macro.key is None
    assert macro.steps == [["untag", str(Tag.objects.get().pk)]]
    client_a.post(url("drop_macro", organisation_a, macro=macro.pk))
    assert not Macro.objects.exists()


def test_a_macro_whose_tag_is_gone_says_so_and_changes_nothing(client_a, organisation_a, tickets):
    make_macro(client_a, organisation_a, assign="me")
    tag = Tag.objects.get()
    client_a.post(url("drop_tag", organisation_a, tag=tag.pk), {f"drop{tag.pk}-into": ""})
    page = client_a.post(
        url("run_macro", organisation_a, ticket=tickets[0].pk, macro=Macro.objects.get().pk),
        {"version": 1},
        follow=True,
    )
    assert "toast-error" in page.content.decode()
    assert fresh(tickets[0]).assignee_id is None
    assert client_a.get(url("macros", organisation_a)).status_code == 200
