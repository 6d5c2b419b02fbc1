"""Watches: what is listened for, in what came and in what comes, and what a query would have brought."""

from __future__ import annotations

import pytest
from django.urls import reverse

from veilleur.desk.inbox import search
from veilleur.desk.inbox.models import MentionRow, Watch, WatchHit
from veilleur.desk.inbox.watch_forms import WatchForm
from veilleur.desk.inbox.watching import mark, preview, scan, whole_query

TEXTS = ("Trop d’attente chez le Dr Martin.", "Attente au parking.", "Merci au cabinet Martin !", "Rien.")
FAR = "Trop de monde au parking, et une attente sans fin."


@pytest.fixture
def messages(make_mention, organisation_a, organisation_b):
    make_mention(organisation_b, text="Attente chez un autre.")
    return [make_mention(organisation_a, text=text) for text in TEXTS]


@pytest.fixture
def watch(organisation_a):
    return Watch.objects.create(
        organisation=organisation_a, name="Attente", query="attente OU martin", excluded="parking"
    )


def hits(watch):
    return sorted(watch.hits.values_list("mention__text", flat=True))


def test_the_past_is_looked_through(messages, watch):
    assert scan(watch) == 2
    assert hits(watch) == [TEXTS[2], TEXTS[0]]
    watch.refresh_from_db()
    assert watch.scanned_at


def test_looking_again_doubles_nothing_and_forgets_what_no_longer_answers(messages, watch):
    scan(watch)
    scan(watch)
    assert WatchHit.objects.count() == 2
    watch.excluded = "parking OU cabinet"
    watch.save()
    assert scan(watch) == 1


def test_a_scan_ends_when_the_watch_changes_meanwhile(messages, watch):
    stale = Watch.objects.select_related("organisation").get(pk=watch.pk)
    Watch.objects.update(query="rien")
    assert scan(stale) == 0
    assert WatchHit.objects.count() == 0


def test_only_what_comes_is_marked(messages, watch, organisation_a):
    mark(MentionRow.objects.filter(pk=messages[0].pk), [watch], organisation_a)
    assert hits(watch) == [TEXTS[0]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("attente", [TEXTS[1], TEXTS[0]]),
        ("attent*", [TEXTS[1], TEXTS[0]]),
        ("attente SAUF parking", [TEXTS[0]]),
        ("«Dr Martin» OU merci", [TEXTS[2], TEXTS[0]]),
        ("rien NON attente NON martin", [TEXTS[3]]),
        ("note:none", [TEXTS[3], TEXTS[2], TEXTS[1], TEXTS[0]]),
        ("introuvable", []),
    ],
)
def test_a_preview_shows_the_newest(messages, place_a, query, found):
    shown = preview(place_a, whole_query(query, "", place_a.organisation))
    texts = ["".join(part.text for part in row.excerpt) for row in shown.rows]
    assert texts == found
    assert (shown.count, shown.is_whole) == (str(len(found)), True)


def test_a_preview_ends_in_time(messages, place_a, make_mention, monkeypatch):
    make_mention(place_a.organisation, text=FAR)
    monkeypatch.setattr(search, "PATIENCE", -1)
    monkeypatch.setattr(search, "_AT_ONCE", 1)
    shown = preview(place_a, whole_query("trop NEAR/3 attente", "", place_a.organisation))
    assert (shown.count, shown.is_whole) == ("0", False), "the newest that may answer does not"


def filled(**told):
    return {"name": "A", "subject": "theme", "identifier": "", "query": "attente", "excluded": "", **told}


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"query": "(attente"}, "query"),
        ({"excluded": '""'}, "excluded"),
        ({"subject": "practitioner", "identifier": "10990208449"}, "identifier"),
        ({"subject": "establishment", "identifier": "12"}, "identifier"),
        ({"name": ""}, "name"),
        ({"query": "x" * 10_001}, "query"),
    ],
)
def test_what_is_wrong_is_named(organisation_a, told, field):
    form = WatchForm(filled(**told), instance=Watch(organisation=organisation_a))
    assert list(form.errors) == [field]


def test_numbers_with_their_key_are_kept(organisation_a):
    told = filled(subject="practitioner", identifier="10990208448")
    form = WatchForm(told, instance=Watch(organisation=organisation_a))
    assert form.is_valid(), form.errors
    assert form.save().identifier == "10990208448"


def test_a_watch_is_saved_scanned_listed_and_removed(client_a, messages, organisation_a):
    slug = {"organisation": organisation_a.slug}
    client_a.post(reverse("inbox:add_watch", kwargs=slug), filled(query="martin"))
    watch = Watch.objects.get()
    assert hits(watch) == [TEXTS[2], TEXTS[0]]
    page = client_a.get(reverse("inbox:watches", kwargs=slug)).content.decode()
    assert "martin" in page
    listed = client_a.get(reverse("inbox:list", kwargs=slug), {"status": "all", "watch": watch.pk})
    assert len(listed.context["page"].rows) == 2
    client_a.post(reverse("inbox:add_watch", kwargs=slug), filled(query="rien"))
    assert Watch.objects.count() == 1, "one name, one watch"
    client_a.post(reverse("inbox:drop_watch", kwargs={**slug, "watch": watch.pk}))
    assert (Watch.objects.count(), WatchHit.objects.count()) == (0, 0)
    assert MentionRow.objects.filter(organisation=organisation_a).count() == 4


def test_the_preview_says_what_is_wrong_in_french(client_a, messages, organisation_a):
    address = reverse("inbox:preview_watch", kwargs={"organisation": organisation_a.slug})
    page = client_a.post(address, {"query": "aspect:attnte"}).content.decode()
    assert "attente" in page
    assert "notice-warning" in page


def test_a_message_says_what_watches_it_and_that_it_is_gone(client_a, messages, watch, organisation_a):
    scan(watch)
    mention = messages[0]
    mention.gone_at = mention.collected_at
    mention.save()
    address = reverse(
        "inbox:ticket", kwargs={"organisation": organisation_a.slug, "ticket": mention.ticket.pk}
    )
    page = client_a.get(address).content.decode()
    assert "N’est plus sur son réseau" in page
    assert "<dd>Attente</dd>" in page


def test_an_import_by_command_is_watched_too(run, watch, organisation_a, tmp_path):
    file = tmp_path / "avis.csv"
    file.write_text("avis;date\nTrop d’attente.;02/11/2026\nMerci.;03/11/2026\n", encoding="utf-8")
    done = run("import", str(file), "--to", organisation_a.slug, "--source", "avis")
    assert done.exit_code == 0, done.output
    assert hits(watch) == ["Trop d’attente."]


def test_a_watch_that_cannot_be_read_any_more_stops_nothing(messages, watch, organisation_a):
    Watch.objects.create(organisation=organisation_a, name="Vieille", query="liste:partie")
    mark(
        MentionRow.objects.filter(organisation=organisation_a),
        list(Watch.objects.order_by("pk")),
        organisation_a,
    )
    assert hits(watch) == [TEXTS[2], TEXTS[0]]


def test_a_source_that_is_named_in_words_by_command_has_its_page(run, client_a, organisation_a, tmp_path):
    file = tmp_path / "avis.csv"
    file.write_text("avis;date\nTrop d’attente.;02/11/2026\n", encoding="utf-8")
    for _time in range(2):
        done = run("import", str(file), "--to", organisation_a.slug, "--source", "Forum de la vallée")
        assert done.exit_code == 0, done.output
    assert list(organisation_a.sources.values_list("key", "name")) == [
        ("forum-de-la-vallee", "Forum de la vallée")
    ]
    slug = {"organisation": organisation_a.slug}
    assert client_a.get(reverse("sources:list", kwargs=slug)).status_code == 200
