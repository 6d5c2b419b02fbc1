"""A guest sees one reply, says yes or no once, and nothing else of the house."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.actions import admit
from veilleur.desk.accounts.models import AuditLine, Organisation, Role, User
from veilleur.desk.accounts.permissions import Workplace, workplace_of
from veilleur.desk.inbox.models import MentionRow, Note
from veilleur.desk.replies import actions
from veilleur.desk.replies.guests import ask_guest, decide, digest_of
from veilleur.desk.replies.judging import is_approved
from veilleur.desk.replies.models import GuestLink, Reply
from veilleur.errors import ActRefused


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()  # tries are counted


@pytest.fixture
def waiting(organisation_a: Organisation, member_a: User, make_mention: Callable[..., MentionRow]) -> Reply:
    """A reply that Marie wrote and submitted."""
    ticket = make_mention(organisation_a, text="Accueil parfait.", author="auteur-secret").ticket
    Note.objects.create(ticket=ticket, author_name="x", text="Une note interne.", at=timezone.now())
    marie = workplace_of(member_a, organisation_a.slug)
    reply = actions.begin(marie, ticket.pk, text="Merci pour votre message.", now=timezone.now())
    return actions.submit(marie, reply.pk, reply.version, now=timezone.now())


@pytest.fixture
def path(waiting: Reply, client_a: Client, organisation_a: Organisation) -> str:
    """The link that Alice made."""
    ask = reverse("replies:ask_guest", args=[organisation_a.slug, waiting.pk])
    page = client_a.post(ask, {"version": waiting.version, "name": "Dr Client", "days": 3}).content.decode()
    found = re.search(r"http://testserver(/approve/[^<\s]+/)", page)
    assert found, page
    return found[1]


def test_a_guest_sees_the_reply_and_the_message_alone(client: Client, path: str) -> None:
    page = client.get(path).content.decode()
    assert "Accueil parfait." in page
    assert "Merci pour votre message." in page
    for hidden in ("auteur-secret", "note interne", "marie", "Marie", "/o/clinique-a"):
        assert hidden not in page


def test_a_guest_approves_once(
    client: Client, path: str, waiting: Reply, organisation_a: Organisation
) -> None:
    said = {"version": waiting.version, "verdict": "approve", "word": ""}
    assert client.post(path, said).status_code == 200
    waiting.refresh_from_db()
    assert waiting.state == "approved"
    assert is_approved(waiting)
    assert waiting.steps.order_by("-pk")[0].by_name.startswith("Dr Client")
    assert client.get(path).status_code == 404
    assert client.post(path, said).status_code == 404
    told = [line.act for line in AuditLine.objects.filter(organisation=organisation_a).order_by("number")]
    assert told[-3:] == ["replies.ask_guest", "replies.approve", "replies.guest"]
    assert audit.verify(organisation_a)


def test_a_guest_refuses_with_a_word(client: Client, path: str, waiting: Reply) -> None:
    said = {"version": waiting.version, "verdict": "refuse", "word": " "}
    assert "alert" in client.post(path, said).content.decode()
    client.post(path, {**said, "word": "Trop court."})
    waiting.refresh_from_db()
    assert waiting.state == "draft"
    assert waiting.steps.order_by("-pk")[0].reason == "Trop court."


def test_what_changed_meanwhile_is_read_again(
    client: Client, path: str, waiting: Reply, member_a: User, organisation_a: Organisation
) -> None:
    marie = workplace_of(member_a, organisation_a.slug)
    before = waiting.version
    later = timezone.now() + timedelta(hours=1)
    actions.write(marie, waiting.pk, before, text="Tout autre chose.", now=later)
    assert client.get(path).status_code == 404, "nothing waits for a guest while it is being written"
    waiting.refresh_from_db()
    actions.submit(marie, waiting.pk, waiting.version, now=later)
    page = client.post(path, {"version": before, "verdict": "approve"}).content.decode()
    assert "Tout autre chose." in page
    waiting.refresh_from_db()
    assert waiting.state == "to_approve"


def test_the_rules_hold_for_a_guest_too(
    client: Client, path: str, waiting: Reply, member_a: User, organisation_a: Organisation
) -> None:
    Reply.objects.filter(pk=waiting.pk).update(text="Votre cancer a été bien soigné dans notre service.")
    page = client.post(path, {"version": waiting.version, "verdict": "approve"}).content.decode()
    assert "alert" in page
    waiting.refresh_from_db()
    assert waiting.state == "to_approve"


def test_a_link_ends_when_it_is_taken_back_or_old(
    client: Client, client_a: Client, path: str, organisation_a: Organisation
) -> None:
    link = GuestLink.objects.get()
    assert digest_of(path.split("/")[2]) == link.digest
    GuestLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(path).status_code == 404
    GuestLink.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert client.get(path).status_code == 200
    client_a.post(reverse("replies:revoke_guest", args=[organisation_a.slug, link.pk]))
    assert client.get(path).status_code == 404
    assert client.get("/approve/guess/").status_code == 404


def test_nobody_approves_their_own_words_through_a_link(
    waiting: Reply, member_a: User, organisation_a: Organisation
) -> None:
    marie = workplace_of(member_a, organisation_a.slug)
    with pytest.raises(ActRefused):
        ask_guest(marie, waiting.pk, waiting.version, name="Moi", days=1, now=timezone.now())
    writer = admit(organisation_a, "m@example.org", "M", Role.MODERATOR, password=None, by="tests")
    place = workplace_of(writer, organisation_a.slug)
    with pytest.raises(ActRefused):
        ask_guest(place, waiting.pk, waiting.version, name="Moi", days=1, now=timezone.now())


def test_an_erased_message_is_shown_to_no_guest(client: Client, path: str, waiting: Reply) -> None:
    MentionRow.objects.filter(ticket=waiting.ticket_id).update(erased_at=timezone.now(), text="")
    assert client.get(path).status_code == 404


def test_tries_are_counted(client: Client, db: None) -> None:
    assert [client.get(f"/approve/guess-{n}/").status_code for n in range(32)][-1] == 429


def test_a_verdict_needs_a_link(place_a: Workplace, waiting: Any) -> None:
    with pytest.raises(ActRefused):
        decide("guess", waiting.version, approves=True, word="", now=timezone.now())
