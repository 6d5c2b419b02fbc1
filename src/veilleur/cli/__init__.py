"""The command line: `veilleur demo`, `serve`, `import`, `read`… `veilleur --help` lists them.

Exit codes: 0 done; 1 it cannot be done, and standard error says why; 2 bad usage; 3 done, but
rows were refused; 130 stopped by a person.
"""

from __future__ import annotations

from typing import Annotated

import typer

import veilleur
from veilleur.cli import (
    administration,
    assisting,
    collecting,
    demo,
    importing,
    linting,
    reading,
    serving,
    upkeep,
)
from veilleur.cli.door import Commands

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Self-hosted, French-first desk for what the public says about people who care for health.",
)
app.command("demo")(demo.demo)
app.command("serve")(serving.serve)
app.command("worker")(serving.worker)
app.command("import")(importing.import_file)
app.command("collect")(collecting.collect)
app.command("read")(reading.read)
app.command("lint")(linting.lint)
app.command("packs")(linting.packs)
app.command("mcp")(assisting.mcp)
app.command("migrate")(administration.migrate)
app.command("doctor")(upkeep.doctor)
app.command("backup")(upkeep.backup)
app.command("restore")(upkeep.restore)
app.add_typer(administration.organisations, name="organisation")
app.add_typer(administration.people, name="person")
app.add_typer(collecting.sources, name="sources")
app.add_typer(administration.policies, name="policy")
app.add_typer(administration.keys, name="keys")
app.add_typer(administration.audits, name="audit")


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - Typer's signature
    if wanted:
        typer.echo(f"veilleur {veilleur.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Options of all commands."""
