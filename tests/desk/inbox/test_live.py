"""What open windows learn by themselves: who is there, what changed; and what they may not learn."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from veilleur.desk.accounts.permissions import workplace_of
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.attendance import Attendance, Doing, NoteDraft
from veilleur.desk.inbox.attending import BEAT, CLAIM, STAYS, attend, claim_or_release
from veilleur.desk.inbox.models import Note
from veilleur.desk.inbox.queries import live
from veilleur.desk.inbox.queries.live import MOST, Mark, Windows, changes_since, latest, mark_written
from veilleur.errors import ActRefused


def url(name, organisation, **arguments):
    return reverse(f"inbox:{name}", kwargs={"organisation": organisation.slug, **arguments})


@pytest.fixture(autouse=True)
def no_windows(monkeypatch):
    """No answer of another test is shared."""
    monkeypatch.setattr("veilleur.desk.inbox.live_views.WINDOWS", Windows())
    monkeypatch.setattr(live, "SHARED", 0.0)


@pytest.fixture
def ticket(organisation_a, make_mention):
    return make_mention(organisation_a).ticket


@pytest.fixture
def marie(member_a, organisation_a):
    return workplace_of(member_a, organisation_a.slug)


@pytest.fixture
def client_marie(member_a):
    client = Client()
    client.force_login(member_a, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def stream(client, organisation, since="", **headers):
    answer = client.get(url("live", organisation), {"since": since, "window": "w"}, headers=headers)
    assert answer["Content-Type"] == "text/event-stream"
    lines = dict(line.split(": ", 1) for line in answer.content.decode().splitlines() if line)
    return lines["id"], json.loads(lines["data"]), int(lines["retry"])


# --- the stream ---


def test_a_new_message_and_an_act_are_told_by_number(client_a, organisation_a, ticket, marie, make_mention):
    mark, _told, _retry = stream(client_a, organisation_a)
    new = make_mention(organisation_a, text="Personne ne doit lire ceci.").ticket
    actions.assign(marie, ticket.pk, ticket.version, to=marie.user, now=timezone.now())
    later, told, _retry = stream(client_a, organisation_a, mark)
    assert told["versions"] == {str(ticket.pk): 2, str(new.pk): 1}
    assert later != mark
    assert stream(client_a, organisation_a, later)[1]["versions"] == {}


def test_the_browser_s_own_header_goes_before_the_address(client_a, organisation_a, ticket):
    _id, told, _retry = stream(client_a, organisation_a, since="9999.9999", **{"Last-Event-ID": "0.0"})
    assert told["versions"] == {str(ticket.pk): 1}


def test_the_other_house_is_never_told(client_b, organisation_b, organisation_a, ticket, marie):
    attend(marie, ticket.pk, Doing.ANSWERING, now=timezone.now())
    _id, told, _retry = stream(client_b, organisation_b, since="0.0")
    assert told == {"versions": {}, "before": {}, "many": False, "present": {}}
    assert client_b.get(url("live", organisation_a)).status_code == 404


def test_no_word_of_anybody_is_in_an_event(client_a, organisation_a, make_mention, marie):
    told = make_mention(organisation_a, text="Secret", title="Secret", author="Secret").ticket
    actions.add_note(marie, told.pk, text="Secret", now=timezone.now())
    attend(marie, told.pk, Doing.WRITING, now=timezone.now())
    answer = client_a.get(url("live", organisation_a), {"since": "0.0"})
    assert b"Secret" not in answer.content
    assert b"Marie" not in answer.content


def test_many_changes_are_told_as_many(organisation_a, make_mention):
    for _number in range(MOST + 1):
        make_mention(organisation_a)
    found = changes_since(organisation_a, Mark())
    assert found.are_many
    assert found.mark == latest()


def test_what_was_committed_late_is_told_again(organisation_a, make_mention):
    first, second = make_mention(organisation_a).ticket, make_mention(organisation_a).ticket
    found = changes_since(organisation_a, Mark(second.pk, 0))
    assert (found.versions, found.before) == ({}, {first.pk: 1, second.pk: 1})


@given(st.text(max_size=40))
def test_any_mark_is_read(text):
    mark = mark_written(text)
    assert mark is None or mark_written(mark.written()) == mark


@given(st.integers(1, 5_000))
def test_all_windows_together_ask_no_more_often_than_agreed(count):
    windows = Windows()
    windows.asked = {str(number): live.time.monotonic() for number in range(count)}
    pause = windows.pause("0")
    assert live.SOONEST <= pause <= live.LATEST
    assert count / pause <= live.ASKS_PER_SECOND + 1e-6 or pause == live.LATEST


def test_windows_that_know_as_much_share_an_answer(
    organisation_a, ticket, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(live, "SHARED", 60.0)
    windows = Windows()
    windows.changes(organisation_a, Mark())
    with django_assert_num_queries(0):
        windows.changes(organisation_a, Mark())


def test_an_answer_is_a_handful_of_questions(client_a, organisation_a, ticket, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        stream(client_a, organisation_a, "0.0")


# --- the rows ---


def fresh(client, organisation, tickets, query=""):
    ids = ",".join(str(one.pk) for one in tickets)
    page = client.get(url("fresh", organisation) + f"?tickets={ids}{query}").content.decode()
    return dict(re.findall(r'data-ticket="(\d+)" data-standing="(\w+)"', page)), page


def test_rows_say_where_they_stand(client_a, organisation_a, make_mention):
    old, shown, new = (make_mention(organisation_a).ticket for _number in range(3))
    gone = make_mention(organisation_a, status="closed").ticket
    found, _page = fresh(client_a, organisation_a, [old, new, gone], f"&top={shown.pk}")
    assert found == {str(old.pk): "in", str(new.pk): "above", str(gone.pk): "out"}


def test_rows_follow_the_filters_and_the_house(
    client_a, client_b, organisation_a, organisation_b, make_mention
):
    other = make_mention(organisation_a, sentiment="pos").ticket
    assert fresh(client_a, organisation_a, [other], "&sentiment=neg")[0] == {str(other.pk): "out"}
    assert fresh(client_b, organisation_b, [other])[0] == {}


def test_counts_come_when_asked_for(client_a, organisation_a, ticket):
    assert "data-counts" not in fresh(client_a, organisation_a, [ticket])[1]
    assert 'data-query="assignee=me">0<' in fresh(client_a, organisation_a, [ticket], "&counts=1")[1]


# --- who is there ---


def there(client, organisation, ticket, **said):
    return client.post(url("attend", organisation, ticket=ticket.pk), {"version": ticket.version, **said})


def test_two_people_see_each_other(client_a, client_marie, organisation_a, ticket):
    there(client_a, organisation_a, ticket)
    assert "Alice lit cet avis" in there(client_marie, organisation_a, ticket).content.decode()
    answer = there(client_a, organisation_a, ticket, doing="answering").content.decode()
    assert "Marie lit cet avis" in answer
    assert "Alice est en train de répondre" in there(client_marie, organisation_a, ticket).content.decode()


def test_nothing_comes_back_when_nothing_changed(client_a, organisation_a, ticket):
    first = there(client_a, organisation_a, ticket).content.decode()
    known = re.search(r'name="known" value="([^"]*)"', first)[1]
    assert there(client_a, organisation_a, ticket, known=known).status_code == 204


def test_a_window_writes_once_in_a_beat(organisation_a, marie, ticket, django_assert_num_queries):
    now = timezone.now()
    attend(marie, ticket.pk, Doing.READING, now=now)
    with django_assert_num_queries(2):
        attend(marie, ticket.pk, Doing.READING, now=now + BEAT / 2)
    attend(marie, ticket.pk, Doing.READING, now=now + BEAT)
    assert Attendance.objects.get().until == now + BEAT + STAYS


def test_a_claim_holds_until_it_lapses(organisation_a, marie, place_a, ticket):
    now = timezone.now()
    assert claim_or_release(marie, ticket.pk, now=now)
    attend(marie, ticket.pk, Doing.READING, now=now + BEAT)
    with pytest.raises(ActRefused, match="Marie"):
        claim_or_release(place_a, ticket.pk, now=now + CLAIM / 2)
    assert claim_or_release(place_a, ticket.pk, now=now + CLAIM + timedelta(seconds=1))


def test_a_claim_is_given_back(organisation_a, marie, place_a, ticket):
    now = timezone.now()
    claim_or_release(marie, ticket.pk, now=now)
    assert not claim_or_release(marie, ticket.pk, now=now)
    assert claim_or_release(place_a, ticket.pk, now=now)


def test_a_claim_forbids_nothing(organisation_a, marie, place_a, ticket):
    claim_or_release(marie, ticket.pk, now=timezone.now())
    actions.close(place_a, ticket.pk, ticket.version, outcome="nothing", now=timezone.now())


def test_what_a_colleague_did_meanwhile_is_told(client_a, organisation_a, ticket, marie):
    there(client_a, organisation_a, ticket)
    actions.close(marie, ticket.pk, ticket.version, outcome="nothing", now=timezone.now())
    answer = there(client_a, organisation_a, ticket).content.decode()
    assert "Marie" in answer
    assert "data-again" in answer


# --- notes while they are written ---


def draft(client, organisation, ticket, **said):
    return client.post(url("note_draft", organisation, ticket=ticket.pk), said)


def test_a_note_is_kept_while_it_is_written_and_brought_back(client_a, client_marie, organisation_a, ticket):
    assert draft(client_a, organisation_a, ticket, text="À rapp").status_code == 200
    draft(client_a, organisation_a, ticket, text="À rappeler demain")
    assert NoteDraft.objects.get().text == "À rappeler demain"
    page = url("ticket", organisation_a, ticket=ticket.pk)
    assert "À rappeler demain" in client_a.get(page).content.decode()
    assert "À rappeler demain" not in client_marie.get(page).content.decode()


def test_adding_the_note_ends_the_draft(client_a, organisation_a, ticket):
    draft(client_a, organisation_a, ticket, text="À rappeler")
    client_a.post(url("note", organisation_a, ticket=ticket.pk), {"text": "À rappeler"})
    assert not NoteDraft.objects.exists()
    assert Note.objects.count() == 1


@pytest.mark.parametrize("said", [{"text": "  "}, {"text": "À rappeler", "drop": ""}])
def test_a_draft_is_given_up(client_a, organisation_a, ticket, said):
    draft(client_a, organisation_a, ticket, text="À rappeler")
    draft(client_a, organisation_a, ticket, **said)
    assert not NoteDraft.objects.exists()


@pytest.mark.parametrize("text", ["x" * 5_001, "a\x00b"])
def test_a_draft_that_no_note_could_be_is_refused(client_a, organisation_a, ticket, text):
    assert draft(client_a, organisation_a, ticket, text=text).status_code == 422


def test_a_reader_writes_no_note(client_reader_a, organisation_a, ticket):
    assert draft(client_reader_a, organisation_a, ticket, text="x").status_code == 403
    assert client_reader_a.post(url("claim", organisation_a, ticket=ticket.pk)).status_code == 403
