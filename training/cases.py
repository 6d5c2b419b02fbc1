"""Rebuilds `src/veilleur/reading/weights/case.*`: what a message that names a product tells of a case.

    python -m training.cases [--dry]

Heads for the label, the case, its criteria, who had it, seriousness and special situations; learned
from the messages in which a product or a treatment is named.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from training import messages
from training.messages import SOCIAL, WEIGHT, Example
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
from veilleur.reading.adverse import heads
from veilleur.reading.adverse.evidence import names, of_messages
from veilleur.reading.adverse.heads import HEADS, LABEL, NAME, PEOPLE, columns, every_look
from veilleur.reading.analyzer import Batch
from veilleur.text.words import Floats
from veilleur.vocabulary import CRITERIA, SERIOUSNESS, SITUATIONS

VERSION = "2"
NO_CASE: dict[str, Any] = {"adr": False, "criteria": {}, "who": "none", "special": (), "seriousness": ()}
MISSED = {LABEL: 2.0, "adr": 1.5}
"""How many times a miss costs more than an alarm; 1 where not said."""
MISSES = tuple(MISSED.get(name, 1.0) for name in HEADS)
LEAST = 0.08
"""A chance below this one is no ground for anything."""


def gated(examples: list[Example]) -> tuple[list[Example], list[str]]:
    """The examples that name a product or a treatment, and the names of all evidence they give."""
    kept: list[Example] = []
    given = np.zeros(len(names()), dtype=np.bool_)
    read = 0

    def look(batch: Batch) -> Floats:
        nonlocal read
        looks = every_look(batch)
        kept.extend(examples[read + row] for row in looks.rows)
        given[:] |= of_messages(looks).any(axis=0)
        read += len(batch)
        return np.zeros((len(batch), 1), dtype=np.float32)

    matrix_of(examples, look)
    return kept, sorted(name for name, here in zip(names(), given.tolist(), strict=True) if here)


def prepare(examples: list[Example], evidence: Sequence[str]) -> Set:
    """Examples that name a product, as numbers."""

    def signals(batch: Batch) -> Floats:
        return heads.signals_of(batch, every_look(batch), columns(evidence))

    return Set(
        examples,
        matrix_of(examples, signals),
        np.array([truths(example) for example in examples], dtype=np.int64),
        np.array([WEIGHT[example.corpus] for example in examples]),
        deal(examples),
    )


def truths(example: Example) -> list[int]:
    """For each of `HEADS`: 1, 0 or -1 for not known."""
    label = example.labels.get(LABEL)
    if example.corpus != SOCIAL:
        # An ordinary comment tells no case; a sentence on medicines says only whether there is a reaction.
        rest = -1 if label else 0
        return [-1 if label is None else int(label), *[rest] * (len(HEADS) - 1)]
    case = example.raw["adr"] or {
        "adr": False,
        "criteria": {},
        "who": "none",
        "special": (),
        "seriousness": (),
    }
    return [
        int(bool(label)),
        int(case["adr"]),
        *(int(bool(case["criteria"].get(name))) for name in CRITERIA if name != "product"),
        *(int(case["who"] == who) for who in PEOPLE),
        *(int(name in case["special"]) for name in SITUATIONS),
        int(bool(case["seriousness"])),
        *(int(name in case["seriousness"]) for name in SERIOUSNESS),
    ]


def report(data: Set, chances: Numbers, given: Flags) -> dict[str, dict[str, float]]:
    """Scores on the messages of social French that name a product, and in English."""
    social, truth = data.is_social, data.truths == 1
    out = scored(HEADS, truth[social], chances[social], given[social])
    for corpus in (messages.PSYTAR, messages.VAERS, messages.PHEE):
        here = np.array([example.corpus == corpus for example in data.examples])
        out[f"{LABEL}, {corpus}"] = scores(truth[here, 0], given[here, 0])
    return out


def main() -> None:
    examples, names = gated(messages.learnable())
    data = prepare(examples, names)
    logits = foretell(data)
    held_out = report(data, *outcome(data, logits, MISSES, LEAST))
    show(held_out)
    if "--dry" in sys.argv:
        return
    everyone = np.ones(len(data.examples), dtype=np.bool_)
    header = {
        "version": VERSION,
        "heads": HEADS,
        "columns": columns(names),
        "corpora": sorted({example.corpus for example in data.examples}),
        "held_out": held_out,
    }
    write(NAME, fit(data, everyone), calibrate(data, logits, everyone, MISSES, LEAST), header)


if __name__ == "__main__":
    main()
