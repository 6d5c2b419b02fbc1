"""The contract test that outsiders run against their analyzers catches what it says it catches."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path

import pytest

from veilleur.errors import PluginInvalid
from veilleur.lexicon import Term
from veilleur.reading.analyzers.drugs import DrugAnalyzer
from veilleur.reading.analyzers.language import LanguageAnalyzer
from veilleur.reading.analyzers.reactions import ReactionAnalyzer
from veilleur.testing import check_analyzer
from veilleur.vocabulary import Because, Finding, Span, Why

EXAMPLE = Path(__file__).parents[1] / "examples" / "one_analyzer.py"


class Good:
    name = "good"
    version = "1"

    def terms(self):
        return [Term("bon")]

    def analyze(self, batch):
        return [self.findings(subject) for subject in batch]

    def findings(self, subject):
        return [self.finding() for _ in subject.marks_of("good")]

    def finding(self, analyzer="good", span=None):
        return Finding(analyzer, "good", 0.5, Why(Because.TERM), span)


class Nameless(Good):
    name = "Not a word"


class Versionless(Good):
    version = ""


class WithoutWords(Good):
    def terms(self):
        return [Term("!!!")]


class WithStrings(Good):
    def terms(self):
        return ["bon"]


class Forgetful(Good):
    def __init__(self):
        self.calls = itertools.count()

    def terms(self):
        return [Term(f"bon{next(self.calls)}")]


class Failing(Good):
    def analyze(self, batch):
        return [1 / len(subject.mention.text) and () for subject in batch]


class TooFew(Good):
    def analyze(self, batch):
        return super().analyze(batch)[:-1]


class Forger(Good):
    def findings(self, subject):
        return [self.finding(analyzer="sentiment")]


class Beyond(Good):
    def findings(self, subject):
        return [self.finding(span=Span(0, len(subject.mention.text) + 1))]


class Moody(Good):
    def __init__(self):
        self.calls = itertools.count()

    def findings(self, subject):
        return [self.finding()] * next(self.calls)


class Gregarious(Good):
    def analyze(self, batch):
        return [[self.finding()] * (len(batch) > 1) for _ in batch]


@pytest.mark.parametrize("maker", [Good, LanguageAnalyzer, DrugAnalyzer, ReactionAnalyzer])
def test_good_analyzers_pass(maker):
    check_analyzer(maker(), ["c'est bon", "Doliprane 1000 et mal de tête"])


@pytest.mark.parametrize(
    ("maker", "complaint"),
    [
        (Nameless, "one lower-case word"),
        (Versionless, "version"),
        (WithoutWords, "words nobody can find.*good"),
        (WithStrings, "not a lexicon.Term"),
        (Forgetful, "other words when asked again"),
        (Failing, "“good” failed with ZeroDivisionError"),
        (TooFew, "“good” answered for 8 messages instead of 9"),
        (Forger, "“good” signs a finding as “sentiment”"),
        (Beyond, "“good” points at 0-1 of a text of 0"),
        (Moody, "differently when asked again"),
        (Gregarious, "differently alone"),
    ],
)
def test_broken_analyzers_are_told_what_to_mend(maker, complaint):
    with pytest.raises(PluginInvalid, match=complaint):
        check_analyzer(maker())


def test_the_example_runs(capsys):
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(") ")[2] for line in lines] == ["SE GARER", "PARKIIIING"]
