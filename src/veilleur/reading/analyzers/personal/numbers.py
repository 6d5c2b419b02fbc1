"""Numbers that name a person or a practice: NIR, RPPS, FINESS, IBAN, cards, plates, births, files.

Where a number carries a key, the key decides. Where it does not, words before it must.
All functions read the text as its author wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from veilleur.reading.analyzers.personal import keys
from veilleur.reading.analyzers.personal.found import CERTAIN, LIKELY, SURE, Found

BEFORE = 60
"""Characters before a number in which the word that explains it may stand."""
_GAP = r"[ \t\u00a0\u2009\u202f.\-/_·]{0,3}"
_COMPACT = re.compile(r"[\W_]+")

# Patterns name their first sign before what must not stand in front of it: a search then leaps from one
# such sign to the next.
_NIR = re.compile(
    rf"[123478](?<![\w+].){_GAP}\d\s?\d{_GAP}\d\s?\d{_GAP}"
    rf"(?:\d\s?\d|2[ABab]){_GAP}\d\s?\d\s?\d{_GAP}\d\s?\d\s?\d(?P<key>{_GAP}"
    rf"(?:cl[ée]\s?:?\s?)?\d\s?\d(?!\w))?(?!\w)",
    re.IGNORECASE,
)
_GROUPED_NIR = re.compile(r"\d\W+\d\d\W")
_SOCIAL = re.compile(
    r"s[ée]cu|\bcl[ée]\b|attestation|\bnir\b|\bn°|num|\bss\b|\bn°?ss\b|immatricul|vitale|\bins\b"
    r"|assur|matricule",
    re.IGNORECASE,
)

_PRACTICE = re.compile(rf"\d(?<![\w+].)(?:|(?<=2)[ABab])(?:{_GAP}[\dABab]){{7,10}}(?!\w)")
_PRACTICE_WORD = {
    "RPPS": re.compile(r"\brpps\b|r\.p\.p\.s", re.IGNORECASE),
    "ADELI": re.compile(r"\bad[ée]li\b", re.IGNORECASE),
    "FINESS": re.compile(r"\bfiness\b", re.IGNORECASE),
}

_IBAN_START = re.compile(r"(?<!\w)[A-Z]{2}\s?\d\d[\s\-.]{0,2}[A-Z0-9]{2}", re.IGNORECASE)
_IBAN_LENGTHS = {
    "FR": 27, "MC": 27, "BE": 16, "LU": 20, "CH": 21, "DE": 22, "ES": 24, "IT": 27, "PT": 25, "NL": 18,
    "GB": 22, "IE": 22, "AT": 20, "PL": 28, "RO": 24, "LT": 20, "LV": 21, "EE": 20, "MA": 28, "TN": 24,
    "DZ": 26, "SE": 24, "DK": 18, "NO": 15, "FI": 18, "GR": 27, "CZ": 24, "HU": 28, "BG": 22, "HR": 21,
    "SK": 24, "SI": 19, "AD": 24, "SM": 27, "MT": 31, "CY": 28, "TR": 26, "UA": 29, "SN": 28, "CI": 28,
}  # fmt: skip

_CARD_WORD = re.compile(
    r"(?i)\b(?:card|cb|carte (?:bancaire|bleue|de cr[ée]dit)|visa|mastercard|amex|diners)\b"
)
_CARD = re.compile(r"[2-6](?<![\w+.].)(?:[ .\-]?\d){11,18}(?!\w)")
_USUAL_CARD = re.compile(
    r"(?<![\w+.])(?:3[47]|[456]\d|2[2-7])\d{2}[ .\-]?(?:\d{4}[ .\-]?\d{4}[ .\-]?\d{4}"
    r"|\d{6}[ .\-]?\d{5})(?!\w)"
)

_PLATE = re.compile(r"[A-HJ-NP-TV-Z](?<![\w-].)[A-HJ-NP-TV-Z]([ -])\d{3}\1[A-HJ-NP-TV-Z]{2}(?![\w-])")
_LOOSE_PLATE = re.compile(
    r"(?<![\w-])(?:[A-HJ-NP-TV-Z]{2}[ -]?\d{3}[ -]?[A-HJ-NP-TV-Z]{2}|\d{1,4}[ -]?[A-Z]{2,3}[ -]?"
    r"(?:\d{2}|2[AB]))(?![\w-])",
    re.IGNORECASE,
)

_MONTH = (
    r"(?:janv?(?:ier)?|f[ée]v(?:r(?:ier)?)?|mars|avr(?:il)?|mai|juin|juil(?:let)?|ao[uû]t|sept?"
    r"(?:embre)?|oct(?:obre)?"
    r"|nov(?:embre)?|d[ée]c(?:embre)?|january|february|march|april|may|june|july|august|september|october"
    r"|november|december)\.?"
)
_YEAR = r"(?:(?:18|19|20)\d\d|\d\d)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
DATE = re.compile(
    rf"(?<![\w/.-])(?:{_DAY}\s?[/.\- |]\s?(?:0?[1-9]|1[0-2])\s?[/.\- |]\s?{_YEAR}"
    rf"|(?:19|20)\d\d-(?:0[1-9]|1[0-2])-{_DAY}"
    rf"|{_DAY}(?:er|st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\s+{_YEAR})(?![\w/]|[.-]\d)",
    re.IGNORECASE,
)
_TO_DATE = re.compile(
    r"(?:\W|\b(?:est|c'est|le|du|au|e|nait|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|à"
    r"|the|on|is)\b"
    r"|\b[àa] [\w-]+(?= le\b)){0,7}",
    re.IGNORECASE,
)

_FILE = re.compile(
    r"(?<![\w@./,-])(?:[A-Z]{1,6}[-_/ ]?)?\d[A-Z\d]*(?:[-_/.][A-Z\d]+|\s\d{2,}(?=[\s.,;:)]|$))*"
    r"(?:\s?[A-Z])?(?![\w@€%])",
)
_TO_FILE = re.compile(r"[^.!?\n\d]{0,45}(?:n°|no|nº|num[ée]ro)?\W{0,4}", re.IGNORECASE)
_NOT_FILE = re.compile(r"\s?(?:€|euros?|eur\b|h\b|km|ans\b|jours|mois|%|mg|ml)", re.IGNORECASE)
_OTHER_THING = re.compile(
    r"\b(?:lot|code|t[ée]l|appel|mail|loi|article|commande|fictif|exemple|mod[èe]le)\b", re.IGNORECASE
)
_YEARS = re.compile(r"(?:19|20)\d\d(?:[-/](?:(?:19|20)?\d\d))?")
_NAMED_NUMBER = re.compile(r"(?:n°|nº|num|\bno\b|\bnr\b|#|:|passeport|cni|r[ée]f)", re.IGNORECASE)


def compact(text: str) -> str:
    """`text` without anything but its letters and digits, in capitals."""
    return _COMPACT.sub("", text).upper()


def keyed(text: str) -> Iterator[Found]:
    """Numbers whose key or whose form is proof enough."""
    yield from _nir(text)
    yield from _ibans(text)
    for match in _CARD.finditer(text):
        usual = _USUAL_CARD.fullmatch(match[0])
        if (usual or _CARD_WORD.search(text)) and keys.luhn(compact(match[0])):
            yield Found(match.start(), match.end(), "CARD", CERTAIN, "key")


def _nir(text: str) -> Iterator[Found]:
    for match in _NIR.finditer(text):
        found = compact(re.sub(r"cl[ée]", "", match[0], flags=re.IGNORECASE))
        number, key = found[:13], found[13:]
        if not _is_month(number[3:5]) or number[7:10] == "000" or number[10:] == "000":
            continue
        if key:
            if int(key) == keys.nir_key(number):
                yield Found(match.start(), match.end(), "NIR", CERTAIN, "key")
        elif (
            _GROUPED_NIR.match(match[0])
            or number[6] in "AB"
            or _SOCIAL.search(text, max(0, match.start() - BEFORE), match.start())
        ):
            yield Found(match.start(), match.end(), "NIR", SURE, "format")


def _is_month(month: str) -> bool:
    """A month, or one of the values for a month nobody knows."""
    return month != "00" and int(month) not in {*range(13, 20), *range(43, 50)}


def _ibans(text: str) -> Iterator[Found]:
    for match in _IBAN_START.finditer(text):
        size = _IBAN_LENGTHS.get(match[0][:2].upper())
        end = _end_of(text, match.start(), size) if size else 0
        number = compact(text[match.start() : end])
        if end and number.isascii() and number.isalnum() and keys.iban(number):
            yield Found(match.start(), end, "IBAN", CERTAIN, "key")


def _end_of(text: str, start: int, size: int) -> int:
    """Where `size` letters and digits from `start` end, few blanks between; 0 when they do not."""
    counted = blanks = 0
    for place in range(start, min(len(text), start + 3 * size)):
        if text[place].isalnum():
            counted, blanks = counted + 1, 0
            if counted == size:
                return 0 if text[place + 1 : place + 2].isalnum() else place + 1
        else:
            blanks += 1
            if blanks > 2:
                return 0
    return 0


def practices(text: str) -> Iterator[Found]:
    """RPPS and ADELI (label `RPPS`) and FINESS: each behind its own name."""
    for match in _PRACTICE.finditer(text):
        number = compact(match[0])
        before = text[max(0, match.start() - BEFORE) : match.start()]
        if (
            len(number) == 11
            and number.isdecimal()
            and keys.luhn(number)
            and _PRACTICE_WORD["RPPS"].search(before)
        ):
            yield Found(match.start(), match.end(), "RPPS", CERTAIN, "RPPS")
        elif len(number) == 9 and _PRACTICE_WORD["FINESS"].search(before):
            if number[2:].isdecimal() and number[0].isdecimal() and keys.finess(number):
                yield Found(match.start(), match.end(), "FINESS", CERTAIN, "FINESS")
        elif len(number) == 9 and _PRACTICE_WORD["ADELI"].search(before):
            yield Found(match.start(), match.end(), "RPPS", LIKELY, "ADELI")


def plates(text: str) -> Iterator[Found]:
    """Plates of today's form, in capitals with their hyphens or blanks."""
    for match in _PLATE.finditer(text):
        yield Found(match.start(), match.end(), "PLATE", LIKELY, "format")


def announced_plate(text: str, end: int) -> Iterator[Found]:
    """A plate of any form within a few words of « plaque », « immatriculée »… that ends at `end`."""
    if match := _LOOSE_PLATE.search(text, end, end + 45):
        yield Found(match.start(), match.end(), "PLATE", LIKELY, "context")


def birth(text: str, end: int) -> Iterator[Found]:
    """The date behind « né le » and its like, which end at `end`."""
    gap = _TO_DATE.match(text, end)
    for start in range(end, (gap.end() if gap else end) + 1):
        if match := DATE.match(text, start):
            yield Found(match.start(), match.end(), "DOB", SURE, "context")
            return


def file_number(text: str, end: int) -> Iterator[Found]:
    """The number of a file, a passport, a contract… that a word ending at `end` announces."""
    for match in _FILE.finditer(text, end, min(len(text), end + 90)):
        between = text[end : match.start()]
        if not _TO_FILE.fullmatch(between) or _OTHER_THING.search(between):
            return
        if _is_file(text, end, match) and not _NOT_FILE.match(text, match.end()):
            yield Found(match.start(), match.end(), "ID", LIKELY, "context")
        return


def _is_file(text: str, end: int, match: re.Match[str]) -> bool:
    """Whether the number behind a word ending at `end` is long enough, and neither date nor year."""
    if _YEARS.fullmatch(match[0]) or DATE.fullmatch(match[0]):
        return False
    digits = sum(map(str.isdecimal, match[0]))
    if digits >= 6 or (digits == 5 and match[0][0].isalpha()):
        return True
    return digits >= 4 and _NAMED_NUMBER.search(text, max(0, end - 22), match.start()) is not None
