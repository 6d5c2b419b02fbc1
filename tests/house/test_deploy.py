"""What is installed around the desk: container, compose, units, and the commands of the page about it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dj_database_url
import pytest
import yaml

from veilleur.desk.settings import Environment
from veilleur.desk.upkeep.snapshots import postgresql_environment
from veilleur.desk.upkeep.variables import known_variables

SERVER = os.environ.get("VEILLEUR_TEST_DATABASE_URL", "")
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "CapabilityBoundingSet": "",
    "UMask": "0077",
    "User": "veilleur",
}
NOT_RUN = re.compile(r"sudo (apt-get|useradd|python3 -m venv)|sudo -u postgres createuser|.*bin/pip install")
"""What the machine of the tests has already; every other command of the page is typed as it stands."""


@pytest.fixture
def container(repository: Path) -> str:
    return (repository / "deploy/Containerfile").read_text(encoding="utf-8")


@pytest.fixture
def compose(repository: Path) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((repository / "deploy/compose.yaml").read_text(encoding="utf-8"))
    return told


def instructions(container: str) -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", container, flags=re.MULTILINE))
    return [
        (word, rest) for word, _space, rest in (line.partition(" ") for line in joined.splitlines() if line)
    ]


def test_the_container_is_small_locked_and_nobody_s(container: str, repository: Path) -> None:
    told = instructions(container)
    bases = [rest for word, rest in told if word == "FROM"]
    assert all(re.match(r"debian:\d+-slim\b", base) for base in bases), "pinned to a release of Debian"
    assert len(bases) == 2, "what builds is not shipped"
    last = told[max(number for number, (word, _rest) in enumerate(told) if word == "FROM") :]
    (user,) = [rest for word, rest in last if word == "USER"]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user), "a number, so that orchestrators see that it is not root"
    assert not [rest for word, rest in told if word == "ADD"]
    for word, rest in told:
        if word == "RUN" and "apt-get install" in rest:
            assert "--no-install-recommends" in rest
            assert "rm -rf /var/lib/apt/lists/*" in rest
    build = container.partition("FROM debian")[2]
    assert "--frozen" in build
    assert "--require-hashes" in build
    assert {"HEALTHCHECK", "VOLUME", "EXPOSE", "ENTRYPOINT"} <= {word for word, _rest in last}
    for word, rest in last:
        if word in {"ENTRYPOINT", "CMD"}:
            assert json.loads(rest), "a list: signals reach the desk, not a shell"
    copied = [
        part for word, rest in told if word == "COPY" and "--from" not in rest for part in rest.split()[:-1]
    ]
    ignored = (repository / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert [name for name in copied if f"!{name}" not in ignored or not (repository / name).exists()] == []


def test_the_variables_that_are_set_exist(container: str, repository: Path) -> None:
    files = [container, *(path.read_text(encoding="utf-8") for path in (repository / "deploy").rglob("*.*"))]
    named = set(re.findall(r"VEILLEUR_[A-Z_]+", "\n".join(files)))
    assert named - known_variables() == set()
    assert named


def test_the_services_are_locked_and_wait_for_each_other(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {"database", "migrate", "app", "worker"} == services.keys()
    for name in ("migrate", "app", "worker"):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["depends_on"]
    assert all(port.startswith("127.0.0.1:") for port in services["app"]["ports"]), (
        "a reverse proxy stands before it"
    )
    assert "--no-worker" in services["app"]["command"]
    assert services["database"]["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/database_password"
    used = {secret for service in services.values() for secret in service.get("secrets", [])}
    assert used == compose["secrets"].keys()
    of_ours = {name.removeprefix("veilleur_") for name in used if name.startswith("veilleur_")}
    assert of_ours <= Environment.model_fields.keys()
    volumes = {
        volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", [])
    }
    assert volumes == compose["volumes"].keys()


def units(repository: Path) -> list[Path]:
    return sorted((repository / "deploy/systemd").iterdir())


def test_the_units_are_hardened_and_their_commands_exist(repository: Path) -> None:
    services = [path for path in units(repository) if path.suffix == ".service"]
    assert len(services) == 3
    for path in services:
        lines = [line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if "=" in line]
        told = {name: value for name, _equals, value in lines}
        assert {name: told.get(name) for name in HARDENED} == HARDENED, path.name
        command = told["ExecStart"].split()[1:]
        options = [part for part in command if part.startswith("--")]
        help_ = subprocess.run(
            [sys.executable, "-m", "veilleur.cli", command[0], "--help"],
            env={**os.environ, "COLUMNS": "200", "TERM": "dumb"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert [option for option in options if option not in help_.stdout] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_the_units(repository: Path, tmp_path: Path) -> None:
    for path in units(repository):
        text = path.read_text(encoding="utf-8").replace("/opt/veilleur/bin/veilleur", "/bin/true")
        (tmp_path / path.name.replace("@.", "@1.")).write_text(re.sub(r"(User|Group)=.*", r"\1=daemon", text))
    names = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    rated = ["systemd-analyze", "security", "--offline=true", "--threshold=25"]
    for name in names:
        if name.endswith(".service"):
            done = subprocess.run([*rated, name], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-500:]


def commands_of(repository: Path, heading: str) -> list[str]:
    """What the page says to type below a heading, one command each."""
    page = (repository / "docs/howto/install.md").read_text(encoding="utf-8")
    block = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.search(r"```\n(.*?)```", block, re.DOTALL)[1].strip().splitlines()  # type: ignore[index]


@pytest.mark.parametrize("heading", ["On one machine, from the sources", "From the wheel", "On PostgreSQL"])
def test_the_desk_is_installed_in_ten_commands(repository: Path, heading: str) -> None:
    assert 1 < len(commands_of(repository, heading)) <= 10


@pytest.mark.slow
def test_the_commands_for_one_machine_lead_to_a_desk(repository: Path, tmp_path: Path) -> None:
    follow(commands_of(repository, "From the wheel"), tmp_path, {"VEILLEUR_DATA_DIR": str(tmp_path / "data")})


@pytest.mark.slow
@pytest.mark.skipif(not SERVER, reason="needs VEILLEUR_TEST_DATABASE_URL")
def test_the_commands_for_postgresql_lead_to_a_desk(repository: Path, tmp_path: Path) -> None:
    server = postgresql_environment(dj_database_url.parse(SERVER))
    commands = commands_of(repository, "On PostgreSQL")
    try:
        follow(commands, tmp_path, {**server, "VEILLEUR_DATA_DIR": str(tmp_path / "data")})
        assert "veilleur" in ask(server, "SELECT datname FROM pg_database")
    finally:
        ask(server, "DROP DATABASE IF EXISTS veilleur WITH (FORCE)")


def ask(server: dict[str, str], question: str) -> str:
    done = subprocess.run(
        ["psql", "-XAtqc", question], env=server, capture_output=True, text=True, check=False
    )
    return done.stdout


def follow(commands: list[str], place: Path, environment: dict[str, str]) -> None:
    """Types the commands as an account that has what the others install, until the desk is ready."""
    bin_ = place / "bin"
    bin_.mkdir()
    (bin_ / "veilleur").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m veilleur.cli "$@"\n')
    (bin_ / "veilleur").chmod(0o755)
    spoken = {
        name: value for name, value in os.environ.items() if not name.startswith(("VEILLEUR_", "DJANGO_"))
    }
    spoken |= {"LC_ALL": "C.UTF-8", **environment, "PATH": f"{bin_}:{os.environ['PATH']}"}
    run = []
    for command in commands:
        if NOT_RUN.match(command):
            continue
        run.append(re.sub(r"sudo -u \w+ (--preserve-env=\w+ )?|/opt/veilleur/bin/", "", command))
    assert run[-1].startswith("veilleur serve")
    script = "\n".join([*run[:-1], f"exec {run[-1]} --port 8931"])
    process = subprocess.Popen(
        ["sh", "-ec", script], env=spoken, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        until_ready("http://127.0.0.1:8931/health/ready", process)
    finally:
        process.send_signal(signal.SIGTERM)
        _output, errors = process.communicate(timeout=60)
        assert b"Traceback" not in errors, errors.decode()


def until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    asking = f"import urllib.request; print(urllib.request.urlopen('{address}', timeout=5).status)"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        done = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=False)
        if done.stdout.strip() == "200":
            return
        time.sleep(0.5)
    pytest.fail(f"the desk is not ready: {process.poll()}")
