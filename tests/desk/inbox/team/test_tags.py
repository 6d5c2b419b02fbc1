"""Tags: made while typed, found by the index of words, undone, renamed, merged, removed."""

from __future__ import annotations

import pytest
from django.http import Http404

from tests.desk.inbox.team.conftest import NOW, fresh, url
from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import workplace_of
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.models import DecisionRow
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.listing import list_page
from veilleur.desk.inbox.team import tags, ticket_acts
from veilleur.desk.inbox.team.models import Tag
from veilleur.errors import ActRefused
from veilleur.vocabulary import Act


def found(place, **asked):
    return [row.id for row in list_page(place, Filters(**asked)).rows]


def tagged(place, ticket, *names):
    return ticket_acts.tag(place, ticket.pk, names=names, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_tag_is_made_once_whatever_its_case_and_found_in_every_way(place_a, tickets):
    tagged(place_a, tickets[0], "À rappeler")
    tagged(place_a, tickets[3], "a  RAPPELER")
    tag = Tag.objects.get()
    assert tag.name == "À rappeler"
    both = [tickets[0].pk, tickets[3].pk]
    assert found(place_a, tag=str(tag.pk)) == both
    assert found(place_a, q='tag:"a rappeler"') == both
    assert found(place_a, q="marqueur:«à rappeler» attente") == both
    assert found(place_a, q='tag:"a rapp*"') == both
    assert found(place_a, q="tag:rappeler") == []
    assert found(place_a, q='tag:"a rappeler" 3') == []
    assert len(found(place_a, q='attente -tag:"a rappeler"')) == 4
    assert found(place_a, q='(attente PRÈS/3 message) tag:"à rappeler"') == both
    assert found(place_a, q="tag:personne") == []
    assert list_page(place_a, Filters(tag=str(tag.pk))).count == "2"


@pytest.mark.django_db(transaction=True)
def test_tagging_is_one_act_that_is_undone(place_a, tickets):
    before = fresh(tickets[0]).status
    decision = tagged(place_a, tickets[0], "Urgent", "Presse")
    assert decision.act == Act.TAG
    assert decision.details["added"] == "Presse, Urgent"
    assert [tag.name for tag in tags.tags_on([tickets[0].pk])[tickets[0].pk]] == ["Presse", "Urgent"]
    actions.undo(place_a, decision.pk, now=NOW)
    assert not tags.tags_on([tickets[0].pk])
    assert found(place_a, q="tag:urgent") == []
    assert fresh(tickets[0]).status == before
    assert audit.verify(place_a.organisation)


def test_what_changes_nothing_is_refused(place_a, tickets):
    tagged(place_a, tickets[0], "Urgent")
    with pytest.raises(ActRefused):
        tagged(place_a, tickets[0], "urgent")
    with pytest.raises(ActRefused):
        tagged(place_a, tickets[0], "!!!")
    assert DecisionRow.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_edited_message_and_a_corrected_one_keep_their_tags(place_a, tickets):
    tagged(place_a, tickets[0], "Urgent")
    ticket = fresh(tickets[0])
    actions.correct(place_a, ticket.pk, ticket.version, analyzer="sentiment", label="pos", now=NOW)
    assert found(place_a, q="tag:urgent sentiment:pos") == [ticket.pk]


@pytest.mark.django_db(transaction=True)
def test_another_name_costs_nothing_and_merging_leaves_one(place_a, client_a, organisation_a, tickets):
    for ticket in tickets[:3]:
        tagged(place_a, ticket, "Urgent")
    for ticket in tickets[2:4]:
        tagged(place_a, ticket, "Pressé")
    urgent, hurried = Tag.objects.get(name="Urgent"), Tag.objects.get(name="Pressé")
    said = {f"tag{urgent.pk}-name": "Très urgent", f"tag{urgent.pk}-colour": "red"}
    client_a.post(url("change_tag", organisation_a, tag=urgent.pk), said)
    assert found(place_a, q='tag:"tres urgent"') == [ticket.pk for ticket in tickets[:3]]
    client_a.post(url("drop_tag", organisation_a, tag=hurried.pk), {f"drop{hurried.pk}-into": urgent.pk})
    assert list(Tag.objects.values_list("name", "colour")) == [("Très urgent", "red")]
    assert found(place_a, tag=str(urgent.pk)) == [ticket.pk for ticket in tickets[:4]]
    client_a.post(url("drop_tag", organisation_a, tag=urgent.pk), {f"drop{urgent.pk}-into": ""})
    assert not Tag.objects.exists()
    assert found(place_a, q="tag*") == []
    assert found(place_a, tag=str(urgent.pk)) == []


def test_a_name_that_is_taken_is_refused(client_a, organisation_a, place_a, tickets):
    tagged(place_a, tickets[0], "Urgent", "Presse")
    presse = Tag.objects.get(name="Presse")
    said = {f"tag{presse.pk}-name": "URGENT", f"tag{presse.pk}-colour": "red"}
    page = client_a.post(url("change_tag", organisation_a, tag=presse.pk), said, follow=True)
    assert "toast-error" in page.content.decode()
    assert Tag.objects.filter(name="Presse").exists()


def test_a_house_has_so_many_tags_and_a_ticket_too(place_a, tickets, monkeypatch):
    monkeypatch.setattr(tags, "MOST", 2)
    tagged(place_a, tickets[0], "a", "b")
    with pytest.raises(ActRefused):
        tagged(place_a, tickets[0], "c")
    assert Tag.objects.count() == 2


def test_strangers_and_readers_put_no_tags(place_b, reader_a, organisation_a, place_a, tickets):
    with pytest.raises(Http404):
        tagged(place_b, tickets[0], "Urgent")
    with pytest.raises(ActRefused):
        tagged(workplace_of(reader_a, organisation_a.slug), tickets[0], "Urgent")
    tagged(place_a, tickets[0], "Urgent")
    assert found(place_b, tag=str(Tag.objects.get(organisation=organisation_a).pk)) == []


def test_tags_are_put_on_and_taken_off_on_the_page(client_a, organisation_a, tickets):
    page = client_a.post(
        url("tag", organisation_a, ticket=tickets[0].pk), {"names": "Urgent, Presse"}, follow=True
    ).content.decode()
    assert page.count('class="tag ') >= 4, "in the list and on the ticket"
    assert "a ajouté" in page
    off = Tag.objects.get(name="Urgent").pk
    page = client_a.post(url("tag", organisation_a, ticket=tickets[0].pk), {"off": off}, follow=True)
    assert [tag.name for tag in tags.tags_on([tickets[0].pk])[tickets[0].pk]] == ["Presse"]
    assert f'<option value="{off}">' in page.content.decode()
