"""The desk before real servers: what is said there arrives, what is answered appears there, once.

The collector is killed thirty times before each server, and a crooked door stands in between.
"""

from __future__ import annotations

import os
import random
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from tests.counterparts import test_bluesky, test_imap, test_mastodon, test_matrix, test_wordpress
from tests.counterparts.conftest import running
from tests.counterparts.crooked import Crooked, crooked
from veilleur.desk.accounts.actions import admit, found_organisation
from veilleur.desk.accounts.models import Role
from veilleur.desk.accounts.permissions import workplace_of
from veilleur.desk.inbox.collecting import collect
from veilleur.desk.inbox.models import MentionRow, MentionVersion, TicketRow
from veilleur.desk.replies import actions, sending
from veilleur.desk.replies.models import Approval, Reply, ReplyPolicy, State
from veilleur.desk.sources import leases
from veilleur.desk.sources.connections import connect
from veilleur.desk.sources.models import Listening, Source, Trouble
from veilleur.listening import client as way_out
from veilleur.listening.client import INTERNAL_HOSTS
from veilleur.listening.connector import Capability, connectors

KILLS = 30
PATIENCE = 60.0
GOOD = "Bonjour, merci pour ce message. L’accueil répond aux demandes par téléphone."
SPEAKS_HTTP = ("wordpress", "mastodon", "matrix", "bluesky")


@dataclass
class Scene:
    """A real server, its door, and somebody who speaks there."""

    name: str
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


@contextmanager
def wordpress() -> Iterator[tuple[Any, int, Callable[[int], dict[str, Any]]]]:
    with running("wordpress") as server:
        secret = server.secret("app-password")
        told = {"user": "vigie", "password": secret}
        stage = test_wordpress.Visitors(server)
        yield stage, server.port, lambda port: {"address": f"http://127.0.0.1:{port}", **told}


@contextmanager
def mastodon() -> Iterator[tuple[Any, int, Callable[[int], dict[str, Any]]]]:
    with running("snac") as server:
        token = test_mastodon.logged_in(server, "alice").access_token
        stage = test_mastodon.Bob(server)
        yield stage, server.port, lambda port: {"address": f"http://localhost:{port}", "token": token}


@contextmanager
def matrix() -> Iterator[tuple[Any, int, Callable[[int], dict[str, Any]]]]:
    with running("synapse") as server:
        desk, lea = test_matrix.Person(server, "desk"), test_matrix.Person(server, "lea")
        room = test_matrix.Person(server, "host").room()
        for person in (desk, lea):
            person.join(room)
        told = {"token": desk.token, "rooms": [room]}
        stage = test_matrix.Stage(lea, room)
        yield stage, server.port, lambda port: {"address": f"http://127.0.0.1:{port}", **told}


@contextmanager
def imap() -> Iterator[tuple[Any, int, Callable[[int], dict[str, Any]]]]:
    with running("dovecot") as server:
        stage = test_imap.Stage(server, f"avis{uuid.uuid4().hex[:8]}@example.org")
        told = {"host": "127.0.0.1", "tls": "none", "user": stage.to, "password": "pass"}
        yield stage, server.port, lambda port: {"port": port, **told}


@contextmanager
def bluesky() -> Iterator[tuple[Any, int, Callable[[int], dict[str, Any]]]]:
    with running("atproto-full") as server:
        practice = test_bluesky.joined(server, "cabinet.test")
        patient = test_bluesky.joined(server, "patiente.test")
        asked = test_bluesky.models.ComAtprotoServerCreateAppPassword.Data(name="veilleur")
        password = practice.com.atproto.server.create_app_password(asked).password
        stage = test_bluesky.Patient(practice, patient)
        told = {"handle": "cabinet.test", "password": password}
        # An account names its server itself, so that no setting leads through the door.
        yield stage, server.port, lambda _port: {"service": server.url, "relay": server.url, **told}


SCENES = (wordpress, mastodon, matrix, imap, bluesky)


@pytest.fixture(scope="module", params=SCENES, ids=lambda scene: scene.__name__)
def scene(request) -> Iterator[Scene]:
    """One server for all tests of this file, then the next one."""
    with request.param() as (stage, port, settings), crooked(port) as door:
        names = [f"{host}:{number}" for number in (port, door.port) for host in ("127.0.0.1", "localhost")]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(INTERNAL_HOSTS, ",".join(names))
            if request.param is bluesky:
                patch.setattr(way_out._Guarded, "connect_tcp", _through(door))
            yield Scene(request.param.__name__, stage, door, settings)


def _through(door: Crooked) -> Callable[..., Any]:
    """What is meant for the server behind a door goes through the door."""
    real = way_out._Guarded.connect_tcp

    def connect_tcp(self: Any, host: str, port: int, *more: Any, **told: Any) -> Any:
        return real(self, host, door.port if port == door.behind else port, *more, **told)

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
