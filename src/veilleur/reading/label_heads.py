"""The heads of the labels, judged once per batch for everybody who asks."""

from __future__ import annotations

from veilleur.reading import panel
from veilleur.reading.analyzer import Batch
from veilleur.reading.features import features_of
from veilleur.reading.signals import NAME, signals_of
from veilleur.text.words import Floats


def judgements(batch: Batch) -> panel.Judgement:
    """What the heads of the labels say of the batch: ask with `batch.once(judgements)`."""
    return panel.judge(panel.load(NAME), batch.once(features_of), batch.once(signals_of).dense)


def chance_of(batch: Batch, label: str) -> Floats:
    """(texts,): how sure the head of one label is, on its own."""
    column = panel.load(NAME).heads.index(label)
    chances: Floats = batch.once(judgements).chances[:, column]
    return chances
