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
    Flags,
    Numbers,
    Set,
    calibrate,
    deal,
    fit,
    foretell,
    matrix_of,
    outcome,
    scored,
    scores,
    show,
    write,
)
from veilleur.reading.analyzers.aspects import HEADS, NAME, columns, signals_of

VERSION = "2"
EVEN = (1.0,) * len(HEADS)
"""A miss costs as much as an alarm."""
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


def report(data: Set, chances: Numbers, given: Flags) -> dict[str, dict[str, float]]:
    """Scores of every head, and of all of them together."""
    truth = data.truths == 1
    out = scored(HEADS, truth, chances, given)
    out["all, with polarity"] = scores(truth.ravel(), given.ravel())
    aspects = sorted({name.partition(":")[0] for name in HEADS})
    either = [[name.startswith(f"{aspect}:") for name in HEADS] for aspect in aspects]
    told, said = (np.stack([part[:, one].any(axis=1) for one in either], axis=1) for part in (truth, given))
    out["all, without polarity"] = scores(told.ravel(), said.ravel())
    return out


def main() -> None:
    data = prepare([example for example in messages.learnable() if example.corpus == SOCIAL])
    logits = foretell(data)
    held_out = report(data, *outcome(data, logits, EVEN, LEAST))
    show(held_out)
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
    write(NAME, fit(data, everyone), calibrate(data, logits, everyone, EVEN, LEAST), header)


if __name__ == "__main__":
    main()
