"""Views that people keep, lists of words, and the search box in the language of watches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.inbox.models import SavedView, Watch, WordList
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.listing import list_page

TEXTS = ("Trop d’attente.", "Attente au parking.", "Chez Duval c’est mieux.", "Merci !")


@pytest.fixture
def messages(make_mention, organisation_a):
    return [
        make_mention(organisation_a, text=text, rating_value=value, rating_worst=1, rating_best=5)
        for text, value in zip(TEXTS, (1, 2, 3, 5), strict=True)
    ]


@pytest.fixture
def address(organisation_a):
    return lambda name, **told: reverse(f"inbox:{name}", kwargs={"organisation": organisation_a.slug, **told})


def texts(response) -> list[str]:
    return ["".join(part.text for part in row.excerpt) for row in response.context["page"].rows]


texts_typed = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(
    st.builds(
        Filters,
        q=texts_typed,
        status=st.sampled_from(["to_do", "all", "closed"]),
        place=texts_typed,
        rating=st.sampled_from(["", "1", "none"]),
        since=st.none() | st.dates(),
        until=st.none() | st.dates(),
        sort=st.sampled_from(["newest", "due"]),
    )
)
def test_filters_are_read_as_they_were_written(filters):
    assert Filters.written(replace(filters, after="p7").query()) == filters


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("attente SAUF parking", [TEXTS[0]]),
        ("note:<=2", [TEXTS[1], TEXTS[0]]),
        ("note:>2 -merci", [TEXTS[2]]),
        ("liste:rivaux OU merci", [TEXTS[3], TEXTS[2]]),
        ("trop PRÈS/2 attente", [TEXTS[0]]),
        ("-attente", [TEXTS[3], TEXTS[2]]),
    ],
)
def test_the_search_box_speaks_the_language_of_watches(
    client_a, messages, organisation_a, address, typed, found
):
    WordList.objects.create(organisation=organisation_a, name="rivaux", words="duval\ndurand")
    page = client_a.get(address("list"), {"q": typed})
    assert texts(page) == found
    assert not page.context["mistake"]


def test_what_is_no_query_is_read_as_words_and_the_mistake_is_told(client_a, messages, address):
    page = client_a.get(address("list"), {"q": "(attente"})
    assert texts(page) == [TEXTS[1], TEXTS[0]]
    assert "parenthèse" in page.content.decode()


def test_a_view_is_kept_counted_and_found_again(client_a, messages, address, organisation_a):
    client_a.post(address("keep_view"), {"name": "Parking", "query": "q=attente+parking&status=all"})
    client_a.post(address("keep_view"), {"name": "Mauvais", "query": "rating=1"})
    quick, slow = sorted(client_a.get(address("list")).context["page"].saved, key=lambda view: view.name)
    assert (quick.name, quick.count) == ("Mauvais", "1")
    assert (slow.name, slow.count) == ("Parking", ""), "counted once the page stands"
    assert "<span>1</span>" in client_a.get(address("view_count", view=slow.id)).content.decode()
    page = client_a.get(f"{address('list')}?{slow.query}")
    assert texts(page) == [TEXTS[1]]
    assert [view.name for view in page.context["page"].saved if view.is_present] == ["Parking"]
    assert not any(view.is_present for view in page.context["page"].views)
    assert page.context["page"].title == "Parking"
    assert AuditLine.objects.filter(act="inbox.keep_view").count() == 2


def test_a_view_of_nonsense_keeps_what_makes_sense(client_a, messages, address):
    client_a.post(address("keep_view"), {"name": "X", "query": "rating=9&status=closed&from=never"})
    assert SavedView.objects.get().query == "status=closed"


@pytest.fixture
def views(organisation_a, alice, member_a):
    def made(name, owner):
        return SavedView.objects.create(organisation=organisation_a, name=name, query="rating=1", owner=owner)

    return {"hers": made("Hers", alice), "ours": made("Ours", None), "theirs": made("Theirs", member_a)}


def test_each_sees_their_own_and_everybodys(place_a, client_reader_a, views, address):
    assert [view.name for view in list_page(place_a, Filters()).saved] == ["Hers", "Ours"]
    page = client_reader_a.get(address("saved")).content.decode()
    assert "Ours" in page
    assert "Hers" not in page


@pytest.mark.parametrize("act", ["change_view", "drop_view"])
def test_a_reader_changes_their_own_alone(client_reader_a, reader_a, views, address, act):
    told = {f"view{view.pk}-name": "Y" for view in views.values()}
    assert client_reader_a.post(address(act, view=views["hers"].pk), told).status_code == 404
    assert client_reader_a.post(address(act, view=views["ours"].pk), told).status_code == 403
    own = SavedView.objects.create(organisation=views["hers"].organisation, name="Z", owner=reader_a)
    assert client_reader_a.post(address(act, view=own.pk), {f"view{own.pk}-name": "Y"}).status_code == 302
    shared = {f"view{own.pk}-name": "Y", f"view{own.pk}-is_shared": "on"}
    assert client_reader_a.post(address("change_view", view=own.pk), shared).status_code in {403, 404}
    assert SavedView.objects.filter(owner=None).count() == 1


def test_a_view_is_renamed_shared_and_removed(client_a, views, address):
    view = views["hers"]
    client_a.post(
        address("change_view", view=view.pk), {f"view{view.pk}-name": "Y", f"view{view.pk}-is_shared": "on"}
    )
    view.refresh_from_db()
    assert (view.name, view.owner) == ("Y", None)
    client_a.post(
        address("change_view", view=view.pk),
        {f"view{view.pk}-name": "Ours", f"view{view.pk}-is_shared": "on"},
    )
    view.refresh_from_db()
    assert view.name == "Y", "one name, one view"
    client_a.post(address("drop_view", view=view.pk))
    assert not SavedView.objects.filter(pk=view.pk).exists()


def test_a_list_changes_and_its_watches_look_again(client_a, messages, address, organisation_a):
    client_a.post(address("add_list"), {"name": "rivaux", "words": "duval"})
    words = WordList.objects.get()
    client_a.post(address("add_watch"), {"name": "Rivaux", "subject": "theme", "query": "liste:rivaux"})
    watch = Watch.objects.get()
    assert watch.hits.count() == 1
    client_a.post(address("word_list", word_list=words.pk), {"name": "autre", "words": "duval\nmerci"})
    words.refresh_from_db()
    assert (words.name, watch.hits.count()) == ("rivaux", 2), "a name that a watch uses stays"
    page = client_a.get(address("lists")).content.decode()
    assert "Rivaux" in page
    client_a.post(address("drop_list", word_list=words.pk))
    assert WordList.objects.exists(), "a watch uses it"
    watch.delete()
    client_a.post(address("drop_list", word_list=words.pk))
    assert not WordList.objects.exists()


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"name": "des rivaux"}, "name"),
        ({"name": ""}, "name"),
        ({"words": "…"}, "words"),
        ({"words": " \n "}, "words"),
        ({"words": "*tente"}, "words"),
        ({"words": "mot " * 600}, "words"),
        ({"name": "taken"}, "name"),
    ],
)
def test_what_is_wrong_with_a_list_is_named(client_a, organisation_a, address, told, field):
    WordList.objects.create(organisation=organisation_a, name="taken", words="x")
    page = client_a.post(address("add_list"), {"name": "rivaux", "words": "duval", **told})
    assert list(page.context["form"].errors) == [field]
    assert WordList.objects.count() == 1
