"""Sources are asked, what they say is stored once, and what goes wrong is told apart."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.guest_book import AT_ONCE
from veilleur.desk.inbox import collecting, hearing
from veilleur.desk.inbox.collecting import collect
from veilleur.desk.inbox.collectors import Collector, collect_once, forget_old_fetches, streaming
from veilleur.desk.inbox.models import DecisionRow, MentionRow, TicketRow
from veilleur.desk.sources import leases
from veilleur.desk.sources.connections import connect, disconnect
from veilleur.desk.sources.diagnosis import diagnosis_of
from veilleur.desk.sources.models import Fetch, Listening, Trouble
from veilleur.errors import NotReached, Outdated, PluginInvalid
from veilleur.listening import client as way_out
from veilleur.listening.connector import Capability, Gone, Heard, Page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(way_out, "PAUSE", 0.01)


def asked(listening):
    took = collect(listening.pk)
    listening.refresh_from_db()
    return took


def test_what_is_said_becomes_a_mention_and_a_ticket(book, listening, organisation_a):
    book.say("Trop d’attente aux urgences.", at="2026-11-21T08:00:00+00:00")
    took = asked(listening)
    assert (took.found, took.added, took.trouble) == (1, 1, "")
    (row,) = MentionRow.objects.filter(organisation=organisation_a)
    assert (row.external_id, row.text, row.network) == ("e1", "Trop d’attente aux urgences.", "Livre d’or")
    assert row.author.startswith("auteur-")
    assert "Zo" not in row.author
    assert row.published_at == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert row.ticket.queue
    assert row.reading.findings
    assert listening.last_good_at
    assert listening.caught_up_at
    assert listening.next_at > timezone.now()


def test_asking_again_changes_nothing(book, listening):
    book.say("Merci.")
    asked(listening)
    cursor = listening.cursor
    assert asked(listening).added == 0
    Listening.objects.filter(pk=listening.pk).update(cursor="")
    took = asked(listening)
    assert (took.found, took.added, took.updated) == (1, 0, 0)
    assert listening.cursor == cursor
    assert MentionRow.objects.count() == 1


def test_an_edit_is_a_version_and_a_deletion_is_dated(book, listening):
    entry = book.say("Merci.")
    asked(listening)
    book.edit(entry, "Merci, mais trop d’attente.")
    assert asked(listening).updated == 1
    row = MentionRow.objects.get()
    assert [version.text for version in row.versions.all()] == ["Merci."]
    book.delete(entry)
    assert asked(listening).gone == 1
    row.refresh_from_db()
    assert row.gone_at is not None
    assert row.text == "Merci, mais trop d’attente."
    assert asked(listening).gone == 0
    book.write(entry, gone=False)
    asked(listening)
    row.refresh_from_db()
    assert row.gone_at is None


def test_what_is_old_when_a_source_is_connected_asks_for_no_work(book, listening):
    book.say("Il y a longtemps.", at="2019-03-02T08:00:00+00:00")
    book.say("Hier.", at=(timezone.now() - timedelta(days=1)).isoformat())
    asked(listening)
    states = dict(TicketRow.objects.values_list("mention__text", "status"))
    assert states == {"Il y a longtemps.": "closed", "Hier.": "new"}
    assert TicketRow.objects.get(status="closed").due_at is None


def test_an_old_message_that_is_edited_asks_for_work(book, listening):
    entry = book.say("Il y a longtemps.", at="2019-03-02T08:00:00+00:00")
    asked(listening)
    book.edit(entry, "Finalement, une catastrophe : je porte plainte.")
    asked(listening)
    ticket = TicketRow.objects.get()
    assert (ticket.status, ticket.closed_at) == ("new", None)
    assert DecisionRow.objects.get().details["why"] == "edited"


def test_answers_join_the_conversation_whatever_comes_first(book, listening):
    book.say("Réponse à la réponse", id="c", answers="b")
    asked(listening)
    book.say("Réponse", id="b", answers="a")
    asked(listening)
    book.say("Début", id="a")
    asked(listening)
    book.say("Encore", id="d", answers="c")
    book.say("Et encore", id="e", answers="d")
    asked(listening)
    asked(listening)
    threads = dict(MentionRow.objects.values_list("external_id", "thread"))
    assert threads == {"a": "", "b": "a", "c": "a", "d": "a", "e": "a"}


def test_a_long_past_is_brought_in_turns(book, listening, monkeypatch):
    monkeypatch.setattr(collecting, "PAGES", 3)
    for number in range(5 * AT_ONCE):
        book.say(f"Avis {number}")
    took = asked(listening)
    assert took.added == 3 * AT_ONCE
    assert listening.caught_up_at is None
    assert listening.next_at <= timezone.now()
    collect_once([listening.pk])
    listening.refresh_from_db()
    assert MentionRow.objects.count() == 5 * AT_ONCE
    assert listening.caught_up_at


@pytest.mark.parametrize(
    ("trouble", "kind", "least", "most"),
    [
        ((401, {}), Trouble.CREDENTIALS, 3500, 3700),
        ((404, {}), Trouble.REFUSED, 3500, 3700),
        ((500, {}), Trouble.UNREACHABLE, 20, 40),
        ((429, {"Retry-After": "77"}), Trouble.THROTTLED, 75, 78),
        ((503, {"Retry-After": "77"}), Trouble.THROTTLED, 75, 78),
    ],
)
def test_what_goes_wrong_is_told_apart_and_passes(book, listening, trouble, kind, least, most):
    book.trouble = trouble
    took = asked(listening)
    assert (took.trouble, listening.trouble, listening.failures) == (kind, kind, 1)
    assert least <= (listening.next_at - timezone.now()).total_seconds() <= most
    assert Fetch.objects.get().trouble == kind
    book.trouble = None
    book.say("Merci.")
    assert asked(listening).added == 1
    assert (listening.trouble, listening.failures, listening.failure) == ("", 0, "")


def test_half_an_answer_loses_nothing(book, listening):
    book.say("Merci.")
    book.half = True
    assert asked(listening).trouble == Trouble.UNREACHABLE
    assert listening.cursor == ""
    book.half = False
    assert asked(listening).added == 1


def test_pauses_grow_while_nothing_is_said(book, listening):
    pauses = []
    for _time in range(12):
        asked(listening)
        pauses.append(listening.pause)
    assert pauses == sorted(pauses)
    assert pauses[-1] == listening.every * collecting.SLOWEST
    book.say("Merci.")
    asked(listening)
    assert listening.pause == pauses[-1] // 2


def test_failures_wait_longer_each_time(book, listening):
    book.trouble = (500, {})
    waits = []
    for _time in range(4):
        asked(listening)
        waits.append((listening.next_at - timezone.now()).total_seconds())
    assert waits[3] > waits[1] > waits[0]
    assert listening.failures == 4


def test_the_budget_of_a_day_is_kept(book, listening):
    Listening.objects.filter(pk=listening.pk).update(most_a_day=2)
    for _time in range(5):
        asked(listening)
    assert book.asked == 2
    assert listening.trouble == Trouble.THROTTLED
    assert (listening.next_at - timezone.now()) <= timedelta(days=1)


def test_only_one_asks_at_a_time(book, listening):
    mine = leases.take(listening.pk, timezone.now())
    assert collect(listening.pk) is None
    leases.leave(mine)
    assert collect(listening.pk) is not None


def test_who_lost_the_source_stores_nothing(book, listening, installed, monkeypatch):
    def stolen(self, since, client):
        Listening.objects.update(runner="somebody else")
        yield Page((Heard("x", "Bonjour"),), "1")

    monkeypatch.setattr(installed["guestbook"], "fetch", stolen)
    took = asked(listening)
    assert (took.added, MentionRow.objects.count(), listening.cursor) == (0, 0, "")
    assert listening.runner == "somebody else"


def test_a_paused_source_is_not_asked(book, listening):
    Listening.objects.update(is_paused=True)
    assert collect(listening.pk) is None
    assert leases.due(timezone.now(), 10) == []
    with pytest.raises(Outdated):
        leases.move(listening, timezone.now(), cursor="x")


def test_sources_of_the_dead_are_free_again(listening):
    host = leases.platform.node().replace(" ", "-")
    later = timezone.now() + timedelta(minutes=5)
    Listening.objects.update(runner=f"{host} 999999999 abc", leased_until=later)
    assert collect(listening.pk) is None
    assert leases.release_dead() == 1
    assert collect(listening.pk) is not None


@pytest.mark.parametrize(
    "fetch",
    [
        lambda self, since, client: 1 / 0,
        lambda self, since, client: [Page((Heard("x", "Bonjour"),), "c" * 1_000_000)],
        lambda self, since, client: ["not a page"],
        lambda self, since, client: None,
    ],
)
def test_a_connector_at_fault_ends_no_collector(listening, installed, monkeypatch, fetch):
    monkeypatch.setattr(installed["guestbook"], "fetch", fetch)
    took = asked(listening)
    assert took.trouble in {Trouble.BROKEN, Trouble.REFUSED}
    assert MentionRow.objects.count() == 0


def test_odd_messages_are_kept_within_bounds(listening, installed, monkeypatch):
    odd = (
        Heard("", "no id"),
        Heard("i" * 300, "too long an id"),
        Heard("1", "a\x00b" + "x" * 300_000, author="Zoé", url="javascript:alert(1)", thread="1", parent="1"),
        Heard("2", "", published_at=datetime(2999, 1, 1, tzinfo=UTC), language="fr" * 40, place="p" * 400),
        Heard("3", "naive", published_at=datetime(2020, 1, 1)),  # noqa: DTZ001 - what a careless connector gives
        Gone("never seen"),
    )
    monkeypatch.setattr(installed["guestbook"], "fetch", lambda *_asked: iter([Page(odd, "1")]))
    took = asked(listening)
    assert (took.trouble, took.added) == ("", 3)
    rows = {row.external_id: row for row in MentionRow.objects.all()}
    assert "\x00" not in rows["1"].text
    assert rows["1"].url == ""
    assert rows["2"].published_at is None
    assert rows["3"].published_at is None


def test_another_connector_begins_anew_and_none_forgets(book, source, listening):
    book.say("Merci.")
    asked(listening)
    connect(source, "guestbook", {"address": book.address, "token": "another"}, by="x")
    listening.refresh_from_db()
    assert listening.cursor == "1"
    disconnect(source, by="x")
    assert not Listening.objects.filter(pk=source.pk).exists()


def test_old_lines_of_the_log_go(listening):
    asked(listening)
    Fetch.objects.update(started_at=timezone.now() - timedelta(days=31))
    asked(listening)
    assert forget_old_fetches() == 1
    assert Fetch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_collector_asks_what_is_due_until_it_is_told_to_stop(book, listening):
    stop = threading.Event()
    thread = threading.Thread(target=Collector().run, args=(stop,))
    thread.start()
    try:
        book.say("Merci.")
        Listening.objects.update(next_at=timezone.now())
        end = time.monotonic() + 10
        while not MentionRow.objects.exists() and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        stop.set()
        thread.join(10)
    assert MentionRow.objects.get().text == "Merci."


@pytest.mark.django_db(transaction=True)
def test_two_collectors_never_do_the_same_work_twice(book, listening):
    for number in range(60):
        book.say(f"Avis {number}")
    stop = threading.Event()
    threads = [threading.Thread(target=Collector().run, args=(stop,)) for _number in range(2)]
    for thread in threads:
        thread.start()
    try:
        end = time.monotonic() + 10
        while MentionRow.objects.count() < 60 and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)
    assert MentionRow.objects.count() == 60
    assert sum(Fetch.objects.values_list("added", flat=True)) == 60


@pytest.mark.django_db(transaction=True)
def test_a_live_source_is_streamed_after_its_past_and_left_now_and_then(
    book, listening, installed, monkeypatch
):
    def stream(self, since, client):
        for number in range(int(since or 0) + 1, 10_000):
            yield Page((Heard(f"live {number}", f"En direct {number}"),), str(number))
            time.sleep(0.05)

    made = installed["guestbook"]
    monkeypatch.setattr(made, "stream", stream, raising=False)
    monkeypatch.setattr(made, "capabilities", made.capabilities | {Capability.STREAM})
    monkeypatch.setattr(collecting, "LONGEST_STREAM", 0.5)
    asked(listening)
    assert streaming() == set()
    Listening.objects.update(is_live=True)
    assert streaming() == {listening.pk}
    stop = threading.Event()
    thread = threading.Thread(target=Collector().run, args=(stop,))
    thread.start()
    try:
        end = time.monotonic() + 15
        while MentionRow.objects.count() < 25 and time.monotonic() < end:
            time.sleep(0.05)
            Listening.objects.filter(leased_until=None).update(next_at=timezone.now() + timedelta(seconds=60))
    finally:
        stop.set()
        thread.join(10)
        Listening.objects.update(is_paused=True)
        time.sleep(0.3)
    numbers = sorted(
        int(name.split()[1]) for name in MentionRow.objects.values_list("external_id", flat=True)
    )
    assert numbers == list(range(1, len(numbers) + 1)), "each once, none left out, over several streams"
    assert len(numbers) >= 25


def test_a_source_that_is_paused_while_it_is_asked_is_free_when_it_is_wanted_again(
    book, listening, installed, monkeypatch
):
    def paused(self, since, client):
        Listening.objects.update(is_paused=True)
        yield Page((Heard("x", "Bonjour"),), "1")

    with monkeypatch.context() as patch:
        patch.setattr(installed["guestbook"], "fetch", paused)
        assert asked(listening).added == 0
    Listening.objects.update(is_paused=False)
    book.say("Merci.")
    assert asked(listening).added == 1


def test_a_diagnosis_survives_a_connector_at_fault(source, installed, monkeypatch):
    monkeypatch.setattr(installed["guestbook"], "check", lambda self, client: 1 / 0)
    (remark,) = diagnosis_of(source)
    assert not remark.is_good
    assert "division" in remark.words.say("fr")


def test_a_plugin_that_cannot_be_loaded_ends_no_collector(listening, monkeypatch):
    def broken():
        raise PluginInvalid("two plugins of one name")

    monkeypatch.setattr("veilleur.desk.inbox.collectors.connectors", broken)
    stop = threading.Event()
    thread = threading.Thread(target=Collector().run, args=(stop,))
    monkeypatch.setattr(Collector, "step", lambda self: 0)
    monkeypatch.setattr(leases, "release_dead", lambda: 0)
    thread.start()
    time.sleep(1.2)
    assert thread.is_alive()
    stop.set()
    thread.join(5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["collect", "--once"], "livre-d-or"),
        (["collect", "--source", "livre-d-or"], "livre-d-or"),
        (["sources", "list"], "livre-d-or"),
        (["sources", "check"], "✓"),
    ],
)
def test_the_commands_ask_list_and_check(run, book, listening, arguments, said):
    book.say("Merci.")
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    assert said in done.output
    assert MentionRow.objects.count() == (arguments[0] == "collect")


def test_the_commands_say_what_is_wrong(run, book, source, listening):
    unknown = run("collect", "--source", "nowhere")
    assert unknown.exit_code == 1
    book.trouble = (401, {})
    refused = run("sources", "check")
    assert refused.exit_code == 1
    assert "✗" in refused.output


def test_a_flood_is_read_beside_and_stored_in_order(book, listening, monkeypatch):
    monkeypatch.setattr(hearing, "WORTH_A_PROCESS", 3)
    for number in range(3 * AT_ONCE):
        book.say(f"Bonjour {number}.")
    assert asked(listening).added == 3 * AT_ONCE
    listening.refresh_from_db()
    assert listening.cursor == str(3 * AT_ONCE)
    assert MentionRow.objects.count() == TicketRow.objects.count() == 3 * AT_ONCE
    assert hearing._FLOODS.acquire(blocking=False), "the next flood may begin"
    hearing._FLOODS.release()


def test_what_came_before_a_trouble_is_kept(book, listening, installed, monkeypatch):
    fetch = installed["guestbook"].fetch

    def breaks_off(self, since, client):
        pages = fetch(self, since, client)
        yield next(pages)
        yield next(pages)
        raise NotReached("the line broke")

    monkeypatch.setattr(hearing, "WORTH_A_PROCESS", 1)
    for number in range(3 * AT_ONCE):
        book.say(f"Bonjour {number}.")
    with monkeypatch.context() as patch:
        patch.setattr(installed["guestbook"], "fetch", breaks_off)
        took = asked(listening)
    assert took.trouble == Trouble.UNREACHABLE
    assert took.added == MentionRow.objects.count() > 0
    before = took.added
    assert asked(listening).added == 3 * AT_ONCE - before


def test_a_moment_to_come_is_no_moment(listening, installed, monkeypatch):
    """Asked again, what has not changed is not taken for an edit."""
    now = timezone.now()
    said = (
        Heard("ahead", "Une horloge en avance.", published_at=now + timedelta(seconds=30)),
        Heard("day", "Un jour sans heure.", published_at=now + timedelta(hours=9)),
    )
    monkeypatch.setattr(installed["guestbook"], "fetch", lambda self, since, client: iter([Page(said, "1")]))
    assert asked(listening).added == 2
    assert asked(listening).updated <= 1
    day = MentionRow.objects.get(external_id="day")
    assert day.published_at is None
    assert day.ticket.moment <= timezone.now()
