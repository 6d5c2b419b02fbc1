"""Which column is which field, and how its values are to be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from veilleur.errors import InvalidInput
from veilleur.listening.files.dates import DateOrder, known_zone, names_order, order_evidence
from veilleur.listening.files.limits import LIMITS
from veilleur.listening.files.ratings import Scale
from veilleur.listening.files.reasons import sentence
from veilleur.listening.files.rejects import original_headers
from veilleur.listening.files.synonyms import Field
from veilleur.listening.files.table import Table

_ORDER_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Mapping:
    """How one kind of file becomes messages. Each field of `Field` is the header of its column, or empty."""

    text: str = ""
    title: str = ""
    author: str = ""
    published_at: str = ""
    rating: str = ""
    external_id: str = ""
    url: str = ""
    network: str = ""
    place: str = ""
    question: str = ""
    language_hint: str = ""
    thread: str = ""
    scale: Scale | None = None
    """Ends of the ratings; needed as soon as `rating` is."""
    date_order: DateOrder = DateOrder.DAY_FIRST
    dates_only: bool = False
    """Every time in the column is midnight: the file knows days only."""
    zone: str = "Europe/Paris"
    """IANA zone of dates that name none."""
    constant_network: str = ""
    """Said of rows whose network is empty or has no column."""
    constant_place: str = ""

    @property
    def question_asked(self) -> str:
        """The header of the texts when it is itself the question they answer, else empty."""
        asks = self.text.endswith("?") and len(self.text) <= LIMITS[Field.QUESTION]
        return self.text if asks else ""

    def column(self, name: Field) -> str:
        """Header of the column of one field, or an empty string."""
        header: str = getattr(self, name.value)
        return header

    def columns(self) -> dict[Field, str]:
        """The fields that have a column."""
        return {name: header for name in Field if (header := self.column(name))}

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column; `Mapping.from_json` undoes it."""
        scale = self.scale and {
            "worst": self.scale.worst,
            "best": self.scale.best,
            "words": list(self.scale.words),
        }
        return {
            **{name.value: header for name, header in self.columns().items()},
            "scale": scale,
            "date_order": self.date_order.value,
            "dates_only": self.dates_only,
            "zone": self.zone,
            "constant_network": self.constant_network,
            "constant_place": self.constant_place,
        }

    @classmethod
    def from_json(cls, data: AnyMapping[str, Any]) -> Mapping:
        """The mapping that `to_json` gave. Raises `InvalidInput` when it is not one."""
        unknown = data.keys() - set(cls.__dataclass_fields__)
        if unknown:
            raise InvalidInput(f"not a mapping: unknown keys {', '.join(sorted(map(str, unknown)))}")
        try:
            return cls(
                **{name: _string(data[name]) for name in _STRINGS & data.keys()},
                scale=_scale(data.get("scale")),
                date_order=DateOrder(data.get("date_order", "dmy")),
                dates_only=bool(data.get("dates_only")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"not a mapping: {error}") from error


_STRINGS = frozenset({*(name.value for name in Field), "zone", "constant_network", "constant_place"})


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person should look at before the import starts."""

    code: str
    blocking: bool
    """Whether the import cannot start; otherwise it is advice."""
    column: str = ""
    details: AnyMapping[str, str] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        """The problem in words."""
        return sentence(self.code, {"column": self.column, **self.details}, language)


def headers_digest(table: Table) -> str:
    """Hex SHA-256 of the headers, in their order: the same kind of file gives the same digest.

    The file of rejects of a file has the same digest as the file itself.
    """
    return hashlib.sha256("\x1f".join(original_headers(table.headers)).encode()).hexdigest()


def check_mapping(mapping: Mapping, table: Table) -> list[Problem]:
    """What is missing or wrong, blocking problems first."""
    return sorted(_problems(mapping, table), key=lambda problem: not problem.blocking)


def _problems(mapping: Mapping, table: Table) -> Iterator[Problem]:
    if not (mapping.text or mapping.title or mapping.rating):
        yield Problem("need_text_or_rating", blocking=True)
    yield from _column_problems(list(mapping.columns().values()), table.headers)
    if mapping.rating and mapping.scale is None:
        yield Problem("scale_missing", blocking=True, column=mapping.rating)
    if not known_zone(mapping.zone):
        yield Problem("zone_unknown", blocking=True, details={"zone": mapping.zone})
    if not mapping.external_id:
        yield Problem("no_id", blocking=False)
    if not mapping.published_at:
        yield Problem("no_date", blocking=False)
    elif mapping.published_at in table.headers and not _order_proven(mapping.published_at, table):
        yield Problem("order_unproven", blocking=False, column=mapping.published_at)


def _column_problems(used: Sequence[str], headers: Sequence[str]) -> Iterator[Problem]:
    for header in dict.fromkeys(used):
        if header not in headers:
            yield Problem("column_missing", blocking=True, column=header)
        if used.count(header) > 1:
            yield Problem("column_twice", blocking=True, column=header)


def _order_proven(header: str, table: Table) -> bool:
    """Whether some date has a day beyond 12, or none depends on the order at all."""
    index = table.headers.index(header)
    values = [row.cells[index] for row in islice(table.rows(), _ORDER_ROWS) if not row.fault]
    return any(order_evidence(values)) or not any(map(names_order, values))


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _scale(data: Any) -> Scale | None:
    if data is None:
        return None
    return Scale(float(data["worst"]), float(data["best"]), tuple(map(_string, data.get("words", ()))))
