"""What Matrix says (client-server API, v1.3 or later): questions to a homeserver, and events as they come."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from veilleur.errors import NetworkRefused, OutcomeUnknown
from veilleur.listening import asking
from veilleur.listening.client import Client

PAGE = 16
"""Events of one answer: each has 64 KiB at most, and may carry its edit, its thread and the edit of that."""

ROOM = re.compile(r"[!#]\S{1,254}")
EVENT = re.compile(r"\$[!-~]{1,199}")
_ROOM_ID = re.compile(r"![!-~]{1,254}")
_USER = re.compile(r"@[!-~]{1,254}")
_TOKEN = re.compile(r"[!-~]{1,2000}")
_TYPES = {"types": ["m.room.message", "m.room.redaction"]}
_NOTHING: dict[str, list[str]] = {"types": []}


@dataclass(frozen=True, slots=True)
class Event:
    """A message or a redaction."""

    id: str
    sender: str
    type: str
    at: datetime | None
    content: Mapping[str, Any]
    redacts: str

    @property
    def relation(self) -> Mapping[str, Any]:
        """How it stands to another message."""
        return part_of(self.content, "m.relates_to")

    @property
    def replaces(self) -> str:
        """`id` of the message that this one is an edit of."""
        return _related(self.relation, "m.replace")

    @property
    def thread(self) -> str:
        """`id` of the message that opened the thread."""
        return _related(self.relation, "m.thread")

    @property
    def parent(self) -> str:
        """`id` of the message that it answers.

        In a thread, old programs are told of the message before: that is no answer to it.
        """
        if self.thread and self.relation.get("is_falling_back") is True:
            return self.thread
        answered = word_of(part_of(self.relation, "m.in_reply_to"), "event_id")
        return answered if EVENT.fullmatch(answered) else self.thread


class Homeserver:
    """The questions that are asked of a homeserver, over one client, as one account."""

    def __init__(self, address: str, token: str, client: Client) -> None:
        self._base = f"{address.rstrip('/')}/_matrix/client/v3/"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._client = client

    def get(self, *path: str, **params: str) -> dict[str, Any]:
        """Asks for what changes nothing. Raises what `Client.read` does."""
        return asking.told(self._client.read(self._url(path), headers=self._headers, params=params))

    def put(self, *path: str, told: object) -> dict[str, Any]:
        """Changes something. Raises what `Client.change` does."""
        answer = self._client.change("PUT", self._url(path), headers=self._headers, json=told)
        try:
            return asking.told(answer)
        except NetworkRefused as error:
            raise OutcomeUnknown(str(error)) from error

    def me(self) -> str:
        """The account that the token belongs to."""
        me = word_of(self.get("account", "whoami"), "user_id")
        if not _USER.fullmatch(me):
            raise NetworkRefused("this is no Matrix homeserver: it does not say whose the token is")
        return me

    def joined(self) -> frozenset[str]:
        """The rooms that the account is a member of."""
        rooms = list_of(self.get("joined_rooms"), "joined_rooms")
        return frozenset(room for room in rooms if isinstance(room, str) and _ROOM_ID.fullmatch(room))

    def room(self, name: str) -> str:
        """The id of a room that is named by its id or an alias; empty when no room has this alias."""
        if name.startswith("!"):
            return name
        try:
            return word_of(self.get("directory", "room", name), "room_id")
        except NetworkRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return ""
            raise

    def state(self, room: str, kind: str, **params: str) -> dict[str, Any]:
        """What holds in a room; empty when nobody said so, or the account may not know."""
        try:
            return self.get("rooms", room, "state", kind, **params)
        except NetworkRefused:
            return {}

    def event(self, room: str, event: str) -> Event | None:
        """An event of a room; None when it has none of this id that the account may see."""
        try:
            return _event(self.get("rooms", room, "event", event))
        except NetworkRefused:
            return None

    def sync(self, since: str, rooms: Sequence[str]) -> dict[str, Any]:
        """What was said since a token, without waiting; empty token: a little of everything."""
        timeline = {**_TYPES, "limit": max(1, PAGE // len(rooms))}
        room = {"rooms": list(rooms), "state": _NOTHING, "ephemeral": _NOTHING, "account_data": _NOTHING}
        asked_for = {"room": {**room, "timeline": timeline}, "presence": _NOTHING, "account_data": _NOTHING}
        params = {"filter": json.dumps(asked_for), "timeout": "0", "set_presence": "offline"}
        return self.get("sync", **params, **({"since": since} if since else {}))

    def messages(self, room: str, start: str, end: str = "", **types: Any) -> dict[str, Any]:
        """A page of a room from a token (empty: its beginning) forward."""
        params = {"dir": "f", "limit": str(PAGE), "filter": json.dumps({**_TYPES, **types})}
        tokens = {"from": start, "to": end}
        return self.get("rooms", room, "messages", **params, **{k: v for k, v in tokens.items() if v})

    def _url(self, path: Iterable[str]) -> str:
        return self._base + "/".join(quote(part, safe="") for part in path)


def events_of(told: object) -> tuple[Event, ...]:
    """Of a list, the events that are well formed."""
    events = (_event(one) for one in told if isinstance(one, dict)) if isinstance(told, list) else ()
    return tuple(event for event in events if event)


def _event(told: Mapping[str, Any]) -> Event | None:
    id_, sender, type_ = word_of(told, "event_id"), word_of(told, "sender"), word_of(told, "type")
    if not EVENT.fullmatch(id_) or not _USER.fullmatch(sender) or type_ not in _TYPES["types"]:
        return None
    content = part_of(told, "content")
    redacts = word_of(content, "redacts") or word_of(told, "redacts")
    return Event(id_, sender, type_, _moment(told.get("origin_server_ts")), content, redacts)


def _moment(milliseconds: object) -> datetime | None:
    """A homeserver may claim any moment: those that no calendar has are none."""
    if isinstance(milliseconds, int) and 0 < milliseconds < 4_102_444_800_000:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    return None


def token_of(told: Mapping[str, Any], name: str) -> str:
    """A place in what is said. Raises `NetworkRefused` when there is none."""
    token = word_of(told, name)
    if not _TOKEN.fullmatch(token):
        raise NetworkRefused(f"the homeserver gives no usable “{name}” to go on from")
    return token


def next_of(told: Mapping[str, Any], start: str) -> str:
    """From where the next page goes on; empty after the last one."""
    end = token_of(told, "end") if told.get("end") else ""
    return "" if end == start else end


def _related(relation: Mapping[str, Any], kind: str) -> str:
    target = word_of(relation, "event_id") if relation.get("rel_type") == kind else ""
    return target if EVENT.fullmatch(target) else ""


def part_of(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object of this name; empty when there is none."""
    part = told.get(name)
    return part if isinstance(part, dict) else {}


def list_of(told: Mapping[str, Any], name: str) -> list[Any]:
    """The list of this name; empty when there is none."""
    part = told.get(name)
    return part if isinstance(part, list) else []


def word_of(told: Mapping[str, Any], name: str) -> str:
    """The text of this name; empty when there is none."""
    part = told.get(name)
    return part if isinstance(part, str) else ""


def number_of(told: Mapping[str, Any], name: str, otherwise: int) -> int:
    """The number of this name; old rooms write it as text."""
    part = told.get(name)
    try:
        return int(part) if isinstance(part, int | str) else otherwise
    except ValueError:
        return otherwise
