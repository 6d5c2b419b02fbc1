"""What kind of answer a question invites."""

from __future__ import annotations

import pytest

from veilleur.reading.questions import Asked, asked


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What could we do better?", Asked.IMPROVE),
        ("How could we improve?", Asked.IMPROVE),
        ("What did not go well?", Asked.IMPROVE),
        ("What didn't you like?", Asked.IMPROVE),
        ("Qu'est-ce qui n'a pas été ?", Asked.IMPROVE),
        ("Que pourrions-nous améliorer ?", Asked.IMPROVE),
        ("Qu'est-ce qui ne vous a pas plu ?", Asked.IMPROVE),
        ("Ce que vous avez le moins apprécié", Asked.IMPROVE),
        ("Points à améliorer", Asked.IMPROVE),
        ("Points faibles", Asked.IMPROVE),
        ("What was good?", Asked.GOOD),
        ("Qu'avez-vous apprécié ?", Asked.GOOD),
        ("Qu'est-ce qui s'est bien passé ?", Asked.GOOD),
        ("Points forts", Asked.GOOD),
        ("FFT Why?", Asked.OPEN),
        ("satisfied and/or dissatisfied with", Asked.OPEN),
        ("", Asked.OPEN),
    ],
)
def test_kind_of_a_question(question, kind):
    assert asked(question) is kind
