"""TOML → `Policy`. `docs/reference/triage-policy.md` is the manual of the format."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from importlib.resources import files
from itertools import groupby

from veilleur.triage.conditions import (
    AgeBetween,
    Condition,
    Finds,
    HasRating,
    InLanguage,
    Lacks,
    LengthBetween,
    NamedIn,
    QuestionContains,
    RatingBetween,
    WaitingFor,
)
from veilleur.triage.details import OF_MESSAGE, Variable
from veilleur.triage.mistakes import Place, meant, refused
from veilleur.triage.policy import LANGUAGES, OTHERWISE, Otherwise, Policy, Queue, Rule
from veilleur.triage.sentences import OPTIONAL, VARIABLE
from veilleur.triage.table import Table
from veilleur.vocabulary import Language, Priority, QueueName, Sentiment, Words

_FOUND = re.compile(r"([a-z][a-z0-9_]*)(?::([^:|\s]+(?:\|[^:|\s]+)*))?")
_OUTCOME = ("queue", "priority", "due_in", "reason")
_BRACES = re.compile(r"[{}\[\]]")
_AT_LINE = re.compile(r"(?s)(?P<words>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)")
_ROOT: Place = (("policy", ""),)


@lru_cache(maxsize=64)
def load_policy(text: str, known_analyzers: frozenset[str] | None = None) -> Policy:
    """The policy that a TOML text describes.

    `known_analyzers`: when given, a rule that asks another analyzer is refused (a misspelt
    name would never apply); leave it out to load a policy that was checked before.
    Raises `PolicyInvalid`, naming the rule and the key.
    """
    root = Table(_ROOT, _parse(text), ("queues", "rules", "otherwise"))
    queues = _queues(root.value("queues"))
    ids = [queue.id for queue in queues]
    rules = _rules(root.value("rules"), ids, known_analyzers)
    otherwise = _otherwise(Table((("otherwise", ""),), root.value("otherwise"), _OUTCOME), ids)
    return Policy(queues, rules, otherwise)


def house_policy_text() -> str:
    """The TOML of the policy that comes with the product: what an organisation starts from."""
    return files("veilleur.triage").joinpath("policy.toml").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def house_policy() -> Policy:
    """The policy that comes with the product."""
    return load_policy(house_policy_text())


def _parse(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5000 digits, a list in a list in a list…
        at_line = _AT_LINE.fullmatch(str(error))
        if at_line:
            raise refused(_ROOT, "not_toml_at", **at_line.groupdict()) from error
        raise refused(_ROOT, "not_toml", words=str(error)) from error


def _tables(key: str, values: object) -> list[object]:
    if not isinstance(values, list) or not values:
        raise refused((*_ROOT, ("key", key)), "no_tables", name=key)
    return values


def _unique(kind: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for identifier in ids:
        if identifier in seen:
            raise refused(((kind, identifier), ("key", "id")), "used_twice")
        seen.add(identifier)


def _queues(values: object) -> tuple[Queue, ...]:
    queues = tuple(_queue(number, value) for number, value in enumerate(_tables("queues", values), 1))
    _unique("queue", (queue.id for queue in queues))
    return queues


def _queue(number: int, values: object) -> Queue:
    table = Table((("queue_number", str(number)),), values, ("id", "name"))
    identifier = table.identifier("id")
    table.place = (("queue", identifier),)
    return Queue(QueueName(identifier), _words(table, "name"))


def _words(table: Table, key: str) -> Words:
    wording = Table((*table.place, ("key", key)), table.value(key), LANGUAGES)
    by_language = {language: wording.text(language) for language in LANGUAGES}
    return Words({**by_language, "fr": typeset_french(by_language["fr"])})


def typeset_french(text: str) -> str:
    r"""Puts the no-break spaces (U+00A0) that French asks for where a plain space was typed.

    >>> typeset_french("à vérifier : « mal »") == "à vérifier\u00a0: «\u00a0mal\u00a0»"
    True
    """
    return re.sub(r" (?=[:;!?»])", "\u00a0", text).replace("« ", "«\u00a0")


def _reason(table: Table, sources: Iterable[Finds]) -> tuple[Words, tuple[Variable, ...]]:
    reason = _words(table, "reason")
    by_name = {name: tuple(same) for name, same in groupby(sorted(sources, key=_analyzer), _analyzer)}
    names = _variable_names(table, reason, {*OF_MESSAGE, *by_name})
    return reason, tuple(Variable(name, by_name.get(name, ())) for name in names)


def _analyzer(source: Finds) -> str:
    return source.analyzer


def _variable_names(table: Table, reason: Words, known: Collection[str]) -> list[str]:
    variables: set[str] = set()
    for wording in reason.by_language.values():
        if _BRACES.search(VARIABLE.sub("", OPTIONAL.sub(r"\1", wording))):
            table.refuse("reason", "no_partner", wording=wording)
        variables.update(VARIABLE.findall(wording))
    for name in sorted(variables.difference(known)):
        table.refuse("reason", "unknown_variable", name=name, **meant(name, known))
    return sorted(variables)


def _otherwise(table: Table, queues: Collection[str]) -> Otherwise:
    reason, variables = _reason(table, ())
    return Otherwise(
        QueueName(table.one_of("queue", queues)),
        table.member("priority", Priority),
        table.due("due_in") if "due_in" in table else None,
        reason,
        variables,
    )


def _rules(
    values: object, queues: Collection[str], known_analyzers: Collection[str] | None
) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for number, value in enumerate(_tables("rules", values), 1):
        table = Table(_place_of_rule(number, value), value, ("id", "when", "unless", *_OUTCOME))
        rules.append(_rule(table, queues, [rule.id for rule in rules], known_analyzers))
    _unique("rule", (rule.id for rule in rules))
    return tuple(rules)


def _place_of_rule(number: int, values: object) -> Place:
    identifier = values.get("id") if isinstance(values, dict) else None
    return (("rule", identifier) if isinstance(identifier, str) else ("rule_number", str(number)),)


def _rule(
    table: Table, queues: Collection[str], earlier: Collection[str], known_analyzers: Collection[str] | None
) -> Rule:
    identifier = table.identifier("id")
    if identifier == OTHERWISE:
        table.refuse("id", "reserved", value=OTHERWISE)
    when = Table((*table.place, ("when", "")), table.value("when"), (*_READERS, "min_score"))
    conditions = _conditions(when)
    _check_analyzers(when, conditions, known_analyzers)
    reason, variables = _reason(table, _sources(conditions))
    return Rule(
        identifier,
        QueueName(table.one_of("queue", queues)),
        table.member("priority", Priority),
        table.due("due_in") if "due_in" in table else None,
        reason,
        conditions,
        table.some_of("unless", earlier) if "unless" in table else frozenset(),
        variables,
    )


def _sources(conditions: Iterable[Condition]) -> list[Finds]:
    return [condition for condition in conditions if isinstance(condition, Finds)]


def _check_analyzers(when: Table, conditions: Iterable[Condition], known: Collection[str] | None) -> None:
    if known is None:
        return
    for condition in conditions:
        asked = condition.found if isinstance(condition, Lacks) else condition
        if isinstance(asked, Finds) and asked.analyzer not in known:
            key = "lacks" if isinstance(condition, Lacks) else "finds"
            when.refuse(key, "unknown_analyzer", value=asked.analyzer, **meant(asked.analyzer, known))


def _conditions(when: Table) -> tuple[Condition, ...]:
    conditions = [condition for key, read in _READERS.items() if key in when for condition in read(when, key)]
    if "min_score" in when:
        when.share("min_score")
        if not _sources(conditions):
            when.refuse("min_score", "lonely_score")
    if not conditions:
        when.refuse("when", "no_condition")
    return tuple(conditions)


def _min_score(when: Table) -> float:
    return when.share("min_score") if "min_score" in when else 0.0


def _finds(when: Table, key: str) -> list[Condition]:
    return [_found(when, key, item, _min_score(when)) for item in when.texts(key)]


def _lacks(when: Table, key: str) -> list[Condition]:
    return [Lacks(_found(when, key, item, 0.0)) for item in when.texts(key)]


def _found(when: Table, key: str, item: str, min_score: float) -> Finds:
    match = _FOUND.fullmatch(item)
    if match is None:
        when.refuse(key, "not_a_finding", value=repr(item))
    labels = frozenset(match[2].split("|")) if match[2] else frozenset[str]()
    return Finds(match[1], labels, min_score)


def _sentiment(when: Table, key: str) -> list[Condition]:
    labels = when.some_of(key, [sentiment.value for sentiment in Sentiment])
    return [Finds("sentiment", labels, _min_score(when))]


def _language(when: Table, key: str) -> list[Condition]:
    return [InLanguage(when.some_of(key, [language.value for language in Language]))]


def _named_in(when: Table, key: str) -> list[Condition]:
    return [NamedIn(key, frozenset(name.casefold() for name in when.texts(key)))]


def _question(when: Table, key: str) -> list[Condition]:
    return [QuestionContains(frozenset(part.casefold() for part in when.texts(key)))]


def _has_text(when: Table, key: str) -> list[Condition]:
    return [LengthBetween(low=1) if when.yes_or_no(key) else LengthBetween(high=0)]


_READERS: dict[str, Callable[[Table, str], list[Condition]]] = {
    "language": _language,
    "sentiment": _sentiment,
    "finds": _finds,
    "lacks": _lacks,
    "rated": lambda when, key: [HasRating(when.yes_or_no(key))],
    "rating_at_least": lambda when, key: [RatingBetween(low=when.share(key))],
    "rating_at_most": lambda when, key: [RatingBetween(high=when.share(key))],
    "has_text": _has_text,
    "length_at_least": lambda when, key: [LengthBetween(low=when.count(key))],
    "length_at_most": lambda when, key: [LengthBetween(high=when.count(key))],
    "older_than": lambda when, key: [AgeBetween(low=when.delay(key))],
    "newer_than": lambda when, key: [AgeBetween(high=when.delay(key))],
    "waiting_for": lambda when, key: [WaitingFor(when.delay(key))],
    "network": _named_in,
    "place": _named_in,
    "question": _question,
}
"""Key of a `when` table → what reads it. A new kind of condition is one class and one line here."""
