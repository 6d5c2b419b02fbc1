"""The commands, as an administrator runs them: each in its own process and data directory."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from veilleur.cli.importing import _source_key
from veilleur.cli.words import language, number, say

REVIEWS = """\
id,date,note,commentaire
1,2026-03-03 10:00,5/5,Très bien
2,2026-03-04 11:00,1/5,Trop d’attente
"""
OURS = ("VEILLEUR_", "LC_", "LANG")


class Terminal:
    """A shell with a data directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self.environment |= {"VEILLEUR_DATA_DIR": str(self.data), "LC_ALL": "C.UTF-8", "COLUMNS": "200"}

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "veilleur.cli", *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,  # type: ignore[call-overload]
        )

    def run(self, *arguments: str, said: str = "", code: int = 0) -> str:
        """Standard output; the exit code must be `code`. With another code, standard error, too."""
        process = self.start(*arguments)
        output, errors = process.communicate(said, timeout=180)
        assert process.returncode == code, f"{arguments}: {process.returncode}\n{output}\n{errors}"
        return output if code == 0 else output + errors

    def file(self, name: str, content: str) -> str:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return str(path)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture(scope="module")
def founded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    terminal = Terminal(tmp_path_factory.mktemp("founded"))
    terminal.run("organisation", "add", "clinique", "Clinique")
    return terminal.data


@pytest.fixture
def founded(terminal: Terminal, founded_once: Path) -> Terminal:
    """A terminal whose desk has one organisation, `clinique`."""
    shutil.copytree(founded_once, terminal.data)
    return terminal


def test_the_version_and_the_help_touch_nothing(terminal: Terminal) -> None:
    assert re.fullmatch(r"veilleur \d+\.\d+\.\d+\n", terminal.run("--version"))
    assert "demo" in terminal.run("--help")
    assert not terminal.data.exists()


def test_read_writes_one_reading_per_line_and_touches_nothing(terminal: Terminal) -> None:
    french, english = "Accueil formidable, merci à toute l’équipe !", "Nobody answers the phone."
    lines = f'{french}\n\n{{"text": "{english}", "external_id": "b7"}}\n'
    first, second = map(json.loads, terminal.run("read", said=lines).splitlines())
    assert (first["id"], first["language"]) == ("1", "fr")
    assert (second["id"], second["language"]) == ("b7", "en")
    assert {finding["kind"] for finding in first["findings"]} >= {"language"}
    assert not terminal.data.exists()


@pytest.mark.parametrize("line", ['{"text": ', '{"words": "none"}'])
def test_read_keeps_a_wrong_line_out_and_names_it(terminal: Terminal, line: str) -> None:
    output = terminal.run("read", said=f"Bonjour.\n{line}\nMerci.\n", code=3)
    assert "line 2" in output
    assert [json.loads(said)["id"] for said in output.splitlines() if said.startswith("{")] == ["1", "3"]


def test_read_speaks_every_format(terminal: Terminal) -> None:
    said = '{"id": "a", "text": "Le personnel est [bold]formidable[/bold]."}\n'
    table = terminal.run("read", "--format", "table", "--explain", said=said)
    assert "[bold]formidable[/bold]" in table, "what a message says is no markup"
    assert "sentiment pos" in table
    assert terminal.run("read", "--format", "csv", said=said).splitlines()[1].startswith("a,fr,pos,")
    assert json.loads(terminal.run("read", "--schema"))["type"] == "object"
    assert "--output" in terminal.run("read", "--format", "parquet", said=said, code=1)
    assert "gpu" in terminal.run("read", "--engine", "gpu", said=said, code=1)


def test_read_goes_from_file_to_file(terminal: Terminal) -> None:
    file = terminal.file("avis.csv", "id;text\n7;Très bien\n8;Trop d’attente\n")
    terminal.run("read", file, "--output", "avis.jsonl")
    lines = (terminal.folder / "avis.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["7", "8"]
    assert "the input" in terminal.run("read", file, "--output", file, code=1)
    terminal.run("read", "--output", "pipe.csv", said="Bonjour\n")
    assert (terminal.folder / "pipe.csv").read_text(encoding="utf-8").count("\n") == 2


def test_read_answers_a_pipe_before_it_ends(terminal: Terminal) -> None:
    process = terminal.start("read")
    assert process.stdin
    assert process.stdout
    process.stdin.write("Bonjour\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == "1"
    process.stdin.close()
    assert process.wait(timeout=60) == 0


def test_import_then_again_then_with_a_bad_row(founded: Terminal) -> None:
    file = founded.file("avis-2026-03.csv", REVIEWS)
    assert "2 added" in founded.run("import", file, "--to", "clinique")
    assert "0 added, 0 updated, 2 unchanged" in founded.run("import", file, "--to", "clinique")
    worse = founded.file("avis-2026-04.csv", REVIEWS + "3,31/02/2026,2/5,Bof\n")
    rejects = founded.folder / "rejects.csv"
    output = founded.run("import", worse, "--to", "clinique", "--rejects", str(rejects), code=3)
    assert "2 unchanged, 1 refused" in output, "both files are one source"
    assert "31/02/2026" in rejects.read_text(encoding="utf-8-sig")
    assert "intact" in founded.run("audit", "verify", "--organisation", "clinique")


def test_a_rehearsal_stores_nothing(founded: Terminal) -> None:
    file = founded.file("avis.csv", REVIEWS + "3,31/02/2026,2/5,Bof\n")
    output = founded.run("import", file, "--to", "clinique", "--dry-run")
    assert "2 rows would be imported, 1 refused" in output
    assert "line 4, date" in output
    with sqlite3.connect(founded.data / "veilleur.sqlite3") as database:
        for table in ("inbox_mention", "sources_collectionrun", "sources_source"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_columns_are_corrected_by_hand(founded: Terminal) -> None:
    file = founded.file("x.csv", "a,b\nTout va bien dans ce service.,3\nRien ne va dans ce service.,1\n")
    output = founded.run("import", file, "--to", "clinique", "--column", "rating=b", "--scale", "1:4")
    assert "1 → 4" in output
    assert "2 added" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "nobody"], "clinique"),
        (["--to", "clinique", "--column", "colour=a"], "published_at"),
        (["--to", "clinique", "--column", "text=none"], "none"),
        (["--to", "clinique", "--scale", "five"], "1:5"),
    ],
)
def test_what_cannot_be_imported_is_said(founded: Terminal, arguments: list[str], said: str) -> None:
    file = founded.file("avis.csv", REVIEWS)
    output = founded.run("import", file, *arguments, code=1)
    assert said in output
    assert "Traceback" not in output


def test_a_file_that_is_none_is_refused(founded: Terminal) -> None:
    assert "Traceback" not in founded.run("import", "nowhere.csv", "--to", "clinique", code=1)
    assert "PDF" in founded.run("import", founded.file("a.csv", "%PDF-1.7"), "--to", "clinique", code=1)


def test_the_data_directory_is_for_its_owner_only(founded: Terminal) -> None:
    founded.run("import", founded.file("avis.csv", REVIEWS), "--to", "clinique")
    assert founded.data.stat().st_mode & 0o077 == 0
    for path in founded.data.rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.slow
def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(founded: Terminal) -> None:
    dates = ((number, f"2026-03-{1 + number % 28:02d}") for number in range(3, 6000))
    rows = "".join(f"{number},{date},{1 + number % 5}/5,Message {number}.\n" for number, date in dates)
    file = founded.file("avis.csv", REVIEWS + rows)
    process = founded.start("import", file, "--to", "clinique")
    database = founded.data / "veilleur.sqlite3"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not _imported(database):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    part = _imported(database)
    assert 0 < part < 5999
    output = founded.run("import", file, "--to", "clinique")
    assert "Going on" in output
    assert _imported(database) == 5999


def _imported(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        count: int = connection.execute("SELECT count(*) FROM inbox_mention").fetchone()[0]
        return count


def test_a_person_is_admitted_and_a_weak_password_is_not(founded: Terminal) -> None:
    output = founded.run("person", "add", "clinique", "zoe@example.org", "--role", "manager")
    assert "zoe@example.org" in output
    assert "Password" in output
    assert "Password" not in founded.run("person", "add", "clinique", "zoe@example.org", "--role", "reader")
    weak = founded.file("password", "short\n")
    founded.run("person", "add", "clinique", "max@example.org", "--password-file", weak, code=1)
    founded.run("person", "add", "clinique", "max@example.org", "--role", "king", code=1)


def test_organisations_are_listed(founded: Terminal) -> None:
    assert "Clinique" in founded.run("organisation", "list")
    founded.run("organisation", "add", "moon", "Moon", "--time-zone", "Moon/Base", code=1)


def test_policies_are_shown_and_checked(terminal: Terminal) -> None:
    house = terminal.run("policy", "show")
    assert "well formed" in terminal.run("policy", "check", terminal.file("policy.toml", house))
    broken = terminal.file("broken.toml", house.replace("\npriority =", "\nprioritee =", 1))
    assert "prioritee" in terminal.run("policy", "check", broken, code=1)
    terminal.environment["LC_ALL"] = "fr_FR.UTF-8"
    assert "Vouliez-vous dire «\u00a0priority\u00a0»" in terminal.run("policy", "check", broken, code=1)
    assert not terminal.data.exists()


def test_the_trail_shows_a_forgery(founded: Terminal) -> None:
    with sqlite3.connect(founded.data / "veilleur.sqlite3") as database:
        database.execute("UPDATE accounts_auditline SET actor = 'somebody else'")
    assert "line 1" in founded.run("audit", "verify", code=1)


def test_migrate_says_whether_it_did_anything(terminal: Terminal) -> None:
    assert "now" in terminal.run("migrate")
    assert "was" in terminal.run("migrate")


@pytest.mark.slow
def test_the_demo_and_its_desk(terminal: Terminal) -> None:
    """The main job: sample messages read and sorted, a table, a desk that answers, one Ctrl-C ends all."""
    first = terminal.run("demo", "--no-serve")
    assert "1,200" in first
    assert "2,000" in first
    again = Terminal(terminal.folder)
    again.environment["LC_ALL"] = "fr_FR.UTF-8"
    port = _free_port()
    process = again.start("demo", "--port", str(port), start_new_session=True)
    try:
        assert _answers(port)
        workers = _children(process.pid)
        assert len(workers) >= 2, "a web server and a worker"
        process.send_signal(signal.SIGINT)
        output, _errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "messages/s" in output
    assert _password(output) == _password(first), "the password was drawn once"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(map(_lives, workers)):
        time.sleep(0.1)
    assert not any(map(_lives, workers))


def _password(output: str) -> str:
    found = re.search(r"demo@veilleur\.local\s+(\S+)", output)
    assert found, output
    return found[1]


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as door:
                door.sendall(b"GET /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return b" 200 " in door.recv(100)
        except OSError:
            time.sleep(0.2)
    return False


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _lives(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_busy_port_is_said(terminal: Terminal) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        assert "--port" in terminal.run("serve", "--port", str(door.getsockname()[1]), code=1)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == expected
    assert say("yes", "oui") == {"fr": "oui", "en": "yes"}[expected]
    assert number(1234567) == {"fr": "1\u202f234\u202f567", "en": "1,234,567"}[expected]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("avis-2026-03.csv", "avis"),
        ("Avis Google (3).xlsx", "avis-google"),
        ("2026.csv", "file"),
        ("fr_experiences.jsonl.gz", "fr_experiences"),
    ],
)
def test_the_next_export_is_the_same_source(name: str, key: str) -> None:
    assert _source_key(Path(name)) == key
