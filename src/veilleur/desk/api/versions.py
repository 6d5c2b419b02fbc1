"""Versions as entity tags: what somebody saw comes back in `If-Match`."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse

from veilleur.desk.api.problems import Refused

_TAG = re.compile(r'"(\d{1,9})"')
HEADER: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": 'The `ETag` of what you saw, for instance `"3"`.',
    "schema": {"type": "string", "pattern": r'^"[0-9]{1,9}"$'},
}
GUARDED: dict[str, Any] = {"parameters": [HEADER]}
"""`openapi_extra` of an endpoint that calls `version_of`."""


def version_of(request: HttpRequest) -> int:
    """The version that the caller saw; what is no tag of ours matches nothing."""
    said = request.headers.get("If-Match")
    if said is None:
        raise Refused("version-missing")
    found = _TAG.fullmatch(said.strip())
    if found is None:
        raise Refused("outdated", 'If-Match takes one strong tag, as in "3".')
    return int(found.group(1))


def tag(response: HttpResponse, version: int) -> None:
    """Tells the version of what is answered."""
    response["ETag"] = f'"{version}"'
