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
from dataclasses import dataclass

from django.db import connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from veilleur.desk.inbox.models import TicketRow

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
    words = [f"'{word}'" for word in term.words]
    return " <-> ".join(words) + (":*" if term.is_prefix else "")


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


def matching(
    tickets: QuerySet[TicketRow],
    organisation_id: int,
    terms: tuple[Term, ...],
    limit: int,
    walk: Walk = Walk(),
) -> list[int]:
    """Ids of the first `limit` of `tickets` along `walk` whose message answers `terms`.

    `tickets` is neither ordered nor sliced.
    """
    if connection.vendor == "postgresql":
        return _postgresql(walk.narrow(tickets), organisation_id, terms, limit)
    return _sqlite(tickets, fts5(organisation_id, terms), limit, walk)


def _postgresql(
    tickets: QuerySet[TicketRow], organisation_id: int, terms: tuple[Term, ...], limit: int
) -> list[int]:
    """The planner chooses between the index of words and the index of time from its statistics.

    It has none about words side by side, and takes them for as frequent as the words themselves:
    these are looked up first, whatever it thinks.
    """
    has_phrase = any(len(term.words) > 1 for term in terms)
    answers = RawSQL(  # noqa: S611 - one of two constants; the words travel as a parameter
        _LOOKED_UP if has_phrase else _FOUND,
        [tsquery(organisation_id, terms)],
        output_field=BooleanField(),
    )
    return list(tickets.filter(answers).values_list("pk", flat=True)[:limit])


_MATCHES = "SELECT id FROM inbox_mention WHERE search @@ %s::tsquery"
_FOUND = f"inbox_ticket.mention_id IN ({_MATCHES})"
_LOOKED_UP = f"inbox_ticket.mention_id = ANY(ARRAY({_MATCHES}))"


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
