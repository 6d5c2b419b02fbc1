"""A desk that commands are run on: its own data directory, its own database, each command its own process."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import dj_database_url
import pytest
from django.utils import translation

from veilleur.desk.upkeep.snapshots import postgresql_environment

SERVER = os.environ.get("VEILLEUR_TEST_DATABASE_URL", "")
OURS = ("VEILLEUR_", "LC_", "LANG", "DJANGO_")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """What is refused is told in the language of the reader: here, always the same one."""
    with translation.override("en"):
        yield


@dataclass
class Desk:
    """One installation; `url` is empty on SQLite."""

    folder: Path
    url: str

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        places = {"VEILLEUR_DATA_DIR": str(self.data), "VEILLEUR_DATABASE_URL": self.url}
        return subprocess.Popen(
            [sys.executable, "-m", "veilleur.cli", *arguments],
            env={**clean, **places, "LC_ALL": "C.UTF-8", "COLUMNS": "200", **environment},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """Standard output and, where it must fail, standard error."""
        process = self.start(*arguments, **environment)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == code, f"{arguments}: {process.returncode}\n{output}\n{errors}"
        assert "Traceback" not in errors
        return output if code == 0 else output + errors

    def ask(self, question: str) -> list[str]:
        """The rows that answer a question in SQL, as text."""
        if self.url:
            done = subprocess.run(
                ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", question],
                env=postgresql_environment(dj_database_url.parse(self.url)),
                capture_output=True,
                text=True,
                check=True,
            )
            return done.stdout.splitlines()
        with closing(sqlite3.connect(self.data / "veilleur.sqlite3", timeout=20)) as database, database:
            return ["|".join(map(str, row)) for row in database.execute(question)]

    def tables(self) -> list[str]:
        """All of ours, without what SQLite keeps for its index of words."""
        if self.url:
            return self.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        listed = self.ask("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return sorted(name for name in listed if "_fts" not in name and "words" not in name)

    def print_of(self, table: str) -> str:
        """What tells two contents of a table apart."""
        rows = self.ask(f"SELECT t::text FROM {table} t" if self.url else f"SELECT * FROM {table}")
        return f"{len(rows)} {hashlib.sha256(chr(10).join(sorted(rows)).encode()).hexdigest()}"

    def prints(self) -> dict[str, str]:
        """Of every table."""
        return {table: self.print_of(table) for table in self.tables()}

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


class Builder:
    """Makes desks; on PostgreSQL each has a database, dropped at the end."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._drawn: list[str] = []

    def __call__(self, like: Desk | None = None) -> Desk:
        """An empty desk, or one as `like` is."""
        folder, url = self._factory.mktemp("desk"), ""
        if SERVER:
            name = f"desk_{secrets.token_hex(4)}"
            template = f" TEMPLATE {like.url.rpartition('/')[2]}" if like else ""
            _tell_server(f"CREATE DATABASE {name}{template}")
            self._drawn.append(name)
            url = f"{SERVER.rpartition('/')[0]}/{name}"
        if like:
            shutil.copytree(like.data, folder / "data")
        return Desk(folder, url)

    def drop(self) -> None:
        for name in self._drawn:
            _tell_server(f"DROP DATABASE {name} WITH (FORCE)")


def _tell_server(command: str) -> None:
    environment = postgresql_environment(dj_database_url.parse(SERVER))
    subprocess.run(["psql", "-XAtq", "-c", command], env=environment, check=True)


@pytest.fixture(scope="session")
def founded_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with an organisation, a person and two messages: not to be changed."""
    builder = Builder(tmp_path_factory)
    desk = builder()
    desk.run("organisation", "add", "clinique", "Clinique")
    desk.run("person", "add", "clinique", "zoe@example.org", "--role", "manager")
    rows = "id,date,note,commentaire\n1,2026-03-03,5/5,Bien\n2,2026-03-04,1/5,Trop d’attente\n"
    desk.run("import", str(desk.file("avis.csv", rows)), "--to", "clinique")
    yield desk
    builder.drop()


@pytest.fixture
def new_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """Makes desks that nobody has founded yet."""
    builder = Builder(tmp_path_factory)
    yield builder
    builder.drop()


@pytest.fixture
def desk(founded_desk: Desk, new_desk: Builder) -> Desk:
    """A desk with an organisation, a person and two messages."""
    return new_desk(founded_desk)
