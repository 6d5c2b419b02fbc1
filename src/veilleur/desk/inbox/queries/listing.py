"""The page of the list, ready to show: views with their counts, rows, and the way to older ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from typing import TypeAlias

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.attendance import Care
from veilleur.desk.inbox.care import care_of, distress_of
from veilleur.desk.inbox.clocks import state_of
from veilleur.desk.inbox.conversion import reading_of, ticket_of
from veilleur.desk.inbox.corrections import corrected, corrections_of
from veilleur.desk.inbox.explanations import sentiment_name, strongest_mark
from veilleur.desk.inbox.holds import held_among
from veilleur.desk.inbox.models import Correction, MentionRow, SavedView, Seen, TicketRow
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.queries.alike import Alike, groups_of
from veilleur.desk.inbox.queries.filters import ANY, STARS, Filters
from veilleur.desk.inbox.queries.turning import (
    Spot,
    count_cap,
    counted,
    counts_capped,
    ids_beyond,
    spot_of,
    spot_written,
)
from veilleur.desk.inbox.search import Found
from veilleur.desk.inbox.segments import Segment, excerpt
from veilleur.desk.inbox.team.models import Tag
from veilleur.desk.inbox.team.tags import tags_on
from veilleur.triage import Policy, sentences

PAGE = 25


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at the list, with how many tickets wait there."""

    name: str
    query: str
    count: str
    """As shown: "12" or "999+"; empty when it is counted later."""
    is_present: bool
    id: int | None = None
    """Of a view that somebody keeps."""
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Stars:
    """A rating as shown: « ★★☆☆☆ », and in words."""

    drawn: str
    words: str


@dataclass(frozen=True, slots=True)
class Chip:
    """One short reason, in the colour of its family."""

    text: str
    family: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    id: int
    origin: str
    """Where it was said: the network, else the name of the source."""
    place: str
    title: str
    excerpt: tuple[Segment, ...]
    stars: Stars | None
    chip: Chip | None
    feeling: str
    moment: datetime
    precision: str
    due_at: datetime | None
    """None when nothing is asked, or no longer."""
    clock: str
    """Empty, `near` or `late`."""
    assignee: str
    is_unread: bool
    """Whether this reader has not had it before their eyes yet."""
    alike: Alike | None
    """The messages that say the same; None when no other does."""
    erased_at: datetime | None
    """When its words were erased; None while they are kept."""
    is_held: bool
    """Whether it is kept whatever the rule."""
    tags: tuple[Tag, ...]
    veil: str
    """What is in it that may distress, where this person wishes it covered; empty otherwise."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """What the panes of views and of the list show."""

    filters: Filters
    query: str
    """The filters as the end of an address, for every link that keeps them."""
    title: str
    views: tuple[View, ...]
    queues: tuple[View, ...]
    saved: tuple[View, ...]
    """Those that people keep."""
    rows: tuple[Row, ...]
    count: str
    """How many answer, on the first page; empty on the others."""
    older: str
    """End of the address of the next page; empty on the last one."""
    is_first: bool
    folding: str
    """How messages that say the same are shown: `once` or `each`; empty where that makes no difference."""
    is_empty_house: bool
    """Whether the organisation has no message at all."""


def list_page(place: Workplace, filters: Filters) -> ListPage:
    """One page of the list as this person sees it."""
    # One walk finds the page and, on the first one, counts: a second walk would cost as much again.
    is_first, cap = not filters.after, count_cap(filters)
    limit = cap if is_first else PAGE + 1
    found = ids_beyond(place, filters, spot_written(filters.after), limit, enough=PAGE + 1)
    tickets = tickets_in_order(found.ids[:PAGE])
    policy = policy_of(place.organisation)
    rows = rows_of(place, tickets, policy)
    views, queues, saved = _views(place, filters, policy)
    return ListPage(
        filters=filters,
        query=filters.query(),
        title=next((view.name for view in (*saved, *queues, *views) if view.is_present), _("Messages")),
        views=views,
        queues=queues,
        saved=saved,
        rows=rows,
        count=counted(found, cap, PAGE) if is_first else "",
        older=_older(filters, tickets, found),
        is_first=is_first,
        folding=_folding(filters, rows),
        is_empty_house=not found.ids
        and not TicketRow.objects.filter(organisation=place.organisation).exists(),
    )


def _folding(filters: Filters, rows: Sequence[Row]) -> str:
    if not replace(filters, groups_alike=True).folds or not any(row.alike for row in rows):
        return ""
    return "once" if filters.groups_alike else "each"


def tickets_in_order(ids: Sequence[int]) -> list[TicketRow]:
    """The tickets with all that a row shows, in the order of `ids`."""
    found = TicketRow.objects.select_related("mention__reading", "source", "assignee").in_bulk(list(ids))
    return [found[pk] for pk in ids if pk in found]


def _older(filters: Filters, tickets: Sequence[TicketRow], found: Found) -> str:
    last = last_spot(tickets, found, PAGE)
    return filters.query(after=last.written(by_due_time=filters.by_due_time)) if last else ""


def last_spot(tickets: Sequence[TicketRow], found: Found, size: int) -> Spot | None:
    """Where a page of `size` ends; None when nothing can come after it."""
    if len(found.ids) > size:
        return spot_of(tickets[-1])
    return None if found.reached is None else Spot(found.reached)


Views: TypeAlias = tuple[View, ...]


def views_beside(place: Workplace, present: Filters) -> tuple[Views, Views, Views]:
    """The views beside a list with their counts, without the list."""
    return _views(place, present, policy_of(place.organisation))


def _views(place: Workplace, present: Filters, policy: Policy) -> tuple[Views, Views, Views]:
    """The views at the side, the queues below them, and what people keep."""
    sort, language = present.sort, get_language() or place.organisation.language
    views = [
        (_("Everything to handle"), Filters(sort=sort)),
        (_("Assigned to me"), Filters(assignee="me", sort=sort)),
        (_("Overdue"), Filters(clock="late", sort="due")),
        (_("Nearly due"), Filters(clock="near", sort="due")),
        (_("Snoozed"), Filters(status="snoozed")),
        (_("Waiting for somebody outside"), Filters(status="pending")),
        (_("Closed"), Filters(status="closed")),
        (_("All messages"), Filters(status=ANY)),
    ]
    queues = [(queue.name.say(language), Filters(queue=queue.id, sort=sort)) for queue in policy.queues]
    views, queues = (
        [(name, replace(view, groups_alike=present.groups_alike)) for name, view in some]
        for some in (views, queues)
    )
    kept = [
        (row, replace(Filters.written(row.query), groups_alike=present.groups_alike))
        for row in saved_views(place)
    ]
    quick = [view for _row, view in kept if not view.searches]
    counts = counts_capped(place, [*(view for _name, view in (*views, *queues)), *quick])
    saved = _saved(present, kept, dict(zip(quick, counts[len(views) + len(queues) :], strict=True)))
    is_elsewhere = any(view.is_present for view in saved)
    shown = [
        View(name, view.query(), count, is_present=not is_elsewhere and view.is_same_view(present))
        for (name, view), count in zip((*views, *queues), counts, strict=False)
    ]
    return tuple(shown[: len(views)]), tuple(shown[len(views) :]), saved


def _saved(
    present: Filters, kept: Sequence[tuple[SavedView, Filters]], counts: Mapping[Filters, str]
) -> Views:
    """A view that searches words is counted later, by itself: that takes longer."""
    here = present.query()
    return tuple(
        View(row.name, row.query, counts.get(view, ""), row.query == here, row.pk, row.owner_id is None)
        for row, view in kept
    )


def saved_views(place: Workplace) -> QuerySet[SavedView]:
    """What this person keeps, and what everybody does, by name."""
    mine = Q(owner=place.user) | Q(owner=None)
    return SavedView.objects.filter(mine, organisation=place.organisation).order_by("name", "pk")


def count_of(place: Workplace, view: SavedView) -> str:
    """How many messages a view shows that somebody keeps."""
    filters = Filters.written(view.query)
    cap = count_cap(filters)
    return counted(ids_beyond(place, filters, None, cap, enough=PAGE + 1), cap, PAGE)


def rows_of(place: Workplace, tickets: Sequence[TicketRow], policy: Policy) -> tuple[Row, ...]:
    """The rows of these tickets, as this person sees them."""
    ids = [ticket.pk for ticket in tickets]
    seen = set(Seen.objects.filter(ticket__in=ids, person=place.user).values_list("ticket_id", flat=True))
    corrections = corrections_of([ticket.mention for ticket in tickets])
    groups = groups_of(place, tickets)
    held = held_among(ticket.mention_id for ticket in tickets)
    tags = tags_on(ids)
    care = cache(partial(care_of, place.user))
    return tuple(
        _row(
            ticket,
            policy,
            corrections[ticket.mention_id],
            groups.get(ticket.alike or 0),
            is_unread=ticket.pk not in seen,
            is_held=ticket.mention_id in held,
            tags=tags.get(ticket.pk, ()),
            care=care,
        )
        for ticket in tickets
    )


def _row(
    ticket: TicketRow,
    policy: Policy,
    corrections: Sequence[Correction],
    alike: Alike | None,
    *,
    is_unread: bool,
    is_held: bool,
    tags: Sequence[Tag],
    care: Callable[[], Care],
) -> Row:
    mention = ticket.mention
    reading = corrected(reading_of(mention.reading), corrections)
    mark = strongest_mark(reading, mention.text)
    distress = distress_of(reading, care)
    return Row(
        id=ticket.pk,
        origin=mention.network or ticket.source.name,
        place=mention.place,
        title=mention.title,
        excerpt=excerpt(mention.text, mark),
        stars=stars_of(mention, ticket.rating_share),
        chip=_chip(ticket, policy, mark.family if mark else ""),
        feeling=sentiment_name(ticket.sentiment),
        moment=ticket.moment,
        precision=mention.precision,
        due_at=ticket.due_at if ticket.to_do else None,
        clock=state_of(ticket, timezone.now()),
        assignee=str(ticket.assignee) if ticket.assignee else "",
        is_unread=is_unread,
        alike=alike,
        erased_at=mention.erased_at,
        is_held=is_held,
        tags=tuple(tags),
        veil=distress.what if distress and distress.is_veiled else "",
    )


def _chip(ticket: TicketRow, policy: Policy, family: str) -> Chip | None:
    """The first reason: triage puts the most urgent one first."""
    said = sentences(ticket_of(ticket).reasons[:1], policy, get_language() or "fr")
    return Chip(said[0], family) if said else None


def stars_of(mention: MentionRow, share: float | None) -> Stars | None:
    """The rating in five stars; in words it stays on its own scale. None without a rating."""
    if share is None or mention.rating_value is None:
        return None
    full = 1 + int(share * (STARS - 1) + 0.5)
    words = _("%(value)g on a scale from %(worst)g (worst) to %(best)g (best)") % {
        "value": mention.rating_value,
        "worst": mention.rating_worst,
        "best": mention.rating_best,
    }
    return Stars("★" * full + "☆" * (STARS - full), words)
