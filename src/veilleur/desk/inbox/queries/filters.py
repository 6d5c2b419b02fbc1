"""What the list may be narrowed to, and the rows that answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import Exists, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.indexed import choice_mark, tag_mark
from veilleur.desk.inbox.models import MentionRow, TicketRow, WatchHit
from veilleur.desk.inbox.ordering import within_days
from veilleur.desk.sources.models import Source

ANY = "all"
STARS = 5
COUNT_CAP = 1_000
"""Counts stop here: « 999+ » is what a person needs to know, at any size."""
SEARCH_CAP = 51
"""Counts of a search stop here: every match must be looked up among the tickets."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What somebody asked of the list; every empty field means "any"."""

    q: str = ""
    status: str = "to_do"
    """`to_do` (new and open), one of `vocabulary.Status`, or `all`."""
    queue: str = ""
    sentiment: str = ""
    language: str = ""
    network: str = ""
    place: str = ""
    source: str = ""
    """Key of the source."""
    watch: str = ""
    """Id of a watch."""
    alike: str = ""
    """The first message of a group of messages that say the same: its id."""
    author: str = ""
    """A pseudonym."""
    tag: str = ""
    """Id of a tag."""
    choice: str = ""
    """A choice of a field of the house: "3.1", the field and the number of the choice."""
    rating: str = ""
    """"1" to "5" stars, or "none"."""
    assignee: str = ""
    """"me" or "none"."""
    clock: str = ""
    """`near` or `late`: what was noticed of the due time."""
    since: date | None = None
    until: date | None = None
    """Both included, in the time zone of the organisation."""
    sort: str = "newest"
    after: str = ""
    """Where the page before ended."""
    groups_alike: bool = True
    """Whether the reader wants messages that say the same shown once."""

    @property
    def by_due_time(self) -> bool:
        """Soonest due first; a search is always newest first."""
        return (self.sort == "due" or bool(self.clock)) and not self.searches

    @property
    def marks(self) -> tuple[str, ...]:
        """What the index of words must know of a message."""
        tag = (tag_mark(self.tag),) if self.tag else ()
        return (*tag, choice_mark(*self.choice.split("."))) if self.choice else tag

    @property
    def searches(self) -> bool:
        """Whether the index of words is asked: newest first, and counted up to a few only."""
        return bool(self.q or self.marks)

    def query(self, **changes: str) -> str:
        """The filters as the end of an address, without `after` unless it is among `changes`."""
        plain = {
            "q": self.q,
            "status": "" if self.status == "to_do" else self.status,
            "queue": self.queue,
            "sentiment": self.sentiment,
            "language": self.language,
            "network": self.network,
            "place": self.place,
            "source": self.source,
            "watch": self.watch,
            "alike": self.alike,
            "author": self.author,
            "tag": self.tag,
            "choice": self.choice,
            "rating": self.rating,
            "assignee": self.assignee,
            "clock": self.clock,
            "from": self.since.isoformat() if self.since else "",
            "to": self.until.isoformat() if self.until else "",
            "sort": "" if self.sort == "newest" else self.sort,
        }
        return urlencode({name: value for name, value in {**plain, **changes}.items() if value})

    @classmethod
    def written(cls, query: str) -> Filters:
        """The filters that `query` wrote, without `after`."""
        told: dict[str, Any] = dict(parse_qsl(query))
        for name, end in (("since", "from"), ("until", "to")):
            told[name] = date.fromisoformat(told.pop(end)) if end in told else None
        return cls(**told)

    @property
    def _view(self) -> Filters:
        """What one of the views at the side asks for, without anything more."""
        return Filters(
            status=self.status, queue=self.queue, assignee=self.assignee, clock=self.clock, sort=self.sort
        )

    def is_same_view(self, other: Filters) -> bool:
        """Whether both look at the same pile of work."""
        return self._pile == other._pile

    @property
    def _pile(self) -> tuple[str, str, str, str]:
        return self.status, self.queue, self.assignee, self.clock

    @property
    def is_narrowed(self) -> bool:
        """Whether anything narrows the list beyond its view and its order."""
        return self.query() != self._view.query()

    @property
    def folds(self) -> bool:
        """Whether each pile is shown once, by its newest message.

        Only in the views at the side: a filter may be meant for another message of the pile, and
        each has a due time of its own.
        """
        return self.groups_alike and not self.is_narrowed and not self.by_due_time

    @property
    def unnarrowed(self) -> str:
        """The same view with every other filter lifted, as the end of an address."""
        return self._view.query()

    @property
    def narrowing(self) -> dict[str, str]:
        """What narrows the list beyond its view: parameter → value."""
        kept = dict(parse_qsl(self.unnarrowed))
        return {name: value for name, value in parse_qsl(self.query()) if name not in kept}

    def without(self, name: str) -> str:
        """The filters but one, as the end of an address."""
        return urlencode([(kept, value) for kept, value in parse_qsl(self.query()) if kept != name])

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the form of filters keeps without showing it."""
        return [
            (name, value)
            for name, value in (
                ("queue", self.queue),
                ("source", self.source),
                ("watch", self.watch),
                ("alike", self.alike),
                ("author", self.author),
            )
            if value
        ]


class Walked(Func):
    """A column that SQLite shall find no index by: the walk of an index of all filters is wanted.

    SQLite keeps no statistics by itself and takes the first index that fits one condition, then
    fetches each row for the others. `ticket_to_do` and `ticket_filters` hold every column that a
    filter may ask.
    """

    template = "%(expressions)s"

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> tuple[str, Any]:
        """The unary plus changes no value, only the plan."""
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


def narrowed(place: Workplace, filters: Filters) -> QuerySet[TicketRow]:
    """The tickets of this organisation that answer the filters, words aside; neither ordered nor sliced."""
    equal: dict[str, Any] = {**_state(filters), **_assignee(filters.assignee, place)}
    equal |= {name: value for name in ("queue", "clock", *REPEATED) if (value := getattr(filters, name))}
    tickets = TicketRow.objects.filter(organisation=place.organisation)
    if filters.status == "to_do":
        # `to_do=True` would be written as a bare condition, which SQLite finds in no index.
        tickets = tickets.filter(to_do__in=[True])
    if filters.is_narrowed and not filters.by_due_time:
        tickets = tickets.alias(**{f"walked_{name}": Walked(name) for name in equal})
        equal = {f"walked_{name}": value for name, value in equal.items()}
    told = (
        _source(filters.source, place),
        _watch(filters.watch, place),
        _author(filters.author, place),
        Q(alike=int(filters.alike)) if filters.alike else Q(),
        _shown_once() if filters.folds else Q(),
        _rating(filters.rating),
        within_days(filters.since, filters.until, timezone.get_current_timezone()),
    )
    return tickets.filter(*told, **equal)


REPEATED = ("sentiment", "language", "network", "place")
"""Columns of a ticket that repeat its message, and filters of the same name."""


def _state(filters: Filters) -> dict[str, str]:
    return {} if filters.status in {"to_do", ANY} else {"status": filters.status}


def _source(key: str, place: Workplace) -> Q:
    if not key:
        return Q()
    # A scalar, not a join: the walk of the tickets' index must stay a walk of one table.
    meant = Source.objects.filter(organisation=place.organisation, key=key).values("pk")[:1]
    return Q(source=Subquery(meant))


def _watch(watch: str, place: Workplace) -> Q:
    if not watch:
        return Q()
    hits = WatchHit.objects.filter(watch__organisation=place.organisation, watch=int(watch))
    return Q(mention__in=hits.values("mention"))


def _author(author: str, place: Workplace) -> Q:
    if not author:
        return Q()
    said = MentionRow.objects.filter(organisation=place.organisation, author=author)
    return Q(mention__in=said.values("pk"))


def _shown_once() -> Q:
    """What is in no pile, and the newest of each pile."""
    newer = TicketRow.objects.filter(pile=OuterRef("pile"), position__gt=OuterRef("position"))
    return Q(pile=None) | Q(~Exists(newer))


def _rating(rating: str) -> Q:
    """Stars out of five, whatever the scale was: the nearest whole star."""
    if rating == "none":
        return Q(rating_share__isnull=True)
    if not rating:
        return Q()
    middle, half = (int(rating) - 1) / (STARS - 1), 0.5 / (STARS - 1)
    return Q(rating_share__gte=middle - half, rating_share__lt=middle + half)


def _assignee(assignee: str, place: Workplace) -> dict[str, Any]:
    choices = {"me": place.user.pk, "none": None}
    return {"assignee": choices[assignee]} if assignee in choices else {}
