"""Full-text search: the same answers on both databases, and never an error."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from veilleur.desk.inbox import search
from veilleur.desk.inbox.indexed import mark_of
from veilleur.desk.inbox.models import MentionRow, TicketRow

TEXTS = {
    "wait": "Trop d'attente aux urgences, personne ne répond.",
    "heart": "Opéré du CŒUR, équipe très à l’écoute.",
    "english": "The nurse was kind, the parking terrible.",
    "title": "Rien.",
}


@pytest.fixture
def stock(organisation_a, organisation_b, make_mention):
    for name, text in TEXTS.items():
        title = "Parking payant" if name == "title" else ""
        make_mention(organisation_a, text=text, title=title, external_id=name, author=f"patient-{name}")
    make_mention(organisation_b, text=TEXTS["wait"], external_id="stranger")
    return organisation_a


def asked(query: str, organisation):
    return search.understood(query, organisation).query


def found(organisation, query: str) -> list[str]:
    tickets = TicketRow.objects.filter(organisation=organisation)
    ids = search.matching(tickets, organisation, asked(query, organisation), 50).ids
    rows = TicketRow.objects.select_related("mention").in_bulk(ids)
    return [rows[pk].mention.external_id for pk in ids]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("attente", ["wait"]),
        ("ATTENTE repond", ["wait"]),
        ("coeur", ["heart"]),
        ("cœur", ["heart"]),
        ("opere", ["heart"]),
        ("attent*", ["wait"]),
        ("attent", []),
        ('"personne ne"', ["wait"]),
        ('"ne personne"', []),
        ('"trop d attente aux"', ["wait"]),
        ('"aux urgen*"', ["wait"]),  # an asterisk in a phrase stands for the end of its last word
        ('parking -"parking payant"', ["english"]),
        ("d'attente", ["wait"]),
        ("l’écoute", ["heart"]),
        ("parking", ["title", "english"]),
        ("parking -nurse", ["title"]),
        ("-parking", ["heart", "wait"]),
        ("patient-heart", ["heart"]),
        ("kind attente", []),
    ],
)
def test_finds_newest_first_what_was_asked(stock, query, expected):
    assert found(stock, query) == expected


@pytest.mark.parametrize(
    "before", ["mot " * 6_000, "x" * 3_000 + " ", "z" * 399 + " "], ids=["long", "word", "edge"]
)
def test_a_phrase_is_found_in_a_message_of_any_shape(organisation_a, make_mention, before):
    make_mention(organisation_a, text=f"{before}trop longue attente", external_id="shaped")
    make_mention(organisation_a, text=f"{before}attente trop longue", external_id="other")
    assert found(organisation_a, '"longue attente"') == ["shaped"]
    assert found(organisation_a, '"trop longue attente"') == ["shaped"]
    assert found(organisation_a, '-"longue attente"') == ["other"]


def test_each_organisation_searches_its_own(stock, organisation_b):
    assert found(organisation_b, "attente") == ["stranger"]
    assert found(organisation_b, "coeur") == []


def test_the_mark_of_an_organisation_is_no_word_of_a_message(stock):
    assert found(stock, mark_of(stock.pk)) == []


def test_the_index_follows_what_happens_to_a_message(stock):
    row = MentionRow.objects.get(external_id="wait")
    row.text = "Finalement très bien reçu."
    row.save()
    assert found(stock, "attente") == []
    assert found(stock, "finalement") == ["wait"]
    row.delete()
    assert found(stock, "finalement") == []


def test_the_index_is_in_step_with_the_messages_after_all_migrations(stock):
    """A later migration that rebuilds the table of messages on SQLite must install the triggers again."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps its index by itself")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'inbox_mention'"
        )
        assert cursor.fetchone() == (3,)
        cursor.execute("INSERT INTO inbox_search(inbox_search, rank) VALUES ('integrity-check', 1)")


def test_a_walk_starts_where_it_is_told(stock):
    tickets = TicketRow.objects.filter(organisation=stock)
    by_position = list(tickets.order_by("-position").values_list("position", "pk"))
    everything = asked("-nothinglikethis", stock)
    below = search.matching(tickets, stock, everything, 9, search.Walk(by_position[1][0]))
    above = search.matching(tickets, stock, everything, 9, search.Walk(by_position[2][0], is_upward=True))
    assert below.ids == [pk for _position, pk in by_position[2:]]
    assert above.ids == [pk for _position, pk in reversed(by_position[:2])]


@pytest.mark.parametrize("stretch", [1, 2, 6, 12, 40])
@pytest.mark.parametrize("enough", [1, 3, 9])
@pytest.mark.parametrize("query", ["attente", "urgences", "nulle", '"urgences bien"', "-urgences"])
def test_a_search_finds_the_same_wherever_it_stops_walking(
    organisation_a, make_mention, monkeypatch, stretch, enough, query
):
    monkeypatch.setattr(search, "_STRETCH", stretch)
    monkeypatch.setattr(search, "_STRETCH_FOR_PHRASES", stretch)
    for number in range(12):
        text = f"attente {'urgences' if number % 3 == 0 else ''} {'bien' if number % 2 == 0 else ''}"
        make_mention(organisation_a, text=text, external_id=str(number))
    tickets = TicketRow.objects.filter(organisation=organisation_a)
    words = asked(query, organisation_a)
    every = search.matching(tickets, organisation_a, words, 50)
    some = search.matching(tickets, organisation_a, words, 10, enough=enough)
    assert every.is_whole
    assert some.ids == every.ids[: len(some.ids)]
    assert len(some.ids) >= min(enough, len(every.ids))
    assert some.ids == every.ids or not some.is_whole


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60),
        st.text("\"*-()^:{}+&|!<>'\\ aANDORNOT~@#", max_size=40),
    )
)
def test_nothing_is_a_syntax_error(organisation_a, query):
    words = asked(query, organisation_a)
    assert words is None or search.matching(TicketRow.objects.all(), organisation_a, words, 5).ids == []
