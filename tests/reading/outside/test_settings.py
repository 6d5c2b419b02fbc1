"""The page of the extras names every variable, says what it is, and gives its default."""

from __future__ import annotations

from pathlib import Path

import pytest

from veilleur.reading.outside.settings import LlmSettings, TransformersSettings

FIELDS = [(kind, name) for kind in (LlmSettings, TransformersSettings) for name in sorted(kind.model_fields)]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_every_variable_is_documented(
    repository: Path, kind: type[LlmSettings | TransformersSettings], name: str
) -> None:
    page = (repository / "docs/reference/extras.md").read_text(encoding="utf-8")
    variable = f"`{kind.model_config['env_prefix']}{name.upper()}`"
    [row] = [line for line in page.splitlines() if line.startswith(f"| {variable} |")]
    default = kind.model_fields[name].default
    if isinstance(default, int | float):
        assert f"`{default:g}`" in row
    else:
        assert "none" in row or "empty" in row or "veilleur.toml" in row
