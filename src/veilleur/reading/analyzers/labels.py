"""What a message is: a complaint, a threat, a suspected adverse reaction… several at once, or nothing.

One linear head per label over the shared features and cues. The chances of all labels and of
the four priorities are worked out once per batch: whoever needs them asks for `probabilities`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from veilleur.lexicon import Term
from veilleur.reading import panel
from veilleur.reading.adverse import told_in
from veilleur.reading.adverse.heads import LABEL
from veilleur.reading.analyzer import Batch
from veilleur.reading.cues import said_in
from veilleur.reading.features import features_of
from veilleur.reading.grounds import Judged, heaviest_clause, heaviest_words, judged_words
from veilleur.reading.label_heads import judgements
from veilleur.reading.signals import NAME, signals_of, terms
from veilleur.text.words import Floats, Integers, stretches
from veilleur.vocabulary import LABELS, Because, Finding, Language, Priority, Why

ENGLISH_REACTION = "adverse_reaction in English"
"""Name of the head that judges adverse reactions in English texts."""
SPANNED = frozenset(
    [
        "insult", "threat", "hate", "defamation_fact", "crisis_suicide", "emergency_medical",
        "child_protection", "violence",
    ]
)  # fmt: skip
"""Labels that one passage carries: it is shown, unless a cue (`veilleur.reading.cues`) shows it better."""


def label_names() -> tuple[str, ...]:
    """The labels, in the order of `probabilities`; the panel's other heads serve the priority."""
    return panel.load(NAME).heads[: len(LABELS)]


def _evidence(batch: Batch, judged: Judged, heads: Integers) -> Floats:
    """(entries,): what each word weighs for the head; a cue speaks through the word it begins with."""
    signals, known, features = batch.once(signals_of), panel.load(NAME), batch.once(features_of)
    evidence = panel.evidence(known, features, judged.words, heads[judged.of])
    texts = features.words.owner[signals.words]
    first = np.searchsorted(judged.rows, texts)
    found, judgement = stretches(first, np.searchsorted(judged.rows, texts, side="right") - first)
    entry = judged.first[judgement] + signals.words[found] - features.first_word[texts[found]]
    np.add.at(evidence, entry, known.signals[signals.kinds[found], heads[judgement]] * np.float32(np.log(2)))
    return evidence


def probabilities(batch: Batch) -> Floats:
    """Chance of every label, (texts, labels), in the order of `label_names()`.

    Where a product is named, the heads of the case judge adverse reactions: they see more of it. In
    English, a head does that learned from English alone.
    """
    known = panel.load(NAME)
    chances = batch.once(judgements).chances[:, : len(LABELS)].copy()
    for row, told in batch.once(told_in).items():
        chances[row, known.heads.index(LABEL)] = told[LABEL]
    english = _in_english(batch)
    chances[english, known.heads.index(LABEL)] = batch.once(judgements).chances[english, _english_head()]
    return chances


def _in_english(batch: Batch) -> NDArray[np.bool_]:
    return np.array([subject.language.language is Language.EN for subject in batch], dtype=np.bool_)


def _english_head() -> int:
    return panel.load(NAME).heads.index(ENGLISH_REACTION)


def chances_by_label(batch: Batch) -> list[dict[str, float]]:
    """The chance of every label of each text, by name."""
    names = label_names()
    return [dict(zip(names, row, strict=True)) for row in batch.once(probabilities).tolist()]


def priorities(batch: Batch) -> list[Priority]:
    """The likeliest priority of each text, by the words alone: no policy, no deadline."""
    weights = panel.load(NAME).others["priority"]
    told = np.clip(batch.once(judgements).logits[:, : len(weights) - 1], -6, 6)
    powers = (told[:, :, None] * weights[:-1]).sum(axis=1)
    names = list(Priority)
    return [names[winner] for winner in (powers + weights[-1]).argmax(axis=1).tolist()]


def decided(batch: Batch) -> list[frozenset[str]]:
    """The labels of each message that reach their threshold: ask with `batch.once(decided)`."""
    return [
        frozenset(label for label, given in zip(label_names(), row, strict=True) if given)
        for row in _given(batch).tolist()
    ]


def _given(batch: Batch) -> NDArray[np.bool_]:
    """(texts, labels): nothing is said of a text without words."""
    spoken = np.diff(batch.once(features_of).first_word) > 0
    given: NDArray[np.bool_] = (probabilities(batch) >= panel.load(NAME).thresholds[: len(LABELS)]) & spoken[
        :, None
    ]
    return given


class LabelAnalyzer:
    """One finding for each label that reaches its threshold, on the message as a whole."""

    name = NAME

    def __init__(self) -> None:
        """Loads the shipped weights."""
        self._panel = panel.load(NAME)

    @property
    def version(self) -> str:
        """Version of the weights."""
        return self._panel.version

    def terms(self) -> Iterable[Term]:
        """The words of all cues."""
        return terms()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The labels of each message, in the order of `label_names()`."""
        rows, heads = np.nonzero(_given(batch))
        findings: list[list[Finding]] = [[] for _ in batch]
        if not len(rows):
            return findings
        judged = judged_words(batch.once(features_of), rows)
        evidence = _evidence(batch, judged, heads)
        chances = batch.once(probabilities)[rows, heads].tolist()
        grounds = heaviest_words(batch, judged, evidence)
        own = pairwise(judged.first.tolist())
        for row, head, chance, words, (first, last) in zip(
            rows.tolist(), heads.tolist(), chances, grounds, own, strict=True
        ):
            label, why = self._panel.heads[head], Why(Because.NGRAMS, words)
            shown = _is_shown(batch, row, label)
            span = heaviest_clause(batch, row, evidence[first:last]) if shown else None
            findings[row].append(Finding(self.name, label, round(chance, 3), why, span))
        return findings


def _is_shown(batch: Batch, row: int, label: str) -> bool:
    """Whether one passage carries the label and no cue shows it better."""
    return label in SPANNED and not any(
        said.label == label and said.is_enough for said in batch.once(said_in)[row]
    )
