"""The command line speaks French to a French terminal, English to any other."""

from __future__ import annotations

import os


def language() -> str:
    """`fr` or `en`, as `LC_ALL`, `LC_MESSAGES` or `LANG` says, the first that is set.

    >>> import unittest.mock
    >>> with unittest.mock.patch.dict(os.environ, {"LC_ALL": "fr_FR.UTF-8"}):
    ...     language()
    'fr'
    """
    chosen = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "fr" if chosen.lower().startswith("fr") else "en"


def say(english: str, french: str) -> str:
    """The one of the two that the person reads."""
    return french if language() == "fr" else english


def number(value: int) -> str:
    """Thousands set apart as the reader's language does.

    >>> import unittest.mock
    >>> with unittest.mock.patch.dict(os.environ, {"LC_ALL": "C"}):
    ...     number(100000)
    '100,000'
    """
    return f"{value:,}".replace(",", say(",", "\u202f"))
