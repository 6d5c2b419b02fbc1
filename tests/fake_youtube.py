"""YouTube on 127.0.0.1, in the shapes of the discovery document youtube v3, with Google's token endpoint."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from tests.fake_api import FakeApi, Question, Told

KEY = "youtube-key-for-tests"
OAUTH = {"client_id": "us.apps.example", "client_secret": "client-secret", "refresh_token": "refresh-me"}
CHANNEL = "UC" + "a" * 22
VIDEO = "dQw4w9WgXcQ"
STRANGER = "UC" + "z" * 22
EMBEDDED = 5


def refusal(code: int, reason: str, message: str = "no") -> dict[str, Any]:
    """As the older services of Google refuse."""
    return {"error": {"code": code, "message": message, "errors": [{"reason": reason, "domain": "youtube"}]}}


class FakeYouTube(FakeApi):
    """`comments`: by id, in the order of their publication."""

    def __init__(self, page: int = 100) -> None:
        super().__init__()
        self.comments: dict[str, dict[str, Any]] = {}
        self.page = page
        self.moments = 0
        self.tokens = 0
        self.closed: set[str] = set()
        """Videos without comments."""

    def told(self, question: Question) -> Told:
        if question.path == "/token":
            return self._token(question)
        if not self._is_known(question):
            return 400, refusal(400, "keyInvalid")
        name = f"{question.method} {question.path.removeprefix('/youtube/v3/')}"
        acts = {
            "GET commentThreads": self._listed_threads,
            "GET comments": self._list,
            "GET channels": self._channels,
            "POST comments": self._insert,
            "POST comments/setModerationStatus": self._moderate,
        }
        return acts[name](question) if name in acts else (404, refusal(404, "notFound"))

    def _is_known(self, question: Question) -> bool:
        bearer = question.headers.get("Authorization", "")
        if bearer:
            return self.tokens > 0 and bearer == f"Bearer access-{self.tokens}"
        is_key = question.headers.get("X-Goog-Api-Key") == KEY
        return is_key and question.method == "GET" and "mine" not in question.params

    def _token(self, question: Question) -> Told:
        told = {name: values[0] for name, values in parse_qs(question.raw.decode()).items()}
        if told != {"grant_type": "refresh_token", **OAUTH}:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        self.tokens += 1
        return 200, {"access_token": f"access-{self.tokens}", "expires_in": 3599, "token_type": "Bearer"}

    def _listed_threads(self, question: Question) -> Told:
        video = question.params.get("videoId", "")
        if video in self.closed:
            return 403, refusal(403, "commentsDisabled", "The video has disabled comments.")
        tops = [one for one in self._visible() if not one["parent"] and video in {"", one["video"]}]
        tops.reverse()
        return self._paged(question, tops, self._thread)

    def _thread(self, one: dict[str, Any]) -> dict[str, Any]:
        replies = [other for other in self._visible() if other["parent"] == one["id"]]
        told: dict[str, Any] = {"id": one["id"], "kind": "youtube#commentThread"}
        told["snippet"] = {"topLevelComment": _comment(one), "totalReplyCount": len(replies)}
        told["snippet"]["videoId"] = one["video"]
        if replies:
            told["replies"] = {"comments": [_comment(other) for other in replies[-EMBEDDED:]]}
        return told

    def _list(self, question: Question) -> Told:
        if "parentId" in question.params:
            parent = question.params["parentId"]
            replies = [one for one in self._visible() if one["parent"] == parent]
            return self._paged(question, replies[::-1], _comment)
        ids = question.params["id"].split(",")
        found = [self.comments[one] for one in ids if one in self.comments]
        return 200, {"items": [{"id": one["id"]} for one in found]}

    def _paged(self, question: Question, entries: list[dict[str, Any]], shape: Any) -> Told:
        token = question.params.get("pageToken", "")
        if token and not token.startswith("page-"):
            return 400, refusal(400, "invalidPageToken")
        start = int(token.removeprefix("page-") or 0)
        size = min(self.page, int(question.params.get("maxResults", "20")))
        told: dict[str, Any] = {"items": [shape(one) for one in entries[start : start + size]]}
        if start + size < len(entries):
            told["nextPageToken"] = f"page-{start + size}"
        return 200, told

    def _channels(self, _question: Question) -> Told:
        return 200, {"items": [{"id": CHANNEL, "snippet": {"title": "Clinique du Lac"}}]}

    def _insert(self, question: Question) -> Told:
        snippet = question.body["snippet"]
        made = self.write(snippet["textOriginal"], CHANNEL, snippet["parentId"])
        return 200, _comment(self.comments[made])

    def _moderate(self, question: Question) -> Told:
        if question.params["id"] not in self.comments:
            return 404, refusal(404, "commentNotFound")
        self.comments[question.params["id"]]["status"] = question.params["moderationStatus"]
        return 204, b""

    def _visible(self) -> list[dict[str, Any]]:
        return [one for one in self.comments.values() if one["status"] == "published"]

    def write(self, text: str, author: str = STRANGER, parent: str = "", video: str = VIDEO) -> str:
        self.moments += 1
        name = f"{parent}.r{self.moments}" if parent else f"Ug{self.moments:04}AaABAg"
        minute = f"2026-11-02T{self.moments // 60:02}:{self.moments % 60:02}:00Z"
        made = {"id": name, "text": text, "author": author, "parent": parent, "video": video, "at": minute}
        self.comments[name] = {**made, "status": "published"}
        return name

    def say(self, text: str) -> str:
        return self.write(text)

    def edit(self, message: str, text: str) -> None:
        self.comments[message]["text"] = text

    def delete(self, message: str) -> None:
        del self.comments[message]

    def replies(self, message: str) -> list[str]:
        return [one["text"] for one in self._visible() if one["parent"] == message]

    def is_visible(self, message: str) -> bool:
        return any(one["id"] == message for one in self._visible())


def _comment(one: dict[str, Any]) -> dict[str, Any]:
    snippet = {
        "textDisplay": one["text"],
        "textOriginal": one["text"],
        "authorDisplayName": "@lea-martin",
        "authorProfileImageUrl": "https://yt3.ggpht.com/lea",
        "authorChannelId": {"value": one["author"]},
        "publishedAt": one["at"],
        "updatedAt": one["at"],
        "videoId": one["video"],
    }
    parent = {"parentId": one["parent"]} if one["parent"] else {}
    return {"kind": "youtube#comment", "id": one["id"], "snippet": snippet | parent}
