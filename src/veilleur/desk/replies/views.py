"""Pages of replies: the list, the editor, and the acts around a text that leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox.explanations import NUMBERS
from veilleur.desk.jobs import enqueue
from veilleur.desk.replies import actions, sending
from veilleur.desk.replies.beginning import begin
from veilleur.desk.replies.checking import checked
from veilleur.desk.replies.forms import (
    CheckForm,
    OverrideForm,
    PublishForm,
    ReasonForm,
    RewriteForm,
    SafetyForm,
    StartForm,
    VersionForm,
    WriteForm,
)
from veilleur.desk.replies.jobs import send_now, send_reply
from veilleur.desk.replies.judging import case_of
from veilleur.desk.replies.models import Reply, State
from veilleur.desk.replies.queries import (
    VIEWS,
    part_rewritten,
    replies_of,
    reply_of,
    reply_page,
    views_of,
)
from veilleur.desk.replies.rulebooks import rulebook_of
from veilleur.desk.replies.steps import ticket_to_answer
from veilleur.errors import ActRefused, Outdated
from veilleur.vocabulary import Span


@at_work(May.READ)
@require_GET
def reply_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Replies by where they stand."""
    asked = request.GET.get("view", "")
    views = views_of(place.organisation)
    busy = next((view.key for view in views if view.count), "approve")
    present = asked if asked in VIEWS else busy
    page = replies_of(place.organisation, present).get_page(request.GET.get("page"))
    context = {"views": views, "page": page, "present": present}
    return render(request, "replies/list.html", context)


@at_work(May.READ)
@require_GET
def page(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """One message and the reply to it."""
    return _page(request, place, ticket)


def _page(request: HttpRequest, place: Workplace, ticket: int, author: str = "") -> HttpResponse:
    context = {"page": reply_page(place, ticket, author), "numbers": NUMBERS, "author": author}
    return render(request, "replies/reply.html", context)


@at_work(May.ANSWER)
@require_POST
def start(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Begins a reply with a proposal, or puts another proposal or a wording of the house in its place."""
    form = StartForm(request.POST)
    answered = ticket_to_answer(place, ticket, May.ANSWER)
    if not form.is_valid():
        return _refused(request, place, ticket, form.sentence())
    try:
        begin(place, answered, **form.arguments(), now=timezone.now())
    except ActRefused as refused:
        return _refused(request, place, ticket, str(refused))
    return redirect("replies:reply", organisation=place.organisation.slug, ticket=ticket)


@at_work(May.ANSWER)
@require_POST
def write(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Keeps what is written and says what the rules think of it; htmx asks while the person types."""
    form = WriteForm(request.POST)
    found = reply_of(place, reply)
    if not form.is_valid():
        return _refused(request, place, found.ticket_id, form.sentence())
    said = form.cleaned_data
    problem = ""
    try:
        actions.write(place, reply, said["version"], text=said["text"], now=timezone.now())
    except ActRefused as refused:
        problem = str(refused)
    if request.htmx:  # type: ignore[attr-defined]
        shown = reply_page(place, found.ticket_id, said["author"])
        context = {"page": shown, "problem": problem, "live": True, "author": said["author"]}
        return render(request, "replies/parts/judgement.html", context)
    if problem:
        return _refused(request, place, found.ticket_id, problem)
    return _page(request, place, found.ticket_id, said["author"])


@at_work(May.ANSWER)
@require_POST
def rewrite(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Says one breach, or all of them, in the neutral wording."""
    form = RewriteForm(request.POST)
    found = reply_of(place, reply)
    if not form.is_valid():
        return _refused(request, place, found.ticket_id, form.sentence())
    said = form.cleaned_data
    if said["rule"] and said["start"] is not None and said["end"] is not None:
        start, end = sorted((said["start"], said["end"]))
        case = case_of(ticket_to_answer(place, found.ticket_id))
        better = part_rewritten(case, found, Span(start, end), said["rule"], said["author"])
    else:
        better = reply_page(place, found.ticket_id, said["author"]).proposal or found.text
    return _act(
        request,
        place,
        found,
        lambda now: actions.write(place, reply, said["version"], text=better, now=now),
        _("Rewritten."),
    )


@at_work(May.ANSWER)
@require_POST
def submit(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Asks for a second reading."""
    return _simple(request, place, reply, VersionForm, actions.submit, _("A colleague is asked to read it."))


@at_work(May.APPROVE)
@require_POST
def approve(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Lets a colleague's text leave."""
    return _simple(request, place, reply, VersionForm, actions.approve, _("Approved."))


@at_work(May.APPROVE)
@require_POST
def send_back(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Gives the text back with a word."""
    return _simple(request, place, reply, ReasonForm, actions.send_back, _("Sent back to its author."))


@at_work(May.ANSWER)
@require_POST
def override(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Takes responsibility for a breach."""
    return _simple(request, place, reply, OverrideForm, actions.override, _("Noted, with your reason."))


@at_work(May.ANSWER)
@require_POST
def hold(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Takes back what has not left yet."""
    return _simple(request, place, reply, VersionForm, actions.hold, _("Taken back."))


@at_work(May.ANSWER)
@require_POST
def drop(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Gives up a reply."""
    return _simple(request, place, reply, VersionForm, actions.drop, _("Dropped."))


@at_work(May.ANSWER)
@require_POST
def send(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Decides that it leaves; the worker sends it."""
    return _simple(request, place, reply, VersionForm, send_now, _("It leaves now."))


@at_work(May.ANSWER)
@require_POST
def publish(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Says where a person published it."""
    done = _("Noted: it is published.")
    return _simple(request, place, reply, PublishForm, actions.publish_by_hand, done)


@at_work(May.ANSWER)
@require_POST
def look(request: HttpRequest, place: Workplace, reply: int) -> HttpResponse:
    """Looks on the network for a reply whose outcome nobody knows."""
    found = reply_of(place, reply)
    sending.reconcile(reply)
    found.refresh_from_db()
    if found.state == State.UNKNOWN:
        messages.warning(request, _("The network could not say."))
    elif found.state == State.QUEUED:
        enqueue(send_reply, found.pk)
    return redirect("replies:reply", organisation=place.organisation.slug, ticket=found.ticket_id)


@at_work(May.DECLARE)
@require_POST
def safety(request: HttpRequest, place: Workplace, ticket: int) -> HttpResponse:
    """Says whether a message is a case of pharmacovigilance."""
    ticket_to_answer(place, ticket, May.DECLARE)
    form = SafetyForm(request.POST)
    if not form.is_valid():
        return _refused(request, place, ticket, form.sentence())
    is_case = form.cleaned_data["outcome"] == "case"
    try:
        actions.decide_safety(
            place, ticket, is_case=is_case, reason=form.cleaned_data["reason"], now=timezone.now()
        )
    except ActRefused as refused:
        return _refused(request, place, ticket, str(refused))
    messages.success(request, _("Your decision is noted."))
    return redirect("replies:reply", organisation=place.organisation.slug, ticket=ticket)


@at_work(May.READ)
def check(request: HttpRequest, place: Workplace) -> HttpResponse:
    """« Vérifier un texte » by the rules of this organisation; nothing is kept."""
    form = CheckForm(request.POST or None)
    result = None
    if request.method == "POST" and form.is_valid():
        result = checked(rulebook_of(place.organisation), form.cleaned_data)
    return render(request, "replies/check.html", {"form": form, "result": result})


def _simple(
    request: HttpRequest,
    place: Workplace,
    reply: int,
    form_class: type[VersionForm],
    act: Callable[..., Reply],
    done: str,
) -> HttpResponse:
    """Form → act → the page of the reply, with a sentence."""
    found, form = reply_of(place, reply), form_class(request.POST)
    if not form.is_valid():
        return _refused(request, place, found.ticket_id, form.sentence())
    return _act(request, place, found, lambda now: act(place, reply, **form.cleaned_data, now=now), done)


def _act(
    request: HttpRequest, place: Workplace, found: Reply, act: Callable[[Any], Any], done: str
) -> HttpResponse:
    try:
        act(timezone.now())
    except Outdated as outdated:
        messages.warning(request, str(outdated))
    except ActRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect("replies:reply", organisation=place.organisation.slug, ticket=found.ticket_id)


def _refused(request: HttpRequest, place: Workplace, ticket: int, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("replies:reply", organisation=place.organisation.slug, ticket=ticket)
