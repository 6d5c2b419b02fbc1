"""Reads about networks and the sources that are listened to, ready to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.sources.models import Fetch, Listening, Source, Trouble
from veilleur.desk.sources.sign_in_queries import SignInCard, sign_in_card
from veilleur.listening.connector import LISTENING, Capability, Connector, connectors

FETCHES_SHOWN = 20
CAPABILITIES: dict[Capability, Promise] = {
    Capability.COMMENTS: _("brings comments and messages"),
    Capability.REVIEWS: _("brings reviews with their rating"),
    Capability.SEARCH: _("searches what strangers say"),
    Capability.EDITS: _("notices edits"),
    Capability.DELETIONS: _("notices deletions"),
    Capability.BACKFILL: _("brings the past"),
    Capability.STREAM: _("brings messages as they are published"),
    Capability.WEBHOOK: _("is called by the network"),
    Capability.REPLY: _("publishes replies"),
    Capability.READ_BACK: _("checks that a reply is there"),
    Capability.KEEPS_KEYS: _("never publishes a reply twice"),
    Capability.HIDE: _("hides and shows messages"),
    Capability.REMOVE: _("removes messages"),
    Capability.REPORT: _("reports messages to the network"),
}


@dataclass(frozen=True, slots=True)
class CapabilityShown:
    """One thing a network may do, and whether this one does."""

    words: str
    is_there: bool


@dataclass(frozen=True, slots=True)
class NetworkCard:
    """A connector that may be chosen."""

    name: str
    title: str
    capabilities: tuple[CapabilityShown, ...]
    limits: tuple[str, ...]
    listens: bool

    @property
    def offered(self) -> tuple[str, ...]:
        """What it does, in words."""
        return tuple(one.words for one in self.capabilities if one.is_there)


def networks() -> list[NetworkCard]:
    """The connectors that are installed, by title."""
    return sorted((card_of(made) for made in connectors().values()), key=lambda card: card.title.casefold())


def card_of(made: type[Connector]) -> NetworkCard:
    """A connector, in the reader's language."""
    language = get_language() or "fr"
    return NetworkCard(
        made.name,
        made.title.say(language),
        tuple(CapabilityShown(str(words), one in made.capabilities) for one, words in CAPABILITIES.items()),
        tuple(words.say(language) for words in made.limits),
        listens=bool(made.capabilities & LISTENING),
    )


@dataclass(frozen=True, slots=True)
class ListenedCard:
    """A source that is connected, as the list shows it."""

    key: str
    name: str
    network: str
    state: str
    """`well`, `waiting`, `uncalled`, `paused`, `sign_in`, `trouble`, or `sends`: it only takes
    replies."""
    trouble: str
    failure: str
    last_good_at: datetime | None
    last_new_at: datetime | None
    next_at: datetime | None
    lag: float | None
    messages: int
    sign_in: SignInCard | None
    """How the sign-in stands; None where nobody signs in."""


def listened(organisation: Organisation) -> list[ListenedCard]:
    """The sources with a connection, by name."""
    rows = Source.objects.filter(organisation=organisation).exclude(connector="")
    counted = rows.select_related("listening", "grant").annotate(count=Count("mentions")).order_by("name")
    return [_card(row, row.count) for row in counted]


def listened_card(source: Source) -> ListenedCard:
    """One of them."""
    return _card(source, source.mentions.count())


def _card(source: Source, messages: int) -> ListenedCard:
    made = connectors().get(source.connector)
    how: Listening | None = getattr(source, "listening", None)
    title = made.title.say(get_language() or "fr") if made else source.connector
    signed_in = sign_in_card(source, timezone.now())
    if how is None:
        state = "sign_in" if signed_in is not None and signed_in.is_over else "sends"
        nothing = ("", "", None, None, None, None)
        return ListenedCard(source.key, source.name, title, state, *nothing, messages, signed_in)
    return ListenedCard(
        source.key,
        source.name,
        title,
        _state(how, signed_in),
        str(how.get_trouble_display()) if how.trouble else "",
        how.failure,
        how.last_good_at,
        how.last_new_at,
        None if how.is_paused else how.next_at,
        how.lag,
        messages,
        signed_in,
    )


def _state(how: Listening, signed_in: SignInCard | None) -> str:
    if how.is_paused:
        return "paused"
    if signed_in is not None and signed_in.is_over:
        return "sign_in"
    if how.trouble in {"", Trouble.THROTTLED}:
        return "well" if how.last_good_at else "waiting" if how.next_at else "uncalled"
    return "trouble"


@dataclass(frozen=True, slots=True)
class Past:
    """How far the past of a source has been brought."""

    messages: int
    is_over: bool
    is_stopped: bool
    """By a person, or because the network cannot be asked."""


def past_of(source: Source) -> Past | None:
    """None where nobody brings a past: the network gives none, or calls us."""
    made, how = connectors().get(source.connector), getattr(source, "listening", None)
    if made is None or how is None or how.next_at is None or Capability.BACKFILL not in made.capabilities:
        return None
    is_stopped = how.is_paused or how.trouble not in {"", Trouble.THROTTLED}
    return Past(source.mentions.count(), how.caught_up_at is not None, is_stopped)


def fetches_of(source: Source) -> list[Fetch]:
    """The last times it was asked, the newest first."""
    return list(Fetch.objects.filter(listening=source.pk).order_by("-started_at", "-pk")[:FETCHES_SHOWN])
