"""What the trained heads say of messages that name a product: is it a case, whose, how grave, which kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from veilleur.reading import panel, signals
from veilleur.reading.adverse.evidence import Look, look, of_message
from veilleur.reading.adverse.marks import Found, find
from veilleur.reading.analyzer import Batch
from veilleur.reading.features import Features, features_of
from veilleur.reading.label_heads import chance_of
from veilleur.text.words import Floats
from veilleur.vocabulary import CRITERIA, SERIOUSNESS, SITUATIONS

NAME = "case"
LABEL = "adverse_reaction"
LEAST, LEAST_WITHOUT_SYMPTOM = 0.02, 0.05
"""Chances of the label below which a message that names a product is not looked at more closely."""
PEOPLE = ("author", "relative", "others")
SERIOUS = "serious"
HEADS = (
    LABEL,
    "adr",
    *(name for name in CRITERIA if name != "product"),
    *PEOPLE,
    *SITUATIONS,
    SERIOUS,
    *SERIOUSNESS,
)
Chances = Mapping[str, float]
"""Head → how sure, 0 to 1."""


def named_in(batch: Batch) -> dict[int, Found]:
    """What each message that names a product or a treatment names, by row: use with `batch.once`."""
    found = ((row, find(subject)) for row, subject in enumerate(batch))
    return {row: told for row, told in found if told}


Looks = list[tuple[int, Look]]
"""Rows of a batch, and everything a judgement looks at."""


def every_look(batch: Batch) -> Looks:
    """All messages that name a product or a treatment: what the heads are learned from."""
    return [_looked_at(batch, row, found) for row, found in batch.once(named_in).items()]


def looks_of(batch: Batch) -> Looks:
    """Those of them that may tell a reaction.

    The head of the label, which costs next to nothing, spares the others a message it is sure of.
    """
    chances = chance_of(batch, LABEL).tolist()
    return [
        _looked_at(batch, row, found)
        for row, found in batch.once(named_in).items()
        if chances[row] >= (LEAST if found.reactions else LEAST_WITHOUT_SYMPTOM)
    ]


def _looked_at(batch: Batch, row: int, found: Found) -> tuple[int, Look]:
    return row, look(batch.subjects[row].text.text, found)


def features_here(batch: Batch) -> Features:
    """The features of the messages of `looks_of`, in their order: ask with `batch.once(features_here)`."""
    return features_of(Batch([batch.subjects[row] for row, _ in batch.once(looks_of)]))


def told_in(batch: Batch) -> Mapping[int, Chances]:
    """What the heads say of each message that names a product or a treatment, by its row in the batch."""
    looks = batch.once(looks_of)
    rows = [row for row, _ in looks]
    return dict(zip(rows, _chances(batch, rows, [seen for _, seen in looks]), strict=True)) if rows else {}


def _chances(batch: Batch, rows: Sequence[int], looks: Sequence[Look]) -> list[Chances]:
    known = panel.load(NAME)
    told = signals_of(batch, rows, looks, known.columns)
    judged = panel.judge(known, batch.once(features_of), told, np.array(rows))
    return [dict(zip(known.heads, row, strict=True)) for row in judged.chances.tolist()]


def limits() -> Chances:
    """From which chance on each head says yes."""
    known = panel.load(NAME)
    return dict(zip(known.heads, known.thresholds.tolist(), strict=True))


def columns(evidence: Sequence[str]) -> tuple[str, ...]:
    """Names of the signals when the messages may give `evidence`."""
    return (*signals.columns(), *evidence)


def signals_of(batch: Batch, rows: Sequence[int], looks: Sequence[Look], names: Sequence[str]) -> Floats:
    """(rows, names): the signals of all labels, then the evidence of a case."""
    shared = batch.once(signals.signals_of).dense[list(rows)]
    places = {name: place for place, name in enumerate(names)}
    own = np.zeros((len(looks), len(names)), dtype=np.float32)
    own[:, : shared.shape[1]] = shared
    for row, seen in enumerate(looks):
        for name, value in of_message(seen).items():
            if name in places:
                own[row, places[name]] = value
    return own
