"""The terminologies that come with Veilleur, as terms.

`data/ATTRIBUTION.md` says where they come from; `training/lexicon.py` rebuilds them.
"""

from __future__ import annotations

import csv
import gzip
import io
from importlib import resources

from veilleur.lexicon.term import Term
from veilleur.vocabulary import Concept, Language


def drugs() -> list[Term]:
    """Medicines, vaccines and their classes, French and English; a concept's group is its ATC code."""
    return _terms("drugs.tsv.gz")


def reactions() -> list[Term]:
    """Symptoms and adverse reactions, French and English; a concept's group is a neutral group."""
    return _terms("reactions.tsv.gz")


def _terms(name: str) -> list[Term]:
    packed = (resources.files("veilleur.lexicon") / "data" / name).read_bytes()
    rows = csv.reader(
        io.StringIO(gzip.decompress(packed).decode("utf-8")), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    next(rows)
    concepts: dict[tuple[str, str, str], Concept] = {}
    languages = {language.value: language for language in Language}
    return [
        Term(
            text,
            concepts.setdefault((concept, label, group), Concept(concept, label, group)),
            kind,
            languages[language],
            doubtful == "1",
        )
        for text, concept, label, kind, language, group, doubtful in rows
    ]
