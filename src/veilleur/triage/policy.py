"""The policy as values: queues, rules, and the words in which they give their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from veilleur.triage.conditions import Condition, Finds
from veilleur.triage.details import Variable
from veilleur.triage.promises import Delay, Promises
from veilleur.vocabulary import Priority, QueueName, Words

LANGUAGES = ("fr", "en")
"""Languages in which every queue and every reason must be worded; the first one is the fallback."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A pile of work."""

    id: QueueName
    name: Words


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Where a message goes that no rule recognises, and what is said then."""

    queue: QueueName
    priority: Priority
    due_in: Delay | None
    reason: Words
    variables: tuple[Variable, ...] = ()
    """What the reason's wording names between braces, by name."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When all conditions hold and no rule of `unless` applied: this queue, this priority, this reason."""

    id: str
    queue: QueueName
    priority: Priority
    due_in: Delay | None
    reason: Words
    conditions: tuple[Condition, ...]
    unless: frozenset[str] = frozenset()
    variables: tuple[Variable, ...] = ()
    """What the reason's wording names between braces, by name."""

    @property
    def urgency(self) -> tuple[int, timedelta]:
        """Sort key: the most urgent rule is the smallest; no due time comes last."""
        return self.priority.rank, timedelta.max if self.due_in is None else self.due_in.length


@dataclass(frozen=True)
class Policy:
    """Queues in the order of the screen, rules in the order of the file; and what the house promises."""

    queues: tuple[Queue, ...]
    rules: tuple[Rule, ...]
    otherwise: Otherwise
    promises: Promises = field(default_factory=Promises)

    @cached_property
    def queue_by_id(self) -> dict[str, Queue]:
        """Queue id → queue."""
        return {queue.id: queue for queue in self.queues}

    @cached_property
    def reason_by_rule(self) -> dict[str, Words]:
        """Rule id (and `"otherwise"`) → wording of its reason."""
        return {**{rule.id: rule.reason for rule in self.rules}, OTHERWISE: self.otherwise.reason}

    @cached_property
    def delay_by_rule(self) -> dict[str, Delay | None]:
        """Rule id (and `"otherwise"`) → the delay that it asks for."""
        return {**{rule.id: rule.due_in for rule in self.rules}, OTHERWISE: self.otherwise.due_in}

    @cached_property
    def asking(self) -> Mapping[tuple[str, str], frozenset[int]]:
        """What a rule cannot do without → places of such rules in the file.

        The key is (analyzer, label), the label empty where any will do; `("", "")` holds the rules
        that may apply whatever was found.
        """
        places: dict[tuple[str, str], set[int]] = {}
        for place, rule in enumerate(self.rules):
            found = next((asked for asked in rule.conditions if isinstance(asked, Finds)), None)
            labels = found.labels or {""} if found else {""}
            for label in labels:
                places.setdefault((found.analyzer if found else "", label), set()).add(place)
        return {key: frozenset(those) for key, those in places.items()}

    @cached_property
    def place_of_rule(self) -> dict[str, int]:
        """Rule id → rank by urgency: 0 for the most urgent; the order of the file settles ties."""
        return {
            rule.id: place for place, rule in enumerate(sorted(self.rules, key=lambda rule: rule.urgency))
        }

    def queue_name(self, queue: str, language: str) -> str:
        """The name of a queue on screen; its bare id when the policy no longer knows it."""
        known = self.queue_by_id.get(queue)
        return known.name.say(language) if known else queue


OTHERWISE = "otherwise"
"""The rule id that reasons carry when no rule applied."""
