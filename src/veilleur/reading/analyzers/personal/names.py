"""Names of persons, from what announces them: a title, a relative, « je m'appelle », a first name.

Reads the text as written, because capitals decide. Every function gets the place where an
announcing word stands, `[start, end)`, and yields at most one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from veilleur.reading.analyzers.personal import lists
from veilleur.reading.analyzers.personal.capitals import (
    LONGEST,
    Name,
    has_first_name,
    is_first,
    is_place,
    is_public,
    is_shouted,
    name_at,
    small_first_name,
    small_surname,
    with_surname_before,
)
from veilleur.reading.analyzers.personal.found import LIKELY, POSSIBLE, SURE, Found

_TO_NAME = re.compile(r"[ \u00a0]{1,2}|\.[ \u00a0]?")
_TO_RELATED = re.compile(
    r"[ \u00a0]de[ \u00a0](?=[^\W\d_])|[ \u00a0]d['’]|[ \u00a0]{1,2}|[ \u00a0]?[:,(«\"][ \u00a0]?[«\"]?"
)
_TO_SELF = re.compile(
    r"[ \u00a0]?[:,;]?[\s\u00a0]{0,3}[«\"(]?[ \u00a0]?"
    r"(?:(?i:m\.|mme|mlle|monsieur|madame|est|is|toujours|aussi|juste|patient|patiente)[. \u00a0]{1,2})?"
    r"(?P<doctor>(?i:(?:le )?(?:dr|docteur))[. \u00a0]{1,2})?"
)
_ABBREVIATED = 4
"""Letters of the longest title that may end in a point."""
_SHORT_TITLES = frozenset({"dr", "docteur", "mme", "mlle", "mr", "doc"})
_ONLY_WITH_CAPITAL = {"m": "M", "mm": "MM"}
_POSSESSIVE = re.compile(r"(?i)\b(?:ma|ta|sa|notre|votre|leur|nos|vos|my|her|his|our)\s$")
_GREETING = re.compile(r"(?i)\b(?:bonjour|bonsoir|salut|coucou|hello|hi|non|oui|chere?|re)[ ,]{1,2}$")
_WARD = re.compile(r"(?i) (?:wards?|close|house|unit|street|road|suite|centre|center)\b")
_THANKS = re.compile(
    r"(?i)\b(?:mercis? (?:encore |infiniment |beaucoup )?(?:[àa] )?|gr[âa]ce [àa] |bravo (?:[àa] )?"
    r"|remercier? "
    r"|chez |f[ée]licitations [àa] |mention sp[ée]ciale [àa] |bis(?:es|ous) [àa] |thanks to |thank you )"
    r"(?:(?:m\.|mme|mlle|mr|monsieur|madame) )?$"
)
_OWN = re.compile(r"(?i)\b(?:m(?:on|a|es)|my|patiente?|mari|femme|fille|fils|m[èe]re|p[èe]re)\b")


def after_title(text: str, start: int, end: int, kind: str) -> Iterator[Found]:
    """The name behind « Dr », « Mme », « l'infirmière »; the word itself is no part of it."""
    gap = _TO_NAME.match(text, end)
    title = lists.folded(text[start:end])
    if not gap or ("." in gap[0] and len(title) > _ABBREVIATED):
        return
    if text[start:end] != _ONLY_WITH_CAPITAL.get(title, text[start:end]):
        return
    name = name_at(text, gap.end(), particle=kind != "job")
    if name and _is_no_person(name, sure=kind != "job"):
        return
    if not name and title in _SHORT_TITLES:
        name = small_surname(text, gap.end()) if title != "docteur" else small_first_name(text, gap.end())
    if name:
        professional = kind in {"doctor", "job"} or _is_at_work(text, start, name[-1].end)
        yield _found(name, "PRO_NAME" if professional else "NAME", SURE, "title")


def _is_no_person(name: Name, *, sure: bool) -> bool:
    """Whether the words are others with a capital; `sure` when only persons are announced so."""
    if name[0].word in lists.not_names() or is_public(name):
        return True
    if has_first_name(name[:2]):
        return False
    acronym = name[0].bare.isupper() and len(name[0].bare) <= 4
    return name[0].word in lists.medicines() or (not sure and (name[0].word in lists.ordinary() or acronym))


def after_relative(text: str, end: int) -> Iterator[Found]:
    """« ma fille Léa », « mon mari, Yves Kerbellec »: behind a comma only a known first name."""
    gap = _TO_RELATED.match(text, end)
    if not gap:
        return
    name = name_at(text, gap.end(), particle=False)
    if name and (_is_no_person(name, sure=False) or (gap[0] != " " and not has_first_name(name[:1]))):
        return
    if not name and gap[0] == " ":
        name = small_first_name(text, gap.end())
    if name:
        yield _found(name, "NAME", SURE, "relative")


def after_sister(text: str, start: int, end: int) -> Iterator[Found]:
    """« ma soeur Monique » is a relative; « Soeur Marie-Ange » is at work, and called so."""
    if text[start].isupper() and not _POSSESSIVE.search(text[max(0, start - 7) : start]):
        for one in after_title(text, start, end, "job"):
            yield one._replace(start=start)
    else:
        yield from after_relative(text, end)


def after_self(text: str, start: int, end: int, kind: str) -> Iterator[Found]:
    """« je m'appelle Josiane Le Bihan », « au nom de LE BIHAN », « cordialement, A. Roux »."""
    gap = _TO_SELF.match(text, end)
    at = gap.end() if gap else end
    name = name_at(text, at, particle=False)
    said = lists.folded(text[start:end])
    weak = kind == "weak"
    if name and (_is_no_person(name, sure=False) or (weak and not has_first_name(name))):
        return
    if not name and not weak and (name := small_first_name(text, at, sure=False)):
        name += small_surname(text, name[0].end + 1) if text[name[0].end :].startswith(" ") else []
    if name:
        professional = (gap and gap["doctor"]) or (
            "'appel" in said and _is_at_work(text, start, name[-1].end)
        )
        yield _found(name, "PRO_NAME" if professional else "NAME", LIKELY, "introduction")


def around_first_name(text: str, start: int, end: int, kind: str) -> Iterator[Found]:
    """A first name with a capital, and the names beside it; one that is a word too needs more."""
    if not text[start].isupper() or text[max(0, start - 1) : start] in {"-", "@", "#", "_", "."}:
        return
    name = name_at(text, start) if text[end : end + 1] not in {"'", "’"} else []
    if not name or name[0].word in lists.not_names() or is_place(text, start):
        return
    if len(name) == 1 or all(token.word in lists.first_names() for token in name):
        name = with_surname_before(text, name)
    if is_public(name) or not (_stands_alone(text, name, kind) or _is_whole(text, name, kind)):
        return
    at_work = _has_job_beside(text, name[0].start, name[-1].end)
    score = POSSIBLE if len(name) == 1 else LIKELY
    yield _found(name, "PRO_NAME" if at_work else "NAME", score, "first name")


def _stands_alone(text: str, name: Name, kind: str) -> bool:
    """Whether a first name by itself means a person here."""
    if len(name) > 1 or name[0].word in lists.ordinary() or name[0].word in lists.medicines():
        return False
    if (name[0].bare.isupper() and len(name[0].bare) <= 3) or _WARD.match(text, name[0].end):
        return False
    if _GREETING.search(text[max(0, name[0].start - 12) : name[0].start]):
        return False
    if kind == lists.RARE_FIRST_NAME or not _is_made_of_first_names(name[0].word):
        return _has_job_beside(text, name[0].start, name[0].end)
    in_doubt = is_first(text, name[0].start) or name[0].bare.isupper()
    return not (kind == lists.FIRST_NAME_OR_WORD and in_doubt)


def _is_made_of_first_names(word: str) -> bool:
    """« Jean-Noël » is; « Édouard-Herriot » is a street or a hospital."""
    return all(part in lists.first_names() for part in word.split("-")) or word in lists.first_names()


def _is_whole(text: str, name: Name, kind: str) -> bool:
    """Whether first name and surname stand together: not a sentence that begins with a word."""
    if len(name) == 1:
        return False
    in_doubt = kind != lists.FIRST_NAME and (
        is_first(text, name[0].start) or name[0].word in lists.ordinary()
    )
    shouted = name[0].bare.isupper() and is_shouted(text, name[0].start, name[-1].end)
    return not ((in_doubt or shouted) and name[1].word in lists.ordinary())


def _is_at_work(text: str, start: int, end: int) -> bool:
    """Whether a person with a title is told to be at work, beside the name or before in the sentence."""
    if _has_job_beside(text, start, end):
        return True
    before = re.split(r"[.!?\n«]", text[max(0, start - 70) : start])[-1]
    jobs = list(_jobs().finditer(lists.folded(before)))
    return bool(jobs) and not _OWN.search(before, jobs[-1].end())


def _has_job_beside(text: str, start: int, end: int) -> bool:
    """« l'infirmière Julie », « Julie, la secrétaire », « merci à Julie »."""
    before = text[max(0, start - 40) : start]
    if _THANKS.search(before) or _job_behind().match(lists.folded(text[end : end + 40])):
        return True
    return _job_before().search(lists.folded(before)) is not None


@cache
def _jobs() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(lists.jobs())})\w*")


@cache
def _job_before() -> re.Pattern[str]:
    return re.compile(
        rf"\b(?:mon docteur|(?:{'|'.join(lists.jobs())})\w*)(?: du matin| de nuit)?[ ,:]{{1,3}}"
        rf"(?:docteur )?(?:(?:mr|mme|mlle|m\.|monsieur|madame) )?$"
    )


@cache
def _job_behind() -> re.Pattern[str]:
    article = r"(?:(?:la|le|une?|notre|votre|leur|et toute) |l')?"
    desk = r"(?: du| de l'| a l'| au) ?(?:secretariat|service|standard|cabinet|guichet|accueil|agence)"
    return re.compile(rf" ?[,(] ?{article}(?:{'|'.join(lists.jobs())})|{desk}\b")


def _found(name: Name, label: str, score: float, rule: str) -> Found:
    return Found(name[0].start, name[min(len(name), LONGEST + 1) - 1].end, label, score, rule)
