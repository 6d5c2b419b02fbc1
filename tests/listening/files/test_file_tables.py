"""From bytes to headers and rows, whatever the bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import time
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table as OdfTable
from odf.table import TableCell, TableRow
from odf.text import P

from veilleur.errors import FileRefused
from veilleur.listening.files import (
    Format,
    Rejected,
    Row,
    Table,
    check_mapping,
    guess_mapping,
    labelled,
    open_table,
    pseudonymiser,
    read_mentions,
    sentence,
    unlabelled,
)
from veilleur.listening.files import spreadsheet as spreadsheet_module

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def write(folder: Path, content: bytes | str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def cells(path: Path) -> list[tuple[str, ...]]:
    return [row.cells for row in open_table(path).rows()]


# ---- what the file is


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_usual_way_to_write_a_table(tmp_path, delimiter, encoding, newline):
    rows = [
        ["id", "date", "texte"],
        ["1", "03/03/2026", "Très bien, l’accueil ; merci\tà tous|"],
        ["2", "", "œuvre"],
    ]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=newline).writerows(rows)
    table = open_table(write(tmp_path, text.getvalue().encode(encoding)))
    assert table.format is Format.DELIMITED
    assert table.delimiter == delimiter
    assert table.headers == ("id", "date", "texte")
    assert [row.cells for row in table.rows()] == [tuple(row) for row in rows[1:]]
    assert table.count() == 2


def test_accent_in_the_last_line_only_still_decides_the_encoding(tmp_path):
    body = "texte;note\n" + "bonjour;5\n" * 50_000 + "été;4\n"
    assert open_table(write(tmp_path, body.encode("cp1252"))).encoding == "cp1252"
    assert cells(write(tmp_path, body.encode("cp1252")))[-1] == ("été", "4")


def test_one_damaged_byte_does_not_garble_a_whole_utf8_file(tmp_path):
    body = b"texte;note\n" + "été à Noël;5\n".encode() * 20 + b"caf\xe9;4\n"
    table = open_table(write(tmp_path, body))
    assert table.encoding == "utf-8"
    assert [row.cells[0] for row in table.rows()][-2:] == ["été à Noël", "café"]


def test_excel_says_its_separator_on_the_first_line(tmp_path):
    table = open_table(write(tmp_path, "sep=;\r\ntexte;note\r\na,b;5\r\n"))
    assert table.delimiter == ";"
    assert list(table.rows()) == [Row(3, ("a,b", "5"))]


def test_one_column_of_sentences_is_not_cut_at_its_commas(tmp_path):
    table = open_table(
        write(tmp_path, "commentaire\nbonjour, merci\nrien à dire\nlong, trop long, vraiment\n")
    )
    assert table.delimiter == ""
    assert [row.cells for row in table.rows()] == [
        ("bonjour, merci",),
        ("rien à dire",),
        ("long, trop long, vraiment",),
    ]


def test_lines_are_physical_lines_even_after_a_text_of_three_lines(tmp_path):
    table = open_table(write(tmp_path, 'id;texte\n1;"a\nb\nc"\n\n2;d\n'))
    assert [(row.line, row.cells) for row in table.rows()] == [(2, ("1", "a\nb\nc")), (6, ("2", "d"))]


def test_a_stray_quotation_mark_costs_its_own_line_only(tmp_path):
    lines = ["id;texte", '1;"jamais fermé', "2;bien", *(f"{n};suite" for n in range(3, 5000))]
    rows = list(open_table(write(tmp_path, "\n".join(lines))).rows())
    assert [row.line for row in rows if row.fault] == [2]
    assert rows[0].fault == "quoting"
    assert rows[1].cells == ("2", "bien")
    assert len(rows) == 4999


def test_quotes_escaped_with_a_backslash(tmp_path):
    body = 'id,texte\n1,"il a dit \\"bonjour, vous\\" et"\n2,"a, b"\n3,"\\"x\\", y"\n'
    assert cells(write(tmp_path, body)) == [
        ("1", 'il a dit "bonjour, vous" et'),
        ("2", "a, b"),
        ("3", '"x", y'),
    ]


def test_tabs_without_any_quoting(tmp_path):
    body = "id\ttexte\n" + '1\t"oh\n2\tbien\n' * 5
    assert cells(write(tmp_path, body, "f.tsv"))[0] == ("1", '"oh')


def test_a_row_with_too_many_cells_is_told_and_a_short_one_is_filled(tmp_path):
    rows = list(open_table(write(tmp_path, "id;texte;note\n1;2;3\n1;2;3;4\n1\n1;2;3;;\n")).rows())
    assert [row.fault for row in rows] == ["", "too_many_cells", "", ""]
    assert rows[1].cells == ("1", "2", "3", "4")
    assert rows[2].cells == ("1", "", "")
    assert rows[3].cells == ("1", "2", "3")


def test_titles_above_the_header_are_skipped(tmp_path):
    body = "Export des avis\n\ndate;note;texte\n03/03/2026;5;Bien\n04/03/2026;4;Bof\n05/03/2026;3;Mal\n"
    table = open_table(write(tmp_path, body))
    assert table.headers == ("date", "note", "texte")
    assert [row.line for row in table.rows()] == [4, 5, 6]


def test_a_file_that_starts_with_data_loses_no_row(tmp_path):
    table = open_table(write(tmp_path, "2026-03-03;5;Bien\n2026-03-04;4;Bof\n"))
    assert not table.has_header
    assert table.headers == ("Colonne 1", "Colonne 2", "Colonne 3")
    assert table.count() == 2


def test_double_and_empty_headers_get_names(tmp_path):
    assert open_table(write(tmp_path, "note;;note;texte\n1;2;3;4\n")).headers == (
        "note",
        "Colonne 2",
        "note (2)",
        "texte",
    )


def test_nul_and_lone_surrogates_never_reach_a_cell(tmp_path):
    assert cells(write(tmp_path, "id;texte\n1;a\0b\n"))[0] == ("1", "ab")
    record = '{"id": "1", "texte": "a\\u0000b\\ud800c\\ud83d\\ude00"}\n{"id": "2"}\n'
    assert cells(write(tmp_path, record, "f.jsonl"))[0] == ("1", "ab\ufffdc😀")


# ---- JSON


def test_json_lines_with_a_broken_one(tmp_path):
    body = '{"id": 1, "author": {"name": "x"}, "tag": ["a", "b"], "note": 4.0}\n\nno\n{"id": 2, "ok": true}\n'
    table = open_table(write(tmp_path, body, "f.txt"))
    assert table.format is Format.JSON_LINES
    assert table.headers == ("id", "author.name", "tag", "note", "ok")
    assert list(table.rows()) == [
        Row(1, ("1", "x", "a · b", "4", "")),
        Row(3, ("no",), "bad_record"),
        Row(4, ("2", "", "", "", "true")),
    ]


@pytest.mark.parametrize(
    "body", ['[{"a": 1}, {"a": 2}]', '{"meta": {"n": 2}, "data": {"reviews": [{"a": 1}, {"a": 2}]}}']
)
def test_json_array_or_object_that_holds_one(tmp_path, body):
    table = open_table(write(tmp_path, body, "f.json"))
    assert table.format is Format.JSON
    assert [(row.line, row.cells) for row in table.rows()] == [(1, ("1",)), (2, ("2",))]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('[{"a": 1},', "bad_json"),
        ('{"a": [{"x": 1}], "b": [{"x": 1}]}', "several_lists"),
        ("[1, 2, 3]", "no_records"),
        ("[" * 100_000, "damaged"),
    ],
)
def test_json_that_is_refused(tmp_path, body, code):
    with pytest.raises(FileRefused) as refusal:
        open_table(write(tmp_path, body, "f.json"))
    assert refusal.value.code == code


# ---- workbooks


def make_xlsx(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_xlsx_dates_numbers_and_blank_rows(tmp_path):
    rows = [
        ["Avis"],
        [],
        ["date", "note", "texte"],
        [datetime.fromisoformat("2026-03-03 14:05"), 4, "Bien"],
        [],
        [date(2026, 3, 4), 4.5, None],
    ]
    table = open_table(make_xlsx(tmp_path / "named.csv", rows))
    assert table.format is Format.XLSX
    assert table.headers == ("date", "note", "texte")
    assert list(table.rows()) == [
        Row(4, ("2026-03-03T14:05:00", "4", "Bien")),
        Row(6, ("2026-03-04", "4.5", "")),
    ]


def test_ods(tmp_path):
    document = OpenDocumentSpreadsheet()
    sheet = OdfTable(name="Avis")
    for values in (["texte", "note"], ["Très bien", "5"]):
        row = TableRow()
        for value in values:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=value))
            row.addElement(cell)
        sheet.addElement(row)
    document.spreadsheet.addElement(sheet)
    document.save(tmp_path / "avis.ods")
    table = open_table(tmp_path / "avis.ods")
    assert (table.format, table.sheet) == (Format.ODS, "Avis")
    assert [row.cells for row in table.rows()] == [("Très bien", "5")]


def test_two_cells_in_opposite_corners_are_refused_before_they_cost_memory(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "x"
    book.active.cell(row=1_048_576, column=200).value = "y"
    book.save(tmp_path / "sparse.xlsx")
    with pytest.raises(FileRefused) as refusal:
        open_table(tmp_path / "sparse.xlsx")
    assert refusal.value.code == "too_large"


def ods_of(path: Path, body: str) -> Path:
    names = "urn:oasis:names:tc:opendocument:xmlns"
    start, end = "<office:body><office:spreadsheet>", "</office:spreadsheet></office:body>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{names}:manifest:1.0"/>'
        )
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" '
            f'xmlns:text="{names}:text:1.0">{start}<table:table table:name="A">{body}'
            f"</table:table>{end}</office:document-content>",
        )
    return path


def assert_explained(refusal: FileRefused) -> None:
    assert "{" not in sentence(refusal.code, refusal.details, "fr")


def ods_cell(value: str, repeated: int = 1) -> str:
    return (
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeated}">'
        f"<text:p>{value}</text:p></table:table-cell>"
    )


def test_ods_rows_repeated_without_end_are_refused(tmp_path):
    row = f'<table:table-row table:number-rows-repeated="1000000">{ods_cell("a", 16384)}</table:table-row>'
    with pytest.raises(FileRefused) as refusal:
        open_table(ods_of(tmp_path / "bomb.ods", row))
    assert refusal.value.code == "too_large"


def test_ods_padding_to_the_end_of_the_sheet_is_not_a_bomb(tmp_path):
    pad = '<table:table-cell table:number-columns-repeated="16382"/>'
    rows = "".join(
        f"<table:table-row>{ods_cell(a)}{ods_cell(b)}{pad}</table:table-row>"
        for a, b in [("texte", "note"), ("Bien", "5")]
    )
    end = f'<table:table-row table:number-rows-repeated="1048574">{pad}</table:table-row>'
    assert cells(ods_of(tmp_path / "padded.ods", rows + end)) == [("Bien", "5")]


def test_zip_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(spreadsheet_module, "MAX_UNPACKED_BYTES", 1 << 20)
    path = make_xlsx(tmp_path / "big.xlsx", [["texte"], ["x"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb", b"\0" * (2 << 20))
    with pytest.raises(FileRefused) as refusal:
        open_table(path)
    assert refusal.value.code == "too_large"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=8),
    st.integers(0, 5000),
)
def test_a_damaged_workbook_is_read_or_refused(tmp_path, changes, cut):
    content = bytearray(make_xlsx(tmp_path / "sound.xlsx", [["texte", "note"], ["Bien", 5]]).read_bytes())
    for position, value in changes:
        content[position % len(content)] = value
    path = write(tmp_path, bytes(content[: max(5, len(content) - cut // 10)]), "damaged.xlsx")
    try:
        list(open_table(path).rows())
    except FileRefused as refusal:
        assert_explained(refusal)


# ---- what is refused


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\n\n \n", "empty_file"),
        (b"%PDF-1.7 ...", "binary"),
        (bytes(range(256)) * 8, "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel"),
        (b"<html><table><tr><td>x</td></tr></table></html>", "markup"),
        (b"\x1f\x8b\x08\x00broken", "damaged"),
        (b"PK\x03\x04broken", "damaged"),
        (
            ";".join(f"c{n}" for n in range(600)).encode() + b"\n" + b";".join([b"x"] * 600),
            "too_many_columns",
        ),
    ],
)
def test_refused_files_say_why_in_both_languages(tmp_path, content, code):
    with pytest.raises(FileRefused) as refusal:
        open_table(write(tmp_path, content))
    assert refusal.value.code == code
    assert "{" not in sentence(code, refusal.value.details, "fr")
    assert sentence(code, refusal.value.details, "en") == str(refusal.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileRefused):
        open_table(tmp_path / "nowhere.csv")


def test_gzip_is_read_and_bounded(tmp_path, monkeypatch):
    path = write(tmp_path, gzip.compress(b"texte;note\n" + b"bien;5\n" * 1000), "f.csv.gz")
    assert open_table(path).count() == 1000
    monkeypatch.setattr("veilleur.listening.files.encoding.MAX_TEXT_BYTES", 1000)
    with pytest.raises(FileRefused) as refusal:
        open_table(path)
    assert refusal.value.code == "too_large"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.text(alphabet="{}[]\":,;\n\r\t|a1 '\\", max_size=80).map(str.encode),
        st.recursive(
            st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
        )
        .map(json.dumps)
        .map(str.encode),
    ),
    st.sampled_from(["f.csv", "f.json", "f.jsonl", "f", "f.xlsx"]),
)
@example(b"\xff\xfe", "f.csv")
@example(b"\xff\xfe\x00", "f.csv")
@example(b"sep=;", "f.csv")
@example(b'sep="\na', "f.csv")
@example(b"\r\r", "f.csv")
@example(b'{"":{"":[]}}', "f.json")
def test_arbitrary_bytes_raise_nothing_but_file_refused(tmp_path, content, name):
    try:
        table = open_table(write(tmp_path, content, name))
    except FileRefused:
        return
    rows = list(table.rows())
    assert len(set(table.headers)) == len(table.headers)
    assert all(table.headers)
    assert all(row.fault or len(row.cells) == len(table.headers) for row in rows)
    for row in rows:
        for cell in row.cells:
            assert "\0" not in cell
            cell.encode()
    assert_all_accounted_for(table)


def assert_all_accounted_for(table: Table) -> None:
    """Whatever the columns are taken for, each row becomes a mention or a reason."""
    mapping = guess_mapping(table)
    check_mapping(mapping, table)
    outcomes = read_mentions(table, mapping, source="s", collected_at=NOW, pseudonym=pseudonymiser(b"k"))
    count = 0
    for outcome in outcomes:
        count += 1
        if isinstance(outcome, Rejected):
            assert "{" not in sentence(outcome.code, {**outcome.details, "value": ""}, "fr")
    assert count == table.count()


# ---- round trips

CELL = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r\"';,|\\"), max_size=20
)
WESTERN = st.text(st.sampled_from("abcéèàçœ’«»€ ,;|\t\"'\n\r"), max_size=20)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_was_written_is_read(tmp_path, data, delimiter, encoding, newline, quoting):
    cell = WESTERN if encoding == "cp1252" else CELL
    rows = data.draw(st.lists(st.lists(cell, min_size=3, max_size=3).map(tuple), max_size=6))
    text = io.StringIO(newline="")
    if newline == "\n" and any("\r" in cell for row in rows for cell in row):
        quoting = csv.QUOTE_ALL  # the csv module forgets to quote a lone carriage return
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([("id", "date", "texte"), *rows])
    assume(encoding != "cp1252" or not _is_utf8(text.getvalue().encode(encoding)))
    table = open_table(write(tmp_path, text.getvalue().encode(encoding)))
    assert table.headers == ("id", "date", "texte")
    assert [row.cells for row in table.rows()] == [row for row in rows if "".join(row).strip()]


def _is_utf8(content: bytes) -> bool:
    """Whether nobody could tell these bytes from UTF-8: « çœ« » in Windows' encoding is « 眫 » there."""
    try:
        return not content.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


@given(st.lists(CELL, min_size=1, max_size=4), st.lists(CELL, max_size=6))
def test_labels_come_off_as_they_went_on(names, values):
    headers = tuple(f"{number} {name}" for number, name in enumerate(names))
    row = Row(1, tuple(values))
    back = unlabelled(headers, dict(reversed(labelled(headers, row).items())))
    assert back[: len(values)] == row.cells
    assert not any(back[len(values) :])


@pytest.mark.slow
def test_a_hundred_thousand_rows_stream_fast(tmp_path):
    body = "id;date;texte;note\n" + 'a1;03/03/2026;"Bonjour, merci pour tout";5\n' * 100_000
    table = open_table(write(tmp_path, body))
    start = time.process_time()
    assert table.count() == 100_000
    assert 100_000 / (time.process_time() - start) > 40_000
