"""A trial says to what a rule would have applied, and changes nothing; killed, it goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone

from tests.desk.automation.test_firing import DANGER, rule
from tests.desk.conftest import MakeMention
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.automation import trying
from veilleur.desk.automation.models import Firing, Trial
from veilleur.desk.automation.queries import trial_of
from veilleur.desk.inbox.models import DecisionRow, Note, TicketRow


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "BATCH", 4)


@pytest.mark.usefixtures("few")
def test_a_trial_names_what_would_be_done_and_changes_nothing(
    place_a: Workplace, make_mention: MakeMention
) -> None:
    now, house = timezone.now(), place_a.organisation
    kept = rule(place_a, query="promo*", is_on=False, steps={"close": "not_ours", "note": "Vu."})
    for number in range(9):
        make_mention(
            house, "promotion" if number % 2 else "attente", published_at=now - timedelta(days=number)
        )
    make_mention(house, "promotion", published_at=now, findings=DANGER)
    make_mention(house, "promotion", published_at=now - timedelta(days=60))
    before = list(TicketRow.objects.order_by("pk").values())
    asked = trying.ask(place_a, kept, days=30, now=now)
    trying.carry_out(asked.pk)
    trying.carry_out(asked.pk)
    shown = trial_of(place_a, asked.pk)
    assert (shown.total, shown.looked_at, shown.found, shown.is_over) == (10, 10, 5, True)
    refused = [result for hit in shown.hits for result in hit.results if not result.is_done]
    assert len(refused) == 1
    assert refused[0].why
    assert list(TicketRow.objects.order_by("pk").values()) == before
    assert not Note.objects.exists()
    assert not Firing.objects.exists()
    assert not DecisionRow.objects.exists()


@pytest.mark.usefixtures("few")
def test_a_trial_that_was_killed_goes_on_where_it_was(
    place_a: Workplace, make_mention: MakeMention, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    for _number in range(10):
        make_mention(place_a.organisation, "promotion", published_at=now - timedelta(days=1))
    asked = trying.ask(place_a, rule(place_a, query="promo*", is_on=False), days=30, now=now)
    real, count = trying._would, 0

    def dies(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == 6:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(trying, "_would", dies)
    with pytest.raises(KeyboardInterrupt):
        trying.carry_out(asked.pk)
    assert Trial.objects.get(pk=asked.pk).looked_at == 4
    trying.carry_out(asked.pk)
    shown = trial_of(place_a, asked.pk)
    assert (shown.looked_at, shown.found, len(shown.hits)) == (10, 10, 10)


@pytest.mark.parametrize(
    ("event", "found"), [("arrives", 3), ("closed", 1), ("late", 1), ("changes", 0), ("returns", 0)]
)
def test_each_event_has_its_past(
    place_a: Workplace, make_mention: MakeMention, event: str, found: int
) -> None:
    now, house = timezone.now(), place_a.organisation
    make_mention(house, published_at=now)
    make_mention(house, published_at=now, status="closed", closed_at=now)
    make_mention(house, published_at=now, due_at=now - timedelta(hours=1))
    asked = trying.ask(place_a, rule(place_a, event=event, is_on=False), days=3, now=timezone.now())
    trying.carry_out(asked.pk)
    assert trial_of(place_a, asked.pk).found == found


def test_a_trial_is_of_its_house(place_a: Workplace, place_b: Workplace) -> None:
    asked = trying.ask(place_a, rule(place_a, is_on=False), days=3, now=timezone.now())
    with pytest.raises(Http404):
        trial_of(place_b, asked.pk)
