"""Rebuilds `src/veilleur/rules/weights/rules.*`: which rules a text breaks, learned from examples.

    python -m training.rules

Examples: `training/corpora/rules/*.jsonl` (its README says how they were written). Everything that is chosen
(the verdict, the cuts) comes from five folds that keep what one voice wrote on one side. The same examples
give the same bytes.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from training.panels import Flags, Integers, Matrix, Numbers
from veilleur.rules import Rulebook, learned
from veilleur.rules.features import features, inside
from veilleur.rules.learned import (
    ALONE,
    OTHERS,
    REPLIES,
    Inside,
    Lines,
    Look,
    Weights,
    look,
    stretches,
    summary,
)
from veilleur.text import normalise
from veilleur.vocabulary import Kind, Outgoing, Span

CORPUS = Path(__file__).parent / "corpora/rules"
WEIGHTS = Path(__file__).parents[1] / "src/veilleur/rules/weights"
VERSION = "2"
FOLDS, SEED = 5, 20240501
RAREST = 2
"""Texts that must hold a feature before it is learned."""
RARITY = 0.8
REGULARISATION = 30.0
BROKEN = 3.0
"""What an example that breaks a rule counts for the head of that rule, beside one that does not."""
INNER_RAREST, INNER_REGULARISATION = 4, 0.1
"""The same for what tells the words of a breach."""
SMALLEST, INNER_SMALLEST = 0.8, 0.05
"""Weights nearer to 0 are dropped: of 2,199 examples, no verdict and 68 lists of rules change beside 0.5."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text and the rules it breaks."""

    id: str
    group: str
    target: str
    """The rule it was written for or against."""
    outgoing: Outgoing
    spans: tuple[tuple[frozenset[str], Span], ...]

    @property
    def rules(self) -> frozenset[str]:
        """Every rule that it breaks."""
        return frozenset().union(*(rules for rules, _span in self.spans))


def examples(folder: Path = CORPUS) -> list[Example]:
    """All of them, in the order of the files."""
    return [
        _example(json.loads(line))
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def _example(raw: dict[str, Any]) -> Example:
    kind = {"reply": Kind.REPLY}.get(
        raw["kind"], Kind.PROFILE if raw.get("network") == "profil" else Kind.POST
    )
    outgoing = Outgoing(
        raw["text"],
        kind,
        raw["actor"],
        raw["lang"],
        raw.get("network", ""),
        raw.get("review", ""),
        raw.get("author_display", ""),
    )
    spans = tuple((frozenset(one["rules"]), Span(one["start"], one["end"])) for one in raw["spans"])
    return Example(raw["id"], raw["group"], raw["target"], outgoing, spans)


@dataclass(frozen=True)
class Set:
    """Examples as numbers."""

    examples: Sequence[Example]
    rules: tuple[str, ...]

    @cached_property
    def looks(self) -> list[Look]:
        """What the heads see of each."""
        return [look(one.outgoing, normalise(one.outgoing.text)) for one in self.examples]

    @cached_property
    def features(self) -> list[set[str]]:
        """Of each, the names of what the heads see."""
        return [{one.name for one in features(looked.sentences, looked.around)} for looked in self.looks]

    @cached_property
    def names(self) -> list[str]:
        """The features that are learned."""
        times = Counter(name for names in self.features for name in names)
        return sorted(name for name, count in times.items() if count >= RAREST)

    @cached_property
    def matrix(self) -> Matrix:
        """(examples, features), each counted as `learned.judge` counts it."""
        line = {name: number for number, name in enumerate(self.names)}
        rows = [sorted(line[name] for name in names if name in line) for names in self.features]
        places = np.cumsum([0, *map(len, rows)])
        scales = np.repeat([looked.scale for looked in self.looks], np.diff(places))
        entries = [entry for those in rows for entry in those]
        return sparse.csr_matrix((scales, entries, places), shape=(len(rows), len(line)))

    @cached_property
    def alone(self) -> tuple[Matrix, Flags, Integers]:
        """(sentences, features); whether each holds a part of a breach; the example it stands in."""
        known = Lines({name: line for line, name in enumerate(self.names)})
        rows, scales, truths, owners = [], [], [], []
        for number, (one, looked) in enumerate(zip(self.examples, self.looks, strict=True)):
            normal = normalise(one.outgoing.text)
            places = [sentence.places for sentence in looked.sentences if sentence.words]
            spans = [normal.span(words[0][0], words[-1][1]) for words in places]
            truths += [any(_meet(span, gold) for _rules, gold in one.spans) for span in spans]
            for found, size in known.of_sentences(looked, known.placed(looked)):
                rows.append(sorted(found))
                scales.append(learned.scale_of(size))
                owners.append(number)
        places_of = np.cumsum([0, *map(len, rows)])
        counted = np.repeat(scales, np.diff(places_of))
        entries = [entry for those in rows for entry in those]
        matrix = sparse.csr_matrix((counted, entries, places_of), shape=(len(rows), len(self.names)))
        return matrix, np.array(truths), np.array(owners)

    @cached_property
    def inner_names(self) -> list[str]:
        """What tells a word of a breach, where it is common enough to be learned."""
        times = Counter(name for looked in self.looks for names in _inner(looked) for name in set(names))
        return sorted(name for name, count in times.items() if count >= INNER_RAREST)

    @cached_property
    def words(self) -> tuple[Matrix, Flags, Integers]:
        """(words, names); whether each belongs to a breach; the example it stands in."""
        line = {name: number for number, name in enumerate(self.inner_names)}
        rows, truths, owners = [], [], []
        for number, (one, looked) in enumerate(zip(self.examples, self.looks, strict=True)):
            normal = normalise(one.outgoing.text)
            gold = [span for _rules, span in one.spans]
            names = _inner(looked)
            rows += [sorted({line[name] for name in those if name in line}) for those in names]
            truths += [any(_meet(normal.span(*place), span) for span in gold) for place in looked.places]
            owners += [number] * len(names)
        places = np.cumsum([0, *map(len, rows)])
        entries = [entry for those in rows for entry in those]
        matrix = sparse.csr_matrix((np.ones(len(entries)), entries, places), shape=(len(rows), len(line)))
        return matrix, np.array(truths), np.array(owners)

    @cached_property
    def broken(self) -> Flags:
        """(examples, rules)."""
        return np.array([[rule in one.rules for rule in self.rules] for one in self.examples])

    @cached_property
    def binding(self) -> Flags:
        """(examples, rules): whether the rule binds who wrote it, in such a text."""
        book = Rulebook()
        heads = [book.heads_for(one.outgoing) for one in self.examples]
        return np.array([[rule in those for rule in self.rules] for those in heads])

    @cached_property
    def kinds(self) -> Any:
        """(examples,): `REPLIES` or `OTHERS`."""
        return np.array([looked.kind for looked in self.looks])

    @cached_property
    def folds(self) -> Integers:
        """(examples,)."""
        out = np.zeros(len(self.examples), dtype=np.int64)
        split = GroupKFold(FOLDS, shuffle=True, random_state=SEED)
        groups = [one.group for one in self.examples]
        for number, (_train, held_out) in enumerate(split.split(self.examples, groups=groups)):
            out[held_out] = number
        return out


def _inner(looked: Look) -> list[list[str]]:
    return [names for sentence in looked.sentences for names in inside(sentence)]


def prepare(those: Sequence[Example]) -> Set:
    """Examples with every rule that one of them breaks."""
    return Set(those, tuple(sorted({rule for one in those for rule in one.rules})))


def fit(data: Set, train: Flags) -> tuple[Numbers, Numbers]:
    """(features, heads) weights and (heads,) biases, learned from the examples `train`.

    Heads: `REPLIES`, `OTHERS`, the rules, then those of `ALONE`.
    """
    counts = np.bincount(data.matrix[train].indices, minlength=data.matrix.shape[1])
    rare = np.maximum(np.log((int(train.sum()) + 1) / (counts + 1)), 0.3) ** RARITY
    narrow = (data.matrix @ sparse.diags(np.where(counts >= RAREST, rare, 0))).tocsr()
    anything = data.broken.any(axis=1)
    tasks = [(data.kinds == kind, anything, 1.0) for kind in (REPLIES, OTHERS)]
    tasks += [(data.binding[:, head], data.broken[:, head], BROKEN) for head in range(len(data.rules))]
    sentences, holds, owners = data.alone
    short = (sentences @ sparse.diags(np.where(counts >= RAREST, rare, 0))).tocsr()
    work = [(narrow, known & train, truth, weight) for known, truth, weight in tasks]
    work += [(short, ((data.kinds == kind) & train)[owners], holds, 1.0) for kind in ALONE]
    learned_ones = Parallel(n_jobs=2)(delayed(_fit_head)(*one) for one in work)
    weights = np.array([weights * rare for weights, _bias in learned_ones]).T
    return weights, np.array([bias for _weights, bias in learned_ones])


def _fit_head(narrow: Matrix, train: Flags, truth: Flags, weight: float) -> tuple[Numbers, float]:
    if not truth[train].any():
        return np.zeros(narrow.shape[1]), learned.SILENT
    told = _telling(narrow[train], truth[train])
    model = LogisticRegression(
        C=REGULARISATION, solver="liblinear", dual=True, max_iter=100, class_weight={0: 1.0, 1: weight}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit((narrow[train] @ sparse.diags(told)).tocsr(), truth[train].astype(np.int64))
    return model.coef_[0] * told, float(model.intercept_[0])


def _telling(matrix: Matrix, truth: Flags) -> Numbers:
    """(features,): how much each tells by itself; what tells little is held back.

    The square root of the log-count ratio of Wang and Manning, “Baselines and Bigrams”, ACL 2012.
    """
    with_it = np.bincount(matrix[truth].indices, minlength=matrix.shape[1]) + 1
    without = np.bincount(matrix[~truth].indices, minlength=matrix.shape[1]) + 1
    ratio = np.log(with_it / truth.sum()) - np.log(without / max(int((~truth).sum()), 1))
    return np.asarray(np.sqrt(np.abs(ratio) + 0.05))


def fit_inside(data: Set, train: Flags) -> Inside:
    """What tells the words of a breach, learned from the examples `train`."""
    matrix, truth, owners = data.words
    columns, biases = [], []
    for kind in (REPLIES, OTHERS):
        here = (train & (data.kinds == kind))[owners]
        model = LogisticRegression(C=INNER_REGULARISATION, solver="liblinear", max_iter=100)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(matrix[here], truth[here])
        columns.append(model.coef_[0])
        biases.append(float(model.intercept_[0]))
    row = {name: line for line, name in enumerate(data.inner_names)}
    return Inside(row, np.array(columns, dtype=np.float32).T, np.array(biases, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Foretold:
    """What is said of each example by what saw nothing of its voice."""

    logits: Numbers
    """(examples, heads)."""
    told: list[Any]
    """By example, (words,): log-odds that each belongs to a breach."""
    alone: list[Any]
    """By example, (sentences,): log-odds that each breaks anything."""
    folds: list[Weights]


def foretell(data: Set) -> Foretold:
    """Every example judged by heads that saw nothing of that voice, and those heads, fold by fold."""
    out = np.zeros((len(data.examples), len(data.rules) + 2))
    told: list[Any] = [None] * len(data.examples)
    alone: list[Any] = [None] * len(data.examples)
    folds = []
    for fold in range(FOLDS):
        held_out = data.folds == fold
        weights, bias = fit(data, ~held_out)
        out[held_out] = (data.matrix[held_out] @ weights + bias)[:, : out.shape[1]]
        folds.append(_weights(data, weights, bias, fit_inside(data, ~held_out)))
        for number in np.flatnonzero(held_out):
            looked = data.looks[number]
            told[number] = folds[-1].inside.logits(looked)
            alone[number] = folds[-1].alone(looked, folds[-1].lines.placed(looked))
    return Foretold(out, told, alone, folds)


def _weights(data: Set, weights: Numbers, bias: Numbers, inner: Inside) -> Weights:
    return Weights(
        (REPLIES, OTHERS, *data.rules, *ALONE.values()),
        Lines({name: line for line, name in enumerate(data.names)}),
        weights.astype(np.float32),
        bias.astype(np.float32),
        inner,
    )


def summaries(data: Set, said: Foretold) -> Numbers:
    """(examples, numbers): what the verdict reads."""
    return np.array(
        [
            summary(float(row[0 if kind == REPLIES else 1]), row[2:][binding].astype(np.float32), told, alone)
            for row, kind, binding, told, alone in zip(
                said.logits, data.kinds, data.binding, said.told, said.alone, strict=True
            )
        ]
    )


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How texts are judged, for one kind."""

    weights: Numbers
    bias: float
    cut: float


def verdicts(data: Set, seen: Numbers, these: Flags) -> dict[str, Verdicts]:
    """Learned from the examples `these`; the cut is where precision and recall meet best."""
    out = {}
    for kind in (REPLIES, OTHERS):
        here = these & (data.kinds == kind)
        truth = data.broken[here].any(axis=1)
        model = LogisticRegression(C=1.0).fit(seen[here], truth)
        scores = model.decision_function(seen[here])
        out[kind] = Verdicts(model.coef_[0], float(model.intercept_[0]), best_cut(scores, truth))
    return out


def best_cut(scores: Numbers, truth: Flags) -> float:
    """The cut with the best F1, smoothed over its neighbours."""
    cuts = np.quantile(scores, np.linspace(0.02, 0.98, 193))
    given = scores[None, :] >= cuts[:, None]
    f1 = 2 * (given & truth).sum(axis=1) / (given.sum(axis=1) + truth.sum())
    smooth = np.convolve(np.pad(f1, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    return float(cuts[int(smooth.argmax())])


def rule_cuts(data: Set, logits: Numbers, these: Flags) -> Numbers:
    """(rules,): from which log-odds a rule is said of a text that breaks something."""
    out = np.zeros(len(data.rules))
    something = these & data.broken.any(axis=1)
    for head in range(len(data.rules)):
        here = something & data.binding[:, head]
        truth = data.broken[here, head]
        out[head] = best_cut(logits[here, head + 2], truth) if truth.sum() >= FOLDS else 0.0
    return out


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is said of each example by what saw nothing of its voice."""

    violating: Flags
    said: list[dict[str, Span]]


def outcome(data: Set, foretold: Foretold) -> Outcome:
    """Verdicts, rules and places, everything chosen on the other folds."""
    seen = summaries(data, foretold)
    violating = np.zeros(len(data.examples), dtype=np.bool_)
    said: list[dict[str, Span]] = [{} for _ in data.examples]
    for fold in range(FOLDS):
        here = data.folds == fold
        known, cuts = verdicts(data, seen, ~here), rule_cuts(data, foretold.logits, ~here)
        for number in np.flatnonzero(here):
            judged = known[data.kinds[number]]
            if foretold.logits[number, 0 if data.kinds[number] == REPLIES else 1] < learned.UNLIKELY:
                continue
            if seen[number] @ judged.weights + judged.bias >= judged.cut and data.binding[number].any():
                violating[number] = True
                said[number] = dict(_said(data, foretold, fold, cuts, int(number)))
    return Outcome(violating, said)


def _said(data: Set, foretold: Foretold, fold: int, cuts: Numbers, number: int) -> Iterator[tuple[str, Span]]:
    row = np.where(data.binding[number], foretold.logits[number, 2:], -np.inf)
    normal = normalise(data.examples[number].outgoing.text)
    broken = np.flatnonzero(data.binding[number] & ((row >= cuts) | (row == row.max())))
    known, looked = foretold.folds[fold], data.looks[number]
    found = stretches(known, looked, known.lines.placed(looked), (broken + 2).tolist(), foretold.told[number])
    for head, (start, end) in zip(broken, found, strict=True):
        yield data.rules[head], normal.span(start, end)


def scores(data: Set, found: Outcome, these: Flags) -> dict[str, float]:
    """Verdicts, rules and stretches over some examples."""
    truth: Flags = np.asarray(data.broken.any(axis=1))[these]
    given = found.violating[these]
    right = int((truth & given).sum())
    numbers: list[int] = np.flatnonzero(these).tolist()
    caught = [number for number in numbers if found.violating[number] and data.examples[number].rules]
    named = [bool(data.examples[number].rules & found.said[number].keys()) for number in caught]
    pairs = [(rule, span, data.examples[n]) for n in numbers for rule, span in found.said[n].items()]
    met = [any(rule in rules and _meet(span, gold) for rules, gold in one.spans) for rule, span, one in pairs]
    golden = [(rule, span, n) for n in numbers for rules, span in data.examples[n].spans for rule in rules]
    hit = [rule in found.said[n] and _meet(found.said[n][rule], span) for rule, span, n in golden]
    return {
        "n": len(numbers),
        "broken": int(truth.sum()),
        "precision": _share(right, int(given.sum())),
        "recall": _share(right, int(truth.sum())),
        "alarms": _share(int((given & ~truth).sum()), int((~truth).sum())),
        "right_rule": _share(sum(named), len(named)),
        "span_precision": _share(sum(met), len(met)),
        "span_recall": _share(sum(hit), len(hit)),
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 0.0


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def write(data: Set, weights: Numbers, bias: Numbers, inner: Inside, header: dict[str, Any]) -> None:
    """The two files that the package ships."""
    kept = np.where(np.abs(weights) >= SMALLEST, weights, 0)
    lines = np.flatnonzero(np.abs(kept).max(axis=1) > 0)
    table = sparse.csr_matrix(kept[lines])
    names = "\n".join(data.names[line] for line in lines).encode()
    inside_kept = np.where(np.abs(inner.table) >= INNER_SMALLEST, inner.table, 0)
    inside_lines = np.flatnonzero(inside_kept.any(axis=1))
    inside_names = "\n".join(data.inner_names[line] for line in inside_lines).encode()
    np.savez_compressed(
        WEIGHTS / "rules.npz",
        names=np.frombuffer(names, dtype=np.uint8),
        data=table.data.astype(np.float16),
        indices=table.indices.astype(np.int8),
        places=table.indptr.astype(np.int32),
        bias=bias.astype(np.float32),
        inside_names=np.frombuffer(inside_names, dtype=np.uint8),
        inside=inside_kept[inside_lines].astype(np.float16),
        inside_bias=inner.bias,
    )
    text = json.dumps({"name": "rules", "version": VERSION, **header, "licence": "Apache-2.0"}, indent=1)
    (WEIGHTS / "rules.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Learns, scores out of fold, writes."""
    data = prepare(examples())
    foretold = foretell(data)
    found = outcome(data, foretold)
    table = {kind: scores(data, found, data.kinds == kind) for kind in (REPLIES, OTHERS)}
    for rule in data.rules:
        these = np.array([one.target == rule for one in data.examples])
        table[rule] = scores(data, found, these)
    for name, numbers in table.items():
        print(f"{name:30}", "  ".join(f"{key} {value}" for key, value in numbers.items()))
    everyone = np.ones(len(data.examples), dtype=np.bool_)
    judged = verdicts(data, summaries(data, foretold), everyone)
    cuts = rule_cuts(data, foretold.logits, everyone)
    weights, bias = fit(data, everyone)
    header = {
        "heads": (REPLIES, OTHERS, *data.rules, *ALONE.values()),
        "cuts": {rule: round(float(cut), 3) for rule, cut in zip(data.rules, cuts, strict=True)},
        "verdict": {
            kind: [*map(float, one.weights.round(4)), round(one.bias, 4), round(one.cut, 4)]
            for kind, one in judged.items()
        },
        "held_out": table,
    }
    write(data, weights, bias, fit_inside(data, everyone), header)


if __name__ == "__main__":
    main()
