"""A whole network of Bluesky on this machine (PDS, PLC, AppView, Ozone), and others who write there."""

from __future__ import annotations

import threading
import time

import httpx
import pytest
from atproto import Client as Somebody
from atproto import client_utils, models
from atproto.exceptions import BadRequestError

from tests.counterparts.conftest import running
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached
from veilleur.listening.client import INTERNAL_HOSTS, Client
from veilleur.listening.connector import Answered, Gone, Heard, Page
from veilleur.listening.connectors.bluesky import Bluesky, BlueskySettings
from veilleur.testing import check_connector

PATIENCE = 30.0


@pytest.fixture(scope="module")
def server():
    with running("atproto-full") as network:
        yield network


@pytest.fixture(autouse=True)
def _reachable(server, allowed):
    allowed(server.port)


def until(look):
    """What `look` finds, once it finds something."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, "in vain"
        time.sleep(0.3)
    return found


def joined(server, handle: str) -> Somebody:
    somebody = Somebody(base_url=server.url)
    told = {"handle": handle, "email": f"{handle}@example.org", "password": f"the word of {handle}"}
    somebody.com.atproto.server.create_account(models.ComAtprotoServerCreateAccount.Data(**told))

    def signed_in():
        try:
            return somebody.login(handle, told["password"])
        except BadRequestError:  # the AppView has not heard of the account yet
            return None

    until(signed_in)
    return somebody


@pytest.fixture(scope="module")
def practice(server):
    return joined(server, "cabinet.test")


@pytest.fixture(scope="module")
def patient(server):
    return joined(server, "patiente.test")


@pytest.fixture(scope="module")
def password(practice):
    asked = models.ComAtprotoServerCreateAppPassword.Data(name="veilleur")
    return practice.com.atproto.server.create_app_password(asked).password


def connector(server, password, **told) -> Bluesky:
    named = {"handle": "cabinet.test", "service": server.url, "relay": server.url, **told}
    return Bluesky(BlueskySettings(password=password, **named))


class Patient:
    """Keeps `Stage`: answers a post of the practice."""

    def __init__(self, practice: Somebody, patient: Somebody) -> None:
        self.patient = patient
        self.opened = models.create_strong_ref(practice.send_post("Nos horaires changent lundi."))
        until(lambda: self.is_visible(self.opened.uri))  # who answers what is not indexed yet is not told of
        self.where = models.AppBskyFeedPost.ReplyRef(parent=self.opened, root=self.opened)

    def say(self, text: str) -> str:
        return self.patient.send_post(text, reply_to=self.where).uri

    def edit(self, message: str, text: str) -> None:
        raise NotImplementedError

    def delete(self, message: str) -> None:
        assert self.patient.delete_post(message)

    def replies(self, message: str) -> list[str]:
        return [one.post.record.text for one in self.patient.get_post_thread(message).thread.replies or ()]

    def is_visible(self, message: str) -> bool:
        return bool(self.patient.get_posts([message]).posts)


def drained(made: Bluesky, since: str = "", seconds: float = 20) -> tuple[list[Heard | Gone], str]:
    items: list[Heard | Gone] = []
    with Client(seconds=seconds) as client:
        for page in made.fetch(since, client):
            items += page.items
            since = page.cursor
    return items, since


def heard(made: Bluesky, uri: str, since: str = "") -> Heard:
    def look():
        return [one for one in drained(made, since)[0] if isinstance(one, Heard) and one.id == uri]

    return until(look)[0]


def test_it_keeps_the_contract(server, practice, patient, password):
    check_connector(connector(server, password), Patient(practice, patient), PATIENCE)


def test_a_wrong_password_is_refused(server, practice, password):
    made = connector(server, "aaaa-bbbb-cccc-dddd")
    with Client() as client:
        (remark,) = made.check(client)
        assert not remark.is_good
        with pytest.raises(CredentialsRefused):
            list(made.fetch("", client))
        with pytest.raises(CredentialsRefused):
            made.reply(Answered("at://did:plc:a/app.bsky.feed.post/1"), "Merci.", "k", client)


def test_the_password_of_the_account_is_remarked_upon(server, practice):
    with Client() as client:
        remarks = connector(server, "the word of cabinet.test").check(client)
    assert [remark.is_good for remark in remarks] == [True, False]


def test_mentions_quotes_and_answers_lower_down_are_brought(server, practice, patient, password):
    stage = Patient(practice, patient)
    first = stage.say("Première réponse")
    answers_first = models.AppBskyFeedPost.ReplyRef(
        parent=models.create_strong_ref(until(lambda: patient.get_posts([first]).posts)[0]), root=stage.opened
    )
    below = patient.send_post("Et encore", reply_to=answers_first, langs=["fr"]).uri
    named = patient.send_post(
        client_utils.TextBuilder().text("Bravo ").mention("@cabinet", practice.me.did)
    ).uri
    quoted = models.AppBskyEmbedRecord.Main(record=stage.opened)
    quote = patient.send_post("Lisez ceci", embed=quoted).uri
    made = connector(server, password)
    lower = heard(made, below)
    assert (lower.parent, lower.thread) == (first, stage.opened.uri)
    assert (lower.author, lower.language) == (patient.me.did, "fr")
    assert lower.url == f"https://bsky.app/profile/patiente.test/post/{below.rpartition('/')[2]}"
    assert heard(made, named).parent == ""
    assert heard(made, quote).thread == ""


def test_words_are_found_without_their_accents(server, practice, patient, password):
    made = connector(server, password, words=("délais interminables", "éruption"))
    plain = patient.send_post("Des delais interminables, encore").uri
    accented = patient.send_post("Une éruption après le vaccin").uri
    longer = patient.send_post("Les délais interminables").uri
    within = patient.send_post("des éruptions ailleurs, sans rapport").uri
    for uri in (plain, longer, accented):
        assert heard(made, uri).thread == ""
    assert within not in {one.id for one in drained(made)[0]}
    with Client() as client:
        assert all(remark.is_good for remark in made.check(client))


def test_an_old_cursor_brings_the_same_and_a_new_one_nothing_twice(server, practice, patient, password):
    made = connector(server, password)
    stage = Patient(practice, patient)
    before = drained(made)[1]
    uri = stage.say("Une fois seulement")
    heard(made, uri, before)
    again, cursor = drained(made, before)
    assert [one.id for one in again] == [uri]
    assert drained(made, cursor)[0] == []


def test_a_reply_is_published_once_with_what_it_links(server, practice, patient, password):
    made = connector(server, password)
    uri = Patient(practice, patient).say("Comment vous joindre ?")
    text = "Bonjour @patiente.test, voyez https://example.org/été, merci à @personne.test."
    with Client() as client:
        until(lambda: patient.get_posts([uri]).posts)
        sent = made.reply(Answered(uri), text, "k" * 32, client)
        assert made.reply(Answered(uri), "Autrement dit", "k" * 32, client) == sent
        assert made.find_reply(Answered(uri), text, "k" * 32, client) == sent
        assert made.find_reply(Answered(uri), text, "l" * 32, client) is None
    record = until(lambda: practice.get_posts([sent.id]).posts)[0].record
    assert record.text == text
    assert record.langs == ["fr"]
    assert record.reply.parent.uri == uri
    raw = text.encode()
    shown = [raw[facet.index.byte_start : facet.index.byte_end].decode() for facet in record.facets]
    assert shown == ["https://example.org/été", "@patiente.test"]
    assert record.facets[1].features[0].did == patient.me.did


def test_what_is_gone_or_not_a_post_takes_no_reply(server, practice, patient, password):
    made = connector(server, password)
    stage = Patient(practice, patient)
    uri = stage.say("Je m’en vais")
    until(lambda: stage.is_visible(uri))
    stage.delete(uri)
    until(lambda: not stage.is_visible(uri))
    with Client() as client:
        for message in (uri, "https://example.org/1"):
            with pytest.raises(NetworkRefused):
                made.reply(Answered(message), "Merci.", "k", client)
        with pytest.raises(NetworkRefused, match="300"):
            made.reply(Answered(uri), "x" * 301, "k", client)


def test_a_report_reaches_the_moderators(server, practice, patient, password):
    uri = Patient(practice, patient).say("Charlatan !")
    until(lambda: patient.get_posts([uri]).posts)
    with Client() as client:
        connector(server, password).report(Answered(uri), "Injure envers un soignant", client)
    events = httpx.get(
        f"http://127.0.0.1:{server.port + 2}/xrpc/tools.ozone.moderation.queryEvents",
        params={"subject": uri},
        auth=("admin", "admin-pass"),
    ).raise_for_status()
    told = [(one["event"].get("comment"), one["createdBy"]) for one in events.json()["events"]]
    assert told.count(("Injure envers un soignant", practice.me.did)) == 1


def test_who_blocks_the_account_has_deleted_nothing(server, practice, patient, password):
    made = connector(server, password)
    angry = joined(server, "fachee.test")
    uri = Patient(practice, angry).say("Je vous bloque")
    heard(made, uri)
    cursor = drained(made)[1]
    block = models.AppBskyGraphBlock.Record(subject=practice.me.did, created_at=angry.get_current_time_iso())
    angry.app.bsky.graph.block.create(angry.me.did, block)
    until(lambda: not practice.get_posts([uri]).posts)
    assert Gone(uri) not in drained(made, cursor)[0]
    assert angry.delete_post(uri)
    until(lambda: Gone(uri) in drained(made, cursor)[0])


def test_the_stream_brings_what_is_said_and_what_is_deleted(server, practice, patient, password):
    made = connector(server, password, words=("délai",))
    stage = Patient(practice, patient)
    with Client() as client:
        pages = made.stream("", client)
        began = time.monotonic()
        cursor = next(pages).cursor
        assert time.monotonic() - began < 10
        patient.send_post("Rien à voir")
        answer, word = stage.say("Une réponse en direct"), patient.send_post("QUEL DELAI").uri
        stage.delete(answer)
        found: list[Heard | Gone] = []
        for page in pages:
            found += page.items
            if Gone(answer) in found:
                break
        pages.close()
        assert [one.id for one in found] == [answer, word, answer]
        missed = stage.say("Pendant l’absence")
        resumed = made.stream(page.cursor, client)
        assert next(resumed).items[0].id == missed
        resumed.close()
        assert cursor == "" or int(cursor) < int(page.cursor)
        # A number that this server never came to: from now on.
        lost = made.stream("999999999", client)
        assert isinstance(next(lost), Page)
        lost.close()


def test_what_is_said_while_nobody_answers_arrives_later(server, practice, patient, password):
    made = connector(server, password)
    stage = Patient(practice, patient)
    cursor = drained(made)[1]
    said: list[str] = []
    with server.frozen():
        speaking = threading.Thread(target=lambda: said.append(stage.say("Dit pendant la panne")))
        speaking.start()
        with pytest.raises(NotReached):
            drained(made, cursor, seconds=0.5)
        with pytest.raises(NotReached):
            drained(connector(server, password, words=("autre",), handle="patiente.test"), seconds=0.5)
    speaking.join(PATIENCE)
    heard(made, said[0], cursor)


def test_nobody_there_is_not_reached(server, practice, password, monkeypatch):
    server.run("stop", 60)
    made = connector(server, password)
    with Client() as client:
        with pytest.raises(NotReached):
            list(made.fetch("", client))
        with pytest.raises(NotReached):
            next(made.stream("1", client))
    monkeypatch.delenv(INTERNAL_HOSTS)
    with Client() as client, pytest.raises(NotReached):
        next(made.stream("1", client))
