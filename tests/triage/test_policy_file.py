"""The TOML of a policy: what is accepted, and what a person is told about a mistake."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.errors import PolicyInvalid
from veilleur.triage import house_policy, house_policy_text, load_policy
from veilleur.vocabulary import Priority

ANALYZERS = frozenset({"drugs", "labels", "language", "reactions", "sentiment"})

GOOD = """
queues = [{id = "to-handle", name = {fr = "À traiter", en = "To handle"}}]
otherwise = {queue = "to-handle", priority = "normal", reason = {fr = "à lire", en = "to read"}}

[[rules]]
id = "fresh"
when = {newer_than = "2d", sentiment = "neg", min_score = 0.5}
queue = "to-handle"
priority = "today"
due_in = "4h"
reason = {fr = "récent ! [ : {sentiment}]", en = "recent[: {sentiment}]"}
"""


def test_the_house_policy_names_only_analyzers_that_exist():
    assert load_policy(house_policy_text(), ANALYZERS) == house_policy()


def test_a_policy_travels_to_another_process():
    assert pickle.loads(pickle.dumps(house_policy())) == house_policy()


def test_queues_are_named_in_the_readers_language():
    policy = house_policy()
    assert policy.queue_name("adverse-reactions", "fr") == "Effets indésirables suspectés"
    assert policy.queue_name("adverse-reactions", "en-gb") == "Suspected adverse reactions"
    assert policy.queue_name("adverse-reactions", "de") == "Effets indésirables suspectés"
    assert policy.queue_name("gone", "fr") == "gone"


def test_french_wordings_get_their_no_break_spaces():
    (rule,) = load_policy(GOOD).rules
    assert rule.priority is Priority.TODAY
    assert rule.reason.say("fr") == "récent\u00a0! [\u00a0: {sentiment}]"


def test_every_wording_of_the_house_is_typeset():
    policy = house_policy()
    words = [
        policy.otherwise.reason,
        *(rule.reason for rule in policy.rules),
        *(q.name for q in policy.queues),
    ]
    for wording in words:
        assert set(wording.by_language) == {"fr", "en"}
        for sign in (" :", " ;", " !", " ?", "« ", " »", "'"):
            assert sign not in wording.say("fr")


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("[[rules]]", "[[rules", "this is not TOML"),
        ('priority = "today"', 'priority = "todai"', ("rule “fresh”", "“priority”", "Did you mean “today”?")),
        (
            'queue = "to-handle"\npri',
            'queue = "to-handel"\npri',
            ("rule “fresh”", "“queue”", "mean “to-handle”"),
        ),
        ('sentiment = "neg"', 'sentimant = "neg"', ("rule “fresh”, when", "“sentimant”", "mean “sentiment”")),
        ('sentiment = "neg"', 'sentiment = "negative"', ("rule “fresh”, when", "“negative”", "mean “neg”")),
        ('due_in = "4h"', 'due_in = "4 weeks"', ("rule “fresh”", "“due_in”", "hours or days")),
        ('due_in = "4h"', 'due_inn = "4h"', ("rule “fresh”", "“due_inn”", "mean “due_in”")),
        ("min_score = 0.5", "min_score = 50", ("rule “fresh”, when", "“min_score”", "between 0 and 1")),
        ("min_score = 0.5", "min_score = true", ("“min_score”", "between 0 and 1")),
        ("{sentiment}]", "{drugs}]", ("rule “fresh”", "{drugs}")),
        ("{sentiment}]", "{sentiment}", ("rule “fresh”", "no partner")),
        (', en = "recent[: {sentiment}]"', "", ("rule “fresh”", "“en”", "missing")),
        ('id = "fresh"', 'id = "Fresh one"', ("rule “Fresh one”", "“id”", "lower-case")),
        ('id = "fresh"', 'id = "otherwise"', ("“otherwise”", "choose another")),
        ('id = "fresh"', 'id = "fresh"\nunless = "later"', ("rule “fresh”", "“unless”", "“later”")),
        ('newer_than = "2d", sentiment = "neg", ', "", ("rule “fresh”, when", "“min_score”")),
        ('newer_than = "2d", sentiment = "neg", min_score = 0.5', "", ("rule “fresh”", "one condition")),
        ('sentiment = "neg"', 'sentiment = "neg", finds = ["drugz"]', ("“finds”", "drugz", "mean “drugs”")),
        ('sentiment = "neg"', 'sentiment = "neg", lacks = ["drugz"]', ("“lacks”", "drugz", "mean “drugs”")),
        ('sentiment = "neg"', 'sentiment = "neg", finds = ["drugs:"]', ("“finds”", "analyzer:label")),
        ('sentiment = "neg"', 'sentiment = "neg", has_text = 1', ("“has_text”", "true or false")),
        (
            'sentiment = "neg"',
            'sentiment = "neg", length_at_least = -1',
            ("“length_at_least”", "whole number"),
        ),
        ('sentiment = "neg"', 'sentiment = "neg", network = []', ("“network”", "list of texts")),
        ("otherwise = {queue", "otherwise = {cue", ("otherwise", "“cue”")),
        ('name = {fr = "À traiter", en = "To handle"}', 'name = "x"', ("queue “to-handle”", "a table")),
    ],
)
def test_a_mistake_is_told_with_its_place(was, becomes, told):
    assert was in GOOD
    with pytest.raises(PolicyInvalid) as caught:
        load_policy(GOOD.replace(was, becomes), ANALYZERS)
    for part in [told] if isinstance(told, str) else told:
        assert part in str(caught.value)


def test_one_id_cannot_stand_for_two_rules():
    rule = GOOD[GOOD.index("[[rules]]") :]
    with pytest.raises(PolicyInvalid, match=r"rule “fresh”.*twice"):
        load_policy(GOOD + rule)


def test_without_rules_there_is_no_policy():
    with pytest.raises(PolicyInvalid, match="rules"):
        load_policy(GOOD[: GOOD.index("[[rules]]")])


@given(st.data())
def test_a_damaged_policy_is_refused_or_accepted_but_never_breaks(data):
    text = house_policy_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    damaged = text[:start] + data.draw(st.text(max_size=10)) + text[end:]
    try:
        policy = load_policy(damaged, ANALYZERS)
    except PolicyInvalid:
        return
    assert policy.rules
