"""The page of commands says what the commands say."""

from __future__ import annotations

from pathlib import Path

from scripts import cli_reference


def test_the_page_is_up_to_date(repository: Path) -> None:
    written = (repository / cli_reference.PAGE).read_text(encoding="utf-8")
    assert written == cli_reference.page(), "run scripts/cli_reference.py"
