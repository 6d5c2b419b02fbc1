"""What is read depends on the message alone, not on the process that reads it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SEEDS = ("1", "2", "3", "4", "5", "6")
"""Of Python's hashes: every process draws another one, and sets come in another order."""


def output(seed: str, *command: str) -> bytes:
    return subprocess.run(
        [sys.executable, *command], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
    ).stdout


def test_a_language_at_the_edge_is_the_same_in_every_process() -> None:
    """The weights of these words add up to just what is clear, or just not, by their order."""
    edge = (
        "oxcarbazepine-related angioneurotic edema: case report and review. \\nBACKGROUND: Oxaliplatin is a "
        "platinum derivative, which is used in the treatment of colorectal cancer. \\nI was listened too. "
        "\\nHave more time off the ward with my family. \\nIt would help"
    )
    program = f'from veilleur.text import language, normalise; print(language([normalise("{edge}")]))'
    assert len({output(seed, "-c", program) for seed in SEEDS}) == 1


@pytest.mark.slow
def test_whole_records_are_the_same_in_every_process(repository: Path, tmp_path: Path) -> None:
    archive = tmp_path / "sample.jsonl"
    lines = []
    for corpus in sorted(repository.glob("training/corpora/*.jsonl.gz")):
        known = [json.loads(line) for line in gzip.decompress(corpus.read_bytes()).splitlines()]
        texts = [record["text"] for record in known if "text" in record]
        lines += [json.dumps({"text": text}) + "\n" for text in texts[:: len(texts) // 60 or 1]]
    archive.write_text("".join(lines), encoding="utf-8")
    assert len(lines) > 400
    command = ("-m", "veilleur.cli", "read", str(archive), "--format", "jsonl")
    first, second = (output(seed, *command).splitlines() for seed in SEEDS[:2])
    assert [(one, other) for one, other in zip(first, second, strict=True) if one != other] == []
