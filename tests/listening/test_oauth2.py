"""OAuth 2.0 downstairs: a code is traded, a grant renewed and revoked, whatever a network answers."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.fake_api import FakeApi, serving
from tests.listening.brought import ANY_JSON, reached
from tests.standins.club import Club, ClubSettings
from tests.standins.oauth import CLIENT, CLIENT_SECRET, FakeOAuth
from veilleur.errors import CredentialsRefused, NetworkFailed, NetworkRefused, NotReached, Throttled
from veilleur.listening import client as way_out
from veilleur.listening import graph, graph_sign_in, oauth2
from veilleur.listening.client import INTERNAL_HOSTS, Client
from veilleur.listening.connector import connectors, sign_in_of, signs_in
from veilleur.listening.oauth2 import Application, Grant, Pasted, Tokens

BACK = "https://desk.example.org/oauth/callback/"
VERIFIER = "a" * 64
APPLICATION = Application(CLIENT, CLIENT_SECRET)
NAMES = ("access_token", "refresh_token", "expires_in", "scope", "permissions", "data", "error")


@pytest.fixture
def network(monkeypatch):
    with reached(FakeOAuth(), monkeypatch) as running:
        yield running


@pytest.fixture
def sign_in(network):
    return Club.sign_in(
        ClubSettings(address=network.url, client_id=CLIENT, client_secret=SecretStr(CLIENT_SECRET))
    )


def code(network, sign_in):
    address = oauth2.address_of(sign_in, APPLICATION, BACK, "state", VERIFIER)
    return parse_qs(urlsplit(network.visited(address)).query)["code"][0]


def traded(network, sign_in, **other):
    told = {"code": code(network, sign_in), "back": BACK, "verifier": VERIFIER, **other}
    with Client() as client:
        return oauth2.traded(sign_in, APPLICATION, client=client, **told)


def test_a_code_is_traded_for_a_grant(network, sign_in):
    now = datetime.now(UTC)
    grant = traded(network, sign_in)
    assert grant.scopes == {"read", "write"}
    assert {grant.access} == set(network.access)
    assert {grant.refresh} == set(network.refresh)
    assert now + timedelta(seconds=3590) < grant.ends_at < now + timedelta(seconds=3700)


@pytest.mark.parametrize(
    "wrong", [{"code": "odd"}, {"verifier": "b" * 64}, {"back": "https://other.example/"}]
)
def test_a_code_that_is_not_ours_is_refused(network, sign_in, wrong):
    with pytest.raises(CredentialsRefused, match="invalid_grant"):
        traded(network, sign_in, **wrong)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid_client"}, CredentialsRefused),
        (401, {}, CredentialsRefused),
        (403, "no", CredentialsRefused),
        (200, {"error": "invalid_grant"}, CredentialsRefused),
        (400, {"error": "temporarily_unavailable"}, NotReached),
        (500, {}, NotReached),
        (429, {}, Throttled),
        (404, {}, NetworkRefused),
        (200, {}, NetworkRefused),
        (200, [], NetworkRefused),
        (200, {"access_token": "with blanks"}, NetworkRefused),
    ],
)
def test_refusals_are_told_apart(network, sign_in, status, body, kind):
    shown = code(network, sign_in)
    network.once = [(status, body)]
    with pytest.raises(NetworkFailed) as failed:
        traded(network, sign_in, code=shown)
    assert type(failed.value) is kind


def test_a_refusal_repeats_no_token(network, sign_in):
    secret = "s" * 60
    network.once = [(400, {"error": "invalid_grant", "error_description": f"the token {secret} is bad"})]
    with pytest.raises(CredentialsRefused) as refused:
        traded(network, sign_in, code="x")
    assert secret not in str(refused.value)


@given(told=st.dictionaries(st.sampled_from(NAMES) | st.text(), ANY_JSON))
def test_whatever_a_token_endpoint_answers_is_a_grant_or_a_refusal(told):
    answer = httpx.Response(200, content=json.dumps(told).encode())
    try:
        grant = oauth2.granted(answer)
    except NetworkRefused:
        return
    assert grant.access.isascii()
    assert grant.access.isprintable()
    assert grant.header["Authorization"].startswith("Bearer ")


@pytest.mark.parametrize("seconds", ["3600", 3600, 3600.0])
def test_the_life_of_a_token_is_read_however_it_is_written(seconds):
    grant = oauth2.granted(httpx.Response(200, json={"access_token": "a", "expires_in": seconds}))
    assert grant.is_due(datetime.now(UTC) + timedelta(seconds=3400))
    assert not grant.is_due(datetime.now(UTC) + timedelta(seconds=3200))


@pytest.mark.parametrize("seconds", [None, 0, -5, "soon", [], True, 1e400, float("nan")])
def test_a_life_that_makes_no_sense_is_none(seconds):
    body = json.dumps({"access_token": "a", "expires_in": seconds}).encode()
    grant = oauth2.granted(httpx.Response(200, content=body))
    assert grant.ends_at is None or not grant.is_due(datetime.now(UTC) - timedelta(days=1))


def renewed(sign_in, grant):
    with Client() as client:
        return oauth2.renewed(sign_in, APPLICATION, grant, client)


def test_a_refresh_token_that_rotates_is_replaced(network, sign_in):
    first = traded(network, sign_in)
    second = renewed(sign_in, first)
    assert second.refresh not in {"", first.refresh}
    with pytest.raises(CredentialsRefused):
        renewed(sign_in, first)
    with pytest.raises(CredentialsRefused):
        renewed(sign_in, second)


def test_what_is_not_said_again_stays(network, sign_in):
    first = traded(network, sign_in)
    network.once = [(200, {"access_token": "next"})]
    second = renewed(sign_in, first)
    assert (second.access, second.refresh, second.scopes) == ("next", first.refresh, first.scopes)


def test_without_a_refresh_token_nothing_is_asked(network, sign_in):
    with pytest.raises(CredentialsRefused):
        renewed(sign_in, Grant("a"))
    assert network.questions == []


def test_a_grant_is_revoked_by_its_lasting_token(network, sign_in):
    grant = traded(network, sign_in)
    with Client() as client:
        oauth2.revoke(sign_in, APPLICATION, grant, client)
        oauth2.revoke(sign_in, APPLICATION, Grant("only"), client)
    assert network.revoked == [grant.refresh, "only"]


def test_an_application_is_registered(network, sign_in):
    with Client() as client:
        made = oauth2.registered(sign_in, "Veilleur", BACK, client)
    assert network.clients[made.id] == made.secret
    assert made.secret not in repr(made)


def test_a_pasted_token_is_what_it_is():
    with Client() as client:
        assert Pasted(SecretStr("t")).grant(client).header == {"Authorization": "Bearer t"}
        with pytest.raises(CredentialsRefused):
            Pasted(SecretStr("")).grant(client)


class Giver(FakeApi):
    """Gives tokens of a minute and a half."""

    def told(self, question):
        return 200, {"access_token": f"a{len(self.questions)}", "expires_in": 90}


def test_a_token_is_used_until_near_its_end(monkeypatch):
    with serving(Giver()) as running, Client() as client:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        tokens = Tokens(f"{running.url}/token", {"grant_type": "client_credentials"})
        assert [tokens.grant(client).access for _time in range(3)] == ["a1"] * 3
        tokens._grant = Grant("a1", ends_at=datetime.now(UTC) + timedelta(seconds=59))
        assert tokens.grant(client).access == "a2"


SECRET = SecretStr("app-secret")
SETTINGS = {
    "google_business": {
        "account": "104567890123456789012",
        "locations": ("1",),
        "client_id": "app",
        "client_secret": SECRET,
    },
    "youtube": {"videos": ("dQw4w9WgXcQ",), "client_id": "app", "client_secret": SECRET},
    "reddit": {"account": "clinique", "client_id": "app", "client_secret": SECRET},
    "linkedin": {"organisation": "5515715", "client_id": "app", "client_secret": SECRET},
    "x": {"account": "clinique", "client_id": "app", "client_secret": SECRET},
    "mastodon": {"address": "https://mastodon.example"},
    "facebook": {"page": "100200300", "client_id": "app", "secret": SECRET},
    "instagram": {"account": "100200300", "client_id": "app", "secret": SECRET},
}
TYPED = {
    "google_business": {"refresh_token": "t"},
    "youtube": {"refresh_token": "t"},
    "reddit": {"refresh_token": "t"},
    "linkedin": {"token": "t"},
    "x": {"token": "t"},
    "mastodon": {"token": "t"},
    "facebook": {"token": "t"},
    "instagram": {"token": "t"},
}


def settings_of(name, **more):
    return connectors()[name].settings(**{**SETTINGS[name], **more})


def test_every_network_with_a_sign_in_is_looked_at_here():
    assert {name for name, made in connectors().items() if signs_in(made)} == set(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_network_sends_people_to_its_own_address_over_https(name):
    sign_in = sign_in_of(connectors()[name], settings_of(name))
    application = sign_in.application or APPLICATION
    address = oauth2.address_of(sign_in, application, BACK, "state", VERIFIER)
    params = parse_qs(urlsplit(address).query)
    assert address.startswith("https://")
    assert sign_in.token.startswith("https://")
    assert params["redirect_uri"] == [BACK]
    assert params["state"] == ["state"]
    assert ("code_challenge" in params) is sign_in.has_pkce
    assert params["scope"][0].split(sign_in.separator) == [scope.name for scope in sign_in.scopes]
    assert all(scope.why.say("fr") and scope.why.say("en") for scope in sign_in.scopes)
    assert SECRET.get_secret_value() not in address


@pytest.mark.parametrize("name", SETTINGS)
def test_who_types_a_token_need_not_sign_in(name):
    assert sign_in_of(connectors()[name], settings_of(name, **TYPED[name])) is None


@pytest.mark.parametrize("name", SETTINGS)
def test_a_network_is_asked_in_the_name_of_who_signed_in(name, monkeypatch):
    """Whatever a connector asks first bears the token of its grant."""

    class Echo(FakeApi):
        def told(self, question):
            return 401, {"error": {"code": 190, "message": "no"}}

    class Here:
        asked = 0

        def grant(self, client):
            self.asked += 1
            return Grant("signed-in", scopes=frozenset({"identity"}))

    monkeypatch.setattr(way_out, "PAUSE", 0.01)
    with serving(Echo()) as running, Client() as client:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        more = {"address": running.url} if name == "mastodon" else {}
        made, here = connectors()[name], Here()
        where = {} if name == "mastodon" else {"api": running.url}
        if name == "linkedin":
            where["oauth"] = running.url
        connector = made(settings_of(name, **more), access=here, **where)
        with pytest.raises(NetworkFailed):
            list(connector.fetch("", client))
        assert here.asked
        assert running.questions[0].headers["Authorization"] == "Bearer signed-in"


def test_google_is_asked_for_a_token_that_lasts():
    sign_in = sign_in_of(connectors()["youtube"], settings_of("youtube"))
    assert sign_in.extra == {"access_type": "offline", "prompt": "consent"}


def test_reddit_and_x_show_their_secret_in_a_header(network):
    for name in ("reddit", "x"):
        assert sign_in_of(connectors()[name], settings_of(name)).is_basic
    reddit = sign_in_of(connectors()["reddit"], settings_of("reddit"))
    assert "by /u/clinique" in reddit.headers["User-Agent"]
    assert reddit.extra == {"duration": "permanent"}


def test_a_basic_header_holds_name_and_secret(network, sign_in):
    traded(network, sign_in)
    shown = network.questions[-1].headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(shown).decode() == f"{CLIENT}:{CLIENT_SECRET}"
    assert b"client_secret" not in network.questions[-1].raw


class FakeMeta(FakeApi):
    """Meta's endpoints of the sign-in; `tied`: the Instagram account of the one page."""

    tied = "178400"
    data_access = 2_000_000_000

    def told(self, question):
        path, params = question.path.removeprefix("/v26.0"), question.params
        if path == "/oauth/access_token":
            is_long = params.get("grant_type") == "fb_exchange_token"
            return 200, {"access_token": "long" if is_long else "short", "expires_in": 5_000_000}
        if path == "/debug_token":
            known = {
                "scopes": ["pages_show_list"],
                "expires_at": 0,
                "data_access_expires_at": self.data_access,
            }
            is_known = params["input_token"] == "page" and params["access_token"] == "app|app-secret"
            return (200, {"data": known}) if is_known else (400, {"error": {"code": 100, "message": "no"}})
        if params.get("access_token") != "long":
            return 400, {"error": {"code": 190, "message": "no"}}
        tied = {"access_token": "page", "instagram_business_account": {"id": self.tied}}
        return 200, {"data": [tied]} if path == "/me/accounts" else {"access_token": "page", "id": "1"}


@pytest.fixture
def meta(monkeypatch):
    with reached(FakeMeta(), monkeypatch) as running:
        monkeypatch.setattr(graph, "API", f"{running.url}/v26.0")
        yield running


def finished(sign_in):
    with Client() as client:
        return oauth2.traded(sign_in, sign_in.application, "code", BACK, VERIFIER, client)


def test_facebook_gives_the_token_of_the_page_and_says_until_when_data_may_be_read(meta):
    grant = finished(graph_sign_in.facebook(Application("app", "app-secret"), "100200300"))
    assert (grant.access, grant.scopes) == ("page", {"pages_show_list"})
    assert grant.ends_at == datetime.fromtimestamp(FakeMeta.data_access, UTC)


def test_instagram_by_facebook_takes_the_page_that_the_account_is_tied_to(meta):
    application = Application("app", "app-secret")
    assert finished(graph_sign_in.instagram_by_facebook(application, FakeMeta.tied)).access == "page"
    with pytest.raises(NetworkRefused, match="tied"):
        finished(graph_sign_in.instagram_by_facebook(application, "5"))


class FakeInstagram(FakeApi):
    """Instagram's own sign-in, whose first token comes in a list."""

    def told(self, question):
        if question.method == "POST":
            return 200, {"data": [{"access_token": "short", "user_id": "1", "permissions": "a,b"}]}
        kinds = {"ig_exchange_token": ("short", "long"), "ig_refresh_token": ("long", "longer")}
        shown, given = kinds[question.params["grant_type"]]
        if question.params["access_token"] != shown:
            return 400, {"error": {"code": 190, "message": "no"}}
        return 200, {"access_token": given, "token_type": "bearer", "expires_in": 5_184_000}


def test_instagram_gives_tokens_of_sixty_days_that_renew_themselves(monkeypatch):
    with serving(FakeInstagram()) as running:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        monkeypatch.setattr(graph_sign_in, "INSTAGRAM_TOKENS", f"{running.url}/oauth/access_token")
        monkeypatch.setattr(graph_sign_in, "INSTAGRAM_GRAPH", running.url)
        sign_in = graph_sign_in.instagram(Application("app", "app-secret"))
        grant = finished(sign_in)
        assert (grant.access, grant.scopes) == ("long", {"a", "b"})
        assert grant.is_due(datetime.now(UTC) + timedelta(days=54), sign_in.spare)
        assert not grant.is_due(datetime.now(UTC) + timedelta(days=50), sign_in.spare)
        with Client() as client:
            after = oauth2.renewed(sign_in, sign_in.application, grant, client)
        assert (after.access, after.scopes) == ("longer", {"a", "b"})
