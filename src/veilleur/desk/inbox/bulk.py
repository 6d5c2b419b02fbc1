"""Inserts many rows through few prepared statements.

`bulk_create` asks every field of every row to prepare its value: ten times the work of the
insertion itself, and most of an import's time. Here a column is prepared by one function
chosen once, and the driver repeats one statement that takes a block of rows. A block, not a
row: SQLite writes its full-text index out at the end of each statement that touches it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db import connection, models

Prepare = Callable[[Any], Any]
BLOCK = 500
"""Rows in one statement: some 10,000 parameters, well below the 32,766 that SQLite takes."""


def insert(model: type[models.Model], rows: Sequence[dict[str, Any]]) -> None:
    """Inserts `rows`, all with the same keys: attribute names of `model` (`source_id`, not `source`).

    Fields that are not named get their default, as `model()` would. No signal is sent, and
    nothing is validated: only for what the house itself computed.
    """
    if not rows:
        return
    fields = {field.attname: field for field in model._meta.concrete_fields}  # noqa: SLF001 - Django's documented API
    named = [fields[name] for name in rows[0]]
    rest = [field for field in fields.values() if field not in named and not _computed_there(field)]
    defaults = tuple(_prepared(field, field.get_default()) for field in rest)
    values = _values(named, rows, defaults)
    with connection.cursor() as cursor:
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            cursor.execute(_statement(model, [*named, *rest], len(block)), list(chain.from_iterable(block)))


def reserve_ids(model: type[models.Model], count: int) -> range | list[int]:
    """`count` primary keys that nobody else will get, ascending.

    On SQLite this holds within the present transaction, which must have begun IMMEDIATE.
    """
    table = model._meta.db_table  # noqa: SLF001 - Django's documented API
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [number for (number,) in cursor.fetchall()]
        cursor.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        first = cursor.fetchone()[0] + 1
    return range(first, first + count)


def _computed_there(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, models.AutoField | models.BigAutoField) or field.generated


def _statement(model: type[models.Model], fields: list[models.Field[Any, Any]], rows: int) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column or "") for field in fields)
    marks = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * rows)
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {marks}"  # noqa: S608, SLF001 - names of our models


def _values(
    fields: list[models.Field[Any, Any]], rows: Sequence[dict[str, Any]], defaults: tuple[Any, ...]
) -> list[tuple[Any, ...]]:
    columns: list[Iterable[Any]] = [
        map(prepare, column) if (prepare := _preparation(field)) else column
        for field, column in zip(fields, zip(*(row.values() for row in rows), strict=True), strict=True)
    ]
    return [row + defaults for row in zip(*columns, strict=True)]


def _preparation(field: models.Field[Any, Any]) -> Prepare | None:
    if isinstance(field, models.DateTimeField):
        # The moment of collection is one and the same for thousands of rows.
        return lru_cache(maxsize=1024)(connection.ops.adapt_datetimefield_value)
    if isinstance(field, models.JSONField):
        return _json
    return None


def _prepared(field: models.Field[Any, Any], value: Any) -> Any:
    prepare = _preparation(field)
    return prepare(value) if prepare else value


def _json(value: Any) -> str:
    """JSON text; a string is taken as JSON already (made beside the reading, in another process)."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
