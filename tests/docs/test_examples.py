"""Each example is run by some test: an example that rots is worse than none."""

from __future__ import annotations

from pathlib import Path


def test_every_example_is_run_by_a_test(repository: Path) -> None:
    examples = [path.name for path in (repository / "examples").iterdir() if path.suffix in {".py", ".toml"}]
    tests = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (repository / "tests").rglob("test_*.py")
        if path != Path(__file__)
    )
    assert "one_analyzer.py" in examples
    assert [name for name in examples if name.removesuffix(".py") not in tests] == []
