"""Findings → queue, priority, due time and reasons, by a policy that people can read and change.

A `Policy` is TOML (`docs/reference/triage-policy.md`): queues with their names, and rules with
their conditions. `route` applies it to one message and one reading; `sentences` says why, in the
reader's language.
"""

from veilleur.triage.mistakes import mistake
from veilleur.triage.policy import Otherwise, Policy, Queue, Rule
from veilleur.triage.routing import route
from veilleur.triage.sentences import sentences
from veilleur.triage.toml import house_policy, house_policy_text, load_policy

__all__ = [
    "Otherwise",
    "Policy",
    "Queue",
    "Rule",
    "house_policy",
    "house_policy_text",
    "load_policy",
    "mistake",
    "route",
    "sentences",
]
