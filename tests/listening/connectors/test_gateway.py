"""The gateway and the client under it: what leaves, what is believed, and what is never reached."""

from __future__ import annotations

import contextlib
import ipaddress
import json

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.fake_network import SECRET, FakeNetwork, fake_network
from veilleur.errors import NetworkRefused, NotReached, OutcomeUnknown
from veilleur.listening import client
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, connectors
from veilleur.listening.connectors.gateway import Gateway, GatewaySettings

MESSAGE = Answered("m-1", "https://example.org/avis/1", "Google")


@pytest.fixture
def network(monkeypatch):
    with fake_network() as running:
        monkeypatch.setenv(client.INTERNAL_HOSTS, f" {running.host} , other:1")
        yield running


class Asked:
    """A gateway and a client for each call."""

    def __init__(self, made: Gateway) -> None:
        self.made = made

    def reply(self, *told):
        with Client() as client:
            return self.made.reply(*told, client)

    def find_reply(self, *told):
        with Client() as client:
            return self.made.find_reply(*told, client)


def gateway(network: FakeNetwork, **told) -> Asked:
    return Asked(Gateway(GatewaySettings(address=network.address, secret=SECRET, **{"seconds": 1, **told})))


def test_it_is_installed_as_anybody_s_would_be():
    assert connectors()["gateway"] is Gateway


def test_what_leaves_is_signed_whole_and_found_again(network):
    text = "Bonjour, merci « beaucoup » 👩‍⚕️ \ud83d"
    sent = gateway(network).reply(MESSAGE, text, "k1")
    assert (sent.id, sent.url) == ("r1", "https://example.org/r1")
    (told,) = network.published
    assert (told["message"], told["network"], told["key"]) == ("m-1", "Google", "k1")
    assert told["text"].startswith("Bonjour, merci « beaucoup » 👩‍⚕️")
    found = gateway(network).find_reply(MESSAGE, text, "k1")
    assert found is not None
    assert found.id == "r1"
    assert gateway(network).find_reply(MESSAGE, text, "k2") is None
    assert network.signed_wrong == 0


def test_the_same_key_publishes_once(network):
    first = gateway(network).reply(MESSAGE, "Merci.", "k1")
    assert gateway(network).reply(MESSAGE, "Merci.", "k1").id == first.id
    assert len(network.published) == 1


@pytest.mark.parametrize(
    ("code", "words", "raised"),
    [
        (400, "no", NetworkRefused),
        (403, "", NetworkRefused),
        (408, "slow", OutcomeUnknown),
        (429, "later", NotReached),
        (500, "oops", OutcomeUnknown),
        (503, "oops", OutcomeUnknown),
        (302, "elsewhere", OutcomeUnknown),
        (200, "not json", OutcomeUnknown),
        (200, json.dumps({"id": 3}), OutcomeUnknown),
        (200, "x" * 6_000_000, OutcomeUnknown),
    ],
)
def test_each_answer_means_one_thing(network, code, words, raised):
    network.refuses = (code, words)
    with pytest.raises(raised):
        gateway(network).reply(MESSAGE, "Merci.", "k1")


def test_no_answer_in_time_is_no_answer(network):
    network.silent = 1
    with pytest.raises(OutcomeUnknown):
        gateway(network, seconds=0.3).reply(MESSAGE, "Merci.", "k1")
    assert len(network.published) == 1


def test_nobody_there_is_not_reached(network):
    network.shutdown()
    network.server_close()
    with pytest.raises(NotReached):
        gateway(network).reply(MESSAGE, "Merci.", "k1")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "fd00::1",
        "224.0.0.1",
        "2130706433",
        "0x7f000001",
    ],
)
def test_what_lies_inside_is_not_reached(host, monkeypatch):
    monkeypatch.delenv(client.INTERNAL_HOSTS, raising=False)
    with pytest.raises(httpcore.ConnectError):
        client.reachable(host, 80)


def test_a_public_address_is_reached():
    assert client.reachable("93.184.216.34", 443) == "93.184.216.34"


def test_only_the_named_port_of_a_named_host_is_opened(monkeypatch):
    monkeypatch.setenv(client.INTERNAL_HOSTS, "127.0.0.1:8080")
    assert client.reachable("127.0.0.1", 8080) == "127.0.0.1"
    with pytest.raises(httpcore.ConnectError):
        client.reachable("127.0.0.1", 8081)


@given(st.text(max_size=60))
def test_no_host_makes_it_fall_over(host):
    with contextlib.suppress(httpcore.ConnectError):
        assert ipaddress.ip_address(client.reachable(host, 1)).is_global


@given(st.text(max_size=80))
def test_no_address_makes_the_settings_fall_over(address):
    with contextlib.suppress(ValidationError):
        kept = GatewaySettings(address=address, secret=SECRET).address
        assert kept == address
        assert kept.lower().strip().startswith(("http://", "https://"))


def test_a_secret_is_not_in_its_words(network):
    settings = GatewaySettings(address=network.address, secret=SECRET)
    assert SECRET not in f"{settings} {settings!r}"
