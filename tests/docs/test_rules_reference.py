"""The pages of the rules say what the packs say."""

from __future__ import annotations

from scripts.rules_reference import FOLDER, pages


def test_the_pages_of_the_rules_are_those_of_the_packs() -> None:
    """`make docs` writes them again."""
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert there == pages()
