"""The Connector protocol: what Veilleur asks of a network, and what a network must say of itself.

A connector is a class; an instance holds the settings of one account. It knows nothing of the desk: when it
is asked, what is kept, who may send and what happens after a failure is decided upstairs. It speaks to its
network through the client that it is handed, and through nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import ClassVar, Protocol, TypeGuard, cast

from pydantic import BaseModel

from veilleur import plugins
from veilleur.errors import PluginInvalid, VeilleurError
from veilleur.listening.client import Client
from veilleur.listening.oauth2 import Access, SignIn
from veilleur.vocabulary import Rating, Words


class Capability(StrEnum):
    """What can be done on a network through its connector. What is not named cannot be done."""

    COMMENTS = "comments"
    """Comments, posts, letters: `fetch` brings them."""
    REVIEWS = "reviews"
    """Messages with a rating: `fetch` brings them."""
    SEARCH = "search"
    """`fetch` also brings what strangers say elsewhere, by words to look for."""
    EDITS = "edits"
    """`fetch` notices that a message was edited."""
    DELETIONS = "deletions"
    """`fetch` notices that a message was deleted."""
    BACKFILL = "backfill"
    """Without a cursor, `fetch` goes back as far as the network allows."""
    STREAM = "stream"
    """`stream` brings messages as they are published."""
    WEBHOOK = "webhook"
    """The network calls us: `received` reads what it sends."""
    REPLY = "reply"
    READ_BACK = "read_back"
    """A reply can be looked for by the key it was sent with, or by what it answers."""
    KEEPS_KEYS = "keeps_keys"
    """The network itself publishes nothing twice under one key."""
    HIDE = "hide"
    """`hide` takes a message out of the public's sight, `show` puts it back."""
    REMOVE = "remove"
    """`remove` deletes a message for good."""
    REPORT = "report"
    """`report` tells those who run the network about a message."""


METHODS: Mapping[Capability, tuple[str, ...]] = {
    Capability.COMMENTS: ("fetch",),
    Capability.REVIEWS: ("fetch",),
    Capability.SEARCH: ("fetch",),
    Capability.BACKFILL: ("fetch",),
    Capability.STREAM: ("stream",),
    Capability.WEBHOOK: ("received",),
    Capability.REPLY: ("reply",),
    Capability.READ_BACK: ("find_reply",),
    Capability.HIDE: ("hide", "show"),
    Capability.REMOVE: ("remove",),
    Capability.REPORT: ("report",),
}
"""What a class that names a capability must have; one that is called (`WEBHOOK`) may do without `fetch`."""
LISTENING = frozenset({Capability.COMMENTS, Capability.REVIEWS, Capability.SEARCH})
MISBEHAVIOUR = (
    VeilleurError,
    OSError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a connector may raise, on purpose or not: it may be anybody's, and ends no collector and no sender."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as its network gave it; the host makes a `Mention` of it and hides who wrote it."""

    id: str
    """Stable on the network, also when the message is edited; at most 200 characters."""
    text: str
    author: str = ""
    """What tells the author from others for good: an account's id or address. Never stored as it is."""
    title: str = ""
    url: str = ""
    network: str = ""
    """In the words of the public; empty: the title of the connector."""
    place: str = ""
    language: str = ""
    """BCP 47, as the network says it."""
    parent: str = ""
    """`id` of the message it answers; empty when it answers none."""
    thread: str = ""
    """`id` of the message that opened the conversation, when the network says it."""
    published_at: datetime | None = None
    """Aware."""
    rating: Rating | None = None
    is_own: bool = False
    """Written by the account that is connected: kept for the conversation, and asks for no work."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A message that is on its network no more."""

    id: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one step of collecting brought; may be empty."""

    items: tuple[Heard | Gone, ...]
    cursor: str
    """From here the next one goes on: stored together with the items. At most `MOST_CURSOR` characters."""


MOST_CURSOR = 200_000


@dataclass(frozen=True, slots=True)
class Answered:
    """A message that something is done about, as its network knows it."""

    external_id: str
    url: str = ""
    network: str = ""
    thread: str = ""
    """`external_id` of the message that opened its conversation; empty when it did so itself."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the network made of a reply."""

    id: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """One line of a diagnosis."""

    words: Words
    is_good: bool = True


def said(fr: str, en: str) -> Words:
    """A wording in both languages of the house."""
    return Words({"fr": fr, "en": en})


def remark(fr: str, en: str, *, is_good: bool = True) -> Remark:
    """One line of a diagnosis, in both languages of the house."""
    return Remark(said(fr, en), is_good)


class Connector(Protocol):
    """One network. Of the methods, a class has `check` and those of its capabilities (`METHODS`).

    Every method may raise `CredentialsRefused`, `Throttled`, `NotReached` and `NetworkRefused`; those that
    change something also `OutcomeUnknown`. A class that misbehaves otherwise is stopped by the host and shown
    as broken.
    """

    name: ClassVar[str]
    """Stable key, for instance `"gateway"`."""
    title: ClassVar[Words]
    capabilities: ClassVar[frozenset[Capability]]
    limits: ClassVar[Sequence[Words]]
    """What this network does not give, in sentences; shown before anybody connects it."""
    settings: ClassVar[type[BaseModel]]
    """What an account needs; see `veilleur.listening.settings`. A `SecretStr` is never shown."""
    seconds: ClassVar[float]
    """After so long a call that never came back has no effect any more."""

    def __init__(self, settings: BaseModel) -> None: ...

    def check(self, client: Client) -> Sequence[Remark]:
        """Asks the network whether the settings work: credentials, rights, what is left of the quota."""
        ...

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """What is new since a cursor (empty: from the beginning), in pages that can each be gone on from.

        The same message may be brought again: the host stores it once, and an edit as a version.
        """
        ...

    def stream(self, since: str, client: Client) -> Iterator[Page]:
        """As `fetch`, without end: an empty page at least every ten seconds when nothing is said."""
        ...

    def received(self, content: bytes, headers: Mapping[str, str], now: datetime) -> Sequence[Heard | Gone]:
        """What a call of the network says. Raises `InvalidInput` for one that is not as agreed."""
        ...

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:
        """Publishes `text` under a message; `key` is the same for every attempt of one reply.

        Called again for the same reply only after `NotReached`, or when `find_reply` said, after
        `OutcomeUnknown`, that nothing is there.
        """
        ...

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:
        """The reply that was published for `key`; None when there is none."""
        ...

    def hide(self, answered: Answered, client: Client) -> None:
        """Takes a message out of the public's sight. Harmless to repeat, as are those below."""
        ...

    def show(self, answered: Answered, client: Client) -> None:
        """Puts a hidden message back."""
        ...

    def remove(self, answered: Answered, client: Client) -> None:
        """Deletes a message for good; one that is not there any more is no error."""
        ...

    def report(self, answered: Answered, reason: str, client: Client) -> None:
        """Tells those who run the network about a message."""
        ...


class SignsIn(Connector, Protocol):
    """A network where people may sign in, rather than type a token; its grant is kept by the host."""

    def __init__(self, settings: BaseModel, *, access: Access | None = None) -> None:
        """`access`: the way to the grant; None when a token was typed."""
        ...

    @staticmethod
    def sign_in(settings: BaseModel) -> SignIn | None:
        """How people sign in with these settings; None when these hold a token, or no application."""
        ...


def signs_in(made: type[Connector]) -> TypeGuard[type[SignsIn]]:
    """Whether people may sign in at a network."""
    return hasattr(made, "sign_in")


def sign_in_of(made: type[Connector], settings: BaseModel) -> SignIn | None:
    """How people sign in with these settings; None when they need not, or cannot."""
    return made.sign_in(settings) if signs_in(made) else None


def is_asked(made: type[Connector]) -> bool:
    """Whether messages come when it is asked; one without `fetch` is called, or only publishes."""
    return bool(made.capabilities & LISTENING) and hasattr(made, "fetch")


def forgets_gone(made: type[Connector]) -> bool:
    """Whether the terms of a network ask that what is deleted there is erased here, too.

    Its class says so by `forgets_gone = True`: then the house keeps nothing of it, whatever its rule.
    """
    return bool(getattr(made, "forgets_gone", False))


@cache
def connectors() -> dict[str, type[Connector]]:
    """The installed connectors, by name. Raises `PluginInvalid`."""
    return {name: _checked(name, made) for name, made in plugins.installed(plugins.CONNECTORS)}


def _checked(name: str, made: object) -> type[Connector]:
    wanted = ["name", "title", "capabilities", "limits", "settings", "seconds", "check"]
    capabilities = getattr(made, "capabilities", ())
    wanted += [method for capability in capabilities for method in METHODS.get(capability, ())]
    spared = {"fetch"} if Capability.WEBHOOK in capabilities else set()
    missing = [part for part in wanted if part not in spared and not hasattr(made, part)]
    if missing or not isinstance(made, type):
        raise PluginInvalid(f"the connector “{name}” lacks {', '.join(missing) or 'a class'}")
    if getattr(made, "name", "") != name:
        raise PluginInvalid(f"the connector “{name}” calls itself something else")
    return cast("type[Connector]", made)
