"""Pages about sources and imports. Starting and resuming lies in the inbox, which does the work."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.sources import actions, files, queries
from veilleur.desk.sources.forms import MappingForm, UploadForm
from veilleur.desk.sources.models import CollectionRun, RunState, Source
from veilleur.desk.sources.network_queries import listened
from veilleur.desk.sources.uploads import UploadLimit
from veilleur.errors import ActRefused, FileRefused, InvalidInput
from veilleur.listening.files import Mapping, sentence


@at_work(May.READ)
@require_GET
def source_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The sources and the latest imports."""
    context = {
        "sources": queries.sources_of(place.organisation),
        "runs": queries.runs_of(place.organisation),
        "networks": listened(place.organisation),
    }
    return render(request, "sources/list.html", context)


@at_work(May.WORK)
def upload(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Takes a file; what it holds is shown before anything is imported."""
    form = UploadForm(place.organisation, request.POST or None, request.FILES or None)
    if request.method == "POST" and UploadLimit.TOO_LARGE in request.META:
        form.add_error("file", reader_sentence(files.too_large(_("it"))))
    elif request.method == "POST" and form.is_valid():
        try:
            run = _draft(form, place)
        except InvalidInput as refusal:
            form.add_error("file", reader_sentence(refusal))
        else:
            return redirect("sources:columns", organisation=place.organisation.slug, run=run.pk)
    return render(request, "sources/upload.html", {"form": form})


def _draft(form: UploadForm, place: Workplace) -> CollectionRun:
    file = form.upload
    source: Source | None = form.cleaned_data["source"]
    if source is None:
        name = form.cleaned_data["name"] or actions.source_name(file.name or "") or _("File")
        source = actions.add_source(place.organisation, name, by=place.user.email)
    return actions.draft_run(source, file.chunks(), file.name or "", person=place.user)


@at_work(May.WORK)
def columns(request: HttpRequest, place: Workplace, run: int) -> HttpResponse:
    """What the file holds, column by column, and how its first rows will be read."""
    draft = queries.run_of(place.organisation, run)
    if draft.state != RunState.DRAFT:
        return redirect("sources:run", organisation=place.organisation.slug, run=run)
    form = MappingForm(draft.headers, Mapping.from_json(draft.mapping), request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.correct_mapping(draft, form.mapping())
        return redirect("sources:columns", organisation=place.organisation.slug, run=run)
    return show_columns(request, draft, form)


def show_columns(request: HttpRequest, draft: CollectionRun, form: MappingForm) -> HttpResponse:
    """The page of the columns; also for a start that was refused."""
    try:
        preview = queries.preview(draft, Mapping.from_json(draft.mapping), reader_language())
    except FileRefused as refusal:
        messages.error(request, reader_sentence(refusal))
        return redirect("sources:list", organisation=draft.organisation.slug)
    choices = list(zip(form.selects(), draft.headers, preview.samples, strict=True))
    context = {"run": queries.run_card(draft), "form": form, "preview": preview, "choices": choices}
    return render(request, "sources/columns.html", context)


@at_work(May.READ)
@require_GET
def run_page(request: HttpRequest, place: Workplace, run: int) -> HttpResponse:
    """One import: how far it is, what came of it, what can be done."""
    found = queries.run_of(place.organisation, run)
    if found.state == RunState.DRAFT and place.can_work:
        return redirect("sources:columns", organisation=place.organisation.slug, run=run)
    rejects = queries.rejects_of(found, reader_language()) if place.can_work else []
    return render(request, "sources/run.html", {"run": queries.run_card(found), "rejects": rejects})


@at_work(May.READ)
@require_GET
def progress(request: HttpRequest, place: Workplace, run: int) -> HttpResponse:
    """The live part of the page of an import."""
    card = queries.run_card(queries.run_of(place.organisation, run))
    response = render(request, "sources/parts/progress.html", {"run": card})
    if not card.is_live:
        response["HX-Refresh"] = "true"  # the acts and the refused rows have changed, too
    return response


@at_work(May.WORK)
@require_GET
def rejects(_request: HttpRequest, place: Workplace, run: int) -> HttpResponseBase:
    """The refused rows as a file to mend: it names people, so that readers do not get it."""
    found = queries.run_of(place.organisation, run)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rejects.csv"
        queries.write_rejects_of(found, path, reader_language())
        stream = path.open("rb")  # stays readable after its name is gone; the response closes it
    mend = _("to mend")
    name = f"{Path(found.file_name).stem or 'file'}-{mend}.csv"
    return FileResponse(stream, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


@at_work(May.WORK)
@require_POST
def stop(request: HttpRequest, place: Workplace, run: int) -> HttpResponse:
    """Stops an import; what is imported stays."""
    try:
        actions.request_stop(queries.run_of(place.organisation, run), by=place.user.email)
    except ActRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("sources:run", organisation=place.organisation.slug, run=run)


@at_work(May.WORK)
@require_POST
def discard(request: HttpRequest, place: Workplace, run: int) -> HttpResponse:
    """Forgets a file that will not be imported."""
    found = queries.run_of(place.organisation, run)
    try:
        actions.discard(found, by=place.user.email)
    except ActRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("sources:run", organisation=place.organisation.slug, run=run)
    messages.success(request, _("The file is forgotten."))
    return redirect("sources:list", organisation=place.organisation.slug)


def reader_sentence(refusal: InvalidInput) -> str:
    """Why something was refused, in the reader's language."""
    if isinstance(refusal, FileRefused) and refusal.code:
        return sentence(refusal.code, refusal.details, reader_language())
    return str(refusal)


def reader_language() -> str:
    """`fr` or `en`: the language of the page."""
    return get_language() or "fr"
