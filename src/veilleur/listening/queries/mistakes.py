"""Why a query is refused: a place, a code, its details, and one sentence in each language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from veilleur.errors import QueryInvalid
from veilleur.listening.queries import names

_MOST_SHOWN = 400
"""Characters of a detail: all the values of a field, but not a whole query."""


@cache
def sentences() -> Mapping[str, Any]:
    """`frame`, and by name `hints`, `whole` and `mistakes`: language code → words with `{names}`."""
    parsed: Mapping[str, Any] = tomllib.loads(
        files(__package__).joinpath("mistakes.toml").read_text(encoding="utf-8")
    )
    return parsed


def mistake(error: QueryInvalid, language: str) -> str:
    """What is wrong with a query, in French when `language` starts with `fr`, else in English.

    An error that carries no code is told as it tells itself.

    >>> mistake(unknown_value("aspect", "attnte", 7), "en")
    'character 8: “attnte” is no value of the field “aspect”. Did you mean “attente”?'
    """
    if not error.code:
        return str(error)
    return _told(error.code, error.position, error.details, error.suggestion, language)


def refused(code: str, position: int = 0, suggestion: str = "", /, **details: object) -> QueryInvalid:
    """The error, ready to raise."""
    said = {name: _shortened(str(detail)) for name, detail in details.items()}
    return QueryInvalid(_told(code, position, said, suggestion, "en"), code, position, said, suggestion)


def _shortened(detail: str) -> str:
    return detail if len(detail) <= _MOST_SHOWN else detail[: _MOST_SHOWN - 1] + "…"


def unknown_value(field: str, value: str, position: int) -> QueryInvalid:
    """The error for a value that a field does not take, with the nearest one, else with all of them."""
    if near := names.nearest(field, value):
        return refused("unknown_value", position, near, field=field, value=value)
    known, known_fr = (", ".join(names.shown(field, language)) for language in ("en", "fr"))
    return refused("unknown_value", position, field=field, value=value, known=known, known_fr=known_fr)


def _told(code: str, position: int, details: Mapping[str, str], suggestion: str, language: str) -> str:
    spoken = "fr" if language.startswith("fr") else "en"
    said = sentences()
    if code in said["whole"]:
        whole: str = said["whole"][code][spoken].format(**details)
        return whole
    filled = {**details, "suggestion": suggestion} if suggestion else details
    hints = [words[spoken].format(**filled) for name, words in said["hints"].items() if name in filled]
    told = said["mistakes"][code][spoken].format(**details)
    framed: str = said["frame"][spoken].format(column=position + 1, mistake=told, hint="".join(hints))
    return framed
