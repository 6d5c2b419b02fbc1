"""The command bar proposes what a person may reach, and nothing of another house; covered texts."""

from __future__ import annotations

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from veilleur.desk.inbox.attendance import Care
from veilleur.desk.inbox.care import choose_care
from veilleur.desk.inbox.models import SavedView
from veilleur.desk.inbox.queries.commands import MOST, commands

THREAT = [{"analyzer": "toxicity", "label": "threat", "score": 0.9, "because": "term", "grounds": ["tuer"]}]


def url(name, organisation, **arguments):
    return reverse(f"inbox:{name}", kwargs={"organisation": organisation.slug, **arguments})


def names(place, asked, ticket=None):
    return [one.name for one in commands(place, asked, ticket)]


def test_letters_find_pages_without_accents_or_case(place_a):
    assert names(place_a, "MODER") == ["Modération", "Chercher «\u00a0MODER\u00a0» dans tous les avis"]
    assert names(place_a, "synthe")[0] == "Synthèse"


def test_a_number_finds_a_message_of_this_house_only(place_a, place_b, organisation_a, make_mention):
    ticket = make_mention(organisation_a).ticket
    for asked in (str(ticket.pk), f"#{ticket.pk}"):
        assert names(place_a, asked)[0] == f"Avis {ticket.pk}"
        assert f"Avis {ticket.pk}" not in names(place_b, asked)


def test_the_open_message_brings_its_acts(place_a, place_b, organisation_a, make_mention):
    ticket = make_mention(organisation_a).ticket
    assert {one.key for one in commands(place_a, "attrib", ticket.pk)} >= {"a"}
    assert not any(one.key for one in commands(place_b, "attrib", ticket.pk))


def test_saved_views_are_found_and_those_of_others_are_not(place_a, organisation_a, organisation_b, bob):
    SavedView.objects.create(organisation=organisation_a, name="Été chaud", query="q=chaud")
    SavedView.objects.create(organisation=organisation_b, name="Été froid", query="q=froid")
    assert names(place_a, "ete")[0] == "Été chaud"
    assert "Été froid" not in names(place_a, "ete")


def test_a_reader_is_offered_no_act_and_no_settings(client_reader_a, organisation_a, make_mention):
    ticket = make_mention(organisation_a).ticket
    page = client_reader_a.get(url("go", organisation_a), {"ticket": ticket.pk}).content.decode()
    assert reverse("members", kwargs={"organisation": organisation_a.slug}) not in page
    assert "Mode concentré" not in page


@given(asked=st.text(max_size=300))
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=30)
def test_any_letters_are_answered_with_few_proposals(place_a, asked):
    assert len(commands(place_a, asked, None)) <= MOST


def test_the_bar_gets_choices_and_a_browser_without_script_a_page(client_a, organisation_a):
    part = client_a.get(
        url("go", organisation_a), {"c": "syn"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert part.lstrip().startswith("<li")
    assert 'role="option"' in part
    assert "<h1>" in client_a.get(url("go", organisation_a), {"c": "syn"}).content.decode()


# --- covered texts ---


@pytest.fixture
def hard(organisation_a, make_mention):
    return make_mention(organisation_a, text="Je vais te tuer.", title="Te tuer", findings=THREAT).ticket


def test_a_hard_text_is_covered_in_the_list_and_in_the_message(client_a, organisation_a, hard):
    page = client_a.get(url("list", organisation_a)).content.decode()
    assert "tuer" not in page
    assert "Couvert" in page
    page = client_a.get(url("ticket", organisation_a, ticket=hard.pk)).content.decode()
    assert 'class="veil"' in page
    assert '<h2 id="ticket-title" tabindex="-1">Te tuer' not in page


def test_who_wishes_it_otherwise_sees_it(client_a, alice, organisation_a, hard):
    choose_care(alice, veils=False, pause_after=0)
    assert "Je vais te tuer" in client_a.get(url("list", organisation_a)).content.decode()
    page = client_a.get(url("ticket", organisation_a, ticket=hard.pk)).content.decode()
    assert "open hidden" in page


def test_other_texts_are_not_covered(client_a, organisation_a, make_mention):
    ticket = make_mention(organisation_a).ticket
    assert (
        'class="veil"' not in client_a.get(url("ticket", organisation_a, ticket=ticket.pk)).content.decode()
    )


def test_the_wish_is_kept_for_the_person_alone(client_a, organisation_a, alice, member_a):
    client_a.post(url("care", organisation_a), {"pause_after": "5"})
    wished = Care.objects.get()
    assert (wished.person, wished.veils, wished.pause_after) == (alice, False, 5)


@pytest.mark.parametrize("said", ["-1", "501", "soon", ""])
def test_a_wish_that_makes_no_sense_is_refused(client_a, organisation_a, said):
    assert client_a.post(url("care", organisation_a), {"pause_after": said}).status_code == 200
    assert not Care.objects.exists()
