"""Words with a capital that can be one name, and what stands around them."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from veilleur.reading.analyzers.personal import lists

LONGEST = 4
"""Words of the longest name."""
_PARTICLE = r"(?:de la|de|du|des|d['’]|el|al|ben|bin|ould|van|von|der|den|da|dos|do|di|del)"
_PARTICLE_CAP = r"(?:De La|DE LA|Le|La|De|Du|Des|Ben|El|Al|Van|Von|Da|Dos|LE|LA|DE|DU|DES|BEN|EL|AL|VAN)"
_CAP = "A-ZÀ-ÖØ-ÞŒŠŽ"
_WORD = rf"(?:[{_CAP}]['’])?[{_CAP}][^\W\d_]*(?:[-'’][^\W\d_]+)*"
_TOKEN = re.compile(
    rf"(?P<particle>(?:{_PARTICLE}|{_PARTICLE_CAP})[ \u00a0]|d['’])?"
    rf"(?P<word>{_WORD})(?P<point>\.(?=[\s,;:)!?»\"]|$))?"
)
_LOWER = re.compile(r"([^\W\d_]{2,}(?:-[^\W\d_]+)*)(?![\w@.])")
_LEFT = re.compile(rf"((?:{_PARTICLE_CAP}[ ])?{_WORD})[ ]$")
_SENTENCE_START = re.compile(r"(?:^|[.!?…\n:»\"(]\s*|[-–—•]\s)$")
_SPELLING = re.compile(r"\b\w comme $")
_CUT = re.compile(r"[.,;!?\n]\s?$")
_SAINTS = ("saint-", "sainte-", "st-", "ste-", "notre-dame")
_LINKS = frozenset(["de", "du", "des", "la", "le", "l", "d"])
_LINKS |= {"docteur", "dr", "professeur", "pr", "general", "marechal"}
_BLANKS = {" ", "\u00a0"}


class Token(NamedTuple):
    """One word of a name, `[start, end)`; `word` is folded and, as `bare`, without its particle."""

    start: int
    end: int
    bare: str
    word: str


Name = list[Token]


def name_at(text: str, at: int, limit: int = LONGEST, *, particle: bool = True) -> Name:
    """The words with a capital from `at` on that can be one name; empty when there is none.

    `particle` tells whether the first may have a small « de » before it. In a text all in
    capitals a word counts only when nobody uses it otherwise.
    """
    name: Name = []
    shouted = text[at : at + 2].isupper() and is_shouted(text, at, at + 12)
    while len(name) < limit and (match := _TOKEN.match(text, at)):
        token = Token(match.start(), match.end("word"), match["word"], lists.folded(match["word"]))
        if not name and not _can_begin(match, particle=particle):
            break
        if _is_stranger(
            token, name, shouted=shouted and match["word"].isupper(), initial=bool(match["point"])
        ):
            break
        initial = match["point"] is not None and len(token.bare) <= 2
        name.append(token._replace(end=match.end()) if initial else token)
        if (match["point"] and not initial) or text[name[-1].end : name[-1].end + 1] not in _BLANKS:
            break
        at = name[-1].end + 1
    return name if name and (len(name) > 1 or len(name[0].bare) > 1) else []


def _can_begin(match: re.Match[str], *, particle: bool) -> bool:
    return particle or not match["particle"] or match["particle"][0].isupper()


def _is_stranger(token: Token, name: Name, *, shouted: bool, initial: bool) -> bool:
    """Whether a word cannot go on with `name`: a saint's place, a word of everyday use."""
    if token.word.startswith(_SAINTS) or (shouted and token.word in lists.ordinary()):
        return True
    if shouted and name and token.word not in lists.first_names() and not has_first_name(name):
        return True
    if not name or initial:
        return False
    return token.word in lists.not_names() or (len(name) > 1 and token.word in lists.ordinary())


def small_first_name(text: str, at: int, *, sure: bool = True) -> Name:
    """« ma fille léa »: a first name without its capital; `sure`, that is no other word."""
    match = _LOWER.match(text, at)
    word = lists.folded(match[0]) if match else ""
    if not match or len(word) < 3 or word in lists.ordinary():
        return []
    if word not in (lists.sure_first_names() if sure else lists.first_names()):
        return []
    return [Token(match.start(), match.end(), match[0], word)]


def small_surname(text: str, at: int) -> Name:
    """« dr benhaddou »: a word without a capital that nobody uses otherwise."""
    match = _LOWER.match(text, at)
    word = lists.folded(match[0]) if match else ""
    if not match or len(word) < 4 or word in lists.ordinary() or word in lists.medicines():
        return []
    return [Token(match.start(), match.end(), match[0], word)]


def with_surname_before(text: str, name: Name) -> Name:
    """« TCHENG Rosalie », « Le Bihan Josiane »: `name` and the surname it follows, if any."""
    from_here = max(0, name[0].start - 40)
    match = _LEFT.search(text[from_here : name[0].start])
    if not match or (from_here + match.start(1) and text[from_here + match.start(1) - 1].isalnum()):
        return name
    word = lists.folded(match[1].split()[-1])
    capitals = match[1].isupper() and len(match[1]) > 2 and not name[0].bare.isupper()
    if word in lists.not_names() or word in lists.places() or word in lists.medicines():
        return name
    if not capitals and (
        word in lists.ordinary() or word in lists.cues() or (len(name) == 1 and name[0].word in _doubtful())
    ):
        return name
    start = from_here + match.start(1)
    return [Token(start, start + len(match[1]), match[1], word), *name]


@cache
def _doubtful() -> frozenset[str]:
    return lists.first_names() - lists.sure_first_names()


def has_first_name(name: Name) -> bool:
    """Whether one of the words is a first name, or begins with one and a hyphen."""
    known = lists.first_names()
    return any(part in known for token in name for part in (token.word, token.word.partition("-")[0]))


def is_public(name: Name) -> bool:
    """Whether everybody knows the person, so that naming them tells nothing private."""
    return " ".join(token.word for token in name).replace("-", " ") in lists.public_figures()


def is_place(text: str, start: int) -> bool:
    """Whether the words before `start` make the name one of a street, a hospital, a disease."""
    if _SPELLING.search(text[max(0, start - 10) : start]):
        return True
    if _CUT.search(text[max(0, start - 2) : start]):
        return False
    before = lists.folded(text[max(0, start - 32) : start].replace("’", "'")).replace("-", " ")
    words = [word for word in re.split(r"[\W\d_]+", before) if word]
    while words and words[-1] in _LINKS:
        words.pop()
    return bool(words) and words[-1] in lists.places()


def is_first(text: str, start: int) -> bool:
    """Whether a sentence begins at `start`, so that its capital says nothing."""
    return _SENTENCE_START.search(text[max(0, start - 3) : start]) is not None


def is_shouted(text: str, start: int, end: int) -> bool:
    """Whether the text around is in capitals, so that they say nothing."""
    around = [char for char in text[max(0, start - 25) : start] + text[end : end + 25] if char.isalpha()]
    return len(around) > 4 and sum(map(str.isupper, around)) > len(around) / 2
