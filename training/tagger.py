"""Learning the tagger of reactions (`veilleur.reading.adverse.tagger`), as part of `training.adverse`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from training.chain import Learned, learn, sparse_rows, states_of
from training.panels import FOLDS, Flags, Integers, Matrix, Numbers
from training.sentiment import WEIGHTS
from veilleur.reading.adverse import tagger
from veilleur.reading.adverse.heads import every_look, looks_of
from veilleur.reading.adverse.tagger import NAME, REACH, SIDES, SPAN_NUMBERS, Spans
from veilleur.reading.adverse.tokens import Entries, Tokens, characters_of, tokens
from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.wordbook import CHARACTER_WEIGHT
from veilleur.text.words import stretches

HELD = 8.0
"""How strongly weights are held near 0."""
RAREST = 3
"""Words that must bring a row before it is learned."""
SMALLEST = 0.02
SPAN_STRENGTH = 1.0
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Messages as words to learn from."""

    read: Tokens
    matrix: Matrix
    """(words, columns)."""
    columns: Columns
    states: Integers
    names: Integers
    """(words,): chains."""
    folds: Integers
    """(messages,): -1 for those that are only learned from."""
    weights: Numbers
    """(messages,)."""
    happened: list[list[Place]]
    """Per message, where reactions stand in the text as written."""
    subjects: Sequence[Subject]

    @property
    def fold(self) -> Integers:
        """(words,)."""
        return self.folds[self.read.features.words.owner]


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of the matrix stand for: near rows by side, own rows, dense numbers."""

    near: Integers
    own: Integers
    kept: Flags
    """Among near · SIDES + own + dense."""


def sheet(
    subjects: Sequence[Subject],
    surely: Numbers,
    happened: list[list[Place]],
    folds: Integers,
    weights: Numbers,
) -> Sheet:
    """Messages that all name a product, as words; `surely` is how surely each tells of a reaction."""
    batch = Batch(subjects)
    looks = every_look(batch)
    # Learned also from those that reading is spared.
    read = tokens(Batch(subjects, {looks_of: looks}), looks, surely)
    names = tagger.chain_names(read)
    matrix, columns = design(read)
    inside, begins = known(read, subjects, happened)
    return Sheet(
        read, matrix, columns, states_of(inside, begins, names), names, folds, weights, happened, subjects
    )


def design(read: Tokens) -> tuple[Matrix, Columns]:
    """What the chain reads of each word."""
    size = len(read.features.words)
    owner = read.features.words.owner
    around, pieces, alone = read.near.entries(), _pieces(read), read.own.entries()
    near_rows, near = np.unique(around.rows, return_inverse=True)
    own_rows, own = np.unique(np.concatenate([alone.rows, pieces.rows]), return_inverse=True)
    parts = [_side(around.words, near, len(near_rows), side - REACH, owner) for side in range(SIDES)]
    many = len(alone.rows)
    shape = (size, len(own_rows))
    parts.append(
        sparse_rows(alone.words, own[:many], shape)
        + CHARACTER_WEIGHT * sparse_rows(pieces.words, own[many:], shape)
    )
    whole = sparse.hstack([*parts, sparse.csr_matrix(read.dense.astype(np.float64))]).tocsr()
    counts = np.bincount(whole.indices, minlength=whole.shape[1])
    kept = counts >= RAREST
    return whole[:, kept], Columns(near_rows, own_rows, kept)


def _side(words: Integers, columns: Integers, count: int, step: int, owner: Integers) -> Matrix:
    to = words + step
    inside = (to >= 0) & (to < len(owner))
    inside[inside] &= owner[to[inside]] == owner[words[inside]]
    return sparse_rows(to[inside], columns[inside], (len(owner), count))


def _pieces(read: Tokens) -> Entries:
    """Character n-grams of each word."""
    units, of = read.features.units, read.features.unit_of
    pieces = characters_of(read.features)
    order = np.argsort(pieces.words, kind="stable")
    ends = np.searchsorted(pieces.words[order], np.arange(len(units.rows) + 1))
    many = np.diff(ends)[of]
    owner, places = stretches(ends[:-1][of], many)
    return Entries(owner, pieces.rows[order][places])


def known(
    read: Tokens, subjects: Sequence[Subject], happened: Sequence[Iterable[Place]]
) -> tuple[Flags, Flags]:
    """(words,) twice: inside a reaction; the first word of one."""
    words = read.features.words
    inside, begins = (np.zeros(len(words), dtype=np.bool_) for _ in range(2))
    free = tagger.can_tell(read)
    for text, (subject, told) in enumerate(zip(subjects, happened, strict=True)):
        mine = np.flatnonzero((words.owner == text) & free) if told else ()
        offset = words.layout.offsets[text] + read.shift[text]
        spans = [subject.text.span(words.starts[one] - offset, words.ends[one] - offset) for one in mine]
        for start, end in sorted(told):
            here = [
                word for word, span in zip(mine, spans, strict=True) if span.start < end and start < span.end
            ]
            inside[here] = True
            begins[here[:1]] = True
    return inside, begins


def foretell(data: Sheet) -> Numbers:
    """(words, 3): how sure of each state, by chains that did not hear the voice."""
    out = np.zeros((len(data.states), 3))
    out[:, 0] = 1

    def one(fold: int) -> tuple[Flags, Numbers]:
        here = data.fold == fold
        learned = fit(data, ~here)
        return here, sure(data, learned)

    for here, found in Parallel(n_jobs=2)(delayed(one)(fold) for fold in range(FOLDS)):
        out[here] = found[here]
    return out


def fit(data: Sheet, words: Flags) -> Learned:
    """A chain learned from some of the words."""
    these = np.flatnonzero(words & tagger.can_tell(data.read))
    weights = data.weights[data.read.features.words.owner][these]
    return learn(data.matrix[these], data.states[these], data.names[these], weights, HELD)


def sure(data: Sheet, learned: Learned) -> Numbers:
    """(words, 3): how sure of each state."""
    return tagger.marginals_of(data.read, learned.powers(data.matrix), np.exp(learned.moves))


def spans_of(data: Sheet) -> Spans:
    """Candidate spans, foretold."""
    return tagger.spans_of(data.read, foretell(data))


def written(data: Sheet, spans: Spans) -> list[tuple[int, Place]]:
    """(message, place in the text as written) of each span."""
    start, end = tagger.places(data.read, spans)
    out = []
    for text, first, last in zip(spans.text.tolist(), start.tolist(), end.tolist(), strict=True):
        span = data.subjects[text].text.span(first, last)
        out.append((text, (span.start, span.end)))
    return out


def scores(data: Sheet, spans: Spans, given: Flags) -> dict[str, float]:
    """How well the given spans meet the reactions, and how many are the same to the letter."""
    said = [place for place, kept in zip(written(data, spans), given.tolist(), strict=True) if kept]
    met = {
        reaction
        for span, kept in zip(met_by(data, spans), given.tolist(), strict=True)
        if kept
        for reaction in span
    }
    wrong = int((given & ~right(data, spans)).sum())
    reactions = sum(map(len, data.happened))
    exact = sum(place in data.happened[text] for text, place in said)
    precision, recall = len(met) / max(1, len(met) + wrong), len(met) / max(1, reactions)
    f1 = 2 * len(met) / max(1, len(met) + wrong + reactions)
    same = 2 * exact / max(1, len(said) + reactions)
    figures = {"precision": precision, "recall": recall, "f1": f1, "exact_f1": same}
    return {"n": reactions, **{name: round(value, 3) for name, value in figures.items()}}


def right(data: Sheet, spans: Spans) -> Flags:
    """(spans,): whether each meets a reaction that happened."""
    return np.array([bool(met) for met in met_by(data, spans)], dtype=np.bool_)


def fit_span(numbers: Numbers, truth: Flags) -> Numbers:
    """(SPAN_NUMBERS + 1,): how a span is judged as a whole."""
    model = LogisticRegression(C=SPAN_STRENGTH, max_iter=1000).fit(numbers, truth)
    return np.append(model.coef_[0], model.intercept_)


def judged(data: Sheet, spans: Spans, truth: Flags) -> Numbers:
    """(spans,): chances by judges that did not hear the voice; 0 for messages only learned from."""
    fold = data.folds[spans.text]
    chances = np.zeros(len(fold))
    for held_out in range(FOLDS):
        here, others = fold == held_out, (fold != held_out) & (fold >= 0)
        weights = fit_span(spans.numbers[others], truth[others])
        chances[here] = tagger.judged(Spans(*(part[here] for part in _parts(spans))), weights)
    return chances


def _parts(spans: Spans) -> tuple[Any, ...]:
    return spans.text, spans.first, spans.last, spans.numbers


def best_threshold(chances: Numbers, truth: Flags, reactions: int, met: Sequence[Iterable[int]]) -> float:
    """The threshold with the best F score of spans that meet: see `benchmarks.adverse`."""

    def score(limit: float) -> float:
        kept = np.flatnonzero(chances >= limit)
        found = len({number for span in kept.tolist() for number in met[span]})
        said = int((~truth[kept]).sum()) + found
        return 2 * found / max(1, said + reactions)

    return max((round(step / 100, 2) for step in range(5, 90)), key=score)


def met_by(data: Sheet, spans: Spans) -> list[list[int]]:
    """For each span, the numbers of the reactions it meets."""
    first = np.cumsum([0, *map(len, data.happened)]).tolist()
    return [
        [
            first[text] + number
            for number, (start, end) in enumerate(data.happened[text])
            if start < place[1] and place[0] < end
        ]
        for text, place in written(data, spans)
    ]


def write(learned: Learned, columns: Columns, span: Numbers, header: Mapping[str, Any]) -> None:
    """The two files that the package ships; `header` has `version` and `held_out`."""
    whole = np.zeros((len(columns.kept), 2))
    whole[columns.kept] = np.where(np.abs(learned.weights) < SMALLEST, 0, learned.weights)
    cut = SIDES * len(columns.near)
    # Column side · rows + row of the matrix is column (side, label) of line row of the table.
    near = whole[:cut].reshape(SIDES, len(columns.near), 2).transpose(1, 0, 2).reshape(-1, 2 * SIDES)
    own, dense = whole[cut : cut + len(columns.own)], whole[cut + len(columns.own) :]
    telling, speaking = (np.abs(table).max(axis=1) > 0 for table in (near, own))
    arrays: dict[str, Any] = {
        "near_rows": columns.near[telling].astype(np.int32),
        "near": near[telling].astype(np.float16),
        "own_rows": columns.own[speaking].astype(np.int32),
        "own": own[speaking].astype(np.float16),
        "dense": dense.T.astype(np.float32),
        "bias": learned.bias[:, None].T.ravel().astype(np.float32),
        "moves": np.exp(learned.moves).astype(np.float32),
        "span": span.astype(np.float32),
    }
    np.savez_compressed(WEIGHTS / f"{NAME}.npz", **arrays)
    known = {"name": NAME, **header, "numbers": SPAN_NUMBERS, "licence": "Apache-2.0"}
    (WEIGHTS / f"{NAME}.json").write_text(
        json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
