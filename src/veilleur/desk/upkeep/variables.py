"""The variables an administrator may set, and those that nobody reads."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from pydantic_settings import BaseSettings

from veilleur.desk.settings import Environment
from veilleur.reading.outside.settings import LlmSettings, TransformersSettings

PREFIX = "VEILLEUR_"
OTHERS = frozenset({"VEILLEUR_INTERNAL_HOSTS", "VEILLEUR_PROXY", "VEILLEUR_DIES_WITH_STDIN"})
"""Read where they are used: downstairs, and by the worker beside a server."""
OF_TESTS = "VEILLEUR_TEST_"


def known_variables() -> frozenset[str]:
    """The names of all settings."""
    kinds: tuple[type[BaseSettings], ...] = (Environment, LlmSettings, TransformersSettings)
    names = {
        f"{kind.model_config.get('env_prefix', '')}{name.upper()}"
        for kind in kinds
        for name in kind.model_fields
    }
    return frozenset(names) | OTHERS


def unknown_variables(environment: Iterable[str]) -> list[tuple[str, str]]:
    """The `VEILLEUR_…` in `environment` that are no settings, each with the nearest that is one, or nothing.

    >>> unknown_variables(["VEILLEUR_DATABSE_URL", "VEILLEUR_HTTPS", "VEILLEUR_MOON", "PATH"])
    [('VEILLEUR_DATABSE_URL', 'VEILLEUR_DATABASE_URL'), ('VEILLEUR_MOON', '')]
    """
    known = known_variables()
    odd = [name for name in environment if name.startswith(PREFIX) and name.upper() not in known]
    return [
        (name, next(iter(difflib.get_close_matches(name.upper(), sorted(known), 1, 0.8)), ""))
        for name in sorted(odd)
        if not name.startswith(OF_TESTS)
    ]
