"""The page of one author, ready to show: what a pseudonym said in one organisation, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.conversion import mention_of, reading_of
from veilleur.desk.inbox.corrections import corrected, corrections_of
from veilleur.desk.inbox.explanations import label_of, sentiment_name
from veilleur.desk.inbox.models import MentionRow, TicketRow
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.queries.alike import Alike, groups_of
from veilleur.desk.inbox.queries.filters import ANY, STARS, Filters
from veilleur.desk.inbox.queries.listing import Row, rows_of, tickets_in_order
from veilleur.reputation.doubts import Suspicion, bursts, one_author

LOOKED_AT = 1_000
"""Messages that the page tells of, those received last."""
READ = 200
"""Of these, so many have their labels counted and are looked at for doubts."""
SHOWN = 10
MONTHS = 12
LABELS = 6


@dataclass(frozen=True, slots=True)
class Month:
    """What was felt in one month."""

    month: datetime
    sentence: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """A text that the author wrote more than once, or that others wrote, too."""

    text: str
    here: int
    """By this author."""
    group: Alike


@dataclass(frozen=True, slots=True)
class AuthorPage:
    """What the page of an author shows."""

    author: str
    count: int
    is_whole: bool
    """Whether the author said no more than what was looked at."""
    first_seen: datetime
    last_seen: datetime
    networks: tuple[str, ...]
    sources: tuple[str, ...]
    places: tuple[str, ...]
    rated: int
    stars: str
    """The mean of the ratings, out of five; empty without any."""
    to_do: int
    labels: tuple[tuple[str, int], ...]
    """In words, with how many messages; the most frequent first."""
    months: tuple[Month, ...]
    """The latest first."""
    doubts: tuple[str, ...]
    """What one should look at, in sentences."""
    repeated: tuple[Repeated, ...]
    rows: tuple[Row, ...]
    to_do_query: str
    all_query: str
    """Ends of addresses of the list."""


def author_page(place: Workplace, author: str) -> AuthorPage:
    """What an author said here; `Http404` for one of whom this organisation heard nothing."""
    mentions = _latest(place, author)
    if not mentions:
        raise Http404
    tickets = sorted((mention.ticket for mention in mentions), key=lambda one: -one.position)
    shares = [ticket.rating_share for ticket in tickets if ticket.rating_share is not None]
    read = tickets_in_order([ticket.pk for ticket in tickets[:READ]])
    return AuthorPage(
        author=author,
        count=min(len(mentions), LOOKED_AT),
        is_whole=len(mentions) <= LOOKED_AT,
        first_seen=tickets[-1].moment,
        last_seen=tickets[0].moment,
        networks=_frequent(ticket.network for ticket in tickets),
        sources=_frequent(ticket.source.name for ticket in tickets),
        places=_frequent(ticket.place for ticket in tickets),
        rated=len(shares),
        stars=f"{1 + (STARS - 1) * sum(shares) / len(shares):.1f}" if shares else "",
        to_do=sum(ticket.to_do for ticket in tickets),
        labels=_labels(read),
        months=tuple(_months(tickets))[:MONTHS],
        doubts=_doubts(read),
        repeated=tuple(_repeated(place, read)),
        rows=rows_of(place, read[:SHOWN], policy_of(place.organisation)),
        to_do_query=Filters(author=author).query(),
        all_query=Filters(status=ANY, author=author).query(),
    )


def _latest(place: Workplace, author: str) -> list[MentionRow]:
    """One more than what is looked at, when there are so many."""
    said = MentionRow.objects.filter(organisation=place.organisation, author=author)
    light = said.select_related("ticket__source").defer("text", "title", "ticket__reasons")
    return list(light.order_by("-pk")[: LOOKED_AT + 1]) if author else []


def _frequent(names: Iterable[str]) -> tuple[str, ...]:
    counted = Counter(name for name in names if name)
    return tuple(name for name, _count in counted.most_common(LABELS))


def _labels(tickets: Sequence[TicketRow]) -> tuple[tuple[str, int], ...]:
    corrections = corrections_of([ticket.mention for ticket in tickets])
    counted: Counter[str] = Counter()
    for ticket in tickets:
        reading = corrected(reading_of(ticket.mention.reading), corrections[ticket.mention_id])
        counted.update({label_of(one) for one in reading.of("labels")})
    return tuple(counted.most_common(LABELS))


def _months(tickets: Sequence[TicketRow]) -> Iterator[Month]:
    """`tickets` come newest first."""
    dated = [(timezone.localtime(ticket.moment), ticket.sentiment) for ticket in tickets]
    for _key, some in groupby(dated, key=lambda one: (one[0].year, one[0].month)):
        month = list(some)
        yield Month(month[0][0], _felt([feeling for _moment, feeling in month]))


def _felt(feelings: Sequence[str]) -> str:
    most, count = Counter(feelings).most_common(1)[0]
    number = len(feelings)
    if not most:
        said = ngettext("%(count)s message", "%(count)s messages", number)
    elif 2 * count <= number:
        said = ngettext("%(count)s message, of all kinds", "%(count)s messages, of all kinds", number)
    else:
        said = ngettext("%(count)s message, %(feeling)s", "%(count)s messages, mostly %(feeling)s", number)
    return said % {"count": number, "feeling": sentiment_name(most)}


def _doubts(tickets: Sequence[TicketRow]) -> tuple[str, ...]:
    for ticket in tickets:
        ticket.mention.source = ticket.source  # the same row: asked for once
    mentions = [mention_of(ticket.mention) for ticket in tickets]
    return tuple(_doubt(one) for one in [*one_author(mentions), *bursts(mentions)])


def _doubt(suspicion: Suspicion) -> str:
    details = dict(suspicion.reasons[0].details)
    if "places" in details:
        return _("%(reviews)s reviews of %(places)s places within %(days)s days") % details
    return _("%(reviews)s reviews of one place within %(days)s days, where %(usual)s were usual") % details


def _repeated(place: Workplace, tickets: Sequence[TicketRow]) -> Iterator[Repeated]:
    groups = groups_of(place, tickets)
    texts = {ticket.alike: ticket.mention.text for ticket in reversed(tickets)}
    here = Counter(ticket.alike for ticket in tickets if ticket.alike in groups)
    for first, count in here.most_common(LABELS):
        text = texts[first]
        yield Repeated(text if len(text) <= 120 else f"{text[:119]}…", count, groups[first or 0])
