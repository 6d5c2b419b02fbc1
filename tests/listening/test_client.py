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
from veilleur.listening.client import (
    INTERNAL_HOSTS,
    LONGEST_WAIT,
    MOST_BODY,
    PROXY,
    UNSPOKEN_WAIT,
    Client,
    TooLarge,
    waiting_time,
)


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


def test_a_refusal_has_its_status_and_the_beginning_of_what_was_said(site):
    with site(lambda handler: handler.send(404, b"no " * 9999)) as server:
        with pytest.raises(NetworkRefused) as told:
            read(server)
        assert (told.value.status, told.value.body) == (404, ("no " * MOST_BODY)[:MOST_BODY])
        with Client() as client:
            assert client.read(f"http://{server.host}/", also={404, 410}).status_code == 404


def test_a_judge_sees_each_answer_first(site):
    def judge(answer):
        raise Throttled(answer.text, 5)

    for method, *told in (("read",), ("change", "POST")):
        with site(lambda handler: handler.send(500, b"again")) as server, Client() as client:
            with pytest.raises(Throttled, match="again"):
                getattr(client, method)(*told, f"http://{server.host}/", judged=judge)
            assert server.asked == 1


def test_signed_headers_are_made_anew_for_each_attempt(site):
    heard = []

    def answer(handler):
        heard.append(handler.headers["X-Nonce"])
        handler.send(500 if len(heard) < 3 else 200)

    numbers = iter("123")
    with site(answer) as server, Client() as client:
        client.read(f"http://{server.host}/", headers=lambda: {"X-Nonce": next(numbers)})
    assert heard == ["1", "2", "3"]


def test_halves_of_characters_are_sent_as_question_marks(site):
    def answer(handler):
        length = int(handler.headers["Content-Length"])
        handler.send(content=handler.rfile.read(length), X_Type=handler.headers["Content-Type"])

    with site(answer) as server, Client() as client:
        told = client.change("POST", f"http://{server.host}/", json={"text": "é\ud83d"})
    assert (told.content, told.headers["x-type"]) == ('{"text":"é?"}'.encode(), "application/json")


@pytest.mark.parametrize("status", [408, 425, 500, 503])
def test_a_change_is_asked_once(site, status):
    with site(lambda handler: handler.send(status)) as server, Client() as client:
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


@pytest.mark.parametrize("name", ["RateLimit-Reset", "X-RateLimit-Reset", "x-rate-limit-reset"])
@pytest.mark.parametrize("form", ["delta", "unix", "fraction", "iso", "naive"])
def test_a_limit_that_begins_again_is_waited_for(name, form):
    until = datetime.now(UTC) + timedelta(seconds=90)
    forms = {
        "delta": "90",
        "unix": str(int(until.timestamp())),
        "fraction": str(until.timestamp()),
        "iso": until.isoformat().replace("+00:00", "Z"),
        "naive": until.replace(tzinfo=None).isoformat(),
    }
    assert 80 < waiting_time(httpx.Response(429, headers={name: forms[form]})) <= 90
    both = {name: forms[form], "Retry-After": "7"}
    assert waiting_time(httpx.Response(429, headers=both)) == 7


def test_a_limit_that_began_again_is_no_long_wait():
    assert waiting_time(httpx.Response(429, headers={"x-rate-limit-reset": "1700000000"})) == 1


@pytest.mark.parametrize("name", [b"retry-after", b"x-ratelimit-reset"])
@given(said=st.one_of(st.text(max_size=40).filter(str.isprintable), st.from_regex(r"[0-9.]{1,400}")))
def test_no_header_makes_it_fall_over(name, said):
    answer = httpx.Response(429, headers=[(name, said.strip().encode("utf-8"))])
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
        with pytest.raises(TooLarge, match="more than 100000 bytes"):
            read(server, most=100_000)
        assert time.monotonic() - began < 20
        assert server.asked == 1


def test_a_change_with_too_large_an_answer_may_have_been_made(site):
    with site(lambda handler: handler.send(content=b"x" * 1000)) as server, Client(most=100) as client:
        with pytest.raises(OutcomeUnknown, match="more than 100 bytes"):
            client.change("POST", f"http://{server.host}/", json={})
        assert server.asked == 1


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_bomb_of_zeros_is_cut_off(site, pack):
    bomb = pack(bytes(200 * 1024 * 1024))
    name = "gzip" if pack is gzip.compress else "deflate"
    with (
        site(lambda handler: handler.send(content=bomb, Content_Encoding=name)) as server,
        pytest.raises(TooLarge, match="more than"),
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


def test_other_protocols_do_not_go_past_a_proxy(monkeypatch):
    monkeypatch.setenv(INTERNAL_HOSTS, "127.0.0.1:25")
    monkeypatch.setenv(PROXY, "http://127.0.0.1:3128")
    with pytest.raises(NotReached, match=PROXY):
        way_out.connected("127.0.0.1", 25)


def test_what_is_not_asked_over_http_counts_too():
    with Client(most_asked=3) as client:
        client.count(1)
        client.count(2)
        with pytest.raises(Throttled):
            client.count(1)
        assert client.asked == 3


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
