"""The list: every ticket once, in both orders; filters that mean what they say; counts that stop."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from veilleur.desk.inbox.forms import FilterForm
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.ordering import ID_BITS, first_position_of
from veilleur.desk.inbox.queries import listing, turning
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.ticket import neighbours, ticket_page
from veilleur.desk.inbox.queries.turning import ids_beyond, spot_of, spot_written

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def many(organisation_a, make_mention):
    """Forty tickets with ties in time and in due time, some without one."""
    dice = random.Random(7)
    for _number in range(40):
        due = dice.choice([None, *(NOON + timedelta(days=days) for days in range(4))])
        make_mention(
            organisation_a,
            published_at=NOON + timedelta(seconds=dice.randrange(12)),
            due_at=due,
            sentiment=dice.choice(["neg", "pos"]),
        )
    return organisation_a


def asked(query: str) -> Filters:
    return FilterForm(QueryDict(query)).filters()


def walked(place, query: str) -> list[int]:
    """Ids of every row, page after page, as somebody who follows the link at the end."""
    seen, address = [], query
    while True:
        page = listing.list_page(place, asked(address))
        seen += [row.id for row in page.rows]
        if not page.older:
            return seen
        address = page.older


@pytest.mark.parametrize(
    "query", ["status=all", "sort=due", "sentiment=neg", "sort=due&sentiment=pos", "q=attente"]
)
def test_page_after_page_gives_every_ticket_once_in_order(place_a, many, monkeypatch, query):
    monkeypatch.setattr(listing, "PAGE", 7)
    rows = walked(place_a, query)
    tickets = {ticket.pk: ticket for ticket in TicketRow.objects.all()}
    wanted = [pk for pk, ticket in tickets.items() if asked(query).sentiment in ("", ticket.sentiment)]
    if "due" in query:
        far = datetime.max.replace(tzinfo=UTC)
        wanted.sort(
            key=lambda pk: (tickets[pk].due_at or far, pk if tickets[pk].due_at else -tickets[pk].position)
        )
    else:
        wanted.sort(key=lambda pk: -tickets[pk].position)
    assert rows == wanted


@pytest.mark.parametrize("query", ["", "sort=due", "sentiment=neg", "q=attente"])
def test_the_neighbours_of_a_ticket_are_those_of_the_list(place_a, many, query):
    rows = walked(place_a, query)
    for before, here, after in zip([None, *rows], rows, [*rows[1:], None], strict=False):
        assert neighbours(place_a, TicketRow.objects.get(pk=here), asked(query)) == (before, after)


def test_a_ticket_that_left_the_list_still_knows_its_neighbours(place_a, many):
    rows = walked(place_a, "")
    TicketRow.objects.filter(pk=rows[5]).update(status="closed")
    page = ticket_page(place_a, rows[5], asked(""))
    assert (page.newer, page.older) == (rows[4], rows[6])


def test_a_place_in_the_list_is_read_as_it_was_written(many):
    for ticket in TicketRow.objects.all():
        spot = spot_of(ticket)
        assert spot_written(spot.written(by_due_time=False)).position == ticket.position
        again = spot_written(spot.written(by_due_time=True))
        assert (again.due_at, again.ticket_id) == ((ticket.due_at, ticket.pk) if ticket.due_at else (None, 0))


STARS = {0.0: "1", 0.1: "1", 0.125: "2", 0.5: "3", 0.6: "3", 0.875: "5", 1.0: "5", None: "none"}


@pytest.mark.parametrize(("share", "stars"), STARS.items())
def test_each_rating_is_in_one_bucket_the_one_whose_stars_are_drawn(
    place_a, organisation_a, make_mention, share, stars
):
    mention = make_mention(
        organisation_a, rating_share=share, rating_value=share, rating_worst=0.0, rating_best=1.0
    )
    found = [
        rating
        for rating in ("1", "2", "3", "4", "5", "none")
        if ids_beyond(place_a, Filters(rating=rating), None, 5).ids
    ]
    assert found == [stars]
    drawn = listing.stars_of(mention, share)
    assert (drawn.drawn.count("★") if drawn else "none") == (int(stars) if drawn else stars)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["new", "open"]),
        ("status=closed", ["closed"]),
        ("status=snoozed", ["snoozed"]),
        ("status=new", ["new"]),
        ("status=all", ["new", "open", "snoozed", "closed"]),
        ("assignee=me&status=all", ["open"]),
        ("assignee=none&status=all", ["new", "snoozed", "closed"]),
        ("status=all&network=Google", ["closed"]),
        ("status=all&source=autre", ["snoozed"]),
        ("status=all&source=inconnue", []),
        ("status=all&place=Rennes", ["open"]),
        ("status=all&language=en", ["new"]),
        ("status=all&queue=x", ["open"]),
    ],
)
def test_filters_mean_what_they_say(
    place_a, alice, organisation_a, organisation_b, make_mention, query, expected
):
    make_mention(organisation_a, status="new", language="en")
    make_mention(organisation_a, status="open", assignee=alice, place="Rennes", queue="x")
    make_mention(organisation_a, status="snoozed", source_key="autre")
    make_mention(organisation_a, status="closed", network="Google")
    make_mention(organisation_b, status="open", network="Google", place="Rennes")
    ids = ids_beyond(place_a, asked(query), None, 9).ids
    statuses = TicketRow.objects.in_bulk(ids)
    assert sorted(statuses[pk].status for pk in ids) == sorted(expected)


def test_days_are_those_of_the_organisation(place_a, organisation_a, make_mention):
    make_mention(organisation_a, published_at=datetime(2026, 2, 28, 23, 30, tzinfo=UTC))  # 1 March in Paris
    with timezone.override("Europe/Paris"):
        assert len(ids_beyond(place_a, Filters(since=date(2026, 3, 1)), None, 9).ids) == 1
        assert ids_beyond(place_a, Filters(until=date(2026, 2, 28)), None, 9).ids == []


def test_counts_stop_at_their_cap(place_a, many, monkeypatch):
    monkeypatch.setattr(turning, "COUNT_CAP", 10)
    page = listing.list_page(place_a, Filters())
    assert (page.views[0].count, page.count) == ("9+", "9+")
    monkeypatch.setattr(turning, "SEARCH_CAP", 4)
    assert listing.list_page(place_a, Filters(q="attente")).count == "3+"


@pytest.mark.parametrize("year", [1, 1500, 1969, 2026, 2300, 9999])
def test_an_absurd_date_has_a_place_in_the_order_too(organisation_a, make_mention, year):
    moment = datetime(year, 6, 1, tzinfo=UTC)
    ticket = make_mention(organisation_a, published_at=moment).ticket
    ticket.refresh_from_db()
    assert ticket.position == first_position_of(moment) + ticket.mention_id
    assert ticket.mention_id < 1 << ID_BITS


def test_the_list_asks_the_database_the_same_number_of_times_however_long_it_is(
    place_a, many, django_assert_max_num_queries
):
    with django_assert_max_num_queries(10):
        listing.list_page(place_a, Filters())
