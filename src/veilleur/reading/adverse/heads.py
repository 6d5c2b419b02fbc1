"""What the trained heads say of messages that name a product: is it a case, whose, how grave, which kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from veilleur.reading import panel, signals
from veilleur.reading.adverse.evidence import Look, look, of_message
from veilleur.reading.adverse.marks import find
from veilleur.reading.analyzer import Batch
from veilleur.reading.features import Features, Floats, features_of
from veilleur.vocabulary import CRITERIA, SERIOUSNESS, SITUATIONS

NAME = "case"
LABEL = "adverse_reaction"
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


def looks_of(batch: Batch) -> list[tuple[int, Look]]:
    """The messages that name a product or a treatment: their row, and everything a judgement looks at."""
    found = ((row, subject, find(subject)) for row, subject in enumerate(batch))
    return [(row, look(subject.text.text, told)) for row, subject, told in found if told]


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
    judged = panel.judge(known, batch.once(features_here), signals_of(batch, rows, looks, known.columns))
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
