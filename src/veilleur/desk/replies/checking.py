"""« Vérifier un texte »: a text judged and forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from veilleur.desk.inbox.segments import Segment
from veilleur.desk.replies.judging import Told, length_of, marked, told_of
from veilleur.rules import Rulebook
from veilleur.vocabulary import Kind, Outgoing


@dataclass(frozen=True, slots=True)
class Checked:
    """What was said of a text."""

    segments: tuple[Segment, ...]
    told: tuple[Told, ...]
    is_lawful: bool
    length: str


def checked(book: Rulebook, told: dict[str, Any]) -> Checked:
    """Judges what a `CheckForm` holds. Nothing of it is kept."""
    kind, network = Kind(told["kind"]), told["network"]
    is_reply = kind is Kind.REPLY
    outgoing = Outgoing(
        told["text"],
        kind,
        told["actor"],
        "",
        network,
        told["review"] if is_reply else "",
        told["author"] if is_reply else "",
    )
    (breaches,) = book.judge([outgoing], told["on"] or timezone.localdate())
    words = told_of(told["text"], breaches)
    length, _is_too_long = length_of(told["text"], network, kind)
    return Checked(marked(told["text"], words), words, book.verdict(breaches) == "compliant", length)
