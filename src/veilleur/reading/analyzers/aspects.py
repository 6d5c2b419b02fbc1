"""What people judge about their care (welcome, waiting, price…), and whether they praise or blame it.

Some expressions carry their own verdict (« raccroché au nez », "on time"); others only name
an aspect (« parking », "communication") or a person (« le chirurgien ») and take it from the
opinion nearest to them. A few opinions name their aspect themselves (« gentil », "dirty").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from veilleur.lexicon import Mark, Term
from veilleur.reading import panel, signals
from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.aspect_words import ASKS_AROUND, BLAME, NAMED, PRAISE, ROLE, aspect_terms, read_code
from veilleur.reading.balance import Opinions
from veilleur.reading.concepts import catalogue
from veilleur.reading.features import Features, features_of
from veilleur.reading.grounds import heaviest_words, judged_words
from veilleur.text.words import Flags, Floats, Hashes, Integers, split
from veilleur.vocabulary import Because, Concept, Finding, Language, Why

NAME = "aspects"
ASPECTS = {
    "accueil": "accueil", "attente": "attente", "ecoute": "écoute", "competence": "compétence",
    "information": "information", "prix": "prix", "hygiene": "hygiène", "rendez_vous": "rendez-vous",
    "locaux": "locaux", "resultat": "résultat", "suivi": "suivi", "remboursement": "remboursement",
}  # fmt: skip
"""Name of each aspect, and its French title."""
_REACH = 5
"""Words between a named aspect and the opinion that judges it, at most."""
_ACROSS = 3
"""What a comma between them costs, in words."""
_PLAINLY = 0.9
_ENOUGH = 3
"""Signs of care that let ordinary words count; a rating is worth two, a sure expression one."""
_GROUNDS = 3

_ABOUT_PEOPLE = (
    "praise", "cheer", "good", "satisfied", "thanks", "competent", "reassuring", "helpful", "recommend",
    "healed", "awful", "disappointed", "outrage", "avoid", "incompetent",
)  # fmt: skip
"""Opinion concepts that judge the person they stand beside; « douleur » or « attente » do not."""
_CONCEPTS = {aspect: Concept(f"ASPECT:{aspect}", title) for aspect, title in ASPECTS.items()}


class _Place(NamedTuple):
    """One expression in one text: normalised offsets, aspect and verdict (1, 0 or -1)."""

    start: int
    end: int
    aspect: str
    verdict: int
    borrowed: bool


Told = dict[str, list[_Place]]
"""The places of a message by head."""


class AspectAnalyzer:
    """One finding per aspect that the trained heads see, at the expression that says it best.

    The label is `aspect:polarity`, for instance `attente:neg`; polarities are pos, neg and neu.
    """

    name = NAME

    @property
    def version(self) -> str:
        """Version of the weights."""
        return panel.load(NAME).version

    def terms(self) -> Iterable[Term]:
        """The words of `data/aspects.txt`."""
        return aspect_terms()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The aspects each message judges, in the order of `HEADS`."""
        known = panel.load(NAME)
        judged = panel.judge(known, batch.once(features_of), signals_of(batch))
        given = np.nonzero(_one_polarity(judged.chances, judged.chances >= known.thresholds))
        chances = judged.chances[given].tolist()
        pairs = list(zip(*(numbers.tolist() for numbers in given), strict=True))
        weighed = _weighed(batch, pairs)
        out: list[list[Finding]] = [[] for _ in batch]
        for (row, head), chance in zip(pairs, chances, strict=True):
            out[row].append(_finding(batch, row, head, chance, weighed.get((row, head), ())))
        return out


def _one_polarity(chances: Floats, given: Flags) -> Flags:
    """Of the polarities of one aspect, only the likeliest."""
    shape = (len(given), len(ASPECTS), len(_POLARITIES))
    best = np.where(given, chances, np.float32(0)).reshape(shape)
    likeliest: Flags = best == best.max(axis=2, keepdims=True)
    kept: Flags = given & likeliest.reshape(given.shape)
    return kept


def told_in(batch: Batch) -> list[Told]:
    """What the words of each message say by themselves: ask with `batch.once(told_in)`."""
    rows = [row for row, subject in enumerate(batch) if NAME in subject.marks]
    marks = [(row, mark) for row in rows for mark in _worth_judging(batch.subjects[row])]
    out: list[Told] = [{} for _ in batch]
    if marks:
        for row, places in _judged(batch, marks).items():
            out[row] = _by_head(places)
    return out


def signals_of(batch: Batch) -> Floats:
    """(texts, `len(columns())`): the signals of the labels, then what the words say of each aspect."""
    out = np.zeros((len(batch), len(HEADS)), dtype=np.float32)
    for row, told in enumerate(batch.once(told_in)):
        for head, places in told.items():
            out[row, _NUMBER[head]] = max(_weight(place) for place in places)
    return np.concatenate([batch.once(signals.signals_of).dense, out], axis=1)


def columns() -> tuple[str, ...]:
    """Names of `signals_of`, in order."""
    return (*signals.columns(), *(f"says {head}" for head in HEADS))


def _weight(place: _Place) -> float:
    return 0.6 if place.borrowed else 1.0


def _marks(subject: Subject) -> Iterator[Mark]:
    """Marks of the languages the text may be in, one per place."""
    guess = subject.language
    sure = guess.score >= _PLAINLY and guess.language is not Language.OTHER
    last = -1
    for mark in subject.marks_of(NAME):
        if mark.start != last and (not sure or mark.term.language is guess.language):
            last = mark.start
            yield mark


def _worth_judging(subject: Subject) -> list[Mark]:
    """The marks, ordinary words only where the rest of the message shows that care is judged."""
    marks = list(_marks(subject))
    told = sum(not mark.term.doubtful for mark in marks) + 2 * (subject.mention.rating is not None)
    return marks if told >= _ENOUGH else [mark for mark in marks if not mark.term.doubtful]


def _judged(batch: Batch, marks: list[tuple[int, Mark]]) -> dict[int, list[_Place]]:
    """What each mark says where it stands; those that nothing judges are left out."""
    features = batch.once(features_of)
    first, last = _word_places(batch, features, marks)
    around = _Around.of(features, len(batch))
    nearest = {
        ASKS_AROUND: around.verdicts(around.all_signs, first, last).tolist(),
        ROLE: around.verdicts(around.personal_signs, first, last).tolist(),
    }
    turned = around.turned(first, last).tolist()
    places: defaultdict[int, list[_Place]] = defaultdict(list)
    for number, (row, mark) in enumerate(marks):
        meaning = _meaning(mark.term.kind)
        borrowed = meaning.sign in nearest
        if borrowed:
            verdict = int(nearest[meaning.sign][number])
        else:
            verdict = _OWN[meaning.sign]
            verdict = -verdict if turned[number] and not meaning.is_denial else verdict
        if verdict or not borrowed:
            places[row].append(_Place(mark.start, mark.end, meaning.aspect, verdict, borrowed))
    return places


_OWN = {PRAISE: 1, BLAME: -1, NAMED: 0}
_meaning = cache(read_code)


def _word_places(
    batch: Batch, features: Features, marks: list[tuple[int, Mark]]
) -> tuple[Integers, Integers]:
    """Indices of the first and the last word of each mark."""
    words = features.words
    texts = np.array([row for row, _ in marks], dtype=np.int64)
    base = words.layout.offsets[texts] + np.array([subject.shift for subject in batch], dtype=np.int64)[texts]
    starts = base + np.array([mark.start for _, mark in marks], dtype=np.int64)
    ends = base + np.array([mark.end for _, mark in marks], dtype=np.int64)
    first = np.searchsorted(words.starts, starts, side="right") - 1
    last = np.searchsorted(words.starts, ends, side="left") - 1
    return np.maximum(first, 0), np.maximum(last, first)


@dataclass(frozen=True, slots=True)
class _Around:
    """The opinions and negations of a batch, word by word."""

    owner: Integers
    clause: Integers
    all_signs: NDArray[np.float32]
    personal_signs: NDArray[np.float32]
    """Only the opinions that may judge a person."""
    before: Flags
    """Words that turn what follows them closely."""
    behind: Flags
    """Words that turn what stands right before them."""

    @classmethod
    def of(cls, features: Features, texts: int) -> _Around:
        words, concepts = features.words, features.concepts
        signs = Opinions(words, concepts, features.negated, texts).signs()
        pivots = np.cumsum(concepts == catalogue().number("pivot"))
        return cls(
            words.owner,
            words.clause + pivots,
            signs,
            np.where(_about_people()[concepts], signs, np.float32(0)),
            np.equal(concepts, catalogue().number("negation")),
            np.isin(words.hashes, _behind()),
        )

    def verdicts(self, signs: NDArray[np.float32], first: Integers, last: Integers) -> NDArray[np.float32]:
        """The sign of the opinion nearest to each stretch of words, 0 when none is near."""
        told = np.flatnonzero(signs)
        if not len(told):
            return np.zeros(len(first), dtype=np.float32)
        before = told[np.maximum(np.searchsorted(told, first, side="left") - 1, 0)]
        after = told[np.minimum(np.searchsorted(told, last, side="right"), len(told) - 1)]
        cost_before = self._cost(before, first, first - before)
        cost_after = self._cost(after, last, after - last)
        nearest = np.where(cost_after <= cost_before, after, before)
        near = np.minimum(cost_before, cost_after) <= _REACH
        return np.where(near, signs[nearest], np.float32(0)).astype(np.float32)

    def _cost(self, opinion: Integers, word: Integers, distance: Integers) -> Integers:
        """How far an opinion is from a word; what lies on its other side counts as very far."""
        apart = np.abs(self.clause[opinion] - self.clause[word])
        away = (self.owner[opinion] != self.owner[word]) | (apart > 1) | (distance <= 0)
        return np.where(away, 10 * _REACH, distance + _ACROSS * apart)

    def turned(self, first: Integers, last: Integers) -> Flags:
        """Whether a negation stands shortly before each stretch or right behind it."""
        turned: Flags = np.zeros(len(first), dtype=np.bool_)
        for step in (1, 2):
            place = np.maximum(first - step, 0)
            turned |= self.before[place] & (self.clause[place] == self.clause[first])
        place = np.minimum(last + 1, len(self.owner) - 1)
        turned |= self.behind[place] & (self.clause[place] == self.clause[last])
        return turned


@cache
def _about_people() -> Flags:
    """By number of concept: whether it may judge a person; False for `NO_CONCEPT`."""
    known = [concept.name in _ABOUT_PEOPLE for concept in catalogue().concepts]
    return np.array([*known, False], dtype=np.bool_)


@cache
def _behind() -> Hashes:
    return split(["pas jamais plus rien"]).hashes


def _by_head(places: list[_Place]) -> Told:
    told: defaultdict[str, list[_Place]] = defaultdict(list)
    for place in places:
        told[f"{place.aspect}:{_VERDICTS[place.verdict]}"].append(place)
    return dict(told)


def _weighed(batch: Batch, pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], tuple[str, ...]]:
    """The words that weighed most in each pair (text, head) that no expression speaks for."""
    told = batch.once(told_in)
    silent = [(row, head) for row, head in pairs if HEADS[head] not in told[row]]
    if not silent:
        return {}
    rows, heads = np.array(silent).T
    entries = judged_words(batch.once(features_of), rows)
    evidence = panel.evidence(panel.load(NAME), batch.once(features_of), entries.words, heads[entries.of])
    return dict(zip(silent, heaviest_words(batch, entries, evidence), strict=True))


def _finding(batch: Batch, row: int, head: int, chance: float, weighed: tuple[str, ...]) -> Finding:
    text, label = batch.subjects[row].text, HEADS[head]
    places = batch.once(told_in)[row].get(label, [])
    spans = [text.span(place.start, place.end) for place in sorted(places, key=_borrowed)[:_GROUNDS]]
    if spans:
        why = Why(Because.TERM, tuple([span.of(text.original) for span in spans]))
    else:
        why = Why(Because.NGRAMS, weighed)
    concept = _CONCEPTS[label.partition(":")[0]]
    return Finding(NAME, label, round(chance, 3), why, spans[0] if spans else None, concept)


def _borrowed(place: _Place) -> bool:
    return place.borrowed


_POLARITIES = ("pos", "neg", "neu")
_VERDICTS = {1: "pos", 0: "neu", -1: "neg"}
HEADS = tuple(f"{aspect}:{polarity}" for aspect in ASPECTS for polarity in _POLARITIES)
"""Every aspect with every polarity."""
_NUMBER = {head: number for number, head in enumerate(HEADS)}
