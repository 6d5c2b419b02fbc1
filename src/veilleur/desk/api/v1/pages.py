"""Pages of rows by a moment, the latest first; what comes later moves no page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

from django.db.models import Model, Q, QuerySet
from pydantic import Field

Row = TypeVar("Row", bound=Model)
Cursor = Annotated[
    str, Field(pattern=r"^([0-9]{1,17}\.[0-9]{1,18})?$", description="The `next` of the page before.")
]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def latest_first(rows: QuerySet[Row], moment: str, cursor: str, limit: int) -> tuple[list[Row], str]:
    """The rows of one page, by their column `moment`, and the cursor of the next one; empty when none is."""
    if cursor:
        microseconds, _dot, pk = cursor.partition(".")
        at = _EPOCH + int(microseconds) * _MICROSECOND
        # The first condition lets an index begin at the right place; the second settles ties.
        rows = rows.filter(**{f"{moment}__lte": at})
        rows = rows.filter(Q(**{f"{moment}__lt": at}) | Q(pk__lt=int(pk)))
    found = list(rows.order_by(f"-{moment}", "-pk")[: limit + 1])
    if len(found) <= limit:
        return found, ""
    last = found[limit - 1]
    return found[:limit], f"{(getattr(last, moment) - _EPOCH) // _MICROSECOND}.{last.pk}"
