"""X against its published contract: Prism must accept every request that the connector makes.

`VEILLEUR_TEST_X_OPENAPI` names a copy of openapi.json of github.com/xdevplatform/docs (2.167 was tried);
without one these tests are skipped. Prism keeps nothing: the requests of a whole story are recorded on a
network that behaves, and each is sent to Prism as it was, with a bearer token: Prism does not know the scheme
“OAuth” that the contract has for requests signed by OAuth 1.0a.
"""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from tests.counterparts.conftest import running
from tests.fake_api import Question, serving
from tests.fake_x import ACCOUNT, OWN, TOKEN, FakeX
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, Throttled
from veilleur.listening.client import INTERNAL_HOSTS, Client
from veilleur.listening.connector import Answered
from veilleur.listening.connectors.x import X, XSettings
from veilleur.testing import check_connector

CONTRACT = os.environ.get("VEILLEUR_TEST_X_OPENAPI", "")
pytestmark = pytest.mark.skipif(
    not Path(CONTRACT).is_file(), reason="VEILLEUR_TEST_X_OPENAPI names no copy of the contract of X"
)
CURSOR = f'{{"account": ["{ACCOUNT}", "{OWN}"]}}'
"""Prism's account has the id “string”: the real one is known already."""


@pytest.fixture(scope="module")
def prism():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPEC", CONTRACT)
        with running("prism") as server:
            patch.setenv(INTERNAL_HOSTS, f"127.0.0.1:{server.port}")
            yield server


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    """All that the connector asks in the contract checks, in its diagnosis, and after many posts."""
    with serving(FakeX()) as network, pytest.MonkeyPatch.context() as patch:
        patch.setenv(INTERNAL_HOSTS, network.host)
        told = {"account": ACCOUNT, "hours": 0, "words": ("dr martin", "#lac", "l’hôpital : « 5 & 6 »")}
        for number in range(120):
            network.say(f"Avant {number}, chez le dr martin")
        made = X(XSettings(**told, token=TOKEN), api=network.url)
        check_connector(made, network)
        with Client() as client:
            first = next(made.fetch("", client))
            list(made.fetch(first.cursor, client))
            made.reply(Answered(network.say("Bonjour")), "Réponse « longue » 👩‍⚕️ & <b>", "k", client)
        return network.questions


def asked_again(prism, question: Question, **changed) -> httpx.Response:
    sent = {name: value for name, value in question.headers.items() if name.lower() == "authorization"}
    sent |= {"Content-Type": "application/json"} if question.raw else {}
    told = {"params": question.params, "content": question.raw, "headers": sent, **changed}
    return httpx.request(question.method, f"{prism.url}{question.path}", timeout=30, trust_env=False, **told)


def shape(question: Question) -> tuple[str, str, tuple[str, ...]]:
    path = "/".join("{id}" if part.isdigit() and part != "2" else part for part in question.path.split("/"))
    return question.method, path, tuple(sorted(question.params))


def test_prism_accepts_every_request(prism, questions):
    assert {shape(question)[:2] for question in questions} == {
        ("GET", f"/2/users/by/username/{ACCOUNT}"),
        ("GET", "/2/users/me"),
        ("GET", "/2/users/{id}/mentions"),
        ("GET", "/2/tweets/search/recent"),
        ("GET", "/2/tweets"),
        ("POST", "/2/tweets"),
        ("PUT", "/2/tweets/{id}/hidden"),
    }
    for question in questions:
        answer = asked_again(prism, question)
        assert answer.is_success, (shape(question), answer.status_code, answer.text)


def test_every_name_that_is_asked_for_is_one_of_the_contract(questions, prism):
    """Prism lets names pass that the contract does not have: these are looked at here."""
    parameters = httpx.Response(200, content=Path(CONTRACT).read_bytes()).json()
    for method, path, params in {shape(question) for question in questions}:
        names = {"{id}": "{tweet_id}" if path.endswith("/hidden") else "{id}", ACCOUNT: "{username}"}
        template = "/".join(names.get(part, part) for part in path.split("/"))
        operation = parameters["paths"][template][method.lower()]
        listed = [
            parameters["components"]["parameters"][one["$ref"].split("/")[-1]] if "$ref" in one else one
            for one in operation.get("parameters", [])
        ]
        assert set(params) <= {one["name"] for one in listed if one["in"] == "query"}, (method, path)


def test_prism_refuses_what_is_not_agreed(prism, questions):
    """Otherwise its approval would mean nothing."""
    reply = next(one for one in questions if one.method == "POST")
    search = next(one for one in questions if "search" in one.path)
    assert asked_again(prism, reply, content=b'{"text": "a", "reply": {"to": "1"}}').status_code == 422
    assert asked_again(prism, search, params={"max_results": "10"}).status_code == 422
    assert asked_again(prism, search, params={**search.params, "max_results": "5000"}).status_code == 422
    assert asked_again(prism, search, headers={}).status_code == 401


def test_what_prism_answers_can_be_read(prism):
    made = X(XSettings(account=ACCOUNT, token=TOKEN, words=("dr martin",)), api=prism.url)
    with Client() as client:
        pages = list(made.fetch(CURSOR, client))
        made.hide(Answered("20"), client)
        made.show(Answered("20"), client)
    assert len(pages) >= 2


class Hurried(X):
    """Sends what Prism needs to answer with an error."""

    prefer = ""

    def _headers(self, *asked):
        return {**super()._headers(*asked), "Prefer": self.prefer}


@pytest.mark.parametrize(
    ("prefer", "raised"),
    [("code=429", Throttled), ("code=401", CredentialsRefused), ("code=404", NetworkRefused)],
)
def test_errors_are_told_apart(prism, prefer, raised):
    made = Hurried(XSettings(account=ACCOUNT, token=TOKEN), api=prism.url)
    made.prefer = prefer
    with Client() as client, pytest.raises(raised):
        list(made.fetch(CURSOR, client))


def test_a_frozen_server_and_none_are_not_reached(prism, monkeypatch):
    made = X(XSettings(account=ACCOUNT, token=TOKEN), api=prism.url)
    with prism.frozen(), Client(seconds=0.5) as client, pytest.raises(NotReached):
        list(made.fetch(CURSOR, client))
    monkeypatch.setenv(INTERNAL_HOSTS, "127.0.0.1:9")
    nobody = X(XSettings(account=ACCOUNT, token=TOKEN), api="http://127.0.0.1:9")
    with Client() as client, pytest.raises(NotReached):
        list(nobody.fetch(CURSOR, client))
