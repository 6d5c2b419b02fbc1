"""Reading of health claims: what is claimed, where, on which theme.

A claim is words of several classes that meet in one sentence (« vaccin » + « puce »;
« citron » + « guérit » + « cancer »), see `veilleur.reading.claims`. Questions, rebuttals,
quotes, suppositions and jokes are left out as far as plain signs tell them. Whether a claim
is true is not judged: every finding carries the concept group `to_be_checked`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from veilleur.lexicon import Mark
from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.claims import Claim, claims
from veilleur.text import sentences
from veilleur.vocabulary import Because, Concept, Finding, Language, Span, Why

NAME = "misinformation"
TO_BE_CHECKED = "to_be_checked"
REACH = 110
"""Characters between two words of one claim, at most."""
_PLAINLY = 0.9
_UNSAID = frozenset({"rebuts", "insists", "jokes", "asks", "reports"})
_BEFORE = 22
_NEGATED_BEFORE = re.compile(
    r"\b(?:ne|n'|pas|jamais|aucune?|rien|ni|non|sans|don't|doesn't|do not|does not|didn't|won't|can't|cannot"
    r"|isn't|aren't|not|never|no)\b[^,;:.!?\n]*$"
)
_NEGATED_AFTER = re.compile(r"[^,;:.!?\n]{0,4}\b(?:pas|jamais|rien|aucune?|nullement)\b")
_SUPPOSED = re.compile(
    r"(?:^|[\s,(])(?:si|s'il|if)\b.{0,90}?\b(?:"
    r"(?!(?:fait|sait|lait|plait|parfait|trait|extrait|souhait|connait|parait|nait)\b)\w+(?:ait|aient)"
    r"|would|was|were)\b"
)
_REALLY_TOLD = re.compile(r"\b(?:saviez|savais|did you know|tu sais|vous savez|comment voulez)\b")
_CLAUSE_END = re.compile(r"[,;:!?()\n\"]|\.(?:\s|$)")
_BACKWARD = re.compile(
    r"(?:ca|c'est|cela|il|elle|ils|elles|resultat|plus|fini|et|depuis|it|this|they|that|these|and)\b"
)
_WIDEST = 60
"""Characters that a clause adds to its words, at most."""


def claimed_in(batch: Batch) -> list[Sequence[Finding]]:
    """The claims of each message of a batch: ask with `batch.once(claimed_in)`."""
    return [_read(subject) if NAME in subject.marks else () for subject in batch]


def _read(subject: Subject) -> Sequence[Finding]:
    marks = subject.marks_of(NAME)
    kinds = {mark.term.kind for mark in marks}
    if len(kinds) == 1 and kinds.isdisjoint(claims().alone):
        return ()
    marks = _with_phrases(subject.text.text, marks, kinds)
    candidates = _candidates({mark.term.kind for mark in marks})
    if not candidates:
        return ()
    marks = tuple(mark for mark in marks if _may_be_read(subject, mark.term.language))
    if _is_rebuttal(marks):
        return ()
    return [_finding(subject, claim, found) for claim, found in _claimed(subject, marks, candidates)]


def _candidates(kinds: set[str]) -> list[Claim]:
    """The claims whose words are all there, the surest first."""
    found = [claim for kind in kinds for claim in claims().by_class[kind] if kinds.issuperset(claim.classes)]
    return sorted(found, key=claims().claims.index) if len(found) > 1 else found


def _may_be_read(subject: Subject, language: Language | None) -> bool:
    guess = subject.language
    return language in {None, guess.language} or guess.score < _PLAINLY


def _is_rebuttal(marks: Iterable[Mark]) -> bool:
    """Whether the message unsays claims, unless its author stands by one against others."""
    kinds = {mark.term.kind for mark in marks}
    return "rebuts" in kinds and "insists" not in kinds


def _claimed(
    subject: Subject, marks: Sequence[Mark], candidates: Sequence[Claim]
) -> Iterator[tuple[Claim, list[Mark]]]:
    text = subject.text.text
    for sentence, inside in _by_sentence(text, marks):
        if not inside or _is_only_spoken_of(text, sentence, inside):
            continue
        themes: set[str] = set()
        usable = [mark for mark in inside if not _is_negated(text, sentence.start, mark)]
        for claim in candidates:
            found = None if claim.theme in themes else _match(claim, usable)
            if found and not _is_quoted(text, found):
                themes.add(claim.theme)
                yield claim, found


def _with_phrases(text: str, marks: Sequence[Mark], kinds: set[str]) -> tuple[Mark, ...]:
    """`marks` (of `kinds`), and one more for each phrase that two of them make."""
    made = [
        Mark(phrase.term, one.start, other.end)
        for phrase in claims().phrases
        if phrase.first in kinds and phrase.then in kinds
        for one in marks
        if one.term.kind == phrase.first and not _is_negated(text, 0, one)
        for other in marks
        if other.term.kind == phrase.then and 0 <= other.start - one.end <= phrase.within
    ]
    return (*marks, *made) if made else tuple(marks)


def _by_sentence(text: str, marks: Sequence[Mark]) -> Iterator[tuple[Span, list[Mark]]]:
    """Each sentence with its marks; one that points back (« ça », "this") has those before it, too."""
    before: list[Mark] = []
    for sentence in sentences(text):
        inside = [mark for mark in marks if sentence.start <= mark.start < sentence.end]
        points_back = inside and before and _BACKWARD.match(text, sentence.start)
        yield sentence, [*before, *inside] if points_back else inside
        before = inside


def _is_only_spoken_of(text: str, sentence: Span, marks: Iterable[Mark]) -> bool:
    """Whether the sentence asks, reports, supposes or jokes rather than claims."""
    kinds = {mark.term.kind for mark in marks}
    if kinds & _UNSAID - {"insists", "rebuts"}:
        return True
    said = sentence.of(text)
    if said.endswith("?"):
        return _REALLY_TOLD.search(said) is None
    return _SUPPOSED.search(said) is not None


def _is_negated(text: str, start: int, mark: Mark) -> bool:
    """Whether a negation close to a word of a strict class turns it; the sentence begins at `start`."""
    if mark.term.kind not in claims().strict:
        return False
    if _NEGATED_BEFORE.search(text, max(start, mark.start - _BEFORE), mark.start):
        return True
    # Behind a whole phrase, « pas » belongs to what follows: « donne le cancer, pas le soleil ».
    return " " not in text[mark.start : mark.end] and _NEGATED_AFTER.match(text, mark.end) is not None


def _match(claim: Claim, marks: Sequence[Mark]) -> list[Mark] | None:
    """A mark of each class of the claim, near each other; `None` when there are not."""
    for first in marks:
        if first.term.kind == claim.classes[0]:
            found = _completed(claim, first, marks)
            if found:
                return found
    return None


def _completed(claim: Claim, first: Mark, marks: Sequence[Mark]) -> list[Mark] | None:
    found = [first]
    for name in claim.classes[1:]:
        last = found[-1]
        near = [
            mark
            for mark in marks
            if mark.term.kind == name
            and mark not in found
            and _gap(last, mark) <= REACH
            and not (claim.ordered and mark.start < last.start)
        ]
        if not near:
            return None
        found.append(min(near, key=lambda mark: _gap(last, mark)))
    return found


def _gap(one: Mark, other: Mark) -> int:
    return max(other.start - one.end, one.start - other.end)


def _is_quoted(text: str, found: Sequence[Mark]) -> bool:
    """Whether what is claimed stands between quotation marks, with words of the author around it."""
    return any(_in_quotes(text, mark) for mark in found[1:] or found)


def _in_quotes(text: str, mark: Mark) -> bool:
    opened = text.rfind('"', 0, mark.start) if text.count('"', 0, mark.start) % 2 else -1
    closed = text.find('"', mark.end) if opened >= 0 else -1
    return closed >= 0 and any(map(str.isalpha, text[:opened] + text[closed:]))


def _finding(subject: Subject, claim: Claim, found: Sequence[Mark]) -> Finding:
    text = subject.text
    start, end = min(mark.start for mark in found), max(mark.end for mark in found)
    words = sorted({(mark.start, mark.end) for mark in found})
    return Finding(
        analyzer=NAME,
        label=claim.theme,
        score=claim.score,
        why=Why(Because.TERM, tuple(text.span(*word).of(text.original) for word in words)),
        span=text.span(*_clause(text.text, start, end)),
        concept=Concept(f"CLAIM:{claim.theme}", claim.theme, TO_BE_CHECKED),
    )


def _clause(text: str, start: int, end: int) -> tuple[int, int]:
    """[start, end) widened to the punctuation around it."""
    earliest = max(0, start - _WIDEST)
    cuts = [match.end() for match in _CLAUSE_END.finditer(text, earliest, start)]
    begin = (
        cuts[-1] if cuts else (earliest if earliest == 0 else text.find(" ", earliest, start) + 1 or start)
    )
    stop = _CLAUSE_END.search(text, end, end + _WIDEST)
    finish = stop.start() if stop else max(end, text.rfind(" ", end, end + _WIDEST))
    if not stop and len(text) <= end + _WIDEST:
        finish = len(text)
    piece = text[begin:finish]
    return begin + len(piece) - len(piece.lstrip()), begin + len(piece.rstrip())
