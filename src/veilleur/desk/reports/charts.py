"""The three drawings of the summary, each with the table that says the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from veilleur.desk.reports import wording
from veilleur.reputation import Bucket, Period, Point, Tally
from veilleur.triage import Policy
from veilleur.vocabulary import Sentiment

FEELINGS = (Sentiment.POS, Sentiment.NEU, Sentiment.MIXED, Sentiment.NEG)
FEELING_COLOURS = {
    Sentiment.POS: "opinion-pos-line",
    Sentiment.NEU: "line-strong",
    Sentiment.MIXED: "star",
    Sentiment.NEG: "opinion-neg-line",
}
UNTOLD_COLOUR = "line"
QUEUE_COLOURS = ("accent", "pharmacovigilance-line", "opinion-neg-line", "opinion-pos-line", "secrecy-line")
"""In the order of the policy, over and over; patterns tell apart what shares a colour."""

Link = Callable[[Period], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One series: a name, the token of its colour, one value per step."""

    name: str
    colour: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step that all charts share: its short name, its days in full, where its messages are."""

    name: str
    span: str
    href: str


@dataclass(frozen=True, slots=True)
class Row:
    """One step of a table: its name, where its messages are, its cells as words."""

    name: str
    href: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing and its table."""

    key: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Row]
    data: dict[str, Any]
    """What the script draws: JSON."""


def feeling_name(feeling: Sentiment) -> str:
    """The feeling in words."""
    return {
        Sentiment.POS: _("positive"),
        Sentiment.NEU: _("neutral"),
        Sentiment.MIXED: _("mixed"),
        Sentiment.NEG: _("negative"),
    }[feeling]


def charts(points: Sequence[Point], bucket: Bucket, policy: Policy, language: str, link: Link) -> list[Chart]:
    """Volume by feeling, rating (when something is rated), volume by queue: over the same steps."""
    steps = [Step(wording.step(p.days, bucket), wording.span(p.days), link(p.days)) for p in points]
    drawn = [_chart("volume", _("Messages by feeling"), "bar", _feelings(points), steps)]
    if any(point.tally.rated for point in points):
        drawn.append(_chart("rating", _("Average rating"), "line", _ratings(points), steps))
    return [*drawn, _chart("queues", _("Messages by queue"), "bar", _queues(points, policy, language), steps)]


def _feelings(points: Sequence[Point]) -> list[Line]:
    lines = [
        Line(feeling_name(feeling), FEELING_COLOURS[feeling], _counts(points, _feeling_of(feeling)))
        for feeling in FEELINGS
    ]
    untold = _counts(points, lambda counted: counted.messages - counted.read)
    return [*lines, Line(_("not told"), UNTOLD_COLOUR, untold)] if any(untold) else lines


def _feeling_of(feeling: Sentiment) -> Callable[[Tally], int]:
    return lambda counted: counted.sentiments.get(feeling.value, 0)


def _counts(points: Sequence[Point], count: Callable[[Tally], int]) -> list[int]:
    return [count(point.tally) for point in points]


def _ratings(points: Sequence[Point]) -> list[Line]:
    averages = [None if point.tally.rating is None else round(point.tally.rating, 2) for point in points]
    return [Line(_("average out of 5"), "accent", averages)]


def _queues(points: Sequence[Point], policy: Policy, language: str) -> list[Line]:
    known = [queue.id for queue in policy.queues]
    met = {queue for point in points for queue in point.tally.queues}
    return [
        Line(
            policy.queue_name(queue, language),
            QUEUE_COLOURS[place % len(QUEUE_COLOURS)],
            [point.tally.queues.get(queue, 0) for point in points],
        )
        for place, queue in enumerate([*known, *sorted(met.difference(known))])
    ]


def _chart(key: str, title: str, kind: str, lines: Sequence[Line], steps: Sequence[Step]) -> Chart:
    decimals = 1 if kind == "line" else 0
    rows = [
        Row(step.span, step.href, [wording.number(line.values[place], decimals) for line in lines])
        for place, step in enumerate(steps)
    ]
    data = {
        "title": title,
        "kind": kind,
        "names": [step.name for step in steps],
        "hrefs": [step.href for step in steps],
        "series": [{"name": line.name, "colour": line.colour, "values": line.values} for line in lines],
    }
    return Chart(key, title, [line.name for line in lines], rows, data)
