"""Which words tell of a suspected reaction that happened, and the spans they make.

Every word says how much it sounds like the beginning or the body of a reaction; the chain
weighs that against its neighbours; runs of likely words are spans, and each span is judged once
more as a whole. Everything is worked out for all messages of a batch together.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from veilleur.reading.adverse.chain import BEGINS, OUTSIDE, Chains, Numbers, marginals
from veilleur.reading.adverse.heads import looks_of
from veilleur.reading.adverse.tokens import ROWS, Brought, Entries, Tokens, characters_of, tokens_of
from veilleur.reading.analyzer import Batch
from veilleur.reading.wordbook import CHARACTER_WEIGHT
from veilleur.text.words import Flags, Integers, changes, split

NAME = "tagger"
REACH = 3
"""Words on either side that a `near` row speaks for."""
SIDES = 2 * REACH + 1
LEAST = 0.06
"""Words less likely than this belong to no span."""
OF_PEAK = 0.35
"""Words of a span are at least this likely, as a share of the likeliest one."""
PARTED = 0.5
"""A word that begins a reaction with this share of its chance begins another span."""
SPAN_NUMBERS = (
    "likeliest word", "words on average", "told", "likeliest of message", "lexicon", "words", "begins clause",
    "spans of message",
)  # fmt: skip
_BOUND = split(
    [
        "et ou mais donc car puis avec que qui ni de du des d a au aux en le la les l un une par pour sur",
        "dans ce se ma mon mes sa son ses j je il elle on and or but the of to with my in i",
    ]
).hashes
"""A span does not end with words like these."""
_LEADING = split(["et ou mais donc car puis que qui and or but"]).hashes
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Tagger:
    """What was learned."""

    version: str
    near_index: NDArray[np.int32]
    """(ROWS + 1,): line of `near`, 0 for rows that say nothing."""
    near: Numbers
    """(lines, SIDES · 2): what a line says of the words from `REACH` before to `REACH` behind it."""
    own_index: NDArray[np.int32]
    own: Numbers
    """(lines, 2)."""
    dense: Numbers
    """(2, dense numbers)."""
    bias: Numbers
    moves: Numbers
    """(3, 3): exponentials of what may follow what."""
    span: Numbers
    """(SPAN_NUMBERS + 1,): how a span is judged as a whole, the bias last."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Candidate reactions, in the order of the text."""

    text: Integers
    """Message among those of `looks_of`."""
    first: Integers
    last: Integers
    """Behind the last word."""
    numbers: Numbers
    """(spans, `SPAN_NUMBERS`)."""


@dataclass(frozen=True, slots=True)
class Told:
    """A suspected reaction in a normalised text, and how sure it is."""

    start: int
    end: int
    score: float


@cache
def shipped() -> Tagger:
    """The tagger that comes with Veilleur, read once per process."""
    folder = files("veilleur.reading").joinpath("weights")
    header = json.loads(folder.joinpath(f"{NAME}.json").read_text("utf-8"))
    with folder.joinpath(f"{NAME}.npz").open("rb") as source, np.load(source) as arrays:
        found = {part: arrays[part].astype(np.float64) for part in arrays.files}
    near_index, near = _lines(found["near_rows"], found["near"])
    own_index, own = _lines(found["own_rows"], found["own"])
    rest = {part: found[part] for part in ("dense", "bias", "moves", "span")}
    return Tagger(header["version"], near_index, near, own_index, own, **rest)


def _lines(rows: Numbers, table: Numbers) -> tuple[NDArray[np.int32], Numbers]:
    index = np.zeros(ROWS + 1, dtype=np.int32)
    index[rows.astype(np.int64)] = np.arange(1, len(rows) + 1)
    return index, np.concatenate([np.zeros_like(table[:1]), table])


def reactions_of(batch: Batch) -> list[list[Told]]:
    """Reactions of each message of `looks_of`, doubtful ones too: ask with `batch.once(reactions_of)`."""
    out: list[list[Told]] = [[] for _ in batch.once(looks_of).rows]
    if not out:
        return out
    tagger, read = shipped(), batch.once(tokens_of)
    spans = spans_of(read, marginals_of(read, powers_of(tagger, read), tagger.moves))
    chances = judged(spans, tagger.span)
    start, end = places(read, spans)
    for text, *told in zip(spans.text.tolist(), start.tolist(), end.tolist(), chances.tolist(), strict=True):
        out[text].append(Told(*told))
    return out


def places(read: Tokens, spans: Spans) -> tuple[Integers, Integers]:
    """Where spans start and end in their normalised texts."""
    words = read.features.words
    offset = words.layout.offsets[spans.text] + read.shift[spans.text]
    return words.starts[spans.first] - offset, words.ends[spans.last - 1] - offset


def powers_of(tagger: Tagger, read: Tokens) -> Numbers:
    """(words, 3): exponentials of what each word says of itself."""
    size = len(read.features.words)
    units = read.features.units
    alone = np.zeros((len(units.rows), 2))
    _add(alone, tagger.own_index, tagger.own, characters_of(read.features))
    said = _sums(tagger.own_index, tagger.own, read.own, size)
    said += CHARACTER_WEIGHT * alone.T[:, read.features.unit_of]
    near = _sums(tagger.near_index, tagger.near, read.near, size).reshape(SIDES, 2, size)
    owner = read.features.words.owner
    for side in range(SIDES):
        _shift(said, near[side], side - REACH, owner)
    for number, weights in zip(read.dense.T.astype(np.float64), tagger.dense.T, strict=True):
        said += number * weights[:, None]
    out = np.ones((size, 3))
    out[:, 1:] = np.exp(np.clip(said.T + tagger.bias, -30, 30))
    return out


def _sums(index: NDArray[np.int32], table: Numbers, brought: Brought, size: int) -> Numbers:
    """(columns, words): the lines of everything that each word brings, added up in its order."""
    total = np.zeros((size, table.shape[1]))
    for layer in brought.first:
        total += table.take(index[layer], axis=0)
    _add(total, index, table, brought.some)
    for layer in brought.last:
        total += table.take(index[layer], axis=0)
    return np.ascontiguousarray(total.T)


def _add(total: Numbers, index: NDArray[np.int32], table: Numbers, entries: Entries) -> None:
    """Adds the lines of all entries to `total` (words, columns), one after the other."""
    lines = index[entries.rows]
    known = np.flatnonzero(lines)
    columns = table.shape[1]
    # Numpy adds to one long array many times faster than to rows.
    places = columns * entries.words[known][:, None] + np.arange(columns)
    np.add.at(total.reshape(-1), places.ravel(), table.take(lines[known], axis=0).ravel())


def _shift(said: Numbers, near: Numbers, step: int, owner: Integers) -> None:
    """Adds what each word says of the word `step` places on, in the same text."""
    if step == 0:
        said += near
    elif abs(step) < len(owner):
        to, source = (
            (slice(step, None), slice(None, -step)) if step > 0 else (slice(None, step), slice(-step, None))
        )
        said[:, to] += near[:, source] * (owner[to] == owner[source])


def marginals_of(read: Tokens, powers: Numbers, moves: Numbers) -> Numbers:
    """(words, 3): how sure of each state; a product and a title are outside."""
    links = np.where(can_tell(read), chain_names(read), -1)
    out = marginals(powers, moves, Chains.of(links))
    out[links < 0, OUTSIDE] = 1
    return out


def can_tell(read: Tokens) -> Flags:
    """(words,): whether each word may belong to a reaction."""
    return ~read.product & (read.sentence >= 0)


def chain_names(read: Tokens) -> Integers:
    """(words,): a number that changes from one sentence or side of a product to the next."""
    names: Integers = np.cumsum(changes(read.sentence) | changes(read.product))
    return names


def spans_of(read: Tokens, sure: Numbers) -> Spans:
    """Runs of likely words; what begins anew begins another span."""
    inside = 1 - sure[:, OUTSIDE]
    inside[~can_tell(read)] = 0
    begins = sure[:, BEGINS] > PARTED * inside
    names = chain_names(read)
    first, last = _runs(inside >= LEAST, begins, names)
    peak = np.zeros(len(inside))
    if len(first):
        run = np.repeat(np.arange(len(first)), last - first)
        where = np.repeat(first - np.cumsum(last - first) + (last - first), last - first) + np.arange(
            len(run)
        )
        peak[where] = np.maximum.reduceat(inside[where], np.cumsum(last - first) - (last - first))[run]
    first, last = _runs((inside >= LEAST) & (inside >= OF_PEAK * peak), begins, names)
    first, last = _trimmed(read, first, last)
    text = read.features.words.owner[first]
    return Spans(text, first, last, _numbers(read, inside, text, first, last))


def _runs(inside: Flags, begins: Flags, names: Integers) -> tuple[Integers, Integers]:
    new = begins | changes(names) | ~np.append(False, inside[:-1])
    first = np.flatnonzero(inside & new)
    last = np.flatnonzero(inside & np.append((new | ~inside)[1:], True)) + 1
    return first, last


def _trimmed(read: Tokens, first: Integers, last: Integers) -> tuple[Integers, Integers]:
    """Spans without the small words at their ends; those of nothing else are left out."""
    hashes = read.features.words.hashes
    bound, leading = np.isin(hashes, _BOUND), np.isin(hashes, _LEADING)
    first, last = first.copy(), last.copy()
    for _ in range(_ROUNDS):
        last -= bound[last - 1] & (last - first > 0)
        first += leading[np.minimum(first, len(hashes) - 1)] & (last - first > 0)
    kept = last > first
    return first[kept], last[kept]


def _numbers(read: Tokens, inside: Numbers, text: Integers, first: Integers, last: Integers) -> Numbers:
    """(spans, `SPAN_NUMBERS`)."""
    # Each span is summed by itself: a running sum would round by what else is in the batch.
    edges, padded = np.stack([first, last], axis=1).ravel(), np.append(inside, 0)
    most, total = (sums.reduceat(padded, edges)[::2] for sums in (np.maximum, np.add))
    best = np.zeros(len(read.shift))
    np.maximum.at(best, text, most)
    many = np.bincount(text, minlength=len(read.shift))
    return (
        np.stack(
            [
                _log_odds(most),
                _log_odds(total / (last - first)),
                read.dense[first, 0],
                _log_odds(best[text]),
                _any(read.marked, first, last),
                np.log(last - first),
                changes(read.features.words.clause)[first],
                np.log1p(many[text]),
            ],
            axis=1,
        )
        .reshape(len(first), len(SPAN_NUMBERS))
        .astype(np.float64)
    )


def _any(flags: Flags, first: Integers, last: Integers) -> Flags:
    running = np.append(0, np.cumsum(flags))
    found: Flags = running[last] > running[first]
    return found


def _log_odds(chances: Numbers) -> Numbers:
    held = np.clip(chances, 0.001, 0.999)
    return np.log(held / (1 - held))


def judged(spans: Spans, weights: Numbers) -> Numbers:
    """(spans,): how sure of each span as a whole."""
    chances: Numbers = 1 / (1 + np.exp(-((spans.numbers * weights[:-1]).sum(axis=1) + weights[-1])))
    return chances
