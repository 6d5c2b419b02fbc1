"""What a language model at an allowed address sees: silent unless `VEILLEUR_LLM_URL` is set.

It can only add findings to those of the built-in reading: when it does not answer, or answers
anything but what was asked, the built-in reading stands alone and the log says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from veilleur.lexicon import Term
from veilleur.reading.analyzer import Batch
from veilleur.reading.outside import is_set
from veilleur.vocabulary import Because, Finding, Span, Why

if TYPE_CHECKING:
    from veilleur.reading.outside.endpoint import Endpoint, Told

NAME = "llm"
PATIENCE = 3
"""Failures in a row after which the other messages of the batch are not sent."""
_VARIABLES = "VEILLEUR_LLM_"
_log = logging.getLogger(__name__)


class LlmAnalyzer:
    """One finding for each label that the model gives, on the words that it quotes."""

    name = NAME

    def __init__(self) -> None:
        """Looks whether an endpoint was switched on. Raises `PluginInvalid`."""
        self._endpoint = _switched_on()

    @property
    def version(self) -> str:
        """Changes with the address, the model and what it is asked; `off` without one."""
        return self._endpoint.version if self._endpoint else "off"

    def terms(self) -> Iterable[Term]:
        """No words of its own."""
        return ()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """What the model says of each text; nothing without a model, nor where it fails."""
        if not self._endpoint:
            return [()] * len(batch)
        return _asked(self._endpoint, [subject.mention.text for subject in batch])


def _asked(endpoint: Endpoint, texts: Sequence[str]) -> list[list[Finding]]:
    from veilleur.reading.outside.endpoint import Unusable  # noqa: PLC0415 - as in `_switched_on`

    findings: list[list[Finding]] = [[] for _ in texts]
    failures = 0
    with endpoint.session() as ask:
        for number, text in enumerate(texts):
            if not text.strip():
                continue
            try:
                findings[number] = [_finding(text, told) for told in ask(text)]
                failures = 0
            except Unusable as error:
                failures += 1
                _log.warning("llm: %s; the built-in reading stands alone", error)
            if failures >= PATIENCE:
                _log.warning("llm: no more of these %d messages are sent", len(texts))
                break
    return findings


def _finding(text: str, told: Told) -> Finding:
    start = text.index(told.quote)
    span = Span(start, start + len(told.quote))
    return Finding(NAME, told.label, told.score, Why(Because.NGRAMS, (told.quote,)), span)


def _switched_on() -> Endpoint | None:
    if not is_set(_VARIABLES):
        return None
    # Imported here: most installations set none of these variables, and need not wait for it.
    from veilleur.reading.outside.endpoint import Endpoint  # noqa: PLC0415
    from veilleur.reading.outside.settings import LlmSettings, settings_of  # noqa: PLC0415

    return Endpoint(settings_of(LlmSettings))
