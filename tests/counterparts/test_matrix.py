"""The Matrix connector against a real homeserver (Synapse); the stage is another account, over plain HTTP."""

from __future__ import annotations

import time
import uuid
from urllib.parse import quote

import httpx
import pytest

from tests.counterparts.conftest import Server, running
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Gone, Heard
from veilleur.listening.connectors.matrix import KEY, Matrix, MatrixSettings
from veilleur.testing import check_connector


class Person:
    """An account of a homeserver, and what it can do there."""

    def __init__(self, server: Server, name: str) -> None:
        self.http = httpx.Client(base_url=f"{server.url}/_matrix/client/v3", timeout=60)
        name += uuid.uuid4().hex[:6]
        told = {"username": name, "password": "pw-" + name, "auth": {"type": "m.login.dummy"}}
        made = self.ask("POST", "/register", json=told)
        self.id, self.token = made["user_id"], made["access_token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def ask(self, method: str, path: str, **told):
        answer = self.http.request(method, path, **told)
        while answer.status_code == 429:
            time.sleep(answer.json().get("retry_after_ms", 500) / 1000)
            answer = self.http.request(method, path, **told)
        answer.raise_for_status()
        return answer.json()

    def room(self, alias: str = "", **told) -> str:
        alias = {"room_alias_name": alias} if alias else {}
        return self.ask("POST", "/createRoom", json={"preset": "public_chat", **alias, **told})["room_id"]

    def join(self, room: str) -> None:
        self.ask("POST", f"/join/{quote(room)}", json={})

    def say(self, room: str, text: str, **content) -> str:
        path = f"/rooms/{room}/send/m.room.message/{uuid.uuid4().hex}"
        return self.ask("PUT", path, json={"msgtype": "m.text", "body": text, **content})["event_id"]

    def edit(self, room: str, message: str, text: str) -> str:
        new = {"msgtype": "m.text", "body": text}
        return self.say(
            room,
            f"* {text}",
            **{"m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": message}},
        )

    def redact(self, room: str, message: str) -> None:
        self.ask("PUT", f"/rooms/{room}/redact/{quote(message)}/{uuid.uuid4().hex}", json={})

    def event(self, room: str, message: str):
        return self.ask("GET", f"/rooms/{room}/event/{quote(message)}")

    def all(self, room: str):
        return self.ask("GET", f"/rooms/{room}/messages", params={"dir": "b", "limit": "200"})["chunk"]


class Stage:
    """Somebody in one room."""

    def __init__(self, person: Person, room: str) -> None:
        self.person, self.room = person, room

    def say(self, text: str) -> str:
        return self.person.say(self.room, text)

    def edit(self, message: str, text: str) -> None:
        self.person.edit(self.room, message, text)

    def delete(self, message: str) -> None:
        self.person.redact(self.room, message)

    def replies(self, message: str) -> list[str]:
        def answers(event) -> bool:
            relation = event["content"].get("m.relates_to", {})
            return relation.get("m.in_reply_to", {}).get("event_id") == message

        return [event["content"]["body"] for event in self.person.all(self.room) if answers(event)]

    def is_visible(self, message: str) -> bool:
        return bool(self.person.event(self.room, message)["content"])


@pytest.fixture(scope="module")
def server():
    with running("synapse") as made:
        yield made


@pytest.fixture(scope="module")
def people(server):
    """The account of the house, which moderates, and a member of the public."""
    return Person(server, "desk"), Person(server, "lea")


@pytest.fixture
def room(server, people, allowed):
    """Made by somebody new each time: a homeserver lets nobody make many rooms a minute."""
    allowed(server.port)
    desk = people[0]
    made = Person(server, "host").room(power_level_content_override={"users": {desk.id: 50}})
    for person in people:
        person.join(made)
    return made


def matrix(server: Server, token: str, *rooms: str) -> Matrix:
    return Matrix(MatrixSettings(address=server.url, token=token, rooms=rooms))


def drained(connector: Matrix, since: str = "") -> tuple[list[Heard | Gone], str]:
    items: list[Heard | Gone] = []
    with Client() as client:
        for page in connector.fetch(since, client):
            items += page.items
            since = page.cursor
    return items, since


def texts(items: list[Heard | Gone]) -> list[str]:
    return [item.text for item in items if isinstance(item, Heard)]


def test_it_keeps_the_contract(server, people, room):
    desk, lea = people
    check_connector(matrix(server, desk.token, room), Stage(lea, room), patience=20)


def test_the_past_comes_oldest_first_and_whole(server, people, room):
    desk, lea = people
    ids = [lea.say(room, f"avis {number}") for number in range(40)]
    items, cursor = drained(matrix(server, desk.token, room))
    assert [item.id for item in items] == ids
    assert drained(matrix(server, desk.token, room), cursor)[0] == []
    first = items[0]
    assert (first.author, first.parent, first.thread) == (lea.id, "", "")
    assert first.url == f"https://matrix.to/#/{quote(room, safe='')}/{quote(ids[0], safe='')}?via=localhost"
    assert first.published_at is not None


def test_a_gap_is_filled_in_order_and_each_page_can_be_gone_on_from(server, people, room):
    desk, lea = people
    connector = matrix(server, desk.token, room)
    cursor = drained(connector)[1]
    said = [lea.say(room, f"message {number}") for number in range(50)]
    lea.edit(room, said[0], "message corrigé")
    lea.redact(room, said[1])
    items, _last = drained(connector, cursor)
    heard = [item.id for item in items if isinstance(item, Heard)]
    assert heard == [said[0], *said[2:], said[0]]
    assert texts(items)[-1] == "message corrigé"
    assert items[-1] == Gone(said[1])
    with Client() as client:
        first, second, *_ = connector.fetch(cursor, client)
    assert len(first.items) < 50
    assert {item.id for item in first.items + second.items}.isdisjoint({said[-1]})
    again = drained(connector, second.cursor)[0]
    assert [item.id for item in items][len(first.items + second.items) :] == [item.id for item in again]


def test_threads_replies_and_our_own_messages(server, people, room):
    desk, lea = people
    connector = matrix(server, desk.token, room)
    root = lea.say(room, "Le standard ne répond pas.")
    threaded = {"rel_type": "m.thread", "event_id": root}
    inside = lea.say(
        room, "Deux jours !", **{"m.relates_to": {**threaded, "m.in_reply_to": {"event_id": root}}}
    )
    falling = {**threaded, "is_falling_back": True, "m.in_reply_to": {"event_id": inside}}
    last = lea.say(room, "Toujours rien.", **{"m.relates_to": falling})
    rich = lea.say(
        room,
        f"> <{lea.id}> Le standard ne répond pas.\n\nIci non plus.",
        **{"m.relates_to": {"m.in_reply_to": {"event_id": root}}},
    )
    desk.say(room, "Nous regardons.")
    items = {item.id: item for item in drained(connector)[0]}
    assert list(items) == [root, inside, last, rich]
    assert (items[inside].parent, items[inside].thread) == (root, root)
    assert (items[last].parent, items[last].thread) == (root, root)
    assert (items[rich].parent, items[rich].thread, items[rich].text) == (root, "", "Ici non plus.")
    with Client() as client:
        sent = connector.reply(Answered(inside, thread=root), "Bonjour.", "k" * 32, client)
    relation = lea.event(room, sent.id)["content"]["m.relates_to"]
    assert relation == {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": False,
        "m.in_reply_to": {"event_id": inside},
    }


def test_one_key_publishes_once(server, people, room):
    assert Capability.KEEPS_KEYS in Matrix.capabilities
    desk, lea = people
    connector = matrix(server, desk.token, room)
    message = lea.say(room, "Merci !")
    with Client() as client:
        sent = [connector.reply(Answered(message), "Merci à vous.", "c" * 32, client) for _ in range(3)]
        other = connector.reply(Answered(message), "Merci à vous.", "d" * 32, client)
        assert connector.find_reply(Answered(message), "", "d" * 32, client) == other
    assert len({one.id for one in sent}) == 1
    keys = [event["content"][KEY] for event in lea.all(room) if KEY in event["content"]]
    assert sorted(keys) == ["c" * 32, "d" * 32]


def test_a_reply_is_found_behind_many_others(server, people, room):
    desk, lea = people
    connector = matrix(server, desk.token, room)
    message = lea.say(room, "Une question")
    for number in range(40):
        desk.say(room, f"annonce {number}")
    with Client() as client:
        sent = connector.reply(Answered(message), "La réponse.", "e" * 32, client)
        assert connector.find_reply(Answered(message), "La réponse.", "e" * 32, client) == sent
        with pytest.raises(NetworkRefused):
            connector.reply(Answered("$nowhere"), "La réponse.", "f" * 32, client)


def test_a_stranger_s_edit_changes_nothing(server, people, room):
    desk, lea = people
    eve = Person(server, "eve")
    eve.join(room)
    message = lea.say(room, "Très bon accueil.")
    eve.edit(room, message, "Accueil honteux.")
    assert texts(drained(matrix(server, desk.token, room))[0]) == ["Très bon accueil."]


def test_a_removal_gives_its_reason_and_comes_back_as_gone(server, people, room):
    desk, lea = people
    connector = matrix(server, desk.token, room)
    message = lea.say(room, "Insultes.")
    cursor = drained(connector)[1]
    with Client() as client:
        connector.remove(Answered(message), client)
        connector.remove(Answered(message), client)
        with pytest.raises(NetworkRefused):
            connector.reply(Answered(message), "Non.", "b" * 32, client)
    because = lea.event(room, message)["unsigned"]["redacted_because"]
    assert because["content"]["reason"] == "Message retiré par la modération."
    assert drained(connector, cursor)[0] == [Gone(message)]


def test_rooms_by_alias_and_rooms_added_later(server, people, room):
    desk, lea = people
    alias = f"avis{uuid.uuid4().hex[:6]}"
    other = desk.room(alias)
    lea.join(other)
    lea.say(room, "ici")
    lea.say(other, "là")
    cursor = drained(matrix(server, desk.token, room))[1]
    both = matrix(server, desk.token, room, f"#{alias}:localhost")
    items, cursor = drained(both, cursor)
    assert texts(items) == ["là"]
    lea.say(other, "encore")
    lea.say(room, "aussi")
    assert sorted(texts(drained(both, cursor)[0])) == ["aussi", "encore"]


def test_a_diagnosis_names_what_is_missing(server, people, room):
    desk, lea = people
    rooms = {
        "encrypted": desk.room(
            initial_state=[
                {
                    "type": "m.room.encryption",
                    "content": {"algorithm": "m.megolm.v1.aes-sha2"},
                    "state_key": "",
                }
            ]
        ),
        "foreign": lea.room(),
        "quiet": lea.room(power_level_content_override={"events_default": 50}),
        "own": desk.room(),
    }
    desk.join(rooms["quiet"])
    connector = matrix(server, desk.token, room, *rooms.values(), "#nobody:localhost")
    with Client() as client:
        told = connector.check(client)
    assert [remark.is_good for remark in told] == [True, True, False, False, True, True, False]
    assert told[0].words.say("fr") == f"Compte : {desk.id}."
    assert told[1].words.say("fr") == f"{room} : lecture, réponse, retrait."
    assert told[5].words.say("fr") == f"{rooms['own']} : lecture, réponse, retrait."
    assert told[4].words.say("en") == f"{rooms['quiet']}: reading."
    with Client() as client, pytest.raises(NetworkRefused):
        list(matrix(server, desk.token, rooms["foreign"]).fetch("", client))


@pytest.mark.parametrize("cursor", ["zzz", "{}", '{"since": "zzz"}', '{"since": "s1_2", "fills": [4]}'])
def test_a_broken_cursor_means_from_the_beginning(server, people, room, cursor):
    desk, lea = people
    lea.say(room, "bonjour")
    assert texts(drained(matrix(server, desk.token, room), cursor)[0]) == ["bonjour"]


def test_wrong_credentials(server, people, room):
    desk, lea = people
    connector = matrix(server, "wrong", room)
    message = lea.say(room, "bonjour")
    with Client() as client:
        for act in (
            lambda: connector.check(client),
            lambda: list(connector.fetch("", client)),
            lambda: connector.reply(Answered(message), "x", "a" * 32, client),
            lambda: connector.remove(Answered(message), client),
        ):
            with pytest.raises(CredentialsRefused):
                act()
    quiet = lea.room()
    desk.join(quiet)
    with Client() as client, pytest.raises(CredentialsRefused):
        matrix(server, desk.token, quiet).remove(Answered(lea.say(quiet, "le mien")), client)


def test_a_homeserver_that_does_not_answer(server, people, room):
    connector = matrix(server, people[0].token, room)
    with server.frozen(), Client(seconds=0.5) as client, pytest.raises(NotReached):
        list(connector.fetch("", client))


def test_what_is_said_while_the_desk_is_away_arrives_later(allowed):
    with running("synapse") as alone:
        allowed(alone.port)
        desk, lea = Person(alone, "desk"), Person(alone, "lea")
        room = desk.room()
        lea.join(room)
        connector = matrix(alone, desk.token, room)
        cursor = drained(connector)[1]
        with alone.frozen(), Client(seconds=0.5) as client, pytest.raises(NotReached):
            list(connector.fetch(cursor, client))
        lea.say(room, "Pendant la panne.")
        assert texts(drained(connector, cursor)[0]) == ["Pendant la panne."]
    with Client() as client, pytest.raises(NotReached):
        list(connector.fetch(cursor, client))
