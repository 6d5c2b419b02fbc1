"""The API as a whole: its endpoints, and the OpenAPI that describes them to the last status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from veilleur.desk.api.door import LONGEST_KEY, Token, door
from veilleur.desk.api.problems import KINDS, MEDIA_TYPE, Problem, handle
from veilleur.desk.api.v1 import acts, keeping, listening, networks, places, replies, tickets

DESCRIPTION = """\
Everything the desk does, for programs. A token belongs to one organisation and acts in the name of the person
who made it, with no more rights than that person has now.
"""
ALWAYS = ("unauthenticated", "forbidden", "throttled")
IDEMPOTENCY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Chosen by you: the same key within 24 hours gives the same answer and acts once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}
RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
TAG = {"ETag": {"description": "The version of what is answered.", "schema": {"type": "string"}}}


class Api(NinjaAPI):
    """Describes what holds for every endpoint, once."""

    def get_openapi_schema(self, **asked: Any) -> OpenAPISchema:
        """The OpenAPI document; every status that an endpoint may answer stands in it."""
        document = super().get_openapi_schema(**asked)
        found = {operation.view_func.__name__: operation for operation in operations(self)}
        document["components"]["schemas"]["Problem"] = _problem_schema(document)
        for methods in document["paths"].values():
            for method, described in methods.items():
                _complete(method, described, found[described["operationId"]])
        return document

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of its function."""
        return operation.view_func.__name__


def operations(api: NinjaAPI) -> list[Operation]:
    """Every endpoint."""
    return [
        operation
        for bound in api._get_bound_routers()  # noqa: SLF001 - ninja offers no other way
        for view in bound.path_operations.values()
        for operation in view.operations
    ]


def scope_of(operation: Operation) -> str:
    """The scope that an endpoint asks for."""
    return next(one.may.value for one in operation.auth_callbacks if isinstance(one, Token))


def _problem_schema(document: OpenAPISchema) -> dict[str, Any]:
    described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"].update(described.pop("$defs"))
    return described


def _complete(method: str, described: dict[str, Any], operation: Operation) -> None:
    described["security"] = [{"Token": [scope_of(operation)]}]
    described["description"] = (
        f"{described.get('description', '')}\n\nScope: `{scope_of(operation)}`.".strip()
    )
    parameters = described.setdefault("parameters", [])
    if method == "post":
        parameters.append(IDEMPOTENCY)
    is_guarded = any(one["name"] == "If-Match" for one in parameters)
    if is_guarded:
        described["responses"][200]["headers"] = TAG
    for kind in _kinds(method, parameters, is_guarded=is_guarded, takes_body="requestBody" in described):
        status, title = KINDS[kind]
        told = described["responses"].setdefault(int(status), _refusal(status))
        told["description"] = f"{told['description']} `{kind}`: {title}".strip()


def _kinds(method: str, parameters: list[dict[str, Any]], *, is_guarded: bool, takes_body: bool) -> list[str]:
    kinds = [*ALWAYS]
    if any(one["in"] == "path" for one in parameters) or method != "get":
        kinds.append("not-found")
    if any(one["in"] == "query" for one in parameters) or takes_body:
        kinds.append("invalid")
    if method != "get":
        kinds += ["malformed", "refused"]
    if method == "post":
        kinds.append("key-reused")
    if takes_body:
        kinds.append("too-large")
    if is_guarded:
        kinds += ["outdated", "version-missing"]
    return kinds


def _refusal(status: HTTPStatus) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    told: dict[str, Any] = {"description": "", "content": content}
    return told | {"headers": RETRY} if status == HTTPStatus.TOO_MANY_REQUESTS else told


def made() -> Api:
    """The API with all its endpoints."""
    built = Api(title="Veilleur", version="1", description=DESCRIPTION, urls_namespace="v1", docs_url=None)
    built.add_decorator(door, mode="view")
    handle(built)
    for part in (places, tickets, acts, replies, networks, listening, keeping):
        built.add_router("", part.router)
    return built


api = made()
