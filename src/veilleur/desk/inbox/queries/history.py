"""What was done to a ticket, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from veilleur.desk.accounts.templatetags.moments import exact
from veilleur.desk.inbox.explanations import language_name, sentiment_name
from veilleur.desk.inbox.models import DecisionRow, ErasedBecause, Outcome, TicketRow
from veilleur.desk.inbox.team.steps import Step
from veilleur.desk.inbox.team.steps import sentence_of as sentence_of_step
from veilleur.vocabulary import ON_NETWORK, Act


@dataclass(frozen=True, slots=True)
class Line:
    """One act: when, by whom, and what, in words."""

    at: datetime
    by: str
    """Empty for what no person did."""
    sentence: str
    is_undone: bool = False


def decisions_of(ticket: TicketRow) -> list[DecisionRow]:
    """All acts on the ticket, the latest first."""
    return list(DecisionRow.objects.filter(ticket=ticket).order_by("-pk"))


def history_of(ticket: TicketRow, decisions: Sequence[DecisionRow]) -> tuple[Line, ...]:
    """Its `decisions` in sentences, the latest first; its arrival is the last line."""
    lines = [
        Line(decision.at, decision.by_name, sentence_of(decision.act, decision.details), decision.undone)
        for decision in decisions
    ]
    return (*lines, Line(ticket.opened_at, "", _("received and sorted")))


def sentence_of(act: str, details: Mapping[str, Any]) -> str:
    """What an act did, without who did it."""
    said = _SENTENCES.get(act)
    words = said(details) if said else act
    return (
        _("%(words)s (rule “%(rule)s”)") % {"words": words, "rule": details["rule"]}
        if "rule" in details
        else words
    )


def _assigned(details: Mapping[str, Any]) -> str:
    if "capacity" in details:
        return _("assigned to %(to)s, whose turn it was, with %(open)s open of %(capacity)s") % details
    return _("assigned to %(to)s") % details if details.get("to") else _("assigned to nobody")


def _snoozed(details: Mapping[str, Any]) -> str:
    return _("snoozed until %(until)s") % {"until": exact(datetime.fromisoformat(details["until"]))}


def _closed(details: Mapping[str, Any]) -> str:
    outcome = details.get("outcome", "")
    label = Outcome(outcome).label if outcome in Outcome.values else outcome
    return _("closed: %(outcome)s") % {"outcome": label}


def _reopened(details: Mapping[str, Any]) -> str:
    reasons = {
        "snooze_over": _("back: its time away is over"),
        "edited": _("back: its author changed it"),
        "author_wrote": _("back: its author wrote again in this conversation"),
    }
    return reasons.get(details.get("why", ""), _("reopened"))


def _waits(details: Mapping[str, Any]) -> str:
    if not details.get("until"):
        return _("waits for somebody outside")
    return _("waits for somebody outside, until %(until)s at most") % {
        "until": exact(datetime.fromisoformat(details["until"]))
    }


def _tagged(details: Mapping[str, Any]) -> str:
    said = []
    if details.get("added"):
        said.append(_("tagged %(names)s") % {"names": details["added"]})
    if details.get("removed"):
        said.append(_("took off the tag %(names)s") % {"names": details["removed"]})
    return ", ".join(said)


def _filled(details: Mapping[str, Any]) -> str:
    return _("%(name)s: %(value)s") % {"name": details["name"], "value": details.get("value") or "–"}


def _macro(details: Mapping[str, Any]) -> str:
    steps = ", ".join(sentence_of_step(Step(*step)) for step in details["steps"])
    return f"{details['name']} ({steps})" if details.get("name") else steps


def _corrected(details: Mapping[str, Any]) -> str:
    name = sentiment_name if details["analyzer"] == "sentiment" else language_name
    said = _("corrected: %(now)s instead of %(was)s") % {
        "now": name(details["now"]),
        "was": name(details["was"]) or "–",
    }
    return f"{said} ({details['reason']})" if details.get("reason") else said


def _undid(details: Mapping[str, Any]) -> str:
    names = {
        Act.ASSIGN: _("the assignment"),
        Act.SNOOZE: _("the snooze"),
        Act.CLOSE: _("the closing"),
        Act.REOPEN: _("the reopening"),
        Act.CORRECT: _("the correction"),
        Act.NOTE: _("the note"),
        Act.WAIT: _("the waiting"),
        Act.TAG: _("the tags"),
        Act.FILL: _("the field"),
        Act.MACRO: _("the macro"),
        Act.MOVE: _("the move"),
    }
    return _("undone: %(what)s") % {"what": names.get(Act(details["act"]), details["act"])}


def _networked(act: Act) -> Callable[[Mapping[str, Any]], str]:
    """What became of an act on the network, with the reason where there is one."""

    def said(details: Mapping[str, Any]) -> str:
        words = _on_network(act).get(details.get("step", ""), act.value)
        return f"{words} ({details['reason']})" if details.get("reason") else words

    return said


def _on_network(act: Act) -> dict[str, str]:
    return {
        Act.HIDE: {
            "asked": _("asked the network to hide it"),
            "done": _("hidden on the network"),
            "failed": _("not hidden on the network"),
            "dropped": _("gave up hiding it"),
        },
        Act.SHOW: {
            "asked": _("asked the network to show it"),
            "done": _("shown on the network"),
            "failed": _("not shown on the network"),
            "dropped": _("gave up showing it"),
        },
        Act.REMOVE: {
            "asked": _("asked the network to remove it"),
            "done": _("removed from the network"),
            "failed": _("not removed from the network"),
            "dropped": _("gave up removing it"),
        },
        Act.FLAG: {
            "asked": _("asked to flag it to the network"),
            "done": _("flagged to the network"),
            "failed": _("not flagged to the network"),
            "dropped": _("gave up flagging it"),
        },
    }[act]


def _held(details: Mapping[str, Any]) -> str:
    return _("held, whatever the rule (%(reason)s)") % {"reason": details["reason"]}


def _erased(details: Mapping[str, Any]) -> str:
    return _("text erased: %(why)s") % {"why": ErasedBecause(details["why"]).label}


_SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    Act.ASSIGN: _assigned,
    Act.SNOOZE: _snoozed,
    Act.CLOSE: _closed,
    Act.REOPEN: _reopened,
    Act.CORRECT: _corrected,
    Act.UNDO: _undid,
    Act.NOTE: lambda _details: _("wrote a note"),
    Act.ROUTE: lambda _details: _("sorted again"),
    Act.HOLD: _held,
    Act.LIFT: lambda _details: _("hold lifted"),
    Act.ERASE: _erased,
    Act.WAIT: _waits,
    Act.TAG: _tagged,
    Act.FILL: _filled,
    Act.MACRO: _macro,
    Act.MOVE: lambda details: _("moved: %(to)s") % details,
    Act.NEAR: lambda _details: _("nearly due"),
    Act.LATE: lambda _details: _("overdue"),
    **{act: _networked(act) for act in ON_NETWORK},
}
