"""The learned layer: which rules a text breaks as far as examples teach it, and where.

One linear head per rule over the features of the whole text, and one for “something is broken” in replies and
in posts; another one tells the words of a breach from other words. A small regression over the strongest of
them gives the verdict (`training/rules.py`). Only the rules that bind the publisher are asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import chain
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from veilleur.rules.features import (
    NEAR,
    REACH,
    Tags,
    beside,
    inner_concepts,
    inner_far,
    inner_near,
    inner_pair,
    inner_word,
    of_concept_word,
    of_concepts,
    of_gap,
    of_pair,
    of_word,
    of_word_concept,
    whole,
)
from veilleur.rules.kept import Kept
from veilleur.rules.words import Sentence, sentences, words_of
from veilleur.text import normalise
from veilleur.text.languages import language
from veilleur.text.normalise import Normalised
from veilleur.vocabulary import Kind, Language, Outgoing

Floats: TypeAlias = NDArray[np.float32]
Said: TypeAlias = dict[str, tuple[int, int, float]]
"""Rule → start and end in the normalised text, and how sure."""
Allowed: TypeAlias = Callable[[Outgoing], frozenset[str]]
"""The heads that may speak of a text."""
Rows: TypeAlias = tuple[int, ...]
Placed: TypeAlias = tuple[Rows, int, int]
"""Lines of features, and the first and the last word of the text that they stand on."""

REPLIES, OTHERS = "replies", "others"
"""The two kinds of texts that have a verdict of their own; the first two heads."""
ALONE = {REPLIES: "a sentence of replies", OTHERS: "a sentence of others"}
"""By kind, the head that judges each sentence by itself: a breach in a long text is one of its sentences."""
STRONGEST = 3
"""Heads, and words, that the verdict looks at one by one."""
_BETWEEN = frozenset(",;:–—(")
_SIGNS = frozenset(',;:.!?…()[]"«»-–—')
FAMILY, REPEATED = 6, 5
"""Letters that stand for a word of what is answered; letters of a word that it counts to repeat."""
UNLIKELY = -2.0
"""Log-odds that anything is broken below which the words are not looked at one by one: two texts in five.

Of 10,887 texts that break something, 37 were caught below it out of fold, beside 34 that break nothing."""
SILENT = -8.0
"""Log-odds of a rule that does not bind."""
COSTS = {REPLIES: 0.0, OTHERS: -1.0}
"""What a word must be worth to lengthen a stretch (found out of fold, as `CROSSINGS` and `EVIDENCE`)."""
CROSSINGS = {REPLIES: 8.0, OTHERS: 3.0}
"""What it costs a stretch to go on beyond a comma or its like."""
EVIDENCE = 8.0
"""What the evidence of the rule counts beside the log-odds that a word belongs to any breach."""


@dataclass(frozen=True, slots=True)
class Look:
    """One text as the heads see it."""

    kind: str
    around: tuple[str, ...]
    sentences: list[Sentence]

    @property
    def places(self) -> list[tuple[int, int]]:
        """By word of the whole text: where it stands."""
        return [place for sentence in self.sentences for place in sentence.places]

    @property
    def scale(self) -> float:
        """What one feature counts."""
        return scale_of(sum(len(sentence.words) for sentence in self.sentences))


def scale_of(words: int) -> float:
    """What one feature counts among so many words: long texts have many."""
    return float(0.35 / np.sqrt(words + 2))


def look(outgoing: Outgoing, text: Normalised) -> Look:
    """What the heads see of a text."""
    name = words_of(normalise(outgoing.author).text, 3) if outgoing.author else frozenset[str]()
    asked = words_of(normalise(outgoing.review).text, 3) if outgoing.review else frozenset[str]()
    kind = REPLIES if outgoing.kind is Kind.REPLY else OTHERS
    around: tuple[str, ...] = (kind, f"by {outgoing.actor}", f"in {outgoing.language or language_of(text)}")
    if kind == REPLIES:  # praise, a fee, a date: what is answered says what an answer may give away
        around += tuple(sorted({f"asked {word[:FAMILY]}" for word in asked}))
    repeated = frozenset(word for word in asked if len(word) >= REPEATED)
    return Look(kind, around, sentences(text, name, repeated))


def language_of(text: Normalised) -> str:
    """`"en"` for English, else `"fr"`: the languages that rules speak."""
    return "en" if language([text])[0].language is Language.EN else "fr"


class Inside:
    """What tells a word of a breach from another one."""

    def __init__(self, row: dict[str, int], table: Floats, bias: Floats) -> None:
        """`row` leads from a name to a line of `table` (lines, 2); `bias` is (2,)."""
        self.row, self.table, self.bias = row, table, bias
        self._columns: list[list[float]] = table.T.tolist()
        self._around = self._kept(_around)
        self._together = self._kept(_together)

    def _kept(self, names_of: Callable[..., list[list[str]]]) -> list[Kept[Any, list[float]]]:
        """By column: what the names that something brings weigh together."""
        return [Kept(self._sums_of(names_of, column)) for column in range(len(self._columns))]

    def _sums_of(self, names_of: Callable[..., list[list[str]]], column: int) -> Callable[..., list[float]]:
        row, weights = self.row, self._columns[column]

        def sums(*told: Any) -> list[float]:
            return [sum([weights[row[name]] for name in names if name in row]) for names in names_of(*told)]

        return sums

    def logits(self, looked: Look) -> Floats:
        """(words,): log-odds that each word belongs to a breach."""
        column = 0 if looked.kind == REPLIES else 1
        found = [self._of_sentence(sentence, column) for sentence in looked.sentences if sentence.words]
        return np.concatenate([np.zeros(0, dtype=np.float32), *found], dtype=np.float32)

    def _of_sentence(self, sentence: Sentence, column: int) -> NDArray[np.float64]:
        words, tags = sentence.words, sentence.tags
        size = len(words)
        brought = np.array([*map(self._around[column].__getitem__, zip(words, tags, strict=True))])
        total = np.full(size, float(self.bias[column]))
        for step in range(-REACH, REACH + 1):
            if abs(step) < size:
                here, there = (
                    slice(max(-step, 0), size - max(step, 0)),
                    slice(max(step, 0), size + min(step, 0)),
                )
                total[here] += brought[there, step + REACH]
        total += [self._beside(sentence, place, column) for place in range(size)]
        return total

    def _beside(self, sentence: Sentence, place: int, column: int) -> float:
        """What a word and its direct neighbours tell together."""
        words, tags, weights = sentence.words, sentence.tags, self._columns[column]
        total = 0.0
        for step in (-1, 1):
            other = place + step
            if 0 <= other < len(words):
                line = self.row.get(inner_pair(step, words[place], words[other]))
                total += weights[line] if line is not None else 0.0
                if tags[place] and tags[other]:
                    total += self._together[column][step, tags[place], tags[other]][0]
        return total


def _around(word: str, tags: Tags) -> list[list[str]]:
    """What a word tells of each of those that stand `REACH` words after it to `REACH` words before it."""
    return [_told(step, word, tags) for step in range(-REACH, REACH + 1)]


def _told(step: int, word: str, tags: Tags) -> list[str]:
    if not step:
        return inner_word(word, tags)
    return inner_near(step, word, tags) if abs(step) <= NEAR else inner_far(step // abs(step), tags)


def _together(step: int, tags: Tags, others: Tags) -> list[list[str]]:
    return [inner_concepts(step, tags, others)]


class Lines:
    """Where the features of a text stand in a table of weights."""

    def __init__(self, row: dict[str, int]) -> None:
        """`row` leads from a feature to a line."""
        self.row = row
        self._words, self._concept_words, self._word_concepts, self._concepts = (
            Kept[Any, Rows](self._rows_of(names))
            for names in (of_word, of_concept_word, of_word_concept, of_concepts)
        )

    def rows(self, looked: Look, placed: Sequence[Placed]) -> set[int]:
        """The lines of the features of a text, those that stand on no word included."""
        found = set(self._rows(beside(len(looked.sentences), looked.around)))
        found.update(*(rows for rows, _first, _last in placed))
        before = frozenset[str]()
        for sentence in looked.sentences:
            found.update(self._rows(whole(sentence.expressions, before)))
            before = sentence.expressions.union(*sentence.tags)
        return found

    def of_sentences(self, looked: Look, placed: Sequence[Placed]) -> Iterator[tuple[set[int], int]]:
        """Of each sentence that has words: the lines of its features, and how many words it has."""
        around = self._rows(beside(len(looked.sentences), looked.around))
        before, end, at = frozenset[str](), 0, 0
        for sentence in looked.sentences:
            end += len(sentence.words)
            found = {*around, *self._rows(whole(sentence.expressions, before))}
            before = sentence.expressions.union(*sentence.tags)
            while at < len(placed) and placed[at][1] < end:
                found.update(placed[at][0])
                at += 1
            if sentence.words:
                yield found, len(sentence.words)

    def placed(self, looked: Look) -> list[Placed]:
        """The features of a text that stand on words."""
        found: list[Placed] = []
        base = 0
        for sentence in looked.sentences:
            self._place(found, sentence, base)
            base += len(sentence.words)
        return found

    def _place(self, found: list[Placed], sentence: Sentence, base: int) -> None:
        words, tags, row, concepts = sentence.words, sentence.tags, self.row, self._concepts
        last, add = len(words) - 1, found.append
        for place, word in enumerate(words):
            here, mine = base + place, tags[place]
            add((self._words[word, mine], here, here))
            if place < last:
                following, others = words[place + 1], tags[place + 1]
                if (line := row.get(of_pair(word, following))) is not None:
                    add(((line,), here, here + 1))
                if mine and (rows := self._concept_words[mine, following]):
                    add((rows, here, here + 1))
                if others and (rows := self._word_concepts[word, others]):
                    add((rows, here, here + 1))
            if place < last - 1 and (line := row.get(of_gap(word, words[place + 2]))) is not None:
                add(((line,), here, here + 2))
            if mine:
                for step, others in enumerate(tags[place + 1 : place + 1 + REACH], 1):
                    if others and (rows := concepts[mine, others]):
                        add((rows, here, here + step))

    def _rows_of(self, names_of: Callable[..., list[str]]) -> Callable[..., Rows]:
        def rows(*told: Any) -> Rows:
            return self._rows(names_of(*told))

        return rows

    def _rows(self, names: list[str]) -> Rows:
        return tuple([row for row in map(self.row.get, names) if row is not None])


class Weights:
    """What was learned. Columns are `heads`: `REPLIES`, `OTHERS`, then rules."""

    def __init__(
        self,
        heads: tuple[str, ...],
        lines: Lines,
        table: Floats,
        bias: Floats,
        inside: Inside,
        cuts: Mapping[str, float] = MappingProxyType({}),
        verdict: Mapping[str, Sequence[float]] = MappingProxyType({}),
    ) -> None:
        """`table` has a line for each of `lines`.

        `cuts`: log-odds from which a rule is said, when the text is judged to break something. `verdict`: for
        `REPLIES` and `OTHERS`, the weights of `summary`, the bias, then the cut.
        """
        self.heads, self.lines, self.table, self.bias, self.inside = heads, lines, table, bias, inside
        self.cuts, self.verdict = cuts, verdict
        self.column = {head: column for column, head in enumerate(heads)}

    def alone(self, looked: Look, placed: Sequence[Placed]) -> Floats:
        """(sentences that have words,): log-odds that each by itself breaks anything."""
        column = self.column[ALONE[looked.kind]]
        weights, bias = self._columns[looked.kind], self.bias[column]
        each = self.lines.of_sentences(looked, placed)
        sums = [float(weights[list(rows)].sum() * scale_of(size) + bias) for rows, size in each]
        return np.array(sums, dtype=np.float32)

    @cached_property
    def _columns(self) -> dict[str, Floats]:
        """By kind: the weights of the head for sentences, one after another."""
        return {kind: np.ascontiguousarray(self.table[:, self.column[head]]) for kind, head in ALONE.items()}


def read(texts: Sequence[Outgoing], normal: Sequence[Normalised], *allowed: Allowed) -> list[Said]:
    """What the heads say of each text; each of `allowed` names heads that judge it together."""
    known = load()
    looks = [look(outgoing, text) for outgoing, text in zip(texts, normal, strict=True)]
    placed = [known.lines.placed(looked) for looked in looks]
    logits = judge(known, looks, placed)
    out: list[Said] = []
    for outgoing, looked, here, row in zip(texts, looks, placed, logits, strict=True):
        said: Said = {}
        for heads in allowed:
            said |= _said(known, looked, here, row, heads(outgoing))
        out.append(said)
    return out


def judge(known: Weights, looks: Sequence[Look], placed: Sequence[Sequence[Placed]]) -> Floats:
    """(texts, heads): log-odds; `placed` is `Lines.placed` of each text."""
    rows = [tuple(known.lines.rows(looked, here)) for looked, here in zip(looks, placed, strict=True)]
    places = np.cumsum([0, *map(len, rows)])
    entries = np.array([*chain.from_iterable(rows)], dtype=np.int32)
    scales = np.repeat(np.array([looked.scale for looked in looks], dtype=np.float32), np.diff(places))
    told = csr_array((scales, entries, places), shape=(len(looks), len(known.table)))
    logits: Floats = told @ known.table + known.bias
    return logits


def summary(any_broken: float, rules: Floats, told: Floats, alone: Floats) -> Floats:
    """What the verdict is read from, in numbers.

    The head for anything, the strongest rules, all of them together, the words that look most like a
    breach (`told`, log-odds by word), the gravest sentence and all sentences together (`alone`, by sentence).
    """
    strongest = np.sort(np.append(rules, [SILENT] * STRONGEST))[::-1][:STRONGEST]
    words = np.sort(np.append(told, [SILENT] * STRONGEST))[::-1]
    loudest = (words[0], words[:STRONGEST].mean(), np.log1p(np.log1p(np.exp(words)).sum()))
    sentences = (alone.max(initial=SILENT), _any_of(alone))
    return np.array([any_broken, *strongest, _any_of(rules), *loudest, *sentences], dtype=np.float32)


def _any_of(logits: Floats) -> float:
    """The logarithm of the chance that one of them holds at least, if none knows of the others."""
    none = -np.logaddexp(0, logits).sum() if len(logits) else 0.0
    return float(np.log(-np.expm1(np.minimum(none, -1e-9)) + 1e-9))


def _said(
    known: Weights, looked: Look, placed: Sequence[Placed], logits: Floats, allowed: frozenset[str]
) -> Said:
    binding = [known.column[head] for head in sorted(allowed) if head in known.column]
    if not binding or not looked.places:
        return {}
    anything = float(logits[known.column[looked.kind]])
    if anything < UNLIKELY:
        return {}
    *weights, bias, cut = known.verdict[looked.kind]
    told = known.inside.logits(looked)
    seen = summary(anything, logits[binding], told, known.alone(looked, placed))
    if float(seen @ np.array(weights, dtype=np.float32)) + bias < cut:
        return {}
    best = max(binding, key=lambda column: logits[column])
    broken = [
        column for column in binding if column == best or logits[column] >= known.cuts[known.heads[column]]
    ]
    found = stretches(known, looked, placed, broken, told)
    return {
        known.heads[column]: (*where, _chance(logits[column]))
        for column, where in zip(broken, found, strict=True)
    }


def _chance(logit: float) -> float:
    return round(float(1 / (1 + np.exp(-logit))), 3)


def stretches(
    known: Weights, looked: Look, placed: Sequence[Placed], columns: Sequence[int], told: Floats
) -> list[tuple[int, int]]:
    """For each head: where in the normalised text the words stand that break its rule.

    By what weighed for it, and by `told`, what each word looks like by itself.
    """
    worth = (told - COSTS[looked.kind])[:, None] + EVIDENCE * evidence_of(known, looked, placed, columns)
    between = [
        place
        for place, word in enumerate(word for one in looked.sentences for word in one.words)
        if word in _BETWEEN
    ]
    worth[between] = np.minimum(worth[between], 0) - CROSSINGS[looked.kind]
    return [_stretch(looked, worth[:, number]) for number in range(len(columns))]


def _stretch(looked: Look, worth: Floats) -> tuple[int, int]:
    places, first = looked.places, 0
    best, where = -np.inf, (0, 0)
    for sentence in looked.sentences:
        start, stop, total = heaviest(worth[first : first + len(sentence.words)].tolist())
        if total > best and stop > start:
            best, where = total, (first + start, first + stop)
        first += len(sentence.words)
    first, last = _trimmed([word for sentence in looked.sentences for word in sentence.words], *where)
    return places[first][0], places[last][1]


def _trimmed(words: Sequence[str], start: int, stop: int) -> tuple[int, int]:
    """The first and the last word of a stretch without the signs around it; one word at least stays.

    >>> _trimmed(["merci", ",", "zoe", "."], 1, 4)
    (2, 2)
    """
    while stop - start > 1 and words[start] in _SIGNS:
        start += 1
    while stop - start > 1 and words[stop - 1] in _SIGNS:
        stop -= 1
    return start, max(stop - 1, start)


def evidence_of(known: Weights, looked: Look, placed: Sequence[Placed], columns: Sequence[int]) -> Floats:
    """(words, columns): what each word adds to the heads; two words share what they add together."""
    out = np.zeros((len(looked.places), len(columns)), dtype=np.float32)
    if not placed:
        return out
    groups, *ends = zip(*placed, strict=True)
    lines, sizes = np.array([*chain.from_iterable(groups)], dtype=np.int64), [*map(len, groups)]
    weights = known.table[lines[:, None], np.array(columns)] * np.float32(looked.scale / 2)
    for words in ends:
        np.add.at(out, np.repeat(words, sizes), weights)
    return out


def heaviest(weights: Sequence[float]) -> tuple[int, int, float]:
    """(start, stop, sum) of the stretch with the largest sum (Kadane).

    >>> heaviest([-1, 2, -1, 3, -5])
    (1, 4, 4.0)
    """
    best, where, total, start = -np.inf, (0, 0), 0.0, 0
    for place, weight in enumerate(weights):
        if total <= 0:
            total, start = 0.0, place
        total += weight
        if total > best:
            best, where = total, (start, place + 1)
    return *where, float(best)


@cache
def load() -> Weights:
    """The shipped weights, read once per process."""
    folder = files(__package__) / "weights"
    header = json.loads((folder / "rules.json").read_text(encoding="utf-8"))
    with (folder / "rules.npz").open("rb") as file, np.load(file) as arrays:
        names = bytes(arrays["names"]).decode().split("\n")
        shape = (len(names), len(header["heads"]))
        sparse = csr_array(
            (arrays["data"].astype(np.float32), arrays["indices"], arrays["places"]), shape=shape
        )
        bias = arrays["bias"].astype(np.float32)
        told = bytes(arrays["inside_names"]).decode().split("\n")
        row = {name: line for line, name in enumerate(told)}
        inner = Inside(row, arrays["inside"].astype(np.float32), arrays["inside_bias"].astype(np.float32))
    return Weights(
        tuple(header["heads"]),
        Lines({name: line for line, name in enumerate(names)}),
        sparse.toarray(),
        bias,
        inner,
        header["cuts"],
        header["verdict"],
    )
