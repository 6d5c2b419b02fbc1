"""A gateway of the house: replies go to an HTTP address of one's own, which publishes them.

`POST <address>` with a JSON object `{"key", "message", "url", "network", "text"}`, the header
`Idempotency-Key`, and `X-Veilleur-Signature: sha256=<hex HMAC of the body>`; 2xx with `{"id", "url"}` says
that it is published. `GET <address>?key=…` (signed over the key) answers the same object, or 404.
Documented for those who write one in docs/howto/send-replies.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from http import HTTPStatus
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from veilleur.errors import NotReached, OutcomeUnknown, SendingRefused
from veilleur.listening.connector import Answered, Capability, Sent
from veilleur.listening.connectors.client import ask
from veilleur.vocabulary import Words

SECONDS = 10.0
MOST_WORDS = 300
"""Characters of a refusal that are kept."""


def _web(address: str) -> str:
    try:
        parts = urlsplit(address)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.username or parts.query or parts.fragment:
        raise ValueError("an address such as https://example.org/replies, without “?” or password")
    return address


class GatewaySettings(BaseModel):
    """What an account needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: Annotated[str, Field(max_length=500), AfterValidator(_web)]
    secret: Annotated[SecretStr, Field(min_length=16, max_length=200)]
    seconds: Annotated[float, Field(ge=0.2, le=60)] = SECONDS
    """How long an answer is waited for."""


class _Published(BaseModel):
    id: Annotated[str, Field(max_length=200)]
    url: Annotated[str, Field(max_length=1000)] = ""


class Gateway:
    """Keeps `Connector`."""

    name: ClassVar[str] = "gateway"
    title: ClassVar[Words] = Words({"fr": "Une passerelle de la maison", "en": "A gateway of one’s own"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.REPLY, Capability.READ_BACK, Capability.KEEPS_KEYS}
    )
    settings: ClassVar[type[BaseModel]] = GatewaySettings
    seconds: ClassVar[float] = 3 * 60.0

    def __init__(self, settings: GatewaySettings) -> None:
        """Connects to nothing yet."""
        self._settings = settings

    def reply(self, answered: Answered, text: str, key: str) -> Sent:
        """Hands a reply to the gateway."""
        told = {"key": key, "message": answered.external_id, "url": answered.url}
        body = json.dumps(told | {"network": answered.network, "text": text}, ensure_ascii=False).encode(
            "utf-8", "replace"
        )
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, **self._signed(body)}
        answer = ask(
            "POST", self._settings.address, content=body, headers=headers, seconds=self._settings.seconds
        )
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise NotReached("HTTP 429")
        if 400 <= answer.status_code < 500 and answer.status_code != HTTPStatus.REQUEST_TIMEOUT:
            raise SendingRefused(answer.text[:MOST_WORDS] or f"HTTP {answer.status_code}")
        return _published(answer)

    def find_reply(self, answered: Answered, text: str, key: str) -> Sent | None:  # noqa: ARG002
        """What the gateway published for a key."""
        headers = self._signed(key.encode())
        answer = ask(
            "GET",
            self._settings.address,
            params={"key": key},
            headers=headers,
            seconds=self._settings.seconds,
        )
        return None if answer.status_code == HTTPStatus.NOT_FOUND else _published(answer)

    def _signed(self, content: bytes) -> dict[str, str]:
        secret = self._settings.secret.get_secret_value().encode()
        return {"X-Veilleur-Signature": f"sha256={hmac.new(secret, content, hashlib.sha256).hexdigest()}"}


def _published(answer: httpx.Response) -> Sent:
    if not 200 <= answer.status_code < 300:
        raise OutcomeUnknown(f"HTTP {answer.status_code}")
    try:
        told = _Published.model_validate_json(answer.content)
    except ValidationError as error:
        raise OutcomeUnknown("the answer is not the JSON object that was agreed") from error
    return Sent(told.id, told.url if told.url.startswith(("https://", "http://")) else "")
