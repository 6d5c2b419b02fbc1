"""The three panes, through the whole stack."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from veilleur.desk.inbox.models import MentionVersion, Seen, TicketRow


def url(name: str, organisation, **arguments) -> str:
    return reverse(f"inbox:{name}", kwargs={"organisation": organisation.slug, **arguments})


def body(client: Client, address: str, **query) -> str:
    response = client.get(address, query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


SENTIMENT = {
    "analyzer": "sentiment",
    "label": "neg",
    "score": 0.874,
    "because": "ngrams",
    "grounds": ["attente", "personne ne"],
}
DRUG = {
    "analyzer": "drugs",
    "label": "drug",
    "score": 0.9,
    "because": "term",
    "grounds": ["levotirox"],
    "span": [17, 26],
    "concept": ["BDPM-BRAND:levothyrox", "lévothyroxine", ""],
}
TEXT = "Trop d'attente ! levotirox changé et personne ne répond."


def test_an_empty_house_teaches_how_to_fill_it(client_a, organisation_a):
    page = body(client_a, url("list", organisation_a))
    assert "veilleur demo" in page
    assert reverse("sources:list", kwargs={"organisation": organisation_a.slug}) in page


def test_the_list_shows_the_newest_first_with_the_strongest_words_tinted(
    client_a, organisation_a, make_mention
):
    make_mention(organisation_a, text="La plus ancienne.", title="Un")
    make_mention(organisation_a, text=TEXT, findings=[SENTIMENT, DRUG], title="Deux")
    page = body(client_a, url("list", organisation_a))
    assert page.index("Deux") < page.index(">Un<")
    assert '<span class="mark-pharmacovigilance">levotirox</span>' in page


def test_the_ticket_shows_each_finding_with_its_reason(client_a, organisation_a, make_mention):
    ticket = make_mention(organisation_a, text=TEXT, findings=[SENTIMENT, DRUG]).ticket
    page = body(client_a, url("ticket", organisation_a, ticket=ticket.pk))
    assert 'aria-describedby="why-2"' in page
    assert "lévothyroxine" in page
    assert "87" in page


@pytest.mark.parametrize("payload", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_nothing_a_stranger_wrote_becomes_html(client_a, organisation_a, make_mention, payload):
    said = {"score": 1, "because": "term", "grounds": [payload]}
    findings = [
        {"analyzer": "drugs", "label": "drug", "span": [0, 5], **said},
        {"analyzer": payload, "label": payload, "span": [2, 9], **said},
    ]
    ticket = make_mention(
        organisation_a, text=payload, title=payload, author=payload, network=payload, place=payload,
        question=payload, url="javascript:alert(1)", findings=findings,
    ).ticket  # fmt: skip
    for address in (url("list", organisation_a), url("ticket", organisation_a, ticket=ticket.pk)):
        page = body(client_a, address)
        assert payload not in page
        assert "<script>alert" not in page
        assert "javascript:" not in page


def test_a_stranger_sees_nothing_of_the_other_house(client_b, organisation_a, organisation_b, make_mention):
    ticket = make_mention(organisation_a, text="secret de A").ticket
    assert client_b.get(url("list", organisation_a)).status_code == 404
    assert client_b.get(url("ticket", organisation_a, ticket=ticket.pk)).status_code == 404
    assert client_b.get(url("ticket", organisation_b, ticket=ticket.pk)).status_code == 404
    assert client_b.post(url("seen", organisation_b, ticket=ticket.pk)).status_code == 404
    assert "secret de A" not in body(client_b, url("list", organisation_b), status="all", q="secret")


def test_htmx_gets_the_pane_of_the_ticket_alone(client_a, organisation_a, make_mention):
    ticket = make_mention(organisation_a).ticket
    address = url("ticket", organisation_a, ticket=ticket.pk)
    pane = client_a.get(address, headers={"HX-Request": "true", "HX-Target": "ticket"}).content.decode()
    assert 'id="ticket"' in pane
    assert 'id="rows"' not in pane
    assert "<html" not in pane


@pytest.mark.parametrize(
    "query",
    [
        {"status": "nonsense", "rating": "9", "from": "yesterday", "after": "x", "source": "a b"},
        {"q": '"unfinished AND (OR NOT *'},
        {"from": "0001-01-01", "to": "9999-12-31"},
        {"after": "p99999999999999999999"},
        {"after": "p9999999999999999999"},
        {"after": "d99999999999999999.1", "sort": "due"},
        {"queue": "x" * 500},
    ],
)
def test_an_absurd_address_is_read_with_indulgence(client_a, organisation_a, make_mention, query):
    make_mention(organisation_a)
    body(client_a, url("list", organisation_a), **query)


def test_what_makes_no_sense_is_named(client_a, organisation_a, make_mention):
    make_mention(organisation_a)
    page = body(client_a, url("list", organisation_a), rating="9")
    assert "Note" in page or "Rating" in page


def test_a_message_is_unread_until_its_page_said_that_it_was_seen(
    client_a, organisation_a, alice, make_mention
):
    ticket = make_mention(organisation_a).ticket
    assert "row unread" in body(client_a, url("list", organisation_a))
    for _time in range(2):
        assert client_a.post(url("seen", organisation_a, ticket=ticket.pk)).status_code == 204
    assert "row unread" not in body(client_a, url("list", organisation_a))
    assert Seen.objects.get(ticket=ticket).person == alice


def test_no_answer_to_the_filters_says_which_one_to_lift(client_a, organisation_a, make_mention):
    make_mention(organisation_a)
    page = body(client_a, url("list", organisation_a), sentiment="pos", q="attente")
    assert "?q=attente" in page
    assert "?sentiment=pos" in page


def test_a_reader_is_offered_no_act(client_reader_a, organisation_a, make_mention):
    ticket = make_mention(organisation_a).ticket
    page = body(client_reader_a, url("ticket", organisation_a, ticket=ticket.pk))
    assert "act-bar" not in page
    answer = client_reader_a.post(
        url("close", organisation_a, ticket=ticket.pk), {"version": 1, "outcome": "nothing"}
    )
    assert answer.status_code == 403
    assert TicketRow.objects.get().status == "new"


def test_a_conversation_is_shown_from_any_of_its_messages(client_a, organisation_a, make_mention):
    make_mention(organisation_a, text="Le début.", external_id="start")
    make_mention(organisation_a, text="Une réponse.", thread="start")
    last = make_mention(organisation_a, text="Une autre.", thread="start").ticket
    make_mention(organisation_a, text="Sans rapport.")
    page = body(client_a, url("ticket", organisation_a, ticket=last.pk), status="closed")
    assert page.index("Le début.") < page.index("Une réponse.")
    assert "Sans rapport." not in page
    first = TicketRow.objects.get(mention__external_id="start")
    assert "Une réponse." in body(client_a, url("ticket", organisation_a, ticket=first.pk), status="closed")


def test_the_other_messages_of_an_author_and_earlier_wordings_stand_beside(
    client_a, organisation_a, make_mention
):
    make_mention(organisation_a, text="Un autre jour.", author="anonyme-7")
    mention = make_mention(organisation_a, text="Rien à redire, merci.", author="anonyme-7")
    MentionVersion.objects.create(
        mention=mention, number=1, digest="x", text="Tout à redire, merci.", collected_at=mention.collected_at
    )
    page = body(client_a, url("ticket", organisation_a, ticket=mention.ticket.pk), status="closed")
    assert "Un autre jour." in page
    assert "<del>Tout</del><ins>Rien</ins> à redire, merci." in page
