"""The import contracts hold, and a stray module breaks the build by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command against the sources under `cwd`, wherever the package is installed from."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment.update(PYTHONPATH=str(cwd / "src"), NO_COLOR="1", COLUMNS="200")
    environment.pop("MFLAGS", None)
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    """The tracked files of the repository, somewhere else."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (repository / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repository / name, tmp_path / name)
    return tmp_path


def make_check(copy: Path) -> subprocess.CompletedProcess[str]:
    """`make check` on the copy, with the tools of this environment and without touching it."""
    venv = copy / ".venv"
    venv.mkdir()
    for entry in BIN.parent.iterdir():
        if not entry.name.startswith(".ready-"):
            (venv / entry.name).symlink_to(entry)
    # Younger than uv.lock: make finds nothing to install.
    (venv / ".ready-to-test").touch()
    return run("make", "check", cwd=copy)


def test_every_contract_is_kept(repository: Path) -> None:
    done = run(str(BIN / "lint-imports"), cwd=repository)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.slow
def test_a_module_called_utils_breaks_the_build(copy: Path) -> None:
    (copy / "src/veilleur/utils.py").write_text('"""Odds and ends."""\n', encoding="utf-8")
    done = make_check(copy)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "- veilleur.utils" in said, said
    assert "BROKEN  src/veilleur/utils.py: “utils” says nothing" in said, said


@pytest.mark.slow
def test_a_room_that_looks_upstairs_breaks_the_build(copy: Path) -> None:
    with (copy / "src/veilleur/triage/__init__.py").open("a", encoding="utf-8") as file:
        file.write("\nfrom django.conf import settings as _settings\n")
    done = make_check(copy)
    assert done.returncode != 0
    assert "Downstairs never learns that upstairs exists BROKEN" in done.stdout, done.stdout
