"""What the command bar proposes for a few letters: pages, views, messages, and acts on the open one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.inbox.queries.filters import ANY, Filters
from veilleur.desk.inbox.queries.listing import saved_views

MOST = 12
"""Proposals at once."""
LONGEST = 200
_FURTHEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Command:
    """One proposal: an address, or the key of an act on the message that is open."""

    name: str
    kind: str
    href: str = ""
    key: str = ""


def commands(place: Workplace, asked: str, ticket: int | None) -> tuple[Command, ...]:
    """What fits `asked`, the surest first; `ticket` is the message that is open."""
    wanted = _plain(asked)
    number = list(_numbered(place, asked))
    acts = [*_acts(place, ticket)] if ticket else []
    known = [one for one in (*acts, *_pages(place), *_views(place)) if _fits(one.name, wanted)]
    starting = sorted(known, key=lambda one: not _plain(one.name).startswith(wanted))
    search = [_search(place, asked)] if asked.strip() else []
    return (*number, *starting[: MOST - len(number) - len(search)], *search)


def _fits(name: str, wanted: str) -> bool:
    """Whether each word asked for begins a word of `name`."""
    words = _plain(name).replace("’", " ").replace("'", " ").split()
    return all(any(word.startswith(part) for word in words) for part in wanted.split())


def _plain(text: str) -> str:
    """Without accents nor case."""
    spread = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in spread if not unicodedata.combining(letter)).strip()


def _numbered(place: Workplace, asked: str) -> Iterator[Command]:
    digits = asked.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        return
    found = TicketRow.objects.filter(organisation=place.organisation, pk=min(int(digits), _FURTHEST_ID))
    if found.exists():
        href = _address(place, "inbox:ticket", ticket=int(digits))
        yield Command(_("Message %(number)s") % {"number": digits}, _("message"), href)


def _search(place: Workplace, asked: str) -> Command:
    query = Filters(q=asked.strip(), status=ANY).query()
    name = _("Search “%(words)s” in all messages") % {"words": asked.strip()}
    return Command(name, _("search"), f"{_address(place, 'inbox:list')}?{query}")


def _acts(place: Workplace, ticket: int) -> Iterator[Command]:
    """The acts by their keys: the page carries them out as if the key was pressed."""
    own = TicketRow.objects.filter(organisation=place.organisation, pk=ticket)
    if not place.can_work or not own.exists():
        return
    kind = _("act")
    for key, name in (
        ("r", pgettext("a button", "Reply")),
        ("e", pgettext("a ticket", "Close")),
        ("a", _("Assign")),
        ("s", _("Snooze")),
        ("t", _("Take this message")),
        ("c", _("Correct the reading")),
        ("o", _("Reopen")),
        ("n", _("Write a note")),
    ):
        yield Command(name, kind, key=key)


def _pages(place: Workplace) -> Iterator[Command]:
    kind = _("page")
    if place.can_work:
        yield Command(_("Focus mode"), kind, _address(place, "inbox:focus"))
    for name, address in (
        (_("To handle"), "inbox:list"),
        (_("Replies"), "replies:list"),
        (_("Moderation"), "moderation:list"),
        (_("Summary"), "reports:summary"),
        (_("Watches"), "inbox:watches"),
        (_("Lists of words"), "inbox:lists"),
        (_("Check a text"), "replies:check"),
    ):
        yield Command(name, kind, _address(place, address))
    for name, address in _of_managers() if place.can_configure else ():
        yield Command(name, kind, _address(place, address))
    yield Command(_("Preferences"), kind, reverse("preferences"))
    yield Command(_("What is hard to read"), kind, _address(place, "inbox:care"))


def _of_managers() -> tuple[tuple[str, str], ...]:
    return (
        (_("Sources"), "sources:list"),
        (_("Members"), "members"),
        (_("Trail"), "trail"),
        (_("How messages are sorted"), "inbox:policy"),
        (_("How long texts are kept"), "inbox:retention"),
    )


def _views(place: Workplace) -> Iterator[Command]:
    kind, home = _("view"), _address(place, "inbox:list")
    for name, view in (
        (_("Assigned to me"), Filters(assignee="me")),
        (_("Snoozed"), Filters(status="snoozed")),
        (_("Closed"), Filters(status="closed")),
        (_("All messages"), Filters(status=ANY)),
    ):
        yield Command(name, kind, f"{home}?{view.query()}")
    for queue in policy_of(place.organisation).queues:
        name = queue.name.say(place.user.language)
        yield Command(name, _("queue"), f"{home}?{Filters(queue=queue.id).query()}")
    for kept in saved_views(place)[:50]:
        yield Command(kept.name, _("saved view"), f"{home}?{kept.query}")


def _address(place: Workplace, name: str, **arguments: int) -> str:
    return reverse(name, kwargs={"organisation": place.organisation.slug, **arguments})
