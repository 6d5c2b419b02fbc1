"""Drafts of replies without any model: a situation, a language, and a text that can reveal nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from zlib import crc32

from veilleur.vocabulary import Mention, Reading

CRISIS = frozenset(["crisis_suicide", "emergency_medical", "child_protection", "violence"])
ADVERSE = frozenset(["adverse_reaction"])
REQUEST = frozenset(["question", "appointment"])
_ABOUT = {
    "attente": "attente",
    "rendez_vous": "attente",
    "accueil": "accueil",
    "prix": "prix",
    "remboursement": "prix",
    "locaux": "locaux",
    "hygiene": "locaux",
    "ecoute": "information",
    "information": "information",
}
"""Aspect that is blamed → situation; the others tell of care itself, and get the most general words."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text to begin from."""

    id: str
    """Of the wording, for instance `attente-fr-2`: to keep, so that it is not offered twice in a row."""
    situation: str
    text: str


def situation_of(mention: Mention, reading: Reading) -> str:
    """What a message asks for, the gravest first."""
    labels = {finding.label for finding in reading.of("labels")}
    for situation, asked in (("crisis", CRISIS), ("adverse_reaction", ADVERSE)):
        if labels & asked:
            return situation
    if not mention.text.strip():
        return "stars"
    return _opinion(mention, reading, labels)


def _opinion(mention: Mention, reading: Reading, labels: set[str]) -> str:
    blamed = [aspect for aspect, _, verdict in _aspects(reading) if verdict == "neg"]
    praised = "praise" in labels or any(verdict == "pos" for _, _, verdict in _aspects(reading))
    tone = reading.sentiment.value if reading.sentiment else ""
    if tone == "mixed" or (blamed and praised and tone != "neg"):
        return "mixed"
    if "complaint" in labels or tone == "neg":
        return next((_ABOUT[aspect] for aspect in blamed if aspect in _ABOUT), "complaint")
    if labels & REQUEST:
        return "request"
    good = praised or tone == "pos" or (mention.rating is not None and mention.rating.share >= 0.75)
    return "praise" if good else "complaint"


def _aspects(reading: Reading) -> list[tuple[str, str, str]]:
    return [finding.label.partition(":") for finding in reading.of("aspects")]


def draft(mention: Mention, reading: Reading, language: str, last: str = "", contact: str = "") -> Draft:
    """A draft for a message, another wording than `last` where there is another.

    `language` is that of the reply, `"fr"` or `"en"`; `contact` says how the place is reached, in the words
    of the organisation. The same message gets the same draft, neighbours get different ones.
    """
    return written(situation_of(mention, reading), language, mention.external_id, last, contact)


def written(situation: str, language: str, seed: str, last: str = "", contact: str = "") -> Draft:
    """A wording of a situation, chosen by `seed`."""
    spoken = language if language in {"fr", "en"} else "fr"
    texts = _texts()[situation][spoken]
    ids = [f"{situation}-{spoken}-{number}" for number in range(1, len(texts) + 1)]
    choices = [place for place, name in enumerate(ids) if name != last] or [0]
    place = choices[crc32(seed.encode("utf-8", "surrogatepass")) % len(choices)]
    return Draft(ids[place], situation, texts[place].format(contact=contact or _contact()[spoken]))


def situations() -> tuple[str, ...]:
    """Every situation that has drafts."""
    return tuple(_texts())


@cache
def _texts() -> Mapping[str, Mapping[str, list[str]]]:
    return {one["situation"]: {"fr": one["fr"], "en": one["en"]} for one in _data()["drafts"]}


def _contact() -> Mapping[str, str]:
    contact: Mapping[str, str] = _data()["contact"]
    return contact


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "templates.toml").read_text(encoding="utf-8"))
