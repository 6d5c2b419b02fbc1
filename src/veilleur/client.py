"""A desk, asked by a program: `with Desk(url, token) as desk: for ticket in desk.tickets(): …`.

Every question is tried again when that is harmless: what only reads, and what changes under a key that makes
it happen once (`Idempotency-Key`). What is refused is raised in the words of the house (`veilleur.errors`).
It knows nothing of the desk but docs/reference/api.md.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict

from veilleur.errors import (
    ActRefused,
    CredentialsRefused,
    FieldsInvalid,
    InvalidInput,
    NetworkRefused,
    NotReached,
    Outdated,
    Throttled,
    VeilleurError,
)

SECONDS = 30.0
ATTEMPTS = 4
PAUSE = 0.5
"""Seconds before the second attempt; doubled before each further one, with a random half added."""
LONGEST_WAIT = 60.0
"""Seconds: who is asked to wait longer is told so (`Throttled`)."""
PAGE = 100
AGAIN = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})

Json = Any
Told = TypeVar("Told", bound="Noun")


class Noun(BaseModel):
    """Something that the desk tells; what a newer desk tells beside it is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Person(Noun):
    """Somebody who works there."""

    id: int
    name: str


class Organisation(Noun):
    """Where the token works, in whose name, with which rights."""

    slug: str
    name: str
    language: str
    time_zone: str
    you: Person
    scopes: tuple[str, ...]


class Rating(Noun):
    """A rating on its own scale."""

    value: float
    worst: float
    best: float


class Message(Noun):
    """One public message."""

    id: int
    source: str
    network: str
    place: str
    title: str
    text: str
    author: str
    url: str
    published_at: datetime | None
    rating: Rating | None
    is_redacted: bool


class Finding(Noun):
    """One thing that was read in a message."""

    analyzer: str
    label: str
    score: float
    because: str
    grounds: tuple[str, ...]


class Reading(Message):
    """A message with what was read in it."""

    ticket: int
    findings: tuple[Finding, ...]


class Why(Noun):
    """Why a ticket stands where it does."""

    rule: str
    sentence: str


class Ticket(Noun):
    """The work that one message asks for."""

    id: int
    version: int
    status: str
    outcome: str
    queue: str
    priority: str
    due_at: datetime | None
    reasons: tuple[Why, ...]
    assignee: Person | None
    sentiment: str
    language: str
    message: Message


class Other(Noun):
    """Another message of the same conversation."""

    ticket: int
    message: Message


class Note(Noun):
    """What colleagues told each other."""

    id: int
    author: str
    at: datetime
    text: str


class WholeTicket(Ticket):
    """A ticket with its conversation, its notes and its reading."""

    reading: Reading
    conversation: tuple[Other, ...]
    notes: tuple[Note, ...]


class Done(Noun):
    """What an act changed."""

    decision: int | None
    act: str
    ticket: int
    version: int
    status: str


class Breach(Noun):
    """One rule that a text breaks."""

    rule: str
    severity: str
    words: str
    message: str
    advice: str
    missing: int


class Judgement(Noun):
    """What the rules say of a text."""

    verdict: str
    may_leave: bool
    needs_second_reader: bool
    needs_safety_decision: bool
    breaches: tuple[Breach, ...]
    length: str


class Reply(Noun):
    """One reply, as it stands."""

    id: int
    version: int
    ticket: int
    state: str
    text: str
    language: str
    url: str
    failure: str


class Answering(Noun):
    """The reply under way to one message, and what the rules say of it."""

    ticket: int
    reply: Reply | None
    judgement: Judgement
    can_leave: bool
    by_hand: bool
    proposal: str


class Desk:
    """One organisation of a desk, as its token sees it; used in a `with` block."""

    def __init__(self, url: str, token: str, *, seconds: float = SECONDS, attempts: int = ATTEMPTS) -> None:
        """`url`: of the desk, such as `https://desk.example.org`; `attempts`: of each question."""
        self.attempts = attempts
        self._client = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1",
            timeout=seconds,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_connection()

    def close_connection(self) -> None:
        """Closes what is open."""
        self._client.close()

    def organisation(self) -> Organisation:
        """Where the token works."""
        return Organisation.model_validate(self.ask("GET", "/organisation"))

    def members(self) -> list[Person]:
        """Who works there."""
        return [Person.model_validate(one) for one in self.ask("GET", "/members")]

    def tickets(self, **filters: str | int | bool) -> Iterator[Ticket]:
        """Tickets, newest first, page after page; `filters` as in the reference (`from_` for `from`)."""
        named = {name.rstrip("_"): value for name, value in filters.items()}
        for told in self.pages("/tickets", **named):
            yield Ticket.model_validate(told)

    def ticket(self, ticket: int, *, redacted: bool = False) -> WholeTicket:
        """One ticket with its conversation."""
        return WholeTicket.model_validate(
            self.ask("GET", f"/tickets/{ticket}", params={"redacted": redacted})
        )

    def assign(self, ticket: Ticket, to: int | None) -> Done:
        """Gives a ticket to somebody, or to nobody."""
        return self._act(ticket, "assign", {"to": to})

    def snooze(self, ticket: Ticket, until: datetime) -> Done:
        """Puts a ticket away until a moment with a time zone."""
        return self._act(ticket, "snooze", {"until": until.isoformat()})

    def close(self, ticket: Ticket, outcome: str) -> Done:
        """Ends the work: `answered`, `nothing`, `elsewhere` or `not_ours`."""
        return self._act(ticket, "close", {"outcome": outcome})

    def reopen(self, ticket: Ticket) -> Done:
        """Takes a ticket up again."""
        return self._act(ticket, "reopen", None)

    def correct(self, ticket: Ticket, analyzer: str, label: str) -> Done:
        """Says what the machine should have read."""
        return self._act(ticket, "correct", {"analyzer": analyzer, "label": label})

    def note(self, ticket: int, text: str) -> Done:
        """Tells colleagues something."""
        return Done.model_validate(self.ask("POST", f"/tickets/{ticket}/note", json={"text": text}))

    def undo(self, decision: int) -> Done:
        """Puts back what one's own last act changed."""
        return Done.model_validate(self.ask("POST", f"/decisions/{decision}/undo"))

    def judge(self, ticket: int, text: str, *, author: str = "") -> Judgement:
        """What the rules say of a text as the reply to a message; nothing is kept."""
        told = self.ask("POST", f"/tickets/{ticket}/judge", json={"text": text, "author": author})
        return Judgement.model_validate(told)

    def reply(self, ticket: int) -> Answering:
        """The reply under way to a message."""
        return Answering.model_validate(self.ask("GET", f"/tickets/{ticket}/reply"))

    def draft(self, ticket: int, *, version: int | None = None) -> Answering:
        """Drafts a reply; `version`: of the one under way, whose text is replaced."""
        return Answering.model_validate(
            self.ask("POST", f"/tickets/{ticket}/reply", json={}, version=version)
        )

    def write(self, reply: Reply, text: str) -> Reply:
        """Changes the text of a reply."""
        return self._step(reply, "write", {"text": text})

    def submit(self, reply: Reply) -> Reply:
        """Asks for a second reading."""
        return self._step(reply, "submit", None)

    def approve(self, reply: Reply) -> Reply:
        """Lets a colleague's text leave."""
        return self._step(reply, "approve", None)

    def send(self, reply: Reply) -> Reply:
        """Decides that a reply leaves."""
        return self._step(reply, "send", None)

    def _act(self, ticket: Ticket, verb: str, body: Json) -> Done:
        path = f"/tickets/{ticket.id}/{verb}"
        return Done.model_validate(self.ask("POST", path, json=body, version=ticket.version))

    def _step(self, reply: Reply, verb: str, body: Json) -> Reply:
        path = f"/replies/{reply.id}/{verb}"
        return Reply.model_validate(self.ask("POST", path, json=body, version=reply.version))

    def pages(self, path: str, **query: str | int | bool) -> Iterator[Json]:
        """The items of a list, page after page."""
        asked: dict[str, str | int | bool] = {"limit": PAGE, **query}
        while True:
            page = self.ask("GET", path, params=asked)
            yield from page["items"]
            if not page["next"]:
                return
            asked["cursor"] = page["next"]

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | bool] | None = None,
        json: Json = None,
        version: int | None = None,
    ) -> Json:
        """Any question to the API, tried again as long as that is harmless; None where nothing is answered.

        Raises `CredentialsRefused`, `FieldsInvalid`, `Outdated`, `ActRefused`, `Throttled`, `NotReached`, or
        `NetworkRefused` with its `status` (404: there is no such thing).
        """
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        if method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        request = self._client.build_request(method, path, params=params, json=json, headers=headers)
        answer = self._answered(request)
        if answer.is_success:
            return answer.json() if answer.content else None
        raise _refusal(answer)

    def _answered(self, request: httpx.Request) -> httpx.Response:
        for attempt in range(1, self.attempts + 1):
            is_last = attempt == self.attempts
            wait = PAUSE * 2 ** (attempt - 1) * random.uniform(1, 1.5)  # noqa: S311 - no secret
            try:
                answer = self._client.send(request)
            except httpx.TransportError as error:
                if is_last:
                    raise NotReached(str(error) or type(error).__name__) from error
            else:
                asked = _asked_to_wait(answer)
                if is_last or asked > LONGEST_WAIT or not (asked or answer.status_code in AGAIN):
                    return answer
                wait = max(wait, asked)
            time.sleep(wait)
        raise AssertionError  # pragma: no cover - the last attempt returns or raises


def _asked_to_wait(answer: httpx.Response) -> float:
    """Seconds; 0 when nobody asked to wait."""
    said = answer.headers.get("retry-after", "")
    return float(said) if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and said.isdigit() else 0.0


def _refusal(answer: httpx.Response) -> VeilleurError:
    """What a problem (RFC 9457) is in the tree of errors."""
    told = _problem(answer)
    words = told.get("detail") or told.get("title") or f"HTTP {answer.status_code}"
    kind = str(told.get("type", "")).rpartition(":")[2]
    if kind == "invalid":
        fields = {error["field"]: error["message"] for error in told.get("errors", [])}
        return FieldsInvalid(words, fields)
    if kind == "throttled":
        return Throttled(words, _asked_to_wait(answer))
    if kind in {"unauthenticated", "forbidden"}:
        return CredentialsRefused(words, answer.status_code)
    simple: dict[str, type[VeilleurError]] = {
        "outdated": Outdated,
        "refused": ActRefused,
        "malformed": InvalidInput,
        "too-large": InvalidInput,
        "version-missing": InvalidInput,
    }
    if kind in simple:
        return simple[kind](words)
    return NetworkRefused(words, answer.status_code, answer.text[:2000])


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
