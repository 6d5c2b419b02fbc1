"""Google Business Profile on 127.0.0.1, as the reference of its API v4 has it, with Google's token endpoint.

Replies wait for an examination before they are published (`examination` seconds), and are rejected when they
hold a word of `forbidden`. It doubles as the stage of `check_connector`.
"""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import parse_qs

from tests.fake_api import FakeApi, Question, Told

ACCOUNT = "104567890123456789012"
LOCATION, OTHER = "16000000000000000001", "16000000000000000002"
OAUTH = {"client_id": "us.apps.example", "client_secret": "client-secret", "refresh_token": "refresh-me"}
WORDS = ("ONE", "TWO", "THREE", "FOUR", "FIVE")
PATH = re.compile(rf"/v4/accounts/{ACCOUNT}/locations/(\d+)/reviews(?:/([^/]+))?(/reply)?")
LONGEST_REPLY = 4096


def refusal(code: int, status: str, message: str, **metadata: str) -> dict[str, Any]:
    """As the newer services of Google refuse."""
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    details = [{"@type": kind, "reason": status, "metadata": metadata}] if metadata else []
    return {"error": {"code": code, "message": message, "status": status, "details": details}}


class FakeGoogleBusiness(FakeApi):
    """`reviews`: by location and id (`location/id`), in no order; at most `page` of them on a page."""

    def __init__(self, page: int = 50) -> None:
        super().__init__()
        self.reviews: dict[str, dict[str, Any]] = {}
        self.replied: dict[str, float] = {}
        self.verified = {LOCATION, OTHER}
        self.forbidden = {"06 12 34 56 78": "PERSONAL_INFO"}
        self.examination = 0.0
        self.page, self.era, self.moments, self.tokens = page, 1, 0, 0

    def told(self, question: Question) -> Told:
        if question.path == "/token":
            return self._token(question)
        if self.tokens == 0 or question.headers.get("Authorization") != f"Bearer access-{self.tokens}":
            return 401, refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        found = PATH.fullmatch(question.path)
        if found is None or found[1] not in self.verified:
            return 404, refusal(404, "NOT_FOUND", "Requested entity was not found.")
        location, review, is_reply = found.groups()
        if review is None:
            return self._listed(location, question)
        name = f"{location}/{review}"
        if name not in self.reviews:
            return 404, refusal(404, "NOT_FOUND", "Requested entity was not found.")
        return self._replied(name, question) if is_reply else (200, self._shown(name))

    def _token(self, question: Question) -> Told:
        told = {name: values[0] for name, values in parse_qs(question.raw.decode()).items()}
        if told != {"grant_type": "refresh_token", **OAUTH}:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        self.tokens += 1
        return 200, {"access_token": f"access-{self.tokens}", "expires_in": 3599, "token_type": "Bearer"}

    def _listed(self, location: str, question: Question) -> Told:
        if question.params.get("orderBy") != "updateTime desc":
            return 400, refusal(400, "INVALID_ARGUMENT", "orderBy")
        token = question.params.get("pageToken", "")
        if token and not token.startswith(f"era{self.era}-"):
            return 400, refusal(400, "INVALID_ARGUMENT", "Invalid page token.")
        names = [name for name in self.reviews if name.startswith(f"{location}/")]
        names.sort(key=lambda name: self.reviews[name]["updateTime"], reverse=True)
        start = int(token.partition("-")[2] or 0)
        end = start + min(self.page, int(question.params["pageSize"]))
        told: dict[str, Any] = {"totalReviewCount": len(names), "averageRating": 3.5}
        if names:
            told["reviews"] = [self._shown(name) for name in names[start:end]]
        if end < len(names):
            told["nextPageToken"] = f"era{self.era}-{end}"
        return 200, told

    def _replied(self, name: str, question: Question) -> Told:
        if question.method != "PUT":
            return 405, refusal(405, "UNIMPLEMENTED", "method")
        comment = question.body["comment"]
        if len(comment.encode()) > LONGEST_REPLY:
            return 400, refusal(400, "INVALID_ARGUMENT", "comment is too long")
        self.answer_review(name, comment)
        return 200, self._shown(name)["reviewReply"]

    def _shown(self, name: str) -> dict[str, Any]:
        """A review with what the examination of its reply came to."""
        review = self.reviews[name]
        if "reviewReply" not in review:
            return review
        reply = dict(review["reviewReply"])
        reply.setdefault("reviewReplyState", "PENDING")
        if reply["reviewReplyState"] == "PENDING" and time.monotonic() >= self.replied[name]:
            faults = [fault for word, fault in self.forbidden.items() if word in reply["comment"]]
            reply["reviewReplyState"] = "REJECTED" if faults else "APPROVED"
            reply |= {"policyViolation": faults[0]} if faults else {}
        return {**review, "reviewReply": reply}

    def _moment(self) -> str:
        self.moments += 1
        return f"2026-11-02T{self.moments // 60:02}:{self.moments % 60:02}:00.123456789Z"

    def write(self, said: str, location: str = LOCATION, stars: int = 4, **told: Any) -> str:
        moment = self._moment()
        name = f"AbFvOq{self.moments:04}_review-id"
        whole = f"accounts/{ACCOUNT}/locations/{location}/reviews/{name}"
        made = {
            "name": whole,
            "reviewId": name,
            "reviewer": {"displayName": "Léa Martin", "profilePhotoUrl": "https://lh3.example/lea"},
            "starRating": WORDS[stars - 1],
            "comment": said,
            "createTime": moment,
            "updateTime": moment,
            "reviewReplyUrl": f"https://business.google.com/reviews/{name}",
        }
        self.reviews[f"{location}/{name}"] = {**made, **told}
        return f"{location}/{name}"

    def answer_review(self, name: str, comment: str, **told: Any) -> None:
        """As the owner, here or on Google's own pages."""
        reply = {"comment": comment, "updateTime": self._moment(), **told}
        self.reviews[name]["reviewReply"] = reply
        self.replied[name] = time.monotonic() + self.examination

    def say(self, text: str) -> str:
        return self.write(text)

    def edit(self, message: str, text: str) -> None:
        self.reviews[message] |= {"comment": text, "updateTime": self._moment()}

    def delete(self, message: str) -> None:
        del self.reviews[message]

    def replies(self, message: str) -> list[str]:
        """What the public sees."""
        reply = self._shown(message).get("reviewReply", {})
        return [reply["comment"]] if reply.get("reviewReplyState") == "APPROVED" else []
