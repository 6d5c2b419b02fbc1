"""Every endpoint of the API, with what it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.desk.addresses import belongings
from tests.desk.api.conftest import BASE, Program
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.api.schema import api, operations, scope_of
from veilleur.desk.inbox.models import MentionRow
from veilleur.desk.sources.models import Source

WHY = "A complaint is filed."
WATCH = {"name": "Autre", "query": "attente"}
BODIES: dict[str, dict[str, Any]] = {
    "add_view": {"name": "Vue", "query": "q=attente"},
    "add_watch": WATCH,
    "add_word_list": {"name": "mots", "words": "un\ndeux"},
    "assign": {"to": None},
    "change_retention": {"gone_days": 30, "any_days": None},
    "change_view": {"name": "Vue", "query": ""},
    "change_watch": WATCH,
    "change_word_list": {"name": "rivaux", "words": "trois"},
    "check_text": {"text": "Merci de votre avis."},
    "close": {"outcome": "nothing"},
    "correct": {"analyzer": "sentiment", "label": "pos"},
    "decide_safety": {"outcome": "not_case", "reason": WHY},
    "draft_reply": {},
    "erase_author": {"author": "auteur-1", "reason": WHY},
    "flag": {"ground": "insult"},
    "hide": {},
    "hold": {"reason": WHY},
    "judge_text": {"text": "Merci."},
    "note": {"text": "Vu."},
    "override_breach": {"rule": "S-01-CONFIRM", "reason": WHY},
    "preview_watch": {"query": "attente"},
    "publish_reply": {"url": ""},
    "remove": {"ground": "insult"},
    "return_reply": {"reason": WHY},
    "show": {},
    "snooze": {"until": "2030-01-01T00:00:00Z"},
    "try_retention": {"gone_days": 0, "any_days": 1},
    "write_reply": {"text": "Merci."},
}
"""A body for each endpoint that takes one, so that only what is tested can stop it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint."""

    name: str
    method: str
    template: str
    scope: str

    @property
    def has_object(self) -> bool:
        return "{" in self.template

    def call(self, program: Program, values: Mapping[str, Any]) -> Any:
        """A call that makes sense, about the objects of `values`."""
        path = self.template.format(**values).removeprefix(BASE)
        version = 1 if self.method == "post" else None
        return program.call(self.method.upper(), path, BODIES.get(self.name), version)


def endpoints() -> list[Endpoint]:
    """All of them, as the OpenAPI document names them."""
    scopes = {operation.view_func.__name__: scope_of(operation) for operation in operations(api)}
    return [
        Endpoint(described["operationId"], method, path, scopes[described["operationId"]])
        for path, methods in document()["paths"].items()
        for method, described in methods.items()
    ]


@cache
def document() -> dict[str, Any]:
    return api.get_openapi_schema(path_prefix=BASE.lstrip("/") + "/")


def objects(organisation: Organisation, make_mention: Callable[..., MentionRow]) -> dict[str, Any]:
    """One object of each kind, by the name of the parameter that speaks of it."""
    held = belongings(organisation, make_mention)
    source = Source.objects.get(organisation=organisation, connector="webhook")
    message = MentionRow.objects.get(organisation=organisation).pk
    return {**held, "message": message, "hold_id": held["hold"], "source": source.key}
