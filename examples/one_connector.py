"""A complete connector: the guest book of a clinic, which offers its entries as JSON.

Installed by a package of one file whose pyproject.toml says

    [project.entry-points."veilleur.connectors"]
    guestbook = "one_connector:GuestBook"

it appears on the set-up page. docs/howto/write-a-connector.md walks through it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, SecretStr

from veilleur.errors import NetworkRefused
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Gone, Heard, Page, Remark, Sent
from veilleur.listening.settings import AccountSettings, asked, web_address
from veilleur.vocabulary import Words


class GuestBookSettings(AccountSettings):
    """What the set-up page asks for."""

    address: Annotated[
        str, asked("Adresse du livre d’or", "Address of the guest book"), AfterValidator(web_address)
    ]
    token: Annotated[SecretStr, asked("Jeton", "Token", fr_help="Donné par l’hébergeur du livre d’or.")]


class GuestBook:
    """Reads entries, answers them, hides, removes and reports them."""

    name: ClassVar[str] = "guestbook"
    title: ClassVar[Words] = Words({"fr": "Livre d’or", "en": "Guest book"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.COMMENTS,
            Capability.EDITS,
            Capability.DELETIONS,
            Capability.BACKFILL,
            Capability.REPLY,
            Capability.HIDE,
            Capability.REMOVE,
            Capability.REPORT,
        }
    )
    limits: ClassVar[Sequence[Words]] = (
        Words({"fr": "On ne peut rien y chercher.", "en": "Nothing can be searched there."}),
    )
    settings: ClassVar[type[BaseModel]] = GuestBookSettings
    seconds: ClassVar[float] = 60.0

    def __init__(self, settings: GuestBookSettings) -> None:
        """Asks nothing yet."""
        self._settings = settings

    def check(self, client: Client) -> Sequence[Remark]:
        """Whether the token opens the book."""
        self._entries("", client)
        return (Remark(Words({"fr": "Le jeton est accepté.", "en": "The token is accepted."})),)

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """The entries changed since a cursor; the book numbers its changes."""
        while True:
            told = self._entries(since, client)
            items = tuple(_item(entry) for entry in told["entries"])
            since = str(told["next"])
            yield Page(items, since)
            if not items:
                return

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:
        """Writes under an entry; the book takes one answer a key."""
        told = {"answers": answered.external_id, "text": text, "key": key}
        made = client.change("POST", self._settings.address, headers=self._headers, json=told).json()
        return Sent(str(made["id"]))

    def hide(self, answered: Answered, client: Client) -> None:
        """Takes an entry off the pages of the book."""
        self._do("hide", answered, client)

    def show(self, answered: Answered, client: Client) -> None:
        """Puts it back."""
        self._do("show", answered, client)

    def remove(self, answered: Answered, client: Client) -> None:
        """Tears an entry out; the book does not mind being asked twice."""
        self._do("remove", answered, client)

    def report(self, answered: Answered, reason: str, client: Client) -> None:
        """Tells the host of the book about an entry."""
        self._do("report", answered, client, reason)

    def _do(self, act: str, answered: Answered, client: Client, reason: str = "") -> None:
        told = {"act": act, "entry": answered.external_id, "reason": reason}
        client.change("POST", self._settings.address, headers=self._headers, json=told)

    def _entries(self, since: str, client: Client) -> dict[str, Any]:
        answer = client.read(self._settings.address, headers=self._headers, params={"since": since or "0"})
        try:
            return dict(json.loads(answer.content))
        except ValueError as error:
            raise NetworkRefused("this is no guest book: it answers no JSON") from error

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}


def _item(entry: dict[str, Any]) -> Heard | Gone:
    if entry.get("gone"):
        return Gone(str(entry["id"]))
    return Heard(
        str(entry["id"]),
        entry["text"],
        author=entry.get("author", ""),
        parent=str(entry.get("answers") or ""),
        published_at=datetime.fromisoformat(entry["at"]),
    )
