"""For connectors whose network explains its answers in its own way: a judge reads them before HTTP does.

answer = asking.read(client, url, judge, headers=…, params=…)
shape = asking.parsed(Shape, asking.told(answer))
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from veilleur.errors import NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening.client import ATTEMPTS, PAUSE, Client, require_good
from veilleur.listening.files.row import storable


class Answer(Protocol):
    """What a judge looks at."""

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


Judge = Callable[[Answer], None]
"""Raises what an answer means on its network; returns when its status says enough."""
Said = Annotated[str, BeforeValidator(lambda given: storable(given) if isinstance(given, str) else "")]
"""Text without halves of characters, which some networks cut off; empty for anything else."""


class Shape(BaseModel):
    """What a network is agreed to answer; what else it says is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)


AnyShape = TypeVar("AnyShape", bound=Shape)


def read(
    client: Client,
    url: str,
    judge: Judge,
    *,
    headers: Callable[[], Mapping[str, str]],
    params: Mapping[str, str],
) -> Answer:
    """As `Client.read`, with a judge; `headers` are made anew for each attempt, for those that sign."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = client.ask("GET", url, headers=headers(), params=params)
            judge(answer)
            return require_good(answer)
        except (Throttled, NetworkRefused):
            raise
        except (NotReached, OutcomeUnknown) as error:
            if attempt == ATTEMPTS:
                raise NotReached(str(error)) from error
        time.sleep(PAUSE * attempt)
    raise AssertionError  # pragma: no cover - the last attempt returns or raises


def change(
    client: Client,
    method: str,
    url: str,
    judge: Judge,
    *,
    headers: Mapping[str, str],
    params: Mapping[str, str] | None = None,
    body: object = None,
) -> Answer:
    """As `Client.change`, with a judge."""
    answer = client.ask(method, url, headers=headers, params=params, json=body)
    judge(answer)
    try:
        return require_good(answer)
    except Throttled:
        raise
    except NotReached as error:
        raise OutcomeUnknown(str(error)) from error


def told(answer: Answer) -> dict[str, Any]:
    """The JSON object that was answered. Raises `NetworkRefused` when it is none."""
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise NetworkRefused("the network answers something else than JSON") from error
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
    except ValidationError:
        return None


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
