"""Each condition of a rule, on its own: one message that meets it and one that does not."""

from datetime import UTC, datetime, timedelta

import pytest

from veilleur.triage import load_policy, route
from veilleur.vocabulary import Because, Finding, Mention, Rating, Reading, Why

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)

POLICY = """
queues = [{{id = "q", name = {{fr = "Q", en = "Q"}}}}]
otherwise = {{queue = "q", priority = "none", reason = {{fr = "x", en = "x"}}}}
[[rules]]
id = "tried"
when = {{{when}}}
queue = "q"
priority = "normal"
reason = {{fr = "x", en = "x"}}
"""


def applies(when, *findings, now=NOW, text="Bonjour", **fields):
    mention = Mention("s", "1", text, fields.pop("collected_at", NOW), **fields)
    found = tuple(Finding(analyzer, label, score, Why(Because.TERM)) for analyzer, label, score in findings)
    ticket = route(mention, Reading(mention.digest, "t/1", found), load_policy(POLICY.format(when=when)), now)
    return ticket.reasons[0].rule == "tried"


@pytest.mark.parametrize(
    ("when", "meets", "fails"),
    [
        ('language = ["fr", "en"]', [("language", "en", 0.2)], [("language", "other", 1.0)]),
        ('language = "other"', [], [("language", "fr", 1.0)]),
        ('sentiment = "neg", min_score = 0.7', [("sentiment", "neg", 0.7)], [("sentiment", "neg", 0.69)]),
        ('sentiment = ["neg", "mixed"]', [("sentiment", "mixed", 0.1)], [("sentiment", "pos", 1.0)]),
        ('finds = ["drugs", "reactions"]', [("drugs", "x", 1), ("reactions", "y", 1)], [("drugs", "x", 1)]),
        ('finds = "urgency:suicide|violence"', [("urgency", "violence", 1)], [("urgency", "noise", 1)]),
        (
            'finds = "reactions", lacks = "drugs"',
            [("reactions", "x", 1)],
            [("reactions", "x", 1), ("drugs", "y", 1)],
        ),
        ('lacks = "drugs:homeopathy"', [("drugs", "substance", 1)], [("drugs", "homeopathy", 1)]),
    ],
)
def test_conditions_on_what_was_read(when, meets, fails):
    assert applies(when, *meets)
    assert not applies(when, *fails)


@pytest.mark.parametrize(
    ("when", "meets", "fails"),
    [
        ("rated = true", {"rating": Rating(3, 1, 5)}, {}),
        ("rated = false", {}, {"rating": Rating(3, 1, 5)}),
        ("rating_at_most = 0.25", {"rating": Rating(2, 1, 5)}, {"rating": Rating(3, 1, 5)}),
        ("rating_at_least = 0.75", {"rating": Rating(2, 5, 1)}, {"rating": Rating(4, 5, 1)}),
        ("has_text = true", {"text": " a "}, {"text": " \n"}),
        ("has_text = false", {"text": " \n"}, {"text": "", "title": "Déçue"}),
        ("length_at_least = 3", {"text": "abc"}, {"text": "ab"}),
        ("length_at_most = 3", {"text": "abc"}, {"text": "abcd"}),
        (
            'newer_than = "2d"',
            {"published_at": NOW - timedelta(hours=47)},
            {"published_at": NOW - timedelta(days=2)},
        ),
        (
            'older_than = "2d"',
            {"published_at": NOW - timedelta(days=2)},
            {"published_at": NOW + timedelta(days=9)},
        ),
        ('waiting_for = "4h"', {"collected_at": NOW - timedelta(hours=4)}, {}),
        ('network = ["cpam", "CAF"]', {"network": " CPAM"}, {"network": "CPAM 13"}),
        ('place = "urgences"', {"place": "Urgences"}, {"place": ""}),
        ('question = "améliorer"', {"question": "Que faut-il Améliorer ?"}, {"question": ""}),
    ],
)
def test_conditions_on_the_message(when, meets, fails):
    assert applies(when, **meets)
    assert not applies(when, **fails)
