"""Columns find their field by themselves, and what a person corrected is remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.errors import InvalidInput
from veilleur.listening.files import (
    DateOrder,
    Field,
    Mapping,
    Scale,
    check_mapping,
    codes,
    guess_mapping,
    headers_digest,
    open_table,
    sentence,
)


def table_of(folder: Path, text: str, name: str = "file.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return open_table(path)


SAMPLES = {
    Field.TEXT: "Accueil chaleureux et personnel à l’écoute, rien à redire",
    Field.TITLE: "Très bien",
    Field.AUTHOR: "marie75",
    Field.PUBLISHED_AT: "13/03/2026 14:05",
    Field.RATING: "4",
    Field.EXTERNAL_ID: "a-1",
    Field.URL: "https://example.org/1",
    Field.NETWORK: "Google",
    Field.PLACE: "Cardiologie",
    Field.QUESTION: "Que pourrions-nous améliorer ?",
    Field.LANGUAGE_HINT: "fr",
    Field.THREAD: "t-1",
}


@pytest.mark.parametrize(
    "headers",
    [
        {"text": "Avis", "rating": "Note", "published_at": "Date de publication", "author": "Auteur"},
        {"text": "comment", "rating": "starRating", "published_at": "createTime", "external_id": "reviewId"},
        {
            "text": "comment",
            "author": "reviewer.displayName",
            "published_at": "Review Date",
            "place": "Location",
        },
        {"text": "Review Text", "title": "Review Title", "rating": "Rating (1-5)", "url": "Permalink"},
        {
            "text": "Comentaire",
            "external_id": "IDENTIFIANT",
            "place": "Etablissement",
            "published_at": "date_depot",
        },
        {"text": "Réponse", "question": "Question", "published_at": "Date", "language_hint": "Langue"},
        {"text": "Message", "network": "Réseau", "published_at": "Publié le", "thread": "Fil", "url": "Lien"},
        {"text": "Verbatim", "title": "Objet", "rating": "Note globale /5", "published_at": "Date de l'avis"},
    ],
)
def test_names_in_french_and_english(tmp_path, headers):
    values = [SAMPLES[Field(field)] for field in headers]
    lines = [";".join(headers.values()), *(";".join(values).replace("a-1", f"a-{n}") for n in range(3))]
    mapping = guess_mapping(table_of(tmp_path, "\n".join(lines)))
    assert mapping.columns() == {Field(field): header for field, header in headers.items()}


def test_what_a_column_holds_can_contradict_its_name(tmp_path):
    rows = (
        "date;note;avis\nbientôt;Le personnel était vraiment très gentil;5\n"
        + "demain;Rien à dire de plus, merci;4\n" * 3
    )
    mapping = guess_mapping(table_of(tmp_path, rows))
    assert mapping.published_at == ""
    assert mapping.text == "note"
    assert mapping.rating in {"avis", ""}


def test_other_peoples_dates_and_numbers_are_left_alone(tmp_path):
    rows = (
        "Date de naissance;Age;Nombre de likes;Texte\n"
        + "03/03/1980;46;3;Un texte assez long pour en être un\n" * 3
    )
    assert guess_mapping(table_of(tmp_path, rows)).columns() == {Field.TEXT: "Texte"}


def test_unknown_names_are_told_by_what_they_hold(tmp_path):
    rows = "x1;x2;x3\n" + "".join(
        f"{day}/03/2026;https://a.b/{day};Un texte long, le numéro {day}\n" for day in range(10, 20)
    )
    mapping = guess_mapping(table_of(tmp_path, rows))
    assert mapping.columns() == {Field.TEXT: "x3", Field.PUBLISHED_AT: "x1", Field.URL: "x2"}


def test_a_file_without_header(tmp_path):
    rows = "".join(
        f"2026-03-{day};{day % 5 + 1};Un texte assez long, le numéro {day}\n" for day in range(10, 20)
    )
    mapping = guess_mapping(table_of(tmp_path, rows))
    assert (mapping.published_at, mapping.rating, mapping.text) == ("Colonne 1", "Colonne 2", "Colonne 3")
    assert mapping.scale == Scale(1, 5)


def test_lines_of_text_alone(tmp_path):
    table = table_of(tmp_path, "Super accueil, merci.\nTrop d'attente, dommage !\nRAS\n", "lines.txt")
    assert (table.has_header, table.count(), guess_mapping(table).text) == (False, 3, "Colonne 1")


def test_a_header_that_asks_is_the_question_of_its_texts(tmp_path):
    header = (
        "N° réponse;Date de réponse;Service;Qu'avez-vous pensé de votre séjour ?;Recommandation (0 à 10)\n"
    )
    mapping = guess_mapping(
        table_of(tmp_path, header + "1;31/03/2026;Urgences;Trop long;2\n2;30/03/2026;Urgences;;9\n")
    )
    assert mapping.columns() == {
        Field.TEXT: "Qu'avez-vous pensé de votre séjour ?",
        Field.PUBLISHED_AT: "Date de réponse",
        Field.RATING: "Recommandation (0 à 10)",
        Field.EXTERNAL_ID: "N° réponse",
        Field.PLACE: "Service",
    }
    assert mapping.question_asked == mapping.text
    assert mapping.scale == Scale(0, 10)


def test_the_owners_reply_is_not_the_message(tmp_path):
    header = "avis_id,note_sur_5,date_avis,auteur,avis_texte,reponse_praticien,date_reponse\n"
    rows = "1,5,03/03/2026,x,Parfait,Merci à vous pour ce gentil message,04/03/2026\n"
    mapping = guess_mapping(table_of(tmp_path, header + rows))
    assert mapping.columns() == {
        Field.TEXT: "avis_texte",
        Field.AUTHOR: "auteur",
        Field.PUBLISHED_AT: "date_avis",
        Field.RATING: "note_sur_5",
        Field.EXTERNAL_ID: "avis_id",
    }


def test_the_export_of_a_google_profile(tmp_path):
    review = {
        "reviewId": "A1",
        "reviewer": {"displayName": "Jean P", "profilePhotoUrl": "https://example.org/x"},
        "starRating": "FIVE",
        "comment": "Super accueil",
        "createTime": "2026-03-03T14:05:11.123Z",
        "updateTime": "2026-03-04T14:05:11Z",
        "reviewReply": {"comment": "Merci beaucoup pour votre message", "updateTime": "2026-03-05T00:00:00Z"},
        "name": "accounts/1/reviews/A1",
    }
    mapping = guess_mapping(
        table_of(tmp_path, json.dumps({"reviews": [review, {**review, "starRating": "ONE"}]}), "g.json")
    )
    assert mapping.columns() == {
        Field.TEXT: "comment",
        Field.AUTHOR: "reviewer.displayName",
        Field.PUBLISHED_AT: "createTime",
        Field.RATING: "starRating",
        Field.EXTERNAL_ID: "reviewId",
    }


def test_the_last_row_alone_may_prove_the_order_and_the_scale(tmp_path):
    rows = "date;note;texte\n" + "03/04/2026;3;bonjour à tous\n" * 2000
    assert guess_mapping(table_of(tmp_path, rows)).date_order is DateOrder.DAY_FIRST
    assert guess_mapping(table_of(tmp_path, rows)).scale == Scale(1, 5)
    american = guess_mapping(table_of(tmp_path, rows + "03/31/2026;9;fin\n"))
    assert american.date_order is DateOrder.MONTH_FIRST
    assert american.scale == Scale(1, 10)


def test_midnight_everywhere_means_days(tmp_path):
    rows = "date;texte\n" + "2026-03-03 00:00:00;bonjour à tous\n" * 3
    assert guess_mapping(table_of(tmp_path, rows)).dates_only
    assert not guess_mapping(table_of(tmp_path, rows + "2026-03-03 10:00:00;x\n")).dates_only


def test_check_explains_what_is_missing(tmp_path):
    table = table_of(tmp_path, "date;note;texte\n03/04/2026;3;bonjour\n")
    problems = check_mapping(Mapping(author="nom", rating="", zone="Mars/Phobos", published_at="date"), table)
    assert [problem.code for problem in problems if problem.blocking] == [
        "need_text_or_rating",
        "column_missing",
        "zone_unknown",
    ]
    assert {problem.code for problem in problems if not problem.blocking} == {"no_id", "order_unproven"}
    assert "« nom »" in problems[1].sentence("fr")
    assert {
        problem.code for problem in check_mapping(Mapping(text="texte", title="texte", rating="note"), table)
    } == {
        "column_twice",
        "scale_missing",
        "no_id",
        "no_date",
    }


def test_a_rating_alone_is_enough(tmp_path):
    table = table_of(tmp_path, "note\n5\n3\n")
    assert not any(
        problem.blocking for problem in check_mapping(Mapping(rating="note", scale=Scale(1, 5)), table)
    )


def test_the_digest_belongs_to_the_headers(tmp_path):
    first = headers_digest(table_of(tmp_path, "date;texte\n03/03/2026;a\n"))
    assert first == headers_digest(table_of(tmp_path, "date,texte\n04/03/2026,b\n", "other.csv"))
    assert first != headers_digest(table_of(tmp_path, "texte;date\nb;04/03/2026\n", "swapped.csv"))


NAMES = st.text(max_size=8)
MAPPINGS = st.builds(
    Mapping,
    **{field.value: NAMES for field in Field},
    scale=st.none()
    | st.builds(Scale, st.just(1.0), st.sampled_from([5.0, 10.0]), st.just(()) | st.just(("bad", "good"))),
    date_order=st.sampled_from(DateOrder),
    dates_only=st.booleans(),
    zone=NAMES,
    constant_network=NAMES,
    constant_place=NAMES,
)


@given(MAPPINGS)
def test_a_mapping_survives_json(mapping):
    assert Mapping.from_json(json.loads(json.dumps(mapping.to_json()))) == mapping


@pytest.mark.parametrize(
    "data",
    [
        {"nope": "x"},
        {"text": 3},
        {"date_order": "ymd"},
        {"scale": {"worst": 1}},
        {"scale": {"worst": 1, "best": 1}},
        {"scale": [1, 5]},
        {"scale": {"worst": "x", "best": 5}},
    ],
)
def test_what_is_no_mapping_is_refused(data):
    with pytest.raises(InvalidInput):
        Mapping.from_json(data)


@pytest.mark.parametrize("code", codes())
def test_every_reason_has_two_sentences(code):
    french, english = sentence(code, {}, "fr"), sentence(code, {}, "en")
    assert french != english
    assert french.endswith(".")
    assert english.endswith(".")
    assert "'" not in french, "French sentences use the typographic apostrophe"
