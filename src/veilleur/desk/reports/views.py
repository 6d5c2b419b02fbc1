"""The summary of an organisation, on the screen and as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from veilleur.desk.accounts.permissions import May, Workplace, at_work
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.reports.download import as_csv
from veilleur.desk.reports.forms import SummaryForm
from veilleur.desk.reports.page import page_of
from veilleur.desk.reports.queries import figures
from veilleur.desk.reports.rollups import names_met


@at_work(May.ENTER)
@require_GET
def summary(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What the public said over a period, in figures that open their messages."""
    form = SummaryForm(names_met(place.organisation), request.GET)
    found = figures(place, form.asked())
    page = page_of(place, found, get_language() or "fr") if found else None
    return render(request, "reports/summary.html", {"form": form, "page": page})


@at_work(May.EXPORT)
@require_GET
def download(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The same figures as a CSV file."""
    form = SummaryForm(names_met(place.organisation), request.GET)
    found = figures(place, form.asked())
    text = as_csv(found, policy_of(place.organisation), get_language() or "fr") if found else ""
    name = (
        f"{place.organisation.slug}-{found.period.first}-{found.period.last}.csv" if found else "figures.csv"
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
