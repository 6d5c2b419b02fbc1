"""The figures of the page as a file that a spreadsheet opens."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from django.utils.formats import get_format, number_format
from django.utils.translation import gettext as _

from veilleur.desk.reports.charts import FEELINGS, feeling_name
from veilleur.desk.reports.queries import Figures
from veilleur.reputation import Point
from veilleur.triage import Policy

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(found: Figures, policy: Policy, language: str) -> str:
    """One line per step of the charts; a byte order mark and the reader's separators, for Excel."""
    queues = _queues(found, policy)
    # Where numbers have a decimal comma, spreadsheets expect semicolons between cells.
    delimiter = ";" if get_format("DECIMAL_SEPARATOR") == "," else ","
    written = StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerow(_heads(queues, policy, language))
    writer.writerows(_lines(found.points, queues))
    return "\ufeff" + written.getvalue()


def _queues(found: Figures, policy: Policy) -> list[str]:
    known = [queue.id for queue in policy.queues]
    return [*known, *sorted(set(found.now.queues).difference(known))]


def _heads(queues: Sequence[str], policy: Policy, language: str) -> list[str]:
    fixed = [_("From"), _("To"), _("Messages"), _("Rated messages"), _("Average rating")]
    feelings = [feeling_name(feeling) for feeling in FEELINGS]
    names = [policy.queue_name(queue, language) for queue in queues]
    return [_inert(head) for head in (*fixed, *feelings, _("Answered"), *names)]


def _lines(points: Sequence[Point], queues: Sequence[str]) -> Iterator[list[str]]:
    for point in points:
        counted = point.tally
        yield [
            point.days.first.isoformat(),
            point.days.last.isoformat(),
            str(counted.messages),
            str(counted.rated),
            ""
            if counted.rating is None
            else number_format(round(counted.rating, 2), 2, force_grouping=False),
            *(str(counted.sentiments.get(feeling.value, 0)) for feeling in FEELINGS),
            str(counted.answered),
            *(str(counted.queues.get(queue, 0)) for queue in queues),
        ]


def _inert(cell: str) -> str:
    """The name of a queue is written by a person: it must not become a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
