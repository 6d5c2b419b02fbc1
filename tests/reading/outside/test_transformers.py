"""A classifier from a local folder: with a stand-in for the library, and with the library where it is."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from veilleur.errors import ExtraMissing, PluginInvalid
from veilleur.reading import Reader
from veilleur.reading.analyzers.transformers import TransformersAnalyzer
from veilleur.testing import check_analyzer
from veilleur.vocabulary import Because, Finding, Span, Why

SEQUENCE = 'task = "sequence"\nthreshold = 0.4\n[labels]\nLABEL_1 = "complaint"\nLABEL_2 = "insult"\n'
TOKEN = 'task = "token"\n[labels]\nDRUG = "drug"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a model would be: its configuration, and what its labels mean."""
    where = tmp_path / "model"
    where.mkdir()
    (where / "config.json").write_text("{}")
    (where / "model.safetensors").write_bytes(b"weights")
    (where / "veilleur.toml").write_text(SEQUENCE)
    monkeypatch.setenv("VEILLEUR_TRANSFORMERS_FOLDER", str(where))
    return where


class StandIn:
    """What the library was asked, and what it answers: `answers` maps a text to scores or entities."""

    def __init__(self) -> None:
        self.loaded: list[tuple[str, dict[str, Any]]] = []
        self.made: list[tuple[str, dict[str, Any]]] = []
        self.batches: list[tuple[list[str], int]] = []
        self.answers: Callable[[str], list[dict[str, Any]]] = lambda _text: []
        self.refuses = False

    def from_pretrained(self, folder: str, **options: Any) -> Any:
        if self.refuses:
            raise OSError(f"{folder} does not appear to have a file named model.safetensors")
        self.loaded.append((folder, options))
        return SimpleNamespace(model_max_length=10**30)

    def pipeline(self, task: str, **options: Any) -> Callable[..., list[list[dict[str, Any]]]]:
        self.made.append((task, options))

        def answer(texts: Sequence[str], batch_size: int) -> list[list[dict[str, Any]]]:
            for text in texts:
                text.encode("utf-8")  # as the library does: half a character is an error there
                assert text.strip()
            self.batches.append((list(texts), batch_size))
            return [self.answers(text) for text in texts]

        return answer


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Stands in for `transformers`, whose wheels are too large for every run of the tests."""
    stand_in, module = StandIn(), ModuleType("transformers")
    module.__spec__ = ModuleSpec("transformers", None)
    for name in ("AutoTokenizer", "AutoModelForSequenceClassification", "AutoModelForTokenClassification"):
        setattr(module, name, stand_in)
    module.pipeline = stand_in.pipeline  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", module)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    return stand_in


def read(*texts: str) -> list[tuple[Finding, ...]]:
    return [reading.of("transformers") for reading in Reader([TransformersAnalyzer()]).read(list(texts))]


def scores(*values: float) -> list[dict[str, Any]]:
    return [{"label": f"LABEL_{number}", "score": value} for number, value in enumerate(values)]


def test_without_a_setting_it_is_silent_and_keeps_the_contract() -> None:
    analyzer = TransformersAnalyzer()
    assert (analyzer.version, read("Merci !")) == ("off", [()])
    check_analyzer(analyzer)


def test_labels_of_the_model_become_those_of_the_house(folder: Path, library: StandIn) -> None:
    library.answers = lambda text: scores(0.99, 0.41234, 0.39) if "attente" in text else scores(0.9, 0.1, 0.1)
    assert read("Merci", "Deux heures d’attente") == [
        (), (Finding("transformers", "complaint", 0.412, Why(Because.NGRAMS)),)
    ]  # fmt: skip
    assert library.made[0][0] == "text-classification"


def test_words_of_the_model_become_spans(folder: Path, library: StandIn) -> None:
    (folder / "veilleur.toml").write_text(TOKEN)
    library.answers = lambda _text: [
        {"entity_group": "DRUG", "score": 0.8, "start": 9, "end": 18},
        {"entity_group": "O", "score": 0.9, "start": 0, "end": 2},
    ]
    why = Why(Because.NGRAMS, ("doliprane",))
    [findings] = read("Je prend doliprane")
    assert findings == (Finding("transformers", "drug", 0.8, why, Span(9, 18)),)
    assert library.made[-1][0] == "token-classification"


def test_it_only_looks_into_the_folder(folder: Path, library: StandIn) -> None:
    read("Merci")
    assert {where for where, _ in library.loaded} == {str(folder)}
    assert all(options["local_files_only"] is True for _, options in library.loaded)
    assert all(options["trust_remote_code"] is False for _, options in library.loaded)
    assert library.loaded[1][1]["use_safetensors"] is True
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_messages_go_together_and_blank_ones_do_not_go(folder: Path, library: StandIn) -> None:
    library.answers = lambda _text: scores(0, 0.9)
    found = read("a", " ", "", "b \ud83d", *["c"] * 40)
    assert [len(one) for one in found] == [1, 0, 0, 1, *[1] * 40]
    [(texts, size)] = library.batches
    assert (len(texts), size > 1) == (42, True)


def test_nothing_is_loaded_before_a_message_comes(folder: Path, library: StandIn) -> None:
    assert TransformersAnalyzer().version != "off"
    assert library.loaded == []


def test_it_keeps_the_contract_of_an_analyzer(folder: Path, library: StandIn) -> None:
    library.answers = lambda text: scores(0, min(1, len(text) / 20))
    check_analyzer(TransformersAnalyzer())


def test_another_model_or_meaning_is_another_version(folder: Path, library: StandIn) -> None:
    seen = [TransformersAnalyzer().version]
    (folder / "model.safetensors").write_bytes(b"weighty")
    seen.append(TransformersAnalyzer().version)
    (folder / "veilleur.toml").write_text(SEQUENCE.replace("0.4", "0.6"))
    seen.append(TransformersAnalyzer().version)
    assert len(set(seen)) == 3
    assert TransformersAnalyzer().version == seen[-1]


def test_the_meaning_of_the_labels_may_stand_elsewhere(
    folder: Path, library: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "veilleur.toml").rename(tmp_path / "meaning.toml")
    with pytest.raises(PluginInvalid, match="labels of the model mean"):
        TransformersAnalyzer()
    monkeypatch.setenv("VEILLEUR_TRANSFORMERS_LABELS", str(tmp_path / "meaning.toml"))
    library.answers = lambda _text: scores(0, 0.9)
    assert read("x")[0][0].label == "complaint"


@pytest.mark.parametrize(
    "meaning",
    [
        "",
        "task = ",
        'task = "other"\n[labels]\nA = "insult"\n',
        'task = "sequence"\n[labels]\n',
        'task = "sequence"\n[labels]\nA = "complant"\n',
        'task = "token"\n[labels]\nA = "Two Words"\n',
        SEQUENCE.replace("0.4", "4"),
        "typo = 1\n" + SEQUENCE,
    ],
)
def test_a_meaning_that_makes_none_stops_the_start(folder: Path, library: StandIn, meaning: str) -> None:
    (folder / "veilleur.toml").write_text(meaning)
    with pytest.raises(PluginInvalid, match=r"veilleur\.toml"):
        TransformersAnalyzer()


def test_a_folder_without_a_model_stops_the_start(
    tmp_path: Path, library: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEILLEUR_TRANSFORMERS_FOLDER", str(tmp_path))
    with pytest.raises(PluginInvalid, match="VEILLEUR_TRANSFORMERS_FOLDER"):
        TransformersAnalyzer()


def test_a_damaged_model_is_said(folder: Path, library: StandIn) -> None:
    library.refuses = True
    with pytest.raises(PluginInvalid, match="cannot be loaded"):
        read("x")


def test_without_the_extra_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veilleur.reading.outside.classifier.find_spec", lambda _name: None)
    with pytest.raises(ExtraMissing, match=r"veilleur\[transformers\]"):
        TransformersAnalyzer()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)


@pytest.mark.parametrize(("meaning", "token"), [(SEQUENCE, False), (TOKEN, True)])
def test_a_tiny_model_of_the_real_library_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_network: None, meaning: str, token: bool
) -> None:
    tokenizers, torch, transformers = map(pytest.importorskip, ("tokenizers", "torch", "transformers"))
    torch.manual_seed(7)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "je", "prends", "doliprane", "merci", "attente"]
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel({w: n for n, w in enumerate(words)}, "[UNK]"))
    inner.normalizer = tokenizers.normalizers.Lowercase()
    inner.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    )
    names = {0: "O", 1: "DRUG"} if token else {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=64, id2label=names,
        label2id={name: number for number, name in names.items()},
    )  # fmt: skip
    kind = transformers.BertForTokenClassification if token else transformers.BertForSequenceClassification
    kind(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "veilleur.toml").write_text(
        "tokens = 64\n" + meaning.replace("threshold = 0.4", "threshold = 0.0")
    )
    monkeypatch.setenv("VEILLEUR_TRANSFORMERS_FOLDER", str(tmp_path))
    analyzer = TransformersAnalyzer()
    check_analyzer(analyzer)
    text = "Je prends doliprane"
    [reading] = Reader([analyzer]).read([text])
    assert {finding.label for finding in reading.findings} <= {"complaint", "insult", "drug"}
    for finding in reading.findings:
        assert (finding.span is not None) is token
        assert not finding.span or finding.why.grounds == (finding.span.of(text),)
    assert token or len(reading.findings) == 2
