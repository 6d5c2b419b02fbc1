"""What the learned heads see of a text: words, pairs, concepts, and concepts in their order.

A feature is a short string. Each function gives the features of one word or of two words where they stand, so
that who reads many texts need not work them out again for words that came together before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from veilleur.rules.words import Sentence

REACH = 4
"""How many words further the second of two concepts may stand."""
NEAR = 2
"""How many words around a word tell of it one by one; `REACH` words tell by their concepts."""
_STEM = 5
"""Letters of a word that stand for its family."""
_SIZES = 4
"""Texts of so many sentences or more are long."""
Tags: TypeAlias = tuple[str, ...]


class Feature(NamedTuple):
    """One feature, and the first and the last word it stands on (over the whole text); -1: on none."""

    name: str
    first: int
    last: int


def features(sentences: Sequence[Sentence], around: Sequence[str]) -> Iterator[Feature]:
    """The features of a text, some of them several times; `around` is what is known beside it."""
    base, before = 0, frozenset[str]()
    for name in beside(len(sentences), around):
        yield Feature(name, -1, -1)
    for sentence in sentences:
        yield from _placed(sentence, base)
        concepts = sentence.expressions.union(*sentence.tags)
        for name in whole(sentence.expressions, before):
            yield Feature(name, -1, -1)
        base, before = base + len(sentence.words), concepts


def _placed(sentence: Sentence, base: int) -> Iterator[Feature]:
    words, tags = sentence.words, sentence.tags
    for place, word in enumerate(words):
        here = base + place
        for name in of_word(word, tags[place]):
            yield Feature(name, here, here)
        if place + 1 < len(words):
            following, others = words[place + 1], tags[place + 1]
            for name in (of_pair(word, following), *of_concept_word(tags[place], following)):
                yield Feature(name, here, here + 1)
            for name in of_word_concept(word, others):
                yield Feature(name, here, here + 1)
        if place + 2 < len(words):
            yield Feature(of_gap(word, words[place + 2]), here, here + 2)
        for step, others in enumerate(tags[place + 1 : place + 1 + REACH], 1):
            for name in of_concepts(tags[place], others):
                yield Feature(name, here, here + step)


def beside(sentences: int, around: Sequence[str]) -> list[str]:
    """Of the text as a whole: how long it is, and what is known beside it."""
    return [*(f"a:{one}" for one in around), f"n:{min(sentences, _SIZES)}"]


def whole(expressions: frozenset[str], before: frozenset[str]) -> list[str]:
    """Of a sentence: its expressions, and the concepts of the sentence before."""
    return [*(f"t:{tag}" for tag in sorted(expressions)), *(f"f:{tag}" for tag in sorted(before))]


def of_word(word: str, tags: Tags) -> list[str]:
    """Of one word."""
    return [f"w:{word}", f"p:{word[:_STEM]}", *(f"t:{tag}" for tag in tags)]


def of_pair(word: str, following: str) -> str:
    """Of a word and the next one."""
    return f"b:{word} {following}"


def of_concept_word(tags: Tags, following: str) -> list[str]:
    """Of the concepts of a word, and the next word."""
    return [f"{tag}+{following}" for tag in tags]


def of_word_concept(word: str, others: Tags) -> list[str]:
    """Of a word, and the concepts of the next one."""
    return [f"{word}+{other}" for other in others]


def of_gap(word: str, after_next: str) -> str:
    """Of a word and the one after the next."""
    return f"k:{word[:_STEM]} {after_next[:_STEM]}"


def of_concepts(tags: Tags, others: Tags) -> list[str]:
    """Of the concepts of a word and those of one that stands up to `REACH` words further."""
    return [f"{tag}>{other}" for tag in tags for other in others]


def inner_word(word: str, tags: Tags) -> list[str]:
    """What a word itself tells of whether it belongs to a breach."""
    return [f"i:{word}", f"j:{word[:_STEM]}", *(f"u:{tag}" for tag in tags)]


def inner_near(step: int, word: str, tags: Tags) -> list[str]:
    """What a neighbour tells, `step` words away (negative: before)."""
    return [f"{step}w:{word}", f"{step}p:{word[:_STEM]}", *(f"{step}t:{tag}" for tag in tags)]


def inner_pair(step: int, word: str, other: str) -> str:
    """What a word and its direct neighbour tell together."""
    return f"{step}b:{word} {other}"


def inner_concepts(step: int, tags: Tags, others: Tags) -> list[str]:
    """What their concepts tell together."""
    return [f"{step}c:{tag} {near}" for tag in tags for near in others]


def inner_far(side: int, tags: Tags) -> list[str]:
    """What the concepts of a word further away tell; `side` is -1 before, 1 after."""
    return [f"{side}far:{tag}" for tag in tags]


def inside(sentence: Sentence) -> Iterator[list[str]]:
    """By word of a sentence: all that tells whether it belongs to a breach."""
    words, tags = sentence.words, sentence.tags
    for place, word in enumerate(words):
        names = inner_word(word, tags[place])
        for step in range(-REACH, REACH + 1):
            other = place + step
            if step == 0 or not 0 <= other < len(words):
                continue
            if abs(step) > NEAR:
                names += inner_far(step // abs(step), tags[other])
                continue
            names += inner_near(step, words[other], tags[other])
            if abs(step) == 1:
                names.append(inner_pair(step, word, words[other]))
                names += inner_concepts(step, tags[place], tags[other])
        yield names
