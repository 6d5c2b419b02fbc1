"""Starting and resuming an import: the page is of the sources, the work is of the inbox."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox.jobs import import_file
from veilleur.desk.jobs import enqueue
from veilleur.desk.sources import actions
from veilleur.desk.sources.forms import MappingForm
from veilleur.desk.sources.models import CollectionRun, RunState
from veilleur.desk.sources.queries import preview, run_of
from veilleur.desk.sources.views import reader_language, reader_sentence, show_columns
from veilleur.errors import ActRefused, InvalidInput
from veilleur.listening.files import Mapping


@at_work(May.WORK)
@require_POST
def start_run(request: HttpRequest, place: Workplace, run: int) -> HttpResponse:
    """Confirms the columns of a file and lets its import begin."""
    draft = run_of(place.organisation, run)
    form = MappingForm(draft.headers, Mapping.from_json(draft.mapping), request.POST)
    if draft.state == RunState.DRAFT and not form.is_valid():
        return show_columns(request, draft, form)
    if draft.state == RunState.DRAFT:
        actions.correct_mapping(draft, form.mapping())
    return _let(request, draft, lambda: _start(draft, place))


@at_work(May.WORK)
@require_POST
def resume_run(request: HttpRequest, place: Workplace, run: int) -> HttpResponse:
    """Lets an import that stopped go on."""
    found = run_of(place.organisation, run)
    return _let(request, found, lambda: actions.request_resume(found, by=place.user.email))


def _start(draft: CollectionRun, place: Workplace) -> None:
    mapping = Mapping.from_json(draft.mapping)
    if not preview(draft, mapping, reader_language()).can_start:
        raise ActRefused(_("The import cannot start yet: see what is missing."))
    actions.request_start(draft, mapping, by=place.user.email)


def _let(request: HttpRequest, run: CollectionRun, act: Callable[[], None]) -> HttpResponse:
    """The act and its job in one transaction; a refusal is said on the page of the run."""
    try:
        with transaction.atomic():
            act()
            enqueue(import_file, run.pk)
    except InvalidInput as refusal:
        messages.error(request, reader_sentence(refusal))
    except ActRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("sources:run", organisation=run.organisation.slug, run=run.pk)
