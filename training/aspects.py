"""Rebuilds `src/veilleur/reading/weights/aspects.*`: which aspects of care a message judges, and how.

    python -m training.aspects [--dry]

One head for each aspect and polarity, learned from the messages of social French; the words of
`data/aspects.txt` are signals, and serve English as they serve French.
"""

from __future__ import annotations

import sys

import numpy as np

from training import messages
from training.messages import SOCIAL, Example
from training.panels import (
    FOLDS,
    Calibration,
    Flags,
    Numbers,
    Set,
    best_cut,
    calibration_error,
    curves,
    deal,
    fit,
    foretell,
    matrix_of,
    scores,
    sigmoid,
    write,
)
from veilleur.reading.analyzers.aspects import HEADS, NAME, columns, signals_of

VERSION = "2"
LEAST = 0.2
"""A chance below this one is no ground for an aspect."""


def prepare(examples: list[Example]) -> Set:
    """Messages of social French, as numbers."""
    return Set(
        examples,
        matrix_of(examples, signals_of),
        np.array([_truths(example) for example in examples], dtype=np.int64),
        np.ones(len(examples)),
        deal(examples),
    )


def _truths(example: Example) -> list[int]:
    judged = {f"{aspect}:{polarity}" for aspect, polarity in example.raw["aspects"]}
    return [int(head in judged) for head in HEADS]


def calibrate(data: Set, logits: Numbers, these: Flags) -> Calibration:
    """Curves and cuts from the examples `these`."""
    slope, offset = curves(data, logits, these)
    chances = sigmoid(logits * slope + offset)
    truth = data.truths == 1
    cuts = [best_cut(chances[these, head], truth[these, head], lowest=LEAST) for head in range(len(HEADS))]
    return Calibration(slope, offset, np.array(cuts))


def outcome(data: Set, logits: Numbers) -> tuple[Numbers, Flags]:
    """Chances and yes or no of each example, calibrated on the other folds."""
    chances, given = np.zeros_like(logits), np.zeros(logits.shape, dtype=np.bool_)
    for fold in range(FOLDS):
        here = data.folds == fold
        known = calibrate(data, logits, ~here)
        chances[here] = sigmoid(logits[here] * known.slope + known.offset)
        given[here] = chances[here] >= known.thresholds
    return chances, given


def report(data: Set, chances: Numbers, given: Flags) -> dict[str, dict[str, float]]:
    """Scores of every head, and of all of them together."""
    truth = data.truths == 1
    out = {}
    for head, name in enumerate(HEADS):
        out[name] = scores(truth[:, head], given[:, head])
        out[name]["ece"] = round(calibration_error(chances[:, head], truth[:, head]), 3)
    out["all, with polarity"] = scores(truth.ravel(), given.ravel())
    aspects = sorted({name.partition(":")[0] for name in HEADS})
    either = [[name.startswith(f"{aspect}:") for name in HEADS] for aspect in aspects]
    told, said = (np.stack([part[:, one].any(axis=1) for one in either], axis=1) for part in (truth, given))
    out["all, without polarity"] = scores(told.ravel(), said.ravel())
    return out


def main() -> None:
    data = prepare([example for example in messages.learnable() if example.corpus == SOCIAL])
    logits = foretell(data)
    held_out = report(data, *outcome(data, logits))
    for name, scored in held_out.items():
        print(f"{name:26}", "  ".join(f"{key} {value}" for key, value in scored.items()))
    if "--dry" in sys.argv:
        return
    everyone = np.ones(len(data.examples), dtype=np.bool_)
    header = {
        "version": VERSION,
        "heads": HEADS,
        "columns": columns(),
        "corpora": [SOCIAL],
        "held_out": held_out,
    }
    write(NAME, fit(data, everyone), calibrate(data, logits, everyone), header)


if __name__ == "__main__":
    main()
