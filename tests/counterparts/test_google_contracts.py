"""YouTube and Places: every request is held against the discovery documents that Google publishes.

These documents come inside google-api-python-client. The requests of a whole story are recorded on networks
that behave; of each, method, path, parameters, field mask and body must be as the document has them.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from tests.fake_api import Question, serving
from tests.fake_places import KEY as PLACES_KEY
from tests.fake_places import PLACE, FakePlaces
from tests.fake_youtube import CHANNEL, KEY, OAUTH, VIDEO, FakeYouTube
from veilleur.listening.client import INTERNAL_HOSTS, Client
from veilleur.listening.connectors import places, youtube
from veilleur.listening.connectors.places import Places, PlacesSettings
from veilleur.listening.connectors.youtube import YouTube, YouTubeSettings
from veilleur.testing import check_connector

KINDS = {
    "string": str,
    "object": dict,
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


def document(name: str) -> dict[str, Any]:
    inside = files("googleapiclient") / "discovery_cache" / "documents" / f"{name}.json"
    return json.loads(inside.read_text(encoding="utf-8"))


def methods(told: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(told.get("methods", {}).values())
    return found + [one for inner in told.get("resources", {}).values() for one in methods(inner)]


def fault(contract: dict[str, Any], question: Question) -> str:
    """What is wrong with a request; empty when it is as agreed."""
    for method in methods(contract):
        path = re.sub(r"\\\{[^}]*\\\}", "([^/]+)", re.escape(f"/{method['flatPath']}"))
        if method["httpMethod"] == question.method and re.fullmatch(path, question.path):
            return _parameters_fault(contract, method, question) or _body_fault(contract, method, question)
    return f"no method {question.method} {question.path}"


def _parameters_fault(contract: dict[str, Any], method: dict[str, Any], question: Question) -> str:
    known = {name: one for name, one in method["parameters"].items() if one["location"] == "query"}
    for name, value in question.params.items():
        if name not in known | contract["parameters"]:
            return f"{method['id']} has no parameter {name}"
        for one in value.split(",") if known[name].get("repeated") else [value]:
            if wrong := _value_fault(known[name], one):
                return f"{name}={one}: {wrong}"
    missing = [name for name, one in known.items() if one.get("required") and name not in question.params]
    return f"missing {missing}" if missing else ""


def _value_fault(parameter: dict[str, Any], value: str) -> str:
    if "enum" in parameter and value not in parameter["enum"]:
        return "none of the enumeration"
    if parameter["type"] == "integer":
        low, high = int(parameter.get("minimum", 0)), int(parameter.get("maximum", 10**9))
        return "" if value.isdigit() and low <= int(value) <= high else "out of bounds"
    return "no boolean" if parameter["type"] == "boolean" and value not in {"true", "false"} else ""


def _body_fault(contract: dict[str, Any], method: dict[str, Any], question: Question) -> str:
    if "request" not in method:
        return "a body that is not agreed" if question.raw else ""
    return _shape_fault(contract, contract["schemas"][method["request"]["$ref"]], question.body, "body")


def _shape_fault(contract: dict[str, Any], schema: dict[str, Any], given: Any, where: str) -> str:
    schema = contract["schemas"][schema["$ref"]] if "$ref" in schema else schema
    if not isinstance(given, KINDS[schema["type"]]):
        return f"{where} is no {schema['type']}"
    if isinstance(given, dict):
        for name, value in given.items():
            if name not in schema["properties"]:
                return f"{where} has no {name}"
            if wrong := _shape_fault(contract, schema["properties"][name], value, f"{where}.{name}"):
                return wrong
    return ""


def mask_fault(contract: dict[str, Any], schema: str, mask: str) -> str:
    """The first path of a field mask that the schema does not have."""
    for path in mask.split(","):
        at = contract["schemas"][schema]
        for part in path.split("."):
            at = contract["schemas"][at["$ref"]] if "$ref" in at else at
            if part not in at.get("properties", {}):
                return path
            at = at["properties"][part]
    return ""


@pytest.fixture
def tube(monkeypatch):
    with serving(FakeYouTube(page=3)) as running:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        yield running


@pytest.fixture
def google(monkeypatch):
    with serving(FakePlaces()) as running:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        yield running


def test_youtube_is_asked_as_its_document_has_it(tube):
    contract = document("youtube.v3")
    assert contract["rootUrl"].rstrip("/") == youtube.API
    made = YouTube(YouTubeSettings(channel=CHANNEL, **OAUTH), api=tube.url, tokens=f"{tube.url}/token")
    top = tube.say("Un fil")
    for number in range(9):
        tube.write(f"Réponse {number}", parent=top)
    check_connector(made, tube)
    with Client() as client:
        YouTube(YouTubeSettings(videos=(VIDEO,), key=KEY), api=tube.url).check(client)
        list(YouTube(YouTubeSettings(videos=(VIDEO,), key=KEY), api=tube.url).fetch("", client))
    asked = [one for one in tube.questions if one.path != "/token"]
    assert [fault(contract, one) for one in asked if fault(contract, one)] == []
    assert {(one.method, one.path.removeprefix("/youtube/v3/")) for one in asked} == {
        ("GET", "commentThreads"),
        ("GET", "comments"),
        ("GET", "channels"),
        ("POST", "comments"),
        ("POST", "comments/setModerationStatus"),
    }
    for one in asked:
        assert all(part in {"id", "snippet", "replies"} for part in one.params.get("part", "id").split(","))
        assert KEY not in repr(one.params)


def test_places_is_asked_as_its_document_has_it(google):
    contract = document("places.v1")
    assert contract["rootUrl"].rstrip("/") == places.API
    made = Places(PlacesSettings(key=PLACES_KEY, places=(PLACE,)), api=google.url)
    google.say("Bien")
    check_connector(made, google)
    assert [fault(contract, one) for one in google.questions if fault(contract, one)] == []
    masks = {one.headers["X-Goog-FieldMask"] for one in google.questions}
    assert masks == {places.MASK, places.CHECK_MASK}
    for mask in masks:
        assert mask_fault(contract, "GoogleMapsPlacesV1Place", mask) == ""


def test_the_shapes_of_the_stand_ins_are_those_of_the_documents(tube, google):
    top = tube.say("Un fil")
    tube.write("Une réponse", parent=top)
    google.say("Bien")
    contract = document("youtube.v3")
    thread = tube._thread(tube.comments[top])
    assert _shape_fault(contract, contract["schemas"]["CommentThread"], thread, "thread") == ""
    contract = document("places.v1")
    for review in google.reviews[PLACE]:
        schema = contract["schemas"]["GoogleMapsPlacesV1Review"]
        assert _shape_fault(contract, schema, review, "review") == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PUT"},
        {"path": "/youtube/v3/commentThread"},
        {"params": {"part": "snippet", "invented": "1"}},
        {"params": {}},
        {"params": {"part": "snippet", "maxResults": "101"}},
        {"params": {"part": "snippet", "order": "newest"}},
        {"raw": b'{"a": 1}'},
    ],
)
def test_what_is_not_agreed_is_noticed(changed):
    """Otherwise the approval above would mean nothing."""
    told = {"method": "GET", "path": "/youtube/v3/commentThreads", "params": {"part": "snippet"}}
    question = Question(**{**told, "headers": {}, "raw": b"", **changed})
    assert fault(document("youtube.v3"), question)
    assert mask_fault(document("places.v1"), "GoogleMapsPlacesV1Place", "displayName,review") == "review"


def test_a_body_that_is_not_agreed_is_noticed():
    asked = {"method": "POST", "path": "/youtube/v3/comments", "params": {"part": "snippet"}, "headers": {}}
    contract = document("youtube.v3")
    for body in ({"snippet": {"parent": "1"}}, {"snippet": []}, {"text": "a"}, []):
        assert fault(contract, Question(**asked, raw=json.dumps(body).encode()))
    assert fault(contract, Question(**asked, raw=b'{"snippet": {"parentId": "1"}}')) == ""
