"""Reddit's Data API: things, listings, tokens, limits.

A thing is `{"kind", "data"}`; its `name` is its fullname, `t1_…` for a comment and `t3_…` for a post. A
listing is `{"data": {"children": [thing, …], "after": fullname or null}}`. What became of a change stands in
`{"json": {"errors": [[code, words, field], …], "data": {"things": […]}}}`, with HTTP 200. Every answer says
in `X-Ratelimit-Remaining` and `X-Ratelimit-Reset` (seconds) what is left.
"""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field

from veilleur import __version__
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import asking
from veilleur.listening.asking import Answer, Said, Shape
from veilleur.listening.client import LONGEST_WAIT, MOST_WORDS, UNSPOKEN_WAIT, Client, require_good
from veilleur.listening.connectors.reddit_settings import RedditSettings
from veilleur.listening.oauth2 import Access, basic, scopes_of

API = "https://oauth.reddit.com"
TOKENS = "https://www.reddit.com/api/v1/access_token"
SITE = "https://www.reddit.com"
PAGE = 100
"""Things of a listing, and ids in one question."""
SPARE = 60.0
"""Seconds that a token is renewed before its end."""
NOBODY = frozenset({"", "[deleted]", "[removed]"})
GONE = frozenset({"[deleted]", "[removed]", "[ Removed by Reddit ]"})
"""What stands in place of a text that was taken away."""
LONGEST_REASON = 100
_NAME = re.compile(r"t[13]_[a-z0-9]{1,13}")
_THREAD = re.compile(r"/comments/(?P<id>[a-z0-9]{1,13})/")
_WAIT = re.compile(r"(?P<count>[0-9]{1,4}) (?P<unit>second|minute|hour)")
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}


class Missing(NetworkRefused):
    """What is asked for is not there, or not any more."""


class Thing(Shape):
    """A comment or a post."""

    name: Annotated[str, Field(pattern=r"^t[13]_[a-z0-9]{1,13}$")]
    author: Said = ""
    author_fullname: Said = ""
    title: Said = ""
    body: Said = ""
    selftext: Said = ""
    link_id: Said = ""
    parent_id: Said = ""
    permalink: Said = ""
    context: Said = ""
    removed_by_category: Said = ""
    created_utc: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    replies: Any = None

    @property
    def text(self) -> str:
        """In the markdown it was written in."""
        return self.body or self.selftext

    @property
    def by(self) -> str:
        """Who wrote it; empty when the account is gone."""
        return self.author_fullname or ("" if self.author in NOBODY else self.author)

    @property
    def is_gone(self) -> bool:
        """Whether its words were taken away; a text stays when only the account was deleted."""
        return bool(self.removed_by_category) or (self.text in GONE and self.author in NOBODY)

    @property
    def digest(self) -> str:
        """Differs when the words do."""
        return hashlib.sha256(f"{self.title}\n{self.text}".encode("utf-8", "replace")).hexdigest()[:8]

    @property
    def thread(self) -> str:
        """The post it stands under; empty for a post."""
        if self.name.startswith("t3_"):
            return ""
        match = _THREAD.search(self.context or self.permalink)
        return self.link_id or (f"t3_{match['id']}" if match else "")

    @property
    def url(self) -> str:
        """Where the public reads it."""
        path = self.permalink or self.context.partition("?")[0]
        return f"{SITE}{path}" if path.startswith("/") else ""

    @property
    def published_at(self) -> datetime | None:
        """In UTC."""
        try:
            return datetime.fromtimestamp(self.created_utc, UTC) if self.created_utc > 0 else None
        except (ValueError, OverflowError, OSError):
            return None


class _Entry(Shape):
    data: Thing


class Listing(Shape):
    """Some things."""

    children: Any = None
    after: Said = ""

    @property
    def things(self) -> list[Thing]:
        """Comments and posts among them."""
        return [entry.data for entry in asking.each(_Entry, self.children)]


class _Listed(Shape):
    data: Listing


class Account(Shape):
    """Who is signed in."""

    name: Said = ""


class _Access(Shape):
    access_token: Said = ""
    expires_in: float = 0.0
    scope: Said = ""


class _Done(Shape):
    things: Any = None


class _Outcome(Shape):
    errors: Any = None
    ratelimit: float = 0.0
    data: _Done | None = None


class _Changed(Shape):
    outcome: Annotated[_Outcome, Field(alias="json")] = _Outcome()


class Api:
    """One account's view of Reddit; it stops asking before Reddit has to say so."""

    def __init__(self, settings: RedditSettings, api: str, tokens: str, access: Access | None) -> None:
        self._settings, self._api, self._tokens = settings, api, tokens
        self._signed_in, self._access, self._ends = access, _Access(), 0.0
        self.left = math.inf
        """Questions that are left until the limit begins again."""
        self._resets = 0.0
        self.spared = 0
        """Of these, those that are left to others."""

    def listing(self, path: str, params: Mapping[str, str], client: Client) -> Listing:
        """A page of a listing. Raises `Missing`."""
        told = asking.told(self._read(path, {"limit": str(PAGE), **params}, client))
        return asking.parsed(_Listed, told).data

    def known(self, names: list[str], client: Client) -> list[Thing]:
        """Those of at most `PAGE` things that Reddit still has."""
        return self.listing("api/info", {"id": ",".join(names)}, client).things

    def replies(self, thread: str, thing: str, client: Client) -> Iterator[Thing]:
        """What stands under a thing, the newest first, and the thing itself. Raises `Missing`."""
        params = {"sort": "new", "limit": "500", "depth": "2"}
        if thing != thread:
            params["comment"] = thing.removeprefix("t1_")
        answer = self._read(f"comments/{thread.removeprefix('t3_')}", params, client)
        waiting = [one.data for one in asking.each(_Listed, asking.json_of(answer))]
        while waiting:
            for one in waiting.pop().things:
                yield one
                if isinstance(one.replies, dict):
                    waiting.append(asking.parsed(_Listed, one.replies).data)

    def account(self, client: Client) -> Account:
        """Who is signed in."""
        return asking.parsed(Account, asking.told(self._read("api/v1/me", {}, client)))

    def scopes(self, client: Client) -> frozenset[str]:
        """What the token allows; `*` is everything."""
        if self._signed_in is not None:
            return self._signed_in.grant(client).scopes or frozenset()
        self._headers(client)
        return scopes_of(self._access.scope) or frozenset()

    def comment(self, thing: str, text: str, client: Client) -> Thing:
        """Publishes a comment under a thing."""
        outcome = self._change("api/comment", {"thing_id": thing, "text": text}, client)
        told = outcome.data.things if outcome.data else None
        made = asking.each(_Entry, told if isinstance(told, list) else None)
        if not made:
            raise OutcomeUnknown("Reddit took the reply and does not say under which id")
        return made[0].data

    def report(self, thing: str, reason: str, client: Client) -> None:
        """Tells the moderators of a subreddit about a thing."""
        self._change("api/report", {"thing_id": thing, "reason": reason[:LONGEST_REASON]}, client)

    def _read(self, path: str, params: Mapping[str, str], client: Client) -> Answer:
        self._require_room()
        return client.read(
            f"{self._api}/{path}",
            headers=lambda: self._headers(client),
            params={"raw_json": "1", **params},
            judged=self._judge,
        )

    def _change(self, path: str, told: Mapping[str, str], client: Client) -> _Outcome:
        self._require_room()
        form, headers = {"api_type": "json", **told}, self._headers(client)
        answer = client.change(
            "POST",
            f"{self._api}/{path}",
            headers=headers,
            params={"raw_json": "1"},
            data={name: value.encode("utf-8", "replace").decode() for name, value in form.items()},
            judged=self._judge,
        )
        try:
            outcome = asking.parsed(_Changed, asking.told(answer)).outcome
        except NetworkRefused as error:
            raise OutcomeUnknown("Reddit does not say what it did") from error
        _require_no_errors(outcome)
        return outcome

    def _require_room(self) -> None:
        """Raises `Throttled` when only what is spared is left."""
        wait = self._resets - time.monotonic()
        if self.left <= self.spared and wait > 0:
            raise Throttled(f"{self.left:g} questions are left until Reddit’s limit begins again", wait)

    def _judge(self, answer: Answer) -> None:
        left, reset = (
            _number(answer.headers.get(f"x-ratelimit-{name}", "")) for name in ("remaining", "reset")
        )
        if left is not None and reset is not None:
            self.left, self._resets = left, time.monotonic() + min(reset, LONGEST_WAIT)
        _require_allowed(answer)

    def _headers(self, client: Client) -> dict[str, str]:
        if self._signed_in is not None:
            return {**self._signed_in.grant(client).header, **self._agent}
        if time.monotonic() >= self._ends:
            self._access = self._renewed(client)
            self._ends = time.monotonic() + self._access.expires_in - SPARE
        return {"Authorization": f"Bearer {self._access.access_token}", **self._agent}

    @property
    def _agent(self) -> dict[str, str]:
        """As Reddit’s rules want it: platform, application, version, account."""
        return agent(self._settings.account)

    def _renewed(self, client: Client) -> _Access:
        """Raises `CredentialsRefused`, also for refusals that Reddit sends with HTTP 200."""
        if not self._settings.has_secret:
            raise CredentialsRefused("nobody has signed in to Reddit yet")
        secret = self._settings.client_secret.get_secret_value()
        headers = {**basic(self._settings.client_id, secret), **self._agent}
        try:
            answer = client.ask("POST", self._tokens, data=self._settings.grant, headers=headers)
        except OutcomeUnknown as error:
            raise NotReached(str(error)) from error
        if answer.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
            raise CredentialsRefused("Reddit does not accept the application or the account")
        access = asking.parsed(_Access, asking.told(require_good(answer)))
        if not re.fullmatch(r"[\x21-\x7e]+", access.access_token):
            raise CredentialsRefused("Reddit does not accept the password or the refresh token")
        return access


def agent(account: str) -> dict[str, str]:
    """The header that names us, as Reddit wants it."""
    return {"User-Agent": f"server:fr.veilleur:v{__version__} (by /u/{account})"}


def _number(said: str) -> float | None:
    return float(said) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", said.strip()) else None


def _require_allowed(answer: Answer) -> None:
    """Raises what Reddit's refusals mean where their status does not say enough."""
    status = answer.status_code
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise Missing("there is no subreddit of this name")
    if status == HTTPStatus.NOT_FOUND:
        raise Missing(_words(answer))
    if status == HTTPStatus.FORBIDDEN and "insufficient_scope" not in answer.headers.get(
        "www-authenticate", ""
    ):
        raise NetworkRefused(_words(answer))


class _Refusal(Shape):
    message: Said = ""
    reason: Said = ""


def _words(answer: Answer) -> str:
    try:
        told = asking.parsed(_Refusal, asking.told(answer))
    except NetworkRefused:
        told = _Refusal()
    return f"HTTP {answer.status_code} {told.message} {told.reason}"[:MOST_WORDS].strip()


def _require_no_errors(outcome: _Outcome) -> None:
    """Raises what Reddit says of a change that it did not make."""
    told = outcome.errors if isinstance(outcome.errors, list) else []
    errors = [one for one in told if isinstance(one, list) and one]
    if not errors:
        return
    code, words = str(errors[0][0]), ": ".join(str(part) for part in errors[0][:2])[:MOST_WORDS]
    if code == "RATELIMIT":
        wait = outcome.ratelimit if outcome.ratelimit > 0 else waiting_time(words)
        raise Throttled(words, min(wait, LONGEST_WAIT))
    if code == "USER_REQUIRED":
        raise CredentialsRefused(words)
    raise NetworkRefused(words)


def waiting_time(words: str) -> float:
    """Seconds that a sentence asks to wait.

    >>> waiting_time("Looks like you've been doing that a lot. Take a break for 9 minutes.")
    540.0
    """
    match = _WAIT.search(words)
    return int(match["count"]) * _SECONDS[match["unit"]] if match else UNSPOKEN_WAIT


def is_name(given: str) -> bool:
    """Whether something is the fullname of a comment or a post."""
    return _NAME.fullmatch(given) is not None
