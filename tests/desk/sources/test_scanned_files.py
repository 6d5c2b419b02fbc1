"""Files that people give are looked through for viruses before anything is read, when a scanner is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from tests.fake_clamd import EICAR, FakeClamd, scanning
from veilleur.desk.accounts.models import AuditLine, Organisation
from veilleur.desk.settings import Environment
from veilleur.desk.sources.models import CollectionRun
from veilleur.listening.scanning import SCANNER

FILE = b"Date;Note;Commentaire\n03/03/2026;4/5;Tr\xc3\xa8s bien\n"


@pytest.fixture
def clamd(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeClamd]:
    with scanning() as server:
        monkeypatch.setenv(SCANNER, server.told)
        yield server


def send(client: Client, content: bytes, name: str = "avis.csv") -> HttpResponse:
    given = {"file": SimpleUploadedFile(name, content), "name": "Avis"}
    return client.post("/o/clinique-a/sources/upload/", given)


def held_back() -> list[dict[str, str]]:
    return list(AuditLine.objects.filter(act="sources.hold_back").values_list("details", flat=True))


def kept_files() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def _no_file_left() -> Iterator[None]:
    yield
    for path in kept_files():
        path.unlink()


def test_a_clean_file_goes_on(client_a: Client, clamd: FakeClamd) -> None:
    assert send(client_a, FILE).status_code == 302
    assert clamd.said == [FILE]
    assert CollectionRun.objects.get().file_name == "avis.csv"
    assert held_back() == []


def test_an_infected_file_is_kept_out_and_told(client_a: Client, clamd: FakeClamd) -> None:
    page = send(client_a, FILE + EICAR)
    assert "contient un virus (Eicar-Test-Signature)" in page.text
    assert not CollectionRun.objects.exists()
    assert kept_files() == []
    (line,) = held_back()
    assert line["file"] == "avis.csv"
    assert "Eicar-Test-Signature" in line["why"]


def test_a_file_that_nobody_looked_at_is_held_back(
    client_a: Client, clamd: FakeClamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    clamd.hangs_up = True
    assert "n’a pas pu vérifier le fichier" in send(client_a, FILE).text
    monkeypatch.setenv(SCANNER, "127.0.0.1:9")
    assert "n’a pas pu vérifier le fichier" in send(client_a, FILE).text
    assert not CollectionRun.objects.exists()
    assert kept_files() == []
    assert len(held_back()) == 2


def test_a_file_too_large_for_the_scanner_is_refused(client_a: Client, clamd: FakeClamd) -> None:
    clamd.most = 10
    assert "trop grand pour l’antivirus" in send(client_a, FILE).text
    assert kept_files() == []


def test_the_trail_of_another_house_says_nothing_of_it(
    client_a: Client, organisation_b: Organisation, clamd: FakeClamd
) -> None:
    send(client_a, FILE + EICAR)
    assert not AuditLine.objects.filter(organisation=organisation_b, act="sources.hold_back").exists()


def test_an_address_that_makes_no_sense_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCANNER, "clamd")
    with pytest.raises(ValueError, match="clamd is not an address"):
        Environment()
    monkeypatch.setenv(SCANNER, "/run/clamav/clamd.ctl")
    assert Environment().clamav == "/run/clamav/clamd.ctl"
