"""What stands between a reply and its sending, said to the person who writes it."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from veilleur.desk.inbox.conversion import mention_of, reading_of
from veilleur.desk.inbox.corrections import corrected, corrections_of
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.queries.ticket import conversation
from veilleur.desk.inbox.segments import Mark, Segment, segments
from veilleur.desk.replies.models import (
    Approval,
    Reply,
    ReplyPolicy,
    ReplyStep,
    SafetyDecision,
    Step,
)
from veilleur.desk.replies.rulebooks import policy_of, rulebook_of
from veilleur.reading.outside.endpoint import Unusable
from veilleur.replies import Draft, Judgement, judge
from veilleur.replies.reworded import allowed, reworded
from veilleur.rules import Rulebook, platforms
from veilleur.vocabulary import Breach, Kind, Mention, Reading, Severity, Span

log = logging.getLogger(__name__)
ANSWERERS = {Severity.BLOCKER: 2, Severity.ERROR: 1}
"""How many people must answer for a breach before the text may leave with it."""
FAMILIES = {
    Severity.BLOCKER: "danger",
    Severity.ERROR: "secrecy",
    Severity.WARNING: "law",
    Severity.INFO: "other",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One message to answer, with all that judging and drafting ask for."""

    ticket: TicketRow
    mention: Mention
    reading: Reading
    thread: tuple[str, ...]
    policy: ReplyPolicy
    book: Rulebook


def case_of(ticket: TicketRow) -> Case:
    """Reads `ticket.mention.reading`, `ticket.mention.source` and `ticket.organisation`."""
    row = ticket.mention
    policy = policy_of(ticket.organisation)
    reading = corrected(reading_of(row.reading), corrections_of([row])[row.pk])
    thread = tuple(other.text for other in conversation(row))
    return Case(ticket, mention_of(row), reading, thread, policy, rulebook_of(ticket.organisation, policy))


@dataclass(frozen=True, slots=True)
class Told:
    """One breach, in words."""

    number: int
    rule: str
    severity: Severity
    severity_name: str
    family: str
    words: str
    """The words of the text that break it."""
    message: str
    advice: str
    reference: str
    href: str
    mark: str
    start: int
    end: int
    answered_by: tuple[str, ...]
    """Who takes responsibility for it, in this wording."""
    missing: int
    """How many people must still do so before the text may leave."""

    @property
    def is_answered(self) -> bool:
        """Whether it holds nothing back any more."""
        return self.missing == 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A text, judged for one message today."""

    segments: tuple[Segment, ...]
    told: tuple[Told, ...]
    judgement: Judgement
    length: str
    """« 120 caractères sur 1 250 », or the count alone."""
    is_too_long: bool
    needs_safety: bool
    """A pharmacovigilance decision is still awaited."""
    is_empty: bool

    @property
    def blocking(self) -> tuple[Told, ...]:
        """The breaches that hold it back."""
        return tuple(one for one in self.told if not one.is_answered)

    @property
    def may_leave(self) -> bool:
        """Whether nothing but a second reading holds it back."""
        return not (self.blocking or self.needs_safety or self.is_empty)

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.is_empty:
            return _("Nothing is written yet.")
        if self.blocking:
            return _("This text may not leave as it is.")
        return _("Read these remarks before it leaves.") if self.told else _("Nothing holds this text back.")


def judged(case: Case, text: str, answered: Iterable[ReplyStep] = (), author: str = "") -> Judged:
    """Judges a text as the reply to a message; `answered` are the overrides of this very wording.

    `author` is the name shown under the message: compared, kept nowhere.
    """
    judgement = judge(
        text,
        case.mention,
        case.reading,
        case.book,
        timezone.localdate(),
        actor=case.policy.actor,
        author=author or case.mention.author,
        thread=case.thread,
    )
    told = told_of(text, judgement.breaches, answered)
    length, is_too_long = length_of(text, case.mention.network, Kind.REPLY)
    awaited = judgement.pharmacovigilance and not _is_decided(case.ticket)
    return Judged(marked(text, told), told, judgement, length, is_too_long, awaited, not text.strip())


def _is_decided(ticket: TicketRow) -> bool:
    return SafetyDecision.objects.filter(ticket=ticket).exists()


def told_of(text: str, breaches: Sequence[Breach], answered: Iterable[ReplyStep] = ()) -> tuple[Told, ...]:
    """Breaches in words, the gravest first."""
    people: dict[str, dict[object, str]] = defaultdict(dict)
    for step in answered:
        people[step.rule][step.by_id] = step.by_name
    graver_first = sorted(breaches, key=lambda one: (one.severity.rank, one.span.start, one.rule))
    return tuple(_told(number, text, one, people[one.rule]) for number, one in enumerate(graver_first, 1))


def _told(number: int, text: str, breach: Breach, people: dict[object, str]) -> Told:
    return Told(
        number=number,
        rule=breach.rule,
        severity=breach.severity,
        severity_name=severity_name(breach.severity),
        family=FAMILIES[breach.severity],
        words=breach.span.of(text),
        message=breach.message,
        advice=breach.advice,
        reference=breach.reference.title,
        href=breach.reference.href,
        mark=breach.reference.mark.value,
        start=breach.span.start,
        end=breach.span.end,
        answered_by=tuple(people.values()),
        missing=max(0, ANSWERERS.get(breach.severity, 0) - len(people)),
    )


def severity_name(severity: Severity) -> str:
    """What a severity means for the text."""
    return {
        Severity.BLOCKER: _("forbidden"),
        Severity.ERROR: _("to correct"),
        Severity.WARNING: _("to read again"),
        Severity.INFO: _("advice"),
    }[severity]


def marked(text: str, told: Sequence[Told]) -> tuple[Segment, ...]:
    """The text cut where breaches begin and end."""
    marks = [
        Mark(one.number, Span(one.start, one.end), one.family, one.severity_name, one.message) for one in told
    ]
    return segments(text, marks)


def length_of(text: str, network: str, kind: Kind) -> tuple[str, bool]:
    """How long a text is as its network counts it, and whether that is too long."""
    limit = platforms.limit_of(network, kind)
    if limit is None:
        return _("%(count)d characters") % {"count": len(text)}, False
    count = platforms.length(text, limit.unit)
    unit = {"bytes": _("bytes"), "graphemes": _("signs"), "weighted": _("signs")}.get(
        limit.unit, _("characters")
    )
    said = _("%(count)d of %(most)d %(unit)s") % {"count": count, "most": limit.most, "unit": unit}
    return said, count > limit.most


def needs_second_reader(case: Case, result: Judged) -> bool:
    """Whether the policy of the house wants somebody else to read this reply first."""
    policy = case.policy
    if policy.approval != Approval.SOMETIMES:
        return policy.approval == Approval.ALWAYS
    share = case.ticket.rating_share
    stars = None if share is None else 1 + 4 * share
    return bool(result.told) or (stars is not None and stars <= policy.approval_stars)


def overrides_of(reply: Reply) -> list[ReplyStep]:
    """Who answers for which breach of the present wording."""
    return list(reply.steps.filter(step=Step.OVERRIDE, digest=reply.digest))


def is_approved(reply: Reply) -> bool:
    """Whether somebody else approved this very wording, and nobody sent it back since."""
    verdicts = reply.steps.filter(step__in=[Step.APPROVE, Step.RETURN], digest=reply.digest)
    return verdicts.order_by("-pk").values_list("step", flat=True).first() == Step.APPROVE


def model_draft(case: Case, draft: Draft) -> Draft:
    """The draft as a model says it, when one is allowed and breaks no rule; else the draft itself."""
    settings = allowed()
    if settings is None:
        return draft
    try:
        made = reworded(draft, settings)
    except Unusable as unusable:
        log.warning("draft of a reply: %s", unusable)
        return draft
    return draft if judged(case, made.text).told else made


def spoken_language(case: Case) -> str:
    """The language to answer in: that of the message, else that of the reader."""
    found = case.reading.language.value
    return found if found in {"fr", "en"} else (get_language() or "fr")[:2]
