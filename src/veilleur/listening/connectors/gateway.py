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
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, ClassVar

import httpx
from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationError

from veilleur.errors import NetworkRefused, NotReached, OutcomeUnknown
from veilleur.listening.asking import web
from veilleur.listening.client import MOST_WORDS, Client
from veilleur.listening.connector import Answered, Capability, Remark, Sent, remark, said
from veilleur.listening.settings import AccountSettings, asked, web_address
from veilleur.vocabulary import Words

SECONDS = 10.0


class GatewaySettings(AccountSettings):
    """What an account needs."""

    address: Annotated[
        str,
        asked("Adresse de la passerelle", "Address of the gateway", max_length=500),
        AfterValidator(web_address),
    ]
    secret: Annotated[
        SecretStr,
        asked(
            "Secret partagé",
            "Shared secret",
            fr_help="Au moins 16 caractères ; il signe ce qui part.",
            en_help="At least 16 characters; it signs what is sent.",
            min_length=16,
            max_length=200,
        ),
    ]
    seconds: Annotated[
        float, asked("Secondes d’attente d’une réponse", "Seconds to wait for an answer", ge=0.2, le=60)
    ] = SECONDS


class _Published(BaseModel):
    id: Annotated[str, Field(max_length=200)]
    url: Annotated[str, Field(max_length=1000)] = ""


class Gateway:
    """Keeps `Connector`."""

    name: ClassVar[str] = "gateway"
    title: ClassVar[Words] = said("Une passerelle de la maison", "A gateway of one’s own")
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.REPLY, Capability.READ_BACK, Capability.KEEPS_KEYS}
    )
    limits: ClassVar[Sequence[Words]] = (
        said(
            "Elle publie des réponses ; elle n’apporte aucun message.",
            "It publishes replies; it brings no message.",
        ),
    )
    settings: ClassVar[type[BaseModel]] = GatewaySettings
    seconds: ClassVar[float] = 3 * 60.0

    def __init__(self, settings: GatewaySettings) -> None:
        """Connects to nothing yet."""
        self._settings = settings

    def check(self, client: Client) -> Sequence[Remark]:
        """Asks for a key that nobody used: 404 is the right answer."""
        answer = self._asked("veilleur-check", client)
        is_good = answer.status_code == HTTPStatus.NOT_FOUND or answer.is_success
        return (
            remark(
                f"La passerelle répond (HTTP {answer.status_code}).",
                f"The gateway answers (HTTP {answer.status_code}).",
                is_good=is_good,
            ),
        )

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:
        """Hands a reply to the gateway."""
        told = {"key": key, "message": answered.external_id, "url": answered.url}
        body = json.dumps(told | {"network": answered.network, "text": text}, ensure_ascii=False).encode(
            "utf-8", "replace"
        )
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, **self._signed(body)}
        answer = client.ask(
            "POST", self._settings.address, content=body, headers=headers, seconds=self._settings.seconds
        )
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise NotReached("HTTP 429")
        if 400 <= answer.status_code < 500 and answer.status_code != HTTPStatus.REQUEST_TIMEOUT:
            raise NetworkRefused(answer.text[:MOST_WORDS] or f"HTTP {answer.status_code}")
        return _published(answer)

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """What the gateway published for a key."""
        answer = self._asked(key, client)
        return None if answer.status_code == HTTPStatus.NOT_FOUND else _published(answer)

    def _asked(self, key: str, client: Client) -> httpx.Response:
        return client.ask(
            "GET",
            self._settings.address,
            params={"key": key},
            headers=self._signed(key.encode()),
            seconds=self._settings.seconds,
        )

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
    return Sent(told.id, web(told.url))
