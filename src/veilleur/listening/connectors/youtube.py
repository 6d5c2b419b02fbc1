"""YouTube: the comments under the videos of a channel, or under chosen videos, by the Data API v3.

The API lists threads from the newest to the oldest, and so they are brought: the first time all of them,
later the newest `WINDOW` again each time, and what is newer than the last time. Of these the cursor keeps
what each comment said, so that edits and deletions are noticed (`youtube_threads.Memory`, one a source).

A call that lists costs 1 unit of the day's quota (10,000 unless Google granted more), one that changes 50.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, SecretStr, StringConstraints, model_validator

from veilleur.errors import CredentialsRefused, NetworkRefused, OutcomeUnknown
from veilleur.listening import asking, google
from veilleur.listening.asking import Answer, Said, Shape
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Gone, Heard, Page, Remark, Sent, remark, said
from veilleur.listening.connectors import youtube_threads as threads
from veilleur.listening.connectors.youtube_threads import WINDOW, Comment, Listed, Memory, Remembered, Thread
from veilleur.listening.oauth2 import Access, Scope, SignIn
from veilleur.listening.settings import AccountSettings, asked
from veilleur.vocabulary import Words

API = "https://youtube.googleapis.com"
SCOPE = Scope(
    "https://www.googleapis.com/auth/youtube.force-ssl",
    said("lire les commentaires, y répondre et les modérer", "read comments, answer and moderate them"),
)
PAGE = 100
MOST_VIDEOS = 10
MOST_REPLY_PAGES = 10
MOST_REMEMBERED = 1500
"""Replies of all sources together whose words are remembered."""
AT_ONCE = 50
"""Comments that are asked for by id in one question."""
_VIDEO = re.compile(r"(?:.*(?:[?&]v=|youtu\.be/|/shorts/|/live/|/embed/))?([A-Za-z0-9_-]{11})(?:[?&#/].*)?")
_ID = re.compile(r"[A-Za-z0-9_.-]{1,200}")


def _videos(given: tuple[str, ...]) -> tuple[str, ...]:
    found = {line: _VIDEO.fullmatch(line.strip()) for line in given if line.strip()}
    odd = [line for line, match in found.items() if match is None]
    if odd:
        raise ValueError(f"videos as addresses or 11 characters, one a line: {' '.join(odd)[:80]}")
    return tuple(dict.fromkeys(match[1] for match in found.values() if match))


class YouTubeSettings(AccountSettings):
    """What an account needs: a channel or videos; a key to read, or the three of OAuth to answer as well."""

    channel: Annotated[
        str,
        asked(
            "Identifiant de la chaîne",
            "Channel ID",
            fr_help="Il commence par « UC » : YouTube, « Paramètres », « Paramètres avancés ».",
            en_help="It begins with “UC”: YouTube, “Settings”, “Advanced settings”.",
        ),
        StringConstraints(strip_whitespace=True, pattern=r"^(UC[A-Za-z0-9_-]{22})?$"),
    ] = ""
    videos: Annotated[
        tuple[str, ...],
        asked(
            "Vidéos à suivre, une adresse par ligne",
            "Videos to follow, one address a line",
            fr_help="Inutile pour celles de la chaîne ci-dessus.",
            en_help="Not needed for those of the channel above.",
            max_length=MOST_VIDEOS,
        ),
        AfterValidator(_videos),
    ] = ()
    key: Annotated[
        SecretStr,
        asked(
            "Clé d’API Google",
            "Google API key",
            fr_help="Suffit pour lire : console Google Cloud, « Identifiants », « YouTube Data API v3 ».",
            en_help="Enough to read: Google Cloud console, “Credentials”, “YouTube Data API v3”.",
            max_length=200,
        ),
    ] = SecretStr("")
    client_id: Annotated[
        str,
        asked(
            "Identifiant client OAuth",
            "OAuth client ID",
            fr_help="Pour répondre et modérer, avec le code secret ; même page de la console.",
            en_help="To answer and moderate, with its secret; on the same page of the console.",
            max_length=300,
        ),
    ] = ""
    client_secret: Annotated[
        SecretStr, asked("Code secret du client OAuth", "OAuth client secret", max_length=300)
    ] = SecretStr("")
    refresh_token: Annotated[
        SecretStr,
        asked(
            "Jeton d’actualisation OAuth",
            "OAuth refresh token",
            fr_help="Vide : on se connecte à l’étape suivante. Sinon, un jeton déjà donné au nom "
            "de la chaîne, avec l’autorisation « youtube.force-ssl ».",
            en_help="Empty: one signs in at the next step. Otherwise one that was granted in the name "
            "of the channel, with the scope “youtube.force-ssl”.",
            max_length=600,
        ),
    ] = SecretStr("")

    @model_validator(mode="after")
    def _is_enough(self) -> Self:
        if not self.channel and not self.videos:
            raise ValueError("a channel or at least one video")
        if not self.key.get_secret_value() and not self.has_application:
            raise ValueError("an API key, or an OAuth client with its secret")
        return self

    @property
    def has_application(self) -> bool:
        """Whether somebody may sign in, or has."""
        return bool(self.client_id and self.client_secret.get_secret_value())

    @property
    def has_token(self) -> bool:
        """Whether it acts in the name of whoever granted the token that was typed."""
        return self.has_application and bool(self.refresh_token.get_secret_value())


class _Title(Shape):
    title: Said = ""


class _Channel(Shape):
    id: str
    snippet: _Title = _Title()


def _typed(settings: YouTubeSettings, tokens: str) -> Access | None:
    """The access of whoever typed a refresh token; None for who only has a key."""
    if not settings.has_token:
        return None
    return google.typed(settings.client_id, settings.client_secret, settings.refresh_token, tokens)


class YouTube:
    """Keeps `Connector`."""

    name: ClassVar[str] = "youtube"
    title: ClassVar[Words] = said("YouTube", "YouTube")
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.COMMENTS,
            Capability.EDITS,
            Capability.DELETIONS,
            Capability.BACKFILL,
            Capability.REPLY,
            Capability.READ_BACK,
            Capability.HIDE,
            Capability.REMOVE,
        }
    )
    limits: ClassVar[Sequence[Words]] = (
        said(
            "Avec une clé d’API on lit ; pour répondre, masquer ou retirer, il faut OAuth au nom "
            "de la chaîne, et l’on ne modère que sous ses propres vidéos.",
            "With an API key one reads; answering, hiding and removing take OAuth in the name of "
            "the channel, and one moderates under its own videos only.",
        ),
        said(
            "Réponses nouvelles, modifications et suppressions se remarquent dans les "
            f"{WINDOW} derniers fils de chaque source ; plus bas, non.",
            f"New replies, edits and deletions are noticed in the newest {WINDOW} threads of each "
            "source; not below.",
        ),
        said(
            "Google compte 10 000 unités par jour : lire une page en coûte 1, répondre ou masquer "
            "50. Les commentaires en attente de validation ne sont pas apportés.",
            "Google grants 10,000 units a day: reading a page takes 1, answering or hiding 50. "
            "Comments held for review are not brought.",
        ),
        said(
            "Écrit d’après le contrat publié par Google ; non éprouvé en conditions réelles.",
            "Written to the contract that Google publishes; not proven live.",
        ),
    )
    settings: ClassVar[type[BaseModel]] = YouTubeSettings
    seconds: ClassVar[float] = 3 * 60.0

    def __init__(
        self,
        settings: YouTubeSettings,
        *,
        access: Access | None = None,
        api: str = API,
        tokens: str = google.TOKENS,
    ) -> None:
        """Connects to nothing yet."""
        self._settings, self._api = settings, api
        self._access = access or _typed(settings, tokens)

    @staticmethod
    def sign_in(settings: YouTubeSettings) -> SignIn | None:
        """See `SignsIn`."""
        if settings.refresh_token.get_secret_value():
            return None
        return google.sign_in(settings.client_id, settings.client_secret, SCOPE)

    def check(self, client: Client) -> Sequence[Remark]:
        """Whether each channel and video can be read, and in whose name replies would leave."""
        try:
            remarks = [self._checked(source, client) for source in self._sources()]
            return (*remarks, self._checked_name(client))
        except CredentialsRefused as error:
            return (
                remark(
                    f"Google refuse ces accès : {error}", f"Google refuses access: {error}", is_good=False
                ),
            )

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """Page after page of each source; one that Google refuses is told of after the others were read."""
        known = threads.memories(since)
        refused: NetworkRefused | None = None
        for source in self._sources():
            key = _name(source)
            try:
                for items, memory in self._walk(source, known.get(key, Memory()), client):
                    known[key] = memory
                    yield Page(items, threads.cursor(known))
            except CredentialsRefused:
                raise
            except NetworkRefused as error:
                refused = NetworkRefused(f"{key}: {error}")
        if refused is not None:
            raise refused

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:  # noqa: ARG002
        """Adds a comment to the thread of a message: YouTube has one level of replies."""
        body = {"snippet": {"parentId": _thread_of(answered), "textOriginal": text}}
        answer = self._change("comments", {"part": "snippet"}, client, body)
        try:
            return _sent(asking.parsed(Comment, asking.told(answer)))
        except NetworkRefused as error:
            raise OutcomeUnknown("YouTube took the reply and does not say under which id") from error

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """Our comment with these words in the thread."""
        self._require_sign_in()
        own = self._own(client).id
        for comment in self._replies(_thread_of(answered), client)[0]:
            if comment.by == own and comment.text.split() == text.split():
                return _sent(comment)
        return None

    def hide(self, answered: Answered, client: Client) -> None:
        """Holds a comment for review."""
        self._moderate(answered, "heldForReview", client)

    def show(self, answered: Answered, client: Client) -> None:
        """Publishes a comment that was held."""
        self._moderate(answered, "published", client)

    def remove(self, answered: Answered, client: Client) -> None:
        """Rejects a comment; its author is not banned."""
        with suppress(google.Missing):
            self._moderate(answered, "rejected", client)

    def _sources(self) -> list[dict[str, str]]:
        channel = self._settings.channel
        sources = [{"allThreadsRelatedToChannelId": channel}] if channel else []
        return sources + [{"videoId": video} for video in self._settings.videos]

    def _checked(self, source: Mapping[str, str], client: Client) -> Remark:
        name = _name(source)
        try:
            self._list("commentThreads", {"part": "id", "maxResults": "1", **source}, client)
        except CredentialsRefused:
            raise
        except NetworkRefused as error:
            return remark(f"{name} : {error}", f"{name}: {error}", is_good=False)
        return remark(f"Les commentaires de {name} se lisent.", f"The comments of {name} can be read.")

    def _checked_name(self, client: Client) -> Remark:
        if self._access is None:
            return remark(
                "Une clé d’API seule : on lit, on ne peut ni répondre ni masquer.",
                "An API key alone: reading works, answering and hiding do not.",
            )
        own = self._own(client)
        return remark(
            f"Les réponses partiront au nom de « {own.snippet.title or own.id} ».",
            f"Replies will leave in the name of “{own.snippet.title or own.id}”.",
        )

    def _own(self, client: Client) -> _Channel:
        told = self._list("channels", {"part": "id,snippet", "mine": "true"}, client)
        found = asking.each(_Channel, told.items)
        if not found:
            raise CredentialsRefused("this Google account has no YouTube channel")
        return found[0]

    def _walk(
        self, source: Mapping[str, str], memory: Memory, client: Client
    ) -> Iterator[tuple[tuple[Heard | Gone, ...], Memory]]:
        while True:
            items, memory = self._step(source, memory, client)
            yield items, memory
            if not memory.token:
                return

    def _step(
        self, source: Mapping[str, str], memory: Memory, client: Client
    ) -> tuple[tuple[Heard | Gone, ...], Memory]:
        """One page of threads: what changed in it, and how far we are then."""
        told, memory = self._page(source, memory, client)
        items: list[Heard | Gone] = []
        lost: list[str] = []
        seen: dict[str, Remembered] = {}
        for thread in reversed(asking.each(Thread, told.items)):
            top = thread.snippet.top.id
            before = memory.threads.get(top, threads.UNKNOWN)
            changed, missing, seen[top] = self._looked_at(thread, before, client)
            items += changed
            lost += missing
        gone = self._gone(lost + memory.missing(seen, told.next), client)
        items += threads.gone_with_replies(gone, memory.threads)
        most = MOST_REMEMBERED // len(self._sources())
        return tuple(items), memory.after(seen, gone, told.next, most)

    def _page(self, source: Mapping[str, str], memory: Memory, client: Client) -> tuple[Listed, Memory]:
        """A page of threads; the newest when YouTube does not know any more where we were."""
        params = {"part": "snippet,replies", "order": "time", "textFormat": "plainText", **source}
        params["maxResults"] = str(PAGE)
        if memory.token:
            try:
                return self._list("commentThreads", params | {"pageToken": memory.token}, client), memory
            except CredentialsRefused:
                raise
            except NetworkRefused:
                memory = memory.restarted()
        return self._list("commentThreads", params, client), memory

    def _looked_at(
        self, thread: Thread, before: Remembered, client: Client
    ) -> tuple[list[Heard], list[str], Remembered]:
        """As `threads.changes`, without what the channel says itself."""
        replies, total = asking.each(Comment, thread.replies.comments), thread.snippet.total
        is_whole = len(replies) >= total
        if not is_whole and before.total != total:
            replies, is_whole = self._replies(thread.snippet.top.id, client)
        items, missing, now = threads.changes(thread, replies, before, is_whole=is_whole)
        own = self._settings.channel
        return [one for one in items if not own or one.author != own], missing, now

    def _replies(self, thread: str, client: Client) -> tuple[list[Comment], bool]:
        """The replies of a thread, and whether these are all."""
        params = {"part": "snippet", "parentId": thread, "textFormat": "plainText", "maxResults": str(PAGE)}
        found: list[Comment] = []
        for _page in range(MOST_REPLY_PAGES):
            told = self._list("comments", params, client)
            found += asking.each(Comment, told.items)
            if not told.next:
                return found, True
            params["pageToken"] = told.next
        return found, False

    def _gone(self, ids: Sequence[str], client: Client) -> list[str]:
        """Those of comments missing from a list that YouTube does not give by their id either."""
        there: set[str] = set()
        for start in range(0, len(ids), AT_ONCE):
            asked_for = ",".join(ids[start : start + AT_ONCE])
            told = self._list("comments", {"part": "id", "id": asked_for}, client)
            there |= {one.id for one in asking.each(Comment, told.items)}
        return [one for one in ids if one not in there]

    def _moderate(self, answered: Answered, status: str, client: Client) -> None:
        params = {"id": _known_id(answered.external_id), "moderationStatus": status}
        self._change("comments/setModerationStatus", params, client)

    def _list(self, what: str, params: Mapping[str, str], client: Client) -> Listed:
        address = f"{self._api}/youtube/v3/{what}"
        answer = client.read(
            address, headers=lambda: self._headers(client), params=params, judged=google.judge
        )
        return asking.parsed(Listed, asking.told(answer))

    def _change(self, what: str, params: Mapping[str, str], client: Client, body: object = None) -> Answer:
        self._require_sign_in()
        address, headers = f"{self._api}/youtube/v3/{what}", self._headers(client)
        return client.change("POST", address, headers=headers, params=params, json=body, judged=google.judge)

    def _require_sign_in(self) -> None:
        if self._access is None:
            raise CredentialsRefused("an API key only reads: fill in the OAuth client, and sign in")

    def _headers(self, client: Client) -> dict[str, str]:
        if self._access is None:
            return {"X-Goog-Api-Key": self._settings.key.get_secret_value()}
        return self._access.grant(client).header


def _name(source: Mapping[str, str]) -> str:
    return " ".join(source.values())


def _known_id(given: str) -> str:
    if not _ID.fullmatch(given):
        raise NetworkRefused(f"this is no comment of YouTube: {given[:60]!r}")
    return given


def _thread_of(answered: Answered) -> str:
    """The comment that opened the thread; the id of a reply begins with its."""
    return _known_id(answered.thread or answered.external_id.partition(".")[0])


def _sent(comment: Comment) -> Sent:
    return Sent(comment.id, threads.address(comment.snippet.video, comment.id))
