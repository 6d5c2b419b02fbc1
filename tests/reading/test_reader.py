"""One pass, many judgements: batches, versions, shared work, broken plugins."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur import plugins
from veilleur.errors import PluginInvalid
from veilleur.lexicon import Term
from veilleur.reading import Batch, Reader, installed_reader, read
from veilleur.testing import mention
from veilleur.vocabulary import Because, Finding, Language, Why

CORPUS = Path(__file__).parents[1] / "corpus/social_fr"


class Counter:
    """Counts words, and how often it works anything out."""

    def __init__(self, name: str = "counter", version: str = "1") -> None:
        self.name = name
        self.version = version

    computed = 0

    def terms(self) -> list[Term]:
        return [Term("merci")]

    @staticmethod
    def lengths(batch: Batch) -> list[int]:
        Counter.computed += 1
        return [len(subject.text.text) for subject in batch]

    def analyze(self, batch: Batch) -> list[list[Finding]]:
        lengths = batch.once(Counter.lengths)
        return [[Finding(self.name, str(length), 1.0, Why(Because.TERM))] for length in lengths]


def test_readings_follow_the_mentions_and_carry_the_version() -> None:
    mentions = [mention("ab" * n, external_id=str(n)) for n in range(3)]
    readings = Reader([Counter("b", "2"), Counter("a")]).read(mentions)
    assert [reading.digest for reading in readings] == [one.digest for one in mentions]
    assert {reading.reader for reading in readings} == {"a/1 b/2"}
    assert [[finding.label for finding in reading.of("a")] for reading in readings] == [["0"], ["2"], ["4"]]


def test_shared_work_is_done_once_per_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counter, "computed", 0)
    messages = [mention("x", external_id=str(n)) for n in range(10)]
    Reader([Counter("a"), Counter("b")]).read(messages, at_once=4)
    assert Counter.computed == 3


def test_marks_go_to_those_who_declared_the_words() -> None:
    seen = {}

    class Watcher(Counter):
        def analyze(self, batch: Batch) -> list[list[Finding]]:
            seen[self.name] = [subject.marks_of(self.name) for subject in batch]
            return [[] for _ in batch]

    class Wordless(Watcher):
        def terms(self) -> list[Term]:
            return []

    Reader([Watcher("watcher"), Wordless("wordless")]).read([mention("Merci, merciii"), mention("rien")])
    assert [[mark.start for mark in marks] for marks in seen["watcher"]] == [[0, 7], []]
    assert seen["wordless"] == [(), ()]


def test_sentences_are_shared_by_subject() -> None:
    class Sentences(Counter):
        def analyze(self, batch: Batch) -> list[list[Finding]]:
            return [
                [
                    Finding(self.name, "s", 1.0, Why(Because.TERM), subject.text.span(span.start, span.end))
                    for span in subject.sentences()
                ]
                for subject in batch
            ]

    text = "Très bien !  Mais… long.\nMerci"
    [reading] = Reader([Sentences()]).read([mention(text)])
    assert [f.span.of(text) for f in reading.findings if f.span] == ["Très bien !", "Mais…", "long.", "Merci"]


def test_nothing_to_read() -> None:
    assert Reader([]).read([]) == []
    [reading] = Reader([]).read([mention("x")])
    assert (reading.reader, reading.findings) == ("", ())


def test_two_analyzers_of_one_name_are_refused() -> None:
    with pytest.raises(PluginInvalid, match="same name"):
        Reader([Counter(), Counter()])


def test_built_ins_are_installed_like_any_other() -> None:
    names = [part.partition("/")[0] for part in installed_reader().version.split()]
    assert {"drugs", "language", "reactions"} <= set(names)
    assert names == sorted(names)
    assert len(installed_reader().version) <= 300, "the desk stores no more"


@pytest.mark.parametrize(
    ("name", "maker", "complaint"),
    [
        ("x", 3, "“x” is not a class"),
        ("x", object, "“x” lacks name, version, terms, analyze"),
        ("x", Counter, "declared as “x” calls itself “counter”"),
    ],
)
def test_unusable_plugins_are_named(
    monkeypatch: pytest.MonkeyPatch, name: str, maker: object, complaint: str
) -> None:
    def installed(group: str) -> Iterator[tuple[str, object]]:
        yield name, maker

    monkeypatch.setattr(plugins, "installed", installed)
    with pytest.raises(PluginInvalid, match=complaint):
        installed_reader.__wrapped__()


def test_one_message_with_everything() -> None:
    text = "Depuis le Lévothyrox j’ai le cœur qui s’emballe et des VERTIGES 😱"
    [reading] = read([mention(text)])
    assert reading.language is Language.FR
    assert [f.span.of(text) for f in reading.of("drugs") if f.span] == ["Lévothyrox"]
    assert [f.span.of(text) for f in reading.of("reactions") if f.span] == ["cœur qui s’emballe", "VERTIGES"]


def test_a_hint_of_the_source_helps_short_texts() -> None:
    french, english = read(
        [mention("Excellent", language_hint="fr"), mention("Excellent", language_hint="en")]
    )
    assert (french.language, english.language) == (Language.FR, Language.EN)


@given(st.lists(st.text(st.characters(exclude_categories=())), max_size=5))
def test_any_text_is_read_and_findings_point_inside(texts: list[str]) -> None:
    readings = read([mention(f"{text} Doliprane œdème") for text in texts])
    for text, reading in zip(texts, readings, strict=True):
        [drug] = [finding for finding in reading.of("drugs") if finding.label == "brand"][-1:]
        assert drug.span
        assert drug.span.of(f"{text} Doliprane œdème") == "Doliprane"


LONG = {
    "held": "aaabbb" * 16_000,
    "doubtful": "DIANE " * 16_000,
    "both": "doliprane vertiges " * 5_000,
    "spellings": "pcq " * 25_000,
    "emojis": "😱\n\n" * 30_000,
    "accents": "e\u0301" * 50_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_very_long_messages_take_a_time_in_proportion(text: str) -> None:
    started = time.process_time()
    read([mention(text)])
    assert time.process_time() - started < 5


def test_plain_texts_are_read_like_mentions_that_say_nothing_else() -> None:
    texts = ["Merci à toute l’équipe !", "Nobody answers the phone.", ""]
    alone = Reader.default().read(texts)
    assert alone == read(texts) == read([mention(text) for text in texts])
    assert Reader.default() is installed_reader()


def test_messages_of_the_corpus_are_read_alone_as_in_a_batch() -> None:
    lines = (CORPUS / "m1.jsonl").read_text("utf-8").splitlines()[:60]
    mentions = [
        mention(json.loads(line)["text"], title="Mon avis" if number % 5 == 0 else "")
        for number, line in enumerate(lines)
    ]
    together = read(mentions)
    assert [reading for one in mentions for reading in read([one])] == together
