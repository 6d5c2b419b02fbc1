"""The IMAP connector against a real server (Dovecot); the stage writes letters through its SMTP entry."""

from __future__ import annotations

import imaplib
import smtplib
import uuid
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from tests.counterparts.conftest import Server, running
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached
from veilleur.listening.client import Client
from veilleur.listening.connector import Heard
from veilleur.listening.connectors import imap
from veilleur.listening.connectors.imap import Imap, ImapSettings
from veilleur.testing import check_connector


class Stage:
    """Somebody who writes letters to one address."""

    def __init__(self, server: Server, to: str) -> None:
        self.server, self.to = server, to

    def send(self, content: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", self.server.port + 2, timeout=120) as door:
            door.sendmail("lea@example.net", [self.to], content)

    def say(self, text: str, **headers: str) -> str:
        letter = EmailMessage()
        letter["Message-ID"] = f"<{uuid.uuid4().hex}@example.net>"
        for name, value in {"From": "Léa <Lea@Example.net>", "Subject": "Avis", **headers}.items():
            letter[name.replace("_", "-")] = value
        letter.set_content(text)
        self.send(letter.as_bytes(policy=SMTP))
        return letter["Message-ID"][1:-1]

    def raw(self):
        connection = imaplib.IMAP4("127.0.0.1", self.server.port, timeout=30)
        connection.login(self.to, "pass")
        return connection


@pytest.fixture(scope="module")
def server():
    with running("dovecot") as made:
        yield made


@pytest.fixture
def stage(server, allowed):
    allowed(server.port)
    return Stage(server, f"avis{uuid.uuid4().hex[:8]}@example.org")


def mailbox(stage: Stage, **told) -> Imap:
    given = {"host": "127.0.0.1", "port": stage.server.port, "tls": "none", "user": stage.to}
    return Imap(ImapSettings(**{**given, "password": "pass", **told}))


def drained(connector: Imap, since: str = "") -> tuple[list[Heard], str]:
    items: list[Heard] = []
    with Client() as client:
        for page in connector.fetch(since, client):
            items += page.items
            since = page.cursor
    return items, since


def test_it_keeps_the_contract(stage):
    check_connector(mailbox(stage), stage, patience=20)


def test_a_conversation_with_a_notification(stage):
    root = stage.say("Le standard ne répond pas.", Subject="Réclamation : trois appels")
    answer = stage.say(
        "Toujours rien.\n\nLe lun. 2 nov. 2026 à 09:00, Accueil <a@b.org> a écrit :\n> Bonjour\n> Merci\n",
        In_Reply_To=f"<{root}>",
        References=f"<{root}>",
        Date="Mon, 02 Nov 2026 10:00:00 +0100",
    )
    told = stage.say("Nouvel avis : 1/5", From="Avis <no-reply@notes.example.com>")
    first, second, third = drained(mailbox(stage))[0]
    assert (first.id, first.title, first.text) == (
        root,
        "Réclamation : trois appels",
        "Le standard ne répond pas.",
    )
    assert (first.author, first.parent, first.thread) == ("lea@example.net", "", "")
    assert (second.id, second.parent, second.thread, second.text) == (answer, root, root, "Toujours rien.")
    assert second.published_at == datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert (third.id, third.author) == (told, "")


def test_a_letter_is_not_from_the_future(stage):
    stage.say("bonjour", Date="Mon, 02 Nov 2099 10:00:00 +0100")
    (item,) = drained(mailbox(stage))[0]
    assert item.published_at is not None
    assert abs(item.published_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_pages_can_be_gone_on_from(stage):
    ids = [stage.say(f"avis {number}") for number in range(imap.PAGE + 5)]
    connector = mailbox(stage)
    with Client() as client:
        first, second = connector.fetch("", client)
    assert [item.id for item in first.items + second.items] == ids
    assert [item.id for item in drained(connector, first.cursor)[0]] == ids[imap.PAGE :]
    assert drained(connector, second.cursor)[0] == []
    assert [item.id for item in drained(connector, "broken")[0]] == ids


def test_nothing_is_marked_moved_or_deleted(stage):
    stage.say("bonjour")
    drained(mailbox(stage))
    connection = stage.raw()
    connection.select(readonly=True)
    assert connection.search(None, "UNSEEN")[1] == [b"1"]
    connection.logout()


def test_a_large_letter_is_read_by_its_beginning(stage):
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "lea@example.net", "Photos"
    letter.set_content("Voyez les photos.")
    letter.add_attachment(b"\xff" * 12_000_000, maintype="image", subtype="jpeg", filename="a.jpg")
    stage.send(letter.as_bytes(policy=SMTP))
    (item,) = drained(mailbox(stage))[0]
    assert item.text.startswith("Voyez les photos.\n\n[Lettre de 15 Mo : seul le début est lu.]")
    assert item.text.endswith("[Pièces jointes non reprises : 1.]")


def test_broken_letters_stop_nothing(stage):
    stage.send(b"\r\n")
    stage.send(
        b"Subject: =?x-unknown?B?!!?=\r\nContent-Type: text/plain; charset=nowhere\r\n\r\n\xe9t\xe9\r\n"
    )
    stage.send(b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n--a--\r\n--a\r\n")
    sound = stage.say("bonjour")
    items = drained(mailbox(stage))[0]
    assert len(items) == 4
    assert items[-1].id == sound
    assert items[1].text == "été"
    assert len({item.id for item in items}) == 4


def test_a_folder_that_was_made_anew_is_read_from_its_beginning(stage):
    connection = stage.raw()
    name = '"Avis &AOk- recus"'
    connection.create(name)
    connection.append(name, "", "", b"Message-ID: <a@b>\r\n\r\nun\r\n")
    connection.append(name, "", "", b"Message-ID: <c@d>\r\n\r\ndeux\r\n")
    connector = mailbox(stage, folder="Avis é recus")
    items, cursor = drained(connector)
    assert [item.id for item in items] == ["a@b", "c@d"]
    connection.delete(name)
    assert drained(mailbox(stage), cursor)[0] == []
    connection.rename("INBOX", name)
    connection.delete(name)
    connection.create(name)
    connection.append(name, "", "", b"Message-ID: <e@f>\r\n\r\ntrois\r\n")
    connection.logout()
    assert [item.id for item in drained(connector, cursor)[0]] == ["e@f"]


def test_a_diagnosis(stage):
    stage.say("bonjour")
    with Client() as client:
        told = mailbox(stage).check(client)
        assert told[0].words.say("fr") == "Dossier « INBOX » ouvert en lecture seule : 1 lettre(s)."
        with pytest.raises(NetworkRefused, match="Nulle part"):
            mailbox(stage, folder="Nulle part").check(client)


def test_wrong_credentials(stage):
    with Client() as client:
        for act in (lambda made: made.check(client), lambda made: list(made.fetch("", client))):
            with pytest.raises(CredentialsRefused):
                act(mailbox(stage, password="wrong é"))


def test_a_server_that_does_not_answer_and_what_was_said_meanwhile(stage):
    connector = mailbox(stage)
    stage.say("avant")
    cursor = drained(connector)[1]
    with stage.server.frozen(), Client(seconds=0.5) as client, pytest.raises(NotReached):
        list(connector.fetch(cursor, client))
    stage.say("après")
    assert [item.text for item in drained(connector, cursor)[0]] == ["après"]


def test_a_server_that_is_not_there(stage, allowed):
    allowed(stage.server.port + 7)
    with Client() as client, pytest.raises(NotReached):
        mailbox(stage, port=stage.server.port + 7).check(client)


def test_a_server_inside_is_not_reached_unless_it_is_allowed(stage, monkeypatch):
    monkeypatch.delenv("VEILLEUR_INTERNAL_HOSTS")
    with Client() as client, pytest.raises(NotReached, match="lies inside"):
        mailbox(stage).check(client)
