"""Meta's Graph API, for Facebook and Instagram: its errors, its quota, its lists.

An error is `{"error": {"message", "code", "error_subcode", "is_transient", "fbtrace_id"}}`, mostly with HTTP
400: the code says what it means. What is spent of an hour's quota stands in the headers `X-App-Usage`
(`{"call_count", "total_time", "total_cputime"}`, in percent) and `X-Business-Use-Case-Usage`
(`{id: [{the same, "estimated_time_to_regain_access"}]}`, in minutes). A list is
`{"data": […], "paging": {"cursors": {"after"}, "next"}, "summary": {"total_count"}}`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from veilleur.errors import CredentialsRefused, NetworkRefused, OutcomeUnknown, Throttled
from veilleur.listening import asking
from veilleur.listening.asking import Answer, Said, Shape
from veilleur.listening.client import LONGEST_WAIT, MOST_WORDS, Client
from veilleur.listening.oauth2 import Access, Grant

API = "https://graph.facebook.com/v26.0"
INSTAGRAM_API = "https://graph.instagram.com/v26.0"
"""For tokens that a person got by signing in to Instagram rather than to Facebook."""
THROTTLED = frozenset({4, 17, 32, 341, 613, 80001, 80002})
"""Too many calls of an application, a person, a page, an Instagram account."""
STRANGERS = frozenset({102, 190})
"""The token has ended, was taken back, or is none."""
RIGHTS = frozenset({3, 10, *range(200, 300)})
FELL_OVER = frozenset({1, 2})
ALIAS_UNKNOWN = 803
BAD_PARAMETER, NOT_THERE = 100, 33
"""A code, and with it the subcode of what does not exist or may not be seen."""
NEARLY = 95.0
"""Percent of the quota beyond which nothing is read, so that replies can still leave."""
PAUSE = 15 * 60.0
"""Seconds to wait when Meta does not say how long; its quotas are of the last hour."""
LONGEST_CURSOR, LONGEST_ID = 2000, 100
_SECRET = re.compile(r"\S{40,}")
_ID = re.compile(r"[A-Za-z0-9_]{1,100}")

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,100}$")]
Ref = Annotated[Said, AfterValidator(lambda given: given if len(given) <= LONGEST_ID else "")]
"""An id in passing; empty when it is longer than any."""
Count = Annotated[int, BeforeValidator(lambda given: given if type(given) is int else -1)]
"""How many there are; -1 when Meta does not say."""


class Missing(NetworkRefused):
    """What is asked for is not there any more, or may not be seen."""


class RightMissing(CredentialsRefused):
    """The token is known, and does not give this right."""


class _Error(Shape):
    message: Said = ""
    code: int = 0
    error_subcode: int = 0
    is_transient: bool = False
    fbtrace_id: Said = ""


class _Refusal(Shape):
    error: _Error


class _Cursors(Shape):
    after: Annotated[Said, Field(max_length=LONGEST_CURSOR)] = ""


class _Paging(Shape):
    cursors: _Cursors = _Cursors()
    next: Said = ""


class _Summary(Shape):
    total_count: Count = -1


class Listing(Shape):
    """A page of a list."""

    data: list[Any] | None = None
    paging: _Paging = _Paging()
    summary: _Summary = _Summary()

    @property
    def after(self) -> str:
        """Where the next page begins; empty when there is none."""
        return self.paging.cursors.after if self.paging.next else ""


class _Node(Shape):
    id: Ref = ""
    username: Said = ""


Node = Annotated[_Node, BeforeValidator(lambda given: given if isinstance(given, dict) else {})]
"""Somebody or something that is named in passing; without an id when Meta does not give it."""
NOBODY = _Node()


class Published(Shape):
    """What was made."""

    id: Id


def judge(answer: Answer) -> None:
    """Raises what Meta says of a refusal; returns when it says nothing or the answer is good.

    A server of Meta that fell over may have done what it was asked: `OutcomeUnknown`.
    """
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return
    try:
        error = asking.parsed(_Refusal, asking.told(answer)).error
    except NetworkRefused:
        return
    words = _sentence(answer, error)
    if error.code in THROTTLED:
        raise Throttled(words, waiting_time(answer) or PAUSE)
    if error.code in STRANGERS:
        raise CredentialsRefused(words)
    if error.code in RIGHTS:
        raise RightMissing(words)
    if error.code == ALIAS_UNKNOWN or (error.code, error.error_subcode) == (BAD_PARAMETER, NOT_THERE):
        raise Missing(words)
    if error.code in FELL_OVER or error.is_transient:
        raise OutcomeUnknown(words)
    if error.code:
        raise NetworkRefused(words)


def _sentence(answer: Answer, error: _Error) -> str:
    """Without the token, which Meta repeats in some of its errors."""
    told = _SECRET.sub("…", error.message)[:MOST_WORDS]
    trace = f" [fbtrace {error.fbtrace_id[:30]}]" if error.fbtrace_id else ""
    return f"HTTP {answer.status_code} (#{error.code}) {told}{trace}"


def spent(answer: Answer) -> float:
    """Percent of the quota that is spent, by the fullest of its counters; 0 when Meta does not say."""
    named = ("call_count", "total_time", "total_cputime")
    counted = (_number(usage.get(name)) for usage in _usages(answer) for name in named)
    return max(counted, default=0.0)


def waiting_time(answer: Answer) -> float:
    """Seconds until an answer may be had again; 0 when Meta asks for no wait."""
    minutes = (_number(usage.get("estimated_time_to_regain_access")) for usage in _usages(answer))
    return min(max(minutes, default=0.0) * 60.0, LONGEST_WAIT)


def _usages(answer: Answer) -> Iterator[Mapping[str, Any]]:
    for header in ("x-app-usage", "x-business-use-case-usage"):
        try:
            told = json.loads(answer.headers.get(header, "null"))
        except (ValueError, RecursionError):
            continue
        if not isinstance(told, dict):
            continue
        yield told
        lists = [one for one in told.values() if isinstance(one, list)]
        yield from (one for entries in lists for one in entries if isinstance(one, dict))


def _number(given: object) -> float:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    return float(given) if is_number and 0 <= given < 1e9 else 0.0  # type: ignore[operator, arg-type]


def known_id(given: str) -> str:
    """An id that may stand in an address. Raises `NetworkRefused`."""
    if not _ID.fullmatch(given):
        raise NetworkRefused(f"Meta gives no way to act on {given[:60]!r}")
    return given


class Graph:
    """Asks in the name of one account, and rests when its quota is nearly spent.

    `spent` is what the last answer said of the quota, in percent.
    """

    def __init__(self, api: str, access: Access, secret: str = "") -> None:
        """`secret`: of the application, when it demands that calls are signed."""
        self._api, self._access, self._secret = api, access, secret
        self.spent, self._rests_until = 0.0, 0.0

    def read(self, path: str, params: Mapping[str, str], client: Client) -> dict[str, Any]:
        """What stands at a path. Raises what `judge` does, and `Throttled` without asking while it rests."""
        rest = self._rests_until - time.monotonic()
        if rest > 0:
            raise Throttled(f"{self.spent:.0f} % of Meta’s quota is spent", rest)
        grant = self._access.grant(client)
        address, asked_for = f"{self._api}/{path}", {**params, **self._signed(grant)}
        answer = client.read(address, headers=grant.header, params=asked_for, judged=judge)
        self._note(answer)
        return asking.told(answer)

    def listed(self, path: str, params: Mapping[str, str], client: Client, after: str = "") -> Listing:
        """A page of a list."""
        start = {"after": after} if after else {}
        return asking.parsed(Listing, self.read(path, {**params, **start}, client))

    def is_there(self, name: str, client: Client) -> bool:
        """Whether Meta gives something by its id; refused for another reason, it counts as there."""
        try:
            self.read(known_id(name), {"fields": "id"}, client)
        except Missing:
            return False
        except RightMissing:
            return True
        except CredentialsRefused:
            raise
        except NetworkRefused:
            return True
        return True

    def change(self, method: str, path: str, client: Client, body: object = None) -> Answer:
        """Changes something, once."""
        address, grant = f"{self._api}/{path}", self._access.grant(client)
        answer = client.change(
            method, address, headers=grant.header, params=self._signed(grant), json=body, judged=judge
        )
        self._note(answer)
        return answer

    def remove(self, name: str, client: Client) -> None:
        """Deletes something; what is not there any more is no error.

        Meta says “does not exist” also of what may not be deleted: raises `Missing` when it is still there.
        """
        try:
            self.change("DELETE", known_id(name), client)
        except Missing:
            if self.is_there(name, client):
                raise

    def published(self, path: str, text: str, client: Client) -> str:
        """Publishes a comment; its id. Raises `OutcomeUnknown` when Meta does not say which."""
        answer = self.change("POST", path, client, {"message": text})
        try:
            return asking.parsed(Published, asking.told(answer)).id
        except NetworkRefused as error:
            raise OutcomeUnknown("Meta took the reply and does not say under which id") from error

    def _signed(self, grant: Grant) -> dict[str, str]:
        if not self._secret:
            return {}
        proof = hmac.new(self._secret.encode(), grant.access.encode(), hashlib.sha256).hexdigest()
        return {"appsecret_proof": proof}

    def _note(self, answer: Answer) -> None:
        self.spent, wait = spent(answer), waiting_time(answer)
        if wait or self.spent >= NEARLY:
            self._rests_until = time.monotonic() + (wait or PAUSE)
