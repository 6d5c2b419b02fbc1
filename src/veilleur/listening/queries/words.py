"""What words are in a query and in a message: the same as for the search of the inbox."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_STARRED = re.compile(r"[^\W_]+\*?")
_MARKS = dict.fromkeys(range(0x300, 0x370))


def folded(text: str) -> str:
    """Lower case, no diacritics, no ligatures; folding the result again changes nothing.

    >>> folded("Cœur ÉLEVÉ")
    'coeur eleve'
    """
    # Twice: mathematical capitals, for instance, become plain capitals the first time.
    return text.lower() if text.isascii() else _fold(_fold(text))


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_MARKS)
    return plain.replace("œ", "oe").replace("æ", "ae")


def words_of(text: str) -> list[str]:
    """The words of a text, folded; an apostrophe or a hyphen parts two of them.

    >>> words_of("L’attente au rez-de-chaussée")
    ['l', 'attente', 'au', 'rez', 'de', 'chaussee']
    """
    return _WORD.findall(folded(text))


def starred_words_of(text: str) -> list[str]:
    """As `words_of`, each word with the star behind it, if any.

    >>> starred_words_of("l’attent*")
    ['l', 'attent*']
    """
    return _STARRED.findall(folded(text))
