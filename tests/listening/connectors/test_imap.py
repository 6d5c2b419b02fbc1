"""The IMAP connector against a mail server of one's own that says what the test wants it to say."""

from __future__ import annotations

import contextlib
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from veilleur.errors import CredentialsRefused, NetworkFailed, NetworkRefused, NotReached, Throttled
from veilleur.listening.client import INTERNAL_HOSTS, Client
from veilleur.listening.connector import Heard
from veilleur.listening.connectors import imap
from veilleur.listening.connectors.imap import Imap, ImapSettings, _Cursor, _envelope, folder_name

ARRIVED = b'"02-Nov-2026 10:00:00 +0100"'


class MailServer(socketserver.ThreadingTCPServer):
    """A folder of letters, UID → bytes; what is `said` answers a command instead."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tls = tls
        self.letters: dict[int, bytes] = {}
        self.validity = 7
        self.sizes: dict[int, int] = {}
        self.greeting = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n"
        self.capabilities = b"IMAP4rev1 AUTH=PLAIN"
        self.said: dict[bytes, bytes] = {}
        self.asked: list[bytes] = []

    @property
    def port(self) -> int:
        return self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Callers may hang up."""


class _Handler(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        if self.server.tls:
            with self.server.tls.wrap_socket(self.request, server_side=True) as self.request:
                self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
                self.talk()
        else:
            self.talk()

    def talk(self) -> None:
        self.wfile.write(self.server.greeting)
        for line in self.rfile:
            tag, _blank, command = line.strip().partition(b" ")
            self.server.asked.append(command)
            said = [told for start, told in self.server.said.items() if command.startswith(start)]
            self.wfile.write(said[0].replace(b"TAG", tag) if said else self.answer(tag, command))

    def answer(self, tag: bytes, command: bytes) -> bytes:
        done = tag + b" OK done\r\n"
        if command == b"CAPABILITY":
            return b"* CAPABILITY " + self.server.capabilities + b"\r\n" + done
        if command.startswith(b"AUTHENTICATE"):
            self.wfile.write(b"+ \r\n")
            self.server.asked.append(self.rfile.readline().strip())
        if command.startswith(b"EXAMINE"):
            told = (len(self.server.letters), self.server.validity)
            return b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] ok\r\n" % told + done
        if command == b"UID SEARCH UID *":
            return b"* SEARCH %d\r\n" % max(self.server.letters) + done
        if command.startswith(b"UID SEARCH"):
            first, last = map(int, command.split()[-1].split(b":"))
            found = [b"%d" % uid for uid in self.server.letters if first <= uid <= last]
            return b"* SEARCH " + b" ".join(found) + b"\r\n" + done
        if command.startswith(b"UID FETCH"):
            return b"".join(map(self.fetched, command.split()[2].split(b","))) + done
        return done

    def fetched(self, word: bytes) -> bytes:
        uid = int(word)
        letter = self.server.letters[uid]
        if b"BODY" not in self.server.asked[-1]:
            told = (uid, uid, self.server.sizes.get(uid, len(letter)), ARRIVED)
            return b"* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE %s)\r\n" % told
        return b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (uid, uid, len(letter), letter)


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    server = MailServer(tls)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def server(monkeypatch):
    with mail_server() as running:
        monkeypatch.setenv(INTERNAL_HOSTS, f"127.0.0.1:{running.port},localhost:{running.port}")
        running.letters = {
            uid: b"Message-ID: <m%d@x>\r\n\r\nlettre %d\r\n" % (uid, uid) for uid in (1, 5, 90_000)
        }
        yield running


def mailbox(server: MailServer, **told) -> Imap:
    given = {"host": "127.0.0.1", "port": server.port, "tls": "none", "user": "avis", "password": "pässword"}
    return Imap(ImapSettings(**{**given, **told}))


def fetched(server: MailServer, since: str = "", **told) -> tuple[list[Heard], str]:
    with Client(seconds=2) as client:
        pages = list(mailbox(server, **told).fetch(since, client))
    return [item for page in pages for item in page.items], pages[-1].cursor if pages else since


def test_letters_come_once_in_their_order(server):
    items, cursor = fetched(server)
    assert [item.id for item in items] == ["m1@x", "m5@x", "m90000@x"]
    assert items[0].published_at == datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert fetched(server, cursor) == ([], cursor)
    server.letters[90_001] = b"\r\nsans en-tete\r\n"
    assert [item.id for item in fetched(server, cursor)[0]] == ["7-90001"]
    server.validity = 8
    assert len(fetched(server, cursor)[0]) == 4


def test_only_questions_that_change_nothing_are_asked(server):
    fetched(server)
    verbs = {b" ".join(command.split()[:2]) for command in server.asked}
    assert {verb for verb in verbs if verb.startswith(b"UID")} == {b"UID SEARCH", b"UID FETCH"}
    assert not [command for command in server.asked if b"BODY[" in command]
    assert not [command for command in server.asked if re.match(rb"(SELECT|STORE|EXPUNGE|CLOSE)", command)]


def test_a_password_with_accents_and_quotes_goes_through(server):
    fetched(server)
    assert b"AGF2aXMAcMOkc3N3b3Jk" in server.asked
    server.capabilities = b"IMAP4rev1"
    fetched(server, user='a "b"', password='p\\"w')
    assert b'LOGIN "a \\"b\\"" "p\\\\\\"w"' in server.asked
    with pytest.raises(CredentialsRefused):
        fetched(server)


def test_of_a_large_letter_the_beginning_is_asked_for(server):
    server.sizes[1] = imap.LARGE + 1
    text = fetched(server)[0][0].text
    assert text == "lettre 1\n\n[Lettre de 10 Mo : seul le début est lu.]"
    assert b"UID FETCH 1 (UID BODY.PEEK[]<0.1048576>)" in server.asked


def test_machines_that_write_for_others_are_no_authors(server):
    addresses = [
        b"no-reply@x",
        b"a.noreply+1@x",
        b"ne-pas-repondre@x",
        b"donotreply@x",
        b"renoir@x",
        b"noreplay@x",
    ]
    server.letters = {uid: b"From: <%s>\r\n\r\na" % address for uid, address in enumerate(addresses, 1)}
    assert [item.author for item in fetched(server)[0]] == ["", "", "", "", "renoir@x", "noreplay@x"]


@pytest.mark.parametrize(
    ("command", "answer", "raised"),
    [
        (b"AUTHENTICATE", b"TAG NO [AUTHENTICATIONFAILED] no\r\n", CredentialsRefused),
        (b"AUTHENTICATE", b"TAG NO [UNAVAILABLE] later\r\n", NotReached),
        (b"AUTHENTICATE", b"* BYE too many connections\r\n", NotReached),
        (b"EXAMINE", b"TAG NO no such folder\r\n", NetworkRefused),
        (b"EXAMINE", b"* 1 EXISTS\r\nTAG OK no uids\r\n", NetworkRefused),
        (b"UID SEARCH", b"TAG BAD what\r\n", NetworkRefused),
        (b"UID FETCH", b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n", NotReached),
        (b"UID FETCH", b"* 1 FETCH (UID 1 BODY[] {%s}\r\n" % (b"9" * 5000), NetworkRefused),
        (b"UID FETCH", b"X" * 1_100_000 + b"\r\n", NetworkRefused),
        (b"UID FETCH", b"\xff\xfe\r\n", NotReached),
    ],
)
def test_each_answer_means_one_thing(server, command, answer, raised):
    server.said[command] = answer
    with pytest.raises(raised) as caught:
        fetched(server)
    assert caught.type is raised
    assert "pässword" not in str(caught.value)


def test_the_budget_holds_and_each_page_is_kept(server, monkeypatch):
    monkeypatch.setattr(imap, "PAGE", 1)
    with Client(seconds=2, most_asked=2) as client:
        pages = mailbox(server).fetch("", client)
        assert len(next(pages).items) == 1
        with pytest.raises(Throttled):
            next(pages)
        assert client.asked == 2


def test_a_letter_that_was_moved_meanwhile_is_none(server):
    server.said[b"UID FETCH 5 "] = b"TAG OK nothing\r\n"
    assert [item.id for item in fetched(server)[0]] == ["m1@x", "m90000@x"]


def test_an_empty_folder(server):
    server.letters = {}
    assert fetched(server) == ([], "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(
    st.sampled_from([b"", b"CAPABILITY", b"AUTHENTICATE", b"EXAMINE", b"UID SEARCH", b"UID FETCH"]),
    st.lists(
        st.sampled_from(
            [b"* ", b"TAG OK ", b"FETCH ", b"(UID 1 ", b"BODY[] {2}\r\n", b"+ ", b"[", b"SEARCH ", b"\r\n"]
        )
        | st.binary(max_size=6),
        max_size=12,
    ).map(b"".join),
)
def test_no_server_makes_it_fall_over(server, command, answer):
    server.said = {command: answer + b"\r\nTAG OK done\r\n* BYE\r\n"}
    imap.SECONDS = 0.1
    with contextlib.suppress(NetworkFailed):
        assert all(isinstance(item, Heard) for item in fetched(server)[0])


@given(st.binary(max_size=80) | st.none() | st.tuples(st.binary()))
def test_no_envelope_makes_it_fall_over(told):
    assert _envelope(told) is None or told


@given(st.integers(), st.binary(max_size=30))
def test_no_date_of_arrival_makes_it_fall_over(size, date):
    envelope = _envelope(b'1 (UID 1 RFC822.SIZE 5 INTERNALDATE "%s")' % date.replace(b'"', b""))
    assert envelope is not None
    assert envelope.arrived_at is None or envelope.arrived_at.tzinfo


@given(st.text())
def test_no_cursor_makes_it_fall_over(text):
    assert 0 <= _Cursor.of(text).uid < 2**32


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_folder_names_can_be_read_again(name):
    def letters(found: re.Match[str]) -> str:
        return f"+{found[1].replace(',', '/')}-".encode().decode("utf-7") if found[1] else "&"

    assert folder_name(name).isascii()
    assert re.sub(r"&([^-]*)-", letters, folder_name(name)) == name


@pytest.mark.parametrize(
    "told", [{"host": "a b"}, {"host": ""}, {"user": "a\r\nb"}, {"password": "a\nb"}, {"folder": "a\x00"}]
)
def test_settings_that_are_none(told):
    given = {"host": "imap.example.org", "user": "a", "password": "b"}
    ImapSettings(**given)
    with pytest.raises(ValidationError):
        ImapSettings(**{**given, **told})


@pytest.fixture
def certificate(tmp_path):
    """A certificate of nobody's for localhost, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.9"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "localhost.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_tls_is_spoken_to_the_named_server_and_to_no_other(certificate, monkeypatch):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    with mail_server(tls) as server:
        monkeypatch.setenv(INTERNAL_HOSTS, f"127.0.0.1:{server.port},localhost:{server.port}")
        server.letters = {1: b"Message-ID: <a@b>\r\n\r\nbonjour\r\n"}
        with pytest.raises(NotReached, match="certificate verify failed"):
            fetched(server, host="localhost", tls="tls")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert fetched(server, host="localhost", tls="tls")[0][0].id == "a@b"
        with pytest.raises(NotReached, match="certificate"):
            fetched(server, host="127.0.0.1", tls="tls")
        assert not [command for command in server.asked[:1] if b"LOGIN" in command]


def test_nothing_inside_is_reached_unless_it_is_allowed(server, monkeypatch):
    monkeypatch.delenv(INTERNAL_HOSTS)
    with pytest.raises(NotReached, match="lies inside"):
        fetched(server)
    assert server.asked == []


def test_a_secret_is_not_in_its_words(server):
    assert "pässword" not in repr(mailbox(server)._settings)
