"""The log tells what happened, and nothing about anybody: secrets are fed everywhere and looked for in it."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError
from django.test import Client

from veilleur.desk.accounts import views
from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.upkeep.logs import Discreet, JsonLines, Lines, discreet
from veilleur.errors import RowRefused

SECRETS = {
    "address": "jeanne.martin@example.org",
    "words": "J’ai pris du levothyrox",
    "plain words": "palpitations",
    "token": "EAAGm0PX4ZCpsBAKZC8wq2ZAZB7k2",
    "telephone": "06 12 34 56 78",
    "number": "2850578006084",
    "password": "correct horse battery",
}


@pytest.fixture(params=[JsonLines, Lines])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the console of the desk gets, from every logger, at the most talkative level there is."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Discreet())
    handler.setFormatter(request.param())
    root, loggers = (
        logging.getLogger(),
        [logging.getLogger(name) for name in ("veilleur", "django", "django.request")],
    )
    before = [root.level, *(one.level for one in loggers)]
    root.addHandler(handler)
    for one in (root, *loggers):
        one.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    for one, level in zip((root, *loggers), before, strict=True):
        one.setLevel(level)


def nothing_of(said: str, *also: str) -> None:
    assert [name for name, secret in SECRETS.items() if secret in said] == []
    assert [secret for secret in also if secret in said] == []


def test_a_request_says_view_status_time_and_no_more(client: Client, written: io.StringIO, db: None) -> None:
    client.get(
        "/login/",
        SECRETS,
        headers={
            "authorization": f"Bearer {SECRETS['token']}",
            "referer": f"https://x.org/?q={SECRETS['words']}",
        },
    )
    client.post("/login/", {"login": SECRETS["address"], "password": SECRETS["password"]})
    client.get(f"/hooks/{SECRETS['token']}/")
    client.get(f"/o/clinique/{SECRETS['address']}/")
    client.get("/login/", headers={"host": SECRETS["address"]})
    said = written.getvalue()
    nothing_of(said)
    assert "account_login" in said
    assert said.count("answered") == 5
    if said.startswith("{"):
        first = json.loads(said.splitlines()[0])
        assert {
            "at",
            "level",
            "logger",
            "message",
            "request",
            "view",
            "method",
            "status",
            "ms",
        } <= first.keys()
        assert "user" not in first


def test_a_person_is_a_name_that_only_the_installation_tells_apart(
    client_a: Client, client_b: Client, alice: User, written: io.StringIO, organisation_a: Organisation
) -> None:
    for _time in range(2):
        client_a.get(f"/o/{organisation_a.slug}/inbox/", {"q": SECRETS["words"]})
    client_b.get("/preferences/")
    said = written.getvalue()
    nothing_of(said, alice.email, alice.name)
    users = [part for line in said.splitlines() for part in [_user(line)] if part]
    assert len(users) == 3
    assert len(set(users)) == 2
    assert len(users[0]) == 12


def _user(line: str) -> str:
    if line.startswith("{"):
        return str(json.loads(line).get("user", ""))
    return line.rpartition("user=")[2] if "user=" in line else ""


def quoting() -> None:
    raise RowRefused(3, "text", "bad", SECRETS["words"])


def broken(*_arguments: Any, **_named: Any) -> None:
    try:
        quoting()
    except RowRefused as error:
        raise IntegrityError(f"Key (email)=({SECRETS['address']}) already exists") from error


def test_what_breaks_leaves_its_place_and_not_its_words(
    client_a: Client, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "render", broken)
    client_a.raise_request_exception = False
    answer = client_a.get("/preferences/", {"q": SECRETS["words"], "a": SECRETS["address"]})
    assert answer.status_code == 500
    said = written.getvalue()
    nothing_of(said)
    assert "IntegrityError" in said
    assert "RowRefused" in said
    assert "test_logs.py" in said
    assert f"{answer['X-Request-ID']}" in said


@pytest.mark.parametrize("given", ["0f8fad5b-d9cb-469f-a165-70867728950e", "deadbeef00"])
def test_an_id_of_the_reverse_proxy_is_kept(client: Client, given: str, db: None) -> None:
    assert client.get("/login/", headers={"x-request-id": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", SECRETS["address"], "a\tb", "x" * 100, SECRETS["token"]])
def test_any_other_id_is_not(client: Client, given: str, db: None) -> None:
    drawn = client.get("/login/", headers={"x-request-id": given})["X-Request-ID"]
    assert drawn != given
    assert len(drawn) == 16


def test_messages_of_the_house_and_of_libraries_are_looked_through(written: io.StringIO) -> None:
    log = logging.getLogger("veilleur.test")
    log.warning("source %d: %s", 7, RowRefused(3, "text", "bad", SECRETS["words"]))
    log.warning(ValueError(SECRETS["words"]))
    log.error("POST https://user:secret@graph.example.org/v1/me?access_token=%s&fields=id", SECRETS["token"])
    log.info("token %s of %s", SECRETS["token"], SECRETS["address"])
    log.info("call %s or %s", SECRETS["telephone"], SECRETS["number"])
    try:
        quoting()
    except RowRefused:
        log.exception("stopped", extra={"user": "abc"})
    said = written.getvalue()
    nothing_of(said, "user:secret")
    assert "source 7: RowRefused" in said
    assert "ValueError" in said
    assert said.count("\n") >= 6


@pytest.mark.parametrize(
    "text",
    [
        "importing 12000 rows took 35.5 s",
        "job veilleur.desk.inbox.jobs.import_file done",
        "403 in account_login",
        "2026-11-23",
    ],
)
def test_what_is_about_nobody_stays(text: str) -> None:
    assert discreet(text) == text


def test_the_desk_logs_through_it_and_nowhere_else() -> None:
    told = django_settings.LOGGING
    assert [one["filters"] for one in told["handlers"].values()] == [["discreet"]]
    assert {name for name, one in told["loggers"].items() if one.get("handlers")} == set()
    assert not logging.getLogger("django").handlers
    assert not logging.getLogger("django.server").handlers
    assert sys.modules["httpx"] is None or logging.getLogger("httpx").level == logging.WARNING
