"""Rooms of Matrix: messages, threads, edits and redactions, through the client-server API (v1.3 or later).

The cursor is a JSON object: `since`, the token of the next `/sync`; `rooms`, the rooms whose past was asked
for; `fills`, stretches that are still to be read through `/messages`, each from a token (empty: the beginning
of the room) to another. A stretch is the past of a room, or what a `/sync` left out: too much was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from veilleur.errors import NetworkRefused, OutcomeUnknown
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Gone, Heard, Page, Remark, Sent, remark, said
from veilleur.listening.connectors.matrix_api import (
    EVENT,
    ROOM,
    Event,
    Homeserver,
    events_of,
    list_of,
    next_of,
    number_of,
    part_of,
    token_of,
    word_of,
)
from veilleur.listening.remembering import Cursor
from veilleur.listening.settings import AccountSettings, asked, web_address
from veilleur.vocabulary import Words

MOST_ROOMS = 30
TEXTS = frozenset({"m.text", "m.notice", "m.emote"})
KEY = "io.github.veilleur.key"
"""In the content of a reply: the key that it was sent with."""
REASON = "Message retiré par la modération."

_FALLBACK = re.compile(r"\A> (?:\* )?<[^\n]*(?:\n>[^\n]*)*\n\n?")
"""The message that is answered, as older programs repeat it above a reply."""


def _is_room(name: str) -> str:
    if not ROOM.fullmatch(name):
        raise ValueError("a room such as !abc:example.org or #room:example.org")
    return name


class MatrixSettings(AccountSettings):
    """What an account needs."""

    address: Annotated[
        str,
        asked(
            "Adresse du serveur Matrix",
            "Address of the Matrix homeserver",
            fr_help="Dans Element : Paramètres, « Aide et à propos », par exemple https://matrix.example.org.",
            en_help="In Element: Settings, “Help & About”, for instance https://matrix.example.org.",
            max_length=500,
        ),
        AfterValidator(web_address),
    ]
    token: Annotated[
        SecretStr,
        asked(
            "Jeton d’accès",
            "Access token",
            fr_help="Celui d’un compte réservé à cet usage ; l’administrateur du serveur peut le créer.",
            en_help="That of an account kept for this purpose; whoever runs the server can make one.",
            min_length=1,
            max_length=2000,
        ),
    ]
    rooms: Annotated[
        tuple[Annotated[str, AfterValidator(_is_room)], ...],
        asked(
            "Salons à suivre",
            "Rooms to watch",
            fr_help="Un par ligne : #salon:example.org, ou l’identifiant donné par « Paramètres du salon », "
            "« Avancé ». Le compte doit en être membre.",
            en_help="One per line: #room:example.org, or the id that “Room settings”, “Advanced” gives. "
            "The account must be a member.",
            min_length=1,
            max_length=MOST_ROOMS,
        ),
    ]
    reason: Annotated[
        str,
        asked(
            "Motif affiché quand un message est retiré",
            "Reason shown when a message is removed",
            max_length=500,
        ),
    ] = REASON


class _Fill(BaseModel):
    room: Annotated[str, Field(pattern=r"^![!-~]{1,254}$")]
    start: Annotated[str, Field(pattern=r"^[!-~]{0,2000}$")]
    end: Annotated[str, Field(pattern=r"^[!-~]{1,2000}$")]


class _Cursor(Cursor):
    since: Annotated[str, Field(pattern=r"^[!-~]{1,2000}$")] = ""
    rooms: Annotated[tuple[str, ...], Field(max_length=MOST_ROOMS)] = ()
    fills: Annotated[tuple[_Fill, ...], Field(max_length=2 * MOST_ROOMS)] = ()


class Matrix:
    """Keeps `Connector`."""

    name: ClassVar[str] = "matrix"
    title: ClassVar[Words] = said("Salons Matrix", "Matrix rooms")
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.COMMENTS,
            Capability.EDITS,
            Capability.DELETIONS,
            Capability.BACKFILL,
            Capability.REPLY,
            Capability.READ_BACK,
            Capability.KEEPS_KEYS,
            Capability.REMOVE,
        }
    )
    limits: ClassVar[Sequence[Words]] = (
        said(
            "Les salons chiffrés de bout en bout ne peuvent pas être lus.",
            "Rooms that are encrypted end to end cannot be read.",
        ),
        said(
            "Le texte seul est repris : ni images, ni fichiers, ni sondages, ni réactions.",
            "Text only: no pictures, files, polls or reactions.",
        ),
        said(
            "Le passé d’un salon commence là où le serveur le montre au compte.",
            "The past of a room begins where the homeserver shows it to the account.",
        ),
        said(
            "Rien ne peut être masqué puis remis ; retirer le message d’autrui demande un rôle de "
            "modération.",
            "Nothing can be hidden and put back; removing what others wrote takes the role of a moderator.",
        ),
    )
    settings: ClassVar[type[BaseModel]] = MatrixSettings
    seconds: ClassVar[float] = 180.0

    def __init__(self, settings: MatrixSettings) -> None:
        """Asks nothing yet."""
        self._settings = settings

    def check(self, client: Client) -> Sequence[Remark]:
        """Whose the token is; of each room, whether it can be read, answered and moderated."""
        server = self._server(client)
        me = server.me()
        joined = server.joined()
        remarks = [remark(f"Compte : {me}.", f"Account: {me}.")]
        for name in self._settings.rooms:
            remarks += _remarks_on(name, server.room(name), me, joined, server)
        return remarks

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """What was said, edited and redacted since a cursor, first of all in the past of new rooms."""
        server = self._server(client)
        cursor = _Cursor.of(since)
        try:
            yield from self._pages(cursor, server)
        except NetworkRefused as error:
            if not cursor.since or error.status != HTTPStatus.BAD_REQUEST:
                raise
            yield from self._pages(_Cursor(), server)

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:
        """Answers in the thread of a message, else as a reply to it; `key` is the transaction."""
        server = self._server(client)
        room, event = self._found(answered.external_id, server)
        if not event.content:
            raise NetworkRefused("the message was deleted")
        me = server.me()
        relation: dict[str, Any] = {"m.in_reply_to": {"event_id": event.id}}
        thread = answered.thread or event.thread
        if thread:
            relation |= {"rel_type": "m.thread", "event_id": thread, "is_falling_back": False}
        content = {"msgtype": "m.text", "body": text, "m.relates_to": relation, KEY: key}
        content["m.mentions"] = {"user_ids": [event.sender]}
        made = word_of(server.put("rooms", room, "send", "m.room.message", key, told=content), "event_id")
        if not EVENT.fullmatch(made):
            raise OutcomeUnknown("the homeserver does not say what became of the reply")
        return Sent(made, _url(room, made, me))

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """Our message with `key` in its content, among those after the one that it answers."""
        server = self._server(client)
        room, event = self._found(answered.external_id, server)
        me = server.me()
        start = token_of(server.get("rooms", room, "context", event.id, limit="0"), "end")
        while start:
            told = server.messages(room, start, senders=[me])
            for one in events_of(told.get("chunk")):
                if one.sender == me and word_of(one.content, KEY) == key:
                    return Sent(one.id, _url(room, one.id, me))
            start = next_of(told, start)
        return None

    def remove(self, answered: Answered, client: Client) -> None:
        """Redacts a message, with the reason that the account is set to."""
        server = self._server(client)
        room, event = self._found(answered.external_id, server)
        if event.content:  # redacted messages stay, without content
            told = {"reason": self._settings.reason}
            server.put("rooms", room, "redact", event.id, f"remove-{event.id}", told=told)

    def _server(self, client: Client) -> Homeserver:
        return Homeserver(self._settings.address, self._settings.token.get_secret_value(), client)

    def _pages(self, cursor: _Cursor, server: Homeserver) -> Iterator[Page]:
        me, rooms = server.me(), self._rooms(server)
        cursor = _begun(cursor, rooms, server)
        while True:
            while cursor.fills:
                cursor, items = _filled(cursor, me, server)
                yield Page(items, cursor.text)
            cursor, items = _synced(cursor, me, server)
            yield Page(items, cursor.text)
            if not items and not cursor.fills:
                return

    def _rooms(self, server: Homeserver) -> tuple[str, ...]:
        """The rooms to watch that the account is a member of. Raises `NetworkRefused` when there are none."""
        joined = server.joined()
        named = dict.fromkeys(server.room(name) for name in self._settings.rooms)
        rooms = tuple(room for room in named if room in joined)
        if not rooms:
            raise NetworkRefused("the account is a member of none of the rooms to watch")
        return rooms

    def _found(self, event_id: str, server: Homeserver) -> tuple[str, Event]:
        """The room of a message, and the message. Raises `NetworkRefused` when no room to watch has it."""
        for room in self._rooms(server) if EVENT.fullmatch(event_id) else ():
            event = server.event(room, event_id)
            if event:
                return room, event
        raise NetworkRefused("the message is in none of the rooms to watch")


def _begun(cursor: _Cursor, rooms: tuple[str, ...], server: Homeserver) -> _Cursor:
    """Where to go on: at a cursor, if there is one; rooms new to it are read from their beginning."""
    if not cursor.since:
        cursor = _Cursor(since=token_of(server.sync("", rooms), "next_batch"))
    fills = [fill for fill in cursor.fills if fill.room in rooms]
    fills += [_Fill(room=room, start="", end=cursor.since) for room in rooms if room not in cursor.rooms]
    return _Cursor(since=cursor.since, rooms=rooms, fills=tuple(fills))


def _filled(cursor: _Cursor, me: str, server: Homeserver) -> tuple[_Cursor, tuple[Heard | Gone, ...]]:
    """One page of the first stretch."""
    fill, *others = cursor.fills
    told = server.messages(fill.room, fill.start, fill.end)
    items = _items(events_of(told.get("chunk")), fill.room, me, server)
    start = next_of(told, fill.start)
    fills = [fill.model_copy(update={"start": start}), *others] if start else others
    return cursor.model_copy(update={"fills": tuple(fills)}), items


def _synced(cursor: _Cursor, me: str, server: Homeserver) -> tuple[_Cursor, tuple[Heard | Gone, ...]]:
    """What was said since; a room where too much was said for one answer becomes a stretch to read."""
    told = server.sync(cursor.since, cursor.rooms)
    since = token_of(told, "next_batch")
    joined = part_of(part_of(told, "rooms"), "join")
    items: list[Heard | Gone] = []
    fills: list[_Fill] = []
    for room in cursor.rooms:
        timeline = part_of(part_of(joined, room), "timeline")
        if timeline.get("limited"):
            fills.append(_Fill(room=room, start=cursor.since, end=since))
        else:
            items += _items(events_of(timeline.get("events")), room, me, server)
    return _Cursor(since=since, rooms=cursor.rooms, fills=tuple(fills)), tuple(items)


def _items(events: Sequence[Event], room: str, me: str, server: Homeserver) -> tuple[Heard | Gone, ...]:
    """What others wrote and edited, and what anybody redacted."""
    known = {event.id: event for event in events}
    items: list[Heard | Gone] = []
    for event in events:
        if event.type == "m.room.redaction":
            items += [Gone(event.redacts)] if EVENT.fullmatch(event.redacts) else []
            continue
        if event.replaces and event.sender != me:
            original = known.get(event.replaces) or server.event(room, event.replaces)
            edited = _edited(original, event) if original else None
        else:
            edited = event
        if edited and edited.sender != me and _is_text(edited):
            items.append(_heard(edited, room, me))
    return tuple(items)


def _edited(original: Event, edit: Event) -> Event | None:
    """A message with the words of its edit; None for an edit that the specification calls invalid."""
    if original.sender != edit.sender or original.replaces or not original.content:
        return None
    new = {
        name: part for name, part in part_of(edit.content, "m.new_content").items() if name != "m.relates_to"
    }
    return replace(original, content={**new, "m.relates_to": original.relation})


def _is_text(event: Event) -> bool:
    return word_of(event.content, "msgtype") in TEXTS and bool(word_of(event.content, "body").strip())


def _heard(event: Event, room: str, me: str) -> Heard:
    text = word_of(event.content, "body")
    return Heard(
        event.id,
        (_FALLBACK.sub("", text) or text) if event.parent else text,
        author=event.sender,
        url=_url(room, event.id, me),
        parent=event.parent,
        thread=event.thread,
        published_at=event.at,
    )


def _url(room: str, event: str, me: str) -> str:
    """The address of a message for people, through a homeserver that knows the room."""
    via = quote(me.partition(":")[2], safe="")
    return f"https://matrix.to/#/{quote(room, safe='')}/{quote(event, safe='')}?via={via}"


def _remarks_on(name: str, room: str, me: str, joined: frozenset[str], server: Homeserver) -> list[Remark]:
    if room not in joined:
        fr = f"Le compte n’est pas membre de {name} : invitez-le, et acceptez l’invitation avec ce compte."
        en = f"The account is no member of {name}: invite it, and accept with this account."
        return [remark(fr, en, is_good=False)]
    if server.state(room, "m.room.encryption"):
        fr, en = f"{name} est chiffré : rien ne peut y être lu.", f"{name} is encrypted: nothing can be read."
        return [remark(fr, en, is_good=False)]
    may_speak, may_remove = _rights(room, me, server)
    fr = f"{name} : lecture{', réponse' * may_speak}{', retrait' * may_remove}."
    en = f"{name}: reading{', replying' * may_speak}{', removing' * may_remove}."
    return [remark(fr, en)]


def _rights(room: str, me: str, server: Homeserver) -> tuple[bool, bool]:
    """Whether the account may speak in a room, and redact what others said there."""
    made = server.state(room, "m.room.create", format="event")
    content = part_of(made, "content")
    version = word_of(content, "room_version")
    creators = [made.get("sender"), *list_of(content, "additional_creators")]
    if version.isascii() and version.isdigit() and int(version[:9]) >= 12 and me in creators:
        return True, True
    levels = server.state(room, "m.room.power_levels")
    mine = number_of(part_of(levels, "users"), me, number_of(levels, "users_default", 0))
    speaking = number_of(part_of(levels, "events"), "m.room.message", number_of(levels, "events_default", 0))
    return mine >= speaking, mine >= number_of(levels, "redact", 50)
