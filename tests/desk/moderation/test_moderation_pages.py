"""Pages of acts on the network: they work without JavaScript, and each finds only what is theirs."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.desk.moderation.test_acts import ADVERSE, CRISIS
from veilleur.desk.moderation import performing
from veilleur.desk.moderation.models import NetworkAct, State, Verb


def address(mention, name: str = "") -> str:
    kept = {"organisation": mention.organisation.slug, "ticket": mention.ticket.pk}
    return reverse(f"moderation:{name}", kwargs=kept) if name else reverse("inbox:ticket", kwargs=kept)


def page_of(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def mention(said):
    return said("Bande de nuls.")


def test_the_message_offers_what_its_network_allows(client_a, mention):
    page = page_of(client_a, address(mention))
    for name in ("hide", "show", "remove", "flag"):
        assert address(mention, name) in page
    assert 'data-act="h"' in page


def test_a_reader_sees_how_it_stands_and_no_button(client_reader_a, mention, asked):
    performing.perform(asked(mention).pk)
    page = page_of(client_reader_a, address(mention))
    assert "Alice" in page.split('id="on-network"')[1].split("</section>")[0]
    assert address(mention, "show") not in page
    assert client_reader_a.post(address(mention, "show"), {"version": 1}).status_code == 403


def test_hiding_takes_one_click_and_can_be_taken_back(client_a, mention, book):
    answer = client_a.post(f"{address(mention, 'hide')}?status=all&evil=1", {"version": 1})
    assert answer["Location"] == f"{address(mention)}?status=all", "back to the message, in the same list"
    act = NetworkAct.objects.get()
    page = page_of(client_a, address(mention))
    drop = reverse("moderation:drop", kwargs={"organisation": mention.organisation.slug, "act": act.pk})
    assert drop in page
    assert 'data-act="z"' in page
    assert "delay:3s" in page, "it looks again by itself"
    client_a.post(drop)
    act.refresh_from_db()
    assert act.state == State.DROPPED


def test_who_looked_at_another_version_is_told(client_a, mention):
    client_a.post(address(mention, "hide"), {"version": 7})
    assert not NetworkAct.objects.exists()
    assert "toast" in page_of(client_a, address(mention))


def test_removing_shows_the_message_and_asks_why(client_a, mention):
    page = page_of(client_a, address(mention, "remove"))
    assert "Bande de nuls." in page
    refused = client_a.post(address(mention, "remove"), {"version": 1, "ground": "other", "words": "non"})
    assert refused.status_code == 200
    assert "errorlist" in refused.content.decode()
    assert not NetworkAct.objects.exists()
    client_a.post(address(mention, "remove"), {"version": 1, "ground": "insult", "words": "<b>Grossier</b>"})
    act = NetworkAct.objects.get()
    assert (act.verb, act.ground) == (Verb.REMOVE, "insult")
    assert "<b>Grossier" not in page_of(client_a, address(mention))


@pytest.mark.parametrize("findings", [ADVERSE, CRISIS], ids=["adverse reaction", "crisis"])
@pytest.mark.parametrize("name", ["hide", "remove"])
def test_what_comes_first_stands_before_the_button(name, findings, client_a, said):
    mention = said("Depuis ce traitement, des vertiges.", findings=findings)
    page = page_of(client_a, address(mention, name))
    assert 'name="is_warned"' in page
    assert ("3114" in page) is (findings is CRISIS)
    told = {"version": 1, "ground": "insult", "words": ""}
    client_a.post(address(mention, name), told)
    assert not NetworkAct.objects.exists()
    client_a.post(address(mention, name), {**told, "is_warned": "on"})
    assert NetworkAct.objects.get().verb == name


def test_without_precautions_nothing_is_to_be_ticked(client_a, mention):
    assert "is_warned" not in page_of(client_a, address(mention, "remove"))


def test_a_part_of_the_page_keeps_the_version_around_it(client_a, mention):
    page = page_of(client_a, f"{address(mention, 'standing')}?version=41&status=all")
    assert 'name="version" value="41"' in page
    assert "<html" not in page


def test_the_list_holds_what_is_under_way_or_failed(client_a, client_reader_a, said, asked, book):
    done, failed, waiting = said("Fini."), said("Refusé."), said("Attend.")
    performing.perform(asked(done).pk)
    book.trouble = (422, {})
    performing.perform(asked(failed).pk)
    asked(waiting)
    path = reverse("moderation:list", kwargs={"organisation": done.organisation.slug})
    page = page_of(client_a, path)
    assert page.index("Attend.") < page.index("Refusé."), "the newest first"
    assert "Fini." not in page
    assert "Fini." in page_of(client_a, f"{path}?view=done")
    act = NetworkAct.objects.get(ticket=failed.ticket)
    again = reverse("moderation:again", kwargs={"organisation": done.organisation.slug, "act": act.pk})
    assert again in page
    assert again not in page_of(client_reader_a, path)
    book.trouble = None
    assert client_a.post(again, {"back": "list"})["Location"] == path
    performing.perform(act.pk)
    assert not book.is_visible(failed.external_id)


def test_an_empty_list_says_what_will_stand_there(client_b, organisation_b, asked, said):
    asked(said("Ailleurs."))
    page = page_of(client_b, reverse("moderation:list", kwargs={"organisation": organisation_b.slug}))
    assert "Ailleurs." not in page
    assert "empty" in page


def test_the_list_asks_no_more_of_the_database_for_more_acts(
    client_a, said, asked, django_assert_max_num_queries
):
    for number in range(5):
        asked(said(f"Message {number}."))
    path = reverse("moderation:list", kwargs={"organisation": "clinique-a"})
    client_a.get(path)  # the first page of a session notes it
    with django_assert_max_num_queries(12):
        client_a.get(path)
