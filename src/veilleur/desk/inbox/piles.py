"""One word for what the list may show as one: messages that say the same and ask for the same work.

`pile` is computed by the database from the columns that decide, so that no act and no deletion can
forget it: a ticket whose queue, state or priority becomes another one is in another pile at once.
"""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Func, TextField, Value
from django.db.models.functions import Cast, Coalesce


class Pile(Func):
    """`Pile("alike", "status", …)`: the columns joined by dots; null when the first one is."""

    template = "(%(expressions)s)"
    arg_joiner = " || '.' || "
    output_field = CharField()

    def __init__(self, first: str, *others: str, **extra: Any) -> None:
        texts = [Coalesce(Cast(other, TextField()), Value("")) for other in others]
        super().__init__(Cast(first, TextField()), *texts, **extra)
