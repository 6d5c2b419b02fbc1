"""Pages of the inbox: the three panes, and the acts that people do there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.forms import Said
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.asking import EXAMPLES
from veilleur.desk.inbox.explanations import FEELINGS, TONGUES
from veilleur.desk.inbox.forms import (
    APART,
    LONGEST_SEARCH,
    SNOOZES,
    AssignForm,
    CloseForm,
    CorrectForm,
    FillForm,
    FilterForm,
    NoteForm,
    PolicyForm,
    ReopenForm,
    SavedViewForm,
    SnoozeForm,
    WaitForm,
)
from veilleur.desk.inbox.jobs import sort_again
from veilleur.desk.inbox.models import DecisionRow, Outcome
from veilleur.desk.inbox.policies import policy_text, preview, save_policy
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.listing import list_page
from veilleur.desk.inbox.queries.live import latest
from veilleur.desk.inbox.queries.ticket import TicketPage, next_after, ticket_page
from veilleur.desk.inbox.search import understood
from veilleur.desk.inbox.team import attachments, field_actions, ticket_acts
from veilleur.desk.inbox.team.forms import TagForm
from veilleur.desk.inbox.team.models import CustomField, Macro
from veilleur.desk.inbox.team.steps import steps_of
from veilleur.desk.jobs import enqueue
from veilleur.errors import ActRefused, Outdated
from veilleur.listening.queries import mistake
from veilleur.triage import house_policy_text, load_policy
from veilleur.vocabulary import Act

UNDO_TAG = "undo-"


@at_work(May.READ)
@require_GET
def inbox(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Views, list, and an invitation to open a message."""
    actions.wake_due(place.organisation, now=timezone.now())
    return _desk(request, place, _filter_form(request), {})


@at_work(May.READ)
@require_GET
def ticket(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """One message with the list beside it; the pane of the message alone when htmx asks for it."""
    form = _filter_form(request)
    filters = form.filters()
    page = ticket_page(place, ticket, filters)
    context = {"ticket": page, "note_form": note_form(page), **_choices()}
    if request.htmx.target == "ticket":  # type: ignore[attr-defined]
        return render(request, "inbox/ticket.html", {**context, "query": filters.query(after=filters.after)})
    return _desk(request, place, form, context)


def _desk(request: HttpRequest, place: Workplace, form: FilterForm, context: dict[str, Any]) -> HttpResponse:
    filters = form.filters()
    page = list_page(place, filters)
    form.name_watch(place)
    form.offer(place)
    mistaken = understood(filters.q, place.organisation).mistake
    shown = {
        "page": page,
        "query": filters.query(after=filters.after),
        "form": form,
        "ignored": form.ignored(),
        "lifted": form.lifted(filters),
        "mistake": mistake(mistaken, get_language() or "fr") if mistaken else "",
        "longest_search": LONGEST_SEARCH,
        "examples": EXAMPLES,
        "keep_form": SavedViewForm(form_id="keep-view"),
        "mark": latest().written(),
        "undo_url": _undo_url(request, place),
    }
    return render(request, "inbox/desk.html", {**shown, **context})


def _filter_form(request: HttpRequest) -> FilterForm:
    return FilterForm(request.GET, groups_alike=not request.COOKIES.get(APART))


def _filters(request: HttpRequest) -> Filters:
    return _filter_form(request).filters()


def note_form(ticket: TicketPage) -> NoteForm:
    """Where a note is written, with what this person was writing."""
    return NoteForm(initial={"text": ticket.note_draft.text} if ticket.note_draft else None)


def _choices() -> dict[str, Any]:
    return {
        "outcomes": Outcome.choices,
        "snoozes": [choice for choice in SNOOZES if choice[0] != "date"],
        "feelings": [(f"sentiment:{label}", name) for label, name in FEELINGS.items()],
        "languages": [(f"language:{label}", name) for label, name in TONGUES.items()],
    }


@at_work(May.WORK)
@require_POST
def assign(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Gives the ticket to somebody."""
    return _act(request, place, ticket, AssignForm(place, request.POST), actions.assign)


@at_work(May.WORK)
@require_POST
def snooze(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Puts the ticket away for a while, then shows the next one."""
    return _act(request, place, ticket, SnoozeForm(place, request.POST), actions.snooze, then_next=True)


@at_work(May.WORK)
@require_POST
def close(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Ends the work on the ticket, then shows the next one."""
    return _act(request, place, ticket, CloseForm(place, request.POST), actions.close, then_next=True)


@at_work(May.WORK)
@require_POST
def reopen(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Takes the ticket up again."""
    return _act(request, place, ticket, ReopenForm(place, request.POST), actions.reopen)


@at_work(May.WORK)
@require_POST
def correct(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Says what the machine should have read."""
    return _act(request, place, ticket, CorrectForm(place, request.POST), actions.correct)


@at_work(May.WORK)
@require_POST
def note(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Tells colleagues something."""
    form = NoteForm(request.POST, request.FILES)
    files = list[attachments.Kept]()
    if form.is_valid():
        try:
            files = attachments.kept(place.organisation, form.cleaned_data["attached"])
        except ActRefused as refused:
            return _refused(request, place, ticket, str(refused), messages.ERROR)
    try:
        return _act(request, place, ticket, form, partial(actions.add_note, files=files))
    finally:
        attachments.throw_away_unused(files)


@at_work(May.WORK)
@require_POST
def wait(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Somebody outside has the next word; then shows the next ticket."""
    return _act(request, place, ticket, WaitForm(place, request.POST), actions.wait, then_next=True)


@at_work(May.WORK)
@require_POST
def tag(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Puts tags on the ticket, or takes one off."""
    return _act(request, place, ticket, TagForm(request.POST), ticket_acts.tag)


@at_work(May.WORK)
@require_POST
def run_macro(request: HttpRequest, place: Workplace, ticket: int, macro: int) -> HttpResponse:
    """Does the steps of a macro; shows the next ticket when this one has left the list."""
    known = get_object_or_404(Macro, organisation=place.organisation, pk=macro)
    leaves = any(step.kind in {"close", "snooze", "wait"} for step in steps_of(known.steps))
    act = partial(ticket_acts.run_macro, macro=known)
    return _act(request, place, ticket, ReopenForm(place, request.POST), act, then_next=leaves)


@at_work(May.WORK)
@require_POST
def fill(request: HttpRequest, place: Workplace, ticket: int, custom_field: int) -> HttpResponse:
    """Says what a field of the house holds."""
    known = get_object_or_404(CustomField, organisation=place.organisation, pk=custom_field)
    act = partial(field_actions.fill, field=known)
    return _act(request, place, ticket, FillForm(place, request.POST), act)


@at_work(May.WORK)
@require_POST
def undo(request: HttpRequest, place: Workplace, decision: int) -> HttpResponse:
    """Puts back what the person's last act changed, and shows the ticket again."""
    try:
        done = actions.undo(place, decision, now=timezone.now())
    except ActRefused as refused:
        messages.warning(request, str(refused))
        return redirect(_address("inbox:list", place, _filters(request)))
    messages.success(request, _("Undone."))
    return redirect(_address("inbox:ticket", place, _filters(request), ticket=done.ticket_id))


@at_work(May.READ)
@require_POST
def seen(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:  # noqa: ARG001
    """The page says by itself that the message is before the reader's eyes."""
    actions.see(place, ticket, now=timezone.now())
    return HttpResponse(status=204)


@at_work(May.CONFIGURE)
def policy(request: HttpRequest, place: Workplace) -> HttpResponse:
    """How messages are sorted: read it, change it, see what a change would move, keep it."""
    initial = {"policy": policy_text(place.organisation)}
    form = PolicyForm(request.POST) if request.method == "POST" else PolicyForm(initial=initial)
    tried = None
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["policy"]
        if "save" in request.POST:
            save_policy(place, text)
            enqueue(sort_again, place.organisation.pk)
            messages.success(
                request, _("The policy is saved. Messages nobody has touched are being sorted again.")
            )
            return redirect("inbox:policy", organisation=place.organisation.slug)
        tried = preview(place.organisation, load_policy(text or house_policy_text()), get_language() or "fr")
    return render(request, "inbox/policy.html", {"form": form, "trial": tried})


def _act(
    request: HttpRequest,
    place: Workplace,
    ticket: int,
    form: Said,
    act: Callable[..., DecisionRow],
    *,
    then_next: bool = False,
) -> HttpResponse:
    """Form → act → where to go: the next ticket, or this one as it now stands, with a sentence."""
    filters = _filters(request)
    following: int | None = ticket
    if not form.is_valid():
        return _refused(request, place, ticket, form.sentence(), messages.ERROR)
    if then_next:
        following = next_after(place, ticket, filters)
    try:
        decision = act(place, ticket, **form.arguments(), now=timezone.now())
    except Outdated as outdated:
        return _refused(request, place, ticket, str(outdated), messages.WARNING)
    except ActRefused as refused:
        return _refused(request, place, ticket, str(refused), messages.ERROR)
    messages.success(request, _done(decision), extra_tags=f"{UNDO_TAG}{decision.pk}")
    if following is None:
        return redirect(_address("inbox:list", place, filters))
    return redirect(_address("inbox:ticket", place, filters, ticket=following))


def _refused(request: HttpRequest, place: Workplace, ticket: int, sentence: str, level: int) -> HttpResponse:
    """The ticket as it stands now, with the sentence that says why nothing was done."""
    messages.add_message(request, level, sentence)
    return redirect(_address("inbox:ticket", place, _filters(request), ticket=ticket))


def _done(decision: DecisionRow) -> str:
    return {
        Act.ASSIGN: _("Assigned."),
        Act.SNOOZE: _("Put away for a while."),
        Act.CLOSE: _("Closed."),
        Act.REOPEN: _("Reopened."),
        Act.CORRECT: _("Corrected. Thank you: the reader will learn from it."),
        Act.NOTE: _("Note added."),
        Act.WAIT: _("Put aside until somebody outside answers."),
        Act.TAG: _("Tags changed."),
        Act.FILL: _("Field changed."),
        Act.MACRO: _("Macro done."),
    }[Act(decision.act)]


def _undo_url(request: HttpRequest, place: Workplace) -> str:
    """Where the toast's button undoes the act it tells of; empty when there is none."""
    for message in reversed(list(messages.get_messages(request))):
        tag = next((tag for tag in message.tags.split() if tag.startswith(UNDO_TAG)), "")
        if tag:
            decision = int(tag.removeprefix(UNDO_TAG))
            return _address("inbox:undo", place, _filters(request), decision=decision)
    return ""


def _address(name: str, place: Workplace, filters: Filters, **arguments: int) -> str:
    query = filters.query()
    path = reverse(name, kwargs={"organisation": place.organisation.slug, **arguments})
    return f"{path}?{query}" if query else path
