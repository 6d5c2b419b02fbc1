"""Mixed opinions made from plain ones: no corpus labels them, but two voices joined are one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.opinions import OWN, Row
from veilleur.reading.questions import Asked
from veilleur.vocabulary import Language, Sentiment

_JOINTS = {
    Language.FR: (
        ". ",
        ", mais ",
        ". Par contre, ",
        ". En revanche ",
        ", dommage que ",
        ".\n",
        ", cependant ",
        " et ",
    ),
    Language.EN: (". ", ", but ", ". However, ", ", although ", ", shame that ", ".\n", ", yet ", " and "),
}
_LONGEST = 220
"""Characters in a voice, at most."""
_PER_LANGUAGE = 1500


def make(rows: list[Row], seed: int) -> tuple[list[Row], NDArray[np.bool_]]:
    """(texts, whether each is mixed): one third pairs of opposites, the rest plain or of one mind."""
    chance = np.random.default_rng(seed)
    texts: list[Row] = []
    mixed: list[bool] = []
    for language in (Language.FR, Language.EN):
        plain = [row.blinded().untitled() for row in rows if _is_plain(row, language)]
        voices = {
            label: [row for row in plain if row.label is label and _is_voice(row)]
            for label in (Sentiment.POS, Sentiment.NEG)
        }
        for _ in range(_PER_LANGUAGE // 3):
            first, second = (Sentiment(label) for label in chance.permutation(["pos", "neg"]))
            texts += [
                _joined(chance, language, _any(chance, voices[first]), _any(chance, voices[second])),
                _joined(chance, language, _any(chance, voices[first]), _any(chance, voices[first])),
                _any(chance, plain),
            ]
            mixed += [True, False, False]
    return texts, np.array(mixed)


def _is_plain(row: Row, language: Language) -> bool:
    """Not mixed for sure: people often call “neutral” what is both good and bad."""
    return row.language is language and (row.corpus == OWN or row.label is not Sentiment.NEU)


def _is_voice(row: Row) -> bool:
    """A short text that means the same without its question."""
    spoken = row.corpus == OWN or len(row.text) > 20
    return row.asked is Asked.OPEN and spoken and len(row.text) <= _LONGEST


def _any(chance: np.random.Generator, rows: list[Row]) -> Row:
    return rows[int(chance.integers(len(rows)))]


def _joined(chance: np.random.Generator, language: Language, first: Row, second: Row) -> Row:
    joints = _JOINTS[language]
    joint = joints[int(chance.integers(len(joints)))]
    return replace(first, text=first.text.rstrip(" .!") + joint + second.text)
