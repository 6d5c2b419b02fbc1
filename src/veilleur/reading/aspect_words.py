"""The words people use for each aspect of care, read from `data/aspects.txt`.

The file says how it is written; what it holds is data, so that it grows without code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from veilleur.lexicon import Term
from veilleur.lexicon.alternatives import spelled_out
from veilleur.vocabulary import Language

PRAISE, BLAME, NAMED, ASKS_AROUND, ROLE = "+", "-", "0", "?", "r"
SIGNS = (PRAISE, BLAME, NAMED, ASKS_AROUND, ROLE)

_NAMED = re.compile(r"(\{\w+\}) = (.*)")
_HEADER = re.compile(r"\[(\w+) (\S) (\w\w)( doubtful)?\]")
_SPLIT = re.compile(r"\s*;\s*")
_WORD = re.compile(r"[^\W_]+")


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
    lines, named = _file()
    negations = frozenset(named["{negations}"].split("|"))
    terms: dict[tuple[str, str], Term] = {}
    for aspect, sign, language, doubtful, written in _sections(lines):
        for text in expanded(written, named):
            meaning = AspectWord(aspect, sign, not negations.isdisjoint(_WORD.findall(text)))
            term = Term(text, None, meaning.code, Language(language), doubtful)
            terms.setdefault((text, language), term)
    return tuple(terms.values())


def expanded(written: str, named: Mapping[str, str]) -> Iterator[str]:
    """Every expression that `written` stands for, also as typed without apostrophes.

    `named` gives the alternatives of each name.

    >>> list(expanded("(très |)bien {x}", {"{x}": "reçu|reçue"}))
    ['très bien reçu', 'très bien reçue', 'bien reçu', 'bien reçue']
    """
    for name, alternatives in named.items():
        written = written.replace(name, f"({alternatives})")
    for text in map(str.lower, spelled_out(written)):
        yield text
        if "'" in text:
            yield text.replace("'", "")


def _file() -> tuple[list[str], dict[str, str]]:
    """The lines that are neither empty nor comments, and what the names stand for."""
    written = files("veilleur.reading").joinpath("data/aspects.txt").read_text("utf-8").splitlines()
    lines = [line.strip() for line in written if line.strip() and not line.startswith("#")]
    named = {match[1]: match[2] for match in map(_NAMED.fullmatch, lines) if match}
    return [line for line in lines if not _NAMED.fullmatch(line)], named


def _sections(lines: Iterable[str]) -> Iterator[tuple[str, str, str, bool, str]]:
    """(aspect, sign, language, whether doubtful, expression as written)."""
    section: tuple[str, str, str, bool] | None = None
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header:
            section = header[1], header[2], header[3], bool(header[4])
            continue
        if section is None or section[1] not in SIGNS:
            raise ValueError(f"aspects.txt: no section with a known sign above {line[:40]!r}")
        yield from ((*section, part) for part in _SPLIT.split(line) if part)
