"""Files before a real virus scanner (ClamAV), whose signatures know the test file of EICAR alone."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.counterparts.conftest import Server, running
from tests.fake_clamd import EICAR
from veilleur.errors import FileRefused, NotReached
from veilleur.listening import scanning
from veilleur.listening.scanning import SCANNER, require_clean

TABLE = "Date;Note;Commentaire\n03/03/2026;4/5;Très bien\n".encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("clamav") as made:
        yield made


@pytest.fixture
def file(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(SCANNER, f"127.0.0.1:{server.port}")
    return tmp_path / "avis.csv"


def refusal(file: Path) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        require_clean(file, "avis.csv")
    return caught.value


def zipped(path: Path) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr("xl/media/a.bin", EICAR)
    return path.read_bytes()


def test_clean_files_pass(file: Path) -> None:
    for content in (b"", TABLE, TABLE * 20_000, gzip.compress(TABLE)):
        file.write_bytes(content)
        require_clean(file, "avis.csv")


def test_a_virus_is_found_wherever_it_lies(file: Path, tmp_path: Path) -> None:
    for content in (EICAR, TABLE * 20_000 + EICAR, gzip.compress(EICAR), zipped(tmp_path / "a.zip")):
        file.write_bytes(content)
        found = refusal(file)
        assert found.code == "infected"
        assert "EICAR" in found.details["virus"]


def test_more_than_it_takes_is_refused_and_not_passed(file: Path) -> None:
    for size in ((2 << 20) + 1, 40 << 20):
        file.write_bytes(b"a" * size)
        assert refusal(file).code == "too_large_to_scan"


def test_one_that_hangs_or_is_away_lets_nothing_pass_until_it_is_back(
    server: Server, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_bytes(TABLE)
    monkeypatch.setattr(scanning, "SECONDS", 0.5)
    with server.frozen(), pytest.raises(NotReached):
        require_clean(file, "avis.csv")
    server.run("down")
    with pytest.raises(NotReached):
        require_clean(file, "avis.csv")
    server.run("up")
    require_clean(file, "avis.csv")
