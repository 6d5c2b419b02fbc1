"""Reddit on 127.0.0.1: tokens, listings, search, inbox, threads, replies and limits, as it documents them."""

from __future__ import annotations

import base64
import html
import re
import time
from typing import Any
from urllib.parse import parse_qs

from tests import fake_api
from tests.fake_api import FakeApi, Question, Told

ACCOUNT = "CliniqueDuLac"
OAUTH = {"client_id": "p-jcoLKBynTLew", "client_secret": "client-secret", "refresh_token": "refresh-me"}
PASSWORD = "the password"
STRANGER = "lea-martin"
SUBREDDIT = "sante"
MOST = 1000
AGENT = re.compile(r"[^\s:]+:[^\s:]+:v\S+ \(by /u/\S+\)")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    return (base36(number // 36) if number >= 36 else "") + DIGITS[number % 36]


class FakeReddit(FakeApi):
    """`things`: by fullname, in the order of their publication."""

    def __init__(self, page: int = 100) -> None:
        super().__init__()
        self.RequestHandlerClass = _Handler
        self.page = page
        self.things: dict[str, dict[str, Any]] = {}
        self.moments = 0
        self.born = time.time() - 3600
        self.tokens = 0
        self.scope = "identity read submit report privatemessages"
        self.private: set[str] = set()
        self.unindexed: set[str] = set()
        """Posts that the search does not find yet."""
        self.reports: list[tuple[str, str]] = []
        self.left = 600.0
        self.hurry = 0.0
        """Seconds to wait before the next comment."""
        self.post = self.write("Vos expériences ?", title="La clinique du lac")

    def write(
        self,
        text: str,
        author: str = STRANGER,
        parent: str = "",
        *,
        title: str = "",
        subreddit: str = SUBREDDIT,
        at: float = 0.0,
    ) -> str:
        """A comment under `parent`, or a post."""
        self.moments += 1
        kind, number = ("t1" if parent else "t3"), base36(1_500_000_000 + self.moments)
        above = self.things.get(parent)
        self.things[f"{kind}_{number}"] = {
            "name": f"{kind}_{number}",
            "id": number,
            "text": text,
            "title": title,
            "author": author,
            "parent": parent,
            "thread": (above["thread"] or parent) if above else "",
            "subreddit": above["subreddit"] if above else subreddit,
            "at": at or self.born + self.moments,
            "edited": False,
            "gone": "",
        }
        return f"{kind}_{number}"

    def say(self, text: str) -> str:
        return self.write(text, parent=self.post)

    def edit(self, message: str, text: str) -> None:
        self.things[message] |= {"text": text, "edited": time.time()}

    def delete(self, message: str) -> None:
        self.things[message]["gone"] = "[deleted]"

    def moderate(self, message: str) -> None:
        self.things[message]["gone"] = "[removed]"

    def replies(self, message: str) -> list[str]:
        return [one["text"] for one in self.things.values() if one["parent"] == message]

    def told(self, question: Question) -> Told:
        if not AGENT.fullmatch(question.headers.get("User-Agent", "")):
            return 429, {"message": "Too Many Requests", "error": 429}
        if question.path == "/api/v1/access_token":
            return self._token(question)
        self.left -= 1
        self.headers = {"X-Ratelimit-Remaining": f"{self.left:.1f}", "X-Ratelimit-Reset": "300"}
        if question.headers.get("Authorization") != f"Bearer access-{self.tokens}":
            return 401, {"message": "Unauthorized", "error": 401}
        status, told = self._answer(question)
        return status, told if "raw_json" in question.params else escaped(told)

    def _token(self, question: Question) -> Told:
        form = {name: values[0] for name, values in parse_qs(question.raw.decode()).items()}
        pair = f"{OAUTH['client_id']}:{OAUTH['client_secret']}"
        if question.headers.get("Authorization") != f"Basic {base64.b64encode(pair.encode()).decode()}":
            return 401, {"message": "Unauthorized", "error": 401}
        good = (
            {"grant_type": "refresh_token", "refresh_token": OAUTH["refresh_token"]},
            {"grant_type": "password", "username": ACCOUNT, "password": PASSWORD},
        )
        if form not in good:
            return (400 if form["grant_type"] == "refresh_token" else 200), {"error": "invalid_grant"}
        self.tokens += 1
        told = {"access_token": f"access-{self.tokens}", "token_type": "bearer", "expires_in": 86_400}
        return 200, told | {"scope": self.scope}

    def _answer(self, question: Question) -> Told:
        parts = question.path.strip("/").split("/")
        if question.method == "POST":
            form = {name: values[0] for name, values in parse_qs(question.raw.decode()).items()}
            return {"comment": self._comment, "report": self._report}[parts[-1]](form)
        if question.path == "/api/v1/me":
            return 200, {"id": "abc", "name": ACCOUNT}
        acts = {
            "api": self._info,
            "r": self._subreddit,
            "search": self._search,
            "message": self._inbox,
            "comments": self._thread,
        }
        return acts[parts[0]](question, *parts[1:])

    def _info(self, question: Question, _what: str) -> Told:
        names = question.params["id"].split(",")
        return 200, listing([self._shape(self.things[one]) for one in names if one in self.things])

    def _subreddit(self, question: Question, subreddit: str, what: str) -> Told:
        if subreddit in self.private:
            return 403, {"reason": "private", "message": "Forbidden", "error": 403}
        here = [one for one in self.things.values() if one["subreddit"] == subreddit]
        if not here:
            self.headers["Location"] = f"/subreddits/search?q={subreddit}"
            return 302, b""
        kind = "t3_" if what == "new" else "t1_"
        return self._listed(
            [one for one in here if one["name"].startswith(kind) and not one["gone"]], question
        )

    def _search(self, question: Question) -> Told:
        words = question.params["q"].strip('"').lower()
        posts = [one for one in self.things.values() if not one["parent"] and not one["gone"]]
        found = [one for one in posts if words in f"{one['title']} {one['text']}".lower()]
        return self._listed([one for one in found if one["name"] not in self.unindexed], question)

    def _inbox(self, question: Question, part: str) -> Told:
        def is_of(one: dict[str, Any]) -> bool:
            above = self.things.get(one["parent"])
            answers = above is not None and above["author"] == ACCOUNT and one["author"] != ACCOUNT
            if part == "mentions":
                return bool(one["parent"]) and f"u/{ACCOUNT}".lower() in one["text"].lower()
            return answers and one["parent"].startswith("t1_" if part == "comments" else "t3_")

        found = [one for one in self.things.values() if not one["gone"] and is_of(one)]
        return self._listed(found, question, self._shape_in_inbox)

    def _listed(self, found: list[dict[str, Any]], question: Question, shape: Any = None) -> Told:
        newest = sorted(found, key=lambda one: one["at"], reverse=True)[:MOST]
        names, after = [one["name"] for one in newest], question.params.get("after", "")
        if after and after not in names:
            return 200, listing([])
        start = names.index(after) + 1 if after else 0
        end = start + min(self.page, int(question.params.get("limit", "25")))
        page = [(shape or self._shape)(one) for one in newest[start:end]]
        return 200, listing(page, names[end - 1] if end < len(names) else None)

    def _thread(self, question: Question, thread: str) -> Told:
        post = self.things.get(f"t3_{thread}")
        if post is None:
            return 404, {"message": "Not Found", "error": 404}
        wanted = f"t1_{question.params['comment']}" if "comment" in question.params else ""
        depth = int(question.params["depth"])
        tops = [self.things[wanted]] if wanted in self.things else self._under(post)
        return 200, [listing([self._shape(post)]), listing([self._tree(one, depth) for one in tops])]

    def _under(self, above: dict[str, Any]) -> list[dict[str, Any]]:
        return [one for one in self.things.values() if one["parent"] == above["name"]][::-1]

    def _tree(self, one: dict[str, Any], depth: int) -> dict[str, Any]:
        shape = self._shape(one)
        below = self._under(one)
        if below and depth > 1:
            shape["data"]["replies"] = listing([self._tree(other, depth - 1) for other in below])
        elif below:
            more = {"kind": "more", "data": {"name": "t1__", "id": "_", "children": []}}
            shape["data"]["replies"] = listing([more])
        return shape

    def _comment(self, form: dict[str, str]) -> Told:
        above = self.things.get(form["thing_id"])
        if self.hurry:
            minutes = f"{self.hurry / 60:g} minutes"
            words = (
                f"Looks like you've been doing that a lot. Take a break for {minutes} before trying again."
            )
            return 200, {"json": {"ratelimit": self.hurry, "errors": [["RATELIMIT", words, "ratelimit"]]}}
        if above is None or above["gone"]:
            words = "that comment has been deleted"
            return 200, {"json": {"errors": [["DELETED_COMMENT", words, "parent"]]}}
        made = self.write(form["text"], ACCOUNT, form["thing_id"])
        return 200, {"json": {"errors": [], "data": {"things": [self._shape(self.things[made])]}}}

    def _report(self, form: dict[str, str]) -> Told:
        if len(form["reason"]) > 100:
            return 200, {"json": {"errors": [["TOO_LONG", "this is too long (max: 100)", "reason"]]}}
        self.reports.append((form["thing_id"], form["reason"]))
        return 200, {"json": {"errors": []}}

    def _shape(self, one: dict[str, Any]) -> dict[str, Any]:
        gone, is_post = one["gone"], not one["parent"]
        told = {
            "name": one["name"],
            "id": one["id"],
            "author": "[deleted]" if gone else one["author"],
            "created_utc": one["at"],
            "edited": one["edited"],
            "subreddit": one["subreddit"],
            "permalink": self._permalink(one),
            ("selftext" if is_post else "body"): gone or one["text"],
        }
        if not gone:
            told["author_fullname"] = f"t2_{one['author'].lower().replace('-', '')}"
        if is_post:
            category = {"[deleted]": "deleted", "[removed]": "moderator"}.get(gone)
            told |= {"title": one["title"], "removed_by_category": category, "is_self": True}
        else:
            told |= {"link_id": one["thread"], "parent_id": one["parent"], "replies": ""}
        return {"kind": one["name"][:2], "data": told}

    def _shape_in_inbox(self, one: dict[str, Any]) -> dict[str, Any]:
        """Comments are told otherwise there."""
        shape = self._shape(one)
        context = f"{shape['data'].pop('permalink')}?context=3"
        del shape["data"]["link_id"], shape["data"]["edited"]
        shape["data"] |= {"context": context, "was_comment": True, "subject": "comment reply", "new": True}
        return shape

    def _permalink(self, one: dict[str, Any]) -> str:
        thread = (one["thread"] or one["name"]).removeprefix("t3_")
        end = f"{one['id']}/" if one["parent"] else ""
        return f"/r/{one['subreddit']}/comments/{thread}/la_clinique/{end}"


class _Handler(fake_api._Handler):
    disable_nagle_algorithm = True


def listing(children: list[dict[str, Any]], after: str | None = None) -> dict[str, Any]:
    """A listing."""
    return {"kind": "Listing", "data": {"children": children, "after": after, "before": None}}


def escaped(told: Any) -> Any:
    """As Reddit answers those who do not ask for `raw_json`."""
    if isinstance(told, str):
        return html.escape(told, quote=False)
    if isinstance(told, list):
        return [escaped(one) for one in told]
    return {name: escaped(one) for name, one in told.items()} if isinstance(told, dict) else told
