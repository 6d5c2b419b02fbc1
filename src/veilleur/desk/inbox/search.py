"""Search over everything that people wrote, in the language of watches; nothing is a syntax error.

What cannot be read as a query is read as words, and the mistake is told beside the answer. Accents and case
do not matter. The index of words answers most queries alone; what it cannot tell is looked at in the messages
that it proposes, newest first, for as long as a person waits.
"""

from __future__ import annotations

import re
import time
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from django.db import connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.conversion import mention_of, reading_of
from veilleur.desk.inbox.corrections import corrected, corrections_of
from veilleur.desk.inbox.indexed import Asked, Fts5, Names, TsQuery, asked
from veilleur.desk.inbox.models import TicketRow, WordList
from veilleur.desk.inbox.ordering import ID_MASK, within_days
from veilleur.desk.inbox.team.tags import ids_by_name, tags_on
from veilleur.desk.sources.models import Source
from veilleur.errors import QueryInvalid
from veilleur.listening.queries import And, Day, Matcher, Query, Word, parse, parse_list, words_of

MOST_WORDS = 12
"""Of a text that is no query; more than anybody types."""
PATIENCE = 0.7
"""Seconds that messages are looked at one by one."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What somebody typed, as it is asked."""

    query: Query | None
    """None asks nothing."""
    mistake: QueryInvalid | None = None
    """Why it was read as mere words."""


def understood(text: str, organisation: Organisation) -> Understood:
    """What a person asks for; never an error."""
    if not text.strip():
        return Understood(None)
    try:
        return Understood(query_of(text, organisation, may_exclude=True))
    except QueryInvalid as invalid:
        return Understood(_plain(text), invalid)


def query_of(text: str, organisation: Organisation, *, may_exclude: bool = False) -> Query:
    """A query with the lists of its organisation. Raises `QueryInvalid`."""
    if not _NAMES_A_LIST.search(text):
        return _parsed(text, may_exclude=may_exclude)
    return parse(text, lists_of(organisation), may_exclude=may_exclude)


_NAMES_A_LIST = re.compile(r"liste?:", re.IGNORECASE)


@lru_cache(maxsize=256)
def _parsed(text: str, *, may_exclude: bool) -> Query:
    return parse(text, may_exclude=may_exclude)


def lists_of(organisation: Organisation) -> Mapping[str, Query]:
    """The lists of words of an organisation, by name."""
    return {row.name: parse_list(row.words) for row in WordList.objects.filter(organisation=organisation)}


def _plain(text: str) -> Query | None:
    """Every word of it, wherever it stands."""
    words = tuple(Word(word) for word in dict.fromkeys(words_of(text)))[:MOST_WORDS]
    return And(words) if len(words) > 1 else words[0] if words else None


@dataclass(frozen=True, slots=True)
class Walk:
    """Which way through time, and from where: newest first from the top unless said otherwise."""

    beyond: int | None = None
    """Position that the walk starts from, itself excluded; None for the end of the list."""
    is_upward: bool = False
    """From old to new."""

    @property
    def order(self) -> str:
        """For `order_by`."""
        return "position" if self.is_upward else "-position"

    def narrow(self, tickets: QuerySet[TicketRow]) -> QuerySet[TicketRow]:
        """The tickets that lie ahead, in the order of the walk."""
        if self.beyond is not None:
            side = "gt" if self.is_upward else "lt"
            tickets = tickets.filter(**{f"position__{side}": self.beyond})
        return tickets.order_by(self.order)


@dataclass(frozen=True, slots=True)
class Found:
    """The first tickets of a list."""

    ids: list[int]
    is_whole: bool
    """Whether nothing lies beyond them."""
    reached: int | None = None
    """Position up to which messages were looked at, when time was over before enough were found."""


def matching(
    tickets: QuerySet[TicketRow],
    organisation: Organisation,
    query: Query | None,
    limit: int,
    walk: Walk = Walk(),
    *,
    marks: Sequence[str] = (),
    enough: int | None = None,
) -> Found:
    """Ids of the first `limit` of `tickets` along `walk` whose message answers `query` and has all `marks`.

    From `enough` on, it may stop earlier where going on would be slow. `tickets` is neither
    ordered nor sliced.
    """
    zone = zoneinfo.ZoneInfo(organisation.time_zone)
    days, rest = _parted(query)
    for day in days:
        since, until = (day.day, None) if day.name == "since" else (None, day.day)
        tickets = tickets.filter(within_days(since, until, zone))
    if rest is None and not marks:
        return _within(list(walk.narrow(tickets).values_list("pk", flat=True)[:limit]), limit)
    language = TsQuery if connection.vendor == "postgresql" else Fts5
    question = asked(rest, language, organisation.pk, _names(organisation, rest), marks)
    if rest is None or question.is_exact:
        return _found(tickets, question, limit, walk, enough or limit)
    return _looked_at(tickets, question, Matcher([rest], zone, with_authors=True), limit, walk)


def _parted(query: Query | None) -> tuple[list[Day], Query | None]:
    """The days that hold for all of a query, and what else it asks."""
    parts = query.parts if isinstance(query, And) else (query,) if query is not None else ()
    rest = tuple(part for part in parts if not isinstance(part, Day))
    whole = And(rest) if len(rest) > 1 else rest[0] if rest else None
    return [part for part in parts if isinstance(part, Day)], whole


def _names(organisation: Organisation, query: Query | None) -> Names:
    spelled = str(query)
    sources = _sources(organisation) if "source:" in spelled else {}
    return Names(sources, ids_by_name(organisation) if "tag:" in spelled else {})


def _sources(organisation: Organisation) -> dict[str, int]:
    known = Source.objects.filter(organisation=organisation).values_list("key", "pk")
    return {" ".join(words_of(key)): pk for key, pk in known}


def _found(tickets: QuerySet[TicketRow], question: Asked, limit: int, walk: Walk, enough: int) -> Found:
    """What the index tells alone."""
    if connection.vendor != "postgresql":
        return _within(_sqlite(tickets, question.words, limit, walk), limit)
    stretch = _STRETCH_FOR_PHRASES if "<->" in question.words else _STRETCH
    ahead = walk.narrow(tickets)
    found = _walked(ahead, question.words, walk, stretch, limit, enough)
    return found or _looked_up(ahead, question.words, limit)


def _looked_at(
    tickets: QuerySet[TicketRow], question: Asked, matcher: Matcher, limit: int, walk: Walk
) -> Found:
    """Looks at each message that the index proposes, until enough answer or time is over."""
    end, ids = time.monotonic() + PATIENCE, list[int]()
    while True:
        proposed = _found(tickets, question, _AT_ONCE, walk, _AT_ONCE)
        rows = TicketRow.objects.select_related("mention__reading", "mention__source").in_bulk(proposed.ids)
        present = [rows[pk] for pk in proposed.ids if pk in rows]
        ids += _answering(present, matcher)
        if len(ids) >= limit:
            return Found(ids[:limit], is_whole=False)
        if proposed.is_whole or not present:
            return Found(ids, is_whole=True)
        walk = replace(walk, beyond=present[-1].position)
        if time.monotonic() > end:
            return Found(ids, is_whole=False, reached=walk.beyond)


_AT_ONCE = 200
"""Messages that are fetched and looked at together."""


def _answering(tickets: Sequence[TicketRow], matcher: Matcher) -> Iterator[int]:
    corrections = corrections_of([ticket.mention for ticket in tickets])
    tags = tags_on([ticket.pk for ticket in tickets])
    for ticket in tickets:
        reading = corrected(reading_of(ticket.mention.reading), corrections[ticket.mention_id])
        names = tuple(tag.name for tag in tags[ticket.pk])
        if matcher.of(mention_of(ticket.mention), reading, names):
            yield ticket.pk


def _within(ids: list[int], limit: int) -> Found:
    return Found(ids, is_whole=len(ids) < limit)


_STRETCH = 2_000
"""How many tickets are asked one by one: some 10 ms."""
_STRETCH_FOR_PHRASES = 1_000
"""Fewer: pairs of words are rarer, and quicker to look up."""


def _walked(
    ahead: QuerySet[TicketRow], words: str, walk: Walk, stretch: int, limit: int, enough: int
) -> Found | None:
    """Asks the next tickets one by one; None when `words` are too rare for that.

    PostgreSQL would choose this or the index of words from statistics that know nothing of words
    side by side, and little of words in the middle between common and rare. A walk that stops
    after a while needs no statistics, and what it does not find is rare enough to be looked up.
    """
    ids = _ask_each(ahead[:stretch], words, walk, limit)
    if len(ids) >= limit:
        return Found(ids, is_whole=False)
    if not ahead.values("pk")[stretch - 1 : stretch]:
        return Found(ids, is_whole=True)
    return Found(ids, is_whole=False) if len(ids) >= enough else None


def _ask_each(stretch: QuerySet[TicketRow], words: str, walk: Walk, limit: int) -> list[int]:
    """The first `limit` of these tickets whose message has the words, in their order."""
    asked, values = stretch.values("pk", "position").query.sql_with_params()
    statement = (
        f"SELECT pk FROM ({asked}) AS asked WHERE"  # noqa: S608 - Django's own SQL
        f" (SELECT search @@ %s::tsquery FROM inbox_mention WHERE id = asked.position & {ID_MASK})"
        f" ORDER BY position {'ASC' if walk.is_upward else 'DESC'} LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, words, limit])
        return [row[0] for row in cursor.fetchall()]


def _looked_up(ahead: QuerySet[TicketRow], words: str, limit: int) -> Found:
    """Fetches every message with these words from the index, then puts their tickets in order."""
    answers = RawSQL(_IN_THE_INDEX, [words], output_field=BooleanField())  # noqa: S611 - a constant; the words are a parameter
    return _within(list(ahead.filter(answers).values_list("pk", flat=True)[:limit]), limit)


_IN_THE_INDEX = (
    "inbox_ticket.mention_id = ANY(ARRAY(SELECT id FROM inbox_mention WHERE search @@ %s::tsquery))"
)


def _sqlite(tickets: QuerySet[TicketRow], query: str, limit: int, walk: Walk) -> list[int]:
    """Walks the index of words in the order of time and looks each match up among the tickets.

    `CROSS JOIN` keeps SQLite to that order; it would otherwise fetch and sort every match, which
    a common word makes slow.
    """
    asked, values = walk.narrow(tickets).order_by().values("pk", "position").query.sql_with_params()
    side, order = (">", "ASC") if walk.is_upward else ("<", "DESC")
    edge = walk.beyond if walk.beyond is not None else _BOTTOM if walk.is_upward else _TOP
    statement = (
        f"SELECT asked.pk FROM inbox_search CROSS JOIN ({asked}) AS asked"  # noqa: S608 - Django's own SQL
        f" ON asked.position = inbox_search.rowid WHERE inbox_search MATCH %s"
        f" AND inbox_search.rowid {side} %s ORDER BY inbox_search.rowid {order} LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, query, edge, limit])
        return [row[0] for row in cursor.fetchall()]


_TOP, _BOTTOM = 2**63 - 1, -(2**63)
