"""Meta's Graph API on 127.0.0.1: fields that are asked for, lists with cursors, errors by their codes.

It knows the fields that Meta publishes for what Veilleur reads, and refuses to give another one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests import fake_api
from tests.fake_api import FakeApi, Question, Told

VERSION = "v26.0"
TOKEN = "EAABpageTokenForTests0123456789abcdefghijklmnopqrstuvwxyz"
SECRET = "app-secret-for-tests"
PAGE, PAGE_NAME = "110000000000001", "Clinique du Lac"
ACCOUNT, ACCOUNT_NAME = "17841400000000001", "clinique.du.lac"
STRANGER = "220000000000002"
FIELDS = {
    "Page": {"id", "name"},
    "PagePost": {"id", "message", "from", "created_time", "permalink_url", "comments", "is_hidden"},
    "Comment": {
        *("id", "message", "from", "created_time", "parent", "permalink_url", "is_hidden", "comments"),
        *("can_hide", "can_remove"),
    },
    "Recommendation": {
        *("created_time", "has_rating", "has_review", "rating", "recommendation_type", "review_text"),
        *("reviewer", "open_graph_story"),
    },
    "IGUser": {"id", "username", "name", "media_count"},
    "IGMedia": {"id", "caption", "permalink", "timestamp", "username", "comments_count", "comments"},
    "IGComment": {
        *("id", "text", "timestamp", "from", "username", "parent_id", "hidden", "media", "replies"),
    },
}
"""By node: as facebook-business 26 names them, the edges that are expanded among them."""
EDGES = {
    "Page": {"feed", "tagged", "ratings"},
    "PagePost": {"comments"},
    "Comment": {"comments"},
    "IGUser": {"media"},
    "IGMedia": {"comments"},
    "IGComment": {"replies"},
}
_TOKENS = re.compile(r"[A-Za-z_]+|[{}(),.]|[0-9]+")


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, code: int, message: str, subcode: int = 0, status: int = 400) -> None:
        super().__init__(message)
        self.told: Told = (status, refusal(code, message, subcode))


def refusal(code: int, message: str = "no", subcode: int = 0, **more: Any) -> dict[str, Any]:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbCdEf", **more}
    return {"error": error | ({"error_subcode": subcode} if subcode else {})}


@dataclass
class Wanted:
    """Of a field: `limit(3)` and the like, and the fields inside."""

    modifiers: dict[str, str] = field(default_factory=dict)
    inside: dict[str, Wanted] = field(default_factory=dict)


def wanted(told: str) -> dict[str, Wanted]:
    """`id,from{id},comments.limit(3){id}` as a tree."""
    parts = _TOKENS.findall(told)
    found = _fields(parts)
    assert not parts, f"not a list of fields: {told}"
    return found


def _fields(parts: list[str]) -> dict[str, Wanted]:
    found: dict[str, Wanted] = {}
    while parts and parts[0] != "}":
        one = found[parts.pop(0)] = Wanted()
        while parts and parts[0] == ".":
            _dot, name, _open, value, _close = (parts.pop(0) for _part in range(5))
            one.modifiers[name] = value
        if parts and parts[0] == "{":
            parts.pop(0)
            one.inside = _fields(parts)
            parts.pop(0)
        if parts and parts[0] == ",":
            parts.pop(0)
    return found


@dataclass
class Thing:
    """A node. `above`: what it was published under."""

    id: str
    kind: str
    text: str
    author: str
    at: int
    above: str = ""
    is_hidden: bool = False
    told: dict[str, Any] = field(default_factory=dict)


class _Handler(fake_api._Handler):
    def do_DELETE(self) -> None:  # noqa: N802 - as http.server wants it
        self._do()


class FakeGraph(FakeApi):
    """`things`: by id, in the order of their publication."""

    def __init__(self, most: int = 100) -> None:
        super().__init__()
        self.RequestHandlerClass = _Handler
        self.things: dict[str, Thing] = {}
        self.most = most
        """Of a list in one answer."""
        self.moments = 0
        self.is_signed = False
        """Whether calls must be signed with the secret of the application."""
        self.is_anonymous = False
        """Whether it keeps to itself who wrote."""
        self.closed: dict[str, int] = {}
        """Edge → code of the error that it answers."""
        self.count = True
        """Whether it counts comments."""

    @property
    def api(self) -> str:
        return f"{self.url}/{VERSION}"

    def told(self, question: Question) -> Told:
        try:
            self._require_known(question)
            path = question.path.removeprefix(f"/{VERSION}/").strip("/").split("/")
            if question.method == "GET":
                return 200, self._read(path, question.params)
            return 200, self._change(question.method, path, question.body)
        except Refused as refused:
            return refused.told

    def _require_known(self, question: Question) -> None:
        given = question.headers.get("Authorization", "").removeprefix("Bearer ")
        if given != TOKEN:
            raise Refused(190, f"Malformed access token {given}", 0, 401)
        proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
        if self.is_signed and question.params.get("appsecret_proof") != proof:
            raise Refused(100, "API calls from the server require an appsecret_proof argument")

    def _read(self, path: list[str], params: Mapping[str, str]) -> Any:
        thing, fields = self.thing(path[0]), wanted(params.get("fields", "id"))
        if len(path) == 1:
            return self._shown(thing, fields)
        if path[1] not in EDGES[thing.kind]:
            raise Refused(100, f"(#100) Tried accessing nonexisting field ({path[1]})")
        return self._listed(thing, path[1], Wanted(dict(params), fields))

    def thing(self, name: str) -> Thing:
        if name not in self.things:
            sentence = f"Object with ID '{name}' does not exist, cannot be loaded due to missing permissions"
            raise Refused(100, f"Unsupported get request. {sentence}", 33)
        return self.things[name]

    def _shown(self, thing: Thing, fields: Mapping[str, Wanted]) -> dict[str, Any]:
        odd = fields.keys() - FIELDS[thing.kind]
        if odd:
            raise Refused(100, f"(#100) Tried accessing nonexisting field ({min(odd)}) on node {thing.kind}")
        edges = EDGES.get(thing.kind, set())
        told = {name: self._listed(thing, name, fields[name]) for name in fields.keys() & edges}
        told |= {name: one for name, one in self.values(thing).items() if name in fields}
        return {"id": thing.id, **told} if "id" in FIELDS[thing.kind] else told

    def values(self, thing: Thing) -> dict[str, Any]:
        """What its fields hold."""
        raise NotImplementedError

    def under(self, thing: Thing, edge: str, modifiers: Mapping[str, str]) -> list[Thing]:
        """What an edge lists, in its order."""
        raise NotImplementedError

    def _listed(self, thing: Thing, edge: str, asked: Wanted) -> dict[str, Any]:
        if edge in self.closed:
            raise Refused(self.closed[edge], f"(#{self.closed[edge]}) not for you")
        found = self.under(thing, edge, asked.modifiers)
        start = _start(asked.modifiers.get("after", ""))
        end = start + min(self.most, int(asked.modifiers.get("limit", "25")))
        paging: dict[str, Any] = {"cursors": {"before": _cursor(start), "after": _cursor(end)}}
        if end < len(found):
            paging["next"] = f"{self.api}/{thing.id}/{edge}?after={_cursor(end)}"
        told: dict[str, Any] = {"data": [self._shown(one, asked.inside) for one in found[start:end]]}
        if told["data"]:
            told["paging"] = paging
        if "summary" in asked.modifiers and self.count:
            told["summary"] = {"order": "chronological", "total_count": len(found), "can_comment": True}
        return told

    def _change(self, method: str, path: list[str], body: Any) -> Any:
        thing = self.thing(path[0])
        if method == "DELETE":
            self.delete(thing.id)
            return {"success": True}
        if len(path) == 1:
            thing.is_hidden = self.hidden(body)
            return {"success": True}
        return {"id": self.answer_under(thing, path[1], body["message"])}

    def hidden(self, body: Any) -> bool:
        raise NotImplementedError

    def answer_under(self, thing: Thing, edge: str, text: str) -> str:
        raise NotImplementedError

    def add(self, kind: str, text: str, author: str, above: str = "", **told: Any) -> str:
        self.moments += 1
        name = self.name(kind, above)
        self.things[name] = Thing(name, kind, text, author, self.moments, above, told=told)
        return name

    def name(self, kind: str, above: str) -> str:
        raise NotImplementedError

    def edit(self, message: str, text: str) -> None:
        self.things[message].text = text

    def delete(self, message: str) -> None:
        for one in [one.id for one in self.things.values() if one.above == message]:
            self.delete(one)
        del self.things[message]

    def replies(self, message: str) -> list[str]:
        return [one.text for one in self.things.values() if one.above == message]

    def is_visible(self, message: str) -> bool:
        return message in self.things and not self.things[message].is_hidden


class FakeFacebook(FakeGraph):
    """A page with one post."""

    def __init__(self, most: int = 100) -> None:
        super().__init__(most)
        for name in ("me", PAGE):
            self.things[name] = Thing(PAGE, "Page", PAGE_NAME, PAGE, 0)
        self.post = self.publish()

    def publish(self, text: str = "Nos horaires d’été", author: str = PAGE) -> str:
        return self.add("PagePost", text, author)

    def tag(self, text: str, author: str = STRANGER) -> str:
        return self.add("PagePost", text, author, tagged=True)

    def recommend(self, text: str, opinion: str = "positive", *, story: bool = True, **told: Any) -> str:
        name = self.add("Recommendation", text, STRANGER, opinion=opinion, has_story=story, **told)
        return name if story else ""

    def write(self, text: str, author: str = STRANGER, above: str = "") -> str:
        return self.add("Comment", text, author, above or self.post)

    def say(self, text: str) -> str:
        return self.write(text)

    def name(self, kind: str, above: str) -> str:
        return f"{(above or PAGE).partition('_')[0]}_{9_000_000_000 + self.moments}"

    def hidden(self, body: Any) -> bool:
        assert set(body) == {"is_hidden"}
        return bool(body["is_hidden"])

    def answer_under(self, thing: Thing, edge: str, text: str) -> str:
        assert edge == "comments"
        return self.write(text, PAGE, thing.id)

    def values(self, thing: Thing) -> dict[str, Any]:
        if thing.kind == "Page":
            return {"name": thing.text}
        if thing.kind == "Recommendation":
            return self._recommended(thing)
        told = {"message": thing.text, "created_time": _moment(thing.at), "is_hidden": thing.is_hidden}
        told["permalink_url"] = f"https://www.facebook.com/{thing.id}"
        if not self.is_anonymous or thing.author == PAGE:
            told["from"] = {"id": thing.author}
        above = self.things.get(thing.above)
        if above is not None and above.kind == "Comment":
            told["parent"] = {"id": above.id}
        return told

    def _recommended(self, thing: Thing) -> dict[str, Any]:
        told: dict[str, Any] = {"created_time": _moment(thing.at), "review_text": thing.text}
        if thing.told["opinion"]:
            told["recommendation_type"] = thing.told["opinion"]
        if thing.told["has_story"]:
            told["open_graph_story"] = {"id": thing.id}
        if not self.is_anonymous:
            told["reviewer"] = {"id": thing.author}
        stars = thing.told.get("stars", 0)
        return told | ({"rating": stars, "has_rating": True} if stars else {"has_rating": False})

    def under(self, thing: Thing, edge: str, modifiers: Mapping[str, str]) -> list[Thing]:
        newest = [one for one in self.things.values() if one.at][::-1]
        if edge == "ratings":
            return [one for one in newest if one.kind == "Recommendation"]
        if edge in {"feed", "tagged"}:
            posts = [one for one in newest if one.kind == "PagePost"]
            return [one for one in posts if bool(one.told.get("tagged")) == (edge == "tagged")]
        found = [one for one in newest if one.kind == "Comment" and self._stands_under(one, thing)]
        if modifiers.get("filter") != "stream":
            found = [one for one in found if one.above == thing.id]
        return found if modifiers.get("order") == "reverse_chronological" else found[::-1]

    def _stands_under(self, one: Thing, thing: Thing) -> bool:
        above = self.things.get(one.above)
        return one.above == thing.id or (above is not None and self._stands_under(above, thing))


class FakeInstagram(FakeGraph):
    """A professional account with one photo."""

    def __init__(self, most: int = 50) -> None:
        super().__init__(most)
        self.things[ACCOUNT] = Thing(ACCOUNT, "IGUser", ACCOUNT_NAME, ACCOUNT, 0)
        self.post = self.publish()

    def publish(self, text: str = "Notre nouvelle salle d’attente") -> str:
        return self.add("IGMedia", text, ACCOUNT)

    def write(self, text: str, author: str = STRANGER, above: str = "") -> str:
        return self.add("IGComment", text, author, above or self.post)

    def say(self, text: str) -> str:
        return self.write(text)

    def name(self, kind: str, above: str) -> str:
        return str(17_900_000_000_000_000 + self.moments)

    def hidden(self, body: Any) -> bool:
        assert set(body) == {"hide"}
        return bool(body["hide"])

    def answer_under(self, thing: Thing, edge: str, text: str) -> str:
        assert edge == "replies"
        if thing.is_hidden:
            raise Refused(100, "(#100) You cannot reply to a hidden comment")
        above = self.things[thing.above]
        return self.write(text, ACCOUNT, above.id if above.kind == "IGComment" else thing.id)

    def values(self, thing: Thing) -> dict[str, Any]:
        if thing.kind == "IGUser":
            return {"username": thing.text}
        if thing.kind == "IGMedia":
            told = {"permalink": f"https://www.instagram.com/p/{thing.id}/", "username": ACCOUNT_NAME}
            below = [one for one in self.things.values() if self._stands_under(one, thing)]
            return {**told, **({"comments_count": len(below)} if self.count else {})}
        name = ACCOUNT_NAME if thing.author == ACCOUNT else f"Lea.{thing.author}"
        told = {"text": thing.text, "timestamp": _moment(thing.at), "username": name}
        told["hidden"] = thing.is_hidden
        above = self.things[thing.above]
        if above.kind == "IGComment":
            told["parent_id"] = above.id
        return told | ({} if self.is_anonymous else {"from": {"id": thing.author, "username": name}})

    def under(self, thing: Thing, edge: str, modifiers: Mapping[str, str]) -> list[Thing]:
        newest = list(self.things.values())[::-1]
        if edge == "media":
            return [one for one in newest if one.kind == "IGMedia"]
        found = [one for one in newest if one.above == thing.id and not one.is_hidden]
        return found if edge == "comments" else found[::-1]

    def _stands_under(self, one: Thing, thing: Thing) -> bool:
        above = self.things.get(one.above)
        return above is not None and (above is thing or self._stands_under(above, thing))


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"at {number}".encode()).decode()


def _start(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("at ") or 0)
    except ValueError:
        raise Refused(100, "(#100) Invalid cursors values") from None


def _moment(number: int) -> str:
    return f"2026-11-02T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}+0000"
