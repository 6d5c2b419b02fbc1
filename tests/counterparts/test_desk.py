"""The desk before real servers: what is said there arrives, what is answered appears there, once.

The collector is killed thirty times before each server, and a crooked door stands in between. Then each
server is restarted with what it stored, while the collector and the sender are at work.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import Q
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from tests.counterparts import test_bluesky, test_imap, test_mastodon, test_matrix, test_wordpress
from tests.counterparts.conftest import Server, running
from tests.counterparts.crooked import Crooked, crooked
from veilleur.desk.accounts.actions import admit, found_organisation
from veilleur.desk.accounts.models import Role
from veilleur.desk.accounts.permissions import workplace_of
from veilleur.desk.inbox import collecting
from veilleur.desk.inbox.collecting import collect
from veilleur.desk.inbox.collectors import Collector
from veilleur.desk.inbox.models import MentionRow, MentionVersion, TicketRow
from veilleur.desk.moderation import actions as moderation
from veilleur.desk.moderation import performing
from veilleur.desk.moderation.models import NetworkAct, Verb
from veilleur.desk.moderation.models import State as ActState
from veilleur.desk.moderation.standing import possible_on
from veilleur.desk.replies import actions, jobs, sending
from veilleur.desk.replies.models import Approval, Reply, ReplyPolicy, State
from veilleur.desk.sources import leases
from veilleur.desk.sources.connections import connect
from veilleur.desk.sources.models import Listening, Source, Trouble
from veilleur.listening import client as way_out
from veilleur.listening.client import INTERNAL_HOSTS
from veilleur.listening.connector import Capability, connectors

KILLS = 30
PATIENCE = 60.0
RETURN = 180.0
"""Seconds after which a server that came back has been asked again, and told what waited for it."""
UNHEARD = "Dit au serveur éteint."
GOOD = "Bonjour, merci pour ce message. L’accueil répond aux demandes par téléphone."
SPEAKS_HTTP = ("wordpress", "mastodon", "matrix", "bluesky")


@dataclass
class Scene:
    """A real server, its door, and somebody who speaks there."""

    name: str
    server: Server
    stage: Any
    door: Crooked
    settings: Callable[[int], dict[str, Any]]
    said: dict[str, str] = field(default_factory=dict)

    @property
    def capabilities(self) -> frozenset[Capability]:
        return connectors()[self.name].capabilities

    def say(self, text: str) -> str:
        message = self.stage.say(text)
        self.said[message] = text
        return message


Opened = tuple[Server, Any, Callable[[int], dict[str, Any]]]
"""A server, somebody who speaks there, and the settings that lead to a port of it."""


@contextmanager
def wordpress() -> Iterator[Opened]:
    with running("wordpress") as server:
        secret = server.secret("app-password")
        told = {"user": "vigie", "password": secret}
        stage = test_wordpress.Visitors(server)
        yield server, stage, lambda port: {"address": f"http://127.0.0.1:{port}", **told}


@contextmanager
def mastodon() -> Iterator[Opened]:
    with running("snac") as server:
        token = test_mastodon.logged_in(server, "alice").access_token
        stage = test_mastodon.Bob(server)
        yield server, stage, lambda port: {"address": f"http://localhost:{port}", "token": token}


@contextmanager
def matrix() -> Iterator[Opened]:
    with running("synapse") as server:
        desk, lea = test_matrix.Person(server, "desk"), test_matrix.Person(server, "lea")
        powers = {"users": {desk.id: 50}}  # the house moderates the room
        room = test_matrix.Person(server, "host").room(power_level_content_override=powers)
        for person in (desk, lea):
            person.join(room)
        told = {"token": desk.token, "rooms": [room]}
        stage = test_matrix.Stage(lea, room)
        yield server, stage, lambda port: {"address": f"http://127.0.0.1:{port}", **told}


@contextmanager
def imap() -> Iterator[Opened]:
    with running("dovecot") as server:
        stage = test_imap.Stage(server, f"avis{uuid.uuid4().hex[:8]}@example.org")
        told = {"host": "127.0.0.1", "tls": "none", "user": stage.to, "password": "pass"}
        yield server, stage, lambda port: {"port": port, **told}


@contextmanager
def bluesky() -> Iterator[Opened]:
    with running("atproto-full") as server:
        practice = test_bluesky.joined(server, "cabinet.test")
        patient = test_bluesky.joined(server, "patiente.test")
        asked = test_bluesky.models.ComAtprotoServerCreateAppPassword.Data(name="veilleur")
        password = practice.com.atproto.server.create_app_password(asked).password
        stage = test_bluesky.Patient(practice, patient)
        told = {"handle": "cabinet.test", "password": password}
        # An account names its server itself, so that no setting leads through the door.
        yield server, stage, lambda _port: {"service": server.url, "relay": server.url, **told}


SCENES = (wordpress, mastodon, matrix, imap, bluesky)


@pytest.fixture(scope="module", params=SCENES, ids=lambda scene: scene.__name__)
def scene(request) -> Iterator[Scene]:
    """One server for all tests of this file, then the next one."""
    with request.param() as (server, stage, settings), crooked(server.port) as door:
        names = [
            f"{host}:{number}" for number in (server.port, door.port) for host in ("127.0.0.1", "localhost")
        ]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(INTERNAL_HOSTS, ",".join(names))
            if request.param is bluesky:
                patch.setattr(way_out._Guarded, "connect_tcp", _through(door))
            yield Scene(request.param.__name__, server, stage, door, settings)


def _through(door: Crooked) -> Callable[..., Any]:
    """What is meant for the server behind a door goes through the door, unless that stands wide open."""
    real = way_out._Guarded.connect_tcp

    def connect_tcp(self: Any, host: str, port: int, *more: Any, **told: Any) -> Any:
        is_guarded = port == door.behind and door.mode != "open"
        return real(self, host, door.port if is_guarded else port, *more, **told)

    return connect_tcp


@pytest.fixture
def listening(scene: Scene, transactional_db: None) -> Listening:
    """The server as a source of a clinic that handles everything it says."""
    house = found_organisation("clinique", "Clinique")
    admit(house, "alice@example.org", "Alice", Role.MANAGER, password="a long enough one", by="tests")
    ReplyPolicy.objects.create(organisation=house, approval=Approval.NEVER)
    source = Source.objects.create(organisation=house, key="reseau", name="Réseau")
    connect(source, scene.name, scene.settings(scene.door.port), by="tests")
    scene.said.clear()
    scene.door.mode = "honest"
    collect(source.pk)
    return Listening.objects.get(pk=source.pk)


def until(listening: Listening, look: Callable[[], object]) -> None:
    """Collects until it shows; a network may need a moment to know of it itself."""
    end = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < end, Listening.objects.get(pk=listening.pk).failure or "in vain"
        collect(listening.pk)
        time.sleep(0.3)


def stored(scene: Scene) -> dict[str, str]:
    rows = MentionRow.objects.filter(external_id__in=scene.said).values_list("external_id", "text")
    return dict(rows)


def row(message: str) -> MentionRow:
    return MentionRow.objects.get(external_id=message)


def test_what_is_said_edited_and_deleted_arrives(scene: Scene, listening: Listening) -> None:
    first, second = scene.say("Trop d’attente, mais une équipe à l’écoute."), scene.say("Merci à tous !")
    until(listening, lambda: len(stored(scene)) == 2)
    assert all(text in stored(scene)[message] for message, text in scene.said.items())
    assert row(first).ticket.status == "new"
    if Capability.EDITS in scene.capabilities:
        scene.stage.edit(first, "Trop d’attente, et un accueil glacial.")
        until(listening, lambda: "glacial" in row(first).text)
        assert MentionVersion.objects.filter(mention=row(first)).count() == 1
    if Capability.DELETIONS in scene.capabilities:
        scene.stage.delete(second)
        until(listening, lambda: row(second).gone_at)
    assert MentionRow.objects.filter(external_id__in=scene.said).count() == 2


def test_a_reply_from_the_desk_appears_once_under_what_it_answers(scene: Scene, listening: Listening) -> None:
    if Capability.REPLY not in scene.capabilities:
        pytest.skip("this network takes no reply")
    message = scene.say("Le standard ne répond jamais.")
    until(listening, lambda: stored(scene))
    place = workplace_of(listening.source.organisation.memberships.get().user, "clinique")
    reply = actions.begin(place, row(message).ticket.pk, text=GOOD, now=timezone.now())
    actions.send(place, reply.pk, reply.version, now=timezone.now())
    for _time in range(3):
        sending.let_leave(reply.pk)
    end = time.monotonic() + PATIENCE
    while Reply.objects.get().state != State.SENT and time.monotonic() < end:
        Reply.objects.update(leaves_at=None)
        sending.reconcile(reply.pk)
        sending.let_leave(reply.pk)
        time.sleep(0.5)
    assert Reply.objects.get().state == State.SENT, Reply.objects.get().failure
    assert TicketRow.objects.get(mention=row(message)).outcome == "answered"
    words = "répond aux demandes par téléphone"
    while not any(words in one for one in scene.stage.replies(message)) and time.monotonic() < end:
        time.sleep(0.5)
    assert len([one for one in scene.stage.replies(message) if words in one]) == 1
    collect(listening.pk)
    own = MentionRow.objects.filter(text__contains=words)
    assert not TicketRow.objects.filter(mention__in=own, to_do__in=[True]).exists(), (
        "our own words ask no work"
    )


TROUBLES = (("shut", Trouble.UNREACHABLE), ("half", Trouble.UNREACHABLE), ("throttle", Trouble.THROTTLED))


@pytest.mark.parametrize(("mode", "trouble"), TROUBLES, ids=[mode for mode, _trouble in TROUBLES])
def test_what_goes_wrong_in_between_is_told_and_loses_nothing(
    scene: Scene, listening: Listening, mode: str, trouble: Trouble
) -> None:
    if mode == "throttle" and scene.name not in SPEAKS_HTTP:
        pytest.skip("429 is a word of HTTP")
    scene.say("Avant la panne.")
    scene.door.mode = mode
    collect(listening.pk)
    listening.refresh_from_db()
    assert listening.trouble == trouble, listening.failure
    if mode == "throttle":
        assert 60 < (listening.next_at - timezone.now()).total_seconds() < 80
    scene.say("Pendant la panne.")
    scene.door.mode = "honest"
    until(listening, lambda: len(stored(scene)) == 2)
    listening.refresh_from_db()
    assert (listening.trouble, listening.failures) == ("", 0)


def test_wrong_credentials_are_told_apart(scene: Scene, listening: Listening) -> None:
    told = scene.settings(scene.door.port)
    secret = next(name for name in ("password", "token") if name in told)
    connect(listening.source, scene.name, {**told, secret: "wrong-wrong-wrong-wrong"}, by="tests")
    collect(listening.pk)
    listening.refresh_from_db()
    assert listening.trouble == Trouble.CREDENTIALS, listening.failure


def _killed_child(source: int, seconds: float) -> bool:
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            leases.release_dead()
            collect(source)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_killing_the_collector_thirty_times_loses_and_doubles_nothing(
    scene: Scene, listening: Listening
) -> None:
    kills, longest = 0, 0.5
    for number in range(6):
        scene.say(f"Avis {number} : trop d’attente.")
    while kills < KILLS:
        if kills % 5 == 4 and len(scene.said) < 6 + kills // 5:
            scene.say(f"Pendant le carnage {kills}.")
        was_under_way = _killed_child(listening.pk, random.uniform(0.02, longest))
        kills += was_under_way
        longest = min(longest * 1.05, 3.0) if was_under_way else max(longest * 0.9, 0.05)
        Listening.objects.update(is_paused=False)
    leases.release_dead()
    until(listening, lambda: len(stored(scene)) == len(scene.said))
    assert all(text in stored(scene)[message] for message, text in scene.said.items())
    rows = MentionRow.objects.filter(external_id__in=scene.said)
    assert rows.count() == TicketRow.objects.filter(mention__in=rows).count() == len(scene.said)


def noted(scene: Scene, text: str) -> None:
    """snac itself writes for bob what it hands on when it runs again."""
    subprocess.run(["snac", "note", scene.server.state / "data", "bob", f"@alice {text}"], check=True)


def laid_into_the_mailbox(scene: Scene, text: str) -> None:
    """Another program of the mail server delivers while nobody can read."""
    letter = EmailMessage()
    letter["Message-ID"], letter["From"] = f"<{uuid.uuid4().hex}@example.net>", "lea@example.net"
    letter.set_content(text)
    new = scene.server.state / "mail" / scene.stage.to / "Maildir" / "new"
    owner = new.stat()
    laid = new / f"{time.time_ns()}.restart.example"
    laid.write_bytes(letter.as_bytes(policy=SMTP))
    os.chown(laid, owner.st_uid, owner.st_gid)


MEANWHILE: dict[str, Callable[[Scene, str], None]] = {"mastodon": noted, "imap": laid_into_the_mailbox}
"""Networks where something can be said while the server that we ask is down."""


@contextmanager
def at_work() -> Iterator[None]:
    """The collector and the sender run, as they do beside the pages of the desk."""
    stop = threading.Event()

    def working(work: Callable[[threading.Event], None]) -> None:
        try:
            work(stop)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=working, args=(work,)) for work in (Collector().run, jobs.keep_sending)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)


@pytest.fixture
def hurried(scene: Scene, listening: Listening, monkeypatch: pytest.MonkeyPatch) -> Listening:
    """Asked every second, straight and not through the door; pauses are seconds instead of minutes."""
    monkeypatch.setattr(collecting, "FIRST_PAUSE", 1.0)
    monkeypatch.setattr(collecting, "LONGEST_PAUSE", 4.0)
    monkeypatch.setattr(sending, "FIRST_PAUSE", timedelta(seconds=3))
    connect(listening.source, scene.name, scene.settings(scene.door.behind), by="tests")
    scene.door.mode = "open"
    Listening.objects.filter(pk=listening.pk).update(every=1, pause=1, next_at=timezone.now())
    return Listening.objects.get(pk=listening.pk)


def becomes(look: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Waits until something that others do shows."""
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, list(Listening.objects.values("trouble", "failure"))
        time.sleep(0.2)


def trouble_of(listening: Listening) -> str:
    listening.refresh_from_db()
    return listening.trouble


def page_of(listening: Listening) -> str:
    """What the manager of the house sees of the source."""
    browser = Browser()
    person = listening.source.organisation.memberships.get().user
    browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    told = {"organisation": "clinique", "source": listening.source.key}
    return browser.get(reverse("sources:source", kwargs=told)).content.decode()


def reply_decided(listening: Listening, message: str) -> Reply:
    """Somebody has a reply leave, which the sender finds in the queue."""
    place = workplace_of(listening.source.organisation.memberships.get().user, "clinique")
    reply = actions.begin(place, row(message).ticket.pk, text=GOOD, now=timezone.now())
    return actions.send(place, reply.pk, reply.version, now=timezone.now())


def test_a_server_that_is_restarted_with_what_it_stored_loses_and_doubles_nothing(
    scene: Scene, hurried: Listening
) -> None:
    first = scene.say("Avant la panne.")
    takes_replies, meanwhile = Capability.REPLY in scene.capabilities, MEANWHILE.get(scene.name)
    with at_work():
        becomes(lambda: first in stored(scene))
        for number in range(3):
            scene.say(f"Juste avant la panne {number}.")
        scene.server.run("down")
        try:
            becomes(lambda: trouble_of(hurried) == Trouble.UNREACHABLE)
            assert "Injoignable, nouvel essai automatique" in page_of(hurried)
            if meanwhile:
                meanwhile(scene, UNHEARD)
            if takes_replies:
                reply_decided(hurried, first)
                becomes(lambda: Reply.objects.get().attempts)
                becomes(lambda: Reply.objects.get().state == State.QUEUED)
        finally:
            scene.server.run("up")
        scene.say("Après la panne.")
        becomes(lambda: len(stored(scene)) == len(scene.said), RETURN)
        becomes(lambda: trouble_of(hurried) == "", RETURN)
        if meanwhile:
            becomes(lambda: MentionRow.objects.filter(text__contains=UNHEARD), RETURN)
        if takes_replies:
            becomes(lambda: Reply.objects.get().state == State.SENT, RETURN)
            becomes(lambda: any("par téléphone" in one for one in scene.stage.replies(first)))
    collect(hurried.pk)
    rows = MentionRow.objects.filter(Q(external_id__in=scene.said) | Q(text__contains=UNHEARD))
    assert rows.count() == TicketRow.objects.filter(mention__in=rows).count()
    assert rows.count() == len(scene.said) + bool(meanwhile)
    assert all(text in stored(scene)[message] for message, text in scene.said.items())
    if takes_replies:
        assert Reply.objects.get().attempts > 1
        assert len([one for one in scene.stage.replies(first) if "par téléphone" in one]) == 1


def act_done(listening: Listening, message: str, verb: Verb) -> NetworkAct:
    """Somebody asks for an act, which leaves until its outcome is known."""
    place = workplace_of(listening.source.organisation.memberships.get().user, "clinique")
    ticket = row(message).ticket
    reason = {"ground": "insult", "words": "Des mots grossiers."}
    told = {"verb": verb, **(reason if verb in moderation.REASONED else {}), "now": timezone.now()}
    act = moderation.ask(place, ticket.pk, ticket.version, **told)
    end = time.monotonic() + PATIENCE
    while act.state in {ActState.QUEUED, ActState.UNKNOWN} and time.monotonic() < end:
        NetworkAct.objects.update(leaves_at=None)
        performing.perform(act.pk)
        act.refresh_from_db()
    return act


def sees(scene: Scene, message: str, *, is_visible: bool) -> None:
    end = time.monotonic() + PATIENCE
    while scene.stage.is_visible(message) != is_visible:
        assert time.monotonic() < end, f"{message} is {'not ' * is_visible}in sight"
        time.sleep(0.5)


def test_acts_from_the_desk_are_done_on_the_network(scene: Scene, listening: Listening) -> None:
    possible = possible_on(listening.source)
    if not possible:
        pytest.skip("this network takes no acts")
    message = scene.say("Une belle bande de charlatans.")
    until(listening, lambda: stored(scene))
    if Verb.FLAG in possible:
        act = act_done(listening, message, Verb.FLAG)
        if scene.name == "mastodon":  # snac takes no reports, and says so
            assert act.state == ActState.FAILED
            assert "422" in act.failure
        else:
            assert act.state == ActState.DONE, act.failure
    if Verb.HIDE in possible:
        for verb in (Verb.HIDE, Verb.SHOW, Verb.HIDE, Verb.SHOW):
            act = act_done(listening, message, verb)
            assert act.state == ActState.DONE, act.failure
            sees(scene, message, is_visible=verb == Verb.SHOW)
            collect(listening.pk)
            assert row(message).gone_at is None, "hidden is not gone"
    if Verb.REMOVE in possible:
        act = act_done(listening, message, Verb.REMOVE)
        assert act.state == ActState.DONE, act.failure
        sees(scene, message, is_visible=False)
        gone_at = row(message).gone_at
        assert gone_at is not None
        collect(listening.pk)
        assert row(message).gone_at == gone_at, "the network tells what is known"
    assert "charlatans" in row(message).text
