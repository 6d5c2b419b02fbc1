"""`veilleur backup`, `restore`, `doctor`: so that nothing is ever lost, and what ails the house is said."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from veilleur.cli.door import CANNOT, SOME_REFUSED, complain, open_desk, open_prepared_desk, out
from veilleur.cli.words import number, say
from veilleur.errors import InvalidInput

if TYPE_CHECKING:
    from veilleur.desk.upkeep.sealed import Secret

PassphraseFile = Annotated[
    Path | None, typer.Option(help="File whose first line is the passphrase; otherwise it is asked for.")
]
KeyFile = Annotated[Path | None, typer.Option(help="File with at least 32 random bytes, instead.")]


def backup(
    file: Annotated[Path, typer.Argument(help="New file; or a folder, in which it is named by its date.")],
    passphrase_file: PassphraseFile = None,
    key_file: KeyFile = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read it again, to its last byte.")] = False,
    keep: Annotated[int, typer.Option(min=0, help="Leave this many in the folder, the newest; 0: all.")] = 0,
) -> None:
    """Write the database, the keys and the files to one sealed file, while the desk is at work."""
    open_prepared_desk()
    from veilleur.desk.upkeep.backups import back_up

    made = back_up(file, _secret(passphrase_file, key_file, is_new=True), verify=verify, keep=keep)
    rows, files = sum(made.manifest.rows.values()), len(made.manifest.files)
    out.print(str(made.path))
    out.print(
        say(
            f"{number(rows)} rows, {number(files)} files, {_size(made.size)}"
            f"{', read again to its end' if verify else ''}.",
            f"{number(rows)} lignes, {number(files)} fichiers, {_size(made.size)}"
            f"{', relue jusqu’au bout' if verify else ''}.",
        )
    )


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    to: Annotated[Path, typer.Option(help="Data directory: one that is empty.", envvar="VEILLEUR_DATA_DIR")],
    database_url: Annotated[
        str,
        typer.Option(
            help="Where the database goes, of a desk on PostgreSQL.", envvar="VEILLEUR_DATABASE_URL"
        ),
    ] = "",
    passphrase_file: PassphraseFile = None,
    key_file: KeyFile = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Take the place of what is there: files are moved aside, tables go."),
    ] = False,
) -> None:
    """Put a backup back, proved: every file, every row, every audit trail."""
    with _desk_of_nobody():
        from veilleur.desk.upkeep.restoring import restore as put_back

        secret = _secret(passphrase_file, key_file, is_new=False)
        done = put_back(file, secret, to.absolute(), database_url=database_url, force=force)
    rows, files = sum(done.manifest.rows.values()), len(done.manifest.files)
    made = done.about.made_at[:16].replace("T", " ")
    out.print(
        say(
            f"Restored to {to}: the desk as it was on {made} UTC; "
            f"{number(rows)} rows and {number(files)} files, the same.",
            f"Restauré dans {to} : le bureau tel qu’il était le {made} UTC ; "
            f"{number(rows)} lignes et {number(files)} fichiers, les mêmes.",
        )
    )
    if done.broken_trail:
        complain(done.broken_trail)
        raise typer.Exit(SOME_REFUSED)
    out.print(say("Every audit trail is intact.", "Toutes les pistes d’audit sont intactes."))


MARKS = {"well": ("✓", "green"), "look": ("!", "yellow"), "wrong": ("✗", "bold red")}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document, for programs.")] = False,
) -> None:
    """Look at everything the desk stands on, and say what to do: exit status 1 when something is wrong."""
    open_desk()
    from django.utils.translation import gettext

    from veilleur.desk.upkeep.examination import examine

    lines = list(examine())
    is_wrong = any(line.found.verdict == "wrong" for line in lines)
    if as_json:
        found = [{"name": line.name, **asdict(line.found)} for line in lines]
        typer.echo(json.dumps({"is_well": not is_wrong, "found": found}, ensure_ascii=False, indent=2))
    else:
        table = Table("", say("what", "quoi"), say("found", "constat"), say("what to do", "que faire"))
        for line in lines:
            mark, style = MARKS[line.found.verdict]
            table.add_row(
                Text(mark, style), gettext(line.name), Text(line.found.words), Text(line.found.remedy)
            )
        out.print(table)
    if is_wrong:
        raise typer.Exit(CANNOT)


@contextmanager
def _desk_of_nobody() -> Iterator[None]:
    """Django ready in a place that goes away: we must not found a desk where one is to be restored."""
    place = tempfile.mkdtemp(prefix="veilleur-")
    os.environ |= {"VEILLEUR_DATA_DIR": place, "VEILLEUR_DATABASE_URL": ""}
    try:
        open_desk()
        yield
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _secret(passphrase_file: Path | None, key_file: Path | None, *, is_new: bool) -> Secret:
    from veilleur.desk.upkeep.sealed import Secret

    if passphrase_file and key_file:
        raise InvalidInput(
            say(
                "Give a passphrase or a key file, not both.",
                "Donnez une phrase secrète ou une clé, pas les deux.",
            )
        )
    if key_file:
        return Secret(key_file.read_bytes(), is_passphrase=False)
    if passphrase_file:
        lines = passphrase_file.read_text(encoding="utf-8").splitlines() or [""]
        return Secret(lines[0].encode(), is_passphrase=True)
    asked = typer.prompt(
        say("Passphrase", "Phrase secrète"), hide_input=True, confirmation_prompt=is_new, err=True
    )
    return Secret(asked.encode(), is_passphrase=True)


def _size(size: int) -> str:
    mebibytes = size / 2**20
    return say(f"{mebibytes:.1f} MiB", f"{mebibytes:.1f} Mio".replace(".", ","))
