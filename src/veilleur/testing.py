"""Ready-made checks for people who extend Veilleur.

Call `check_analyzer(MyAnalyzer())` from a test of your own: it raises `PluginInvalid`,
saying what to mend, when the analyzer does not keep its contract. `check_connector(MyConnector(settings),
stage)` does the same for a connector; the stage is a few lines that act as somebody else on its network.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from veilleur.errors import PluginInvalid
from veilleur.lexicon import Term
from veilleur.listening.client import Client
from veilleur.listening.connector import MOST_CURSOR, Answered, Capability, Connector, Gone, Heard
from veilleur.reading import Analyzer, Reader
from veilleur.vocabulary import Mention

TRICKY_TEXTS = (
    "",
    " \n ",
    "RAS",
    "Médecin à l’écoute, je recommande !",
    "Depuis le traitement j'ai des nauséeees et le cœur qui s'emballe 😱😱",
    "THE WORST HOSPITAL EVER!!! 4 hours in A&E for nothing :-(",
    "e\u0301te\u0301 \U0001f469\u200d\u2695\ufe0f \ud83d \x00 ﬁn",
    "شكرا لكل الفريق الطبي",
    "bien " * 2000,
)
"""Texts that break careless code: empty, emojis, half characters, other scripts, very long."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_VERSION = re.compile(r"\S+")


def mention(text: str, **fields: Any) -> Mention:
    """A mention that says `text`; `fields` are those of `vocabulary.Mention`."""
    moment = datetime(2026, 1, 15, 12, tzinfo=UTC)
    given = {"source": "test", "external_id": "1", "collected_at": moment, **fields}
    return Mention(text=text, **given)


def check_analyzer(analyzer: Analyzer, texts: Sequence[str] = ()) -> None:
    """Raises `PluginInvalid` when `analyzer` breaks its contract on `texts` or on `TRICKY_TEXTS`.

    Looked at: its name, version and words; findings that are signed, point inside the text
    and are the same when asked again, and the same alone as beside other messages.
    """
    _check_identity(analyzer)
    _check_terms(analyzer)
    reader = Reader([analyzer])
    mentions = [mention(text, external_id=str(number)) for number, text in enumerate([*TRICKY_TEXTS, *texts])]
    together = reader.read(mentions)
    if reader.read(mentions) != together:
        raise PluginInvalid(f"“{analyzer.name}” reads the same messages differently when asked again")
    for one, reading in zip(mentions, together, strict=True):
        if reader.read([one]) != [reading]:
            raise PluginInvalid(
                f"“{analyzer.name}” reads {one.text[:60]!r} differently alone than beside others"
            )


def _check_identity(analyzer: Analyzer) -> None:
    if not _NAME.fullmatch(analyzer.name):
        raise PluginInvalid(f"a name is one lower-case word, not {analyzer.name!r}")
    if not _VERSION.fullmatch(analyzer.version):
        raise PluginInvalid(
            f"the version of “{analyzer.name}” is empty or holds blanks: {analyzer.version!r}"
        )


def _check_terms(analyzer: Analyzer) -> None:
    terms: list[object] = list(analyzer.terms())
    strangers = [term for term in terms if not isinstance(term, Term)]
    if strangers:
        raise PluginInvalid(f"“{analyzer.name}” declares {strangers[0]!r}, which is not a lexicon.Term")
    if list(analyzer.terms()) != terms:
        raise PluginInvalid(f"“{analyzer.name}” declares other words when asked again")


class Stage(Protocol):
    """Somebody else on the network of a connector, who publishes and looks with means of their own."""

    def say(self, text: str) -> str:
        """Publishes a message where the connector listens; returns the id that it will be known by."""
        ...

    def edit(self, message: str, text: str) -> None:
        """Changes a message. Asked of networks with `Capability.EDITS` only."""
        ...

    def delete(self, message: str) -> None:
        """Deletes a message. Asked of networks with `Capability.DELETIONS` only."""
        ...

    def replies(self, message: str) -> Sequence[str]:
        """The texts that stand right under a message. Asked of networks with `Capability.REPLY` only."""
        ...

    def is_visible(self, message: str) -> bool:
        """Whether the public sees a message. Asked of networks with `HIDE` or `REMOVE` only."""
        ...


def check_connector(connector: Connector, stage: Stage, patience: float = 5.0) -> None:
    """Raises `PluginInvalid` when `connector` breaks its contract on the network behind `stage`.

    `patience`: seconds until what was published must have arrived.
    """
    with Client() as client:
        remarks = connector.check(client)
        if not remarks or not all(remark.is_good for remark in remarks):
            raise PluginInvalid(f"“{connector.name}” finds fault with settings that work: {remarks}")
        before = _drained(connector, "", client)[1]
        texts = [f"Bonjour, message {number} : « ça va » & 2 > 1 👩‍⚕️." for number in range(1, 4)]
        ids = [stage.say(text) for text in texts]
        brought = _until(
            lambda: _texts_of(connector, before, client, ids), len(ids), patience, connector, "say"
        )
        for message, text in zip(ids, texts, strict=True):
            if text not in brought[message]:
                raise PluginInvalid(f"“{connector.name}” brings {brought[message]!r} for {text!r}")
        if _texts_of(connector, before, client, ids) != brought:
            raise PluginInvalid(f"“{connector.name}” brings something else when asked again from one cursor")
        _check_changes(connector, stage, client, ids, patience)
        _check_acts(connector, stage, client, ids, patience)


def _drained(connector: Connector, since: str, client: Client) -> tuple[list[Heard | Gone], str]:
    items: list[Heard | Gone] = []
    for page in connector.fetch(since, client):
        if len(page.cursor) > MOST_CURSOR:
            raise PluginInvalid(f"the cursor of “{connector.name}” is too long: {len(page.cursor)}")
        items += page.items
        since = page.cursor
    return items, since


def _texts_of(connector: Connector, since: str, client: Client, ids: Sequence[str]) -> dict[str, str]:
    items, _cursor = _drained(connector, since, client)
    return {item.id: item.text for item in items if isinstance(item, Heard) and item.id in ids}


Found = TypeVar("Found", bound=Any)


def _until(look: Callable[[], Found], count: int, patience: float, connector: Connector, what: str) -> Found:
    """What `look` finds, once there are so many of it."""
    end = time.monotonic() + patience
    while True:
        found = look()
        if len(found) >= count:
            return found
        if time.monotonic() > end:
            raise PluginInvalid(f"“{connector.name}” brings {len(found)} of {count} in time after {what}")
        time.sleep(0.2)


def _check_changes(
    connector: Connector, stage: Stage, client: Client, ids: Sequence[str], patience: float
) -> None:
    since = _drained(connector, "", client)[1]
    if Capability.EDITS in connector.capabilities:
        changed = "Message corrigé : l’attente était de 10 minutes."
        stage.edit(ids[0], changed)

        def edited() -> list[str]:
            told = _texts_of(connector, since, client, ids[:1]).values()
            return [text for text in told if changed in text]

        _until(edited, 1, patience, connector, "edit")
    if Capability.DELETIONS in connector.capabilities:
        stage.delete(ids[1])

        def gone() -> list[Gone]:
            nonlocal since
            items, since = _drained(connector, since, client)
            return [item for item in items if isinstance(item, Gone) and item.id == ids[1]]

        _until(gone, 1, patience, connector, "delete")


def _check_acts(
    connector: Connector, stage: Stage, client: Client, ids: Sequence[str], patience: float
) -> None:
    answered = Answered(ids[2])
    if Capability.REPLY in connector.capabilities:
        _check_reply(connector, stage, client, answered, patience)
    for capability, act in ((Capability.HIDE, "hide"), (Capability.REMOVE, "remove")):
        if capability in connector.capabilities:
            for _time in range(2):
                getattr(connector, act)(answered, client)
            _until(lambda: [1] * (not stage.is_visible(ids[2])), 1, patience, connector, act)
            if capability is Capability.HIDE:
                connector.show(answered, client)
                _until(lambda: [1] * stage.is_visible(ids[2]), 1, patience, connector, "show")


def _check_reply(
    connector: Connector, stage: Stage, client: Client, answered: Answered, patience: float
) -> None:
    text = "Bonjour, merci de ce retour. Le standard répond aux demandes."

    def published() -> list[str]:
        return [one for one in stage.replies(answered.external_id) if text in one]

    sent = connector.reply(answered, text, "a" * 32, client)
    count = len(_until(published, 1, patience, connector, "reply"))
    if count != 1:
        raise PluginInvalid(f"“{connector.name}” publishes one reply {count} times")
    if Capability.READ_BACK in connector.capabilities:
        found = connector.find_reply(answered, text, "a" * 32, client)
        if found is None or found.id != sent.id:
            raise PluginInvalid(f"“{connector.name}” does not find the reply that it published: {found}")
        if connector.find_reply(answered, "Tout autre chose.", "b" * 32, client) is not None:
            raise PluginInvalid(f"“{connector.name}” finds a reply that nobody published")
