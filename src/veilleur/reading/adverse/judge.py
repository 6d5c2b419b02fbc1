"""From marks to a case: four criteria, who had it, how grave, which special situation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from veilleur.lexicon import one_per_place
from veilleur.reading.adverse.case import AdverseReaction, Criteria, Note, Part, Who
from veilleur.reading.adverse.evidence import First, Looks, first_told, of_products
from veilleur.reading.adverse.heads import SERIOUS, Chances, limits, looks_of, told_in
from veilleur.reading.adverse.marks import Found, kind_of
from veilleur.reading.adverse.tagger import Told, reactions_of
from veilleur.reading.adverse.weights import Weights, shipped
from veilleur.reading.analyzer import Batch, Subject
from veilleur.reading.analyzers import drugs
from veilleur.vocabulary import PRODUCT_TYPES, SERIOUSNESS, SITUATIONS, Concept, Span

EVEN = 0.5
UNLIKELY = 0.1
"""Chance of a case below which its products are not weighed one by one."""
SURE = 0.9
"""How sure a product is that the lexicon knows and no everyday word is spelt like."""
RULED = frozenset({"pregnancy", "breastfeeding", "offlabel", "occupational"})
"""Situations too rare to learn: their words decide."""
_ONLY_NAMED = Criteria(0.0, 0.0, SURE, 0.0)


def cases(batch: Batch) -> Sequence[AdverseReaction | None]:
    """The case of each message; `None` when it names no product and no treatment. Use with `Batch.once`."""
    looks = batch.once(looks_of)
    found = dict(zip(looks.rows, _judged(batch, looks), strict=True)) if len(looks) else {}
    return [found[row] if row in found else _only_named(subject) for row, subject in enumerate(batch)]


def _judged(batch: Batch, looks: Looks) -> list[AdverseReaction]:
    told = batch.once(told_in)
    return judge(
        [batch.subjects[row] for row in looks.rows],
        looks,
        [told[row] for row in looks.rows],
        batch.once(reactions_of),
        shipped(),
    )


def _only_named(subject: Subject) -> AdverseReaction | None:
    """The products of a message that tells of no reaction."""
    products = _sure_products(subject)
    if not products:
        return None
    return AdverseReaction(
        suspected=False,
        score=0.0,
        criteria=_ONLY_NAMED,
        who=Who.NONE,
        products=products,
        reactions=(),
        seriousness=(),
        special=(),
        person=None,
    )


def _sure_products(subject: Subject) -> tuple[Part, ...]:
    """The medicines that no everyday word is spelt like."""
    if drugs.NAME not in subject.marks:
        return ()
    named = one_per_place(subject.marks_of(drugs.NAME), subject.language.language)
    return tuple(
        Part(subject.text.span(mark.start, mark.end), kind_of(mark), SURE, mark.term.concept)
        for mark in named
        if not mark.term.doubtful
    )


_Weighed = tuple[float, float]
"""How surely a product is suspected, and how surely it is meant at all."""


@dataclass(frozen=True, slots=True)
class _Message:
    """One message and what is known of it as a whole."""

    subject: Subject
    found: Found
    said: First
    chances: Chances
    spans: Sequence[Told]
    score: float
    """How surely it tells a case, its surest span considered."""
    reaction: float
    """How surely it tells of a reaction, its surest span considered."""
    suspected: bool
    happened: bool

    @property
    def surely(self) -> float:
        """How surely it tells of a reaction by its heads alone."""
        return max(self.chances["adr"], self.chances["reaction"])

    @property
    def told(self) -> bool:
        """Whether it tells a case or a reaction."""
        return self.suspected or self.happened

    def place(self, kind: str) -> Span | None:
        """Where it first says something of a kind, in the text as written."""
        place = self.said.get(kind)
        return self.subject.text.span(*place) if place else None


def judge(
    subjects: Sequence[Subject],
    looks: Looks,
    chances: Sequence[Chances],
    spans: Sequence[Sequence[Told]],
    weights: Weights,
) -> list[AdverseReaction]:
    """Puts together the case of each message, of what its `chances`, its `spans` and its products say."""
    rows = zip(subjects, looks.found, first_told(looks), chances, spans, strict=True)
    messages = [_message(*row, weights) for row in rows]
    weighed, cuts = _weighed(messages, looks, weights), limits()
    return [
        _case(one, scores, weights.thresholds, cuts) for one, scores in zip(messages, weighed, strict=True)
    ]


def _message(
    subject: Subject, found: Found, said: First, chances: Chances, spans: Sequence[Told], weights: Weights
) -> _Message:
    whole = weights.together(chances, max((one.score for one in spans), default=0.0))
    score = whole["adr"] if found.products else 0.0
    suspected = score >= weights.thresholds["adr"]
    happened = whole["reaction"] >= weights.thresholds["reaction"]
    return _Message(subject, found, said, chances, spans, score, whole["reaction"], suspected, happened)


def _weighed(messages: Sequence[_Message], looks: Looks, weights: Weights) -> list[list[_Weighed]]:
    """How each product of each message is weighed; nothing for messages that most likely tell no reaction."""
    out: list[list[_Weighed]] = [[] for _ in messages]
    worth = np.array([one.told or one.surely >= UNLIKELY for one in messages], dtype=np.bool_)
    chosen = np.flatnonzero(worth[looks.products.text])
    texts = looks.products.text[chosen].tolist()
    chances = weights.product.chances(of_products(looks, chosen, [messages[text].surely for text in texts]))
    columns = (chances[:, weights.product.names.index(name)].tolist() for name in ("suspected", "meant"))
    for text, suspected, meant in zip(texts, *columns, strict=True):
        out[text].append((suspected, meant))
    return out


def _case(one: _Message, weighed: Sequence[_Weighed], thresholds: Chances, cuts: Chances) -> AdverseReaction:
    chances = one.chances
    products = _products(one, weighed, thresholds) if weighed else _sure_products(one.subject)
    who = _who(chances, cuts) if one.told else Who.NONE
    least = one.score if one.suspected else 0.0
    special = [*_special(one, cuts), *_of_products(products)]
    if one.happened and not one.suspected and _incomplete(one):
        special.append(Note("incomplete_case", None))
    return AdverseReaction(
        one.suspected,
        one.score,
        Criteria(
            max(least, chances["reporter"]),
            max(least, chances["patient"]),
            max((product.score for product in products), default=0.0),
            max(least, one.reaction),
        ),
        who,
        products,
        _reactions(one, thresholds["happened"]) if one.happened else (),
        tuple(_seriousness(one, cuts)) if one.suspected else (),
        tuple(special),
        one.place(who.value),
    )


def _reactions(one: _Message, limit: float) -> tuple[Part, ...]:
    """The spans that are sure enough, at least the likeliest one."""
    limit = min(limit, max((told.score for told in one.spans), default=limit))
    return tuple(
        Part(one.subject.text.span(told.start, told.end), "reaction", told.score, _concept(one.found, told))
        for told in one.spans
        if told.score >= limit
    )


def _concept(found: Found, told: Told) -> Concept | None:
    """The concept of the first reaction of the lexicon inside."""
    inside = (mark for mark in found.reactions if mark.start < told.end and told.start < mark.end)
    return next((mark.term.concept for mark in inside), None)


def _products(one: _Message, weighed: Sequence[_Weighed], thresholds: Chances) -> tuple[Part, ...]:
    limit = min(max(suspected for suspected, _ in weighed), thresholds["suspected"])
    parts = (
        (named, meant, one.told and suspected >= limit)
        for named, (suspected, meant) in zip(one.found.products, weighed, strict=True)
    )
    return tuple(
        Part(
            one.subject.text.span(named.start, named.end),
            named.kind,
            meant,
            named.mark.term.concept,
            suspected,
        )
        for named, meant, suspected in parts
        if suspected or meant >= thresholds["meant"]
    )


def _incomplete(one: _Message) -> bool:
    return not one.found.products or min(one.chances["reporter"], one.chances["patient"]) < EVEN


def _who(chances: Chances, cuts: Chances) -> Who:
    """Whoever stands furthest above the limit that suits how rarely they are meant."""
    return max((Who.AUTHOR, Who.RELATIVE, Who.OTHERS), key=lambda who: chances[who.value] / cuts[who.value])


def _seriousness(one: _Message, cuts: Chances) -> Iterator[Note]:
    """What the heads see; in a case that is grave as a whole, also what plain words say."""
    grave = one.chances[SERIOUS] >= cuts[SERIOUS]
    for name in SERIOUSNESS:
        if one.chances[name] >= cuts[name] or (grave and f"serious.{name}" in one.said):
            yield Note(name, one.place(f"serious.{name}"))


def _special(one: _Message, cuts: Chances) -> Iterator[Note]:
    for name in SITUATIONS:
        if one.chances[name] >= cuts[name] or (name in RULED and name in one.said):
            yield Note(name, one.place(name))


def _of_products(products: tuple[Part, ...]) -> Iterator[Note]:
    for kind in PRODUCT_TYPES:
        if first := next((one for one in products if one.suspected and one.kind == kind), None):
            yield Note(kind, first.span)
