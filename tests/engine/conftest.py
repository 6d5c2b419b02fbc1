from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from veilleur.engine import sources

SMALL = 128
TEXTS = (
    "Accueil formidable, merci à toute l’équipe !",
    "Depuis le Levothyrox j’ai des nausées et des vertiges, personne ne m’écoute.",
    "Nobody answers the phone.",
    "",
    "RAS",
    "=1+1 👩‍⚕️ שלום",
)


def given(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"m-{number}",
            "text": TEXTS[number % len(TEXTS)],
            "rating": 1 + number % 5,
            "field": "negative",
        }
        for number in range(count)
    ]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of three small chunks, with a bad line in the middle."""
    monkeypatch.setattr(sources, "CHUNK", SMALL)
    lines = [json.dumps(record, ensure_ascii=False) for record in given(300)]
    lines[150] = '{"id": "broken", "text": '
    file = tmp_path / "archive.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
