"""Programs of A and of B, each with a token."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.api.tokens import make_token

BASE = "/api/v1"


@dataclass
class Program:
    """A program that shows a token with each call."""

    token: str = ""
    client: Client = field(default_factory=Client)

    def call(
        self, method: str, path: str, body: Any = None, version: int | None = None, key: str = ""
    ) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        if key:
            headers["Idempotency-Key"] = key
        content = b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, BASE + path, content, "application/json", headers=headers)

    def get(self, path: str, **query: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.client.get(BASE + path, query, headers=headers)

    def post(self, path: str, body: Any = None, version: int | None = None, key: str = "") -> Any:
        return self.call("POST", path, body, version, key)


@pytest.fixture(autouse=True)
def _nobody_called_yet() -> None:
    cache.clear()


@pytest.fixture
def program() -> Callable[..., Program]:
    """`program(place, *scopes)`: all that the person may, when no scope is named."""

    def make(place: Workplace, *scopes: May) -> Program:
        wanted = scopes or tuple(may for may in May if place.allows(may))
        _token, text = make_token(place, name="tests", scopes=wanted, expires_at=None, now=timezone.now())
        return Program(text)

    return make


@pytest.fixture
def program_a(program: Callable[..., Program], place_a: Workplace) -> Program:
    """Acts in Alice's name, with all she may."""
    return program(place_a)


@pytest.fixture
def program_b(program: Callable[..., Program], place_b: Workplace) -> Program:
    """Acts in Bob's name."""
    return program(place_b)
