"""The documentation is true: its commands run and print what it shows, its links lead somewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import Step, is_like, language, links, pages, steps

REPOSITORY = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
ALL = pages(REPOSITORY)
RUNNABLE = [page for page in ALL if any(True for _ in steps(page.read_text(encoding="utf-8")))]


def name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def environment(place: Path, spoken: str) -> dict[str, str]:
    """A clean machine whose user speaks `spoken` and keeps everything in `place`."""
    return {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(place),
        "LANG": {"fr": "fr_FR.UTF-8", "en": "en_GB.UTF-8"}[spoken],
        "PYTHONUTF8": "1",
        "COLUMNS": "120",
        "VEILLEUR_DATA_DIR": str(place / "data"),
        # Wherever the tests take the package from, the pages take it from there too.
        "PYTHONPATH": str(REPOSITORY / "src"),
    }


def run(step: Step, place: Path, spoken: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c"] if step.language == "python" else ["sh", "-e", "-c"]
    return subprocess.run(
        [*command, step.script],
        cwd=place / "here",
        env=environment(place, spoken),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("page", RUNNABLE, ids=name)
def test_commands_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    (tmp_path / "here").mkdir()
    for step in steps(text):
        done = run(step, tmp_path, language(text))
        where = f"{name(page)}, line {step.line}"
        assert done.returncode == 0, f"{where}:\n{step.script}\n{done.stdout}\n{done.stderr}"
        if step.shown is not None:
            assert is_like(done.stdout, step.shown), f"{where} printed:\n{done.stdout}"


@pytest.mark.parametrize("page", ALL, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    dead = [link for link in links(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert dead == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [REPOSITORY / "README.md", REPOSITORY / "README.fr.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page not in seen and page.suffix == ".md" and page.exists():
            seen.add(page)
            waiting.extend(page.parent / link for link in links(page.read_text(encoding="utf-8")))
    assert [name(page) for page in ALL if page.resolve() not in seen] == []


def test_the_tutorials_are_run() -> None:
    assert {name(page) for page in RUNNABLE} >= {
        "docs/tutorial/premiers-pas.md",
        "docs/tutorial/first-steps.md",
    }


def test_a_step_that_fails_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (step,) = steps("```sh\nfalse\necho never\n```\n")
    assert run(step, tmp_path, "en").returncode != 0


def test_output_is_compared() -> None:
    (step,) = steps("```sh\necho 5 messages\n```\n\n```text\n4 messages\n```\n")
    assert step.shown == "4 messages\n"
    assert not is_like("5 messages\n", step.shown)
    assert is_like("4   messages\n", step.shown)
