"""`veilleur demo`: real messages, read and sorted, on a desk that one can try."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veilleur.cli.door import open_prepared_desk, out
from veilleur.cli.importing import progress_bar
from veilleur.cli.serving import Host, Port, serve_prepared
from veilleur.cli.words import say
from veilleur.listening.samples import Sample, samples

if TYPE_CHECKING:
    from veilleur.desk.accounts.models import Organisation

EMAIL = "demo@veilleur.local"
PASSWORD_FILE = "demo-password"  # noqa: S105 - a name


def demo(
    serve: Annotated[bool, typer.Option(help="Serve the desk afterwards.")] = True,
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Load the sample messages, read and sort them, say what was found, and serve the desk.

    Harmless to repeat: what is there stays as it is.
    """
    open_prepared_desk()
    from veilleur.cli.summary import show_summary

    organisations = [_load(sample) for sample in samples()]
    password = _admit(organisations)
    show_summary(organisations)
    out.print(say("Sign in as", "Connectez-vous :"), f"{EMAIL}  {password}", style="bold")
    if serve:
        serve_prepared(host, port)


def _load(sample: Sample) -> Organisation:
    from veilleur.desk.accounts.actions import found_organisation
    from veilleur.desk.accounts.audit import JOB
    from veilleur.desk.inbox.intake import collect
    from veilleur.desk.sources.actions import add_source, draft_run, request_start
    from veilleur.desk.sources.files import chunks_of
    from veilleur.desk.sources.models import CollectionRun, RunState
    from veilleur.reading import installed_reader

    organisation = found_organisation(
        sample.slug, sample.organisation, language=sample.language, time_zone=sample.zone
    )
    source = add_source(organisation, sample.source_name, key=sample.source, by=JOB)
    runs = CollectionRun.objects.filter(source=source, file_name=sample.path.name)
    if runs.filter(state=RunState.DONE).exists():
        return organisation
    run = runs.exclude(path="").order_by("-pk").first()
    if run is None or run.state == RunState.DRAFT:
        mapping = sample.mapping()
        run = draft_run(source, chunks_of(sample.path), sample.path.name, mapping=mapping)
        request_start(run, mapping, by=JOB)
    installed_reader()  # loading the lexicons is no reading: it must not slow the figures
    with progress_bar(sample.organisation) as show:
        collect(run.pk, lambda now: show(now.cursor, now.total))
    return organisation


def _admit(organisations: list[Organisation]) -> str:
    """The demo person manages every demo organisation; returns the password."""
    from django.conf import settings

    from veilleur.desk.accounts.actions import admit
    from veilleur.desk.accounts.audit import JOB
    from veilleur.desk.accounts.models import Role, User

    password, is_new = _password(Path(settings.DATA_DIR) / PASSWORD_FILE)
    person = User.objects.filter(email=EMAIL).first()
    for organisation in organisations:
        person = admit(organisation, EMAIL, say("Demo", "Démo"), Role.MANAGER, password=password, by=JOB)
    if is_new and person is not None:
        person.set_password(password)
        person.save(update_fields=["password"])
    return password


def _password(file: Path) -> tuple[str, bool]:
    """The password of this installation's demo, and whether it was drawn just now."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="utf-8").strip(), False
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(password + "\n")
    return password, True
