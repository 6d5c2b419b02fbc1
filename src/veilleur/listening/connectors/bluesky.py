"""Bluesky: what is said to an account and about words to watch; replies, reports, and the live stream.

Plain questions of the AT Protocol, through the server that holds the account. What an account is told
(replies, mentions, quotes) and what a search finds are read from the newest back to where the last time
ended, and brought oldest first. Posts cannot be edited; that one was deleted is noticed by asking again for
the last `WINDOW` of them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import regex
from pydantic import BaseModel, Field

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening import firehose
from veilleur.listening.atproto import (
    POST,
    Account,
    Author,
    Moment,
    Post,
    PostUri,
    Record,
    Session,
    as_text,
    facets,
    is_post,
    posts_of,
    record_key,
)
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Gone, Heard, Page, Remark, Sent, remark, said
from veilleur.listening.connectors.bluesky_settings import HANDLE, LIMITS, BlueskySettings
from veilleur.listening.remembering import Cursor
from veilleur.listening.watching import Watch, folded
from veilleur.vocabulary import Words

PAGE = 100
"""Messages of a page, and posts asked for at once: the network gives no more."""
MOST_TOLD = 100
"""Questions about what an account was told, each time: 10,000 replies, mentions and quotes."""
MOST_SEARCHED = 10
"""Questions about one word, each time: 1,000 posts."""
LATE_TOLD, LATE_FOUND = timedelta(days=1), timedelta(hours=1)
"""How far behind the newest a post may still turn up: it is listed by when it says that it was written."""
WINDOW = 500
"""The latest posts whose deletion is noticed."""
LOOKED_UP = 25
"""Posts that one question tells about."""
MOST_CONFIRMED = 50
"""Posts that seem to be gone and are asked for one by one, each time."""
QUIET = 4.0
"""Seconds after which the stream brings a page, empty or not; at most twice as long passes."""
MOST_GRAPHEMES, MOST_BYTES = 300, 3000
"""Of a post."""
MOST_REASON = 2000
"""Characters of what moderators are told."""
TOLD = ("reply", "mention", "quote")
_APP_PASSWORD = re.compile(r"[a-z0-9]{4}(?:-[a-z0-9]{4}){3}")


class _Place(Cursor):
    """How far everything was brought: the cursor."""

    marks: dict[str, Moment] = Field(default_factory=dict)
    """Of the newest post brought, by word; that of what the account was told is under the empty word."""
    recent: tuple[PostUri, ...] = ()
    """The latest posts brought, oldest first."""

    def after(self, word: str, posts: Sequence[Post]) -> _Place:
        """Once these have been brought, oldest first."""
        newest = min(posts[-1].indexed_at, datetime.now(UTC))
        mark = max(self.marks.get(word, newest), newest)
        recent = dict.fromkeys((*self.recent, *(post.uri for post in posts)))
        return _Place(marks={**self.marks, word: mark}, recent=tuple(recent)[-WINDOW:])

    def without(self, gone: Iterable[str], words: Sequence[str]) -> _Place:
        """Without posts that are gone and words that nobody watches any more."""
        left = set(gone)
        marks = {word: mark for word, mark in self.marks.items() if word in ("", *words)}
        return _Place(marks=marks, recent=tuple(uri for uri in self.recent if uri not in left))


@dataclass(frozen=True, slots=True)
class _Walk:
    """From the newest post of a list back to a moment."""

    method: str
    params: tuple[tuple[str, str], ...]
    key: str
    """Where an answer holds the posts."""
    most: int
    """Questions."""

    def back_to(self, since: datetime | None, account: Account, client: Client) -> list[Post]:
        """The posts that are not older, newest first."""
        found: list[Post] = []
        params = self.params
        for _question in range(self.most):
            told, _headers = account.read(self.method, params, client)
            posts = posts_of(told.get(self.key))
            found += [post for post in posts if since is None or post.indexed_at >= since]
            cursor = told.get("cursor")
            is_through = since is not None and any(post.indexed_at < since for post in posts)
            if is_through or not isinstance(cursor, str) or not cursor:
                break
            params = (*self.params, ("cursor", cursor))
        return found


class Bluesky:
    """Keeps `Connector`."""

    name: ClassVar[str] = "bluesky"
    title: ClassVar[Words] = said("Bluesky", "Bluesky")
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.COMMENTS,
            Capability.SEARCH,
            Capability.DELETIONS,
            Capability.BACKFILL,
            Capability.STREAM,
            Capability.REPLY,
            Capability.READ_BACK,
            Capability.KEEPS_KEYS,
            Capability.REPORT,
        }
    )
    limits: ClassVar[Sequence[Words]] = LIMITS
    settings: ClassVar[type[BaseModel]] = BlueskySettings
    seconds: ClassVar[float] = 3 * 60.0

    def __init__(self, settings: BlueskySettings) -> None:
        """Connects to nothing yet."""
        self._settings = settings
        self._account = Account(settings.service.rstrip("/"), settings.handle, settings.password)
        self._watches = tuple(map(Watch.of, settings.words))

    def check(self, client: Client) -> Sequence[Remark]:
        """Signs in, asks what the account was told, and searches each word once."""
        try:
            session = self._account.sign_in(client)
        except CredentialsRefused as refused:
            return (_refused(str(refused)),)
        told, headers = self._account.read(
            "app.bsky.notification.listNotifications", [("limit", "1")], client
        )
        posts_of(told.get("notifications"))
        remarks = [_signed_in(session), *self._about_password(), *self._about_words(client)]
        return (*remarks, *_quota(headers))

    def _about_password(self) -> Iterator[Remark]:
        if not _APP_PASSWORD.fullmatch(self._settings.password.get_secret_value()):
            yield remark(
                "Ce mot de passe semble être celui du compte : créez plutôt un mot de passe"
                " d’application, que l’on peut révoquer seul.",
                "This seems to be the password of the account itself: make an app password instead,"
                " which can be revoked alone.",
                is_good=False,
            )

    def _about_words(self, client: Client) -> Iterator[Remark]:
        for watch in self._watches:
            try:
                params = [("q", watch.word), ("limit", "1")]
                self._account.read("app.bsky.feed.searchPosts", params, client)
            except NetworkRefused as refused:
                yield remark(
                    f"La recherche de « {watch.word} » est refusée : {refused}",
                    f"The search for “{watch.word}” is refused: {refused}",
                    is_good=False,
                )

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """What the account was told, what each word finds, then what is gone."""
        place = _Place.of(since)
        asked_for = place.recent
        for watch in (None, *self._watches):
            word = watch.word if watch else ""
            posts = self._new(place, watch, client)
            for start in range(0, len(posts), PAGE):
                some = posts[start : start + PAGE]
                place = place.after(word, some)
                yield Page(tuple(map(_heard, some)), place.text)
        gone = self._gone(asked_for, client)
        place = place.without(gone, self._settings.words)
        yield Page(tuple(map(Gone, gone)), place.text)

    def _new(self, place: _Place, watch: Watch | None, client: Client) -> list[Post]:
        """Posts of one kind that were not brought yet, oldest first."""
        own = self._account.session(client).did
        mark = place.marks.get(watch.word if watch else "")
        found = self._found(watch, mark, client) if watch else self._told(mark, client)
        known = set(place.recent)
        fresh = {post.uri: post for post in found if post.author.did != own and post.uri not in known}
        return sorted(fresh.values(), key=lambda post: (post.indexed_at, post.uri))

    def _told(self, mark: datetime | None, client: Client) -> list[Post]:
        reasons = tuple(("reasons", reason) for reason in TOLD)
        params = (("limit", str(PAGE)), ("priority", "false"), *reasons)
        walk = _Walk("app.bsky.notification.listNotifications", params, "notifications", MOST_TOLD)
        return walk.back_to(mark and mark - LATE_TOLD, self._account, client)

    def _found(self, watch: Watch, mark: datetime | None, client: Client) -> Iterator[Post]:
        since = mark and mark - LATE_FOUND
        for spelling in watch.spellings:
            params = (("q", spelling), ("limit", str(PAGE)), ("sort", "latest"))
            bound = (("since", as_text(since)),) if since else ()
            walk = _Walk("app.bsky.feed.searchPosts", (*params, *bound), "posts", MOST_SEARCHED)
            for post in walk.back_to(since, self._account, client):
                if watch.is_in(folded(post.record.text)):
                    yield post

    def _gone(self, uris: Sequence[str], client: Client) -> list[str]:
        """Those of the posts that are on the network no more.

        A post that is not shown to this account may be there for others: it is asked for by its address.
        """
        missing: list[str] = []
        for start in range(0, len(uris), LOOKED_UP):
            some = uris[start : start + LOOKED_UP]
            shown = {post.uri for post in self._looked_up(some, client)}
            missing += [uri for uri in some if uri not in shown]
        return [uri for uri in missing[:MOST_CONFIRMED] if self._account.record(uri, client) is None]

    def _looked_up(self, uris: Iterable[str], client: Client) -> list[Post]:
        told, _headers = self._account.read("app.bsky.feed.getPosts", [("uris", uri) for uri in uris], client)
        return posts_of(told.get("posts"))

    def stream(self, since: str, client: Client) -> Iterator[Page]:
        """All of the network as it is published: what is about the account or a word, and every deletion.

        Without a cursor from now on. The cursor is the number of the relay's message; one that the relay
        does not know begins from now.
        """
        own = self._account.session(client).did
        try:
            yield from self._streamed(_number(since), own, client)
        except firehose.CursorUnknown:
            yield from self._streamed(None, own, client)

    def _streamed(self, cursor: int | None, own: str, client: Client) -> Iterator[Page]:
        gone: list[Gone] = []
        paged_at = time.monotonic()
        with firehose.opened(self._settings.relay, cursor, client) as stream:
            for event in firehose.events(stream, QUIET):
                heard: list[Heard] = []
                if event:
                    cursor = event.seq
                    gone += map(Gone, event.deleted)
                    heard = [_streamed(one) for one in event.published if self._concerns(one, own)]
                if heard or len(gone) >= PAGE or time.monotonic() - paged_at >= QUIET:
                    yield Page((*heard, *gone), "" if cursor is None else str(cursor))
                    gone, paged_at = [], time.monotonic()

    def _concerns(self, post: firehose.Published, own: str) -> bool:
        """Whether it answers, names or quotes the account, or holds a word."""
        if post.did == own:
            return False
        if own in post.whole:
            return True
        plain = folded(post.record.text) if self._watches else ""
        return any(watch.is_in(plain) for watch in self._watches)

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:
        """Publishes under a post, once a key: the record key follows from it, and is written only if free."""
        clean = text.encode("utf-8", "replace").decode()
        _require_short(clean)
        parent = self._post(answered.external_id, client)
        if parent.viewer.reply_disabled:
            raise NetworkRefused("the author of the conversation does not take replies from this account")
        session = self._account.session(client)
        rkey = record_key(parent.uri, key)
        told = {
            "repo": session.did,
            "collection": POST,
            "rkey": rkey,
            "record": self._record(clean, parent, client),
            "swapRecord": None,
        }
        try:
            self._account.write("com.atproto.repo.putRecord", told, client)
        except NetworkRefused as refused:
            if "InvalidSwap" not in refused.body:
                raise
        return _sent(session, rkey)

    def _record(self, text: str, parent: Post, client: Client) -> Mapping[str, object]:
        root = parent.record.reply.root if parent.record.reply else parent.ref
        record: dict[str, object] = {
            "$type": POST,
            "text": text,
            "createdAt": as_text(datetime.now(UTC)),
            "langs": [self._settings.language],
            "reply": {"root": root.model_dump(), "parent": parent.ref.model_dump()},
        }
        found = facets(text, lambda handle: self._did_of(handle, client))
        return {**record, "facets": found} if found else record

    def _did_of(self, handle: str, client: Client) -> str:
        """The account behind a handle; empty when there is none."""
        try:
            told, _headers = self._account.read(
                "com.atproto.identity.resolveHandle", [("handle", handle)], client
            )
        except NetworkRefused:
            return ""
        return str(told.get("did") or "")

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """The record that `reply` writes for this key."""
        session = self._account.session(client)
        rkey = record_key(answered.external_id, key)
        found = self._account.record(f"at://{session.did}/{POST}/{rkey}", client)
        return None if found is None else _sent(session, rkey)

    def report(self, answered: Answered, reason: str, client: Client) -> None:
        """Tells the moderators of the network, in the words of the desk."""
        post = self._post(answered.external_id, client)
        told = {
            "reasonType": "com.atproto.moderation.defs#reasonOther",
            "reason": reason.encode("utf-8", "replace").decode()[:MOST_REASON],
            "subject": {"$type": "com.atproto.repo.strongRef", **post.ref.model_dump()},
        }
        self._account.write("com.atproto.moderation.createReport", told, client)

    def _post(self, uri: str, client: Client) -> Post:
        """A post that something is done about. Raises `NetworkRefused` when it is not shown."""
        if not is_post(uri):
            raise NetworkRefused(f"“{uri[:100]}” is not the address of a post of Bluesky")
        found = [post for post in self._looked_up([uri], client) if post.uri == uri]
        if not found:
            raise NetworkRefused("the message is not there any more, or its author blocked the account")
        return found[0]


def _number(cursor: str) -> int | None:
    return int(cursor) if re.fullmatch(r"[0-9]{1,18}", cursor) else None


def _require_short(text: str) -> None:
    graphemes, size = len(regex.findall(r"\X", text)), len(text.encode())
    if graphemes > MOST_GRAPHEMES or size > MOST_BYTES:
        raise NetworkRefused(
            f"a post has at most {MOST_GRAPHEMES} characters ({MOST_BYTES} bytes), not {graphemes} ({size})"
        )


def _heard(post: Post) -> Heard:
    return _as_heard(post.uri, post.author, post.record, post.record.written_at(post.indexed_at))


def _streamed(post: firehose.Published) -> Heard:
    return _as_heard(post.uri, Author(did=post.did), post.record, post.record.written_at(post.seen_at))


def _as_heard(uri: str, author: Author, record: Record, at: datetime) -> Heard:
    return Heard(
        uri,
        record.text,
        author=author.did,
        url=_web_address(author.did, author.handle, uri.rpartition("/")[2]),
        language=record.langs[0] if record.langs else "",
        parent=record.reply.parent.uri if record.reply else "",
        thread=record.reply.root.uri if record.reply else "",
        published_at=at,
    )


def _web_address(did: str, handle: str, rkey: str) -> str:
    """Where people read a post: by handle, or by account where the handle is not known to be good."""
    name = handle if HANDLE.fullmatch(handle) and handle != "handle.invalid" else did
    return f"https://bsky.app/profile/{name}/post/{rkey}"


def _sent(session: Session, rkey: str) -> Sent:
    return Sent(f"at://{session.did}/{POST}/{rkey}", _web_address(session.did, session.handle, rkey))


def _signed_in(session: Session) -> Remark:
    name = session.handle
    if session.is_active:
        return remark(f"Connecté en tant que @{name}.", f"Signed in as @{name}.")
    return remark(
        f"Le compte @{name} est désactivé ou suspendu : il ne peut pas répondre.",
        f"The account @{name} is deactivated or suspended: it cannot reply.",
        is_good=False,
    )


def _refused(said: str) -> Remark:
    return remark(
        f"Bluesky refuse l’identifiant ou le mot de passe d’application ({said}).",
        f"Bluesky does not accept the handle or the app password ({said}).",
        is_good=False,
    )


def _quota(headers: Mapping[str, str]) -> Iterator[Remark]:
    """What is left of the questions, when the server says."""
    left, most = headers.get("ratelimit-remaining", ""), headers.get("ratelimit-limit", "")
    if re.fullmatch(r"[0-9]{1,9}", left) and re.fullmatch(r"[0-9]{1,9}", most):
        yield remark(
            f"Il reste {left} questions sur {most} pour le moment.",
            f"{left} of {most} questions are left for now.",
        )
