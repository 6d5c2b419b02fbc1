"""One import: nothing lost, nothing doubled, whatever happens to it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from veilleur.desk.accounts.models import AuditLine, Organisation
from veilleur.desk.inbox import intake
from veilleur.desk.inbox.intake import collect
from veilleur.desk.inbox.jobs import import_file, resume_interrupted
from veilleur.desk.inbox.models import DecisionRow, MentionRow, MentionVersion, ReadingRow, TicketRow
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.preparing import Beside, Here
from veilleur.desk.sources import actions, files, running
from veilleur.desk.sources.models import CollectionRun, RejectedRow, RunState, Source
from veilleur.errors import ActRefused, Cancelled, FileRefused, Outdated
from veilleur.listening.files import Mapping, Scale
from veilleur.vocabulary import Act

HEADERS = ("id", "date", "note", "auteur", "service", "commentaire")
MakeRun = Callable[..., CollectionRun]


def row(number: int, text: str = "", **cells: str) -> tuple[str, ...]:
    given = {
        "id": f"a{number}",
        "date": f"2026-01-{1 + number % 28:02d} 10:00",
        "note": "2",
        "auteur": f"Marie {number % 3}",
        "service": "Maternité",
        "commentaire": text or f"Trop d’attente, visite {number}.",
    } | cells
    return tuple(given[name] for name in HEADERS)


def as_csv(rows: Iterable[tuple[str, ...]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows([HEADERS, *rows])
    return stream.getvalue().encode()


@pytest.fixture
def source(organisation_a: Organisation) -> Source:
    return actions.add_source(organisation_a, "Avis", by="tests")


@pytest.fixture
def make_run(source: Source, alice: object) -> MakeRun:
    """A run of these rows, its columns confirmed, waiting for its turn."""

    def make(rows: Iterable[tuple[str, ...]], into: Source = source) -> CollectionRun:
        run = actions.draft_run(into, [as_csv(rows)], "avis.csv")
        mapping = replace(Mapping.from_json(run.mapping), scale=Scale(1, 5))
        actions.request_start(run, mapping, by="tests")
        return run

    return make


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BATCH", 10)


def counters(run: CollectionRun) -> tuple[int, int, int, int]:
    run.refresh_from_db()
    return run.added, run.updated, run.unchanged, run.rejected


def test_a_file_becomes_mentions_readings_and_tickets(
    make_run: MakeRun, organisation_a: Organisation
) -> None:
    run = collect(make_run(map(row, range(25))).pk)
    assert counters(run) == (25, 0, 0, 0)
    assert (run.state, run.cursor, run.total) == (RunState.DONE, 25, 25)
    mention = MentionRow.objects.select_related("reading", "ticket").get(external_id="a7")
    assert mention.text == "Trop d’attente, visite 7."
    assert mention.author.startswith("auteur-"), "a handle must not get past the door"
    assert mention.organisation == mention.ticket.organisation == organisation_a
    assert mention.reading.digest == mention.digest
    assert mention.ticket.language == "fr"
    assert mention.ticket.rating_share == 0.25
    assert mention.ticket.opened_at == mention.collected_at == run.started_at
    assert mention.ticket.reasons


def test_the_same_file_again_adds_nothing(make_run: MakeRun) -> None:
    rows = [row(number) for number in range(15)]
    collect(make_run(rows).pk)
    before = list(TicketRow.objects.order_by("pk").values())
    run = collect(make_run(rows).pk)
    assert counters(run) == (0, 0, 15, 0)
    assert list(TicketRow.objects.order_by("pk").values()) == before


def test_rows_without_an_identifier_are_recognised_by_their_content(make_run: MakeRun) -> None:
    rows = [row(1, id=""), row(1, id=""), row(2, id="")]
    assert counters(collect(make_run(rows).pk)) == (3, 0, 0, 0)
    assert counters(collect(make_run(rows).pk)) == (0, 0, 3, 0)


def test_bad_rows_are_kept_aside_and_good_ones_imported(make_run: MakeRun) -> None:
    run = collect(make_run([row(1), row(2, date="31/02/2026"), row(3, note="9"), row(4)]).pk)
    assert counters(run) == (2, 0, 0, 2)
    first, second = RejectedRow.objects.filter(run=run).order_by("line")
    assert (first.line, first.column, first.code) == (3, "date", "date_impossible")
    assert (second.line, second.column, second.code) == (4, "note", "rating_out_of_scale")
    assert first.cells["id"] == "a2"
    assert first.details


def test_a_message_twice_in_one_batch_is_taken_twice_in_order(make_run: MakeRun) -> None:
    run = collect(make_run([row(1, "Avant."), row(2), row(1, "Après."), row(1, "Après.")]).pk)
    assert counters(run) == (2, 1, 1, 0)
    assert MentionRow.objects.get(external_id="a1").text == "Après."
    assert MentionVersion.objects.get().text == "Avant."


def test_an_edited_message_keeps_its_earlier_wording(make_run: MakeRun) -> None:
    collect(make_run([row(1, "Personne ne répond.", note="1")]).pk)
    before = MentionRow.objects.select_related("ticket").get()
    run = collect(make_run([row(1, "On m’a rappelé, merci !", note="5")]).pk)
    assert counters(run) == (0, 1, 0, 0)
    mention = MentionRow.objects.select_related("ticket", "reading").get()
    assert mention.pk == before.pk
    version = MentionVersion.objects.get()
    assert (version.number, version.text, version.digest) == (1, before.text, before.digest)
    assert (version.rating_value, version.collected_at) == (1, before.collected_at)
    assert mention.reading.digest == mention.digest != before.digest
    assert mention.collected_at == run.started_at
    assert mention.ticket.rating_share == 1
    assert mention.ticket.opened_at == before.ticket.opened_at, "awareness dates from the first wording"
    assert mention.ticket.version == before.ticket.version + 1, "a page that shows the old wording is stale"
    assert mention.ticket.queue != before.ticket.queue
    assert mention.ticket.status == "new"


def test_third_wording_is_version_two(make_run: MakeRun) -> None:
    for text in ("un", "deux", "trois"):
        collect(make_run([row(1, text)]).pk)
    assert list(MentionVersion.objects.order_by("number").values_list("number", "text")) == [
        (1, "un"),
        (2, "deux"),
    ]


def worked_on(ticket: TicketRow, **changes: object) -> TicketRow:
    """Somebody closed, snoozed or assigned it."""
    TicketRow.objects.filter(pk=ticket.pk).update(**changes)
    DecisionRow.objects.create(ticket=ticket, act=Act.CLOSE, by_name="Alice", at=timezone.now())
    ticket.refresh_from_db()
    return ticket


@pytest.mark.parametrize("status", ["closed", "snoozed"])
def test_an_edit_reopens_what_was_settled_for_other_words(
    make_run: MakeRun, status: str, alice: object
) -> None:
    collect(make_run([row(1, "Personne ne répond.", note="1")]).pk)
    before = worked_on(
        TicketRow.objects.get(), status=status, assignee=alice, queue="elsewhere", outcome="answered"
    )
    collect(make_run([row(1, "Personne ne répond toujours.", note="1")]).pk)
    ticket = TicketRow.objects.get()
    assert (ticket.status, ticket.outcome, ticket.closed_at, ticket.snoozed_until) == ("open", "", None, None)
    assert (ticket.assignee, ticket.queue) == (alice, "elsewhere"), "the work of people stays"
    assert ticket.due_at == before.due_at
    reopened = ticket.decisions.get(by_name="")
    assert (reopened.act, reopened.details["why"], reopened.details["from"]) == ("reopen", "edited", status)


def test_an_edit_never_moves_the_due_time_later(make_run: MakeRun) -> None:
    collect(make_run([row(1, "Personne ne répond.", note="1")]).pk)
    due = TicketRow.objects.get().due_at
    assert due is not None
    collect(make_run([row(1, "Personne ne répond !", note="1")]).pk)
    assert TicketRow.objects.get().due_at == due


def test_a_fact_that_changes_is_no_version(make_run: MakeRun) -> None:
    collect(make_run([row(1)]).pk)
    before = MentionRow.objects.select_related("reading").get()
    ReadingRow.objects.update(reader="marked by the test")
    run = collect(make_run([row(1, service="Urgences")]).pk)
    assert counters(run) == (0, 1, 0, 0)
    mention = MentionRow.objects.select_related("ticket", "reading").get()
    assert (mention.place, mention.ticket.place) == ("Urgences", "Urgences")
    assert mention.collected_at == before.collected_at
    assert mention.reading.reader == "marked by the test", "the words did not change: nothing to read again"
    assert not MentionVersion.objects.exists()


def test_two_sources_do_not_share_identifiers(make_run: MakeRun, organisation_a: Organisation) -> None:
    other = actions.add_source(organisation_a, "Autre", by="tests")
    collect(make_run([row(1)]).pk)
    collect(make_run([row(1)], other).pk)
    assert MentionRow.objects.filter(external_id="a1").count() == 2


def test_the_trail_has_one_line_per_start_and_end(make_run: MakeRun) -> None:
    run = collect(make_run(map(row, range(5))).pk)
    acts = list(
        AuditLine.objects.filter(target=f"run:{run.pk}").order_by("number").values_list("act", flat=True)
    )
    assert acts == ["sources.upload", "sources.confirm", "sources.start", "sources.finish"]
    assert AuditLine.objects.get(act="sources.finish").details["added"] == 5


def test_the_kept_copy_goes_once_imported(make_run: MakeRun) -> None:
    run = make_run([row(1)])
    path = files.location(run)
    assert path.stat().st_mode & 0o077 == 0, "nobody else may read it"
    collect(run.pk)
    assert not path.exists()
    run.refresh_from_db()
    assert run.path == ""


def test_a_copy_left_by_a_crash_goes_later(make_run: MakeRun) -> None:
    run = make_run([row(1)])
    path = files.location(run)
    CollectionRun.objects.update(state=RunState.DONE)
    files.forget_imported()
    assert not path.exists()


# --- stopped, interrupted, taken over ---


class Cut(Exception):
    """The power goes."""


def cut_after(batches: int) -> Callable[[CollectionRun], None]:
    calls = iter(range(batches))  # the first call comes before the first batch

    def listen(_run: CollectionRun) -> None:
        if next(calls, None) is None:
            raise Cut

    return listen


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_a_crash_between_batches_loses_and_doubles_nothing(make_run: MakeRun, batches: int) -> None:
    rows = [row(number, id="" if number % 2 else f"a{number}") for number in range(35)]
    run = make_run([*rows[:20], row(99, date="?"), *rows[20:]])
    with pytest.raises(Cut):
        collect(run.pk, cut_after(batches))
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    assert MentionRow.objects.count() + RejectedRow.objects.count() == run.cursor == batches * 10
    CollectionRun.objects.update(
        runner="somewhere-else 1 x", heartbeat_at=timezone.now() - timedelta(minutes=2)
    )
    collect(run.pk)
    assert counters(run) == (35, 0, 0, 1)
    assert run.state == RunState.DONE
    assert MentionRow.objects.count() == TicketRow.objects.count() == ReadingRow.objects.count() == 35
    assert RejectedRow.objects.count() == 1


@pytest.mark.usefixtures("small_batches")
def test_a_failure_inside_a_batch_leaves_no_trace_of_it(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(map(row, range(25)))
    advance = running.advance

    def fail_once(*arguments: object) -> None:
        advance(*arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(running, "advance", advance)
        raise OSError("disk full")

    monkeypatch.setattr(running, "advance", fail_once)
    with pytest.raises(OSError, match="disk full"):
        collect(run.pk)
    run.refresh_from_db()
    assert (run.state, run.failure, run.cursor, MentionRow.objects.count()) == ("failed", "disk full", 0, 0)
    collect(run.pk)
    assert counters(run) == (25, 0, 0, 0)
    assert (run.state, run.failure) == ("done", "")


@pytest.mark.usefixtures("small_batches")
def test_a_person_stops_and_resumes(make_run: MakeRun) -> None:
    run = make_run(map(row, range(35)))

    def stop_after_one(now: CollectionRun) -> None:
        if now.cursor == 10:
            actions.request_stop(CollectionRun.objects.get(pk=now.pk), by="alice@example.org")

    with pytest.raises(Cancelled):
        collect(run.pk, stop_after_one)
    run.refresh_from_db()
    assert (run.state, run.cursor) == (RunState.CANCELLED, 10)
    assert MentionRow.objects.count() == 10
    assert AuditLine.objects.filter(act="sources.stop").exists()
    actions.request_resume(run, by="alice@example.org")
    collect(run.pk)
    assert counters(run) == (35, 0, 0, 0)


@pytest.mark.usefixtures("small_batches")
def test_the_loser_of_two_runners_stops_and_stores_nothing(make_run: MakeRun) -> None:
    run = make_run(map(row, range(35)))

    def lose_after_one(now: CollectionRun) -> None:
        if now.cursor == 10:
            silent = timezone.now() - timedelta(minutes=5)
            CollectionRun.objects.filter(pk=now.pk).update(heartbeat_at=silent)
            collect(now.pk)  # somebody takes the silent one for dead, and imports the rest

    with pytest.raises(Outdated):
        collect(run.pk, lose_after_one)
    assert counters(run) == (35, 0, 0, 0)
    assert run.state == RunState.DONE
    assert MentionRow.objects.count() == 35


def test_a_run_that_is_alive_is_not_taken(make_run: MakeRun) -> None:
    run = make_run([row(1)])
    running.claim(run.pk)
    with pytest.raises(Outdated):
        collect(run.pk)


def test_a_run_that_is_done_is_not_done_again(make_run: MakeRun) -> None:
    run = collect(make_run([row(1)]).pk)
    with pytest.raises(ActRefused):
        collect(run.pk)


def test_a_dead_process_of_this_machine_is_seen_at_once(make_run: MakeRun) -> None:
    run = make_run([row(1)])
    running.claim(run.pk)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    run.refresh_from_db()
    assert not running.is_interrupted(run)
    host, _pid, token = run.runner.split()
    CollectionRun.objects.update(runner=f"{host} {dead.pid} {token}")
    assert running.interrupted_runs() == [run]
    assert resume_interrupted() == 1  # in the tests a job is done at once
    assert counters(run) == (1, 0, 0, 0)


def test_a_file_that_vanished_fails_in_words(make_run: MakeRun) -> None:
    run = make_run([row(1)])
    files.location(run).unlink()
    with pytest.raises(FileRefused):
        collect(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert run.failure
    import_file.call(run.pk)  # a job never falls over: what is wrong is on the run


# --- the second process ---


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Beside]]:
    started: list[Beside] = []

    def start(policy: str, now: object) -> Beside:
        started.append(Beside(policy, now))  # type: ignore[arg-type]
        return started[-1]

    monkeypatch.setattr(intake, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(intake, "Beside", start)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    yield started
    for process in started:
        process.close()


def test_here_and_beside_prepare_the_same(make_run: MakeRun) -> None:
    run = running.claim(make_run(map(row, range(12))).pk)
    assert run.started_at is not None
    (batch,) = intake._batches(run, intake.open_table(files.location(run)))
    results = []
    for kind in (Here, Beside):
        preparer = kind(policy_of(run.organisation), run.started_at)
        preparer.give(batch.mentions)
        results.append(preparer.take())
        preparer.close()
    assert results[0] == results[1]
    assert len(results[0]) == 12


@pytest.mark.usefixtures("small_batches")
def test_a_long_import_reads_beside(make_run: MakeRun, beside: list[Beside]) -> None:
    run = collect(make_run(map(row, range(35))).pk)
    assert counters(run) == (35, 0, 0, 0)
    assert len(beside) == intake.READERS
    assert not any(one._process.is_alive() for one in beside), "they must not outlive the import"


@pytest.mark.usefixtures("small_batches")
def test_the_death_of_a_reading_process_is_said(make_run: MakeRun, beside: list[Beside]) -> None:
    run = make_run(map(row, range(75)))

    def kill_after_one(now: CollectionRun) -> None:
        if now.cursor == 10:
            for one in beside:
                one._process.kill()
                one._process.join()

    with pytest.raises(ChildProcessError):
        collect(run.pk, kill_after_one)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "Resume" in run.failure
    collect(run.pk)
    assert counters(run) == (75, 0, 0, 0)


@pytest.mark.slow
def test_sigkill_in_the_middle(repository: Path) -> None:
    """The benchmark, small: real processes, a real SIGKILL, exactly every message once."""
    command = [sys.executable, str(repository / "benchmarks" / "importing.py"), "--rows", "4000"]
    server = os.environ.get("VEILLEUR_TEST_DATABASE_URL")
    done = subprocess.run(
        [*command, *(["--postgresql", server] if server else [])], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert 0 < figures["killed_after"] < figures["after_resume"] == figures["after_repeat"] == 4000
