"""Scores of the labels, and what reading them costs.

    python -m benchmarks.labels [--fast]

Out of fold on the messages of social French (the heads are learned again, without the shipped
ones), beside TF-IDF and a linear classifier on the same folds; alarms of the shipped heads on
comments that were never learned from. `--fast` leaves out the folds and shows those shipped.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.resources import files
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

from training import labels, messages
from training.messages import LABELS
from veilleur.reading import Reader
from veilleur.reading.analyzers.drugs import DrugAnalyzer
from veilleur.reading.analyzers.labels import LabelAnalyzer
from veilleur.reading.analyzers.reactions import ReactionAnalyzer

TOXIC = {"insult", "threat", "hate"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--fast", action="store_true", help="show the shipped scores instead of learning again"
    )
    held_out = shipped_scores() if parser.parse_args().fast else learned_scores()
    floor = floor_scores()
    print(f"{'label':34}{'n':>6}{'P':>8}{'R':>8}{'F1':>8}{'ECE':>8}{'floor F1':>10}")
    for label, scored in held_out["labels"].items():
        beside = f"{floor[label]['f1']:.3f}" if label in floor else ""
        cells = "".join(
            f"{scored.get(name, float('nan')):8.3f}" for name in ("precision", "recall", "f1", "ece")
        )
        print(f"{label:34}{scored['n']:6}{cells}{beside:>10}")
    print("priority", json.dumps(held_out["priority"]))
    alarms = alarm_shares()
    print("alarms on held-out comments", json.dumps(alarms))
    cost = microseconds()
    print(f"{cost:.0f} µs a text for the labels, features included")
    print(
        json.dumps(
            {"labels": held_out["labels"], "floor": floor, "alarms": alarms, "microseconds": round(cost)}
        )
    )


def shipped_scores() -> dict[str, Any]:
    header = files("veilleur.reading").joinpath("weights/labels.json").read_text("utf-8")
    scores: dict[str, Any] = json.loads(header)["held_out"]
    return scores


def learned_scores() -> dict[str, Any]:
    data = labels.prepare(messages.learnable())
    return labels.report(data, *labels.outcome(data, labels.foretell(data)))


def floor_scores() -> dict[str, dict[str, float]]:
    """Words, pairs and character n-grams by TF-IDF, a balanced linear classifier, the same folds."""
    examples = messages.development()
    folds = labels.deal([one.corpus for one in examples], [one.group for one in examples])
    texts = np.array([one.mention.text for one in examples], dtype=object)
    truth = np.array([[one.labels[label] for label in LABELS] for one in examples])
    given = np.zeros_like(truth)
    for fold in range(labels.FOLDS):
        here = folds == fold
        words = make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2),
        )
        learned, read = words.fit_transform(texts[~here]), words.transform(texts[here])
        for column in range(len(LABELS)):
            model = LinearSVC(C=0.5, class_weight="balanced").fit(learned, truth[~here, column])
            given[here, column] = model.predict(read)
    return {label: labels.scores(truth[:, n], given[:, n]) for n, label in enumerate(LABELS)}


def alarm_shares() -> dict[str, dict[str, float]]:
    """Share of the test rows of the ordinary comments that the shipped heads give each rare label."""
    reader = Reader([DrugAnalyzer(), ReactionAnalyzer(), LabelAnalyzer()])
    out = {}
    for corpus in labels.ORDINARY:
        rows = [one.mention for one in messages.ordinary() if one.is_test and one.corpus == corpus]
        found = [{finding.label for finding in reading.of("labels")} for reading in reader.read(rows)]
        shares = {label: sum(label in one for one in found) / len(rows) for label in messages.RARE}
        shares["insult, threat or hate"] = sum(bool(one & TOXIC) for one in found) / len(rows)
        out[f"{corpus} ({len(rows)})"] = {label: round(share, 4) for label, share in shares.items() if share}
    return out


def microseconds(texts: int = 20_000) -> float:
    """CPU time of one text of the social messages: with the labels, less the same reading without."""
    mentions = [one.mention for one in messages.development()]
    mentions = (mentions * (texts // len(mentions) + 1))[:texts]
    plain, full = (
        Reader([DrugAnalyzer(), ReactionAnalyzer()]),
        Reader([DrugAnalyzer(), ReactionAnalyzer(), LabelAnalyzer()]),
    )
    spent = []
    for reader in (plain, full):
        start = time.process_time()
        reader.read(mentions)
        spent.append(time.process_time() - start)
    return (spent[1] - spent[0]) / texts * 1e6


if __name__ == "__main__":
    main()
