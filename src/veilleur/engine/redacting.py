"""Texts and records without the personal data that can be found in them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from veilleur.engine.outgoing import Record
from veilleur.reading import Finding, Reader
from veilleur.reading.analyzers.personal import clean
from veilleur.reading.analyzers.personal_data import PersonalDataAnalyzer


def redacted(texts: Sequence[str]) -> list[str]:
    """Each text with a placeholder (« [NAME_1] ») for what was found, until nothing more is found.

    Looks by itself: it does not matter which analyzers are installed.
    """
    readings = _finder().read(texts)
    return [
        clean(text, _find).text if reading.findings else text
        for text, reading in zip(texts, readings, strict=True)
    ]


def without_quotes(record: Record, text: str) -> Record:
    """`record` with the redacted `text` of its message, and no ground that is not said in it any more."""
    findings = [
        finding | {"why": finding["why"] | {"grounds": [g for g in finding["why"]["grounds"] if g in text]}}
        for finding in record["findings"]
    ]
    return record | {"findings": findings, "text": text}


@cache
def _finder() -> Reader:
    return Reader([PersonalDataAnalyzer()])


def _find(text: str) -> tuple[Finding, ...]:
    return _finder().read([text])[0].findings
