"""Inserts many rows in the way each database takes them fastest.

`bulk_create` asks every field of every row to prepare its value: ten times the work of the
insertion itself, and most of an import's time. Here a column is prepared by one function
chosen once, and the driver is handed the whole: `COPY` on PostgreSQL, one statement for a
block of rows on SQLite. A block, not a row: SQLite writes its full-text index out at the end
of each statement that touches it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias

from django.db import connection, models

Prepare = Callable[[Any], Any]
Field: TypeAlias = "models.Field[Any, Any]"
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
    put = _copy if connection.vendor == "postgresql" else _insert_blocks
    with connection.wrap_database_errors:  # neither passes through Django, which would do this
        put(model, [*named, *rest], values)


def _copy(model: type[models.Model], fields: list[Field], values: list[tuple[Any, ...]]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {_table(model)} ({_names(fields)}) FROM STDIN") as copy,
    ):
        for row in values:
            copy.write_row(row)


def _insert_blocks(model: type[models.Model], fields: list[Field], values: list[tuple[Any, ...]]) -> None:
    connection.ensure_connection()
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK]
        statement, parameters = _statement(model, fields, len(block)), list(chain.from_iterable(block))
        # Asks the driver itself: Django would rewrite ten thousand `%s` for every block.
        connection.connection.execute(statement, parameters)


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


def _computed_there(field: Field) -> bool:
    return isinstance(field, models.AutoField | models.BigAutoField) or field.generated


def _statement(model: type[models.Model], fields: list[Field], rows: int) -> str:
    marks = ",".join([f"({','.join('?' * len(fields))})"] * rows)
    return f"INSERT INTO {_table(model)} ({_names(fields)}) VALUES {marks}"  # noqa: S608 - names of our models


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001 - Django's documented API


def _names(fields: list[Field]) -> str:
    return ", ".join(connection.ops.quote_name(field.column or "") for field in fields)


def _values(
    fields: list[Field], rows: Sequence[dict[str, Any]], defaults: tuple[Any, ...]
) -> list[tuple[Any, ...]]:
    columns: list[Iterable[Any]] = [
        map(prepare, column) if (prepare := _preparation(field)) else column
        for field, column in zip(fields, zip(*(row.values() for row in rows), strict=True), strict=True)
    ]
    return [row + defaults for row in zip(*columns, strict=True)]


def _preparation(field: Field) -> Prepare | None:
    if isinstance(field, models.DateTimeField):
        return _moment
    if isinstance(field, models.JSONField):
        return _json
    return None


@lru_cache(maxsize=1 << 12)
def _moment(value: datetime | None) -> datetime | str | None:
    """For the driver. Kept, because a ticket repeats the moment of its mention, and a run its own."""
    adapted: datetime | str | None = connection.ops.adapt_datetimefield_value(value)
    return adapted


def _prepared(field: Field, value: Any) -> Any:
    prepare = _preparation(field)
    return prepare(value) if prepare else value


def _json(value: Any) -> str:
    """JSON text; a string is taken as JSON already (made beside the reading, in another process)."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
