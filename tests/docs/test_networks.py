"""Each network has a page, with what the law says, what it costs and a picture of its form."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from veilleur.listening.connector import connectors

DOCS = Path(__file__).resolve().parents[2] / "docs"
MOST_BYTES = 60_000
PICTURE = re.compile(r"!\[(?P<alt>[^\]]+)\]\(\.\./\.\./images/networks/(?P<name>\w+)\.png\)")
CONNECTORS = sorted(connectors())


def page(name: str) -> str:
    return (DOCS / "reference" / "networks" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CONNECTORS)
def test_each_network_shows_its_form(name: str) -> None:
    (found,) = PICTURE.finditer(page(name))
    assert found["name"] == name
    assert len(found["alt"]) > 30


@pytest.mark.parametrize("name", CONNECTORS)
def test_each_page_tells_gifts_costs_and_law(name: str) -> None:
    headings = re.findall(r"^## (.+)$", page(name), re.MULTILINE)
    for wanted in ("law", "proven"):
        assert any(wanted in heading.lower() for heading in headings), wanted
    text = page(name).lower()
    assert re.search(r"\bcosts?\b", text)
    assert re.search(r"art(icle|\.|icles) ?.*\b14\b", text), "the duty to inform (GDPR, article 14)"


@pytest.mark.parametrize("name", [*CONNECTORS, "health"])
def test_pictures_are_small_and_as_wide_as_a_column(name: str) -> None:
    picture = (DOCS / "images" / "networks" / f"{name}.png").read_bytes()
    width, height = struct.unpack("!II", picture[16:24])
    assert len(picture) <= MOST_BYTES
    assert 500 < width <= 1100
    assert height < 2600
