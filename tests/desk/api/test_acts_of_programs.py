"""Programs act as people do: same acts, same versions, same trail; and once, however often they ask."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.desk.api.conftest import Program
from veilleur.desk.accounts.models import AuditLine, Organisation, User
from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.api.models import StoredAnswer
from veilleur.desk.inbox.models import DecisionRow, MentionRow, Note, TicketRow

PROBLEM = "urn:veilleur:problem:"


@pytest.fixture
def ticket(organisation_a: Organisation, make_mention: Callable[..., MentionRow]) -> TicketRow:
    """A ticket of A that nobody touched."""
    return make_mention(organisation_a, text="Trop d'attente, merci à Mme Dupont.").ticket


def test_an_act_takes_the_version_that_was_seen(program_a: Program, ticket: TicketRow) -> None:
    seen = program_a.get(f"/tickets/{ticket.pk}")
    assert seen["ETag"] == '"1"'
    done = program_a.post(f"/tickets/{ticket.pk}/close", {"outcome": "nothing"}, version=1)
    assert done.status_code == 200, done.content
    assert done["ETag"] == '"2"'
    told = done.json()
    assert (told["act"], told["status"], told["version"]) == ("close", "closed", 2)
    line = AuditLine.objects.get(act="inbox.close")
    assert line.actor == "alice@example.org"


def test_a_stale_version_is_412_and_none_is_428(program_a: Program, ticket: TicketRow) -> None:
    path, body = f"/tickets/{ticket.pk}/close", {"outcome": "nothing"}
    stale = program_a.post(path, body, version=7)
    assert (stale.status_code, stale.json()["type"]) == (412, PROBLEM + "outdated")
    missing = program_a.post(path, body)
    assert (missing.status_code, missing.json()["type"]) == (428, PROBLEM + "version-missing")
    for tag in ("*", 'W/"1"', "1", '"1", "2"'):
        headers = {"Authorization": f"Bearer {program_a.token}", "If-Match": tag}
        client = program_a.client
        assert client.post(f"/api/v1{path}", body, "application/json", headers=headers).status_code == 412
    assert DecisionRow.objects.count() == 0


def test_what_makes_no_sense_now_is_409_in_english(program_a: Program, ticket: TicketRow) -> None:
    answer = program_a.post(f"/tickets/{ticket.pk}/reopen", version=1)
    assert (answer.status_code, answer.json()["type"]) == (409, PROBLEM + "refused")
    assert answer.json()["detail"] == "This message is already among those to handle."


def test_what_is_wrong_names_the_field(program_a: Program, ticket: TicketRow) -> None:
    answer = program_a.post(f"/tickets/{ticket.pk}/close", {"outcome": "maybe"}, version=1)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["outcome"]
    unknown = program_a.post(f"/tickets/{ticket.pk}/close", {"outcome": "nothing", "x": 1}, version=1)
    assert [error["field"] for error in unknown.json()["errors"]] == ["x"]
    broken = program_a.client.post(
        f"/api/v1/tickets/{ticket.pk}/note", b"{", "application/json", headers=_bearer(program_a)
    )
    assert (broken.status_code, broken.json()["type"]) == (400, PROBLEM + "malformed")


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_what_is_no_text_is_refused(text: str, program_a: Program, ticket: TicketRow) -> None:
    answer = program_a.post(f"/tickets/{ticket.pk}/note", {"text": text})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "text")


def test_a_day_of_work(program_a: Program, ticket: TicketRow, member_a: User) -> None:
    path = f"/tickets/{ticket.pk}"
    assert program_a.post(f"{path}/assign", {"to": member_a.pk}, version=1).status_code == 200
    assert program_a.post(f"{path}/note", {"text": "Vu avec le service."}).status_code == 200
    corrected = program_a.post(f"{path}/correct", {"analyzer": "sentiment", "label": "pos"}, version=3)
    assert corrected.status_code == 200, corrected.content
    undone = program_a.post(f"/decisions/{corrected.json()['decision']}/undo")
    assert undone.status_code == 200, undone.content
    assert program_a.post(f"{path}/snooze", {"until": "2030-01-01T09:00:00Z"}, version=5).status_code == 200
    assert program_a.post(f"{path}/hold", {"reason": "A complaint is filed."}).status_code == 200
    whole = program_a.get(path).json()
    assert whole["assignee"]["name"] == "Marie"
    assert whole["status"] == "snoozed"
    assert [note["text"] for note in whole["notes"]] == ["Vu avec le service."]
    assert [one["act"] for one in whole["history"]] == ["hold", "snooze", "undo", "correct", "note", "assign"]
    assert whole["is_held"]


def test_somebody_from_elsewhere_is_not_assigned(program_a: Program, ticket: TicketRow, bob: User) -> None:
    answer = program_a.post(f"/tickets/{ticket.pk}/assign", {"to": bob.pk}, version=1)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "to")


def test_the_same_key_acts_once(program_a: Program, ticket: TicketRow) -> None:
    first = program_a.post(f"/tickets/{ticket.pk}/note", {"text": "Un."}, key="k1")
    again = program_a.post(f"/tickets/{ticket.pk}/note", {"text": "Un."}, key="k1")
    assert Note.objects.count() == 1
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert again["ETag"] == first["ETag"]
    assert "Idempotent-Replayed" not in first.headers


def test_the_same_key_for_something_else_is_refused(program_a: Program, ticket: TicketRow) -> None:
    program_a.post(f"/tickets/{ticket.pk}/note", {"text": "Un."}, key="k1")
    other = program_a.post(f"/tickets/{ticket.pk}/note", {"text": "Deux."}, key="k1")
    assert (other.status_code, other.json()["type"]) == (422, PROBLEM + "key-reused")
    assert Note.objects.count() == 1


def test_a_refusal_is_replayed_too(program_a: Program, ticket: TicketRow) -> None:
    path, body = f"/tickets/{ticket.pk}/close", {"outcome": "nothing"}
    assert program_a.post(path, body, version=9, key="k").status_code == 412
    assert program_a.post(path, body, version=9, key="k")["Idempotent-Replayed"] == "true"


def test_two_programs_may_choose_the_same_key(
    program: Callable[..., Program], place_a: Workplace, ticket: TicketRow
) -> None:
    for _ in range(2):
        program(place_a).post(f"/tickets/{ticket.pk}/note", {"text": "Un."}, key="k1")
    assert Note.objects.count() == 2


def test_a_key_is_forgotten_after_a_day(program_a: Program, ticket: TicketRow) -> None:
    program_a.post(f"/tickets/{ticket.pk}/note", {"text": "Un."}, key="k1")
    StoredAnswer.objects.update(at="2020-01-01T00:00:00Z")
    program_a.post(f"/tickets/{ticket.pk}/note", {"text": "Un."}, key="k1")
    assert Note.objects.count() == 2


def test_a_refusal_for_want_of_a_right_is_not_kept(
    program: Callable[..., Program], place_a: Workplace, ticket: TicketRow
) -> None:
    reader = program(place_a, May.READ)
    assert reader.post(f"/tickets/{ticket.pk}/note", {"text": "Un."}, key="k1").status_code == 403
    assert not StoredAnswer.objects.exists()


def test_nothing_is_kept_of_an_act_that_fell_over(
    program_a: Program, ticket: TicketRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(*_: Any, **__: Any) -> None:
        Note.objects.create(ticket=ticket, author_name="x", text="half", at=ticket.opened_at)
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr("veilleur.desk.inbox.actions.add_note", fall)
        with pytest.raises(RuntimeError):
            program_a.post(f"/tickets/{ticket.pk}/note", {"text": "Un."}, key="k1")
    assert (Note.objects.count(), StoredAnswer.objects.count()) == (0, 0)
    assert program_a.post(f"/tickets/{ticket.pk}/note", {"text": "Un."}, key="k1").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_time_acts_once(program_a: Program, ticket: TicketRow) -> None:
    answers: list[Any] = []

    def send() -> None:
        try:
            one = Program(program_a.token)
            answers.append(one.post(f"/tickets/{ticket.pk}/note", {"text": "Un."}, key="k1"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.content for answer in answers}) == 1
    assert Note.objects.count() == 1


def _bearer(program: Program) -> dict[str, str]:
    return {"Authorization": f"Bearer {program.token}"}
