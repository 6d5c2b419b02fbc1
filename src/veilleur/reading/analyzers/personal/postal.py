"""Where somebody lives: a number, a kind of way and its name, or a town behind its postcode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from veilleur.reading.analyzers.personal import lists
from veilleur.reading.analyzers.personal.found import LIKELY, SURE, Found

_HOUSE = re.compile(
    r"(?<![\w/.,:€-])(?<!salle )(?<!chambre )(?<!box )(?<!guichet )(?<!bureau )\d{1,4}\s?(?:bis|ter"
    r"|quater|[a-dA-D])?\s?,?\s(?:(?:de\s)?(?:la|l'|le)\s)?$",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?:(?<=\b\w{2})\.|(?<=\b\w{3})\.|(?<=\b\w{4})\.)?\s(?:(?:de la|de l['’]|du|des|de|d['’]|la|le"
    r"|les|l['’]|the)\s?)*[^\W_][\w'’-]*"
    r"(?:\s(?:(?:de la|de l['’]|du|des|de|d['’]|la|le|les|l['’]|et|aux?|à la|en|sur"
    r"|sous)\s?)*[A-ZÀ-ÖØ-Þ\d][\w'’-]*){0,4}"
)
_TOWN = re.compile(
    r"(?:[\s,;:(–-]{1,3}(?:(?i:b[aâ]t(?:iment)?|appt?|appartement|porte|[ée]tage|esc(?:alier)?"
    r"|entr[ée]e|r[ée]sidence|bo[iî]te|chez)\.?\s?[\w'’ -]{1,25}?"
    r"|\d{1,2}\s?(?:e|er|[èe]me)\s[ée]tage)){0,3}"
    r"[\s,;:(–-]{1,4}(?:à\s)?(?:F-)?(?<!\d)\d{2}\s?\d{3}(?!\d)[\s,]{1,2}(?:(?:le|la|les"
    r"|l['’])\s?)?[A-ZÀ-ÖØ-Þa-zà-ÿ][\w'’-]+"
    r"(?:[ -](?:(?:le|la|les|l['’]|sur|sous|en|de|du|d['’])[ -]?)*[A-ZÀ-ÖØ-Þ][\w'’-]+){0,3}(?:\s"
    r"(?i:cedex)(?:\s\d+)?)?"
)
_PRO_PLACE = re.compile(
    r"\b(?:cabinet|clinique|centre|pharmacie|h[oô]pital|labo(?:ratoire)?|magasin|mairie"
    r"|entr[ée]e du|cpam|association|restaurant"
    r"|surgery|hospital|agence|si[èe]ge|bureaux|m[ée]diateur|tribunal|pr[ée]fecture|conseil"
    r"|maison m[ée]dicale|maison de sant[ée])\b[^.!?\n]{0,40}$",
    re.IGNORECASE,
)
_BUILDING = frozenset(
    {
        "residence",
        "res",
        "batiment",
        "bat",
        "immeuble",
        "lotissement",
        "lieu-dit",
        "lieudit",
        "hameau",
        "cite",
        "domaine",
        "clos",
        "villa",
    }
)
_INSIDE = re.compile(
    r"(?:\b(?:b[aâ]t(?:iment)?|appt?|appartement|r[ée]s(?:idence)?|esc(?:alier)?|entr[ée]e"
    r"|porte)\.?\s[\w'’-]{1,20}[\s,]{1,3}){1,3}$",
    re.IGNORECASE,
)
_AT_TOWN = re.compile(r",?\s[àa]\s[A-ZÀ-ÖØ-Þ][\w'’-]+")
_TO_TOWN = re.compile(r"[^.!?\n]{1,60}?(?=[\s,]{1,3}\d{5}\s[A-ZÀ-ÖØ-Þ])")


def address(text: str, start: int, end: int) -> Iterator[Found]:
    """The address whose kind of way (« rue », « résidence ») stands at `[start, end)`."""
    house = _HOUSE.search(text[max(0, start - 28) : start])
    building = lists.folded(text[start:end]) in _BUILDING
    if house and not building:
        begin = _from_inside(text, max(0, start - 28) + house.start())
        name = _NAME.match(text, end)
        if name and not _PRO_PLACE.search(text[max(0, begin - 60) : begin]):
            last = _with_town(text, name.end())
            yield Found(begin, last, "ADDRESS", SURE if last > name.end() else LIKELY, "address")
    elif building:
        yield from _building(text, start, end)


def _building(text: str, start: int, end: int) -> Iterator[Found]:
    """« résidence Ker-Avel, 29680 Roscoff »: without a way, the town must be told."""
    for name in (_NAME.match(text, end), _TO_TOWN.match(text, end)):
        last = _with_town(text, name.end()) if name else 0
        if name and last > name.end():
            yield Found(_from_inside(text, start), last, "ADDRESS", LIKELY, "address")
            return


def _with_town(text: str, end: int) -> int:
    """Where the address ends that has its way up to `end`: behind the town, when one is given."""
    town = _TOWN.match(text, end) or _AT_TOWN.match(text, end)
    return town.end() if town else end


def _from_inside(text: str, start: int) -> int:
    """Where the address begins whose house number is at `start`: before « bât. C, appt 14 »."""
    inside = _INSIDE.search(text[max(0, start - 60) : start])
    return max(0, start - 60) + inside.start() if inside else start
