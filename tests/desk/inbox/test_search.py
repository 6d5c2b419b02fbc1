"""Full-text search: the same answers on both databases, and never an error."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from veilleur.desk.inbox import search
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


def found(organisation, query: str) -> list[str]:
    tickets = TicketRow.objects.filter(organisation=organisation)
    ids = search.matching(tickets, organisation.pk, search.parse(query), 50)
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


def test_each_organisation_searches_its_own(stock, organisation_b):
    assert found(organisation_b, "attente") == ["stranger"]
    assert found(organisation_b, "coeur") == []


def test_the_mark_of_an_organisation_is_no_word_of_a_message(stock):
    assert found(stock, search.mark_of(stock.pk)) == []


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
    terms = search.parse("-nothinglikethis")
    below = search.matching(tickets, stock.pk, terms, 9, search.Walk(by_position[1][0]))
    above = search.matching(tickets, stock.pk, terms, 9, search.Walk(by_position[2][0], is_upward=True))
    assert below == [pk for _position, pk in by_position[2:]]
    assert above == [pk for _position, pk in reversed(by_position[:2])]


@given(st.text(max_size=80))
def test_anything_can_be_parsed(query):
    terms = search.parse(query)
    assert len(terms) <= search.MOST_TERMS
    assert all(re.fullmatch(r"[^\W_]+", word) for term in terms for word in term.words)


@pytest.mark.django_db
@settings(max_examples=60)
@given(
    st.one_of(
        st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60),
        st.text("\"*-()^:{}+&|!<>'\\ aANDORNOT~@", max_size=40),
    )
)
def test_nothing_is_a_syntax_error(query):
    assert search.matching(TicketRow.objects.all(), 1, search.parse(query), 5) == []
