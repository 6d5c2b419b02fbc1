"""The word lists of this folder, read once per process."""

from __future__ import annotations

import gzip
from collections import defaultdict
from functools import cache
from importlib import resources

from veilleur.lexicon import Term, tables

_PLAIN = str.maketrans(
    dict(zip("àâäáãåçéèêëíîïìñóôöòõúùûüýÿ’ʼ", "aaaaaaceeeeiiiinooooouuuuyy''", strict=True))
    | {"œ": "oe", "æ": "ae"}
)
FIRST_NAME = "first"
FIRST_NAME_OR_WORD = "first-word"
RARE_FIRST_NAME = "first-rare"
FIRST_NAMES = frozenset({FIRST_NAME, FIRST_NAME_OR_WORD, RARE_FIRST_NAME})


def folded(text: str) -> str:
    """`text` without case and French accents: enough for words, and much cheaper than `normalise`."""
    return text.lower().translate(_PLAIN)


def terms() -> list[Term]:
    """First names and the words that announce something personal; `kind` says which."""
    announced = {(kind, word) for kind, words in _by_kind("triggers.txt", ",").items() for word in words}
    return [
        *(Term(word, kind=kind) for kind, word in sorted(announced)),
        *(Term(name, kind=kind) for name, kind in _first_names()),
    ]


@cache
def first_names() -> frozenset[str]:
    """First names, folded."""
    return frozenset(folded(name) for name, _ in _first_names())


@cache
def sure_first_names() -> frozenset[str]:
    """First names, folded, that are neither words nor rare."""
    return frozenset(folded(name) for name, kind in _first_names() if kind == FIRST_NAME)


@cache
def medicines() -> frozenset[str]:
    """Names of medicines in one word, folded."""
    return frozenset(folded(term.text) for term in tables.drugs() if " " not in term.text)


@cache
def ordinary() -> frozenset[str]:
    """Words in everyday use, folded: a capital alone makes no name of them."""
    return frozenset(_packed("ordinary.txt.gz")) | not_names()


@cache
def not_names() -> frozenset[str]:
    """Words that are no name, wherever they stand."""
    return frozenset(_words("not_names.txt"))


@cache
def places() -> frozenset[str]:
    """Words that make the name behind them one of a place or a thing."""
    return frozenset(_words("places.txt"))


@cache
def mailboxes() -> frozenset[str]:
    """Parts of an address of mail that belong to a desk."""
    return frozenset(_words("mailboxes.txt"))


@cache
def jobs() -> tuple[str, ...]:
    """Beginnings of words for people at work, folded."""
    return tuple(_words("jobs.txt"))


@cache
def public_figures() -> frozenset[str]:
    """First and last names of public persons, folded, in this order."""
    names = " , ".join(_lines("public_figures.txt")).split(",")
    return frozenset(folded(name.strip().replace("-", " ")) for name in names)


@cache
def cues() -> dict[str, bool]:
    """Word, folded → whether it speaks of a professional (else of the author's own circle)."""
    kinds = _by_kind("cues.txt", " ")
    return {
        folded(word): kind == "professional" for kind in ("personal", "professional") for word in kinds[kind]
    }


def _first_names() -> list[tuple[str, str]]:
    everyday = frozenset(_packed("ordinary.txt.gz"))
    pairs = (line.split("\t") for line in _packed("first_names.tsv.gz"))
    kinds = {"word": FIRST_NAME_OR_WORD, "rare": RARE_FIRST_NAME, "": FIRST_NAME}
    return [(name, FIRST_NAME_OR_WORD if folded(name) in everyday else kinds[flag]) for name, flag in pairs]


def _by_kind(name: str, separator: str) -> dict[str, list[str]]:
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for line in _lines(name):
        kind, _, words = line.partition(":")
        kinds[kind] += [word.strip() for word in words.split(separator) if word.strip()]
    return dict(kinds)


def _words(name: str) -> list[str]:
    return [folded(word) for line in _lines(name) for word in line.split()]


def _lines(name: str) -> list[str]:
    lines = _read(name).decode("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@cache
def _packed(name: str) -> tuple[str, ...]:
    return tuple(gzip.decompress(_read(name)).decode("utf-8").splitlines())


def _read(name: str) -> bytes:
    return (resources.files("veilleur.reading.analyzers.personal") / "data" / name).read_bytes()
