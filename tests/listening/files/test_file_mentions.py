"""From rows to mentions: nothing lost, nothing doubled, the same identities every time."""

from __future__ import annotations

import csv
import io
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from veilleur.errors import RowRefused
from veilleur.listening.files import (
    Accepted,
    Mapping,
    Rejected,
    Row,
    Scale,
    guess_mapping,
    headers_digest,
    open_table,
    pseudonymiser,
    read_mentions,
    to_mention,
    write_rejects,
)
from veilleur.listening.files.rejects import harmless, original
from veilleur.vocabulary import Precision, Rating

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HIDE = pseudonymiser(b"test key")
HEADERS = ("id", "date", "texte", "titre", "note", "auteur", "lien", "lieu", "question")
MAPPING = Mapping(
    external_id="id",
    published_at="date",
    text="texte",
    title="titre",
    rating="note",
    author="auteur",
    url="lien",
    place="lieu",
    question="question",
    scale=Scale(1, 5),
    constant_network="Google",
    constant_place="Accueil",
)


def row_of(**cells: str) -> Row:
    return Row(7, tuple(cells.get(header, "") for header in HEADERS))


def mention_of(mapping: Mapping = MAPPING, **cells: str):
    return to_mention(row_of(**cells), HEADERS, mapping, source="avis", collected_at=NOW, pseudonym=HIDE)


def outcomes(path: Path, mapping: Mapping | None = None, skip: int = 0) -> list[Accepted | Rejected]:
    table = open_table(path)
    mapping = mapping or guess_mapping(table)
    return list(read_mentions(table, mapping, source="avis", collected_at=NOW, pseudonym=HIDE, skip=skip))


def written(folder: Path, text: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_every_field_arrives():
    mention = mention_of(
        id=" a1 ", date="03/03/2026 14:05", texte="  Très bien !\n", titre="Merci", note="4,5",
        auteur="@Marie", lien="example.org/avis/1", lieu="Cardiologie", question="Et alors ?",
    )  # fmt: skip
    assert mention.external_id == "a1"
    assert mention.published_at == datetime(2026, 3, 3, 13, 5, tzinfo=UTC)
    assert mention.text == "  Très bien !\n", "a text is never trimmed"
    assert mention.title == "Merci"
    assert mention.rating == Rating(4.5, 1, 5)
    assert mention.author == HIDE("marie")
    assert "arie" not in mention.author
    assert mention.url == "https://example.org/avis/1"
    assert (mention.network, mention.place, mention.question) == ("Google", "Cardiologie", "Et alors ?")
    assert (mention.source, mention.collected_at, mention.precision) == ("avis", NOW, Precision.SECOND)


def test_a_header_that_asks_is_the_question():
    cells, headers = Row(2, ("Rien", "")), ("Que changer ?", "q")
    mapping = Mapping(text="Que changer ?", question="q")
    mention = to_mention(cells, headers, mapping, source="avis", collected_at=NOW, pseudonym=HIDE)
    assert mention.question == "Que changer ?"
    answer = cells._replace(cells=("Rien", "Et quoi ?"))
    mention = to_mention(answer, headers, mapping, source="avis", collected_at=NOW, pseudonym=HIDE)
    assert mention.question == "Et quoi ?"


def test_a_rating_alone_is_a_message():
    mention = mention_of(note="5")
    assert (mention.text, mention.rating, mention.place) == ("", Rating(5, 1, 5), "Accueil")
    assert mention.published_at is None
    assert mention.external_id.startswith("content-")


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({}, "", "empty_row"),
        ({"id": "1", "texte": "   ", "auteur": "x"}, "", "empty_row"),
        ({"texte": "x" * 100_001}, "texte", "too_long"),
        ({"texte": "x", "lieu": "y" * 201}, "lieu", "too_long"),
        ({"texte": "x", "date": "31/02/2026"}, "date", "date_impossible"),
        ({"texte": "x", "date": "il y a 2 jours"}, "date", "date_relative"),
        ({"texte": "x", "note": "6"}, "note", "rating_out_of_scale"),
        ({"texte": "x", "lien": "javascript:alert(1)"}, "lien", "url_invalid"),
        ({"texte": "x", "lien": "data:text/html,x"}, "lien", "url_invalid"),
        ({"texte": "x", "lien": "voir le site"}, "lien", "url_invalid"),
    ],
)
def test_a_refused_row_says_line_column_and_reason(cells, column, code):
    with pytest.raises(RowRefused) as refusal:
        mention_of(**cells)
    assert (refusal.value.line, refusal.value.column, refusal.value.code) == (7, column, code)
    assert "?" not in refusal.value.message


def test_the_longest_text_allowed_passes():
    assert len(mention_of(texte="x" * 100_000).text) == 100_000


def test_an_identifier_too_long_for_any_table_becomes_its_digest():
    long = "https://example.org/" + "a" * 300
    assert mention_of(id=long, texte="x").external_id == mention_of(id=long, texte="y").external_id
    assert len(mention_of(id=long, texte="x").external_id) < 80


def test_pseudonyms_are_keyed_stable_and_blind_to_writing():
    assert HIDE("Marie D.") == HIDE(" marie  d. ") == HIDE("@Marie D.")
    assert HIDE("Marie D.") != pseudonymiser(b"other key")("Marie D.")
    assert HIDE("Anonyme") == HIDE("") == HIDE("A Google user") == ""
    assert len({HIDE(f"user{number}") for number in range(20_000)}) == 20_000


def test_two_identical_messages_are_two_and_a_second_import_adds_none(tmp_path):
    path = written(tmp_path, "date;texte\n" + "03/03/2026;Rien\n" * 3 + "04/03/2026;Rien\n")
    ids = [outcome.mention.external_id for outcome in outcomes(path)]
    assert len(set(ids)) == 4
    assert ids[1] == f"{ids[0]}-2"
    assert ids == [outcome.mention.external_id for outcome in outcomes(path)]


def test_the_same_content_in_another_format_is_the_same_message(tmp_path):
    french = written(
        tmp_path, "date;texte;note\n03/03/2026;Très bien, merci à tous;4,0\n13/03/2026;Merci pour tout;5\n"
    )
    english = written(
        tmp_path,
        '[{"rating": 4, "text": "Très bien, merci à tous", "date": "2026-03-03"},'
        ' {"rating": 5, "text": "Merci pour tout", "date": "2026-03-13"}]',
        "f.json",
    )
    assert [o.mention.external_id for o in outcomes(french)] == [
        o.mention.external_id for o in outcomes(english)
    ]


def test_an_edited_message_keeps_its_identifier_and_changes_its_digest(tmp_path):
    first = outcomes(written(tmp_path, "id;texte\na1;bonjour à tous\n"))[0].mention
    second = outcomes(written(tmp_path, "id;texte\na1;bonjour à toutes\n"))[0].mention
    assert first.external_id == second.external_id == "a1"
    assert first.digest != second.digest


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "", "1", "2", "3"]),
        st.sampled_from(["03/03/2026", "2026-03-04 10:00", "", "hier", "31/02/2026"]),
        st.sampled_from(["Rien", "Rien", "Très bien; merci", "", "deux\nlignes", '"guillemets"']),
        st.sampled_from(["", "1", "4,5", "9", "bien"]),
    ),
    max_size=25,
)
SMALL = Mapping(external_id="id", published_at="date", text="texte", rating="note", scale=Scale(1, 5))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, data=st.data())
def test_no_row_is_lost_and_a_resumed_run_gives_the_same(tmp_path, rows, data):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows([("id", "date", "texte", "note"), *rows])
    path = written(tmp_path, text.getvalue())
    full = outcomes(path, SMALL)
    kept = [row for row in rows if "".join(row).strip()]
    assert [outcome.number for outcome in full] == list(range(1, len(kept) + 1))
    assert [outcome.row.cells for outcome in full] == kept
    skip = data.draw(st.integers(0, len(full) + 1))
    assert outcomes(path, SMALL, skip=skip) == full[skip:]
    derived = [
        o.mention.external_id
        for o in full
        if isinstance(o, Accepted) and o.mention.external_id.startswith("content")
    ]
    assert len(set(derived)) == len(derived)


# ---- the file of rejects


def test_rejects_can_be_mended_and_imported_again(tmp_path):
    path = written(
        tmp_path,
        "id;date;texte;note\n1;03/03/2026;bien;5\n2;hier;=SOMME(A1);4\n"
        "3;04/03/2026;-10 pour l'accueil;9\n4;05/03/2026;x;3;trop\n",
    )
    table = open_table(path)
    rejected = [outcome for outcome in outcomes(path, SMALL) if isinstance(outcome, Rejected)]
    assert [(outcome.line, outcome.column, outcome.code) for outcome in rejected] == [
        (3, "date", "date_relative"),
        (4, "note", "rating_out_of_scale"),
        (5, "", "too_many_cells"),
    ]
    target = tmp_path / "rejects.csv"
    assert write_rejects(((o.row, o.sentence("fr")) for o in rejected), target, table.headers, "fr") == 3
    content = target.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert '"\'=SOMME(A1)"' in content.decode("utf-8-sig")
    mended = target.read_text("utf-8-sig").replace('"hier"', '"02/03/2026"').replace('"9"', '"1"')
    target.write_text(mended, encoding="utf-8-sig")
    again = open_table(target)
    assert headers_digest(again) == headers_digest(table)
    accepted = [o.mention for o in outcomes(target, SMALL) if isinstance(o, Accepted)]
    assert [(m.external_id, m.text) for m in accepted] == [
        ("2", "=SOMME(A1)"),
        ("3", "-10 pour l'accueil"),
        ("4", "x"),
    ][: len(accepted)]
    assert len(accepted) >= 2


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10), min_size=2, max_size=2
    )
)
def test_no_cell_of_the_rejects_is_a_formula(tmp_path, values):
    target = tmp_path / "rejects.csv"
    write_rejects([(Row(1, tuple(values)), "=pourquoi")], target, ("=a", "b"))
    with target.open(encoding="utf-8-sig", newline="") as stream:
        for record in csv.reader(stream, delimiter=";"):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in record)


@given(st.text(max_size=6) | st.text("'=+-@a", max_size=5))
def test_the_apostrophe_comes_off_exactly_as_it_went_on(cell):
    assert original(harmless(cell)) == cell


@pytest.mark.slow
def test_the_pipeline_keeps_its_pace(tmp_path):
    lines = ["id;date;texte;note;auteur"]
    lines += [
        f"{n};{n % 28 + 1:02}/03/2026 10:{n % 60:02};Bonjour, merci pour tout {n};{n % 5 + 1};u{n % 999}"
        for n in range(50_000)
    ]
    path = written(tmp_path, "\n".join(lines))
    table = open_table(path)
    mapping = guess_mapping(table)
    start = time.process_time()
    count = sum(
        isinstance(o, Accepted)
        for o in read_mentions(table, mapping, source="s", collected_at=NOW, pseudonym=HIDE)
    )
    seconds = time.process_time() - start
    assert count == 50_000
    assert count / seconds > 12_000, f"{seconds / count * 1e6:.1f} µs a row"
