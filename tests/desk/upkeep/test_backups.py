"""A backup, taken while people work, gives back the same desk elsewhere; anything less is refused."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.desk.upkeep.conftest import Desk
from veilleur.desk.upkeep import archives
from veilleur.desk.upkeep.archives import About, pack, unpack
from veilleur.desk.upkeep.backups import forget_old
from veilleur.desk.upkeep.sealed import Secret
from veilleur.errors import BackupRefused

NewDesk = Callable[[], Desk]
KEY = Secret(b"k" * 32, is_passphrase=False)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "backup.key"
    path.write_bytes(os.urandom(32))
    return path


def back_up(desk: Desk, key: Path, *options: str) -> Path:
    path = desk.folder / "monday.backup"
    desk.run("backup", str(path), "--key-file", str(key), *options)
    return path


def restore(backup: Path, place: Desk, key: Path, *options: str, code: int = 0) -> str:
    return place.run("restore", str(backup), "--key-file", str(key), *options, code=code)


def test_a_desk_is_the_same_elsewhere(desk: Desk, new_desk: NewDesk, key: Path) -> None:
    kept = desk.data / "files" / "clinique" / "0123"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(os.urandom(3_000_000))
    backup = back_up(desk, key, "--verify")
    assert backup.stat().st_mode & 0o077 == 0
    assert not list(desk.data.glob(".backup-*"))
    assert b"Clinique" not in backup.read_bytes()

    place = new_desk()
    assert "Every audit trail is intact" in restore(backup, place, key)
    assert place.prints() == desk.prints()
    assert (place.data / "keys.json").read_bytes() == (desk.data / "keys.json").read_bytes()
    assert (place.data / "files" / "clinique" / "0123").read_bytes() == kept.read_bytes()
    assert not [path for path in place.data.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert "intact" in place.run("audit", "verify")
    assert {path.name for path in place.data.iterdir()} <= {path.name for path in desk.data.iterdir()}


def test_a_place_that_is_taken_is_left_alone(desk: Desk, new_desk: NewDesk, key: Path) -> None:
    backup = back_up(desk, key)
    place = new_desk()
    place.run("organisation", "add", "other", "Another desk")
    before = place.prints()
    assert "--force" in restore(backup, place, key, code=1)
    assert place.prints() == before
    restore(backup, place, key, "--force")
    assert place.prints() == desk.prints()
    (aside,) = place.data.glob("before-restore-*")
    assert (aside / "keys.json").exists()
    if place.url:
        (place.folder / "beside").mkdir()
        assert "not empty" in restore(backup, Desk(place.folder / "beside", place.url), key, code=1)


def test_what_does_not_open_leaves_nothing_behind(desk: Desk, new_desk: NewDesk, key: Path) -> None:
    backup = back_up(desk, key)
    place = new_desk()
    content = backup.read_bytes()
    backup.write_bytes(content[:-100])
    assert "damaged or was cut" in restore(backup, place, key, code=1)
    backup.write_bytes(content[:-1000] + b"\0" + content[-999:])
    assert "damaged" in restore(backup, place, key, code=1)
    backup.write_bytes(content)
    other = place.file("other.key", os.urandom(32))
    assert "not that of this backup" in restore(backup, place, other, code=1)
    assert "not a backup" in restore(place.file("x", b"something"), place, key, code=1)
    assert not place.data.exists()
    if place.url:
        assert place.tables() == []


def test_a_backup_of_a_newer_desk_is_refused(desk: Desk, new_desk: NewDesk, key: Path) -> None:
    tomorrow = "VALUES ('inbox', '0999_tomorrow', '2027-01-01')"
    desk.ask(f"INSERT INTO django_migrations (app, name, applied) {tomorrow}")
    backup = back_up(desk, key)
    place = new_desk()
    assert "inbox.0999_tomorrow" in restore(backup, place, key, code=1)
    assert not place.data.exists()


def test_a_passphrase_opens_too(desk: Desk, new_desk: NewDesk) -> None:
    phrase = desk.file("phrase", "quatre mots tirés au sort\n")
    backup = desk.folder / "b.backup"
    desk.run("backup", str(backup), "--passphrase-file", str(phrase))
    place = new_desk()
    wrong = place.file("wrong", "quatre mots tirés de travers\n")
    assert "passphrase is not" in place.run("restore", str(backup), "--passphrase-file", str(wrong), code=1)
    place.run("restore", str(backup), "--passphrase-file", str(phrase))
    assert place.prints() == desk.prints()
    assert "12 characters" in desk.run(
        "backup", "x", "--passphrase-file", str(desk.file("s", "short")), code=1
    )


def test_a_trail_that_was_forged_before_is_told_and_restored_all_the_same(
    desk: Desk, new_desk: NewDesk, key: Path
) -> None:
    desk.ask("UPDATE accounts_auditline SET actor = 'nobody' WHERE number = 1")
    backup = back_up(desk, key)
    place = new_desk()
    assert "line 1" in restore(backup, place, key, code=3)
    assert place.prints() == desk.prints()


@pytest.mark.slow
def test_taken_while_an_import_runs_it_holds_one_moment(desk: Desk, new_desk: NewDesk, key: Path) -> None:
    many = 12_000 if desk.url else 30_000
    rows = "".join(f"n{number},2026-03-01,3/5,Message {number}.\n" for number in range(many))
    file = desk.file("more.csv", "id,date,note,commentaire\n" + rows)
    importing = desk.start("import", str(file), "--to", "clinique")
    _until(lambda: _mentions(desk) > 2)
    backup = back_up(desk, key)
    was_running = importing.poll() is None
    importing.communicate(timeout=300)
    assert was_running, "the import was over before the backup"
    place = new_desk()
    assert "intact" in restore(backup, place, key)
    assert 2 < _mentions(place) < many + 2
    for table in ("inbox_ticket", "inbox_reading"):
        assert place.ask(f"SELECT count(*) FROM {table}") == [str(_mentions(place))]
    place.run("import", str(file), "--to", "clinique")
    assert _mentions(place) == _mentions(desk) == many + 2
    assert "intact" in place.run("audit", "verify")


def test_a_folder_keeps_the_newest(desk: Desk, key: Path) -> None:
    folder = desk.folder / "backups"
    folder.mkdir()
    for day in range(1, 5):
        (folder / f"veilleur-2026010{day}T020000Z.backup").write_bytes(b"old")
    (folder / "notes.txt").write_text("mine")
    desk.run("backup", str(folder), "--key-file", str(key), "--keep", "2")
    first, second, third = sorted(path.name for path in folder.iterdir())
    assert first == "notes.txt"
    assert second == "veilleur-20260104T020000Z.backup"
    assert (folder / third).stat().st_size > 10_000
    assert "folder" in desk.run("backup", "x.backup", "--key-file", str(key), "--keep", "2", code=1)
    assert "already" in desk.run("backup", str(folder / third), "--key-file", str(key), code=1)


def test_only_what_has_the_name_of_a_backup_is_removed(tmp_path: Path) -> None:
    names = ["veilleur-20260101T020000Z.backup", "veilleur-20260102T020000Z.backup", "other.backup", "a.part"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    left = tmp_path / "veilleur-20260101T020000Z.backup.part"
    left.write_bytes(b"")
    os.utime(left, (0, 0))
    assert [path.name for path in forget_old(tmp_path, 1)] == [names[0]]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])


def test_a_backup_holds_what_its_manifest_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(b"{}")
    about = About("1", "2026-01-01", "sqlite", ())
    for names, said in (
        (["data/keys.json", "../evil"], "no backup"),
        (["data/../../evil"], "no backup"),
        (["/etc/x"], "no backup"),
    ):
        sealed = io.BytesIO()
        pack(sealed, KEY, about, [(name, file) for name in names], {})
        sealed.seek(0)
        with pytest.raises(BackupRefused, match=said):
            unpack(sealed, KEY, tmp_path / "out")
    monkeypatch.setattr(archives, "_add_json", _lying(archives._add_json))
    sealed = io.BytesIO()
    pack(sealed, KEY, about, [("data/keys.json", file)], {})
    sealed.seek(0)
    with pytest.raises(BackupRefused, match="manifest"):
        unpack(sealed, KEY, None)


def _lying(add: Callable[..., None]) -> Callable[..., None]:
    def lie(tar: object, name: str, content: dict[str, object]) -> None:
        files = {"data/keys.json": (2, "0" * 64), "data/gone": (1, "1" * 64)}
        add(tar, name, content | {"files": files} if name == archives.MANIFEST else content)

    return lie


def _mentions(desk: Desk) -> int:
    return int(desk.ask("SELECT count(*) FROM inbox_mention")[0])


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
