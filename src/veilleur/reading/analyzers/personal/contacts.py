"""Ways to reach somebody: phones, addresses of mail, pages of a person on a network."""

from __future__ import annotations

import re
from collections.abc import Iterator

from veilleur.reading.analyzers.personal import lists
from veilleur.reading.analyzers.personal.found import CERTAIN, LIKELY, SURE, Found

BEFORE = 110
"""Characters before a contact in which the word that says whose it is may stand."""

# As in `numbers`, the first sign comes before what must not stand in front of it.
_PHONE = re.compile(
    r"[+(0](?<![\w+].)(?<!\d[.,/ -].)(?:"
    r"(?:(?<=\+)|(?<=0)0[\s.]?|(?<=\()\+?(?=33\)))33\)?[\s.\-/]{0,2}(?:\(\s?0\s?\)[\s.\-]{0,2})?0?[1-9]"
    r"|(?<=\()0\)[\s.]?[1-9]|(?<=\()0[1-9]\)"
    r"|(?<=0)[\s.]?[1-9]"
    r")(?:[ \t\u00a0\u2009\u202f.\-/_·]{0,3}\d){8}(?!\d|[.,-]\d\d\d)"
)
_FOREIGN = re.compile(
    r"[+0](?<![\w+].)(?:(?<=\+)|(?<=0)0)(?!33)[1-9]\d{0,2}(?:[\s.\-/()]{0,2}\d){6,12}(?!\d)"
)
_SERVICE = re.compile(r"(?:00|\+)?(?:33)?0?8[0-9]")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}(?!\w)")
_SPELLED_MAIL = re.compile(
    r"(?<![\w.+-])[\w+-]{1,40}(?:(?:\.|\s?\(?(?:point|dot)\)?\s)[\w+-]{1,40}){0,4}\s?[(\[{<]?\s?"
    r"(?:arr?oba[sz]e?|at)\s?[)\]}>]?\s?"
    r"[\w-]{2,40}(?:\.|\s?[(\[]?(?:point|dot)[)\]]?\s?)(?:fr|com|org|net|be|ch|eu|lu|info|uk|co uk"
    r"|io|ca|example|[a-z]{2,8}\.(?:fr|org))(?!\w)",
    re.IGNORECASE,
)
_URL = re.compile(
    r"(?<![\w@.])(?:https?://)?(?:[a-z-]{1,8}\.)?(?:"
    r"facebook\.com/(?!groups|pages|events|hashtag|watch|sharer)|fb\.com/|instagram\.com/(?!p/|reel"
    r"|explore)|linkedin\.com/in/"
    r"|(?:twitter|x)\.com/(?!search|hashtag|home)|tiktok\.com/@|snapchat\.com/add/|t\.me/"
    r"|threads\.net/@|copainsdavant\.\w+/p/"
    r"|pinterest\.\w+/|youtube\.com/@)[\w.@%?=&/-]*[\w/]",
    re.IGNORECASE,
)
_PATH = re.compile(r"\.\w+/")
"""What every address of a page has in it."""
_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")

_UNITS = "zero un deux trois quatre cinq six sept huit neuf"
_TEENS = "dix onze douze treize quatorze quinze seize"
_TENS = "vingt trente quarante cinquante soixante septante octante huitante nonante"
_SPELLED_DIGITS = re.compile(
    rf"(?:\b(?:{'|'.join((_UNITS + ' ' + _TEENS + ' ' + _TENS).split())}|z[ée]ro|o|et|vingts"
    rf"|plus)\b|\d{{1,2}}\b)"
    r"(?:[\s,.\-]{1,3}|$)?",
    re.IGNORECASE,
)
_TAIL = re.compile(r"(?:[\s,.\-]|\b(?:et|o|plus)\b)+$", re.IGNORECASE)


_OFFICE = re.compile(r"(?i)[@.](?:gouv|ameli|caf|assurance-maladie|cpam\S*|aphp|chu-\S+|ch-\S+|nhs)\.")


_STARTS_AS_DATE = re.compile(r"\d\d[/.-]\d\d[/.-](?:19|20)\d\d(?!\d)")


def phones(text: str) -> Iterator[Found]:
    """French numbers of ten digits in all writings, and foreign ones behind their country code.

    Short and emergency numbers (15, 3114, 116 117) are nobody's.
    """
    for match in _PHONE.finditer(text):
        alone = sum(len(group) == 1 for group in re.findall(r"\d+", match[0]))
        if not _STARTS_AS_DATE.match(match[0]) and (alone <= 3 or alone >= 9):
            yield _phone(text, match, SURE)
    for match in _FOREIGN.finditer(text):
        yield _phone(text, match, LIKELY)


def _phone(text: str, match: re.Match[str], score: float) -> Found:
    digits = re.sub(r"[^\d+]", "", match[0]).replace("+330", "+33")
    start = match.start()
    is_service = _SERVICE.match(digits) is not None
    label = "PRO_PHONE" if is_service or is_professional(text, start) else "PHONE"
    return Found(start, match.end(), label, score, "format")


def spelled_phone(text: str, start: int) -> Iterator[Found]:
    """The number in words that begins at `start`: « zéro six, trente-neuf… »."""
    end, words = start, 0
    while match := _SPELLED_DIGITS.match(text, end):
        end, words = match.end(), words + 1
    stretch = _TAIL.sub("", text[start:end])
    if words >= 5 and _digits(stretch) >= 8:
        label = "PRO_PHONE" if is_professional(text, start) else "PHONE"
        yield Found(start, start + len(stretch), label, LIKELY, "words")


def _digits(stretch: str) -> int:
    """How many digits a spelled number has, at least."""
    words = re.findall(r"\d+|[^\W\d_]+", lists.folded(stretch))
    return sum(len(word) if word.isdecimal() else _weight(word) for word in words)


def _weight(word: str) -> int:
    if word in _UNITS.split() or word == "o":
        return 1
    return 2 if word in _TEENS.split() else 1


def mails(text: str) -> Iterator[Found]:
    """Addresses of mail with their sign."""
    for match in _MAIL.finditer(text):
        yield Found(match.start(), match.end(), _mail_label(text, match), CERTAIN, "format")


def spelled_mails(text: str) -> Iterator[Found]:
    """Addresses of mail that hide their sign: « marie arobase exemple.fr », « marie (at) exemple.fr »."""
    for match in _SPELLED_MAIL.finditer(text):
        yield Found(match.start(), match.end(), _mail_label(text, match), LIKELY, "words")


def _mail_label(text: str, match: re.Match[str]) -> str:
    if _OFFICE.search(match[0]):
        return "PRO_EMAIL"
    owner = lists.folded(match[0].partition("@")[0])
    if not lists.mailboxes().isdisjoint(re.split(r"[\W\d_]+", owner)):
        return "PRO_EMAIL"
    return "PRO_EMAIL" if is_professional(text, match.start()) else "EMAIL"


def profiles(text: str) -> Iterator[Found]:
    """Addresses of a person's page on a network."""
    if not _PATH.search(text):
        return
    for match in _URL.finditer(text):
        yield Found(match.start(), match.end(), "URL", SURE, "format")


def is_professional(text: str, start: int) -> bool:
    """Whether the nearest telling word before `start` speaks of a practice, not of a person's circle."""
    before = text[max(0, start - BEFORE) : start].rpartition("\n")[2] or text[max(0, start - BEFORE) : start]
    known = lists.cues()
    for word in reversed(_WORD.findall(lists.folded(before.replace("’", "'")))):
        for part in (word, word.rpartition("'")[2], word.rpartition("-")[2]):
            if part in known:
                return known[part]
    return False
