"""The page of the API says what the API says."""

from __future__ import annotations

from pathlib import Path

from scripts import api_reference


def test_the_page_is_up_to_date(repository: Path) -> None:
    written = (repository / api_reference.PAGE).read_text(encoding="utf-8")
    assert written == api_reference.page(), "run scripts/api_reference.py"
