"""Why a policy is refused: a place, a code, its details, and one sentence in each language."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

from veilleur.errors import PolicyInvalid

Place = tuple[tuple[str, str], ...]
"""The way to what is wrong, as (kind, name): `(("rule", "low-rating"), ("when", ""), ("key", "rated"))`."""

SENTENCES: Mapping[str, Any] = tomllib.loads(
    files(__package__).joinpath("mistakes.toml").read_text(encoding="utf-8")
)
"""`frame`, and by name `places`, `hints` and `mistakes`: language code → words with `{names}`."""


def mistake(error: PolicyInvalid, language: str) -> str:
    """What is wrong with a policy, in French when `language` starts with `fr`, else in English.

    An error that carries no code is told as it tells itself.

    >>> mistake(refused((("rule", "calm"), ("key", "queue")), "missing"), "en")
    'rule “calm”, key “queue”: it is missing.'
    """
    return _told(error.place, error.code, error.details, language) if error.code else str(error)


def refused(place: Place, code: str, /, **details: str) -> PolicyInvalid:
    """The error, ready to raise; details called `near` or `known` (see `meant`) become a hint."""
    return PolicyInvalid(_told(place, code, details, "en"), code, details, place)


def meant(word: str, known: Collection[str]) -> dict[str, str]:
    """Details for a hint: the nearest known word, else all of them; none when nothing is known.

    >>> meant("todai", ("today", "normal")), meant("x", ("b", "a")), meant("x", ())
    ({'near': 'today'}, {'known': 'a, b'}, {})
    """
    near = get_close_matches(word, known, n=1, cutoff=0.5)
    if near:
        return {"near": near[0]}
    return {"known": ", ".join(sorted(known))} if known else {}


def _told(place: Place, code: str, details: Mapping[str, str], language: str) -> str:
    spoken = "fr" if language.startswith("fr") else "en"
    steps = [SENTENCES["places"][kind][spoken].format(name=name) for kind, name in place]
    hints = [words[spoken].format(**details) for name, words in SENTENCES["hints"].items() if name in details]
    said = SENTENCES["mistakes"][code][spoken].format(**details)
    framed: str = SENTENCES["frame"][spoken].format(place=", ".join(steps), mistake=said, hint="".join(hints))
    return framed
