"""What networks answer, read as it was agreed: JSON into shapes, without the odd entries.

told = asking.parsed(Shape, asking.told(client.read(url, judged=…)))
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from veilleur.errors import NetworkRefused
from veilleur.listening.files.row import storable

Said = Annotated[str, BeforeValidator(lambda given: storable(given) if isinstance(given, str) else "")]
"""Text without halves of characters, which some networks cut off; empty for anything else."""


class Answer(Protocol):
    """What is looked at."""

    @property
    def status_code(self) -> int:
        """Of HTTP."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Their names in any case."""
        ...

    @property
    def content(self) -> bytes:
        """As sent, unpacked."""
        ...


class Shape(BaseModel):
    """What a network is agreed to answer; what else it says is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)


AnyShape = TypeVar("AnyShape", bound=Shape)


def json_of(answer: Answer) -> Any:
    """The JSON that was answered. Raises `NetworkRefused` when it is none."""
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise NetworkRefused("the network answers something else than JSON: is its address right?") from error


def told(answer: Answer) -> dict[str, Any]:
    """The JSON object that was answered. Raises `NetworkRefused` when it is none."""
    found = json_of(answer)
    if not isinstance(found, dict):
        raise NetworkRefused("the network answers no JSON object")
    return found


def parsed(shape: type[AnyShape], given: object) -> AnyShape:
    """Raises `NetworkRefused` for what is not as agreed."""
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise NetworkRefused(f"the network answers something else than agreed: {where}") from error
    except RecursionError as error:
        raise NetworkRefused("the network answers something else than agreed") from error


def each(shape: type[AnyShape], given: object) -> list[AnyShape]:
    """The entries of a list, without the odd ones. Raises `NetworkRefused` when it is no list."""
    if given is None:
        return []
    if not isinstance(given, list):
        raise NetworkRefused("the network answers no list where one is agreed")
    found = (_or_none(shape, entry) for entry in given)
    return [one for one in found if one is not None]


def _or_none(shape: type[AnyShape], entry: object) -> AnyShape | None:
    try:
        return shape.model_validate(entry)
    except (ValidationError, RecursionError):
        return None


def web(given: object) -> str:
    """An address of the web, or nothing."""
    address = given.strip() if isinstance(given, str) else ""
    return address if address.startswith(("https://", "http://")) else ""


def moment(said: str) -> datetime | None:
    """A date of RFC 3339, in UTC; None for anything else.

    >>> moment("2026-03-01T08:15:30.123456789Z").isoformat()
    '2026-03-01T08:15:30.123456+00:00'
    """
    try:
        found = datetime.fromisoformat(said)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
