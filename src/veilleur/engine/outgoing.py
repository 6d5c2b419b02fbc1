"""Records out: everything that was seen in one message, in one plain object.

Nothing here knows a particular model: a finding goes to its place by the name of the analyzer that
signed it and by its label. What no installed analyzer looks for is there, empty or false.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from veilleur.engine.incoming import NEVER, Incoming
from veilleur.triage import house_policy, route
from veilleur.vocabulary import Concept, Finding, Reading, Sentiment

Record = dict[str, Any]
"""One message as JSON would say it; `schema` tells its shape."""

LABELS = (
    "praise",
    "complaint",
    "question",
    "appointment",
    "adverse_reaction",
    "insult",
    "threat",
    "hate",
    "defamation_fact",
    "misinformation",
    "advertising_spam",
    "personal_data",
    "health_data_identifiable",
    "crisis_suicide",
    "emergency_medical",
    "child_protection",
    "violence",
    "fake_review_suspect",
    "off_topic",
)
ASPECTS = (
    "accueil",
    "attente",
    "ecoute",
    "competence",
    "information",
    "prix",
    "hygiene",
    "rendez_vous",
    "locaux",
    "resultat",
    "suivi",
    "remboursement",
)
CRITERIA = ("reporter", "patient", "product", "reaction")
SERIOUSNESS = (
    "death",
    "life_threatening",
    "hospitalisation",
    "disability",
    "congenital_anomaly",
    "medically_important",
)
SPECIAL = (
    "pregnancy",
    "breastfeeding",
    "overdose",
    "misuse",
    "offlabel",
    "medication_error",
    "inefficacy",
    "withdrawal",
    "occupational",
    "quality_defect",
    "incomplete_case",
    "vaccine",
    "device",
    "cosmetic",
    "supplement",
)
_CASE = "adverse_reaction"
_DIGITS = 4
"""Of a score that is written: more would only tell one processor from another."""
_PROFESSIONAL = "PRO_"
"""How types of personal data begin that are public by trade: they are shown, and are no breach."""


def outgoing(incoming: Incoming, reading: Reading) -> Record:
    """What was seen in one message, in the order that `schema` names."""
    by_analyzer: dict[str, list[Finding]] = {}
    for finding in reading.findings:
        by_analyzer.setdefault(finding.analyzer, []).append(finding)
    labels = _labels(reading.findings)
    return {
        "id": incoming.id,
        "language": reading.language.value,
        "sentiment": _sentiment(by_analyzer.get("sentiment", ())),
        "labels": labels,
        # An analyzer says only what is above its own threshold: what was found is decided.
        "decided": [name for name, score in labels.items() if score],
        "aspects": _aspects(by_analyzer.get("aspects", ())),
        "adverse_reaction": _adverse_reaction(by_analyzer.get("adverse", ())),
        "personal_data": [
            {"type": finding.label, "start": finding.span.start, "end": finding.span.end}
            for finding in by_analyzer.get("personal_data", ())
            if finding.span
        ],
        "priority": route(incoming.mention, reading, house_policy(), NEVER).priority.value,
        "findings": [_finding(finding) for finding in reading.findings],
    }


def _sentiment(findings: Sequence[Finding]) -> Record:
    """Neutral, with a score of 0, when nothing could be told."""
    if not findings:
        return {"label": Sentiment.NEU.value, "score": 0.0}
    return {"label": findings[0].label, "score": round(findings[0].score, _DIGITS)}


def _labels(findings: Iterable[Finding]) -> dict[str, float]:
    """The best score of each label, 0 for those that nobody found."""
    scores = dict.fromkeys(LABELS, 0.0)
    for finding in findings:
        name = finding.label if finding.label in scores else finding.analyzer
        if name in scores and not finding.label.startswith(_PROFESSIONAL):
            scores[name] = max(scores[name], round(finding.score, _DIGITS))
    return scores


def _aspects(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Each aspect once per polarity; the label of a finding is `attente:neg`."""
    seen = dict.fromkeys(tuple(finding.label.split(":", 1)) for finding in findings if ":" in finding.label)
    return [{"aspect": aspect, "polarity": polarity} for aspect, polarity in seen]


def _adverse_reaction(findings: Sequence[Finding]) -> Record:
    """The case: `adverse_reaction` about the whole, criteria, seriousness, special situations, by label.

    What stands before the last dot of a label (`serious.death`) only sorts. The spans of `product` and of
    `reaction` are the pairs: every suspected product with every reaction.
    """
    by_name: dict[str, list[Finding]] = {}
    for finding in findings:
        by_name.setdefault(finding.label.rpartition(".")[2], []).append(finding)
    case = by_name.get(_CASE, ())
    seriousness = [name for name in SERIOUSNESS if name in by_name]
    return {
        "suspected": bool(case),
        "score": round(max((finding.score for finding in case), default=0.0), _DIGITS),
        "criteria": {name: name in by_name for name in CRITERIA},
        "serious": bool(seriousness),
        "seriousness": seriousness,
        "special": [name for name in SPECIAL if name in by_name],
        "pairs": [
            [product, reaction]
            for product in _spans(by_name.get("product", ()))
            for reaction in _spans(by_name.get("reaction", ()))
        ],
    }


def _spans(findings: Iterable[Finding]) -> list[list[int]]:
    return [[finding.span.start, finding.span.end] for finding in findings if finding.span]


def _finding(finding: Finding) -> Record:
    span = finding.span
    return {
        "kind": finding.analyzer,
        "label": finding.label,
        "start": span and span.start,
        "end": span and span.end,
        "score": round(finding.score, _DIGITS),
        "why": {"because": finding.why.because.value, "grounds": list(finding.why.grounds)},
        "concept": _concept(finding.concept),
    }


def _concept(concept: Concept | None) -> dict[str, str] | None:
    return {"id": concept.id, "label": concept.label, "group": concept.group} if concept else None
