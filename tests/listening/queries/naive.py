"""The language once more, as plainly as it can be said: what the compiled queries are compared with."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC

from veilleur.listening.queries import And, Day, Field, Is, Near, Not, Or, Phrase, Stars, Word
from veilleur.vocabulary import Mention, Reading

POLARITIES = {"+": ":pos", "-": ":neg", "=": ":neu"}


def tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", _fold(_fold(text)))


def _fold(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(one for one in letters if not "\u0300" <= one <= "\u036f")
    return plain.replace("œ", "oe").replace("æ", "ae")


def answers(query, mention: Mention, reading: Reading) -> bool:
    texts = [tokens(mention.title), tokens(mention.text)]
    return _holds(query, texts, mention, reading)


def _holds(query, texts: list[list[str]], mention: Mention, reading: Reading) -> bool:
    if isinstance(query, Not):
        return not _holds(query.part, texts, mention, reading)
    if isinstance(query, And | Or):
        every = all if isinstance(query, And) else any
        return every([_holds(part, texts, mention, reading) for part in query.parts])
    if isinstance(query, Word | Phrase):
        return any(_places(query, words) for words in texts)
    if isinstance(query, Near):
        return any(_is_near(query, words) for words in texts)
    return _field_holds(query, mention, reading)


def _places(place, words: list[str]) -> list[tuple[int, int]]:
    """(first, last) of every stretch that answers."""
    if isinstance(place, Or):
        return [found for part in place.parts for found in _places(part, words)]
    asked = place.words if isinstance(place, Phrase) else (place,)
    return [
        (start, start + len(asked) - 1)
        for start in range(len(words) - len(asked) + 1)
        if all(_is(word, words[start + offset]) for offset, word in enumerate(asked))
    ]


def _is(word: Word, said: str) -> bool:
    return said.startswith(word.text) if word.is_prefix else said == word.text


def _is_near(near: Near, words: list[str]) -> bool:
    return any(
        0 < max(a[0], b[0]) - min(a[1], b[1]) <= near.distance and (a[1] < b[0] or b[1] < a[0])
        for a in _places(near.left, words)
        for b in _places(near.right, words)
    )


def _field_holds(query, mention: Mention, reading: Reading) -> bool:
    if isinstance(query, Day):
        day = mention.moment.astimezone(UTC).date()
        return day >= query.day if query.name == "since" else day <= query.day
    if isinstance(query, Stars):
        rating = mention.rating
        return rating is not None and query.low <= int(rating.share * 4 + 1.5) <= query.high
    if isinstance(query, Is):
        return _is_so(query.name, query.value, mention, reading)
    assert isinstance(query, Field)
    if query.name == "tag":  # a message carries none by itself
        return False
    if query.name in {"source", "thread"}:
        names = [mention.source] if query.name == "source" else [mention.thread, mention.external_id]
        asked = query.text.words if isinstance(query.text, Phrase) else (query.text,)
        return any(
            (0, len(asked) - 1) in _places(query.text, words)
            for words in map(tokens, names)
            if len(words) == len(asked)
        )
    return bool(_places(query.text, tokens(getattr(mention, query.name))))


def _is_so(name: str, value: str, mention: Mention, reading: Reading) -> bool:
    found = {(finding.analyzer, finding.label) for finding in reading.findings}
    if name in {"lang", "sentiment"}:
        return value == (reading.language if name == "lang" else reading.sentiment)
    if name == "rating":
        return mention.rating is None
    if name == "label":
        return any(label == value for _, label in found)
    return _judges(value, found) if name == "aspect" else _has(value, mention, found)


def _judges(value: str, found: set[tuple[str, str]]) -> bool:
    polarity, aspect = POLARITIES.get(value[-1], ""), value.rstrip("+-=")
    wanted = [aspect + polarity] if polarity else [aspect + each for each in POLARITIES.values()]
    return any(("aspects", label) in found for label in wanted)


def _has(value: str, mention: Mention, found: set[tuple[str, str]]) -> bool:
    labels = {
        "drug": [label for analyzer, label in found if analyzer == "drugs"],
        "reaction": [label for analyzer, label in found if (analyzer, label) == ("reactions", "reaction")],
        "aspect": [label for analyzer, label in found if analyzer == "aspects"],
        "personal_data": [
            label for analyzer, label in found if analyzer == "personal_data" and "PRO" not in label
        ],
    }
    if value in labels:
        return labels[value] != []
    if value == "link":
        return any(sign in mention.text + " " + mention.title for sign in ("http://", "https://", "www."))
    return bool(getattr(mention, value))
