"""The shape budget is kept, and the measure would notice if it were not."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import shape


def measured(root: Path, name: str, source: str) -> list[shape.Module]:
    path = root / "src" / "veilleur" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return shape.modules(root)


def test_the_budget_is_kept(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = shape.main(repository)
    said = capsys.readouterr().out
    assert code == 0, said
    assert "median function" in said


LONG_FUNCTION = "def run() -> None:\n" + "    print()\n" * 50
SHORT_FUNCTION = "def run() -> None:\n    print()\n"


@pytest.mark.parametrize(
    ("name", "source", "complaint"),
    [
        ("utils.py", SHORT_FUNCTION, "“utils” says nothing"),
        ("misc/dates.py", SHORT_FUNCTION, "“misc” says nothing"),
        ("room.py", SHORT_FUNCTION + "\n" * 499, "501 lines, at most 500"),
        ("room.py", LONG_FUNCTION, "room.py:run (line 1): 51 lines, at most 50"),
        ("room.py", "def run(x) -> None:\n    print(x)\n", "not fully annotated"),
        ("room.py", "def run(*x: int):\n    print(x)\n", "not fully annotated"),
    ],
)
def test_each_breach_is_named(tmp_path: Path, name: str, source: str, complaint: str) -> None:
    assert any(complaint in said for said in shape.complaints(measured(tmp_path, name, source)))


def test_a_small_typed_module_is_fine(tmp_path: Path) -> None:
    assert list(shape.complaints(measured(tmp_path, "room.py", SHORT_FUNCTION))) == []


def test_migrations_are_django_s(tmp_path: Path) -> None:
    measured(tmp_path, "desk/inbox/migrations/0001_initial.py", LONG_FUNCTION * 20)
    assert shape.modules(tmp_path) == []
