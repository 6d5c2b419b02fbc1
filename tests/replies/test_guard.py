"""The guard: a reply is read with what it answers; a breach has its neutral wording."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from veilleur.replies import judge, rewrite, rewritten
from veilleur.replies.guard import NEUTRAL
from veilleur.rules import Rulebook
from veilleur.vocabulary import (
    Because,
    Breach,
    Finding,
    Mark,
    Mention,
    Rating,
    Reading,
    Reference,
    Severity,
    Span,
    Why,
)

TODAY = date(2026, 11, 22)
REVIEW = Mention(
    "s",
    "m1",
    "Opéré du genou en mars, je boite toujours.",
    datetime(2026, 11, 20, tzinfo=UTC),
    rating=Rating(1, 1, 5),
)
NOTHING = Reading("d", "r")
BLOCKED = (
    "Bonjour, suite à votre intervention du 12 mars, votre genou va bien. Le secrétariat reste joignable."
)


def reading(label: str) -> Reading:
    return Reading("d", "r", (Finding("labels", label, 0.9, Why(Because.NGRAMS)),))


def test_a_reply_that_tells_of_the_operation_is_held_back_and_its_rewrite_passes() -> None:
    book = Rulebook()
    found = judge(BLOCKED, REVIEW, NOTHING, book, TODAY, actor="medecin")
    assert not found.may_leave
    assert found.severity is Severity.BLOCKER
    better = rewritten(BLOCKED, found.breaches, book, "fr")
    assert NEUTRAL["fr"] in better
    assert "genou" not in better
    assert judge(better, REVIEW, NOTHING, book, TODAY, actor="medecin").may_leave


def test_the_name_under_the_review_is_taken_out() -> None:
    reply = "Bonjour Zaza, merci pour ce message."
    found = judge(reply, REVIEW, NOTHING, Rulebook(), TODAY, actor="medecin", author="Zaza59 Zaza")
    assert [breach.rule for breach in found.breaches] == ["S-08-IDENT"]
    assert rewritten(reply, found.breaches, Rulebook(), "fr") == "Bonjour, merci pour ce message."


def test_what_must_come_first_is_said() -> None:
    def first(label: str) -> tuple[bool, bool]:
        found = judge("Merci.", REVIEW, reading(label), Rulebook(), TODAY)
        return found.pharmacovigilance, found.crisis

    assert first("adverse_reaction") == (True, False)
    assert first("crisis_suicide") == (False, True)
    assert first("praise") == (False, False)


def test_a_sentence_that_has_no_neutral_wording_is_taken_out() -> None:
    reply = "Bonjour, merci. Retirez cet avis sous 48 h ou nous portons plainte. Bien à vous."
    start = reply.index("Retirez")
    breach = Breach(
        "S-16-PRESSURE", Severity.ERROR, Span(start, start + 10), "", Reference("x", Mark.READ), ""
    )
    assert rewrite(reply, breach, Rulebook(), "fr").text == ""
    assert rewritten(reply, [breach], Rulebook(), "fr") == "Bonjour, merci. Bien à vous."


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=200), st.text(max_size=30))
def test_any_reply_is_judged_and_rewritten(reply: str, author: str) -> None:
    found = judge(reply, REVIEW, NOTHING, Rulebook(), TODAY, actor="dentiste", author=author)
    for breach in found.breaches:
        assert (
            0
            <= rewrite(reply, breach, Rulebook(), "fr").span.start
            <= rewrite(reply, breach, Rulebook(), "fr").span.end
            <= len(reply)
        )
    assert isinstance(rewritten(reply, found.breaches, Rulebook(), "fr"), str)
