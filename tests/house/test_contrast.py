"""The palette keeps its promise: every ink is readable on every ground it is used on, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKEN = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
FAMILIES = ("danger", "pharmacovigilance", "secrecy", "law", "opinion-neg", "opinion-pos")
GROUNDS = ("paper", "surface", "sunken", "accent-soft")
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-soft") for ground in GROUNDS),
    *((ink, ground) for ink in ("accent", "accent-strong") for ground in GROUNDS),
    *((family, f"{family}-soft") for family in FAMILIES),
    *((family, ground) for family in FAMILIES for ground in ("paper", "surface")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("star", "surface"),
]
SHAPES = [
    *((line, ground) for line in ("line-strong", "focus") for ground in ("paper", "surface")),
    *((f"{family}-line", f"{family}-soft") for family in FAMILIES),
]


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` as WCAG 2 defines it: 0 for black, 1 for white."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module")
def palette(repository: Path) -> dict[str, tuple[str, str]]:
    css = (repository / "src/veilleur/desk/static/css/tokens.css").read_text(encoding="utf-8")
    return {name: (light, dark) for name, light, dark in TOKEN.findall(css)}


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_is_readable(palette: dict[str, tuple[str, str]], ink: str, ground: str, theme: int) -> None:
    assert contrast(palette[ink][theme], palette[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), SHAPES)
def test_lines_that_mean_something_are_seen(
    palette: dict[str, tuple[str, str]], line: str, ground: str, theme: int
) -> None:
    assert contrast(palette[line][theme], palette[ground][theme]) >= 3


def test_no_style_sheet_of_ours_names_a_colour_of_its_own(repository: Path) -> None:
    """Outside the palette (and black on white in print), colours are tokens."""
    sheets = (repository / "src/veilleur/desk/static").rglob("*.css")
    wrong = [
        sheet.name
        for sheet in sheets
        if sheet.parent.name != "vendor"
        and sheet.name not in {"tokens.css", "print.css"}
        and re.search(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", sheet.read_text(encoding="utf-8"))
    ]
    assert wrong == []
