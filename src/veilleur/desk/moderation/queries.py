"""Reads about acts on the network, ready to show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.conversion import reading_of
from veilleur.desk.inbox.corrections import corrected, corrections_of
from veilleur.desk.inbox.explanations import marks_of
from veilleur.desk.inbox.models import MentionRow, TicketRow
from veilleur.desk.inbox.queries.listing import Stars, stars_of
from veilleur.desk.inbox.segments import Segment, segments
from veilleur.desk.moderation.actions import ON_ITS_WAY, may_ask
from veilleur.desk.moderation.models import ON_SIGHT, UNDER_WAY, NetworkAct, State, Verb
from veilleur.desk.moderation.precautions import Precaution, precautions_of
from veilleur.desk.moderation.standing import Standing, possible_on, standing_of
from veilleur.desk.sources.models import Source

PAGE = 30
SOON = timedelta(seconds=30)
"""An act that leaves within this is watched by the page."""
EXCERPT = 220
OPEN = (*UNDER_WAY, State.FAILED)
VIEWS: dict[str, tuple[State, ...]] = {"open": OPEN, "done": (State.DONE,)}


@dataclass(frozen=True, slots=True)
class ActShown:
    """One act, in words."""

    id: int
    ticket_id: int
    verb: str
    title: str
    state: str
    state_name: str
    reason: str
    by: str
    at: datetime
    leaves_at: datetime | None
    """When it is tried (again), if that is to come."""
    failure: str
    origin: str
    text: str
    can_go_again: bool
    can_be_dropped: bool
    is_fresh: bool
    """It has not left yet: taking it back undoes it whole."""


@dataclass(frozen=True, slots=True)
class OnNetwork:
    """What stands on the network, and what can be done there."""

    ticket_id: int
    version: int
    standing: Standing
    acts: tuple[ActShown, ...]
    """Under way, or failed."""
    verbs: frozenset[str]
    """What this person may ask for now."""
    hint: str
    """What cannot be done on this network; empty when all can."""
    has_precautions: bool
    is_moving: bool
    """Something leaves soon: the page looks again by itself."""

    @property
    def is_worth_showing(self) -> bool:
        """Whether there is more to say than that nothing can be done."""
        return bool(self.verbs or self.acts or self.standing.verb)


def on_network(place: Workplace, ticket_id: int, version: int | None = None) -> OnNetwork:
    """What stands on the network; `Http404` for a ticket that is not of this organisation.

    `version`: of the page around, which the person is looking at.
    """
    ticket = ticket_of(place, ticket_id)
    possible, standing = possible_on(ticket.source), standing_of(ticket)
    acts = list(_acts(place.organisation, OPEN).filter(ticket=ticket))
    free = possible & standing.sensible - _busy(acts)
    now = timezone.now()
    return OnNetwork(
        ticket_id=ticket.pk,
        version=ticket.version if version is None else version,
        standing=standing,
        acts=tuple(_shown(place, act, now) for act in acts),
        verbs=frozenset(verb.value for verb in free if may_ask(place, verb)),
        hint=_hint(ticket.source, possible),
        has_precautions=bool(precautions_of(ticket.mention)),
        is_moving=any(_moves(act, now) for act in acts),
    )


def ticket_of(place: Workplace, ticket_id: int) -> TicketRow:
    """The ticket with all that an act asks for; `Http404` when it is not of this organisation."""
    tickets = TicketRow.objects.select_related("mention__reading", "source")
    ticket = tickets.filter(organisation=place.organisation, pk=ticket_id).first()
    if ticket is None:
        raise Http404
    return ticket


def _acts(organisation: Organisation, states: Collection[State]) -> QuerySet[NetworkAct]:
    acts = NetworkAct.objects.filter(organisation=organisation, state__in=states)
    return acts.select_related("ticket__mention", "ticket__source").order_by("-asked_at", "-pk")


def _busy(acts: Iterable[NetworkAct]) -> frozenset[Verb]:
    """What must wait for acts that are under way."""
    busy: set[Verb] = set()
    for act in acts:
        if act.state in UNDER_WAY:
            busy.update(ON_SIGHT if act.verb in ON_SIGHT else [Verb(act.verb)])
    return frozenset(busy)


def _moves(act: NetworkAct, now: datetime) -> bool:
    if act.state == State.LEAVING:
        return True
    return act.state in UNDER_WAY and (act.leaves_at is None or act.leaves_at - now < SOON)


def _shown(place: Workplace, act: NetworkAct, now: datetime) -> ActShown:
    mention = act.ticket.mention
    may = may_ask(place, act.verb) and place.can_moderate
    just_called = act.attempted_at is not None and now - act.attempted_at < ON_ITS_WAY
    is_stuck = act.state == State.FAILED or (act.state == State.QUEUED and act.attempts > 0)
    droppable = act.state in {State.FAILED, State.QUEUED} or (act.state == State.UNKNOWN and not just_called)
    return ActShown(
        id=act.pk,
        ticket_id=act.ticket_id,
        verb=act.verb,
        title=_title(act.verb),
        state=act.state,
        state_name=act.get_state_display(),
        reason=act.reason,
        by=act.asked_by_name,
        at=act.asked_at,
        leaves_at=act.leaves_at if act.leaves_at and act.leaves_at > now else None,
        failure=act.failure,
        origin=mention.network or act.ticket.source.name,
        text=Truncator(_words_of(mention)).chars(EXCERPT),
        can_go_again=may and is_stuck,
        can_be_dropped=may and droppable,
        is_fresh=act.state == State.QUEUED and act.attempts == 0,
    )


def _words_of(mention: MentionRow) -> str:
    return mention.title or mention.text or (_("Text erased") if mention.erased_at else "")


def _title(verb: str) -> str:
    return {
        Verb.HIDE: _("Hiding"),
        Verb.SHOW: _("Showing"),
        Verb.REMOVE: _("Removal"),
        Verb.FLAG: _("Flag to the network"),
    }[Verb(verb)]


def _hint(source: Source, possible: Collection[Verb]) -> str:
    if not source.connector:
        return _("This source has no connection: hide, remove or flag the message on the network itself.")
    missing = [str(verb.label) for verb in (Verb.HIDE, Verb.REMOVE, Verb.FLAG) if verb not in possible]
    return _("Not possible on this network from here: %s.") % ", ".join(missing) if missing else ""


@dataclass(frozen=True, slots=True)
class AskPage:
    """The message and what comes first, before somebody asks for an act."""

    ticket: TicketRow
    message: tuple[Segment, ...]
    stars: Stars | None
    origin: str
    precautions: tuple[Precaution, ...]


def ask_page(place: Workplace, ticket_id: int) -> AskPage:
    """The page before an act; `Http404` for a ticket that is not of this organisation."""
    ticket = ticket_of(place, ticket_id)
    mention = ticket.mention
    reading = corrected(reading_of(mention.reading), corrections_of([mention])[mention.pk])
    return AskPage(
        ticket=ticket,
        message=segments(mention.text, marks_of(reading, mention.text)),
        stars=stars_of(mention, ticket.rating_share),
        origin=mention.network or ticket.source.name,
        precautions=precautions_of(mention),
    )


@dataclass(frozen=True, slots=True)
class ViewShown:
    """One view of the list with how many acts it holds."""

    key: str
    name: str
    count: int


def views_of(organisation: Organisation) -> list[ViewShown]:
    """The views at the top of the list."""
    names = {"open": _("Under way or failed"), "done": _("Done")}
    return [ViewShown(key, names[key], _acts(organisation, states).count()) for key, states in VIEWS.items()]


@dataclass(frozen=True, slots=True)
class ActsShown:
    """One page of acts, the newest first."""

    acts: Sequence[ActShown]
    newer: int | None
    older: int | None


def acts_of(place: Workplace, view: str, number: str | None) -> ActsShown:
    """The acts of one view."""
    page = Paginator(_acts(place.organisation, VIEWS[view]), PAGE).get_page(number)
    now = timezone.now()
    return ActsShown(
        [_shown(place, act, now) for act in page.object_list],
        page.previous_page_number() if page.has_previous() else None,
        page.next_page_number() if page.has_next() else None,
    )
