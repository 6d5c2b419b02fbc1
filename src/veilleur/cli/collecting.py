"""`veilleur collect` and `veilleur sources`: what networks say, asked for by command; what ails a source."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from veilleur.cli.door import CANNOT, open_prepared_desk, out
from veilleur.cli.words import language, say
from veilleur.errors import InvalidInput

if TYPE_CHECKING:
    from veilleur.desk.sources.models import Source

sources = typer.Typer(no_args_is_help=True, help="Sources: what is listened to, and how they fare.")
Keys = Annotated[
    list[str] | None, typer.Option("--source", help="Key of a source; several times for several.")
]


def collect(
    source: Keys = None,
    once: Annotated[
        bool, typer.Option("--once", help="Ask each source now, until it has no more, and end.")
    ] = False,
) -> None:
    """Ask networks what is new: without end, or once."""
    open_prepared_desk()
    from veilleur.desk.inbox.collectors import Collector, collect_once

    if once or source:
        chosen = _listened(source)
        collect_once([one.pk for one in chosen])
        out.print(_table(chosen))
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_told: stop.set())
    out.print(say("Listening. Ctrl-C ends it.", "À l’écoute. Ctrl-C y met fin."))
    Collector().run(stop)


@sources.command("list")
def list_sources() -> None:
    """List the sources that are listened to, with how they fare."""
    open_prepared_desk()
    out.print(_table(_listened(None)))


@sources.command("check")
def check(source: Keys = None) -> None:
    """Ask each network whether it knows us, what it allows and what it does not give."""
    open_prepared_desk()
    from veilleur.desk.sources.diagnosis import diagnosis_of
    from veilleur.listening.connector import connectors

    is_well = True
    for one in _listened(source):
        out.print(f"[bold]{one.organisation.slug}/{one.key}[/bold] {one.name}")
        for remark in diagnosis_of(one):
            is_well &= remark.is_good
            out.print(("  ✓ " if remark.is_good else "  ✗ ") + remark.words.say(language()))
        made = connectors().get(one.connector)
        for words in made.limits if made else ():
            out.print(f"  · {words.say(language())}")
    if not is_well:
        raise typer.Exit(CANNOT)


def _listened(keys: list[str] | None) -> list[Source]:
    """The sources with these keys, or all that are listened to. Raises `InvalidInput`."""
    from veilleur.desk.sources.models import Source

    heard = Source.objects.exclude(listening=None).select_related("organisation", "listening")
    found = list(heard.filter(key__in=keys) if keys else heard.order_by("organisation__slug", "key"))
    missing = set(keys or ()) - {one.key for one in found}
    if missing:
        known = ", ".join(sorted(heard.values_list("key", flat=True))[:20]) or "—"
        names = ", ".join(sorted(missing))
        raise InvalidInput(
            say(
                f"Nothing is listened to under {names}. Known: {known}.",
                f"Rien n’est écouté sous {names}. Connues : {known}.",
            )
        )
    return found


def _table(chosen: list[Source]) -> Table:
    from veilleur.desk.sources.models import Listening

    table = Table(
        say("source", "source"),
        say("connector", "connecteur"),
        say("last answer", "dernière réponse"),
        say("lag (s)", "retard (s)"),
        say("trouble", "souci"),
    )
    rows: dict[int, Any] = Listening.objects.in_bulk([one.pk for one in chosen])
    for one in chosen:
        how = rows[one.pk]
        when = f"{how.last_good_at:%Y-%m-%d %H:%M:%S}" if how.last_good_at else "—"
        lag = f"{how.lag:.0f}" if how.lag is not None else "—"
        trouble = how.get_trouble_display() if how.trouble else "—"
        table.add_row(
            f"{one.organisation.slug}/{one.key}", one.connector, when, lag, f"{trouble} {how.failure}".strip()
        )
    return table
