"""Settings fail loudly, keep their keys to themselves, and satisfy Django's own checks."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from pydantic import ValidationError

from veilleur.desk.keys import keys_of
from veilleur.desk.settings import Environment


def django(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A Django command in a fresh process, as an administrator's environment makes it."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("VEILLEUR_", "DJANGO_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "django", *arguments, "--settings", "veilleur.desk.settings"],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_django_has_nothing_to_say_about_a_desk_in_production(tmp_path: Path) -> None:
    done = django(
        "check",
        "--deploy",
        "--fail-level=WARNING",
        VEILLEUR_DATA_DIR=str(tmp_path),
        VEILLEUR_HTTPS="1",
        VEILLEUR_ALLOWED_HOSTS="desk.example.org",
    )
    assert done.returncode == 0, done.stderr


def test_a_wrong_setting_stops_the_start_and_names_the_variable(tmp_path: Path) -> None:
    done = django("check", VEILLEUR_DATA_DIR=str(tmp_path), VEILLEUR_UPLOAD_LIMIT_MB="much")
    assert done.returncode != 0
    assert "upload_limit_mb" in done.stderr


def test_hosts_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEILLEUR_ALLOWED_HOSTS", "desk.example.org, 10.0.0.7,")
    assert Environment().allowed_hosts == ["desk.example.org", "10.0.0.7"]


def test_an_unknown_time_zone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEILLEUR_TIME_ZONE", "Europe/Pariss")
    with pytest.raises(ValidationError, match="Europe/Pariss is not a time zone"):
        Environment()


def test_keys_are_drawn_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    drawn = keys_of(path)
    assert keys_of(path) == drawn == json.loads(path.read_text(encoding="utf-8"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (connections,) = drawn.pop("connections")
    assert len(connections) == 44, "32 bytes in base64, as Fernet wants them"
    assert len(set(drawn.values())) == len(drawn) == 3
    assert min(len(key) for key in drawn.values()) >= 64


def test_two_installations_share_no_key(tmp_path: Path) -> None:
    first, second = keys_of(tmp_path / "a"), keys_of(tmp_path / "b")
    assert not any(first[name] == second[name] for name in first)


def test_each_process_of_the_tests_writes_to_a_place_of_its_own() -> None:
    assert Path(os.environ["VEILLEUR_DATA_DIR"]).resolve() == settings.DATA_DIR
    assert Path(settings.MEDIA_ROOT).is_relative_to(settings.DATA_DIR)


def test_a_secret_may_come_in_a_file_and_a_variable_goes_before_it(tmp_path: Path) -> None:
    (tmp_path / "veilleur_metrics_token").write_text("from a file, and long enough\n", encoding="utf-8")
    told = "from veilleur.desk.settings import ENVIRONMENT; print(ENVIRONMENT.metrics_token)"

    def token(**environment: str) -> str:
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("VEILLEUR_", "DJANGO_"))
        }
        places = {"CREDENTIALS_DIRECTORY": str(tmp_path), "VEILLEUR_DATA_DIR": str(tmp_path / "data")}
        command = [sys.executable, "-c", told]
        done = subprocess.run(
            command, env={**clean, **places, **environment}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    assert token() == "from a file, and long enough"
    assert token(VEILLEUR_METRICS_TOKEN="from the environment") == "from the environment"
