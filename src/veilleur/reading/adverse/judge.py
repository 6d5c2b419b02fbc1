"""From marks to a case: four criteria, who had it, how grave, which special situation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from veilleur.lexicon import Mark
from veilleur.reading.adverse.case import AdverseReaction, Criteria, Note, Part, Who
from veilleur.reading.adverse.evidence import Look, of_product
from veilleur.reading.adverse.heads import SERIOUS, Chances, limits, looks_of, named_in, told_in
from veilleur.reading.adverse.marks import Found
from veilleur.reading.adverse.tagger import Told, reactions_of
from veilleur.reading.adverse.weights import Weights, shipped
from veilleur.reading.analyzer import Batch, Subject
from veilleur.text.scope import Scope
from veilleur.vocabulary import PRODUCT_TYPES, SERIOUSNESS, SITUATIONS, Concept, Span

EVEN = 0.5
UNLIKELY = 0.1
"""Chance of a case below which its products are not weighed one by one."""
SURE = 0.9
"""How sure a product is that the lexicon knows and no everyday word is spelt like."""
RULED = frozenset({"pregnancy", "breastfeeding", "offlabel", "occupational"})
"""Situations too rare to learn: their words decide."""
_TAKES_BACK = frozenset({Scope.NEGATED, Scope.SUPPOSED, Scope.ASKED})


def cases(batch: Batch) -> Sequence[AdverseReaction | None]:
    """The case of each message; `None` when it names no product and no treatment. Use with `Batch.once`."""
    out: list[AdverseReaction | None] = [None] * len(batch)
    for row, named in batch.once(named_in).items():
        out[row] = _only_named(batch.subjects[row], named)
    told, spans, weights = batch.once(told_in), batch.once(reactions_of), shipped()
    for (row, seen), found in zip(batch.once(looks_of), spans, strict=True):
        out[row] = judge(batch.subjects[row], seen, told[row], found, weights)
    return out


def _only_named(subject: Subject, found: Found) -> AdverseReaction | None:
    """The products of a message that tells of no reaction."""
    products = _sure_products(subject, found)
    if not products:
        return None
    return AdverseReaction(
        suspected=False,
        score=0.0,
        criteria=Criteria(0.0, 0.0, SURE, 0.0),
        who=Who.NONE,
        products=products,
        reactions=(),
        seriousness=(),
        special=(),
        person=None,
    )


def _sure_products(subject: Subject, found: Found) -> tuple[Part, ...]:
    return tuple(
        Part(subject.text.span(one.start, one.end), one.kind, SURE, one.mark.term.concept)
        for one in found.products
        if one.sure
    )


def judge(
    subject: Subject, seen: Look, chances: Chances, spans: Sequence[Told], weights: Weights
) -> AdverseReaction:
    """Puts together the case that the `chances` of a whole message, its `spans` and its products make."""
    cuts = limits()
    whole = weights.together(chances, max((one.score for one in spans), default=0.0))
    score = whole["adr"] if seen.found.products else 0.0
    suspected = score >= weights.thresholds["adr"]
    happened = whole["reaction"] >= weights.thresholds["reaction"]
    reactions = _reactions(subject, seen, spans, weights.thresholds["happened"]) if happened else ()
    told = suspected or happened
    surely = max(chances["adr"], chances["reaction"])
    products = _products(subject, seen, weights, surely, happened=told)
    who = _who(chances, cuts) if told else Who.NONE
    least = score if suspected else 0.0
    criteria = Criteria(
        max(least, chances["reporter"]),
        max(least, chances["patient"]),
        max((one.score for one in products), default=0.0),
        max(least, whole["reaction"]),
    )
    special = [*_special(subject, seen, chances, cuts), *_of_products(products)]
    if told and not suspected and _incomplete(chances, named=bool(seen.found.products)):
        special.append(Note("incomplete_case", None))
    return AdverseReaction(
        suspected,
        score,
        criteria,
        who,
        products,
        reactions,
        tuple(_seriousness(subject, seen, chances, cuts)) if suspected else (),
        tuple(special),
        _person(subject, seen, who),
    )


def _span(subject: Subject, mark: Mark) -> Span:
    return subject.text.span(mark.start, mark.end)


def _reactions(subject: Subject, seen: Look, spans: Sequence[Told], limit: float) -> tuple[Part, ...]:
    """The spans that are sure enough, at least the likeliest one."""
    limit = min(limit, max((one.score for one in spans), default=limit))
    return tuple(
        Part(subject.text.span(one.start, one.end), "reaction", one.score, _concept(seen, one))
        for one in spans
        if one.score >= limit
    )


def _concept(seen: Look, told: Told) -> Concept | None:
    """The concept of the first reaction of the lexicon inside."""
    inside = (mark for mark in seen.found.reactions if mark.start < told.end and told.start < mark.end)
    return next((mark.term.concept for mark in inside), None)


def _products(
    subject: Subject, seen: Look, weights: Weights, told: float, *, happened: bool
) -> tuple[Part, ...]:
    named = seen.found.products
    if told < UNLIKELY and not happened:
        return _sure_products(subject, seen.found)
    scores = [weights.product.chances(of_product(seen, one, told)) for one in named]
    best = max((score["suspected"] for score in scores), default=0.0)
    limit = min(best, weights.thresholds["suspected"])
    return tuple(
        Part(
            subject.text.span(one.start, one.end),
            one.kind,
            score["meant"],
            one.mark.term.concept,
            happened and score["suspected"] >= limit,
        )
        for one, score in zip(named, scores, strict=True)
        if score["meant"] >= weights.thresholds["meant"] or (happened and score["suspected"] >= limit)
    )


def _incomplete(chances: Chances, *, named: bool) -> bool:
    return not named or min(chances["reporter"], chances["patient"]) < EVEN


def _who(chances: Chances, cuts: Chances) -> Who:
    """Whoever stands furthest above the limit that suits how rarely they are meant."""
    return max((Who.AUTHOR, Who.RELATIVE, Who.OTHERS), key=lambda who: chances[who.value] / cuts[who.value])


def _person(subject: Subject, seen: Look, who: Who) -> Span | None:
    marks = seen.cues.get(who.value, ())
    return _span(subject, marks[0]) if marks else None


def _seriousness(subject: Subject, seen: Look, chances: Chances, cuts: Chances) -> Iterator[Note]:
    """What the heads see; in a case that is grave as a whole, also what plain words say."""
    grave = chances[SERIOUS] >= cuts[SERIOUS]
    for name in SERIOUSNESS:
        marks = (mark for mark in seen.situations.get(f"serious.{name}", ()) if not _taken_back(seen, mark))
        first = next(marks, None)
        if chances[name] >= cuts[name] or (grave and first):
            yield Note(name, _span(subject, first) if first else None)


def _taken_back(seen: Look, mark: Mark) -> bool:
    return any(
        one.scope in _TAKES_BACK and one.start <= mark.start and mark.end <= one.end for one in seen.scopes
    )


def _special(subject: Subject, seen: Look, chances: Chances, cuts: Chances) -> Iterator[Note]:
    for name in SITUATIONS:
        said = chances[name] >= cuts[name] or (name in RULED and name in seen.situations)
        if said:
            marks = [*seen.situations.get(name, ()), *seen.cues.get(name, ())]
            yield Note(name, _span(subject, marks[0]) if marks else None)


def _of_products(products: tuple[Part, ...]) -> Iterator[Note]:
    for kind in PRODUCT_TYPES:
        if first := next((one for one in products if one.suspected and one.kind == kind), None):
            yield Note(kind, first.span)
