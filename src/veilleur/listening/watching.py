"""Words to watch, for networks that look for them letter by letter; accents and capitals do not count."""

from __future__ import annotations

import re
from dataclasses import dataclass

from veilleur.text.normalise import normalise

_BLANKS = r"\s+"


def folded(text: str) -> str:
    """A text as it is looked through: in the one spelling of `veilleur.text.normalise`."""
    return normalise(text).text.strip()


@dataclass(frozen=True, slots=True)
class Watch:
    """A word to watch, or several that stand side by side."""

    word: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, word: str) -> Watch:
        """Whole words only: « Martin » is not in « Martinez ».

        >>> watch = Watch.of("Clinique de l’Étoile")
        >>> watch.is_in(folded("La CLINIQUE de l'etoile !")), watch.is_in(folded("cliniques de l'étoile"))
        (True, False)
        """
        parts = _BLANKS.join(map(re.escape, folded(word).split()))
        return cls(word, re.compile(rf"(?<!\w){parts}(?!\w)"))

    @property
    def spellings(self) -> tuple[str, ...]:
        """What to ask a network for that tells « délai » from « delai »."""
        plain = folded(self.word)
        return (self.word,) if plain == self.word.lower() else (self.word, plain)

    def is_in(self, plain: str) -> bool:
        """Whether a folded text holds it."""
        return self.pattern.search(plain) is not None


def words_to_watch(told: tuple[str, ...]) -> tuple[str, ...]:
    """For `AfterValidator`: each word once, without empty lines."""
    words = tuple(dict.fromkeys(word.strip() for word in told if word.strip()))
    if not all(map(folded, words)):
        raise ValueError("words of letters or digits, one line each")
    return words
