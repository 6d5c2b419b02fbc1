"""Records out: everything that was seen in one message, in one plain object.

Nothing here knows a particular model: a finding goes to its place by the name of the analyzer that
signed it and by its label. What no installed analyzer looks for is there, empty or false.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from veilleur.engine.incoming import Incoming
from veilleur.vocabulary import (
    CRITERIA,
    LABELS,
    SERIOUSNESS,
    SPECIAL,
    Concept,
    Finding,
    Priority,
    Reading,
    Sentiment,
    Span,
)

Record = dict[str, Any]
"""One message as JSON would say it; `schema` tells its shape."""

_CASE = "suspected"
_KNOWN = frozenset(LABELS)
DIGITS = 4
"""Of a score that is written: more would only tell one processor from another."""
_PROFESSIONAL = "PRO_"
"""How types of personal data begin that are public by trade: they are shown, and are no breach."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of a message beyond its findings."""

    chances: Mapping[str, float]
    """The chance of each label, also of those that were not decided."""
    priority: Priority


def outgoing(incoming: Incoming, reading: Reading, judged: Judged) -> Record:
    """What was seen in one message, in the order that `schema` names."""
    by_analyzer: dict[str, list[Finding]] = {}
    for finding in reading.findings:
        by_analyzer.setdefault(finding.analyzer, []).append(finding)
    found = _labels(reading.findings)
    return {
        "id": incoming.id,
        "language": reading.language.value,
        "sentiment": _sentiment(by_analyzer.get("sentiment", ())),
        "labels": _chances(judged.chances, found),
        # An analyzer says only what is above its own threshold: what was found is decided.
        "decided": [name for name in LABELS if name in found],
        "aspects": _aspects(by_analyzer.get("aspects", ())),
        "adverse_reaction": _adverse_reaction(by_analyzer.get("adverse", ())),
        "personal_data": [
            {"type": finding.label, "start": finding.span.start, "end": finding.span.end}
            for finding in by_analyzer.get("personal_data", ())
            if finding.span
        ],
        "priority": judged.priority.value,
        "findings": [_finding(finding) for finding in reading.findings],
    }


def _sentiment(findings: Sequence[Finding]) -> Record:
    """Neutral, with a score of 0, when nothing could be told."""
    if not findings:
        return {"label": Sentiment.NEU.value, "score": 0.0}
    return {"label": findings[0].label, "score": round(findings[0].score, DIGITS)}


def _labels(findings: Iterable[Finding]) -> dict[str, float]:
    """The best score of each label that was found, by the label of a finding or the name of its analyzer."""
    scores: dict[str, float] = {}
    for finding in findings:
        name = _label(finding)
        if name in _KNOWN:
            scores[name] = max(scores.get(name, 0.0), finding.score)
    return scores


def _chances(judged: Mapping[str, float], found: Mapping[str, float]) -> dict[str, float]:
    """The chance of each label: what was found is at least as likely as its score."""
    likelier = {name: max(score, judged[name]) for name, score in found.items()}
    chances = {**judged, **likelier}
    return {name: round(chances[name], DIGITS) for name in LABELS}


def _label(finding: Finding) -> str:
    if finding.label in _KNOWN:
        return finding.label
    if finding.analyzer == "adverse" and finding.label == _CASE:
        return "adverse_reaction"
    return "" if finding.label.startswith(_PROFESSIONAL) else finding.analyzer


def _aspects(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Each aspect once per polarity; the label of a finding is `attente:neg`."""
    seen = dict.fromkeys(tuple(finding.label.split(":", 1)) for finding in findings if ":" in finding.label)
    return [{"aspect": aspect, "polarity": polarity} for aspect, polarity in seen]


def _adverse_reaction(findings: Sequence[Finding]) -> Record:
    """The case, by the labels of its findings; what stands before a dot (`serious.death`) only sorts them."""
    by_name: dict[str, list[Finding]] = {}
    for finding in findings:
        by_name.setdefault(finding.label.rpartition(".")[2], []).append(finding)
    case = by_name.get(_CASE, ())
    told = {finding.label for finding in findings}
    seriousness = [name for name in SERIOUSNESS if name in by_name]
    return {
        "suspected": bool(case),
        "score": round(max((finding.score for finding in case), default=0.0), DIGITS),
        "criteria": {name: f"criterion.{name}" in told for name in CRITERIA},
        "serious": bool(seriousness),
        "seriousness": seriousness,
        "special": [name for name in SPECIAL if name in by_name],
        "pairs": _pairs(*(_spans(findings, label) for label in ("pair", "product", "reaction"))),
    }


def _pairs(wholes: list[Span], products: list[Span], reactions: list[Span]) -> list[list[list[int]]]:
    """Each product and reaction that lie at the two ends of a pair's span."""
    ends = {(whole.start, whole.end) for whole in wholes}
    return [
        [[product.start, product.end], [reaction.start, reaction.end]]
        for product in products
        for reaction in reactions
        if (min(product.start, reaction.start), max(product.end, reaction.end)) in ends
    ]


def _spans(findings: Iterable[Finding], label: str) -> list[Span]:
    return [finding.span for finding in findings if finding.span and finding.label == label]


def _finding(finding: Finding) -> Record:
    span = finding.span
    return {
        "kind": finding.analyzer,
        "label": finding.label,
        "start": span and span.start,
        "end": span and span.end,
        "score": round(finding.score, DIGITS),
        "why": {"because": finding.why.because.value, "grounds": list(finding.why.grounds)},
        "concept": _concept(finding.concept),
    }


def _concept(concept: Concept | None) -> dict[str, str] | None:
    return {"id": concept.id, "label": concept.label, "group": concept.group} if concept else None
