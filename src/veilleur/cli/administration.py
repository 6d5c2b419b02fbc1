"""Organisations, people, policies, audit trail, database: what an administrator does by command."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from veilleur import plugins
from veilleur.cli.door import open_desk, open_prepared_desk, out, prepare_database
from veilleur.cli.words import say
from veilleur.errors import InvalidInput
from veilleur.triage import house_policy_text, load_policy

if TYPE_CHECKING:
    from veilleur.desk.accounts.models import Organisation

organisations = typer.Typer(no_args_is_help=True, help="Organisations, strictly apart from each other.")
people = typer.Typer(no_args_is_help=True, help="People who sign in.")
policies = typer.Typer(no_args_is_help=True, help="Triage policies.")
keys = typer.Typer(no_args_is_help=True, help="The keys that secrets are encrypted with.")
audits = typer.Typer(no_args_is_help=True, help="The audit trail.")

Slug = Annotated[str, typer.Argument(help="Short name of the organisation, as in its addresses.")]


def organisation_of(slug: str) -> Organisation:
    """The organisation with this short name. Raises `InvalidInput` naming those that exist."""
    from veilleur.desk.accounts.models import Organisation

    found = Organisation.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Organisation.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "—"
        raise InvalidInput(
            say(
                f"There is no organisation “{slug}”. Known: {known}.",
                f"Il n’y a pas d’organisation « {slug} ». Connues : {known}.",
            )
        )
    return found


def migrate() -> None:
    """Bring the database up to date."""
    open_desk()
    changed = prepare_database()
    out.print(
        say("The database is up to date now.", "La base de données est maintenant à jour.")
        if changed
        else say("The database was up to date.", "La base de données était à jour.")
    )


@organisations.command("add")
def add_organisation(
    slug: Slug,
    name: Annotated[str, typer.Argument(help="Name that people read.")],
    language: Annotated[str, typer.Option(help="fr or en.")] = "fr",
    time_zone: Annotated[str, typer.Option(help="IANA time zone.")] = "Europe/Paris",
) -> None:
    """Found an organisation; harmless when it exists."""
    open_prepared_desk()
    from django.core.exceptions import ValidationError

    from veilleur.desk.accounts.actions import found_organisation

    try:
        organisation = found_organisation(slug, name, language=language, time_zone=time_zone)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages)) from error
    out.print(f"{organisation.slug}: {organisation.name}")


@organisations.command("list")
def list_organisations() -> None:
    """List the organisations."""
    open_prepared_desk()
    from veilleur.desk.accounts.models import Organisation

    table = Table("slug", say("name", "nom"), say("language", "langue"), say("time zone", "fuseau horaire"))
    for organisation in Organisation.objects.order_by("slug"):
        table.add_row(organisation.slug, organisation.name, organisation.language, organisation.time_zone)
    out.print(table)


@people.command("add")
def add_person(
    slug: Slug,
    email: Annotated[str, typer.Argument(help="E-mail address: what the person signs in with.")],
    name: Annotated[str, typer.Option(help="Name that colleagues read.")] = "",
    role: Annotated[
        str, typer.Option(help="reader, member, manager, approver, moderator, officer or observer.")
    ] = "member",
    password_file: Annotated[
        Path | None, typer.Option(help="File whose first line is the password; otherwise one is drawn.")
    ] = None,
) -> None:
    """Admit a person to an organisation, with a role; a new person gets a password."""
    open_prepared_desk()
    from veilleur.desk.accounts.actions import admit
    from veilleur.desk.accounts.audit import JOB
    from veilleur.desk.accounts.models import Role, User

    if role not in Role.values:
        raise InvalidInput(f"role: {', '.join(Role.values)}")
    organisation = organisation_of(slug)
    is_new = not User.objects.filter(email=email.lower()).exists()
    password = _password(password_file) if is_new else None
    admit(organisation, email, name or email.partition("@")[0], role, password=password, by=JOB)
    out.print(f"{email} → {organisation.slug} ({role})")
    if is_new and password_file is None:
        out.print(say("Password, shown once:", "Mot de passe, montré une seule fois :"), password)


@people.command("rescue")
def rescue_person(
    email: Annotated[str, typer.Argument(help="E-mail address of somebody who cannot sign in any more.")],
    password_file: Annotated[
        Path | None, typer.Option(help="File whose first line is the password; otherwise one is drawn.")
    ] = None,
) -> None:
    """Let somebody in again: a new password, no second factor, every session ended."""
    open_prepared_desk()
    from veilleur.desk.accounts.actions import rescue
    from veilleur.desk.accounts.audit import JOB
    from veilleur.desk.accounts.models import User

    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        raise InvalidInput(
            say(f"Nobody signs in as {email}.", f"Personne ne se connecte en tant que {email}.")
        )
    password = _password(password_file)
    rescue(user, password, by=JOB)
    out.print(
        say(
            f"{email} has a new password and no second factor.",
            f"{email} a un nouveau mot de passe et aucun second facteur.",
        )
    )
    if password_file is None:
        out.print(say("Password, shown once:", "Mot de passe, montré une seule fois :"), password)


def _password(file: Path | None) -> str:
    if file is None:
        return secrets.token_urlsafe(12)
    lines = file.read_text(encoding="utf-8").splitlines()
    if not lines or len(lines[0]) < 12:
        raise InvalidInput(
            say("A password has at least 12 characters.", "Un mot de passe a au moins 12 caractères.")
        )
    return lines[0]


@policies.command("check")
def check_policy(file: Annotated[Path, typer.Argument(help="A triage policy, TOML.")]) -> None:
    """Check a triage policy: every fault is named with its rule."""
    policy = load_policy(file.read_text(encoding="utf-8"), plugins.names(plugins.ANALYZERS))
    out.print(
        say(
            f"The policy is well formed: {len(policy.rules)} rules.",
            f"La politique est bien formée : {len(policy.rules)} règles.",
        )
    )


@policies.command("show")
def show_policy(
    organisation: Annotated[str, typer.Option(help="Whose policy; otherwise that of the house.")] = "",
) -> None:
    """Print a triage policy."""
    text = ""
    if organisation:
        open_prepared_desk()
        text = organisation_of(organisation).triage_policy
    typer.echo(text or house_policy_text())


@keys.command("rotate")
def rotate() -> None:
    """Encrypt all secrets of connections with a new key and forget the old one; stopped, run it again."""
    open_prepared_desk()
    from veilleur.desk.sources.key_rotation import rotate_keys

    done = rotate_keys()
    out.print(
        say(
            f"{done.changed} secrets are encrypted with the new key; the old one is forgotten.",
            f"{done.changed} secrets sont chiffrés avec la nouvelle clé ; l’ancienne est oubliée.",
        )
    )
    if done.unreadable:
        out.print(
            say(
                f"{done.unreadable} could not be read: their connections must be set up again.",
                f"{done.unreadable} étaient illisibles : leurs connexions sont à refaire.",
            )
        )


@audits.command("verify")
def verify_audit(
    organisation: Annotated[str, typer.Option(help="Whose trail; otherwise everybody's.")] = "",
) -> None:
    """Read the audit trail line by line and find any change."""
    open_prepared_desk()
    from veilleur.desk.accounts.audit import verify
    from veilleur.desk.accounts.models import Organisation

    chosen = [organisation_of(organisation)] if organisation else Organisation.objects.order_by("slug")
    for one in chosen:
        head = verify(one)
        lines = head.number if head else 0
        out.print(
            say(
                f"{one.slug}: intact, {lines} lines, seal {head.seal if head else '—'}",
                f"{one.slug} : intact, {lines} lignes, sceau {head.seal if head else '—'}",
            )
        )
