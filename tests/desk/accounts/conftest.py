"""What the tests of people share."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Callable

import pytest
from django.test import Client

from veilleur.desk.accounts.actions import admit
from veilleur.desk.accounts.models import AuditLine, Organisation, Role, User

PASSWORD = "a long enough one"


def code_of(secret: str, at: float | None = None) -> str:
    """What an application of codes shows for a secret (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time() if at is None else at) // 30)
    mac = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = mac[-1] & 15
    return f"{(int.from_bytes(mac[offset : offset + 4]) & 0x7FFFFFFF) % 10**6:06d}"


@pytest.fixture
def acts() -> Callable[[Organisation], list[str]]:
    """The acts in the trail of an organisation, in order."""
    return lambda organisation: list(
        AuditLine.objects.filter(organisation=organisation).order_by("number").values_list("act", flat=True)
    )


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    """A browser in which a person signed in through the door."""

    def open_one(user: User, **headers: str) -> Client:
        client = Client(**headers)
        answer = client.post("/login/", {"login": user.email, "password": PASSWORD})
        assert answer.status_code == 302
        return client

    return open_one


@pytest.fixture
def observer(organisation_a: Organisation) -> User:
    """Sees the figures of A and nothing else."""
    return admit(organisation_a, "ordre@example.org", "Ordre", Role.OBSERVER, password=PASSWORD, by="tests")
