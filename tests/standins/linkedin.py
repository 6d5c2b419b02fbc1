"""LinkedIn on 127.0.0.1: posts and comments of the versioned REST interface, tokens, as it documents them."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, unquote

from tests import fake_api
from tests.fake_api import FakeApi, Question, Told

ORGANISATION = "urn:li:organization:5515715"
STRANGER = "urn:li:person:AbCd_Ef-12"
VERSIONS = {"202608", "202610"}
CLIENT = {"client_id": "77abcdef", "client_secret": "client-secret"}
REFRESH = "refresh-me"
BIRTH = 1_790_000_000_000
"""Milliseconds since 1970 of the first thing that is published."""


class FakeLinkedIn(FakeApi):
    """`comments`: by URN, in the order of their publication; `posts`: URN → when, newest last.

    Posts are shares; the comments under a share belong to the activity of the same number.
    """

    def __init__(self, page: int = 50) -> None:
        super().__init__()
        self.RequestHandlerClass = _Handler
        self.page = page
        self.posts: dict[str, int] = {}
        self.comments: dict[str, dict[str, Any]] = {}
        self.moments = 0
        self.tokens = 0
        self.token = "access-0"
        self.scope = "r_organization_social,w_organization_social"
        self.days = 50
        self.paths: list[str] = []
        """As they came, percent-encoded."""
        self.totals = True
        """Whether lists say how long they are."""
        self.publish()

    @property
    def reads(self) -> list[str]:
        """What was asked of the network itself, in short."""
        return [path.removeprefix("/rest/") for path in self.paths if path.startswith("/rest/")]

    def publish(self) -> str:
        self.moments += 1
        urn = f"urn:li:share:70000000000000{self.moments:05}"
        self.posts[urn] = self._now()
        return urn

    def withdraw(self, post: str) -> None:
        del self.posts[post]
        gone = _activity(post)
        self.comments = {urn: one for urn, one in self.comments.items() if one["object"] != gone}

    def write(self, text: str, actor: str = STRANGER, parent: str = "", post: str = "") -> str:
        self.moments += 1
        owner = self.comments[parent]["object"] if parent else _activity(post or list(self.posts)[-1])
        urn = f"urn:li:comment:({owner},72000000000000{self.moments:05})"
        self.comments[urn] = {"urn": urn, "text": text, "actor": actor, "parent": parent, "object": owner}
        self.comments[urn]["at"] = self._now()
        return urn

    def _now(self) -> int:
        return BIRTH + self.moments * 1000

    def say(self, text: str) -> str:
        return self.write(text)

    def edit(self, message: str, text: str) -> None:
        self.comments[message]["text"] = text

    def delete(self, message: str) -> None:
        self.comments = {
            urn: one for urn, one in self.comments.items() if message not in {urn, one["parent"]}
        }

    def replies(self, message: str) -> list[str]:
        return [one["text"] for one in self.comments.values() if one["parent"] == message]

    def is_visible(self, message: str) -> bool:
        return message in self.comments

    def told(self, question: Question) -> Told:
        self.headers = {}
        raw = self.paths[-1]
        if raw.startswith("/oauth/"):
            return self._oauth(raw.removeprefix("/oauth/"), question)
        return self._refused(raw, question) or self._resource(raw, question)

    def _oauth(self, what: str, question: Question) -> Told:
        form = {name: values[0] for name, values in parse_qs(question.raw.decode()).items()}
        if {name: form.get(name) for name in CLIENT} != CLIENT:
            return 401, {"error": "invalid_client", "error_description": "Client authentication failed"}
        if what == "introspectToken":
            ends = int(time.time()) + self.days * 86_400
            is_active = form["token"] == self.token
            return 200, {"active": is_active, "scope": self.scope, "expires_at": ends if is_active else 0}
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != REFRESH:
            return 400, {"error": "invalid_grant", "error_description": "The provided token is invalid"}
        self.tokens += 1
        self.token = f"access-{self.tokens}"
        return 200, {"access_token": self.token, "expires_in": 5_184_000, "scope": self.scope}

    def _refused(self, raw: str, question: Question) -> Told | None:
        """What every resource wants first."""
        headers = {name.lower(): value for name, value in question.headers.items()}
        if headers.get("authorization") != f"Bearer {self.token}":
            return refusal(401, "INVALID_ACCESS_TOKEN", "Invalid access token")
        if headers.get("linkedin-version") not in VERSIONS:
            return refusal(426, "NONEXISTENT_VERSION", "Requested version is not active")
        if headers.get("x-restli-protocol-version") != "2.0.0" or set(raw) & set(":(),"):
            return refusal(400, "ILLEGAL_ARGUMENT", "Syntax exception in path variables")
        return None

    def _resource(self, raw: str, question: Question) -> Told:
        parts = [unquote(part) for part in raw.removeprefix("/rest/").split("/")]
        match question.method, parts:
            case "GET", ["posts"]:
                return self._posts(question)
            case "GET", ["socialActions", urn, "comments"]:
                return self._under(urn, question)
            case "GET", ["socialActions", owner, "comments", number]:
                return self._one(owner, number)
            case "POST", ["socialActions", urn, "comments"]:
                return self._create(urn, question)
            case "DELETE", ["socialActions", owner, "comments", number]:
                return self._delete(owner, number, question)
        return refusal(404, "RESOURCE_NOT_FOUND", "No virtual resource found")

    def _posts(self, question: Question) -> Told:
        if question.params.get("author") != ORGANISATION:
            return refusal(403, "ACCESS_DENIED", "Not enough permissions to access: posts.FINDER-author")
        if question.headers.get("X-RestLi-Method") != "FINDER" or question.params.get("q") != "author":
            return refusal(400, "ILLEGAL_ARGUMENT", "no such finder")
        newest = sorted(self.posts.items(), key=lambda entry: entry[1], reverse=True)
        shapes = [
            {"id": urn, "author": ORGANISATION, "createdAt": at, "lifecycleState": "PUBLISHED"}
            for urn, at in newest
        ]
        return self._paged(question, shapes)

    def _under(self, urn: str, question: Question) -> Told:
        if urn in self.posts or urn in {_activity(post) for post in self.posts}:
            owner = _activity(urn)
            found = [one for one in self.comments.values() if one["object"] == owner and not one["parent"]]
        elif urn in self.comments:
            found = [one for one in self.comments.values() if one["parent"] == urn]
        else:
            return refusal(404, "NOT_FOUND", "Entity not found")
        return self._paged(question, [self._shape(one) for one in found])

    def _paged(self, question: Question, shapes: list[dict[str, Any]]) -> Told:
        start, count = int(question.params.get("start", "0")), int(question.params.get("count", "10"))
        size = min(count, self.page)
        paging: dict[str, Any] = {"start": start, "count": size, "links": []}
        if self.totals:
            paging["total"] = len(shapes)
        if start + size < len(shapes):
            paging["links"] = [{"rel": "next", "href": "…", "type": "application/json"}]
        return 200, {"elements": shapes[start : start + size], "paging": paging}

    def _one(self, owner: str, number: str) -> Told:
        one = self.comments.get(f"urn:li:comment:({owner},{number})")
        return (200, self._shape(one)) if one else refusal(404, "NOT_FOUND", "Comment not found")

    def _create(self, urn: str, question: Question) -> Told:
        body = question.body
        if body["actor"] != ORGANISATION or body.get("parentComment") != urn:
            return refusal(403, "ACCESS_DENIED", "Unpermitted fields present in REQUEST_BODY")
        if urn not in self.comments or self.comments[urn]["parent"]:
            return refusal(400, "INVALID_URN", "parentComment is no first level comment")
        made = self.write(body["message"]["text"], ORGANISATION, urn)
        self.headers = {"x-restli-id": made.rpartition(",")[2].rstrip(")")}
        return 201, self._shape(self.comments[made])

    def _delete(self, owner: str, number: str, question: Question) -> Told:
        urn = f"urn:li:comment:({owner},{number})"
        if question.params.get("actor") != ORGANISATION:
            return refusal(403, "ACCESS_DENIED", "Not enough permissions")
        if urn not in self.comments:
            return refusal(404, "NOT_FOUND", "Comment not found")
        self.delete(urn)
        return 204, b""

    def _shape(self, one: dict[str, Any]) -> dict[str, Any]:
        stamp = {"actor": one["actor"], "time": one["at"]}
        shape = {
            "id": one["urn"].rpartition(",")[2].rstrip(")"),
            "commentUrn": one["urn"],
            "actor": one["actor"],
            "object": one["object"],
            "created": stamp,
            "lastModified": stamp,
            "message": {"attributes": [], "text": one["text"]},
            "likesSummary": {"totalLikes": 0, "aggregatedTotalLikes": 0},
        }
        count = len(self.replies(one["urn"]))
        if one["parent"]:
            shape["parentComment"] = one["parent"]
        if count:
            shape["commentsSummary"] = {"aggregatedTotalComments": count, "totalFirstLevelComments": count}
        return shape


def _activity(post: str) -> str:
    return f"urn:li:activity:{post.rpartition(':')[2]}"


def refusal(status: int, code: str, message: str) -> Told:
    """As the versioned interface refuses."""
    return status, {"status": status, "serviceErrorCode": 100, "code": code, "message": message}


class _Handler(fake_api._Handler):
    server: FakeLinkedIn
    disable_nagle_algorithm = True

    def _do(self) -> None:
        self.server.paths.append(self.path.partition("?")[0])
        super()._do()

    def do_DELETE(self) -> None:  # noqa: N802 - as http.server wants it
        self._do()
