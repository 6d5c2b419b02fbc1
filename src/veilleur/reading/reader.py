"""Runs all analyzers over messages, in batches: every text is folded and scanned once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import cast

import numpy as np

from veilleur import plugins
from veilleur.errors import PluginInvalid
from veilleur.lexicon import Lexicon
from veilleur.lexicon.compiled import Arrays, unpacked
from veilleur.reading.analyzer import Analyzer, Batch, Subject, full_text, words_of
from veilleur.text import language, normalise
from veilleur.text.words import split
from veilleur.vocabulary import Finding, Mention, Reading

BUILT_IN = "veilleur.reading.analyzers."
"""Where the analyzers live whose words are compiled beforehand."""
BATCH = 384
"""Messages judged together: enough to share what is shared, few enough to need little memory."""


class Reader:
    """Analyzers that share one pass over each text.

    `version` is what every `Reading` of it carries: names and versions of the analyzers,
    sorted by name.
    """

    def __init__(self, analyzers: Sequence[Analyzer]) -> None:
        """Compiles the words of all analyzers.

        Raises `PluginInvalid` when two have the same name or one declares unusable words.
        """
        self._analyzers = sorted(analyzers, key=lambda analyzer: analyzer.name)
        names = [analyzer.name for analyzer in self._analyzers]
        if len(set(names)) < len(names):
            raise PluginInvalid(f"two analyzers have the same name: {', '.join(names)}. Remove one of them.")
        self.version = " ".join(f"{analyzer.name}/{analyzer.version}" for analyzer in self._analyzers)
        self._lexicon = _lexicon(self._analyzers)

    @staticmethod
    def default() -> Reader:
        """The reader with every installed analyzer: `installed_reader()`."""
        return installed_reader()

    def read(self, messages: Sequence[Mention] | Sequence[str], at_once: int = BATCH) -> list[Reading]:
        """One reading per message, in order; the same whatever stands beside it and is read `at_once`.

        A message is a `Mention`, or only its text: `Reader.default().read(["Merci à l'équipe !"])`. A
        text alone leaves out what else could speak: stars, title, question, announced language.
        Raises `PluginInvalid`, naming the analyzer, when one fails or breaks its contract.
        """
        mentions = [_as_mention(message) for message in messages]
        return [reading for _, readings in self.batches(mentions, at_once) for reading in readings]

    def batches(
        self, mentions: Sequence[Mention], at_once: int = BATCH
    ) -> Iterator[tuple[Batch, list[Reading]]]:
        """Each batch with its readings, in order: for those who need more of what was worked out.

        `batch.once(f)` gives what analyzers shared, at no further cost. Raises as `read` does.
        """
        for start in range(0, len(mentions), at_once):
            batch = self._batch(mentions[start : start + at_once])
            yield batch, list(self._read(batch))

    def _read(self, batch: Batch) -> Iterator[Reading]:
        columns = [_findings(analyzer, batch) for analyzer in self._analyzers]
        for row, subject in enumerate(batch):
            findings = tuple(chain.from_iterable([column[row] for column in columns]))
            yield Reading(subject.mention.digest, self.version, findings)

    def _batch(self, mentions: Sequence[Mention]) -> Batch:
        texts = [normalise(mention.text) for mention in mentions]
        titles = [normalise(mention.title) if mention.title else None for mention in mentions]
        guesses = language(texts, [mention.language_hint for mention in mentions])
        whole = list(map(full_text, titles, texts))
        words = split(whole)
        marks = self._lexicon.marks(words, [len(w) - len(t.text) for w, t in zip(whole, texts, strict=True)])
        return Batch(list(map(Subject, mentions, texts, guesses, marks, titles)), {words_of: words})


@cache
def installed_reader() -> Reader:
    """The reader with every installed analyzer, made once per process (about a second).

    Raises `PluginInvalid` when an installed analyzer cannot be used.
    """
    return Reader([made(name, maker) for name, maker in plugins.installed(plugins.ANALYZERS)])


def read(messages: Sequence[Mention] | Sequence[str], at_once: int = BATCH) -> list[Reading]:
    """One reading per message, in order, by all installed analyzers: see `Reader.read`."""
    return installed_reader().read(messages, at_once)


def _as_mention(message: Mention | str) -> Mention:
    if isinstance(message, str):
        return Mention(source="text", external_id="text", text=message, collected_at=_NEVER)
    return message


_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Nobody said when a plain text was received, and no analyzer may ask."""


def made(name: str, maker: object) -> Analyzer:
    """The analyzer that `maker` makes; raises `PluginInvalid` when it is none or is called otherwise."""
    if not callable(maker):
        raise PluginInvalid(f"the analyzer “{name}” is not a class or a function that makes one: {maker!r}")
    analyzer = cast("Analyzer", maker())
    missing = [part for part in ("name", "version", "terms", "analyze") if not hasattr(analyzer, part)]
    if missing:
        raise PluginInvalid(f"the analyzer “{name}” lacks {', '.join(missing)}")
    if analyzer.name != name:
        raise PluginInvalid(f"the analyzer declared as “{name}” calls itself “{analyzer.name}”: use one name")
    return analyzer


def _lexicon(analyzers: Sequence[Analyzer]) -> Lexicon:
    """The words of the built-in analyzers were compiled beforehand (`python -m training.compiled`)."""
    ready = {one.name for one in analyzers if type(one).__module__.startswith(BUILT_IN)}
    others = {one.name: one.terms() for one in analyzers if one.name not in ready}
    try:
        return Lexicon(others, unpacked(shipped_terms(), ready))
    except ValueError as error:
        raise PluginInvalid(f"an analyzer declares words nobody can find: {error}") from error


def shipped_terms() -> Arrays:
    """The compiled terms of the built-in analyzers."""
    packed = files("veilleur.reading").joinpath("weights/lexicon.npz")
    with packed.open("rb") as source, np.load(source) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _findings(analyzer: Analyzer, batch: Batch) -> Sequence[Sequence[Finding]]:
    try:
        columns = analyzer.analyze(batch)
    except Exception as error:
        raise PluginInvalid(
            f"the analyzer “{analyzer.name}” failed with {type(error).__name__}: {error}. "
            "Update or uninstall it; nothing was read."
        ) from error
    if len(columns) != len(batch):
        raise PluginInvalid(
            f"the analyzer “{analyzer.name}” answered for {len(columns)} messages instead of {len(batch)}"
        )
    for subject, findings in zip(batch, columns, strict=True):
        for finding in findings:
            _check(analyzer.name, subject, finding)
    return columns


def _check(name: str, subject: Subject, finding: Finding) -> None:
    if finding.analyzer != name:
        raise PluginInvalid(f"the analyzer “{name}” signs a finding as “{finding.analyzer}”")
    if finding.span and finding.span.end > len(subject.mention.text):
        raise PluginInvalid(
            f"the analyzer “{name}” points at {finding.span.start}-{finding.span.end} "
            f"of a text of {len(subject.mention.text)} characters"
        )
