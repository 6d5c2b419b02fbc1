"""What a classifier of the administrator's own sees: silent unless `VEILLEUR_TRANSFORMERS_FOLDER` is set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from veilleur.lexicon import Term
from veilleur.reading.analyzer import Batch
from veilleur.reading.outside import is_set
from veilleur.vocabulary import Because, Finding, Span, Why

if TYPE_CHECKING:
    from veilleur.reading.outside.classifier import Classifier, Seen

NAME = "transformers"
_VARIABLES = "VEILLEUR_TRANSFORMERS_"


class TransformersAnalyzer:
    """One finding for each label that reaches the threshold, on the message or on a passage."""

    name = NAME

    def __init__(self) -> None:
        """Looks whether a model was switched on. Raises `PluginInvalid`, `ExtraMissing`."""
        self._classifier = _switched_on()

    @property
    def version(self) -> str:
        """Changes with the files of the model and what its labels mean; `off` without one."""
        return self._classifier.version if self._classifier else "off"

    def terms(self) -> Iterable[Term]:
        """No words of its own."""
        return ()

    def analyze(self, batch: Batch) -> Sequence[Sequence[Finding]]:
        """What the model sees in each text, in its order; nothing without a model."""
        if not self._classifier:
            return [()] * len(batch)
        texts = [subject.mention.text for subject in batch]
        seen = self._classifier.read(texts)
        return [[_finding(text, one) for one in answers] for text, answers in zip(texts, seen, strict=True)]


def _finding(text: str, seen: Seen) -> Finding:
    if seen.start is None or seen.end is None:
        return Finding(NAME, seen.label, seen.score, Why(Because.NGRAMS))
    span = Span(seen.start, seen.end)
    return Finding(NAME, seen.label, seen.score, Why(Because.NGRAMS, (span.of(text),)), span)


def _switched_on() -> Classifier | None:
    if not is_set(_VARIABLES):
        return None
    # Imported here: most installations set none of these variables, and need not wait for it.
    from veilleur.reading.outside.classifier import Classifier  # noqa: PLC0415
    from veilleur.reading.outside.settings import TransformersSettings, settings_of  # noqa: PLC0415

    return Classifier(settings_of(TransformersSettings))
