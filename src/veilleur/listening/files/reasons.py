"""Why something is refused: a code, its details, and one sentence in each language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files

from veilleur.errors import FileRefused, InvalidInput

_SENTENCES: dict[str, dict[str, str]] = tomllib.loads(
    files(__package__).joinpath("reasons.toml").read_text(encoding="utf-8")
)
_SHOWN = 80
"""Characters of a cell that a sentence repeats: enough to find it, never a whole message."""


class CellRefused(InvalidInput):
    """One cell cannot be read. It becomes a `RowRefused` as soon as its line is known."""

    def __init__(self, code: str, **details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def codes() -> tuple[str, ...]:
    """Every code that a refusal may carry."""
    return tuple(_SENTENCES)


def sentence(code: str, details: Mapping[str, str], language: str = "en") -> str:
    """The reason in words, in French when `language` starts with `fr`, else in English.

    >>> sentence("date_too_old", {"value": "03/03/1926"}, "en")
    '“03/03/1926” is before 1990: check the year.'
    """
    words = _SENTENCES[code]["fr" if language.startswith("fr") else "en"]
    return words.format_map(_Gaps({name: shown(value) for name, value in details.items()}))


def shown(value: str) -> str:
    """`value` on one line, cut when it is long.

    >>> shown("a  b")
    'a b'
    """
    line = " ".join(value.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def refused(code: str, **details: str) -> FileRefused:
    """The error for a whole file, ready to raise."""
    return FileRefused(sentence(code, details), code, details)
