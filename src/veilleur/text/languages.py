"""Which language a message is written in: French, English, or another one.

Words speak first: a table learned from public messages says how French or how English
each common word is, a short list knows the commonest words of neighbouring languages, and
a few letters give other languages away. That settles nearly every message. Only doubtful
ones are shown to py3langid, which knows 140 languages but costs fifty times more, and
only when there is enough text for it to judge. A message that changes language counts for
the one it uses most.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import zip_longest
from string import ascii_letters
from typing import Any, NamedTuple

from veilleur.text.normalise import Normalised
from veilleur.vocabulary import Language

_NO_WORDS = re.compile(r":[a-z-]+:|@\w+|(?:https?://|www\.)\S+")
"""Emojis, names of accounts and addresses: no language's words."""
_WORD = re.compile(r"[^\W\d_]+")
_LETTERS_ONLY = bytes(code if chr(code) in ascii_letters else ord(" ") for code in range(256))
"""For `bytes.translate`, which parts a text in ASCII four times as quickly as `_WORD` does."""
_GLANCE, _LOOK = 80, 400
"""How many characters are looked at first, and when these leave doubts."""
_CLEAR = 3.0
_FOREIGN = 2.0
_SHARED = 0.8
_UNKNOWN, _SHORT = 0.35, 2
"""What an unknown word says for another language, unless it is short."""
_FOREIGN_LETTERS = frozenset("ñ¿¡ßãõøåąćęłńśźżőűșțşğıčďěňřšťůžđāēīūėųäöìòóúá")
_FOREIGN_LETTER = 1.5
_FRENCH_LETTERS = frozenset("éèêàçùœ")
_FRENCH_LETTER = 0.7
_MOST_FRENCH_LETTERS = 2
_TELLING_LETTERS = re.compile(f"[{''.join(_FRENCH_LETTERS | _FOREIGN_LETTERS)}]")
_FEWEST_FOR_LANGID = 3
_GROUNDS = 3
_NEIGHBOURS = (
    "fr|en|es|de|it|pt|nl|ca|gl|eu|br|oc|ro|pl|cs|sk|sl|hr|hu|sv|da|no|fi|et|lt|lv|tr|sq|mt|ga|cy|is"
    "|vi|id|ms|sw"
)
"""What py3langid may answer: languages in Latin letters that people write in France and Britain."""


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """The language of one text, how sure (0 to 1), and the words that told (at most three)."""

    language: Language
    score: float
    grounds: tuple[str, ...] = ()


class _Evidence(NamedTuple):
    """What the words of a text say: a weight for each side, and the words that told."""

    french: float
    english: float
    other: float
    ranks: list[int]
    """Place of each known word in `_ranked`: positive for French, negative for English."""

    @property
    def is_clear(self) -> bool:
        """Whether one of French and English is far ahead and the other one not there too."""
        low, high = (self.french, self.english) if self.french < self.english else (self.english, self.french)
        return high - low - self.other >= _CLEAR and low < _CLEAR


def language(texts: Sequence[Normalised], hints: Iterable[str] = ()) -> list[LanguageGuess]:
    """The language of each text.

    `hints` are what the sources say (BCP 47 or empty), in the order of `texts`; a hint weighs
    less than one telling word, but for texts of one or two words. Without any ground the score is 0.

    >>> from veilleur.text.normalise import normalise
    >>> [guess.language.value for guess in language([normalise("Rien à signaler"), normalise("Nothing.")])]
    ['fr', 'en']
    """
    return [_guess(text, hint or "") for text, hint in zip_longest(texts, hints) if text is not None]


def words(text: str) -> list[str]:
    """The words of a normalised text, in order, without digits and emojis.

    >>> words("l'attente :anger: 4h")
    ['l', 'attente', 'h']
    """
    if ":" in text or "@" in text or "www" in text:
        text = _NO_WORDS.sub(" ", text)
    if text.isascii():
        return text.encode().translate(_LETTERS_ONLY).decode().split()
    return _WORD.findall(text)


def _guess(text: Normalised, hint: str) -> LanguageGuess:
    evidence = _weigh(text, _GLANCE)
    if not evidence.is_clear and len(text.text) > _GLANCE:
        evidence = _weigh(text, _LOOK)
    if evidence.is_clear:
        return _decided(evidence, abs(evidence.french - evidence.english) - evidence.other)
    found = words(text.text[:_LOOK])
    if all(len(word) == 1 for word in found):
        return _hinted(hint)
    if not text.text.isascii() and _is_another_script(found):
        return LanguageGuess(Language.OTHER, 0.99)
    return _compared(text, found, evidence, hint)


def _is_another_script(found: list[str]) -> bool:
    letters = "".join(found)
    return sum(letter > "\u024f" for letter in letters) * 2 > len(letters)


def _weigh(text: Normalised, length: int) -> _Evidence:
    """What the words among the first `length` characters say, each counted once."""
    known = _table().get
    french = english = other = 0.0
    ranks = []
    # In the order of the text: added up in another one, the same weights can differ in the last digit.
    for word in dict.fromkeys(words(text.text[:length])):
        if weights := known(word):
            for_french, for_english, for_other, rank = weights
            french += for_french
            english += for_english
            other += for_other
            ranks.append(rank)
        elif len(word) > _SHORT:
            other += _UNKNOWN
    if not text.original.isascii():
        letters = set(_TELLING_LETTERS.findall(text.original[:length].lower()))
        foreign = len(letters - _FRENCH_LETTERS)
        french += _FRENCH_LETTER * min(_MOST_FRENCH_LETTERS, len(letters) - foreign)
        other += _FOREIGN_LETTER * foreign
    return _Evidence(french, english, other, ranks)


def _decided(evidence: _Evidence, margin: float) -> LanguageGuess:
    french = evidence.french > evidence.english
    ranks = sorted(evidence.ranks, reverse=french)[:_GROUNDS]
    ranked = _ranked()
    grounds = tuple([ranked[rank] for rank in ranks if (rank > 0 if french else rank < 0)])
    return LanguageGuess(Language.FR if french else Language.EN, _score(margin), grounds)


def _score(margin: float) -> float:
    return 1.0 / (1.0 + math.exp(-0.8 * margin))


def _compared(text: Normalised, found: list[str], evidence: _Evidence, hint: str) -> LanguageGuess:
    """The words, py3langid and the source's hint, each a log weight, added up."""
    shares = _langid_shares(text.original[:_LOOK])
    # A word or two look like any language: nobody is sent away on such ground.
    trust, rarity, hinted = (2.0, 1.5, 1.0) if len(found) >= _FEWEST_FOR_LANGID else (0.5, 2.5, 3.0)
    totals = {
        Language.FR: evidence.french + trust * math.log(shares["fr"]),
        Language.EN: evidence.english + trust * math.log(shares["en"]),
        Language.OTHER: evidence.other + trust * math.log(shares["other"]) - rarity,
    }
    if hint:
        totals[_hinted(hint).language] += hinted
    ranked = sorted(totals, key=lambda candidate: totals[candidate], reverse=True)
    guess = _decided(evidence, totals[ranked[0]] - totals[ranked[1]])
    same = guess.language is ranked[0]
    return LanguageGuess(ranked[0], min(guess.score, 0.95), guess.grounds if same else ())


def _hinted(hint: str) -> LanguageGuess:
    primary = hint.lower().partition("-")[0]
    if primary in {"fr", "en"}:
        return LanguageGuess(Language(primary), 0.5)
    return LanguageGuess(Language.OTHER, 0.5 if primary else 0.0)


def _langid_shares(text: str) -> dict[str, float]:
    """py3langid's probabilities for French, English and all others, none below 2 %."""
    ranked = dict(_identifier().rank(text))
    share = {name: max(0.02, ranked.get(name, 0.0)) for name in ("fr", "en")}
    return {**share, "other": max(0.02, 1.0 - ranked.get("fr", 0.0) - ranked.get("en", 0.0))}


@cache
def _identifier() -> Any:
    # Imported here because it takes half a second and most messages never need it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    every = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    every.set_languages(_NEIGHBOURS.split("|"))
    # A new one of the few languages that are left: the whole model takes five times the memory.
    weights = every.nb_ptc, every.nb_pc, every.nb_classes
    return LanguageIdentifier(
        *weights, every.tk_nextmove, every.tk_output, norm_probs=True, tk_row=every.tk_row
    )


@cache
def _table() -> dict[str, tuple[float, float, float, int]]:
    """Word → what it says for French, for English and for another language, and its place in `_ranked`."""
    ranks = {word: rank for rank, word in _ranked().items()}
    return {
        word: (max(weight, 0.0), max(-weight, 0.0), foreign, ranks.get(word, 0))
        for word, (weight, foreign) in _weights().items()
    }


@cache
def _ranked() -> dict[int, str]:
    """The words that tell, the most French last: counted from 1 for French, up to -1 for English."""
    told = sorted((weight, word) for word, (weight, _) in _weights().items())
    french = [word for weight, word in told if weight > 0]
    english = [word for weight, word in told if weight < 0]
    return dict(enumerate(french, 1)) | dict(enumerate(english, -len(english)))


@cache
def _weights() -> dict[str, tuple[float, float]]:
    """Word → how French (positive) or English (negative) it is, and how foreign.

    A word that neighbours share (« la », « en ») says little of either.
    """
    rows = (line.split("\t") for line in _lines("languages.tsv"))
    table = {word: (float(weight), 0.0) for word, weight in rows}
    foreign = {word for line in _lines("foreign.tsv") for word in line.partition("\t")[2].split()}
    for word in sorted(foreign):
        weight, _ = table.get(word, (0.0, 0.0))
        shared = max(-_SHARED, min(_SHARED, weight))
        table[word] = (shared, _SHARED if shared else _FOREIGN)
    return table


def _lines(name: str) -> list[str]:
    return (resources.files("veilleur.text") / "data" / name).read_text(encoding="utf-8").splitlines()
