"""What endpoints take and give everywhere: text that can be kept, people, pages."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from ninja import Schema
from pydantic import AfterValidator, Field

Item = TypeVar("Item")
MOST = 100
"""Items of a page."""
A_PAGE = 25


def _sayable(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds characters that are no text")
    return text


Text = Annotated[str, AfterValidator(_sayable)]
"""Text that every database can keep."""
Reason = Annotated[Text, Field(max_length=2000)]
Size = Annotated[int, Field(ge=1, le=MOST, description="Items of a page.")]


class Strict(Schema):
    """What somebody sends: a name that nobody knows is a mistake, not a wish that is passed over."""

    model_config = {"extra": "forbid"}


class Person(Schema):
    """Somebody who works here."""

    id: int
    name: str


class Showing(Strict):
    """How messages are shown."""

    redacted: bool = Field(
        default=False, description="Put placeholders for the personal data that can be found in the words."
    )


class Page(Schema, Generic[Item]):
    """Some items, and where the next ones begin."""

    items: list[Item]
    next: str = Field(description="The `cursor` of the next page; empty on the last one.")
