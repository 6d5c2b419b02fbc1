"""The page of an author: what one pseudonym said in one house, and nothing of another one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.http import Http404
from django.test import Client
from django.utils import translation

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import MentionRow, TicketRow
from veilleur.desk.inbox.queries import author
from veilleur.desk.inbox.queries.author import author_page
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.listing import list_page

WHO = "auteur-7f3a9c41d2"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MakeMention = Callable[..., MentionRow]


@pytest.fixture
def heard(organisation_a: Organisation, make_mention: MakeMention) -> Organisation:
    """Five messages of one author over two months, one of somebody else, two of nobody."""
    stars = {"rating_worst": 1, "rating_best": 5}
    praise = [{"analyzer": "labels", "label": "praise", "score": 0.9, "because": "ngrams"}]
    said = [
        ("neg", "new", 1),
        ("neg", "closed", 2),
        ("pos", "open", 5),
        ("neg", "closed", None),
        ("pos", "new", 4),
    ]
    for number, (feeling, status, value) in enumerate(said):
        make_mention(
            organisation_a,
            author=WHO,
            published_at=NOON + timedelta(days=10 * number),
            sentiment=feeling,
            status=status,
            network="Google",
            place=f"Site {number % 2}",
            findings=praise if feeling == "pos" else [],
            **({"rating_value": value, **stars} if value else {}),
        )
    make_mention(organisation_a, author="auteur-somebody", network="Doctolib")
    make_mention(organisation_a, author="", network="Doctolib")
    make_mention(organisation_a, author="", network="Doctolib")
    return organisation_a


def test_it_tells_what_the_author_said(heard: Organisation, place_a: Workplace) -> None:
    with translation.override("en"):
        page = author_page(place_a, WHO)
    assert (page.count, page.is_whole, page.to_do) == (5, True, 3)
    assert (page.first_seen, page.last_seen) == (NOON, NOON + timedelta(days=40))
    assert page.networks == ("Google",)
    assert page.places == ("Site 0", "Site 1")
    assert (page.rated, page.stars) == (4, "3.0")
    assert [count for _name, count in page.labels] == [2]
    assert [(month.month.month, month.sentence) for month in page.months] == [
        (4, "1 message, positive"),
        (3, "4 messages, mostly negative"),
    ]
    assert len(page.rows) == 5


def test_months_end_at_midnight_of_the_house(
    organisation_a: Organisation, place_a: Workplace, make_mention: MakeMention, client_a: Client
) -> None:
    make_mention(organisation_a, author=WHO, published_at=datetime(2026, 3, 31, 22, 30, tzinfo=UTC))
    said = client_a.get(f"/o/{organisation_a.slug}/inbox/author/{WHO}/").content.decode()
    assert "avril 2026" in said.lower()


def test_its_links_list_the_same(heard: Organisation, place_a: Workplace) -> None:
    assert len(list_page(place_a, Filters(status="all", author=WHO)).rows) == 5
    assert len(list_page(place_a, Filters(author=WHO)).rows) == 3
    page = author_page(place_a, WHO)
    assert page.all_query == f"status=all&author={WHO}"
    assert page.to_do_query == f"author={WHO}"


@pytest.mark.parametrize("who", ["auteur-nobody", "", "auteur-7f3a9c41d2/", "../"])
def test_nobody_is_not_found(heard: Organisation, place_a: Workplace, who: str) -> None:
    with pytest.raises(Http404):
        author_page(place_a, who)


def test_the_other_house_heard_nothing(
    heard: Organisation, organisation_b: Organisation, make_mention: MakeMention, client_b: Client
) -> None:
    path = f"/o/{organisation_b.slug}/inbox/author/{WHO}/"
    assert client_b.get(path).status_code == 404
    make_mention(organisation_b, "Kind and quick.", author=WHO, network="NHS")
    said = client_b.get(path).content.decode()
    assert "NHS" in said
    assert "Google" not in said


def test_many_messages_are_counted_up_to_a_bound(
    heard: Organisation, place_a: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(author, "LOOKED_AT", 3)
    page = author_page(place_a, WHO)
    assert (page.count, page.is_whole) == (3, False)
    monkeypatch.setattr(author, "LOOKED_AT", 5)
    assert author_page(place_a, WHO).is_whole


def test_many_places_in_a_month_are_a_sign(
    organisation_a: Organisation, place_a: Workplace, make_mention: MakeMention
) -> None:
    for number in range(4):
        make_mention(organisation_a, author=WHO, place=f"Site {number}", network="Google")
    assert len(author_page(place_a, WHO).doubts) == 1


def test_a_text_written_twice_is_told(
    organisation_a: Organisation, place_a: Workplace, make_mention: MakeMention
) -> None:
    first = make_mention(organisation_a, "Le même texte, encore.", author=WHO)
    again = make_mention(organisation_a, "Le même texte, encore.", author=WHO)
    by_another = make_mention(organisation_a, "Le même texte, encore.", author="auteur-somebody")
    TicketRow.objects.filter(mention__in=[first, again, by_another]).update(alike=first.pk)
    (repeated,) = author_page(place_a, WHO).repeated
    assert (repeated.text, repeated.here, repeated.group.count) == ("Le même texte, encore.", 2, "3")


def test_a_ticket_leads_to_its_author(heard: Organisation, client_a: Client) -> None:
    ticket = TicketRow.objects.filter(mention__author=WHO).latest("pk")
    said = client_a.get(f"/o/{heard.slug}/inbox/{ticket.pk}/").content.decode()
    assert said.count(f"/o/{heard.slug}/inbox/author/{WHO}/") == 2


def test_it_asks_few_questions(heard: Organisation, client_a: Client, django_assert_max_num_queries) -> None:
    client_a.get(f"/o/{heard.slug}/inbox/author/{WHO}/")  # the first page of a session notes it
    with django_assert_max_num_queries(24):
        client_a.get(f"/o/{heard.slug}/inbox/author/{WHO}/")


def test_many_messages_ask_the_database_no_more_than_one(
    organisation_a, make_mention, place_a, django_assert_max_num_queries
):
    for number in range(12):
        make_mention(organisation_a, text=f"Message numéro {number}.", author=WHO, network="Google")
    with django_assert_max_num_queries(12):
        assert author_page(place_a, WHO).count == 12
