"""The Connector protocol: what Veilleur asks of a network, and what a network must say of itself.

A connector is a class; an instance holds the settings of one account. It knows nothing of the desk:
who may send, what was approved and what happens after a failure is decided upstairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import ClassVar, Protocol, cast

from pydantic import BaseModel

from veilleur import plugins
from veilleur.errors import PluginInvalid
from veilleur.vocabulary import Words


class Capability(StrEnum):
    """What can be done on a network through its connector."""

    REPLY = "reply"
    READ_BACK = "read_back"
    """A reply can be looked for by the key it was sent with, or by what it answers."""
    KEEPS_KEYS = "keeps_keys"
    """The network itself publishes nothing twice under one key."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The message that a reply answers, as its network knows it."""

    external_id: str
    url: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the network made of a reply."""

    id: str
    url: str = ""


class Connector(Protocol):
    """One network.

    `reply` is called again for the same reply only after `NotReached`, or when `find_reply` said, after
    `OutcomeUnknown`, that nothing is there.
    """

    name: ClassVar[str]
    """Stable key, for instance `"gateway"`."""
    title: ClassVar[Words]
    capabilities: ClassVar[frozenset[Capability]]
    settings: ClassVar[type[BaseModel]]
    """What an account needs; `SecretStr` fields are kept encrypted and never shown."""
    seconds: ClassVar[float]
    """After so long a call that never came back has no effect any more."""

    def __init__(self, settings: BaseModel) -> None: ...

    def reply(self, answered: Answered, text: str, key: str) -> Sent:
        """Publishes `text` under a message; `key` is the same for every attempt of one reply.

        Raises `SendingRefused` and `NotReached` when nothing was published, `OutcomeUnknown` when nobody
        can say.
        """
        ...

    def find_reply(self, answered: Answered, text: str, key: str) -> Sent | None:
        """The reply that was published for `key`; None when there is none.

        Raises `OutcomeUnknown` when the network could not say, `NotReached` when it was not reached.
        """
        ...


@cache
def connectors() -> dict[str, type[Connector]]:
    """The installed connectors, by name. Raises `PluginInvalid`."""
    found: dict[str, type[Connector]] = {}
    for name, made in plugins.installed(plugins.CONNECTORS):
        wanted = ("name", "title", "capabilities", "settings", "seconds", "reply", "find_reply")
        missing = [part for part in wanted if not hasattr(made, part)]
        if missing or not isinstance(made, type):
            raise PluginInvalid(f"the connector “{name}” lacks {', '.join(missing) or 'a class'}")
        found[name] = cast("type[Connector]", made)
    return found
