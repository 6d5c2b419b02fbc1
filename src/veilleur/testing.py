"""Ready-made checks for people who extend Veilleur.

Call `check_analyzer(MyAnalyzer())` from a test of your own: it raises `PluginInvalid`,
saying what to mend, when the analyzer does not keep its contract.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from veilleur.errors import PluginInvalid
from veilleur.lexicon import Term
from veilleur.reading import Analyzer, Reader
from veilleur.vocabulary import Mention

TRICKY_TEXTS = (
    "",
    " \n ",
    "RAS",
    "Médecin à l’écoute, je recommande !",
    "Depuis le traitement j'ai des nauséeees et le cœur qui s'emballe 😱😱",
    "THE WORST HOSPITAL EVER!!! 4 hours in A&E for nothing :-(",
    "e\u0301te\u0301 \U0001f469\u200d\u2695\ufe0f \ud83d \x00 ﬁn",
    "شكرا لكل الفريق الطبي",
    "bien " * 2000,
)
"""Texts that break careless code: empty, emojis, half characters, other scripts, very long."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_VERSION = re.compile(r"\S+")


def mention(text: str, **fields: Any) -> Mention:
    """A mention that says `text`; `fields` are those of `vocabulary.Mention`."""
    moment = datetime(2026, 1, 15, 12, tzinfo=UTC)
    given = {"source": "test", "external_id": "1", "collected_at": moment, **fields}
    return Mention(text=text, **given)


def check_analyzer(analyzer: Analyzer, texts: Sequence[str] = ()) -> None:
    """Raises `PluginInvalid` when `analyzer` breaks its contract on `texts` or on `TRICKY_TEXTS`.

    Looked at: its name, version and words; findings that are signed, point inside the text
    and are the same when asked again, and the same alone as beside other messages.
    """
    _check_identity(analyzer)
    _check_terms(analyzer)
    reader = Reader([analyzer])
    mentions = [mention(text, external_id=str(number)) for number, text in enumerate([*TRICKY_TEXTS, *texts])]
    together = reader.read(mentions)
    if reader.read(mentions) != together:
        raise PluginInvalid(f"“{analyzer.name}” reads the same messages differently when asked again")
    for one, reading in zip(mentions, together, strict=True):
        if reader.read([one]) != [reading]:
            raise PluginInvalid(
                f"“{analyzer.name}” reads {one.text[:60]!r} differently alone than beside others"
            )


def _check_identity(analyzer: Analyzer) -> None:
    if not _NAME.fullmatch(analyzer.name):
        raise PluginInvalid(f"a name is one lower-case word, not {analyzer.name!r}")
    if not _VERSION.fullmatch(analyzer.version):
        raise PluginInvalid(
            f"the version of “{analyzer.name}” is empty or holds blanks: {analyzer.version!r}"
        )


def _check_terms(analyzer: Analyzer) -> None:
    terms: list[object] = list(analyzer.terms())
    strangers = [term for term in terms if not isinstance(term, Term)]
    if strangers:
        raise PluginInvalid(f"“{analyzer.name}” declares {strangers[0]!r}, which is not a lexicon.Term")
    if list(analyzer.terms()) != terms:
        raise PluginInvalid(f"“{analyzer.name}” declares other words when asked again")
