"""Focus mode: one message, its keys, and the next as soon as it is decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.attendance import Doing
from veilleur.desk.inbox.attending import attend
from veilleur.desk.inbox.forms import APART, SNOOZES, ActForm, AssignForm, CloseForm, FilterForm, SnoozeForm
from veilleur.desk.inbox.models import DecisionRow, Outcome
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.focus import Ahead, ahead, before, focus_page
from veilleur.errors import ActRefused, Outdated

ACTS: dict[str, tuple[type[ActForm], Callable[..., DecisionRow]]] = {
    "close": (CloseForm, actions.close),
    "snooze": (SnoozeForm, actions.snooze),
    "assign": (AssignForm, actions.assign),
}
"""What focus mode decides: form and act of each word."""
TRIES = 3
"""How often a message is looked for that a colleague takes in the same instant."""
MOST_DONE = 99_999


@dataclass(frozen=True, slots=True)
class Sitting:
    """What the address tells of the work so far: it is nobody else's business, and kept nowhere."""

    filters: Filters
    done: int = 0
    """How many were decided."""
    undoable: int = 0
    """The last decision; 0 when nothing was decided yet."""

    def address(self, name: str, place: Workplace, **arguments: int) -> str:
        """The address `name` with all this behind it."""
        path = reverse(name, kwargs={"organisation": place.organisation.slug, **arguments})
        return f"{path}?{self.query}" if self.query else path

    @property
    def query(self) -> str:
        """All this as the end of an address."""
        return self.filters.query(done=str(self.done or ""), last=str(self.undoable or ""))


def _sitting(request: HttpRequest) -> Sitting:
    filters = FilterForm(request.GET, groups_alike=not request.COOKIES.get(APART)).filters()
    return Sitting(filters, min(_number(request, "done"), MOST_DONE), _number(request, "last"))


def _number(request: HttpRequest, name: str) -> int:
    """A number of the address; 0 for anything else."""
    said = request.GET.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 18 else 0


@at_work(May.WORK)
@require_GET
def focus(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The first message that nobody has; the one after `passed`, or the one above `above`."""
    sitting, above = _sitting(request), _number(request, "above")
    ticket = before(place, sitting.filters, above) if above else None
    if ticket is None:
        passed = _number(request, "passed") or above or None
        found = ahead(place, sitting.filters, passed, now=timezone.now())
        _tell_passed(request, found)
        ticket = found.ticket
    return _shown(request, place, ticket, sitting)


@at_work(May.WORK)
@require_GET
def focus_ticket(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """One message in focus."""
    return _shown(request, place, ticket, _sitting(request))


@at_work(May.WORK)
@require_POST
def decide(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Decides a message and shows the next in the same answer. Who comes second passes on, and is told."""
    sitting, now = _sitting(request), timezone.now()
    form_of, act = ACTS.get(request.POST.get("act", ""), ACTS["close"])
    form = form_of(place, request.POST)
    if not form.is_valid():
        messages.error(request, form.sentence())
        return _shown(request, place, ticket, sitting)
    try:
        decision = act(place, ticket, **form.arguments(), now=now)
    except Outdated:
        messages.warning(request, _("Somebody decided this message before you: here is the next one."))
    except ActRefused as refused:
        messages.warning(request, str(refused))
    else:
        sitting = replace(sitting, done=sitting.done + 1, undoable=decision.pk)
    following = _take_next(request, place, sitting.filters, ticket, now)
    return _shown(request, place, following, sitting)


@at_work(May.WORK)
@require_POST
def undo(request: HttpRequest, place: Workplace, decision: int) -> HttpResponse:
    """Puts back what was decided, and shows that message again."""
    sitting = replace(_sitting(request), undoable=0)
    try:
        undone = actions.undo(place, decision, now=timezone.now())
    except ActRefused as refused:
        messages.warning(request, str(refused))
        return redirect(sitting.address("inbox:focus", place))
    messages.success(request, _("Undone."))
    return _shown(request, place, undone.ticket_id, replace(sitting, done=max(0, sitting.done - 1)))


def _take_next(
    request: HttpRequest, place: Workplace, filters: Filters, ticket: int, now: datetime
) -> int | None:
    """The next message, taken for this person, so that no colleague is shown the same."""
    for _try in range(TRIES):
        found = ahead(place, filters, ticket, now=now)
        if found.ticket is None:
            break
        if attend(place, found.ticket, Doing.DECIDING, now=now, leaving=ticket):
            break
    _tell_passed(request, found)
    return found.ticket


def _tell_passed(request: HttpRequest, found: Ahead) -> None:
    if found.passed:
        names = ", ".join(found.passed)
        messages.info(request, _("Passed over, because a colleague has it: %(names)s.") % {"names": names})


def _shown(request: HttpRequest, place: Workplace, ticket: int | None, sitting: Sitting) -> HttpResponse:
    """The message in focus: a page, or its one pane when htmx asks; a plain form is led to its address."""
    is_part = bool(request.htmx)  # type: ignore[attr-defined]
    named = {} if ticket is None else {"ticket": ticket}
    address = sitting.address("inbox:focus" if ticket is None else "inbox:focus_ticket", place, **named)
    if request.method == "POST" and not is_part:
        return redirect(address)
    template = "inbox/parts/focus.html" if is_part else "inbox/focus.html"
    answer = render(request, template, _context(place, ticket, sitting))
    if is_part:
        answer.headers["HX-Push-Url"] = address
    return answer


def _context(place: Workplace, ticket: int | None, sitting: Sitting) -> dict[str, Any]:
    page = focus_page(place, ticket, sitting.filters, sitting.done)
    undo = sitting.address("inbox:focus_undo", place, decision=sitting.undoable) if sitting.undoable else ""
    return {
        "page": page,
        "ticket": page.ticket,
        "query": sitting.query,
        "listed": sitting.filters.query(),
        "outcomes": list(enumerate(Outcome.choices, start=1)),
        "snoozes": [choice for choice in SNOOZES if choice[0] != "date"],
        "undo": undo,
    }
