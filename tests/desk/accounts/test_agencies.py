"""A client lends a role to people of an agency, sees it in its trail, and takes it back at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from veilleur.desk.accounts import mandates
from veilleur.desk.accounts.actions import admit
from veilleur.desk.accounts.models import Mandate, Organisation, Role, User
from veilleur.desk.accounts.permissions import May, workplace_of
from veilleur.desk.accounts.queries import colleagues, organisations_of, works_at
from veilleur.desk.inbox import actions as inbox
from veilleur.errors import ActRefused


@pytest.fixture
def let_in(place_a: Any, organisation_b: Organisation) -> Callable[..., Mandate]:
    """A lets B in."""

    def let(needed: May = May.WORK, role: str = "member") -> Mandate:
        return mandates.give(place_a, organisation_b, needed=needed, role=role, now=timezone.now())

    return let


def test_people_of_the_agency_work_at_the_client(
    let_in: Callable[..., Mandate],
    organisation_a: Organisation,
    organisation_b: Organisation,
    bob: User,
    make_mention: Any,
) -> None:
    ticket = make_mention(organisation_a).ticket
    let_in()
    place = workplace_of(bob, organisation_a.slug)
    assert place.organisation == organisation_a
    assert place.can_work
    assert organisations_of(bob) == [organisation_a, organisation_b]
    assert bob in colleagues(organisation_a)
    inbox.assign(place, ticket.pk, 1, to=bob, now=timezone.now())
    ticket.refresh_from_db()
    assert ticket.assignee == bob


def test_only_who_holds_the_right_at_the_agency(
    let_in: Callable[..., Mandate], organisation_a: Organisation, organisation_b: Organisation
) -> None:
    let_in(May.MODERATE, "moderator")
    reader = admit(organisation_b, "r@example.org", "R", Role.READER, password=None, by="tests")
    with pytest.raises(Http404):
        workplace_of(reader, organisation_a.slug)
    assert not works_at(reader, organisation_a)
    assert organisations_of(reader) == [organisation_b]
    assert reader not in colleagues(organisation_a)
    moderator = admit(organisation_b, "m@example.org", "M", Role.MODERATOR, password=None, by="tests")
    assert workplace_of(moderator, organisation_a.slug).rights == {
        May.ENTER,
        May.READ,
        May.WORK,
        May.MODERATE,
    }


def test_an_agency_never_administers(
    let_in: Callable[..., Mandate], organisation_a: Organisation, bob: User
) -> None:
    let_in(role="manager")
    place = workplace_of(bob, organisation_a.slug)
    assert place.can_configure
    assert not place.can_administer
    with pytest.raises(ActRefused):
        mandates.end(place, Mandate.objects.get().pk, now=timezone.now())


def test_the_client_takes_it_back_at_once(
    let_in: Callable[..., Mandate],
    organisation_a: Organisation,
    organisation_b: Organisation,
    bob: User,
    client_a: Client,
    client_b: Client,
    acts: Callable[[Organisation], list[str]],
) -> None:
    mandate = let_in()
    inbox_path = reverse("inbox:list", args=[organisation_a.slug])
    assert client_b.get(inbox_path).status_code == 200
    client_a.post(reverse("end_mandate", args=[organisation_a.slug, mandate.pk]))
    assert client_b.get(inbox_path).status_code == 404
    assert acts(organisation_a)[-2:] == ["accounts.give_mandate", "accounts.end_mandate"]
    assert acts(organisation_b)[-2:] == ["accounts.receive_mandate", "accounts.end_mandate"]


def test_a_mandate_does_not_pass_on(
    let_in: Callable[..., Mandate], organisation_a: Organisation, organisation_b: Organisation, bob: User
) -> None:
    let_in()
    third = Organisation.objects.create(slug="third", name="Third")
    zoe = admit(third, "zoe@example.org", "Zoé", Role.MANAGER, password=None, by="tests")
    mandates.give(
        workplace_of(bob, organisation_b.slug), third, needed=May.WORK, role="manager", now=timezone.now()
    )
    assert workplace_of(zoe, organisation_b.slug)
    with pytest.raises(Http404):
        workplace_of(zoe, organisation_a.slug)


def test_the_code_names_the_agency_and_cannot_be_guessed(
    client_a: Client, client_b: Client, organisation_a: Organisation, organisation_b: Organisation
) -> None:
    code = mandates.agency_code(organisation_b)
    assert code in client_b.get(reverse("agencies", args=[organisation_b.slug])).content.decode()
    path = reverse("agencies", args=[organisation_a.slug])
    for guess in (organisation_b.slug, f"{organisation_b.slug}:x", "", mandates.agency_code(organisation_a)):
        client_a.post(path, {"code": guess, "needed": "work", "role": "member"})
    assert not Mandate.objects.exists()
    client_a.post(path, {"code": f" {code} ", "needed": "work", "role": "member"})
    assert Mandate.objects.get().agency == organisation_b
    assert organisation_b.name in client_a.get(path).content.decode()
    assert (
        organisation_a.name in client_b.get(reverse("agencies", args=[organisation_b.slug])).content.decode()
    )


def test_who_left_the_agency_left_its_clients(
    let_in: Callable[..., Mandate], organisation_a: Organisation, bob: User
) -> None:
    let_in()
    bob.memberships.all().delete()
    with pytest.raises(Http404):
        workplace_of(bob, organisation_a.slug)
