"""The wheel, alone in an empty environment, does the main job: data and assets are inside."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEBIBYTE = 1024 * 1024
LIMIT = 40 * MEBIBYTE


def uv(repository: Path) -> str:
    """The uv of the machine, or the one that `make` fetched."""
    found = shutil.which("uv") or str(repository / ".uv" / "bin" / "uv")
    assert Path(found).exists(), "uv is missing: `make dev` fetches it"
    return found


def run(*command: str, cwd: Path, **environment: str) -> str:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("VEILLEUR_", "DJANGO_", "PYTHON", "VIRTUAL_ENV", "UV_PROJECT"))
    }
    done = subprocess.run(
        command, cwd=cwd, env={**clean, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the present sources."""
    folder = tmp_path_factory.mktemp("dist")
    run(uv(repository), "build", "--wheel", "--quiet", "--out-dir", str(folder), cwd=repository)
    (built,) = folder.glob("veilleur-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(repository: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that holds the wheel and what it depends on, no more."""
    place = tmp_path_factory.mktemp("installed")
    run(uv(repository), "venv", "--quiet", "--python", "3.11", str(place / "venv"), cwd=place)
    python = str(place / "venv" / "bin" / "python")
    run(uv(repository), "pip", "install", "--quiet", "--python", python, str(wheel), cwd=place)
    return place / "venv" / "bin"


def test_the_wheel_is_light(wheel: Path) -> None:
    assert wheel.stat().st_size <= LIMIT


def test_the_wheel_carries_its_data_and_licences_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if not name.startswith(("veilleur/", "veilleur-"))] == []
    for wanted in (
        "veilleur/triage/policy.toml",
        "veilleur/desk/templates/base.html",
        "veilleur/desk/locale/fr/LC_MESSAGES/django.mo",
        "veilleur/listening/samples/ATTRIBUTION.md",
        "veilleur/lexicon/data/ATTRIBUTION.md",
        "veilleur/desk/static/vendor/LICENSES.md",
    ):
        assert wanted in names
    assert any(name.endswith("licenses/NOTICE") for name in names)


@pytest.mark.slow
def test_the_wheel_alone_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    empty, data = tmp_path / "empty", tmp_path / "data"
    empty.mkdir()
    said = demo(installed, empty, data)
    assert "Trois-Rivières" in said
    assert list(_files(empty)) == []
    assert (data / "veilleur.sqlite3").exists()
    assert "demo@veilleur.local" in demo(installed, empty, data)


def demo(installed: Path, cwd: Path, data: Path) -> str:
    """Runs the demo as somebody whose home is empty too, and returns what it said."""
    return run(
        str(installed / "veilleur"),
        "demo",
        "--no-serve",
        cwd=cwd,
        VEILLEUR_DATA_DIR=str(data),
        HOME=str(cwd),
        LANG="fr_FR.UTF-8",
        COLUMNS="120",
    )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
