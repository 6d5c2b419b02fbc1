"""Words are erased when the rule says so, unless they are held; nothing brings them back or doubles them."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import AuditLine, Organisation, User
from veilleur.desk.accounts.permissions import Workplace, workplace_of
from veilleur.desk.inbox import actions, authors, erasing, holds, retention
from veilleur.desk.inbox.hearing import keep, mentions_of, read_and_sorted, settled_before
from veilleur.desk.inbox.jobs import erase_due, erase_what_is_due
from veilleur.desk.inbox.models import (
    AuthorErasure,
    DecisionRow,
    LegalHold,
    MentionRow,
    MentionVersion,
    Retention,
    TicketRow,
    Watch,
    WatchHit,
)
from veilleur.desk.inbox.queries.filters import ANY, Filters
from veilleur.desk.inbox.queries.listing import list_page
from veilleur.desk.inbox.retention import Rule, carry_out, rule_of, save_rule, tried, waiting
from veilleur.desk.inbox.storing import Counts, store
from veilleur.desk.inbox.watching import scan
from veilleur.desk.moderation.standing import standing_of
from veilleur.desk.replies import actions as replies
from veilleur.desk.replies.models import Reply
from veilleur.desk.replies.thanks import thanks_of
from veilleur.desk.sources.actions import add_source
from veilleur.desk.sources.models import Source
from veilleur.errors import ActRefused
from veilleur.listening.connector import Gone, Heard
from veilleur.vocabulary import Act

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
SECRET = "Le docteur m’a donné du Levothyrox et depuis j’ai des palpitations, quelle honte."
EDITED = "Le docteur Martin m’a donné du Doliprane et depuis j’ai des nausées."
WORDS = ("levothyrox", "palpitations", "honte", "colère", "docteur")
REASON = "Plainte déposée le 3 mars, dossier 12."
Tell = Callable[..., Counts]


@pytest.fixture
def source(organisation_a: Organisation) -> Source:
    return add_source(organisation_a, "Forum", by="tests")


@pytest.fixture
def tell(source: Source) -> Tell:
    """Stores messages as a network shows them, or as a file tells of them: id=text."""

    def store_them(author: str = "Zoé", *, file: bool = False, into: Source = source, **texts: str) -> Counts:
        heard = [
            Heard(name, text, author, title=f"{text[:8]}…", url=f"https://exemple.fr/{author}/{name}")
            for name, text in texts.items()
        ]
        mentions = mentions_of(into, heard, "Forum", NOW)
        with transaction.atomic():
            ready = read_and_sorted(into, mentions, NOW)
            if file:
                return store(into, ready, NOW)
            return keep(into, ready, (), NOW, lambda _new: False)[0]

    return store_them


def leave(source: Source, *names: str, days: float = 31) -> None:
    """The network says that these messages are gone, so many days ago."""
    then = timezone.now() - timedelta(days=days)
    with transaction.atomic():
        keep(source, (), [Gone(name) for name in names], then, lambda _new: False)


def message(name: str) -> MentionRow:
    return MentionRow.objects.select_related("ticket", "reading").get(external_id=name)


def stored_words() -> str:
    """Everything that the tables of the desk hold, but for what the house itself says."""
    out = StringIO()
    call_command("dumpdata", "inbox", "reports", "accounts", "replies", "moderation", stdout=out)
    return json.dumps(json.loads(out.getvalue()), ensure_ascii=False).casefold()


def found(place: Workplace, words: str) -> int:
    return len(list_page(place, Filters(status=ANY, q=words)).rows)


# ---------------------------------------------------------------- what is erased, and what stays


@pytest.mark.django_db
def test_what_is_gone_for_long_loses_its_words_and_keeps_its_place(
    source: Source, tell: Tell, place_a: Workplace
) -> None:
    tell(a="Une première version avec Levothyrox, palpitations et colère.")
    tell(a=SECRET, b="Un autre avis, sur le parking.")
    told = stored_words()
    assert [word for word in WORDS if word not in told] == []
    leave(source, "a")
    before = message("a")
    carry_out(place_a.organisation.pk)
    after = message("a")
    assert (after.text, after.title, after.author, after.url) == ("", "", "", "")
    assert (after.erased_because, after.pk, after.digest) == ("gone", before.pk, before.digest)
    assert after.erased_at is not None
    assert (after.marks, after.gone_at, after.published_at) == (
        before.marks, before.gone_at, before.published_at
    )  # fmt: skip
    assert not MentionVersion.objects.exists()
    labels = [(one["analyzer"], one["label"]) for one in before.reading.findings]
    assert [(one["analyzer"], one["label"]) for one in after.reading.findings] == labels
    assert message("b").text
    told = stored_words()
    assert "parking" in told
    assert [
        word for word in ("levothyrox", "palpitations", "honte", "colère", "docteur") if word in told
    ] == []


@pytest.mark.django_db
def test_its_ticket_is_closed_and_says_why(source: Source, tell: Tell, place_a: Workplace) -> None:
    tell(a=SECRET)
    leave(source, "a")
    version = message("a").ticket.version
    carry_out(place_a.organisation.pk)
    ticket = message("a").ticket
    assert (ticket.status, ticket.outcome, ticket.due_at) == ("closed", "nothing", None)
    assert ticket.version == version + 1
    assert ticket.reasons
    assert all(reason["details"] == {} for reason in ticket.reasons)
    last = DecisionRow.objects.get(ticket=ticket, act=Act.ERASE)
    assert last.details == {"why": "gone", "from": "new"}
    line = AuditLine.objects.get(act="inbox.erase")
    assert (line.target, line.details, line.actor) == (
        f"source:{source.key}", {"count": 1, "why": "gone"}, audit.JOB
    )  # fmt: skip
    audit.verify(place_a.organisation)


@pytest.mark.django_db
def test_who_closed_it_earlier_is_not_written_over(source: Source, tell: Tell, place_a: Workplace) -> None:
    tell(a=SECRET)
    ticket = message("a").ticket
    actions.close(place_a, ticket.pk, ticket.version, outcome="answered", now=NOW)
    leave(source, "a")
    carry_out(place_a.organisation.pk)
    ticket = message("a").ticket
    assert (ticket.outcome, ticket.closed_at, ticket.answered_at) == ("answered", NOW, NOW)


@pytest.mark.django_db
def test_the_search_finds_its_words_no_more(source: Source, tell: Tell, place_a: Workplace) -> None:
    tell(a=SECRET, b="Un autre avis, sur le parking.")
    assert found(place_a, "palpitations") == 1
    leave(source, "a")
    carry_out(place_a.organisation.pk)
    assert found(place_a, "palpitations") == 0
    assert found(place_a, "parking") == 1
    assert list_page(place_a, Filters(status=ANY)).count == "2"


@pytest.mark.django_db
def test_hits_of_watches_and_groups_stay(source: Source, tell: Tell, place_a: Workplace) -> None:
    watch = Watch.objects.create(organisation=place_a.organisation, name="Cœur", query="palpitations")
    tell(a=SECRET, b=SECRET)
    scan(watch)
    leave(source, "a")
    carry_out(place_a.organisation.pk)
    assert WatchHit.objects.filter(watch=watch).count() == 2
    assert tell(c=SECRET).added == 1
    assert message("c").ticket.alike == message("a").pk


# ---------------------------------------------------------------- the rule


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("gone_days", "days", "is_erased"),
    [(30, 29, False), (30, 31, True), (0, 0, True), (None, 4000, False)],
)
def test_days_after_it_is_gone(
    source: Source, tell: Tell, place_a: Workplace, gone_days: int | None, days: float, is_erased: bool
) -> None:
    tell(a=SECRET, b=SECRET)
    save_rule(place_a, Rule(gone_days, None))
    leave(source, "a", days=days)
    carry_out(place_a.organisation.pk)
    assert (message("a").erased_at is not None) == is_erased
    assert message("b").erased_at is None


@pytest.mark.django_db
def test_without_a_word_it_is_thirty_days_and_nothing_for_age(organisation_a: Organisation) -> None:
    assert rule_of(organisation_a) == Rule(30, None)


@pytest.mark.django_db
def test_days_after_publication_else_reception(
    make_mention: Callable[..., MentionRow], place_a: Workplace
) -> None:
    now = timezone.now()
    old = make_mention(place_a.organisation, published_at=now - timedelta(days=400))
    fresh = make_mention(place_a.organisation, published_at=now - timedelta(days=300))
    undated = make_mention(place_a.organisation, published_at=None, collected_at=now - timedelta(days=400))
    save_rule(place_a, Rule(None, 365))
    carry_out(place_a.organisation.pk)
    erased = MentionRow.objects.filter(erased_because="old").values_list("pk", flat=True)
    assert set(erased) == {old.pk, undated.pk}
    assert fresh.pk not in erased


@pytest.mark.django_db
def test_a_network_that_asks_for_it_is_obeyed_whatever_the_rule(
    source: Source, tell: Tell, place_a: Workplace
) -> None:
    Source.objects.filter(pk=source.pk).update(connector="reddit")
    tell(a=SECRET)
    leave(source, "a", days=0)
    save_rule(place_a, Rule(None, None))
    carry_out(place_a.organisation.pk)
    assert message("a").erased_because == "gone"


@pytest.mark.django_db
def test_the_trial_says_what_saving_would_erase_and_changes_nothing(
    source: Source, tell: Tell, place_a: Workplace
) -> None:
    other = add_source(place_a.organisation, "Avis", by="tests")
    tell(a=SECRET, b=SECRET, c=SECRET)
    tell(into=other, d=SECRET)
    leave(source, "a", "b")
    holds.hold(place_a, message("b").ticket.pk, reason=REASON, now=NOW)
    MentionRow.objects.filter(external_id__in=["a", "d"]).update(
        published_at=timezone.now() - timedelta(days=800)
    )
    trial = tried(place_a.organisation, Rule(30, 700), timezone.now())
    shares = {(one.source, str(one.why), one.count) for one in trial.shares}
    assert {(source, count) for source, _why, count in shares} == {("Forum", "1"), ("Avis", "1")}
    assert (trial.count, trial.held, trial.erases) == ("2", "1", True)
    assert not MentionRow.objects.exclude(erased_at=None).exists()
    save_rule(place_a, Rule(30, 700))
    carry_out(place_a.organisation.pk)
    assert MentionRow.objects.exclude(erased_at=None).count() == 2
    again = tried(place_a.organisation, Rule(30, 700), timezone.now())
    assert (again.count, again.held, again.erases) == ("0", "1", False)


@pytest.mark.django_db
def test_the_rule_is_carried_out_every_hour(organisation_a: Organisation) -> None:
    now = timezone.now()
    assert waiting(now) == [organisation_a.pk]
    erase_what_is_due()
    assert waiting(now) == []
    assert waiting(now + timedelta(minutes=61)) == [organisation_a.pk]


@pytest.mark.django_db
def test_another_house_keeps_its_own_rule(
    source: Source, tell: Tell, place_a: Workplace, organisation_b: Organisation
) -> None:
    theirs = add_source(organisation_b, "Reviews", by="tests")
    tell(a=SECRET)
    tell(into=theirs, z=SECRET)
    leave(source, "a")
    leave(theirs, "z")
    Retention.objects.create(organisation=organisation_b, gone_days=None)
    erase_what_is_due()
    assert message("a").erased_at is not None
    assert message("z").text == SECRET


@pytest.mark.django_db
def test_an_index_answers_what_is_due(source: Source, tell: Tell, place_a: Workplace) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("a planner of few rows walks the table")
    old = MentionRow.objects.filter(source=source, erased_at=None, gone_at__isnull=False, gone_at__lte=NOW)
    assert "mention_gone" in old.explain()


# ---------------------------------------------------------------- hold


@pytest.mark.django_db
def test_what_is_held_stays_until_the_hold_is_lifted(source: Source, tell: Tell, place_a: Workplace) -> None:
    tell(a=SECRET, b=SECRET)
    leave(source, "a", "b")
    held = holds.hold(place_a, message("a").ticket.pk, reason=REASON, now=NOW)
    carry_out(place_a.organisation.pk)
    assert message("a").text == SECRET
    assert message("b").text == ""
    holds.lift(place_a, held.pk, now=NOW)
    carry_out(place_a.organisation.pk)
    assert message("a").text == ""
    acts = DecisionRow.objects.filter(ticket=message("a").ticket).order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["hold", "lift", "erase"]
    assert set(AuditLine.objects.values_list("act", flat=True)) >= {"inbox.hold", "inbox.lift"}


@pytest.mark.django_db
def test_who_may_hold_and_who_may_lift(
    make_mention: Callable[..., MentionRow],
    place_a: Workplace,
    member_a: User,
    reader_a: User,
) -> None:
    ticket = make_mention(place_a.organisation).ticket
    marie = workplace_of(member_a, place_a.organisation.slug)
    remi = workplace_of(reader_a, place_a.organisation.slug)
    with pytest.raises(ActRefused):
        holds.hold(remi, ticket.pk, reason=REASON, now=NOW)
    made = holds.hold(marie, ticket.pk, reason=REASON, now=NOW)
    with pytest.raises(ActRefused):
        holds.hold(marie, ticket.pk, reason=REASON, now=NOW)
    with pytest.raises(ActRefused):
        holds.lift(marie, made.pk, now=NOW)
    holds.lift(place_a, made.pk, now=NOW)
    with pytest.raises(ActRefused):
        holds.lift(place_a, made.pk, now=NOW)
    holds.hold(marie, ticket.pk, reason=REASON, now=NOW)


@pytest.mark.django_db
def test_a_hold_says_why(make_mention: Callable[..., MentionRow], place_a: Workplace) -> None:
    with pytest.raises(ActRefused):
        holds.hold(place_a, make_mention(place_a.organisation).ticket.pk, reason="  parce que ", now=NOW)
    assert not LegalHold.objects.exists()


@pytest.mark.django_db
def test_a_hold_leaves_the_last_act_to_be_undone(
    make_mention: Callable[..., MentionRow], place_a: Workplace
) -> None:
    ticket = make_mention(place_a.organisation).ticket
    done = actions.assign(place_a, ticket.pk, 1, to=place_a.user, now=NOW)
    holds.hold(place_a, ticket.pk, reason=REASON, now=NOW)
    actions.undo(place_a, done.pk, now=NOW)
    ticket.refresh_from_db()
    assert ticket.assignee is None


@pytest.mark.django_db
def test_a_case_is_held_and_nobody_lifts_it(source: Source, tell: Tell, place_a: Workplace) -> None:
    tell(a=SECRET, b=SECRET)
    replies.decide_safety(place_a, message("a").ticket.pk, is_case=True, reason=REASON, now=NOW)
    replies.decide_safety(place_a, message("b").ticket.pk, is_case=False, reason=REASON, now=NOW)
    leave(source, "a", "b")
    carry_out(place_a.organisation.pk)
    assert message("a").text == SECRET
    assert message("b").text == ""
    with pytest.raises(ActRefused):
        holds.lift(place_a, LegalHold.objects.get().pk, now=NOW)


# ---------------------------------------------------------------- what comes again


def erased(source: Source, tell: Tell, place: Workplace, name: str = "a") -> MentionRow:
    tell(**{name: SECRET})
    leave(source, name)
    carry_out(place.organisation.pk)
    row = message(name)
    assert row.text == ""
    return row


@pytest.mark.django_db
@pytest.mark.parametrize("file", [True, False])
def test_the_same_words_bring_nothing_back_and_double_nothing(
    source: Source, tell: Tell, place_a: Workplace, file: bool
) -> None:
    before = erased(source, tell, place_a)
    counts = tell(file=file, a=SECRET)
    assert (counts.added, counts.updated, counts.unchanged) == (0, 0, 1)
    after = MentionRow.objects.get()
    assert (after.text, after.author, after.erased_at, after.gone_at) == (
        "", "", before.erased_at, before.gone_at
    )  # fmt: skip
    assert TicketRow.objects.count() == 1


@pytest.mark.django_db
def test_other_words_on_the_network_are_public_again(source: Source, tell: Tell, place_a: Workplace) -> None:
    before = erased(source, tell, place_a)
    tell(a=EDITED)
    after = message("a")
    assert (after.pk, after.text, after.erased_at, after.gone_at) == (before.pk, EDITED, None, None)
    assert after.ticket.status == "new"
    assert not MentionVersion.objects.exists()
    assert any("grounds" in one for one in after.reading.findings)
    assert found(place_a, "nausées") == 1


@pytest.mark.django_db
def test_other_words_in_a_file_are_not(source: Source, tell: Tell, place_a: Workplace) -> None:
    erased(source, tell, place_a)
    assert tell(file=True, a=EDITED).unchanged == 1
    assert message("a").text == ""


@pytest.mark.django_db
def test_what_was_too_old_is_so_whatever_it_says_now(source: Source, tell: Tell, place_a: Workplace) -> None:
    tell(a=SECRET)
    save_rule(place_a, Rule(None, 1))
    MentionRow.objects.update(published_at=NOW - timedelta(days=900))
    carry_out(place_a.organisation.pk)
    assert message("a").erased_because == "old"
    tell(a=EDITED)
    assert message("a").text == ""


# ---------------------------------------------------------------- an author


@pytest.mark.django_db
def test_an_author_is_erased_and_stays_so(source: Source, tell: Tell, place_a: Workplace) -> None:
    tell(a=SECRET, b=EDITED)
    tell(author="Yves", c="Un autre avis, sur le parking.")
    zoe = message("a").author
    request = authors.erase_author(place_a, zoe, reason=REASON, now=NOW)
    erase_due.enqueue(place_a.organisation.pk)
    request.refresh_from_db()
    assert (request.author, request.erased) == ("", 2)
    assert {message("a").text, message("b").text} == {""}
    assert message("c").text
    for file in (True, False):  # neither what is known nor what is new
        counts = tell(file=file, a=EDITED, **{f"d{file}": SECRET})
        assert (counts.added, counts.unchanged) == (1, 1)
    assert MentionRow.objects.filter(erased_because="author", text="", author="", url="").count() == 4
    new = message("dTrue")
    assert new.ticket.status == "closed"
    assert all(not {"grounds", "span", "concept"} & one.keys() for one in new.reading.findings)
    told = stored_words()
    assert "palpitations" not in told
    assert zoe.casefold() not in told
    line = AuditLine.objects.get(act="inbox.erase_author")
    assert "Plainte" not in json.dumps(line.details)


@pytest.mark.django_db
def test_what_an_author_says_after_the_request_is_read_as_any_other(
    source: Source, tell: Tell, place_a: Workplace
) -> None:
    tell(a=SECRET)
    zoe = message("a").author
    authors.erase_author(place_a, zoe, reason=REASON, now=NOW - timedelta(hours=1))
    retention.carry_out(place_a.organisation.pk)
    assert message("a").text == ""
    later = [Heard("later", "Depuis hier j’ai des vertiges.", "Zoé", published_at=NOW)]
    old = [Heard("old", "Un vieil avis.", "Zoé", published_at=NOW - timedelta(days=9))]
    undated = [Heard("undated", "Sans date.", "Zoé")]
    now = timezone.now()
    told = mentions_of(source, later + old + undated, "Forum", now)
    keep(source, read_and_sorted(source, told, now), [], now, settled_before(NOW - timedelta(days=99), []))
    assert (message("later").text, message("later").ticket.to_do) == ("Depuis hier j’ai des vertiges.", True)
    assert (message("old").text, message("undated").text) == ("", "")
    retention.carry_out(place_a.organisation.pk)
    assert message("later").text
    assert not authors.erase_page(place_a, zoe).is_asked
    authors.erase_author(place_a, zoe, reason=REASON, now=timezone.now())
    retention.carry_out(place_a.organisation.pk)
    assert message("later").text == ""


def test_what_is_held_of_an_author_goes_once_nothing_holds_it(
    source: Source, tell: Tell, place_a: Workplace
) -> None:
    tell(a=SECRET, b=EDITED)
    zoe = message("a").author
    held = holds.hold(place_a, message("a").ticket.pk, reason=REASON, now=NOW)
    page = authors.erase_page(place_a, zoe)
    assert (page.count, page.held_count, [one.external_id for one in page.held]) == (1, 1, ["a"])
    request = authors.erase_author(place_a, zoe, reason=REASON, now=NOW)
    carry_out(place_a.organisation.pk)
    request.refresh_from_db()
    assert (message("a").text, request.author, request.erased) == (SECRET, zoe, 1)
    assert authors.erase_page(place_a, zoe).is_asked
    with pytest.raises(ActRefused):
        authors.erase_author(place_a, zoe, reason=REASON, now=NOW)
    tell(a=EDITED)  # what is held stays as it was held
    assert message("a").text == SECRET
    holds.lift(place_a, held.pk, now=NOW)
    carry_out(place_a.organisation.pk)
    request.refresh_from_db()
    assert (message("a").text, request.author, request.erased) == ("", "", 2)


@pytest.mark.django_db
def test_the_same_name_in_another_house_is_somebody_else(
    source: Source, tell: Tell, place_a: Workplace, organisation_b: Organisation
) -> None:
    theirs = add_source(organisation_b, "Reviews", by="tests")
    tell(a=SECRET)
    tell(into=theirs, z=SECRET)
    authors.erase_author(place_a, message("a").author, reason=REASON, now=NOW)
    erase_what_is_due()
    tell(into=theirs, y=SECRET)
    assert message("a").text == ""
    assert message("z").text == message("y").text == SECRET
    houses = (place_a.organisation.pk, organisation_b.pk)
    assert len({authors.digest_of(pk, message("z").author) for pk in houses}) == 2


# ---------------------------------------------------------------- killed in the middle


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_it_goes_on(
    source: Source, tell: Tell, place_a: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 3)
    monkeypatch.setattr(retention, "BATCH", 3)
    names = {f"m{number}": f"{SECRET} {number}" for number in range(60)}
    tell(**names)
    leave(source, *names)
    zoe = message("m0").author
    request = authors.erase_author(place_a, zoe, reason=REASON, now=NOW)
    seconds, left = 0.01, {60}
    while left <= {0, 60} and seconds < 10:
        _killed_while_erasing(place_a.organisation.pk, seconds)
        seconds *= 1.2
        left.add(MentionRow.objects.exclude(text="").count())
        for row in MentionRow.objects.select_related("reading", "ticket"):
            quotes = any("grounds" in one for one in row.reading.findings)
            assert bool(row.text) == (row.erased_at is None) == quotes == row.ticket.to_do
    assert left - {0, 60}, "it was never killed in the middle"
    carry_out(place_a.organisation.pk)
    assert MentionRow.objects.filter(text="").count() == 60
    request.refresh_from_db()
    told = AuditLine.objects.filter(act="inbox.erase").values_list("details", flat=True)
    assert request.erased == sum(one["count"] for one in told) == 60
    assert DecisionRow.objects.filter(act=Act.ERASE).count() == 60
    audit.verify(place_a.organisation)


def _killed_while_erasing(organisation: int, seconds: float) -> None:
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            carry_out(organisation)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


# ---------------------------------------------------------------- what can be done with it


@pytest.mark.django_db
def test_nothing_asks_for_words_that_are_not_there(source: Source, tell: Tell, place_a: Workplace) -> None:
    ticket = erased(source, tell, place_a).ticket
    with pytest.raises(ActRefused):
        actions.reopen(place_a, ticket.pk, ticket.version, now=NOW)
    with pytest.raises(ActRefused):
        actions.correct(place_a, ticket.pk, ticket.version, analyzer="sentiment", label="pos", now=NOW)
    with pytest.raises(ActRefused):
        holds.hold(place_a, ticket.pk, reason=REASON, now=NOW)
    with pytest.raises(ActRefused):
        replies.begin(place_a, ticket.pk, text="Bonjour.", now=NOW)
    with pytest.raises(ActRefused):
        replies.decide_safety(place_a, ticket.pk, is_case=True, reason=REASON, now=NOW)
    assert standing_of(ticket).sensible == frozenset()
    actions.add_note(place_a, ticket.pk, text="Vu.", now=NOW)


@pytest.mark.django_db
def test_a_reply_that_waits_does_not_leave(source: Source, tell: Tell, place_a: Workplace) -> None:
    tell(a=SECRET)
    ticket = message("a").ticket
    reply = replies.begin(place_a, ticket.pk, text="Bonjour, merci pour ce message.", now=NOW)
    leave(source, "a")
    carry_out(place_a.organisation.pk)
    with pytest.raises(ActRefused, match=r"eras|effac"):
        replies.require_ready(Reply.objects.select_related("ticket__mention__reading").get(pk=reply.pk))


@pytest.mark.django_db
def test_nobody_thanks_for_what_is_erased(
    make_mention: Callable[..., MentionRow], place_a: Workplace
) -> None:
    rated = {"rating_value": 5.0, "rating_worst": 1.0, "rating_best": 5.0}
    make_mention(place_a.organisation, text="", **rated)
    make_mention(place_a.organisation, text="", **rated, erased_at=NOW, erased_because="old")
    assert len(thanks_of(place_a, NOW)) == 1


# ---------------------------------------------------------------- pages


@pytest.mark.django_db
def test_the_pages_say_what_happened(
    source: Source, tell: Tell, place_a: Workplace, client_a: Client
) -> None:
    tell(b=SECRET)
    ticket = erased(source, tell, place_a).ticket
    base = "/o/clinique-a/inbox"
    page = client_a.get(f"{base}/{ticket.pk}/").content.decode()
    assert "Text erased" in page or "Texte effacé" in page
    assert "palpitations" not in page.split('id="ticket"')[1]
    assert "/close/" not in page.split('id="ticket"')[1]
    rows = client_a.get(f"{base}/?status=all").content.decode()
    assert "Text erased" in rows or "Texte effacé" in rows
    assert client_a.get(f"/o/clinique-a/replies/to/{ticket.pk}/").status_code == 200
    for address in ("/o/clinique-a/summary/", "/o/clinique-a/trail/", f"{base}/{message('b').ticket.pk}/"):
        assert client_a.get(address).status_code == 200


@pytest.mark.django_db
def test_a_rule_is_seen_before_it_is_saved(
    source: Source, tell: Tell, place_a: Workplace, client_a: Client
) -> None:
    tell(a=SECRET)
    leave(source, "a", days=3)
    address, asked = "/o/clinique-a/inbox/retention/", {"gone_days": "2", "any_days": ""}
    seen = client_a.post(address, {**asked, "save": ""})
    assert b'value="2-"' in seen.content
    assert not Retention.objects.exists()
    other = client_a.post(address, {"gone_days": "1", "any_days": "", "tried": "2-", "save": ""})
    assert b'value="1-"' in other.content
    assert not Retention.objects.exists()
    saved = client_a.post(address, {**asked, "tried": "2-", "save": ""})
    assert saved.status_code == 302
    assert rule_of(place_a.organisation) == Rule(2, None)
    assert message("a").text == ""
    line = AuditLine.objects.get(act="inbox.retention")
    assert line.details["gone_days"] == 2


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [{"gone_days": "-1"}, {"any_days": "0"}, {"gone_days": "99999999"}])
def test_a_rule_that_makes_no_sense_is_refused(client_a: Client, asked: dict[str, str]) -> None:
    answer = client_a.post("/o/clinique-a/inbox/retention/", {**asked, "save": ""})
    assert b"errorlist" in answer.content
    assert not Retention.objects.exists()


@pytest.mark.django_db
def test_holding_and_lifting_on_the_page(source: Source, tell: Tell, client_a: Client) -> None:
    tell(a=SECRET)
    ticket, base = message("a").ticket, "/o/clinique-a/inbox"
    client_a.post(f"{base}/{ticket.pk}/hold/", {"reason": "court"})
    assert not LegalHold.objects.exists()
    client_a.post(f"{base}/{ticket.pk}/hold/", {"reason": REASON})
    held = LegalHold.objects.get()
    assert REASON in client_a.get(f"{base}/{ticket.pk}/").content.decode()
    client_a.post(f"{base}/holds/{held.pk}/lift/")
    held.refresh_from_db()
    assert held.lifted_at is not None


@pytest.mark.django_db
def test_erasing_an_author_on_the_page(source: Source, tell: Tell, client_a: Client) -> None:
    tell(a=SECRET)
    address = f"/o/clinique-a/inbox/erase-author/{message('a').author}/"
    assert client_a.get(address).status_code == 200
    assert client_a.post(address, {"reason": ""}).status_code == 200
    assert not AuthorErasure.objects.exists()
    assert client_a.post(address, {"reason": "Demande reçue par courrier."}).status_code == 302
    assert message("a").text == ""
    assert client_a.get(address).status_code == 404
    assert "courrier" in client_a.get("/o/clinique-a/inbox/retention/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["retention/", "erase-author/zoe/", "holds/1/lift/"])
def test_only_who_configures(client_reader_a: Client, address: str) -> None:
    for method in (client_reader_a.get, client_reader_a.post):
        assert method(f"/o/clinique-a/inbox/{address}").status_code == 403
