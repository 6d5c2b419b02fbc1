"""Rebuilds `src/veilleur/reading/weights/labels.*`: the heads of the labels and of the priority.

    python -m training.labels [FOLDER] [--dry]

The same corpora give the same bytes. Everything it prints was foretold out of fold.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from training import messages, opinions, panels
from training.messages import LABELS, TOXICITY, WEIGHT, Example
from training.panels import (
    FOLDS,
    Calibration,
    Flags,
    Integers,
    Numbers,
    Set,
    best_cut,
    curves,
    deal,
    fit,
    foretell,
    matrix_of,
    platt,
    scored,
    scores,
    sigmoid,
    write,
)
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers.labels import ENGLISH_REACTION
from veilleur.reading.signals import NAME, columns, signals_of
from veilleur.text.words import Floats
from veilleur.vocabulary import Priority

VERSION = "2"
PRIORITIES = tuple(priority.value for priority in Priority)
HEADS = (*LABELS, *(f"priority {name}" for name in PRIORITIES), ENGLISH_REACTION)
PRIORITY = slice(len(LABELS), len(LABELS) + len(PRIORITIES))
ALARMS = {**dict.fromkeys(TOXICITY, 0.012), "adverse_reaction": 0.025}
LEAST = 0.25
"""A chance below this one is no ground for a label, whatever the F1 of few examples says."""
ALARMS_ELSE = 0.01
"""Share of ordinary comments that may be given a rare label, at most."""
RECALL_FIRST = {
    "adverse_reaction": 2.0,
    "crisis_suicide": 2.0,
    "emergency_medical": 2.0,
    "child_protection": 1.5,
    **dict.fromkeys(TOXICITY, 1.5),
}
"""Labels for which a miss is worse than an alarm, and how many times."""
ORDINARY = (opinions.EXPERIENCES, opinions.FFT, opinions.PHASE_1)
"""Corpora of ordinary comments."""


def prepare(examples: list[Example]) -> Set:
    """Examples as numbers, their voices dealt to the folds."""
    return Set(
        examples,
        matrix_of(examples, _signals),
        np.array([_truths(example) for example in examples], dtype=np.int64),
        np.array([WEIGHT[example.corpus] for example in examples]),
        deal(examples),
    )


def _signals(batch: Batch) -> Floats:
    return batch.once(signals_of).dense


def _truths(example: Example) -> list[int]:
    known = example.labels
    labels = [int(known[label]) if label in known else -1 for label in LABELS]
    priority = [int(example.priority == name) if example.priority else -1 for name in PRIORITIES]
    english = example.mention.language_hint == "en" and "adverse_reaction" in known
    return [*labels, *priority, int(known["adverse_reaction"]) if english else -1]


def calibrate(data: Set, logits: Numbers, these: Flags) -> tuple[Calibration, Numbers]:
    """Platt's curve and thresholds, and the weights of the priority, from the examples `these`."""
    slope, offset = curves(data, logits, these)
    english = these & (data.truths[:, -1] >= 0)
    slope[-1], offset[-1] = platt(logits[english, -1], data.truths[english, -1])
    chances = sigmoid(logits * slope + offset)
    corpora = np.array([example.corpus for example in data.examples])
    social = these & data.is_social
    ordinary = [these & (corpora == corpus) for corpus in ORDINARY]
    thresholds = [
        _threshold(
            label,
            chances[social, head],
            data.truths[social, head] == 1,
            [chances[here, head] for here in ordinary],
        )
        for head, label in enumerate(LABELS)
    ]
    told = these & (corpora == messages.PSYTAR)
    quiet = max(
        float(np.quantile(chances[here, -1], 1 - ALARMS["adverse_reaction"])) for here in ordinary[1:]
    )
    in_english = best_cut(chances[told, -1], data.truths[told, -1] == 1, lowest=quiet)
    model = LogisticRegression(C=0.3, max_iter=3000)
    model.fit(
        np.clip(logits[social] * slope + offset, -6, 6), data.truths[social][:, len(LABELS) :].argmax(axis=1)
    )
    order = [int(place) for place in model.classes_]
    priority = np.concatenate([model.coef_.T, model.intercept_[None]])[:, np.argsort(order)]
    return Calibration(slope, offset, np.array([*thresholds, *[1.0] * len(PRIORITIES), in_english])), priority


def _threshold(label: str, chances: Numbers, truth: Flags, ordinary: Sequence[Numbers]) -> float:
    """The cut with the best F whose alarms stay below their share in each corpus of ordinary comments."""
    quiet = 1 - ALARMS.get(label, ALARMS_ELSE)
    lowest = max(float(np.quantile(one, quiet)) for one in ordinary) if label in messages.RARE else 0.0
    lowest = max(lowest, 0.0 if label in RECALL_FIRST else LEAST)
    return best_cut(chances, truth, miss=RECALL_FIRST.get(label, 1.0), lowest=lowest)


def outcome(data: Set, logits: Numbers) -> tuple[Numbers, Flags, Integers]:
    """Chances, given labels and priority of each example, calibrated on the other folds."""
    chances = np.zeros_like(logits[:, : len(LABELS)])
    given = np.zeros(chances.shape, dtype=np.bool_)
    priority = np.zeros(len(chances), dtype=np.int64)
    for fold in range(FOLDS):
        here = data.folds == fold
        known, weights = calibrate(data, logits, ~here)
        calibrated = logits[here] * known.slope + known.offset
        chances[here] = sigmoid(calibrated[:, : len(LABELS)])
        given[here] = chances[here] >= known.thresholds[: len(LABELS)]
        told = np.clip(calibrated, -6, 6)[:, : len(weights) - 1]
        priority[here] = (told @ weights[:-1] + weights[-1]).argmax(axis=1)
        english = np.flatnonzero(here & (data.truths[:, -1] >= 0))
        column = LABELS.index("adverse_reaction")
        chances[english, column] = sigmoid(logits[english, -1] * known.slope[-1] + known.offset[-1])
        given[english, column] = chances[english, column] >= known.thresholds[-1]
    return chances, given, priority


def report(data: Set, chances: Numbers, given: Flags, priority: Integers) -> dict[str, Any]:
    """Scores on the messages of social French, alarms on ordinary comments."""
    social = data.is_social
    corpora = np.array([example.corpus for example in data.examples])
    truth = data.truths == 1
    out: dict[str, Any] = {
        "labels": scored(LABELS, truth[social][:, : len(LABELS)], chances[social], given[social]),
        "alarms": {},
    }
    for corpus in ORDINARY:
        here = given[corpora == corpus]
        out["alarms"][corpus] = {
            label: round(float(here[:, LABELS.index(label)].mean()), 4) for label in messages.RARE
        }
    for corpus in (messages.PSYTAR, messages.VAERS, messages.PHEE):
        here, head = corpora == corpus, LABELS.index("adverse_reaction")
        out["labels"][f"adverse_reaction, {corpus}"] = scores(truth[here, head], given[here, head])
    wanted = data.truths[social][:, PRIORITY].argmax(axis=1)
    out["priority"] = {name: scores(wanted == n, priority[social] == n) for n, name in enumerate(PRIORITIES)}
    out["priority"]["accuracy"] = round(float((wanted == priority[social]).mean()), 3)
    return out


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "corpora", nargs="?", type=Path, default=opinions.CORPORA, help="folder of the corpora"
    )
    parser.add_argument("--dry", action="store_true", help="score only, write nothing")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    data = prepare(messages.learnable(arguments.corpora))
    logits = foretell(data)
    held_out = report(data, *outcome(data, logits))
    show(held_out)
    if not arguments.dry:
        everyone = np.ones(len(data.examples), dtype=np.bool_)
        known, priority = calibrate(data, logits, everyone)
        header = {
            "version": VERSION,
            "heads": HEADS,
            "columns": columns(),
            "priorities": PRIORITIES,
            "corpora": sorted({example.corpus for example in data.examples}),
            "held_out": held_out,
        }
        write(NAME, fit(data, everyone), known, header, {"priority": priority})


def show(held_out: dict[str, Any]) -> None:
    """The scores as a table."""
    panels.show(held_out["labels"])
    print("priority", json.dumps(held_out["priority"]))
    for corpus, alarms in held_out["alarms"].items():
        print(corpus, json.dumps({label: share for label, share in alarms.items() if share}))


if __name__ == "__main__":
    main()
