"""One whole number that puts messages in the order of time: `position`.

`position` is the second of the message (Unix time) shifted left by `ID_BITS`, plus the id of the
mention. It is unique, sorts like (second, id), serves as the cursor of a page, and as the row id
of SQLite's full-text index, so that a search can be walked newest first without sorting.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django.db import models
from django.db.models import Func, Q
from django.db.models.sql.compiler import SQLCompiler

ID_BITS = 29
"""Half a thousand million mentions in one database; the rest of 63 bits is time."""

_SHIFT = 1 << ID_BITS
ID_MASK = _SHIFT - 1
"""`position & ID_MASK` is the id of the mention."""
_FIRST, _LAST = -(1 << 33), (1 << 33) - 1
"""From 1697 to 2242: an absurd date stands at one of the ends instead of overflowing."""


def first_position_of(moment: datetime) -> int:
    """The lowest position that a message of this second may have.

    >>> from datetime import UTC
    >>> first_position_of(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1 << ID_BITS
    True
    """
    return min(max(int(moment.timestamp() // 1), _FIRST), _LAST) * _SHIFT


def within_days(since: date | None, until: date | None, zone: tzinfo) -> Q:
    """The tickets of these days, both included; no bound where None stands."""
    period = Q()
    if since:
        period &= Q(position__gte=first_position_of(_midnight(since, zone)))
    if until and until < date.max:
        period &= Q(position__lt=first_position_of(_midnight(until + timedelta(days=1), zone)))
    return period


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone)


class Position(Func):
    """SQL expression of the position: `Position("moment", "mention")`."""

    output_field = models.BigIntegerField()
    arity = 2

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> tuple[str, Any]:
        """Django keeps moments as ISO text in UTC there."""
        seconds = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        template = f"(MIN(MAX({seconds}, {_FIRST}), {_LAST}) * {_SHIFT} + %(id)s)"
        return self._two(compiler, connection, template, **context)

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> tuple[str, Any]:
        """`AT TIME ZONE 'UTC'` makes the expression immutable, as a stored column must be."""
        seconds = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s AT TIME ZONE 'UTC'))"
        template = f"(LEAST(GREATEST({seconds}, {_FIRST}), {_LAST})::bigint * {_SHIFT} + %(id)s)"
        return self._two(compiler, connection, template, **context)

    def _two(self, compiler: SQLCompiler, connection: Any, template: str, **context: Any) -> tuple[str, Any]:
        moment, mention = self.get_source_expressions()
        id_sql, id_params = compiler.compile(mention)
        clone = self.copy()
        clone.set_source_expressions([moment])
        sql, params = clone.as_sql(compiler, connection, template=template, id=id_sql, **context)
        return sql, [*params, *id_params]
