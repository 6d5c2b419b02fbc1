"""What the trained heads say of messages that name a product: is it a case, whose, how grave, which kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from veilleur.reading import panel, signals
from veilleur.reading.adverse.evidence import Looks, look, names, of_messages
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


def every_look(batch: Batch) -> Looks:
    """All messages that name a product or a treatment: what the heads are learned from."""
    found = {row: find(subject) for row, subject in enumerate(batch)}
    return _looks(batch, {row: told for row, told in found.items() if told})


def looks_of(batch: Batch) -> Looks:
    """Those of them that may tell a reaction: ask with `batch.once(looks_of)`.

    The head of the label, which costs next to nothing, spares the others a message it is sure of.
    """
    chances = chance_of(batch, LABEL).tolist()
    found = {row: find(batch.subjects[row]) for row, chance in enumerate(chances) if chance >= LEAST}
    return _looks(
        batch,
        {
            row: told
            for row, told in found.items()
            if told and (told.reactions or chances[row] >= LEAST_WITHOUT_SYMPTOM)
        },
    )


def _looks(batch: Batch, found: Mapping[int, Found]) -> Looks:
    if not found:
        return _nothing()
    return look(list(found), [batch.subjects[row].text.text for row in found], list(found.values()))


@cache
def _nothing() -> Looks:
    """A batch in which no message is looked at, as most of one message."""
    return look([], [], [])


def features_here(batch: Batch) -> Features:
    """The features of the messages of `looks_of`, in their order: ask with `batch.once(features_here)`."""
    return batch.once(features_of).only(np.array(batch.once(looks_of).rows, dtype=np.int64))


def told_in(batch: Batch) -> Mapping[int, Chances]:
    """What the heads say of each message that names a product or a treatment, by its row in the batch."""
    looks = batch.once(looks_of)
    return dict(zip(looks.rows, _chances(batch, looks), strict=True)) if len(looks) else {}


def _chances(batch: Batch, looks: Looks) -> list[Chances]:
    known = panel.load(NAME)
    told = signals_of(batch, looks, known.columns)
    judged = panel.judge(known, batch.once(features_here), told)
    return [dict(zip(known.heads, row, strict=True)) for row in judged.chances.tolist()]


def limits() -> Chances:
    """From which chance on each head says yes."""
    known = panel.load(NAME)
    return dict(zip(known.heads, known.thresholds.tolist(), strict=True))


def columns(evidence: Sequence[str]) -> tuple[str, ...]:
    """Names of the signals when the messages may give `evidence`."""
    return (*signals.columns(), *evidence)


def signals_of(batch: Batch, looks: Looks, columns: Sequence[str]) -> Floats:
    """(looks, columns): the signals of all labels, then the evidence of a case."""
    shared = batch.once(signals.signals_of).dense[looks.rows]
    known = {name: place for place, name in enumerate(names())}
    wanted = [known[name] for name in columns[shared.shape[1] :]]
    return np.concatenate([shared, of_messages(looks)[:, wanted]], axis=1)
