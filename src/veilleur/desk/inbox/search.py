"""Full-text search over what people wrote: accents and case do not matter, and nothing is a syntax error.

    attente            the word, in the title, the text or the pseudonym
    attent*            every word that begins so
    "personne ne"      these words side by side
    -parking           not this word

Everything else in the box is read as words. All positive words must be there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.db import connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.ordering import ID_MASK

MOST_TERMS = 12
"""More words than anybody types; a bound for what a hostile address could ask."""

_PIECE = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD = re.compile(r"[^\W_]+")
_MARKS = dict.fromkeys(range(0x300, 0x370))


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand side by side; the last one may be a mere beginning."""

    words: tuple[str, ...]
    is_prefix: bool = False
    is_excluded: bool = False


def fold(text: str) -> str:
    """Lower case, no diacritics, no ligatures: `fold("Cœur ÉLEVÉ")` is `"coeur eleve"`.

    >>> fold("Cœur ÉLEVÉ")
    'coeur eleve'
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_MARKS)
    return plain.replace("œ", "oe").replace("æ", "ae")


def parse(query: str) -> tuple[Term, ...]:
    """What a person asked for; never an error, at most `MOST_TERMS` terms.

    >>> [term.words for term in parse('l’attente "trop longue"')]
    [('l', 'attente'), ('trop', 'longue')]
    """
    terms = (_term(match) for match in _PIECE.finditer(fold(query)))
    return tuple(term for term in terms if term.words)[:MOST_TERMS]


def _term(match: re.Match[str]) -> Term:
    raw = match["phrase"] if match["phrase"] is not None else match["word"]
    words = tuple(_WORD.findall(raw))
    return Term(words, is_prefix=raw.endswith("*"), is_excluded=bool(match["minus"]))


def fts5_any(organisation_id: int, words: Sequence[Term]) -> str:
    """As `fts5`, for messages whose title or text holds one of the words.

    >>> fts5_any(7, parse('attent* parking'))
    'owner : "o7" AND {title text} : ("attent"* OR "parking")'
    """
    wanted = " OR ".join(_fts5_term(word) for word in words)
    return f'owner : "{mark_of(organisation_id)}" AND {{title text}} : ({wanted})'


def tsquery_any(organisation_id: int, words: Sequence[Term]) -> str:
    """As `tsquery`, for messages that hold one of the words.

    >>> tsquery_any(7, parse('attent* parking'))
    "'@o7' & ('attent':* | 'parking')"
    """
    return f"'@{mark_of(organisation_id)}' & ({' | '.join(_tsquery_term(word) for word in words)})"


def holding(
    tickets: QuerySet[TicketRow], organisation_id: int, words: Sequence[Term], limit: int
) -> list[int]:
    """Ids of the newest `limit` of `tickets` whose message holds one of the words."""
    if connection.vendor == "postgresql":
        asked = tsquery_any(organisation_id, words)
        ahead = Walk().narrow(tickets)
        found = _walked(ahead, asked, Walk(), _STRETCH, limit, limit)
        return (found or _looked_up(ahead, asked, limit)).ids
    return _sqlite(tickets, fts5_any(organisation_id, words), limit, Walk())


def mark_of(organisation_id: int) -> str:
    """The word that stands in the index for an organisation, and that no query can spell."""
    return f"o{organisation_id}"


def fts5(organisation_id: int, terms: tuple[Term, ...]) -> str:
    """The terms in the language of SQLite's FTS5, within one organisation.

    >>> fts5(7, parse('attent* -parking'))
    'owner : "o7" AND {title text author} : ("attent"*) NOT {title text author} : ("parking")'
    """
    wanted = " AND ".join(_fts5_term(term) for term in terms if not term.is_excluded)
    unwanted = " OR ".join(_fts5_term(term) for term in terms if term.is_excluded)
    query = f'owner : "{mark_of(organisation_id)}"'
    query += f" AND {{title text author}} : ({wanted})" if wanted else ""
    return query + (f" NOT {{title text author}} : ({unwanted})" if unwanted else "")


def _fts5_term(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + ("*" if term.is_prefix else "")


def tsquery(organisation_id: int, terms: tuple[Term, ...]) -> str:
    """The terms in the language of PostgreSQL's `tsquery`, within one organisation.

    >>> tsquery(7, parse('attent* -parking'))
    "'@o7' & ('attent':*) & !('parking')"
    """
    asked = ("!" * term.is_excluded + f"({_tsquery_term(term)})" for term in terms)
    return " & ".join([f"'@{mark_of(organisation_id)}'", *asked])


def _tsquery_term(term: Term) -> str:
    words = " <-> ".join(f"'{word}'" for word in term.words) + (":*" if term.is_prefix else "")
    pairs = [f"@{first}_{second}" for first, second in pairwise(term.words)]
    if not pairs or max(map(len, pairs)) > _LONGEST_PAIR:
        return words
    both = " & ".join(f"'{pair}'" for pair in pairs) + (":*" if term.is_prefix else "")
    return f"({both} | '@long') & {words}"


_LONGEST_PAIR = 400
"""As in the migration that makes the index of pairs."""


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


def matching(
    tickets: QuerySet[TicketRow],
    organisation_id: int,
    terms: tuple[Term, ...],
    limit: int,
    walk: Walk = Walk(),
    *,
    enough: int | None = None,
) -> Found:
    """Ids of the first `limit` of `tickets` along `walk` whose message answers `terms`.

    From `enough` on, it may stop earlier where going on would be slow. `tickets` is neither
    ordered nor sliced.
    """
    if connection.vendor == "postgresql":
        words = tsquery(organisation_id, terms)
        has_phrase = any(len(term.words) > 1 for term in terms)
        stretch = _STRETCH_FOR_PHRASES if has_phrase else _STRETCH
        found = _walked(walk.narrow(tickets), words, walk, stretch, limit, enough or limit)
        return found or _looked_up(walk.narrow(tickets), words, limit)
    return _within(_sqlite(tickets, fts5(organisation_id, terms), limit, walk), limit)


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
