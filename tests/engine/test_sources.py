from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.conftest import SMALL
from tests.engine.conftest import given as records
from veilleur.engine import open_file, open_pipe
from veilleur.engine.sources import Source
from veilleur.engine.work import parse
from veilleur.errors import ExtraMissing, FileRefused

parquet = pytest.importorskip("pyarrow.parquet")
arrow = pytest.importorskip("pyarrow")


def messages(source: Source) -> list[tuple[object, str]]:
    rows = [row for chunk in source.chunks for row in chunk.rows]
    parsed, notices = parse(source.kind, rows)
    assert notices == []
    return [(incoming.id, incoming.mention.text) for incoming in parsed]


def test_the_same_messages_in_every_format(tmp_path: Path, archive: Path) -> None:
    expected = [(record["id"], record["text"]) for record in records(SMALL + 5)]
    lines = archive.read_bytes().splitlines(keepends=True)[: SMALL + 5]
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + b"".join(lines))
    with (tmp_path / "a.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        sheet = csv.DictWriter(stream, ["text", "id"], delimiter=";")
        sheet.writeheader()
        sheet.writerows({"text": text, "id": name} for name, text in expected)
    table = arrow.table({"id": [name for name, _ in expected], "text": [text for _, text in expected]})
    parquet.write_table(table, tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        assert messages(open_file(tmp_path / name)) == expected, name


def test_each_line_of_a_text_is_a_message_and_blank_ones_are_none(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"un\r\n\n{trois}\n")
    assert messages(open_file(file)) == [("1", "un"), ("3", "{trois}")]


def test_a_cell_may_hold_lines_and_is_numbered_by_its_first(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('Text,ID\n"un\ndeux",\n"trois",\n', encoding="utf-8")
    assert messages(open_file(file)) == [("2", "un\ndeux"), ("4", "trois")]


def test_chunks_are_cut_by_count_and_say_how_far_they_reach(archive: Path) -> None:
    source = open_file(archive)
    chunks = list(source.chunks)
    assert [len(chunk.rows) for chunk in chunks] == [SMALL, SMALL, 300 - 2 * SMALL]
    assert [chunk.number for chunk in chunks] == [0, 1, 2]
    assert chunks[-1].position == source.size == archive.stat().st_size


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1).filter(str.strip))
)
def test_a_pipe_gives_every_line_however_it_arrives(lines: list[str]) -> None:
    blob = "\n".join(lines).encode()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(3)

    numbers = [row for chunk in open_pipe(Slow(blob), "txt").chunks for row in chunk.rows]
    whole = [
        row for chunk in open_pipe(io.BufferedReader(io.BytesIO(blob)), "txt").chunks for row in chunk.rows
    ]  # type: ignore[arg-type]
    assert numbers == whole
    assert [line for _, line in numbers if line] == [
        (line.removeprefix("\ufeff") if not at else line).encode()
        for at, line in enumerate(lines)
        if (line.removeprefix("\ufeff") if not at else line).encode().strip()
    ]


def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content, said in (
        ("a.docx", "", "--from"), ("a.csv", "a,b\n1,2\n", "text"), ("a.parquet", "no", "Parquet"),
    ):  # fmt: skip
        (tmp_path / name).write_text(content)
        with pytest.raises(FileRefused, match=said):
            list(open_file(tmp_path / name).chunks)
    with pytest.raises(FileRefused, match="pipe"):
        open_pipe(io.BytesIO(), "parquet")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(ExtraMissing, match=r"veilleur\[parquet\]"):
        open_file(tmp_path / "a.parquet")
