"""Messages that say the same: one group each, shown once, and no work hidden."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.http import QueryDict

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.forms import FilterForm
from veilleur.desk.inbox.hearing import read_and_sorted
from veilleur.desk.inbox.models import Fingerprint, MentionRow, TicketRow
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.listing import list_page
from veilleur.desk.inbox.queries.ticket import neighbours, ticket_page
from veilleur.desk.inbox.storing import Counts, store
from veilleur.desk.sources.actions import add_source
from veilleur.desk.sources.models import Source
from veilleur.vocabulary import Mention

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
FLOOD = (
    "Trois heures d’attente aux urgences hier soir avec mon fils de quatre ans, personne ne nous a rien "
    "expliqué, et à la fin on nous renvoie chez nous avec une ordonnance."
)
OTHER = (
    "Le parking de la clinique est devenu payant sans prévenir, et les places réservées aux personnes "
    "handicapées sont toujours prises par des livreurs pressés."
)
SHORT = "Très bon accueil ici"

Tell = Callable[..., Counts]


@pytest.fixture
def source(organisation_a: Organisation) -> Source:
    return add_source(organisation_a, "Forum", by="tests")


@pytest.fixture
def tell(source: Source) -> Tell:
    """Stores messages as a collector does: id=text; a is older than b. `thread`: their conversation."""

    def store_them(into: Source = source, thread: str = "", **texts: str) -> Counts:
        mentions = [
            Mention(
                source=into.key,
                external_id=name,
                text=text,
                collected_at=NOW,
                thread=thread,
                published_at=NOW + timedelta(minutes=ord(name)),
            )
            for name, text in texts.items()
        ]
        with transaction.atomic():
            return store(into, read_and_sorted(into, mentions, NOW), NOW)

    return store_them


def groups() -> dict[str, str | None]:
    """Message → the first one of its group."""
    names = dict(MentionRow.objects.values_list("pk", "external_id"))
    told = TicketRow.objects.values_list("mention__external_id", "alike")
    return {name: None if first is None else names.get(first, "gone") for name, first in told}


def shown(place: Workplace, query: str = "") -> list[str]:
    page = list_page(place, FilterForm(QueryDict(query)).filters())
    named = dict(TicketRow.objects.values_list("pk", "mention__external_id"))
    return [named[row.id] for row in page.rows]


# ---------------------------------------------------------------- which group


def test_copies_join_the_first_of_them(tell: Tell) -> None:
    tell(a=FLOOD, b=OTHER)
    tell(c=f"RT @x: {FLOOD}", d=f"{FLOOD} https://exemple.fr", e="Merci !", f="Merci !")
    assert groups() == {"a": "a", "b": None, "c": "a", "d": "a", "e": None, "f": None}


def test_copies_of_one_batch_join_each_other(tell: Tell) -> None:
    tell(a=FLOOD, b=OTHER, c=FLOOD.upper())
    assert groups() == {"a": "a", "b": None, "c": "a"}


def test_another_source_of_the_house_counts(tell: Tell, organisation_a: Organisation) -> None:
    tell(a=FLOOD)
    tell(into=add_source(organisation_a, "Avis", by="tests"), b=FLOOD)
    assert groups() == {"a": "a", "b": "a"}


def test_another_house_does_not(tell: Tell, organisation_b: Organisation) -> None:
    tell(a=FLOOD)
    tell(into=add_source(organisation_b, "Avis", by="tests"), b=FLOOD)
    assert groups() == {"a": None, "b": None}
    assert Fingerprint.objects.count() == 2


def test_short_texts_are_grouped_within_a_conversation(tell: Tell) -> None:
    tell(a=SHORT, b=SHORT)
    tell(thread="post", c=SHORT, d=f"{SHORT} 😊")
    tell(thread="another", e=SHORT)
    assert groups() == {"a": None, "b": None, "c": "c", "d": "c", "e": None}


def test_what_comes_again_changes_nothing(tell: Tell) -> None:
    tell(a=FLOOD, b=FLOOD)
    before = groups(), list(Fingerprint.objects.values())
    assert tell(a=FLOOD, b=FLOOD).unchanged == 2
    assert (groups(), list(Fingerprint.objects.values())) == before


def test_a_batch_that_is_undone_leaves_nothing(source: Source, tell: Tell) -> None:
    tell(a=FLOOD)
    with transaction.atomic():
        tell(b=FLOOD)
        transaction.set_rollback(True)
    assert groups() == {"a": None}
    tell(b=FLOOD)
    assert groups() == {"a": "a", "b": "a"}


# ---------------------------------------------------------------- edits


def test_an_edit_leaves_the_group(tell: Tell) -> None:
    tell(a=FLOOD, b=FLOOD, c=FLOOD)
    tell(b=OTHER)
    assert groups() == {"a": "a", "b": None, "c": "a"}
    tell(d=OTHER)
    assert groups() == {"a": "a", "b": "b", "c": "a", "d": "b"}


def test_a_small_edit_stays(tell: Tell) -> None:
    tell(a=FLOOD, b=FLOOD)
    tell(b=f"{FLOOD} Édit : merci à tous")
    tell(a=f"{FLOOD} 😡")
    assert groups() == {"a": "a", "b": "a"}


def test_the_group_stays_when_its_first_message_leaves(tell: Tell) -> None:
    tell(a=FLOOD, b=FLOOD, c=FLOOD)
    tell(a=OTHER)
    tell(d=FLOOD, e=OTHER)
    assert groups() == {"a": None, "b": "a", "c": "a", "d": "a", "e": None}
    tell(a=FLOOD)
    assert groups() == {"a": "a", "b": "a", "c": "a", "d": "a", "e": None}


def test_a_message_that_stood_alone_takes_its_new_wording_along(tell: Tell) -> None:
    tell(a=FLOOD)
    tell(a=OTHER)
    tell(b=FLOOD, c=OTHER)
    assert groups() == {"a": "a", "b": None, "c": "a"}


def test_a_message_edited_to_nothing_is_alone(tell: Tell) -> None:
    tell(a=FLOOD, b=FLOOD)
    tell(b="Merci !")
    tell(a="Merci !")
    assert groups() == {"a": None, "b": None}
    assert not Fingerprint.objects.exists()


def test_edits_at_random_neither_lose_nor_double(tell: Tell) -> None:
    """Whoever says the same as an untouched message is in its group; whoever says nothing is in none."""
    dice = random.Random(11)
    wordings = [FLOOD, OTHER, f"{FLOOD} {OTHER}", "Merci !", SHORT]
    for _step in range(40):
        tell(**{dice.choice("abcdefgh"): dice.choice(wordings)})
    tell(y=FLOOD, z=FLOOD)
    told = dict(MentionRow.objects.values_list("external_id", "text"))
    found = groups()
    flood = {found[name] for name, text in told.items() if text == FLOOD and found[name]}
    assert found["y"] == found["z"]
    assert flood == {found["y"]}
    assert all(found[name] is None for name, text in told.items() if text in {"Merci !", SHORT})
    firsts = set(TicketRow.objects.exclude(alike=None).values_list("alike", flat=True))
    assert firsts <= set(Fingerprint.objects.values_list("pk", flat=True))


def test_the_first_message_may_go(tell: Tell) -> None:
    tell(a=FLOOD, b=FLOOD)
    MentionRow.objects.get(external_id="a").delete()
    tell(c=FLOOD)
    assert groups() == {"b": "gone", "c": None}


# ---------------------------------------------------------------- what the list shows


def test_a_flood_is_shown_once_by_its_newest(tell: Tell, place_a: Workplace) -> None:
    tell(a=FLOOD, b=OTHER, c=FLOOD, d=FLOOD)
    assert shown(place_a) == ["d", "b"]
    page = list_page(place_a, Filters())
    assert page.count == "2"
    assert page.folding == "once"
    assert [view.count for view in page.views if view.is_present] == ["2"]
    assert [row.alike.count if row.alike else "" for row in page.rows] == ["3", ""]


def test_its_link_lists_them_all(tell: Tell, place_a: Workplace) -> None:
    tell(a=FLOOD, b=OTHER, c=FLOOD)
    group = list_page(place_a, Filters()).rows[0].alike
    assert group is not None
    assert shown(place_a, group.query) == ["c", "a"]


@pytest.mark.parametrize(
    "other", [{"priority": 0}, {"queue": "adverse-reactions"}, {"sentiment": "pos"}, {"status": "open"}]
)
def test_other_work_is_never_hidden(tell: Tell, place_a: Workplace, other: dict[str, object]) -> None:
    tell(a=FLOOD, b=FLOOD, c=FLOOD)
    TicketRow.objects.filter(mention__external_id="a").update(**other)
    assert set(shown(place_a)) == {"a", "c"}


def test_an_act_on_the_one_that_is_shown_shows_the_next(tell: Tell, place_a: Workplace) -> None:
    tell(a=FLOOD, b=FLOOD)
    ticket = TicketRow.objects.get(mention__external_id="b")
    actions.close(place_a, ticket.pk, ticket.version, outcome="nothing", now=NOW)
    assert shown(place_a) == ["a"]
    assert shown(place_a, "status=closed") == ["b"]
    assert shown(place_a, "status=all") == ["b", "a"]
    mine = TicketRow.objects.get(mention__external_id="a")
    actions.assign(place_a, mine.pk, mine.version, to=place_a.user, now=NOW)
    assert shown(place_a, "assignee=me") == ["a"]


def test_what_is_shown_may_be_deleted(tell: Tell, place_a: Workplace) -> None:
    tell(a=FLOOD, b=FLOOD, c=FLOOD)
    MentionRow.objects.get(external_id="c").delete()
    assert shown(place_a) == ["b"]


@pytest.mark.parametrize("query", ["q=urgences", "source=forum", "sort=due", "language=fr"])
def test_a_filter_or_a_clock_shows_each(tell: Tell, place_a: Workplace, query: str) -> None:
    tell(a=FLOOD, b=FLOOD)
    assert set(shown(place_a, query)) == {"a", "b"}


def test_counts_say_what_is_listed(tell: Tell, place_a: Workplace) -> None:
    tell(a=FLOOD, b=OTHER, c=FLOOD, d=FLOOD)
    for filters in (Filters(), Filters(sort="due"), Filters(groups_alike=False), Filters(status="all")):
        page = list_page(place_a, filters)
        present = next(view for view in page.views if view.is_present)
        assert present.count == page.count == str(len(page.rows))


def test_a_reader_may_see_each(tell: Tell, place_a: Workplace, client_a) -> None:
    tell(a=FLOOD, b=FLOOD)
    home = f"/o/{place_a.organisation.slug}/inbox/"
    assert client_a.get(home).content.decode().count('class="row unread"') == 1
    assert client_a.post(f"{home}fold/?status=all", {"apart": ""}).url == f"{home}?status=all"
    page = client_a.get(home).content.decode()
    assert page.count('class="row unread"') == 2
    assert 'name="together"' in page
    client_a.post(f"{home}fold/", {"together": ""})
    assert client_a.get(home).content.decode().count('class="row unread"') == 1


def test_next_and_previous_follow_the_list(tell: Tell, place_a: Workplace) -> None:
    tell(a=OTHER, b=FLOOD, c=FLOOD, d="Rien à dire de plus ce matin, à part merci.")
    tickets = {one.mention.external_id: one for one in TicketRow.objects.select_related("mention")}
    assert neighbours(place_a, tickets["d"], Filters()) == (None, tickets["c"].pk)
    assert neighbours(place_a, tickets["c"], Filters()) == (tickets["d"].pk, tickets["a"].pk)
    assert neighbours(place_a, tickets["b"], Filters()) == (tickets["c"].pk, tickets["a"].pk)


def test_the_page_of_a_ticket_names_the_others(tell: Tell, place_a: Workplace) -> None:
    tell(a=FLOOD, b=OTHER, c=FLOOD, d=FLOOD)
    TicketRow.objects.filter(mention__external_id="d").update(status="closed")
    tickets = dict(TicketRow.objects.values_list("mention__external_id", "pk"))
    page = ticket_page(place_a, tickets["c"], Filters())
    assert page.alike is not None
    assert (page.alike.group.count, page.alike.to_do) == ("3", "2")
    assert [other.ticket_id for other in page.alike.newest] == [tickets["d"], tickets["a"]]
    assert ticket_page(place_a, tickets["b"], Filters()).alike is None


def test_a_group_of_another_house_lists_nothing(tell: Tell, place_b: Workplace) -> None:
    tell(a=FLOOD, b=FLOOD)
    first = MentionRow.objects.get(external_id="a").pk
    assert shown(place_b, f"status=all&alike={first}") == []


# ---------------------------------------------------------------- how it is asked


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads the plans of SQLite")
@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (Filters(), "ticket_to_do"),
        (Filters(queue="todo"), "ticket_queue"),
        (Filters(status="closed"), "ticket_status"),
        (Filters(status="all"), "ticket_filters"),
        (Filters(assignee="me"), "ticket_assignee"),
        (Filters(status="all", alike="1"), "ticket_alike"),
        (Filters(alike="1"), "ticket_alike"),
    ],
)
def test_each_view_is_a_walk_of_its_index(place_a: Workplace, filters: Filters, index: str) -> None:
    from veilleur.desk.inbox.queries.filters import narrowed  # noqa: PLC0415

    tickets = narrowed(place_a, filters).order_by("-position").values("pk")[:26]
    plan = tickets.explain()
    assert f"{index} " in plan
    assert "TEMP B-TREE" not in plan


# ---------------------------------------------------------------- two at once


@pytest.mark.django_db(transaction=True)
def test_two_collectors_at_once_make_one_group(organisation_a: Organisation) -> None:
    sources = [add_source(organisation_a, name, by="tests") for name in ("Forum", "Avis")]
    together = Barrier(2, timeout=30)

    def collect(source: Source) -> None:
        try:
            for turn in range(6):
                said = [
                    Mention(source.key, f"{turn}-{number}", text, NOW, published_at=NOW)
                    for number, text in enumerate([OTHER, FLOOD] if source.pk % 2 else [FLOOD, OTHER])
                ]
                ready = read_and_sorted(source, said, NOW)
                together.wait()
                with transaction.atomic():
                    store(source, ready, NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(collect, sources))
    told = MentionRow.objects.values_list("text", "ticket__alike")
    assert len(told) == 24
    assert len(set(told)) == len(Fingerprint.objects.all()) == 2
    assert None not in {first for _text, first in told}
