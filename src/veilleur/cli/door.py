"""How a command enters the desk: Django ready, database prepared, errors in words."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from veilleur.cli.words import language, say
from veilleur.errors import Cancelled, InvalidInput, PolicyInvalid, VeilleurError
from veilleur.triage import mistake

if TYPE_CHECKING:
    from pydantic import ValidationError

CANNOT, SOME_REFUSED, STOPPED = 1, 3, 130
"""Exit codes: it cannot be done; done, but rows were refused; stopped by a person (2 is bad usage)."""

MIGRATING = 0x7665696C  # any number that nobody else locks
"""The lock of PostgreSQL that who migrates holds."""

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Commands(TyperGroup):
    """The commands; what goes wrong on purpose is said in one sentence, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command and turns our errors into exit codes."""
        try:
            return super().invoke(ctx)
        except Cancelled as error:
            complain(str(error))
            raise typer.Exit(STOPPED) from error
        except PolicyInvalid as error:
            complain(mistake(error, language()))
            raise typer.Exit(CANNOT) from error
        except (VeilleurError, OSError) as error:
            complain(str(error))
            raise typer.Exit(CANNOT) from error


def complain(sentence: str) -> None:
    """One sentence on standard error."""
    err.print(Text(sentence, style="bold red"))


def open_desk() -> None:
    """Makes Django ready; to be called before any module of the desk with tables is imported."""
    import django
    from django.utils import translation
    from pydantic import ValidationError

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "veilleur.desk.settings")
    try:
        django.setup()
    except ValidationError as error:
        raise InvalidInput(_settings_refused(error)) from error
    translation.activate(language())
    _name_unknown_variables()


def _settings_refused(error: ValidationError) -> str:
    faults = [
        f"VEILLEUR_{'_'.join(map(str, one['loc'])).upper()}: {one['msg'].removeprefix('Value error, ')}"
        for one in error.errors(include_input=False, include_url=False)
    ]
    start = say("A setting makes no sense.", "Un réglage n’a pas de sens.")
    return "\n".join([start, *faults, say("See", "Voir") + " docs/reference/settings.md."])


def _name_unknown_variables() -> None:
    """Who misspells a setting is told: otherwise its default holds, and nobody knows why."""
    from veilleur.desk.upkeep.variables import unknown_variables

    for name, nearest in unknown_variables(os.environ):
        unknown = say(f"{name} is no setting", f"{name} n’est pas un réglage")
        meant = say(f" (did you mean {nearest}?).", f" (vouliez-vous dire {nearest} ?).") if nearest else "."
        err.print(Text(unknown + meant, style="yellow"))


def open_prepared_desk() -> None:
    """Makes Django ready and the database up to date."""
    open_desk()
    prepare_database()


def prepare_database() -> bool:
    """Brings the tables up to date; False when they were. Of several processes, one does it."""
    from django.core.management import call_command

    if not _waits():
        return False
    with _alone():
        if not _waits():
            return False
        call_command("migrate", verbosity=0, interactive=False)
    return True


def _waits() -> bool:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextmanager
def _alone() -> Iterator[None]:
    """No other process migrates meanwhile: a server and its workers start together.

    PostgreSQL is asked again and again rather than waited for: an index that is built while people work waits
    for every statement that began before it.
    """
    from django.conf import settings
    from django.db import connection

    from veilleur.desk.keys import held

    if connection.vendor != "postgresql":
        with held(settings.DATA_DIR / "migrate"):
            yield
        return
    with connection.cursor() as cursor:
        while not _is_answered(cursor, "SELECT pg_try_advisory_lock(%s)"):
            time.sleep(0.5)
        try:
            yield
        finally:
            _is_answered(cursor, "SELECT pg_advisory_unlock(%s)")


def _is_answered(cursor: Any, question: str) -> bool:
    cursor.execute(question, [MIGRATING])
    return bool(cursor.fetchone()[0])
