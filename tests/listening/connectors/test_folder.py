"""A drop box: files are read as they come, once, and none holds up another."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from pydantic import ValidationError

from tests.fake_clamd import EICAR, scanning
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached
from veilleur.listening import connector as protocol
from veilleur.listening.client import Client
from veilleur.listening.connector import MOST_CURSOR, is_asked
from veilleur.listening.connectors import folder as folders
from veilleur.listening.connectors.folder import Folder, FolderSettings
from veilleur.listening.scanning import SCANNER
from veilleur.testing import check_connector
from veilleur.vocabulary import Rating

PASSWORD = "a password of the tests"
CSV = "Date;Note;Auteur;Commentaire\n03/11/2025;1/5;Zoé;Trop d’attente.\n14/11/2025;5/5;Léa;Merci !\n"


@pytest.fixture(autouse=True)
def box(tmp_path, monkeypatch):
    monkeypatch.setenv(folders.DATA_DIR, str(tmp_path))
    monkeypatch.setattr(folders, "QUIET", 0.0)
    place = tmp_path / "dropbox" / "avis"
    place.mkdir(parents=True)
    return place


def made(**told) -> Folder:
    return Folder(FolderSettings(**{"name": "avis", "password": PASSWORD, **told}))


def drained(since: str = "", connector: Folder | None = None):
    items = []
    with Client() as client:
        for page in (connector or made()).fetch(since, client):
            assert len(page.cursor) <= MOST_CURSOR
            items += page.items
            since = page.cursor
    return items, since


def interrupted(since: str = ""):
    """What comes before a refusal, the last cursor, and the refusal."""
    items, refusal = [], ""
    with Client() as client:
        try:
            for page in made().fetch(since, client):
                items += page.items
                since = page.cursor
        except NetworkRefused as refused:
            refusal = str(refused)
    return items, since, refusal


def remarks(connector: Folder | None = None):
    with Client() as client:
        return (connector or made()).check(client)


class Dropper:
    """Somebody who lays a file of one message into the folder, again for an edit."""

    def __init__(self, place) -> None:
        self.place = place

    def say(self, text: str) -> str:
        name = f"m{len(list(self.place.glob('*.json')))}"
        self.edit(name, text)
        return name

    def edit(self, message: str, text: str) -> None:
        content = json.dumps([{"id": message, "text": text}], ensure_ascii=False)
        (self.place / f"{message}.json").write_text(content, encoding="utf-8")


def test_it_keeps_the_contract(box):
    assert protocol._checked("folder", Folder) is Folder
    assert is_asked(Folder)
    check_connector(made(), Dropper(box))


def test_rows_become_messages(box):
    (box / "avis.csv").write_text(CSV, encoding="cp1252")
    items, cursor = drained(connector=made(network="Enquête"))
    assert [(one.text, one.author, one.network) for one in items] == [
        ("Trop d’attente.", "Zoé", "Enquête"),
        ("Merci !", "Léa", "Enquête"),
    ]
    assert items[0].rating == Rating(1, 1, 5)
    assert items[0].published_at.isoformat() == "2025-11-03T12:00:00+00:00"
    assert drained(cursor) == ([], cursor)
    assert drained()[0] == [replace(one, network="") for one in items]


def test_the_author_goes_into_the_identifier_under_a_key(box, tmp_path):
    (box / "a.csv").write_text("Auteur;Commentaire\nZoé;Merci beaucoup !\n")
    (box / "b.csv").write_text("Auteur;Commentaire\nPaul;Merci beaucoup !\n")
    first, second = drained()[0]
    assert (first.author, second.author) == ("Zoé", "Paul")
    assert first.id != second.id
    box.rename(tmp_path / "dropbox" / "autre")
    (tmp_path / "dropbox" / "autre" / folders.MARK).unlink()
    third = drained(connector=made(name="autre", password="another password"))[0][0]
    assert (third.author, third.id == first.id) == ("Zoé", False)


def workbook() -> bytes:
    book = Workbook()
    for row in csv.reader(CSV.splitlines(), delimiter=";"):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


RECORDS = [{"id": "1", "text": "Merci."}, {"id": "2", "text": "Trop d’attente."}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV.encode()),
        ("a", CSV.encode()),
        ("a.xlsx", workbook()),
        ("a.json", json.dumps(RECORDS).encode()),
        ("a.jsonl", "\n".join(map(json.dumps, RECORDS)).encode()),
        ("a.csv.gz", gzip.compress(CSV.encode())),
    ],
)
def test_formats_are_told_by_their_content(box, name, content):
    (box / name).write_bytes(content)
    assert len(drained()[0]) == 2


def test_a_changed_file_is_read_again_and_one_laid_down_later_too(box):
    (box / "a.csv").write_text("id;Commentaire\n1;Merci beaucoup.\n")
    _items, cursor = drained()
    (box / "a.csv").write_text("id;Commentaire\n1;Merci, mais trop d’attente.\n")
    (box / "b.csv").write_text("id;Commentaire\n2;Très bien reçu.\n")
    items, cursor = drained(cursor)
    assert {one.id: one.text for one in items} == {"1": "Merci, mais trop d’attente.", "2": "Très bien reçu."}
    (box / "a.csv").unlink()
    assert drained(cursor) == ([], cursor)


def test_a_long_file_goes_on_where_it_was(box, monkeypatch):
    monkeypatch.setattr(folders, "PAGE", 3)
    rows = "".join(f"{number};Message numéro {number}\n" for number in range(8))
    (box / "a.csv").write_text(f"id;Commentaire\n{rows}")
    with Client() as client:
        pages = list(made().fetch("", client))
    assert [len(page.items) for page in pages] == [3, 3, 2, 0]
    for number, page in enumerate(pages):
        rest = [one.id for one in drained(page.cursor)[0]]
        assert rest == [str(one) for one in range(min(8, 3 * (number + 1)), 8)]


def test_files_that_cannot_be_read_hold_up_no_other_and_are_told_once(box):
    (box / "scan.pdf").write_bytes(b"%PDF-1.7 ...")
    (box / "vide.csv").write_bytes(b"")
    (box / "avis.csv").write_text(CSV)
    os.utime(box / "avis.csv", (2e9, 2e9))
    items, cursor, refusal = interrupted()
    assert len(items) == 2
    assert "scan.pdf: This is not a readable table" in refusal
    assert "vide.csv: The file is empty" in refusal
    assert interrupted(cursor) == ([], cursor, "")
    (box / "vide.csv").write_text("id;Commentaire\n9;Bon accueil.\n")
    assert [one.id for one in interrupted(cursor)[0]] == ["9"]


def test_a_file_of_other_things_is_refused_with_the_reason(box):
    (box / "a.csv").write_text("Montant;Stock\n12;3\n14;5\n")
    assert "a.csv: " in interrupted()[2]
    bad = remarks()[1]
    assert not bad.is_good
    assert bad.words.say("fr").startswith("a.csv : ")


def test_a_diagnosis_says_where_files_go_and_counts_rows_that_cannot_be_read(box):
    (box / "a.csv").write_text(
        "Date;Commentaire\n03/11/2025;Merci beaucoup.\n32/11/2025;Trop d’attente.\n13/11/2025;Bien.\n"
    )
    welcome, bad = remarks()
    assert "dropbox/avis" in welcome.words.say("fr")
    assert welcome.is_good
    assert "a.csv: 1/3 rows cannot be read; line 3:" in bad.words.say("en")
    assert "32/11/2025" in bad.words.say("fr")
    assert len(drained()[0]) == 2


def test_a_file_that_is_being_written_is_left_alone(box, monkeypatch):
    (box / "a.csv").write_text(CSV)
    monkeypatch.setattr(folders, "QUIET", 5.0)
    assert drained() == ([], "")
    now = folders.time.time()
    monkeypatch.setattr(folders.time, "time", lambda: now + 5)
    assert len(drained()[0]) == 2


def test_links_folders_pipes_and_hidden_files_are_left_out(box, tmp_path):
    secret = tmp_path / "keys.csv"
    secret.write_text(CSV)
    (box / "link.csv").symlink_to(secret)
    (box / "inside").mkdir()
    os.mkfifo(box / "pipe.csv")
    (box / ".hidden.csv").write_text(CSV)
    (box / "~$open.xlsx").write_text(CSV)
    assert drained() == ([], "")


def test_a_file_that_turns_into_a_link_is_not_followed(box, tmp_path, monkeypatch):
    (tmp_path / "keys.csv").write_text(CSV)
    (box / "a.csv").write_text(CSV)
    files = folders._files(box)
    (box / "a.csv").unlink()
    (box / "a.csv").symlink_to(tmp_path / "keys.csv")
    monkeypatch.setattr(folders, "_files", lambda _folder: files)
    items, _cursor, refusal = interrupted()
    assert items == []
    assert "cannot be opened" in refusal


def test_a_folder_that_is_a_link_is_refused(box, tmp_path):
    (tmp_path / "dropbox" / "ailleurs").symlink_to(tmp_path)
    with pytest.raises(NetworkRefused, match="link"):
        drained(connector=made(name="ailleurs"))


def test_too_large_a_file_is_refused(box, monkeypatch):
    monkeypatch.setattr(folders, "MOST_BYTES", 10)
    (box / "a.csv").write_text(CSV)
    assert "too large" in interrupted()[2]


def test_the_folder_is_made_and_belongs_to_its_password(tmp_path):
    drained(connector=made(name="neuf"))
    mark = tmp_path / "dropbox" / "neuf" / folders.MARK
    assert PASSWORD not in mark.read_text()
    assert mark.stat().st_mode & 0o777 == 0o600
    drained(connector=made(name="neuf"))
    for act in (drained, remarks):
        with pytest.raises(CredentialsRefused):
            act(connector=made(name="neuf", password="another password"))
    mark.write_bytes(b"\xff\xff")
    with pytest.raises(CredentialsRefused):
        drained(connector=made(name="neuf"))


def test_without_a_data_directory_it_says_so(monkeypatch):
    monkeypatch.delenv(folders.DATA_DIR)
    with pytest.raises(NetworkRefused, match="VEILLEUR_DATA_DIR"):
        drained()


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "dropbox" / "x").write_text("")
    with pytest.raises(NetworkRefused, match="dropbox/x"):
        drained(connector=made(name="x"))


def test_what_is_remembered_is_bounded(box, monkeypatch):
    monkeypatch.setattr(folders, "MOST_FILES", 3)
    cursor = ""
    for number in range(5):
        (box / f"{number}.csv").write_text(f"id;Commentaire\n{number};Message numéro {number}\n")
        os.utime(box / f"{number}.csv", (number, number))
        items, cursor = drained(cursor)
        assert [one.id for one in items] == [str(number)]
    assert len(json.loads(cursor)["seen"]) == 3
    assert drained(cursor) == ([], cursor)


def test_the_longest_cursor_fits():
    seen = tuple(f"{number:016x}" for number in range(folders.MOST_FILES))
    assert len(folders._Cursor(seen=seen, file="f" * 16, row=10**9).model_dump_json()) < MOST_CURSOR


@pytest.mark.parametrize("since", ["{", "[]", '{"seen": 3}', '{"row": -1}', "null", "\x00"])
def test_a_broken_cursor_begins_from_the_beginning(box, since):
    (box / "a.csv").write_text(CSV)
    assert len(drained(since)[0]) == 2


@given(st.text(max_size=40))
def test_no_cursor_makes_it_fall_over(since):
    assert folders._resumed(since).row >= 0


@given(st.binary(max_size=300))
def test_no_content_makes_it_fall_over(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("odd") / "odd"
    path.write_bytes(content)
    file = folders._File(path, len(content), 0, "0")
    remark = made()._fault(file)
    assert remark is None or not remark.is_good


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "/etc", "-a", "a-", "A", "é", ".veilleur", "a" * 61, "a\n"]
)
def test_a_name_is_no_path(name):
    with pytest.raises(ValidationError):
        FolderSettings(name=name, password=PASSWORD)


def test_a_zone_is_one_that_exists():
    with pytest.raises(ValidationError):
        FolderSettings(name="a", password=PASSWORD, zone="Europe/Lutece")


@pytest.fixture
def clamd(monkeypatch):
    with scanning() as server:
        monkeypatch.setenv(SCANNER, server.told)
        yield server


def test_a_file_with_a_virus_is_named_and_holds_up_no_other(box, clamd):
    (box / "a.csv").write_bytes(CSV.encode() + EICAR)
    (box / "b.csv").write_text(CSV)
    items, cursor, refusal = interrupted()
    assert len(items) == 2
    assert "a.csv" in refusal
    assert "Eicar-Test-Signature" in refusal
    assert interrupted(cursor) == ([], cursor, "")
    assert "a.csv : Le fichier « a.csv » contient un virus" in remarks()[1].words.say("fr").replace(
        "\u00a0", " "
    )


def test_a_file_that_nobody_looked_at_waits_for_the_scanner(box, clamd):
    (box / "a.csv").write_text(CSV)
    clamd.hangs_up = True
    with pytest.raises(NotReached):
        drained()
    clamd.hangs_up = False
    assert len(drained()[0]) == 2
    assert clamd.said == [CSV.encode()]
