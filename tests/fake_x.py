"""X on 127.0.0.1, in the shapes of its OpenAPI document 2.167, or with the names it used before."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.fake_api import FakeApi, Question, Told

TOKEN = "bearer-token-for-tests"
KEYS = {"api_key": "ck", "api_secret": "cs", "access_token": "at", "access_secret": "as"}
ACCOUNT, OWN = "CliniqueDuLac", "2244994945"
STRANGER = "783214"
BIRTH = 1_288_834_974_657


class FakeX(FakeApi):
    """`posts`: by id. A post mentions the account when it says its name; an edit is a post of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, dict[str, Any]] = {}
        self.hidden: set[str] = set()
        self.is_old = False
        """Knows its fields by their old names only."""
        self.moments = 0

    def told(self, question: Question) -> Told:
        if not self._is_known(question):
            return 401, {
                "title": "Unauthorized",
                "type": "about:blank",
                "status": 401,
                "detail": "Unauthorized",
            }
        if self.is_old and "post.fields" in question.params:
            return 400, {
                "title": "Invalid Request",
                "detail": "The query parameter [post.fields] is not one of",
            }
        acts = {
            f"/2/users/by/username/{ACCOUNT}": self._account,
            "/2/users/me": self._me,
            f"/2/users/{OWN}/mentions": self._mentions,
            "/2/tweets/search/recent": self._search,
            "/2/tweets": self._write if question.method == "POST" else self._look_up,
        }
        return acts.get(question.path, self._hide)(question)

    def _is_known(self, question: Question) -> bool:
        said = question.headers.get("Authorization", "")
        return said == f"Bearer {TOKEN}" or said.startswith('OAuth oauth_consumer_key="ck"')

    def _account(self, _question: Question) -> Told:
        return 200, {"data": {"id": OWN, "name": "Clinique du Lac", "username": ACCOUNT}}

    def _mentions(self, question: Question) -> Told:
        return self._page(question, [one for one in self._latest() if f"@{ACCOUNT}" in one["text"]])

    def _search(self, question: Question) -> Told:
        return self._page(question, self._searched(question.params["query"]))

    def _me(self, question: Question) -> Told:
        if question.headers["Authorization"].startswith("Bearer"):
            kind = "https://api.twitter.com/2/problems/unsupported-authentication"
            return 403, {"title": "Unsupported Authentication", "type": kind, "status": 403}
        return self._account(question)

    def _latest(self) -> list[dict[str, Any]]:
        return sorted(self.posts.values(), key=lambda one: int(one["id"]), reverse=True)

    def _searched(self, query: str) -> list[dict[str, Any]]:
        found = self._latest()
        if conversation := re.search(r"(?<!-)from:(\w+) conversation_id:(\d+)", query):
            return [one for one in found if one["author"] == OWN and one["conversation"] == conversation[2]]
        words = re.findall(r'"([^"]+)"', query)
        return [one for one in found if any(word in one["text"].lower() for word in words)]

    def _page(self, question: Question, found: list[dict[str, Any]]) -> Told:
        since = int(question.params.get("since_id", "0"))
        until = int(question.params.get("until_id", str(10**19)))
        found = [one for one in found if since < int(one["id"]) < until]
        start = int(question.params.get("pagination_token", "p0")[1:])
        end = start + int(question.params["max_results"])
        some = found[start:end]
        told: dict[str, Any] = {"meta": {"result_count": len(some)}}
        if some:
            told["data"] = [self._shape(one) for one in some]
            told["includes"] = {"users": [{"id": STRANGER, "name": "Léa Martin", "username": "lea"}]}
        if end < len(found):
            told["meta"]["next_token"] = f"p{end}"
        return 200, told

    def _shape(self, one: dict[str, Any]) -> dict[str, Any]:
        post = "tweet" if self.is_old else "post"
        told = {
            "id": one["id"],
            "text": one["text"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
            "author_id": one["author"],
            "conversation_id": one["conversation"],
            "created_at": one["at"],
            "lang": one.get("lang", "fr"),
            f"edit_history_{post}_ids": one["versions"],
        }
        if one["parent"]:
            told[f"referenced_{post}s"] = [{"type": "replied_to", "id": one["parent"]}]
        return {**told, **one.get("more", {})}

    def _look_up(self, question: Question) -> Told:
        ids = question.params["ids"].split(",")
        kind = "https://api.twitter.com/2/problems/resource-not-found"
        lost = [one for one in ids if one not in self.posts]
        errors = [{"type": kind, "title": "Not Found", "resource_id": one, "detail": "no"} for one in lost]
        return 200, {"data": [{"id": one} for one in ids if one in self.posts], "errors": errors}

    def _write(self, question: Question) -> Told:
        body = question.body
        parent = body["reply"]["in_reply_to_tweet_id"]
        if any(one["author"] == OWN and body["text"] in one["text"] for one in self.posts.values()):
            return 403, {
                "title": "Forbidden",
                "type": "about:blank",
                "status": 403,
                "detail": "You are not allowed to create a Tweet with duplicate content.",
            }
        made = self.write(f"@lea {body['text']}", OWN, parent)
        return 201, {"data": {"id": made, "text": body["text"]}}

    def _hide(self, question: Question) -> Told:
        post = question.path.split("/")[3]
        (self.hidden.add if question.body["hidden"] else self.hidden.discard)(post)
        return 200, {"data": {"hidden": question.body["hidden"]}}

    def write(self, text: str, author: str = STRANGER, parent: str = "", age: float = 0, **more: Any) -> str:
        self.moments += 1
        moment = int((time.time() - age) * 1000) - BIRTH
        name = str((moment << 22) + self.moments)
        root = self.posts[parent]["conversation"] if parent in self.posts else parent or name
        told = {"id": name, "text": text, "author": author, "parent": parent, "conversation": root}
        self.posts[name] = {**told, "at": "2026-11-02T08:15:30.000Z", "versions": [name], **more}
        return name

    def say(self, text: str) -> str:
        return self.write(f"@{ACCOUNT} {text}")

    def edit(self, message: str, text: str) -> None:
        before = self.posts[message]
        newer = self.write(f"@{ACCOUNT} {text}", parent=before["parent"])
        self.posts[newer] |= {"versions": [message, newer], "conversation": before["conversation"]}

    def delete(self, message: str) -> None:
        del self.posts[message]

    def replies(self, message: str) -> list[str]:
        return [one["text"] for one in self.posts.values() if one["parent"] == message]

    def is_visible(self, message: str) -> bool:
        return message not in self.hidden
