"""Trustpilot on 127.0.0.1, as the reference of its API v1 has it, with its token endpoint.

It doubles as the stage of `check_connector`.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs

from tests.fake_api import FakeApi, Question, Told

UNIT = "46d6a890ffa235a75b00021d"
USER = "507f191e810c19729de860ea"
KEY, SECRET = "trustpilot-key-for-tests", "trustpilot-secret"
BASIC = f"Basic {base64.b64encode(f'{KEY}:{SECRET}'.encode()).decode()}"
MISSING: Told = (404, {"message": "Not Found", "errorCode": 1002})


class FakeTrustpilot(FakeApi):
    """`reviews`: by id, in the order of their publication; at most `page` of them on a page."""

    def __init__(self, page: int = 100) -> None:
        super().__init__()
        self.reviews: dict[str, dict[str, Any]] = {}
        self.page, self.moments, self.tokens, self.posts = page, 0, 0, 0

    def told(self, question: Question) -> Told:
        path = question.path.removeprefix("/v1/")
        if path == "oauth/oauth-business-users-for-applications/accesstoken":
            return self._token(question)
        if path.startswith("private/"):
            return self._private(path, question)
        if question.headers.get("apikey") != KEY:
            return 401, {"message": "Invalid API key", "errorCode": 1001}
        if path == f"business-units/{UNIT}/reviews":
            return self._listed(question)
        if path == f"business-units/{UNIT}":
            count = {"total": len(self.reviews), "fiveStars": 0}
            return 200, {"id": UNIT, "displayName": "Mutuelle du Lac", "numberOfReviews": count}
        name = path.removeprefix("reviews/")
        return (200, self.reviews[name]) if name in self.reviews else MISSING

    def _token(self, question: Question) -> Told:
        told = {name: values[0] for name, values in parse_qs(question.raw.decode()).items()}
        if told != {"grant_type": "client_credentials"} or question.headers.get("Authorization") != BASIC:
            return 401, {"reason": "Invalid client credentials"}
        self.tokens += 1
        return 200, {"access_token": f"access-{self.tokens}", "expires_in": "359999"}

    def _listed(self, question: Question) -> Told:
        if question.params.get("orderBy") != "createdat.desc":
            return 400, {"message": "orderBy"}
        number = int(question.params["page"])
        size = min(self.page, int(question.params["perPage"]))
        newest = sorted(self.reviews.values(), key=lambda one: str(one.get("createdAt")), reverse=True)
        shown = newest[(number - 1) * size : number * size]
        links = [{"rel": "next-page", "href": "…", "method": "GET"}] if number * size < len(newest) else []
        return 200, {"reviews": shown, "links": links}

    def _private(self, path: str, question: Question) -> Told:
        name = path.removeprefix("private/reviews/").removesuffix("/reply")
        if self.tokens == 0 or question.headers.get("Authorization") != f"Bearer access-{self.tokens}":
            return 401, {"message": "Invalid access token"}
        if name not in self.reviews or question.method != "POST" or not path.endswith("/reply"):
            return MISSING
        if set(question.body) != {"authorBusinessUserId", "message"} or not question.body["message"]:
            return 400, {"message": "message"}
        if question.body["authorBusinessUserId"] != USER:
            return 403, {"message": "The user has no access to this business unit"}
        self.posts += 1
        self.answer_review(name, question.body["message"])
        return 201, b""

    def _moment(self) -> str:
        self.moments += 1
        return f"2026-11-02T{self.moments // 60:02}:{self.moments % 60:02}:00Z"

    def write(self, said: str, **told: Any) -> str:
        moment = self._moment()
        name = f"5e3de1b45fb06f00{self.moments:08x}"
        made = {
            "id": name,
            "stars": 4,
            "title": "Mon avis",
            "text": said,
            "language": "fr",
            "createdAt": moment,
            "updatedAt": None,
            "consumer": {"id": "5e3de1b45fb06f0001790b50", "displayName": "Léa Martin", "email": "lea@a.fr"},
            "businessUnit": {"id": UNIT, "displayName": "Mutuelle du Lac"},
            "companyReply": None,
            "isVerified": True,
        }
        self.reviews[name] = {**made, **told}
        return name

    def answer_review(self, name: str, text: str) -> None:
        """As the company, here or on Trustpilot's own pages."""
        reply = {"text": text, "createdAt": self._moment(), "authorBusinessUserId": USER}
        self.reviews[name]["companyReply"] = reply

    def say(self, text: str) -> str:
        return self.write(text)

    def edit(self, message: str, text: str) -> None:
        self.reviews[message] |= {"text": text, "updatedAt": self._moment()}

    def delete(self, message: str) -> None:
        del self.reviews[message]

    def replies(self, message: str) -> list[str]:
        reply = self.reviews[message]["companyReply"]
        return [reply["text"]] if reply else []
