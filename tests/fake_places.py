"""Places of Google on 127.0.0.1, in the shapes of the discovery document places v1."""

from __future__ import annotations

from typing import Any

from tests.fake_api import FakeApi, Question, Told

KEY = "places-key-for-tests"
PLACE = "ChIJD7fiBh9u5kcRYJSMaMOCCwQ"


def refusal(code: int, status: str, message: str, reason: str = "") -> dict[str, Any]:
    """As the newer services of Google refuse."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    return {"error": {"code": code, "message": message, "status": status, "details": details}}


class FakePlaces(FakeApi):
    """`reviews`: by place; at most five are shown, as Google does."""

    def __init__(self) -> None:
        super().__init__()
        self.reviews: dict[str, list[dict[str, Any]]] = {PLACE: []}

    def told(self, question: Question) -> Told:
        if question.headers.get("X-Goog-Api-Key") != KEY:
            return 400, refusal(400, "INVALID_ARGUMENT", "API key not valid.", "API_KEY_INVALID")
        place = question.path.removeprefix("/v1/places/")
        if place not in self.reviews:
            return 404, refusal(404, "NOT_FOUND", "The Place ID is no longer valid.")
        whole = {
            "displayName": {"text": "Clinique du Lac", "languageCode": "fr"},
            "googleMapsUri": "https://maps.google.com/?cid=1",
            "reviews": self.reviews[place][:5],
        }
        mask = question.headers.get("X-Goog-FieldMask", "").split(",")
        return 200, {name: value for name, value in whole.items() if name in mask}

    def say(self, said: str, /, rating: float = 4, place: str = PLACE, **told: Any) -> str:
        shown = self.reviews[place]
        name = f"places/{place}/reviews/R{len(shown) + 1}"
        made = {
            "name": name,
            "rating": rating,
            "text": {"text": f"Traduit : {said}", "languageCode": "fr"},
            "originalText": {"text": said, "languageCode": "fr"},
            "publishTime": "2026-11-02T08:15:30.123456789Z",
            "authorAttribution": {
                "displayName": "Léa Martin",
                "uri": "https://www.google.com/maps/contrib/112233/reviews",
                "photoUri": "https://lh3.googleusercontent.com/a/lea",
            },
            "googleMapsUri": f"https://maps.google.com/reviews/{len(shown) + 1}",
        }
        shown.insert(0, {**made, **told})
        return name

    def edit(self, message: str, text: str) -> None:
        for review in (one for shown in self.reviews.values() for one in shown):
            if review["name"] == message:
                review["originalText"] = {"text": text, "languageCode": "fr"}
