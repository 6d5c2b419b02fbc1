"""The JSON Schema of one record out."""

from __future__ import annotations

from typing import Any

from veilleur.vocabulary import (
    ASPECTS,
    CRITERIA,
    LABELS,
    SERIOUSNESS,
    SPECIAL,
    Because,
    Language,
    Priority,
    Sentiment,
)

_SCORE = {"type": "number", "minimum": 0, "maximum": 1}
_OFFSET = {"type": "integer", "minimum": 0}
_STRING = {"type": "string"}
_FLAG = {"type": "boolean"}


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) that every line of `veilleur read --format jsonl` satisfies."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What Veilleur read in one message",
        "description": "Offsets count Unicode code points of the text as given, half open.",
        **_record(
            id={"type": ["string", "integer"], "description": "As given, else the number of the line."},
            language=_one_of(Language),
            sentiment=_object(label=_one_of(Sentiment), score=_SCORE),
            labels=_object(**dict.fromkeys(LABELS, _SCORE)),
            decided=_list_of({"enum": list(LABELS)}),
            aspects=_list_of(
                _object(aspect={"enum": list(ASPECTS)}, polarity={"enum": ["pos", "neg", "neu"]})
            ),
            adverse_reaction=_adverse_reaction(),
            personal_data=_list_of(_object(type=_STRING, start=_OFFSET, end=_OFFSET)),
            priority=_one_of(Priority),
            findings=_list_of(_finding()),
        ),
    }


def _record(**properties: Any) -> dict[str, Any]:
    """What every record holds, and what some do."""
    shape = _object(**properties)
    text = {"description": "With --redact only: the text without personal data.", **_STRING}
    return shape | {"properties": properties | {"text": text}}


def _adverse_reaction() -> dict[str, Any]:
    span = {"type": "array", "items": _OFFSET, "minItems": 2, "maxItems": 2}
    return _object(
        suspected=_FLAG,
        score=_SCORE,
        criteria=_object(**dict.fromkeys(CRITERIA, _FLAG)),
        serious=_FLAG,
        seriousness=_list_of({"enum": list(SERIOUSNESS)}),
        special=_list_of({"enum": list(SPECIAL)}),
        pairs={
            "description": "[[start, end] of the product, [start, end] of the reaction]",
            **_list_of({"type": "array", "items": span, "minItems": 2, "maxItems": 2}),
        },
    )


def _finding() -> dict[str, Any]:
    return _object(
        kind={"description": "Name of the analyzer.", **_STRING},
        label=_STRING,
        start={"type": ["integer", "null"], "minimum": 0, "description": "null: the whole text."},
        end={"type": ["integer", "null"], "minimum": 0},
        score=_SCORE,
        why=_object(because=_one_of(Because), grounds=_list_of(_STRING)),
        concept=_or_null(_object(id=_STRING, label=_STRING, group=_STRING)),
    )


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _one_of(names: Any) -> dict[str, Any]:
    return {"enum": [member.value for member in names]}


def _or_null(shape: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [shape, {"type": "null"}]}
