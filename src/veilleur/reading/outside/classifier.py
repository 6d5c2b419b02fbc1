"""A Hugging Face classifier from a local folder: of whole messages, or of their words.

Never downloads: the folder holds everything, its weights are safetensors (no code in them), and the
libraries are told that there is no network.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from veilleur.errors import ExtraMissing, PluginInvalid
from veilleur.reading.outside.settings import TransformersSettings
from veilleur.vocabulary import LABELS

BATCH = 16
"""Messages that the model sees at once."""
DIGITS = 3
"""Of a score: beyond them the neighbours of a message in its batch would show."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Meaning(BaseModel):
    """What the labels of a model mean here: the file `veilleur.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: Literal["sequence", "token"]
    labels: Mapping[str, str] = Field(min_length=1)
    """The model's name of a label → ours; what is not named is not told."""
    threshold: float = Field(0.5, ge=0, le=1)
    tokens: int = Field(512, ge=8)
    """How much of a message the model can see."""


class Seen(NamedTuple):
    """One thing that the model saw."""

    label: str
    score: float
    start: int | None
    """`None`, as `end`: it is about the whole text."""
    end: int | None


class Classifier:
    """The model of a folder, loaded when it is first asked."""

    def __init__(self, settings: TransformersSettings) -> None:
        """Raises `ExtraMissing`; `PluginInvalid` when nothing says what its labels mean."""
        if find_spec("transformers") is None:
            raise ExtraMissing(
                "VEILLEUR_TRANSFORMERS_FOLDER needs an extra: pip install 'veilleur[transformers]'"
            )
        self._folder = settings.folder
        self._meaning = _meaning(settings.meaning)
        self.version = _digest(settings)

    def read(self, texts: Sequence[str]) -> list[list[Seen]]:
        """What was seen in each text. Raises `PluginInvalid` when the model cannot be loaded."""
        speaking = [number for number, text in enumerate(texts) if text.strip()]
        # Half a character is no UTF-8; a question mark in its place keeps every offset.
        given = [texts[number].encode("utf-8", "replace").decode("utf-8") for number in speaking]
        seen: list[list[Seen]] = [[] for _ in texts]
        if given:
            answers = self._pipeline(given, batch_size=BATCH)
            for number, answer in zip(speaking, answers, strict=True):
                seen[number] = list(self._kept(answer))
        return seen

    def _kept(self, answer: Sequence[Mapping[str, Any]]) -> Iterator[Seen]:
        name = "label" if self._meaning.task == "sequence" else "entity_group"
        for one in answer:
            label, score = self._meaning.labels.get(one[name]), round(float(one["score"]), DIGITS)
            if label and score >= self._meaning.threshold:
                yield Seen(label, min(score, 1.0), one.get("start"), one.get("end"))

    @cached_property
    def _pipeline(self) -> Any:
        os.environ["HF_HUB_OFFLINE"] = "1"
        import transformers  # noqa: PLC0415 - takes seconds, and is only there when somebody wants it

        local = {"local_files_only": True, "trust_remote_code": False}
        whole = self._meaning.task == "sequence"
        made = (
            transformers.AutoModelForSequenceClassification
            if whole
            else transformers.AutoModelForTokenClassification
        )
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(str(self._folder), **local)
            model = made.from_pretrained(str(self._folder), use_safetensors=True, **local)
        except (OSError, ValueError) as error:
            raise PluginInvalid(f"the model in {self._folder} cannot be loaded: {error}") from error
        tokenizer.model_max_length = min(tokenizer.model_max_length, self._meaning.tokens)
        if whole:
            return transformers.pipeline(
                "text-classification", model=model, tokenizer=tokenizer, top_k=None, truncation=True
            )
        return transformers.pipeline(
            "token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="simple"
        )


def _meaning(file: Path) -> Meaning:
    try:
        meaning = Meaning.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValidationError, ValueError) as error:
        raise PluginInvalid(f"{file} does not say what the labels of the model mean: {error}") from error
    known = LABELS if meaning.task == "sequence" else ()
    for label in meaning.labels.values():
        if (known and label not in known) or not _NAME.fullmatch(label):
            raise PluginInvalid(f"{file}: “{label}” is not a label; those are {', '.join(LABELS)}")
    return meaning


def _digest(settings: TransformersSettings) -> str:
    """Changes whenever a file of the folder does, or what its labels mean."""
    digest = hashlib.blake2b(digest_size=6)
    files = sorted(path for path in settings.folder.iterdir() if path.is_file())
    for file in (*files, settings.meaning):
        digest.update(file.name.encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
