"""Only a file that the virus scanner calls clean passes, when there is a scanner."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_clamd import EICAR, FakeClamd, scanning
from veilleur.errors import FileRefused, NotReached
from veilleur.listening import scanning as room
from veilleur.listening.scanning import SCANNER, is_address, require_clean


@pytest.fixture
def clamd(monkeypatch):
    with scanning() as server:
        monkeypatch.setenv(SCANNER, server.told)
        yield server


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "avis.csv"
    path.write_bytes(b"Commentaire\nMerci\n" * 20_000)
    return path


def test_a_clean_file_passes_and_was_seen_whole(clamd, file):
    require_clean(file, "avis.csv")
    assert clamd.said == [file.read_bytes()]


def test_an_empty_file_passes(clamd, file):
    file.write_bytes(b"")
    require_clean(file, "avis.csv")
    assert clamd.said == [b""]


def test_a_virus_is_named(clamd, file):
    file.write_bytes(b"Commentaire\n" + EICAR)
    with pytest.raises(FileRefused) as refusal:
        require_clean(file, "avis.csv")
    assert refusal.value.code == "infected"
    assert refusal.value.details == {"name": "avis.csv", "virus": "Eicar-Test-Signature"}


def test_what_is_larger_than_it_takes_is_refused(clamd, file):
    clamd.most = 100_000
    with pytest.raises(FileRefused) as refusal:
        require_clean(file, "avis.csv")
    assert refusal.value.code == "too_large_to_scan"


def test_without_a_scanner_nothing_is_asked(clamd, file, monkeypatch):
    monkeypatch.setenv(SCANNER, " ")
    require_clean(file, "avis.csv")
    assert clamd.said == []


def test_the_socket_of_a_path(file, tmp_path, monkeypatch):
    with scanning(tmp_path / "clamd.ctl") as clamd:
        monkeypatch.setenv(SCANNER, clamd.told)
        require_clean(file, "avis.csv")
        assert len(clamd.said) == 1


@pytest.mark.parametrize("told", ["127.0.0.1:9", "/nowhere/clamd.ctl", "nowhere.invalid:3310"])
def test_a_scanner_that_is_away_lets_nothing_pass(file, monkeypatch, told):
    monkeypatch.setenv(SCANNER, told)
    with pytest.raises(NotReached, match="not reached"):
        require_clean(file, "avis.csv")


def test_one_that_hangs_up_lets_nothing_pass(clamd, file):
    clamd.hangs_up = True
    with pytest.raises(NotReached, match="says: nothing"):
        require_clean(file, "avis.csv")


def test_one_that_never_answers_lets_nothing_pass(file, monkeypatch):
    monkeypatch.setattr(room, "SECONDS", 0.2)
    with FakeClamd() as silent:  # it takes connections and serves none
        monkeypatch.setenv(SCANNER, silent.told)
        with pytest.raises(NotReached, match="timed out"):
            require_clean(file, "avis.csv")


@given(st.binary(max_size=200) | st.sampled_from([b"stream: OK", b"stream: OK FOUND", b"stream:  FOUND"]))
def test_whatever_else_it_says_lets_nothing_pass(said):
    with scanning() as clamd, mock.patch.dict(os.environ, {SCANNER: clamd.told}):
        clamd.says = said
        heard = said.rstrip(b"\0").decode("utf-8", "replace").strip()
        if heard == "stream: OK":
            require_clean(Path(__file__), "a")
            return
        with pytest.raises((FileRefused, NotReached)):
            require_clean(Path(__file__), "a")


@pytest.mark.parametrize(
    ("told", "good"),
    [
        ("127.0.0.1:3310", True),
        ("clamd.local:3310", True),
        ("[::1]:3310", True),
        ("/run/clamav/clamd.ctl", True),
        ("clamd", False),
        ("http://clamd:3310", False),
        ("clamd:port", False),
        ("clamd:0", False),
        ("::1:3310", False),
        ("run/clamd.ctl", False),
    ],
)
def test_addresses(told, good):
    assert is_address(told) is good
