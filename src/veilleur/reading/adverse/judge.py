"""From marks to a case: four criteria, who had it, how grave, which special situation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from veilleur.lexicon import Mark
from veilleur.reading.adverse.case import AdverseReaction, Criteria, Note, Part, Who
from veilleur.reading.adverse.evidence import Look, look, of_message, of_product, of_reaction
from veilleur.reading.adverse.marks import find
from veilleur.reading.adverse.weights import Weights, shipped
from veilleur.reading.analyzer import Batch, Subject
from veilleur.text.scope import Scope
from veilleur.vocabulary import PRODUCT_TYPES, SITUATIONS, Span

_SERIOUS = "serious."
EVEN = 0.5
RULED = frozenset({"pregnancy", "breastfeeding", "offlabel", "occupational"})
"""Situations too rare to learn: their words decide."""
_TAKES_BACK = frozenset({Scope.NEGATED, Scope.SUPPOSED, Scope.ASKED})


def cases(batch: Batch) -> Sequence[AdverseReaction | None]:
    """The case of each message; `None` when it speaks of no product. Use with `Batch.once`."""
    return [case_of(subject) for subject in batch]


def case_of(subject: Subject, weights: Weights | None = None) -> AdverseReaction | None:
    """The case one message tells, `None` when it names neither a product nor a treatment."""
    found = find(subject)
    if found is None:
        return None
    seen = look(subject.text.text, found)
    return judge(subject, seen, weights or shipped())


def judge(subject: Subject, seen: Look, weights: Weights) -> AdverseReaction:
    """Applies the weights to what was seen."""
    chances = weights.message.chances(of_message(seen))
    limits = weights.thresholds
    named = bool(seen.found.products)
    score = chances["adr"] if named else 0.0
    suspected = score >= limits["adr"]
    told = suspected or chances["reaction"] >= max(limits["reaction"], EVEN)
    reactions = _reactions(subject, seen, weights, max(score, chances["reaction"])) if told else ()
    products = _products(subject, seen, weights, chances["reaction"], happened=told)
    who = _who(chances, limits) if told else Who.NONE
    criteria = Criteria(
        max(score, chances["reporter"]) if suspected else chances["reporter"],
        max(score, chances["patient"]) if suspected else chances["patient"],
        max((one.score for one in products), default=0.0),
        max(score, chances["reaction"]) if suspected else chances["reaction"],
    )
    special = [*_special(subject, seen, chances, limits), *_of_products(products)]
    if told and not suspected and _incomplete(chances, named=named):
        special.append(Note("incomplete_case", None))
    return AdverseReaction(
        suspected,
        score,
        criteria,
        who,
        products,
        reactions,
        tuple(_seriousness(subject, seen)) if suspected else (),
        tuple(special),
        _person(subject, seen, who),
    )


def _span(subject: Subject, mark: Mark) -> Span:
    return subject.text.span(mark.start, mark.end)


def _reactions(subject: Subject, seen: Look, weights: Weights, told: float) -> tuple[Part, ...]:
    scored = [
        (weights.reaction.chances(of_reaction(seen, mark, told))["happened"], mark)
        for mark in seen.found.reactions
    ]
    kept = [(score, mark) for score, mark in scored if score >= weights.thresholds["happened"]]
    return tuple(
        Part(_span(subject, mark), "reaction", score, mark.term.concept)
        for score, mark in kept or sorted(scored, key=_first, reverse=True)[:1]
    )


def _first(scored: tuple[float, Mark]) -> float:
    return scored[0]


def _products(
    subject: Subject, seen: Look, weights: Weights, told: float, *, happened: bool
) -> tuple[Part, ...]:
    named = seen.found.products
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


def _incomplete(chances: Mapping[str, float], *, named: bool) -> bool:
    return not named or min(chances["reporter"], chances["patient"]) < EVEN


def _who(chances: Mapping[str, float], limits: Mapping[str, float]) -> Who:
    """Whoever stands furthest above the limit that suits how rarely they are meant."""
    return max((Who.AUTHOR, Who.RELATIVE, Who.OTHERS), key=lambda who: chances[who.value] / limits[who.value])


def _person(subject: Subject, seen: Look, who: Who) -> Span | None:
    marks = seen.cues.get(who.value, ())
    return _span(subject, marks[0]) if marks else None


def _seriousness(subject: Subject, seen: Look) -> Iterator[Note]:
    for kind in sorted(seen.situations):
        if kind.startswith(_SERIOUS):
            told = (mark for mark in seen.situations[kind] if not _taken_back(seen, mark))
            if first := next(told, None):
                yield Note(kind.removeprefix(_SERIOUS), _span(subject, first))


def _taken_back(seen: Look, mark: Mark) -> bool:
    return any(
        one.scope in _TAKES_BACK and one.start <= mark.start and mark.end <= one.end for one in seen.scopes
    )


def _special(
    subject: Subject, seen: Look, chances: Mapping[str, float], limits: Mapping[str, float]
) -> Iterator[Note]:
    for name in SITUATIONS:
        said = name in seen.situations if name in RULED else chances[name] >= limits[name]
        if said:
            marks = [*seen.situations.get(name, ()), *seen.cues.get(name, ())]
            yield Note(name, _span(subject, marks[0]) if marks else None)


def _of_products(products: tuple[Part, ...]) -> Iterator[Note]:
    for kind in PRODUCT_TYPES:
        if first := next((one for one in products if one.suspected and one.kind == kind), None):
            yield Note(kind, first.span)
