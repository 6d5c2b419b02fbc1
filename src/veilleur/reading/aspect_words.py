"""The words people use for each aspect of care, read from `data/aspects.txt`.

The file says how it is written; what it holds is data, so that it grows without code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

from veilleur.lexicon import Term
from veilleur.vocabulary import Language

PRAISE, BLAME, NAMED, ASKS_AROUND, ROLE = "+", "-", "0", "?", "r"
SIGNS = (PRAISE, BLAME, NAMED, ASKS_AROUND, ROLE)

_HEADER = re.compile(r"\[(\w+) (\S) (\w\w)( doubtful)?\]")
_SPLIT = re.compile(r"\s*;\s*|\n")
_GROUP = re.compile(r"\(([^()]*)\)")
_WORD = re.compile(r"[^\W_]+")
_NEGATIONS = frozenset(
    "pas jamais aucun aucune rien sans ni non personne plus zero zéro manque no not never nobody without"
    " lack cannot".split()
)

_FEW = "(2|3|4|5|6|7|8|9|10|12|15|deux|trois|quatre|cinq|dix|quinze)"
_PRICE = "(20|25|30|35|40|50|55|60|65|70|75|80|90|100|120|150|180|200|250|300|380|400|500)"
_MUCH = (
    "(1h|2h|3h|4h|5h|6h|7h|8h|9h|10h|12h|1h15|1h30|1h45|2h30|2 h|3 h|4 h|5 h|une heure|1 heure|2 heures|3 heures"
    "|4 heures|5 heures|6 heures|7 heures|8 heures|deux heures|trois heures|quatre heures|cinq heures|six heures"
    "|des heures|30 min|40 min|45 min|50 min|20 minutes|30 minutes|40 minutes|41 minutes|45 minutes|47 minutes"
    "|50 minutes|vingt minutes|trente minutes|quarante minutes|quarante-cinq minutes|trois quarts d'heure)"
)
_MUCH_EN = (
    "(an hour|one hour|1 hour|2 hours|3 hours|4 hours|5 hours|6 hours|7 hours|8 hours|9 hours|10 hours|12 hours"
    "|two hours|three hours|four hours|five hours|six hours|30 minutes|30 mins|40 minutes|40 mins|45 minutes"
    "|45 mins|50 minutes|half an hour|hour|hours|weeks|months)"
)
_MONTHS = (
    "(2 mois|3 mois|4 mois|5 mois|6 mois|8 mois|9 mois|10 mois|12 mois|un an|1 an|deux mois|trois mois|quatre mois"
    "|cinq mois|six mois|huit mois|dix mois|onze mois|2 semaines|3 semaines|trois semaines|six semaines|des mois)"
)
_MACROS = {
    "{few}": _FEW, "{price}": _PRICE, "{much}": _MUCH, "{much_en}": _MUCH_EN, "{much2}": _MONTHS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AspectWord:
    """What an expression says: the aspect, its sign, and whether it holds a negation itself."""

    aspect: str
    sign: str
    is_denial: bool

    @property
    def code(self) -> str:
        """One word that a `Term` carries; `read_code` turns it back."""
        return f"{self.aspect} {self.sign} {'!' if self.is_denial else ''}"


def read_code(code: str) -> AspectWord:
    """The meaning of a term by its `kind`."""
    aspect, sign, denial = code.split(" ")
    return AspectWord(aspect, sign, bool(denial))


@cache
def aspect_terms() -> tuple[Term, ...]:
    """Every expression as a term, each expression once per language: the first aspect that lists it keeps it.

    Raises `ValueError` for a line that stands under no section or a sign nobody knows.
    """
    terms: dict[tuple[str, str], Term] = {}
    for aspect, sign, language, doubtful, written in _lines():
        for text in expanded(written):
            meaning = AspectWord(aspect, sign, not _NEGATIONS.isdisjoint(_WORD.findall(text.lower())))
            term = Term(text, None, meaning.code, Language(language), doubtful)
            terms.setdefault((text.lower(), language), term)
    return tuple(terms.values())


def expanded(written: str) -> Iterator[str]:
    """Every expression that `written` stands for, also as typed without apostrophes.

    >>> list(expanded("(très |)bien (reçu|reçue)"))
    ['très bien reçu', 'très bien reçue', 'bien reçu', 'bien reçue']
    """
    for name, alternatives in _MACROS.items():
        written = written.replace(name, alternatives)
    pieces = [piece.split("|") for piece in _GROUP.split(written)]
    for parts in product(*pieces):
        text = " ".join("".join(parts).split())
        yield text
        if "'" in text:
            yield text.replace("'", "")


def _lines() -> Iterator[tuple[str, str, str, bool, str]]:
    """(aspect, sign, language, whether doubtful, expression as written)."""
    section: tuple[str, str, str, bool] | None = None
    for line in files("veilleur.reading").joinpath("data/aspects.txt").read_text("utf-8").splitlines():
        header = _HEADER.fullmatch(line.strip())
        if header:
            section = header[1], header[2], header[3], bool(header[4])
        elif line.strip() and not line.startswith("#"):
            if section is None or section[1] not in SIGNS:
                raise ValueError(f"aspects.txt: no section with a known sign above {line[:40]!r}")
            yield from ((*section, part) for part in _SPLIT.split(line.strip()) if part)
