"""The way out: what is reached, how much is read, how often it is asked, and what each answer means."""

from __future__ import annotations

import gzip
import http.server
import io
import socket
import threading
import time
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import client as way_out
from veilleur.listening.client import INTERNAL_HOSTS, LONGEST_WAIT, UNSPOKEN_WAIT, Client, waiting_time


class Site(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.asked = answer, 0

    @property
    def host(self):
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        """Clients that hang up are no news."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked += 1
        self.server.answer(self)

    def do_POST(self):
        self.do_GET()

    def send(self, status=200, content=b"ok", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        """Says nothing."""


@contextmanager
def serving(answer):
    server = Site(answer)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setattr(way_out, "PAUSE", 0.01)

    @contextmanager
    def open_(answer):
        with serving(answer) as server:
            monkeypatch.setenv(INTERNAL_HOSTS, server.host)
            yield server

    return open_


def read(server, path="/", **told):
    follow = told.pop("follow", False)
    with Client(**{"seconds": 2.0, **told}) as client:
        return client.read(f"http://{server.host}{path}", follow=follow)


@pytest.mark.parametrize(
    ("status", "raised", "times"),
    [
        (401, CredentialsRefused, 1),
        (403, CredentialsRefused, 1),
        (404, NetworkRefused, 1),
        (302, NetworkRefused, 1),
        (408, NotReached, 3),
        (500, NotReached, 3),
        (503, NotReached, 3),
        (429, Throttled, 1),
    ],
)
def test_each_status_means_one_thing(site, status, raised, times):
    with site(lambda handler: handler.send(status)) as server:
        with pytest.raises(raised) as told:
            read(server)
        assert type(told.value) is raised
        assert server.asked == times


def test_what_fell_over_once_is_asked_again(site):
    def answer(handler):
        handler.send(500 if handler.server.asked == 1 else 200)

    with site(answer) as server:
        assert read(server).content == b"ok"


def test_a_change_is_asked_once(site):
    with site(lambda handler: handler.send(500)) as server, Client() as client:
        with pytest.raises(OutcomeUnknown):
            client.change("POST", f"http://{server.host}/", json={})
        assert server.asked == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("999999999999", LONGEST_WAIT),
        ("-1", UNSPOKEN_WAIT),
        ("soon", UNSPOKEN_WAIT),
        ("", 60),
    ],
)
def test_retry_after_is_obeyed_within_reason(said, seconds):
    assert waiting_time(httpx.Response(429, headers={"retry-after": said})) == seconds


def test_retry_after_may_be_a_date():
    until = datetime.now(UTC) + timedelta(seconds=90)
    found = waiting_time(httpx.Response(429, headers={"retry-after": format_datetime(until, usegmt=True)}))
    assert 80 < found <= 90


@given(st.text(max_size=40).filter(lambda text: text.isprintable()))
def test_no_retry_after_makes_it_fall_over(said):
    answer = httpx.Response(429, headers=[(b"retry-after", said.encode("utf-8"))])
    assert 0 <= waiting_time(answer) <= LONGEST_WAIT


def test_a_half_sent_answer_is_no_answer(site):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"half")

    with site(answer) as server, pytest.raises(NotReached):
        read(server)


def test_ten_gigabytes_are_cut_off(site):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(10 * 1024**3))
        handler.end_headers()
        block = bytes(1024 * 1024)
        for _number in range(10 * 1024):
            handler.wfile.write(block)

    with site(answer) as server:
        began = time.monotonic()
        with pytest.raises(NotReached, match="more than 100000 bytes"):
            read(server, most=100_000)
        assert time.monotonic() - began < 20


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_bomb_of_zeros_is_cut_off(site, pack):
    bomb = pack(bytes(200 * 1024 * 1024))
    name = "gzip" if pack is gzip.compress else "deflate"
    with (
        site(lambda handler: handler.send(content=bomb, Content_Encoding=name)) as server,
        pytest.raises(NotReached, match="more than"),
    ):
        read(server)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_what_is_packed_is_unpacked(site, pack):
    name = "gzip" if pack is gzip.compress else "deflate"
    text = "Bonjour « à tous »".encode() * 1000
    with site(lambda handler: handler.send(content=pack(text), Content_Encoding=name)) as server:
        assert read(server).content == text


@pytest.mark.parametrize("name", ["gzip", "br"])
def test_what_cannot_be_unpacked_is_no_answer(site, name):
    with (
        site(lambda handler: handler.send(content=b"not packed", Content_Encoding=name)) as server,
        pytest.raises(NotReached),
    ):
        read(server)


def test_a_drip_is_cut_off(site, monkeypatch):
    monkeypatch.setattr(way_out, "LONGEST_ANSWER", 0.3)

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _number in range(50):
            handler.wfile.write(b".")
            handler.wfile.flush()
            time.sleep(0.1)

    with site(answer) as server, pytest.raises(NotReached, match="longer than"):
        read(server)


INSIDE = [
    "127.0.0.1",
    "[::1]",
    "169.254.169.254",
    "10.1.2.3",
    "[::ffff:127.0.0.1]",
    "[fd00::1]",
    "0.0.0.0",
    "2130706433",
]


@pytest.mark.parametrize("host", INSIDE)
def test_a_redirection_that_leads_inside_is_not_followed(site, host):
    def answer(handler):
        handler.send(302, Location=f"http://{host}:9/secret")

    with site(answer) as server, pytest.raises(NotReached, match="lies inside"):
        read(server, follow=True)


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "ftp://example.org/", "gopher://example.org/"])
def test_a_redirection_to_another_protocol_is_not_followed(site, scheme):
    with (
        site(lambda handler: handler.send(302, Location=scheme)) as server,
        pytest.raises((NotReached, NetworkRefused)),
    ):
        read(server, follow=True)


def test_redirections_in_a_ring_end(site):
    with (
        site(lambda handler: handler.send(302, Location="/again")) as server,
        pytest.raises(NetworkRefused, match="redirections"),
    ):
        read(server, follow=True)


def test_a_name_that_changes_its_mind_is_asked_once(monkeypatch):
    """DNS rebinding: the connection goes to the very address that was looked at."""
    answers = iter(["93.184.216.34", "127.0.0.1"])
    asked = []

    def resolve(host, port, **_told):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert way_out.reachable("rebinding.example.org", 80) == "93.184.216.34"
    assert asked == ["rebinding.example.org"]


def test_a_name_with_one_address_inside_is_not_reached(monkeypatch):
    both = [("93.184.216.34", 80), ("127.0.0.1", 80)]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in both]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_told: found)
    with Client() as client, pytest.raises(NotReached, match="lies inside"):
        client.ask("GET", "http://two.example.org/")


def test_other_protocols_are_guarded_alike(monkeypatch):
    monkeypatch.delenv(INTERNAL_HOSTS, raising=False)
    with pytest.raises(NotReached, match="lies inside"):
        way_out.connected("127.0.0.1", 25)


def test_a_budget_that_is_spent_stops_it(site):
    with site(lambda handler: handler.send()) as server, Client(most_asked=2) as client:
        for _number in range(2):
            client.read(f"http://{server.host}/")
        with pytest.raises(Throttled):
            client.read(f"http://{server.host}/")
        assert (client.asked, server.asked) == (2, 2)


def test_nothing_of_a_secret_is_said(site):
    said = io.StringIO()
    with site(lambda handler: handler.send(403, b"no")) as server, Client() as client:
        try:
            client.read(f"http://{server.host}/?x=1", headers={"Authorization": "Bearer hidden"})
        except CredentialsRefused as error:
            said.write(f"{error} {error!r}")
    assert "hidden" not in said.getvalue()
