"""The development messages of social French: one JSON object a line, checked against the guidelines.

    python -m training.social [FILE…]

prints what is wrong in each line, how many messages carry each label, and how far the second,
blind reading agrees with the first one (Cohen's kappa).
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any

from veilleur.vocabulary import ASPECTS, CRITERIA, LABELS, SERIOUSNESS, SPECIAL, Priority, Sentiment

FOLDER = Path(__file__).parents[1] / "tests/corpus/social_fr"
MORE = Path(__file__).parent / "corpora"
"""Messages that only serve to learn from: they were read once."""
SENTIMENTS = frozenset(Sentiment)
POLARITIES = frozenset({"pos", "neg", "neu"})
PRIORITIES = frozenset(Priority)
KINDS = frozenset({"review", "comment", "post", "message", "reply"})
PERSONAL = frozenset(
    [
        "NAME",
        "PHONE",
        "EMAIL",
        "ADDRESS",
        "DOB",
        "ID",
        "IBAN",
        "NIR",
        "RPPS",
        "PRO_NAME",
        "PRO_PHONE",
        "PRO_EMAIL",
    ]
)
WHO = frozenset({"author", "relative", "others", "none"})
SPANNED = frozenset(
    [
        "insult",
        "threat",
        "hate",
        "defamation_fact",
        "misinformation",
        "crisis_suicide",
        "emergency_medical",
        "child_protection",
        "violence",
        "health_data_identifiable",
    ]
)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The messages of one file."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def messages() -> list[dict[str, Any]]:
    """All development messages, in the order of the files."""
    return [message for path in sorted(FOLDER.glob("*.jsonl")) for message in read(path)]


def to_learn_from() -> list[dict[str, Any]]:
    """The development messages and those written to learn from."""
    return [
        *messages(),
        *(message for path in sorted(MORE.glob("social_*/*.jsonl")) for message in read(path)),
    ]


def held_out() -> list[dict[str, Any]]:
    """Messages that nothing is learned from or chosen by: for the last look."""
    return [message for path in sorted((FOLDER / "held_out").glob("*.jsonl")) for message in read(path)]


def faults(message: dict[str, Any]) -> Iterator[str]:
    """What breaks the guidelines in one message, in words."""
    for name in ("id", "group", "text", "lang"):
        if not message.get(name):
            yield f"{name} is missing"
    yield from _choice(message, "kind", KINDS)
    yield from _choice(message, "sentiment", SENTIMENTS)
    yield from _choice(message, "priority", PRIORITIES)
    yield from _unknown("label", message.get("labels", ()), LABELS)
    for aspect, polarity in message.get("aspects", ()):
        yield from _unknown("aspect", [aspect], ASPECTS)
        yield from _unknown("polarity", [polarity], POLARITIES)
    for part in message.get("personal_data", ()):
        yield from _unknown("type", [part["type"]], PERSONAL)
    yield from _unknown("span", [part["label"] for part in message.get("spans", ())], SPANNED)
    yield from _unknown(
        "span without its label:",
        [p["label"] for p in message.get("spans", ())],
        set(message.get("labels", ())),
    )
    yield from _reaction_faults(message)
    for quoted in _quoted(message):
        if quoted not in message.get("text", ""):
            yield f"« {quoted} » is not in the text"


def _reaction_faults(message: dict[str, Any]) -> Iterator[str]:
    case = message.get("adr")
    if case is None:
        return
    criteria = case["criteria"]
    if tuple(criteria) != CRITERIA:
        yield f"criteria must be {', '.join(CRITERIA)}"
        return
    if case["adr"] is not all(criteria.values()):
        yield "adr is true when, and only when, the four criteria are"
    if criteria["reaction"] is not bool(case["reactions"]):
        yield "criteria.reaction goes with a reaction that is listed"
    incomplete = criteria["reaction"] and not all(criteria.values())
    if ("incomplete_case" in case["special"]) is not incomplete:
        yield "incomplete_case is special when the reaction is there and another criterion is not"
    if case["adr"] and "adverse_reaction" not in message.get("labels", ()):
        yield "adr without the label adverse_reaction"
    if case["adr"] and not any(drug["suspected"] for drug in case["drugs"]):
        yield "adr without a suspected product"
    if case["serious"] is not bool(case["seriousness"]) or (case["serious"] and not case["adr"]):
        yield "serious goes with a criterion of seriousness, on adr only"
    yield from _unknown("seriousness", case["seriousness"], SERIOUSNESS)
    yield from _unknown("special", case["special"], SPECIAL)
    yield from _unknown("who", [case["who"]], WHO)


def _quoted(message: dict[str, Any]) -> Iterator[str]:
    case = message.get("adr") or {"drugs": (), "reactions": ()}
    for part in (
        *message.get("personal_data", ()),
        *message.get("spans", ()),
        *case["drugs"],
        *case["reactions"],
    ):
        yield part["text"]


def _choice(message: dict[str, Any], name: str, allowed: frozenset[str]) -> Iterator[str]:
    if message.get(name) not in allowed:
        yield f"{name}: {message.get(name)!r}"


def _unknown(what: str, found: Iterable[str], allowed: Iterable[str]) -> Iterator[str]:
    yield from (f"{what} {one!r}" for one in found if one not in allowed)


def agreement() -> Iterator[tuple[str, int, float]]:
    """(what was judged, how often the readers differ, Cohen's kappa) over all messages."""
    second = {judged["id"]: judged for judged in read(FOLDER / "second" / "reading.jsonl")}
    pairs = [(first, second[first["id"]]) for first in messages()]
    for label in sorted(LABELS):
        yield label, *_kappa([(label in one["labels"], label in other["labels"]) for one, other in pairs])
    for name in ("sentiment", "priority"):
        yield name, *_kappa([(one[name], other[name]) for one, other in pairs])
    yield "adr", *_kappa([(_is_case(one["adr"]), bool(other["adr"])) for one, other in pairs])
    told = [
        (one["adr"]["criteria"], other["criteria"])
        for one, other in pairs
        if one["adr"] and other["criteria"]
    ]
    for place, name in enumerate(CRITERIA):
        yield f"criteria.{name}", *_kappa([(one[name], other[place]) for one, other in told])


def _is_case(case: dict[str, Any] | None) -> bool:
    return case is not None and case["adr"] is True


def _kappa(pairs: list[tuple[Hashable, Hashable]]) -> tuple[int, float]:
    """How many pairs differ, and Cohen's kappa (Cohen 1960)."""
    size = len(pairs)
    differ = sum(one != other for one, other in pairs)
    ones, others = Counter(one for one, _other in pairs), Counter(other for _one, other in pairs)
    by_chance = sum(ones[value] * others[value] for value in ones) / size**2
    return differ, (1 - differ / size - by_chance) / (1 - by_chance)


def main(paths: list[Path]) -> int:
    """Exit status: 1 when a line breaks the guidelines."""
    counts: Counter[str] = Counter()
    wrong = 0
    seen: set[str] = set()
    for path in paths or sorted(FOLDER.glob("*.jsonl")):
        for message in read(path):
            problems = list(faults(message))
            problems += ["id twice"] if message["id"] in seen else []
            seen.add(message["id"])
            wrong += bool(problems)
            counts.update(["messages", *message["labels"], f"sentiment {message['sentiment']}"])
            if problems:
                print(path.name, message["id"], "; ".join(problems))
    for name, count in sorted(counts.items()):
        print(f"{count:6}  {name}")
    if not paths:
        for name, differ, kappa in agreement():
            print(f"{name:26}{differ:5} differ, kappa {kappa:.3f}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
