"""Schemathesis drives the whole OpenAPI with a token: no 5xx, nothing that is not documented."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode, Response
from schemathesis.specs.openapi import checks

from tests.desk.api.conftest import Program
from tests.desk.api.endpoints import Endpoint, document, endpoints, objects
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.models import MentionRow

EXAMPLES = 6
MODES = {"tame": GenerationMode.POSITIVE, "wild": GenerationMode.NEGATIVE}
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


@pytest.fixture
def of_a(organisation_a: Organisation, make_mention: Callable[..., MentionRow]) -> dict[str, Any]:
    """The belongings of A."""
    return objects(organisation_a, make_mention)


def alone(endpoint: Endpoint, values: dict[str, Any]) -> dict[str, Any]:
    """The document of one endpoint, which speaks of what exists."""
    whole = deepcopy(document())
    described = whole["paths"][endpoint.template][endpoint.method]
    for parameter in described["parameters"]:
        if parameter["in"] == "path":
            parameter["schema"] = {"enum": [values[parameter["name"]]]}
    return {**whole, "paths": {endpoint.template: {endpoint.method: described}}}


def send(program: Program, case: Case) -> Response:
    """What Schemathesis drew, as a program would send it; an error inside the desk is raised here."""
    headers = {name: str(value) for name, value in (case.headers or {}).items() if _may_be_sent(name, value)}
    body = case.body if isinstance(case.body, bytes) else _json(case.body)
    query = urlencode(case.query or {}, doseq=True, errors="replace")
    answer = program.client.generic(
        case.method,
        case.formatted_path,
        body,
        "application/json",
        QUERY_STRING=query,
        headers={**headers, "Authorization": f"Bearer {program.token}"},
    )
    request = requests.Request(case.method, f"http://testserver{case.formatted_path}").prepare()
    told = {name: [value] for name, value in answer.headers.items()}
    return Response(answer.status_code, told, answer.content, request, 0.1, verify=False)


def _json(body: Any) -> bytes:
    return b"" if body is schemathesis.core.NOT_SET else json.dumps(body).encode()


def _may_be_sent(name: str, value: Any) -> bool:
    """Whether a server would let it through to the desk."""
    return name.isascii() and str(value).isascii() and str(value).isprintable()


@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
@pytest.mark.parametrize("endpoint", endpoints(), ids=lambda endpoint: endpoint.name)
def test_every_answer_is_documented(
    endpoint: Endpoint, mode: GenerationMode, of_a: dict[str, Any], program_a: Program, settings: Any
) -> None:
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    settings.API_RATE = 10_000
    drive(endpoint, mode, of_a, program_a)


def drive(endpoint: Endpoint, mode: GenerationMode, of_a: dict[str, Any], program: Program) -> None:
    schema = schemathesis.openapi.from_dict(alone(endpoint, of_a))
    operation = schema[endpoint.template][endpoint.method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        response = send(program, case)
        if case.method.lower() == endpoint.method:
            case.validate_response(response, checks=CHECKS)
        assert response.status_code < 500

    ask()


def test_the_document_is_open_and_says_how_to_sign_in(client: Client) -> None:
    told = client.get("/api/v1/openapi.json").json()
    assert told["components"]["securitySchemes"]["Token"] == {"type": "http", "scheme": "bearer"}
    for methods in told["paths"].values():
        for described in methods.values():
            assert described["security"][0]["Token"]
            assert {"401", "403", "429"} <= set(described["responses"])
