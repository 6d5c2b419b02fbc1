"""The summary page, ready to show: cards of figures with links to their messages, and the charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.policies import policy_of
from veilleur.desk.reports import wording
from veilleur.desk.reports.charts import FEELINGS, Chart, charts, feeling_name
from veilleur.desk.reports.counting import Choice
from veilleur.desk.reports.queries import EVERYTHING, USUAL, Asked, Figures
from veilleur.reputation import Figure, Period, bucket_for
from veilleur.triage import Policy

PERIOD_NAMES = {
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "365": gettext_lazy("12 months"),
    EVERYTHING: gettext_lazy("everything"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a card: what, how much, and where its messages are."""

    name: str
    value: str
    href: str


@dataclass(frozen=True, slots=True)
class Card:
    """One figure and what one must know to believe it."""

    title: str
    value: str
    note: str = ""
    trend: str = ""
    caution: str = ""
    href: str = ""
    link: str = ""
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True)
class Usual:
    """One usual period to choose."""

    name: str
    href: str
    is_present: bool


@dataclass(frozen=True, slots=True)
class Page:
    """All that the template shows."""

    span: str
    steps: str
    widened: bool
    empty: bool
    usual: Sequence[Usual]
    cards: Sequence[Card]
    charts: Sequence[Chart]
    everything: str
    """Address of the same page for all of time."""
    download: str
    """Address of the figures as a file."""


def page_of(place: Workplace, found: Figures, language: str) -> Page:
    """The page for what was found."""
    links = Links(place.organisation.slug, found.asked.choice, place.can_read)
    policy = policy_of(place.organisation)
    bucket = bucket_for(found.period)
    return Page(
        span=wording.span(found.period),
        steps=wording.steps(bucket),
        widened=found.widened,
        empty=found.empty,
        usual=_usual(found.asked, links),
        cards=() if found.empty else _cards(found, links, policy, language),
        charts=() if found.empty else charts(found.points, bucket, policy, language, links.inbox),
        everything=links.summary(EVERYTHING),
        download=links.download(found.asked),
    )


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses that keep the present choice of network and place."""

    slug: str
    choice: Choice
    opens_messages: bool

    def inbox(self, period: Period, status: str = "all", **more: str) -> str:
        """The list of exactly the messages that a figure counts; empty for who may not see any."""
        if not self.opens_messages:
            return ""
        days = {"from": period.first.isoformat(), "to": period.last.isoformat()}
        return self._address("inbox:list", {"status": status, **days, **more})

    def summary(self, period: str) -> str:
        """This page for another usual period."""
        return self._address("reports:summary", {"period": period})

    def download(self, asked: Asked) -> str:
        """The figures of this page as a file."""
        days = {"from": asked.since, "to": asked.until}
        dated = {name: day.isoformat() for name, day in days.items() if day}
        return self._address("reports:download", {"period": asked.period, **dated})

    def _address(self, name: str, asked: dict[str, str]) -> str:
        chosen = {"network": self.choice.network, "place": self.choice.place}
        kept = {key: value for key, value in {**asked, **chosen}.items() if value}
        return f"{reverse(name, args=[self.slug])}?{urlencode(kept)}"


def _usual(asked: Asked, links: Links) -> list[Usual]:
    return [
        Usual(str(PERIOD_NAMES[name]), links.summary(name), name == asked.period)
        for name in (*USUAL, EVERYTHING)
    ]


def _cards(found: Figures, links: Links, policy: Policy, language: str) -> list[Card]:
    return [
        _volume(found, links),
        _rating(found),
        _responses(found, links),
        _feelings(found, links),
        _queues(found, links, policy, language),
        _delays(found),
    ]


def _volume(found: Figures, links: Links) -> Card:
    figure = found.summary.messages
    change = None if figure.before is None else found.now.messages - figure.before
    return Card(
        title=_("Messages"),
        value=wording.number(figure.value),
        trend="" if change is None else wording.against(wording.signed(change), found.period),
        href=links.inbox(found.period),
        link=_("See these messages"),
    )


def _rating(found: Figures) -> Card:
    figure = found.summary.rating
    note = ngettext("on %(count)s rated message", "on %(count)s rated messages", figure.n)
    return Card(
        title=_("Average rating"),
        value=_("%(rating)s out of 5") % {"rating": wording.number(figure.value, 1)}
        if figure.n
        else wording.MISSING,
        note=note % {"count": wording.number(figure.n)}
        if figure.n
        else _("No message of this period is rated."),
        trend=_trend(figure, found.period, decimals=1),
        caution=wording.caution(figure),
    )


def _feelings(found: Figures, links: Links) -> Card:
    figures = found.summary.sentiments
    negative = figures[FEELINGS[-1]]
    return Card(
        title=_("Feeling"),
        value="",
        caution=wording.caution(negative),
        parts=[
            Part(
                feeling_name(feeling),
                wording.percent(figures[feeling].value),
                links.inbox(found.period, sentiment=feeling.value),
            )
            for feeling in FEELINGS
        ],
    )


def _queues(found: Figures, links: Links, policy: Policy, language: str) -> Card:
    figures = found.summary.queues
    known = [queue.id for queue in policy.queues]
    rest = sorted(set(figures).difference(known))
    return Card(
        title=_("Queues"),
        value="",
        parts=[
            Part(
                policy.queue_name(queue, language),
                wording.number(figures[queue].value if queue in figures else 0),
                links.inbox(found.period, queue=queue),
            )
            for queue in (*known, *rest)
        ],
    )


def _responses(found: Figures, links: Links) -> Card:
    figure = found.summary.response_rate
    note = ngettext(
        "%(answered)s answered of %(count)s message", "%(answered)s answered of %(count)s messages", figure.n
    )
    return Card(
        title=_("Answered"),
        value=wording.percent(figure.value),
        note=note % {"answered": wording.number(found.now.answered), "count": wording.number(figure.n)},
        trend=_points(figure, found.period),
        caution=wording.caution(figure),
        href=links.inbox(found.period, status="to_do"),
        link=_("See those still to handle"),
    )


def _delays(found: Figures) -> Card:
    median, long = found.summary.median_delay, found.summary.long_delay
    if not median.n:
        return Card(
            _("Time to answer"), wording.MISSING, note=_("No message of this period was answered yet.")
        )
    return Card(
        title=_("Time to answer"),
        value=wording.delay(median.value),
        note=_("Half of the answers came within this time, nine in ten within %(delay)s.")
        % {"delay": wording.delay(long.value)},
        caution=wording.caution(median),
    )


def _trend(figure: Figure, period: Period, decimals: int) -> str:
    if figure.change is None:
        return ""
    return wording.against(wording.signed(figure.change, decimals), period)


def _points(figure: Figure, period: Period) -> str:
    if figure.change is None:
        return ""
    change = _("%(change)s points") % {"change": wording.signed(100 * figure.change)}
    return wording.against(change, period)
