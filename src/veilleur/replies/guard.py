"""The guard: a reply read together with what it answers, before it may leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from veilleur.replies.draft import ADVERSE, CRISIS
from veilleur.rules import Rewriting, Rulebook
from veilleur.text import normalise
from veilleur.text.sentences import bounds
from veilleur.vocabulary import Breach, Kind, Mention, Outgoing, Reading, Severity, Span

NEUTRAL = {
    "fr": "Le secret professionnel interdit d'évoquer ici une situation, quelle qu'elle soit.",
    "en": "Privacy rules prevent us from discussing any situation here.",
}
"""Stands instead of a sentence that reveals something."""
GREETING = {"fr": "Bonjour.", "en": "Hello."}
_GREETED = ("Bonjour", "Bonsoir", "Madame", "Merci", "Hello", "Good", "Dear", "Thank")
_FEW = 40
"""Characters of a breach that is cut out of its sentence, at most."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What stands between a reply and its sending."""

    breaches: tuple[Breach, ...]
    pharmacovigilance: bool = False
    """Somebody must decide first whether the message is a case."""
    crisis: bool = False
    """Somebody may be in danger: the right numbers come first."""

    @property
    def severity(self) -> Severity | None:
        """The gravest breach; None when there is none."""
        return min((breach.severity for breach in self.breaches), key=lambda one: one.rank, default=None)

    @property
    def may_leave(self) -> bool:
        """Whether the text alone holds nothing back (a decision may still be awaited)."""
        return self.severity not in {Severity.BLOCKER, Severity.ERROR}


def judge(
    reply: str,
    mention: Mention,
    reading: Reading,
    book: Rulebook,
    on: date,
    *,
    actor: str = "",
    author: str = "",
    thread: Sequence[str] = (),
) -> Judgement:
    """The reply with the review, the rest of its thread and the name shown under it.

    `author` is the display name as the network shows it: it is compared and kept nowhere.
    """
    answered = "\n".join([mention.title, mention.text, *thread]).strip()
    outgoing = Outgoing(reply, Kind.REPLY, actor, "", mention.network, answered, author)
    (breaches,) = book.judge([outgoing], on)
    labels = {finding.label for finding in reading.of("labels")}
    return Judgement(tuple(breaches), bool(labels & ADVERSE), bool(labels & CRISIS))


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a breach becomes in one click."""

    span: Span
    """What is replaced: the whole sentence, or the name."""
    text: str
    """Empty: it is taken out."""


def rewrite(reply: str, breach: Breach, book: Rulebook, language: str) -> Rewrite:
    """What the rule of one breach proposes instead."""
    spoken = language if language in NEUTRAL else "fr"
    how = book.by_id[breach.rule].rewrite
    if how is Rewriting.CUT and breach.span.end - breach.span.start <= _FEW:
        return Rewrite(_with_blank(reply, breach.span), "")
    sentence = _sentence(reply, breach.span)
    return Rewrite(sentence, "" if how is Rewriting.REMOVE else NEUTRAL[spoken])


def rewritten(reply: str, breaches: Sequence[Breach], book: Rulebook, language: str) -> str:
    """The reply with every breach in its neutral wording, said once; a greeting is kept or added."""
    spoken = language if language in NEUTRAL else "fr"
    out = reply
    for change in reversed(_merged([rewrite(reply, breach, book, spoken) for breach in breaches])):
        out = f"{out[: change.span.start]}{change.text}{out[change.span.end :]}"
    while out.count(NEUTRAL[spoken]) > 1:
        head, _, tail = out.rpartition(NEUTRAL[spoken])
        out = head + tail
    out = " ".join(out.split())
    greeted = out.startswith(_GREETED)
    return out if greeted else f"{GREETING[spoken]} {out}".strip()


def _merged(changes: Sequence[Rewrite]) -> list[Rewrite]:
    """The changes in the order of the text; of those that meet one is made, with a wording if one has it."""
    merged: list[Rewrite] = []
    for change in sorted(changes, key=lambda one: one.span):
        last = merged[-1] if merged else None
        if last is None or change.span.start >= last.span.end:
            merged.append(change)
        else:
            span = Span(last.span.start, max(last.span.end, change.span.end))
            merged[-1] = Rewrite(span, last.text or change.text)
    return merged


def _sentence(reply: str, span: Span) -> Span:
    """The sentence or sentences that a stretch stands in."""
    text = normalise(reply)
    meeting = [text.span(start, end) for start, end in bounds(text.text)]
    met = [one for one in meeting if one.start < span.end and span.start < one.end] or [span]
    return Span(met[0].start, met[-1].end)


def _with_blank(reply: str, span: Span) -> Span:
    """A stretch with the blank before it."""
    start = span.start - 1 if reply[span.start - 1 : span.start] == " " else span.start
    return Span(max(start, 0), span.end)
