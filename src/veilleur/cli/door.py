"""How a command enters the desk: Django ready, database prepared, errors in words."""

from __future__ import annotations

import os
from typing import Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from veilleur.cli.words import language
from veilleur.errors import Cancelled, PolicyInvalid, VeilleurError
from veilleur.triage import mistake

CANNOT, SOME_REFUSED, STOPPED = 1, 3, 130
"""Exit codes: it cannot be done; done, but rows were refused; stopped by a person (2 is bad usage)."""

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

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "veilleur.desk.settings")
    django.setup()
    translation.activate(language())


def open_prepared_desk() -> None:
    """Makes Django ready and the database up to date."""
    open_desk()
    prepare_database()


def prepare_database() -> bool:
    """Brings the tables up to date; False when they were."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", verbosity=0, interactive=False)
    return True
