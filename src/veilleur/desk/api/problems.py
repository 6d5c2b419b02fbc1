"""What the API refuses, as RFC 9457 has it: a stable `type`, English words, the field at fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

from veilleur.errors import ActRefused, InvalidInput, Outdated

MEDIA_TYPE = "application/problem+json"
SPACE = "urn:veilleur:problem:"
PREFIX = "/api/"
KINDS: dict[str, tuple[HTTPStatus, str]] = {
    "malformed": (HTTPStatus.BAD_REQUEST, "The request cannot be read."),
    "unauthenticated": (HTTPStatus.UNAUTHORIZED, "No token, or one that does not hold."),
    "forbidden": (HTTPStatus.FORBIDDEN, "The token, or its maker, may not do this."),
    "not-found": (HTTPStatus.NOT_FOUND, "There is no such thing in this organisation."),
    "method-not-allowed": (HTTPStatus.METHOD_NOT_ALLOWED, "This address does not take this method."),
    "refused": (HTTPStatus.CONFLICT, "This is not possible as things stand."),
    "outdated": (HTTPStatus.PRECONDITION_FAILED, "Somebody changed it meanwhile: read it again."),
    "too-large": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."),
    "invalid": (HTTPStatus.UNPROCESSABLE_ENTITY, "Something in the request is wrong."),
    "key-reused": (HTTPStatus.UNPROCESSABLE_ENTITY, "This Idempotency-Key was used for something else."),
    "version-missing": (HTTPStatus.PRECONDITION_REQUIRED, "Say which version you saw, with If-Match."),
    "throttled": (HTTPStatus.TOO_MANY_REQUESTS, "Too many calls: wait."),
    "failed": (HTTPStatus.INTERNAL_SERVER_ERROR, "The desk is at fault."),
}
"""Kind → status and title. A `type` is `urn:veilleur:problem:<kind>`."""
OF_STATUS = {status: kind for kind, (status, _title) in reversed(KINDS.items())}


class FieldProblem(Schema):
    """What is wrong with one field."""

    field: str = Field(description="Its name; `a.b` for what lies deeper, empty for the request as a whole.")
    message: str


class Problem(Schema):
    """Why a call was refused."""

    type: str = Field(description="Stable: decide by it.", examples=["urn:veilleur:problem:outdated"])
    title: str
    status: int
    detail: str = ""
    errors: list[FieldProblem] = Field(default=[], description="With `invalid`: field by field.")


class Refused(Exception):
    """A call is answered with a problem."""

    def __init__(
        self,
        kind: str,
        detail: str = "",
        errors: list[FieldProblem] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.errors, self.headers = kind, detail, errors or [], headers


def problem(
    kind: str,
    detail: str = "",
    errors: list[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The answer that says why."""
    status, title = KINDS[kind]
    told = Problem(type=SPACE + kind, title=title, status=status, detail=detail, errors=errors or [])
    return JsonResponse(
        told.model_dump(exclude_defaults=True), status=status, content_type=MEDIA_TYPE, headers=headers
    )


def invalid(field: str, message: str) -> Refused:
    """One field is wrong."""
    return Refused("invalid", message, [FieldProblem(field=field, message=message)])


def require_valid(form: BaseForm) -> None:
    """Raises what a form found wrong, field by field."""
    if form.is_valid():
        return
    errors = [
        FieldProblem(field="" if name == "__all__" else name, message=str(message))
        for name, messages in form.errors.items()
        for message in messages
    ]
    raise Refused("invalid", " ".join(error.message for error in errors), errors)


def handle(api: NinjaAPI) -> None:
    """Teaches an API to say what goes wrong as problems."""
    told: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        Refused: lambda _r, e: problem(e.kind, e.detail, e.errors, e.headers),
        AuthenticationError: lambda _r, _e: unauthenticated(),
        PermissionDenied: lambda _r, e: problem("forbidden", str(e)),
        Http404: lambda _r, _e: problem("not-found"),
        Outdated: _outdated,
        ActRefused: lambda _r, e: problem("refused", str(e)),
        InvalidInput: lambda _r, e: problem("refused", str(e)),
        ValidationError: _invalid,
        HttpError: lambda _r, e: problem(OF_STATUS.get(HTTPStatus(e.status_code), "failed"), str(e)),
    }
    for kind, handler in told.items():
        api.add_exception_handler(kind, handler)


def unauthenticated() -> HttpResponse:
    """Nobody known is calling."""
    return problem("unauthenticated", headers={"WWW-Authenticate": 'Bearer realm="Veilleur"'})


def _outdated(request: HttpRequest, error: Outdated) -> HttpResponse:
    """412 to who said which version they saw; a conflict to who could not."""
    return problem("outdated" if "If-Match" in request.headers else "refused", str(error))


def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        FieldProblem(field=".".join(map(str, _inner(one["loc"]))), message=one["msg"]) for one in error.errors
    ]
    return problem("invalid", "; ".join(f"{one.field}: {one.message}" for one in errors), errors)


def _inner(where: tuple[Any, ...]) -> tuple[Any, ...]:
    """The way to a field without where it was sent and what the endpoint calls it."""
    return where[2:] if where[0] == "body" else where[1:]


class ProblemMiddleware:
    """What Django itself refuses under `/api/` (no such address, no such method…) is a problem, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, in the form that programs expect."""
        response = self.get_response(request)
        is_refused = response.status_code >= HTTPStatus.BAD_REQUEST
        if not (is_refused and request.path_info.startswith(PREFIX)):
            return response
        if response.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
            return response
        kept = {"Allow": response["Allow"]} if "Allow" in response.headers else None
        return problem(OF_STATUS.get(HTTPStatus(response.status_code), "failed"), headers=kept)
