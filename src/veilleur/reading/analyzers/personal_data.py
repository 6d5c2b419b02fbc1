"""Personal data: numbers that name a person, ways to reach them, where they live, what they are called.

Labels are the types of the guidelines: `NAME PHONE EMAIL ADDRESS DOB ID IBAN NIR RPPS FINESS CARD
PLATE URL`, and `PRO_NAME PRO_PHONE PRO_EMAIL` for practitioners and professional lines, which
are found but are nobody's secret.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence

from veilleur.lexicon import Mark, Term
from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.analyzers.personal import contacts, lists, names, numbers, postal
from veilleur.reading.analyzers.personal.found import LIKELY, Found
from veilleur.reading.analyzers.personal.redaction import PLACEHOLDER
from veilleur.reading.characters import characters_of
from veilleur.text import Normalised
from veilleur.vocabulary import Because, Finding, Span, Why

NAME = "personal_data"
_LONG_NUMBER = re.compile(r"[0-9](?:(?:[\W_]{0,3}[0-9ABab]){6}|[0-9]{2}[ -][A-Z]{2}\b)")
_AFTER_NAME = re.compile(r"[ ]?[,(:|]?[ ]?(?:[FHM] ?[|/,] ?)?(?:n[ée]e? (?:le )?)?")
_CONTEXT = re.compile(r"\d")
TYPES = (
    "NIR",
    "IBAN",
    "CARD",
    "EMAIL",
    "PRO_EMAIL",
    "URL",
    "RPPS",
    "FINESS",
    "PHONE",
    "PRO_PHONE",
    "DOB",
    "ADDRESS",
    "ID",
    "PLATE",
)
_SINGULAR = lists.FIRST_NAMES | {"way"}
"""Kinds whose plural means something else: « 12 places », « les colombes »."""
_FEWEST_DIGITS = 3
_BEHIND = {"born": numbers.birth, "number": numbers.file_number, "vehicle": numbers.announced_plate}
_BEFORE_A_NAME = frozenset({"doctor", "job", "title", "kin", "self", "weak", "sister"})
_WORDS = lists.FIRST_NAMES | _BEFORE_A_NAME | {"at", "spelled"}
"""Kinds that matter in a text without any digit."""
_SHORT_TITLES = frozenset({"dr", "mme", "mlle", "mr", "doc"})
"""Titles behind which people also write a name without its capital."""
_ORDER = {label: place for place, label in enumerate(TYPES)}


class PersonalDataAnalyzer:
    """One finding per stretch; stretches never overlap. The ground is the rule that was met."""

    name = NAME
    version = "1"

    def terms(self) -> Iterable[Term]:
        """First names, and the words that announce personal data."""
        return lists.terms()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """The personal data of each message, in order."""
        return batch.once(personal_data_in)


def personal_data_in(batch: Batch) -> list[Sequence[Finding]]:
    """The personal data of each message of a batch: ask with `batch.once(personal_data_in)`."""
    # Most texts have too few digits for any number, and need no closer look.
    digits = batch.once(characters_of).digits.tolist()
    return [_read(*one) for one in zip(batch, digits, strict=True)]


def _read(subject: Subject, digits: int) -> Sequence[Finding]:
    text = subject.mention.text
    marks = subject.marks.get(NAME, ())
    found = [*_numbers(text)] if digits >= _FEWEST_DIGITS and _LONG_NUMBER.search(text) else []
    if "@" in text:
        found += contacts.mails(text)
    if "/" in text:
        found += contacts.profiles(text)
    if marks:
        found += _marked(subject, marks if digits else [mark for mark in marks if mark.term.kind in _WORDS])
    return [_finding(one) for one in _apart(text, found)] if found else ()


def _numbers(text: str) -> Iterator[Found]:
    """Numbers that show by their own form."""
    yield from numbers.keyed(text)
    yield from numbers.practices(text)
    yield from numbers.plates(text)
    yield from contacts.phones(text)


def _marked(subject: Subject, marks: Sequence[Mark]) -> Iterator[Found]:
    """What words announce."""
    text, unmoved = subject.mention.text, _unmoved(subject.text)
    first_names = {mark.start for mark in marks if mark.term.kind in lists.FIRST_NAMES}
    for mark in marks:
        start, end, kind = mark.start, mark.end, mark.term.kind
        if end - start > len(mark.term.text) and kind in _SINGULAR:
            continue
        known = end + 1 in first_names
        if end > unmoved:
            span = subject.text.span(start, end)
            start, end = span.start, span.end
        if not (known or _may_announce(text, kind, start, end)):
            continue
        for one in _announced(text, kind, start, end):
            yield one
            if one.label == "NAME":
                yield from _birth_beside(text, one.end)


def _unmoved(text: Normalised) -> int:
    """How many characters at the start of a normalised text stand where they were written."""
    return min((layer[0][0] for layer in text.layers), default=len(text.text))


def _may_announce(text: str, kind: str, start: int, end: int) -> bool:
    """Whether it is worth looking closer: a capital where a name must have one."""
    if kind in lists.FIRST_NAMES:
        return text[start].isupper()
    if kind in _BEFORE_A_NAME:
        behind = text[end : end + 7]
        return behind != behind.lower() or text[start:end].lower() in _SHORT_TITLES
    return True


def _announced(text: str, kind: str, start: int, end: int) -> Iterator[Found]:
    if kind in lists.FIRST_NAMES:
        return names.around_first_name(text, start, end, kind)
    if kind in {"doctor", "job", "title"}:
        return names.after_title(text, start, end, kind)
    if kind == "kin":
        return names.after_relative(text, end)
    if kind == "sister":
        return names.after_sister(text, start, end)
    if kind in {"self", "weak"}:
        return names.after_self(text, start, end, kind)
    return _announced_number(text, kind, start, end)


def _announced_number(text: str, kind: str, start: int, end: int) -> Iterator[Found]:
    if kind == "at":
        return contacts.spelled_mails(text)
    if kind == "spelled":
        return contacts.spelled_phone(text, start)
    if not _CONTEXT.search(text, max(0, start - 18), end + 90):
        return iter(())
    if kind == "way":
        return postal.address(text, start, end)
    announced = _BEHIND.get(kind)
    return announced(text, end) if announced else iter(())


def _birth_beside(text: str, end: int) -> Iterator[Found]:
    """« Manon Delorge (05/11/2021) »: a date right behind a name."""
    gap = _AFTER_NAME.match(text, end)
    if gap and (date := numbers.DATE.match(text, gap.end())):
        yield Found(date.start(), date.end(), "DOB", LIKELY, "name")


def _apart(text: str, found: list[Found]) -> list[Found]:
    """Of stretches that overlap the surest kind, then the longest; in the order of the text."""
    kept: list[Found] = []
    covered = sorted(match.span() for match in PLACEHOLDER.finditer(text)) if "[" in text else []
    for one in sorted(found, key=_preference):
        place = bisect(covered, (one.start, one.end))
        behind = place == 0 or covered[place - 1][1] <= one.start
        if behind and (place == len(covered) or one.end <= covered[place][0]):
            covered.insert(place, (one.start, one.end))
            kept.append(one)
    return sorted(kept)


def _preference(one: Found) -> tuple[float, int, float, int]:
    return _ORDER.get(one.label, len(TYPES)), one.start - one.end, -one.score, one.start


def _finding(one: Found) -> Finding:
    return Finding(NAME, one.label, one.score, Why(Because.TERM, (one.rule,)), Span(one.start, one.end))
