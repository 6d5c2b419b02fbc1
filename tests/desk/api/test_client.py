"""The client of the package, against a desk that really answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from django.utils import timezone

from veilleur import client as api
from veilleur.client import Desk
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.api.tokens import make_token
from veilleur.desk.inbox.models import MentionRow, Note, TicketRow
from veilleur.errors import (
    ActRefused,
    CredentialsRefused,
    FieldsInvalid,
    NetworkRefused,
    NotReached,
    Outdated,
    Throttled,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PAUSE", 0.001)


@pytest.fixture
def token(place_a: Workplace) -> str:
    """Of Alice, with all she may."""
    return make_token(place_a, name="client", scopes=May, expires_at=None, now=timezone.now())[1]


@pytest.fixture
def desk(live_server: Any, token: str) -> Iterator[Desk]:
    """The desk of A, over HTTP."""
    with Desk(live_server.url, token) as opened:
        yield opened


@pytest.fixture
def tickets(organisation_a: Organisation, make_mention: Callable[..., MentionRow]) -> list[TicketRow]:
    """Seven messages, the oldest first."""
    return [make_mention(organisation_a, text=f"Trop d'attente, {number}.").ticket for number in range(7)]


def test_every_page_is_read_once_while_messages_arrive(
    desk: Desk,
    tickets: list[TicketRow],
    monkeypatch: pytest.MonkeyPatch,
    organisation_a: Organisation,
    make_mention: Callable[..., MentionRow],
) -> None:
    monkeypatch.setattr(api, "PAGE", 2)
    found = []
    for ticket in desk.tickets(status="all"):
        found.append(ticket.id)
        make_mention(organisation_a, text="Plus récent.")
    assert found == [ticket.pk for ticket in reversed(tickets)]


def test_filters_are_those_of_the_inbox(desk: Desk, tickets: list[TicketRow]) -> None:
    assert [one.message.text for one in desk.tickets(q="attente AND 3")] == ["Trop d'attente, 3."]
    assert list(desk.tickets(from_="2031-01-01")) == []
    with pytest.raises(FieldsInvalid) as wrong:
        list(desk.tickets(q="(attente"))
    assert set(wrong.value.fields) == {"q"}


def test_a_day_of_work(desk: Desk, tickets: list[TicketRow]) -> None:
    ticket = desk.ticket(tickets[0].pk)
    done = desk.assign(ticket, desk.organisation().you.id)
    assert done.version == 2
    with pytest.raises(Outdated):
        desk.close(ticket, "nothing")
    desk.note(ticket.id, "Vu.")
    fresh = desk.ticket(ticket.id)
    assert [note.text for note in fresh.notes] == ["Vu."]
    desk.undo(desk.correct(fresh, "sentiment", "pos").decision or 0)
    fresh = desk.ticket(ticket.id)
    desk.snooze(fresh, datetime(2030, 1, 1, tzinfo=UTC))
    fresh = desk.ticket(ticket.id)
    desk.reopen(fresh)
    fresh = desk.ticket(ticket.id)
    desk.close(fresh, "nothing")
    assert desk.ticket(ticket.id).status == "closed"
    assert [one.name for one in desk.members()] == ["Alice"]


def test_a_reply_is_drafted_judged_and_given_to_a_colleague(desk: Desk, tickets: list[TicketRow]) -> None:
    begun = desk.draft(tickets[0].pk)
    assert begun.reply is not None
    bad = desk.judge(tickets[0].pk, "Vous étiez bien notre patient le 3 mars.")
    assert not bad.may_leave
    assert bad.breaches
    written = desk.write(begun.reply, "Merci de votre message.")
    submitted = desk.submit(written)
    assert submitted.state == "to_approve"
    with pytest.raises(ActRefused, match="somebody else reads it"):
        desk.approve(submitted)
    with pytest.raises(ActRefused):
        desk.send(submitted)


def test_refusals_are_those_of_the_house(live_server: Any, desk: Desk, tickets: list[TicketRow]) -> None:
    with pytest.raises(NetworkRefused) as missing:
        desk.ticket(10**9)
    assert missing.value.status == HTTPStatus.NOT_FOUND
    with pytest.raises(FieldsInvalid) as wrong:
        desk.close(desk.ticket(tickets[0].pk), "maybe")
    assert set(wrong.value.fields) == {"outcome"}
    with Desk(live_server.url, "vlr_00000000_x") as stranger, pytest.raises(CredentialsRefused):
        stranger.organisation()
    with Desk("http://127.0.0.1:9", "x", attempts=2) as nobody, pytest.raises(NotReached):
        nobody.organisation()


def test_who_calls_too_often_is_told_to_wait(
    desk: Desk, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_RATE = 1
    monkeypatch.setattr(api, "LONGEST_WAIT", 0.0)
    desk.organisation()
    with pytest.raises(Throttled) as waits:
        desk.organisation()
    assert 1 <= waits.value.seconds <= 60


class _Broken(httpx.HTTPTransport):
    """Loses the first answers, once the desk has acted; then answers 503, then as it should."""

    def __init__(self, lost: int) -> None:
        super().__init__()
        self.lost = lost

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        self.lost -= 1
        if self.lost > 0:
            raise httpx.ReadError("lost")
        return httpx.Response(503) if self.lost == 0 else answer


def test_what_is_asked_again_happens_once(live_server: Any, token: str, tickets: list[TicketRow]) -> None:
    with Desk(live_server.url, token) as desk:
        desk._client._transport = _Broken(2)
        done = desk.note(tickets[0].pk, "Une fois.")
    assert Note.objects.count() == 1
    assert done.version == 2
