"""Every address is asked by somebody who may see the figures only, and each right opens what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.desk.addresses import addresses, belongings
from veilleur.desk.accounts.actions import admit
from veilleur.desk.accounts.models import HouseRole, Organisation, Role, User
from veilleur.desk.accounts.permissions import WITH_TEXT, May, rights_with, workplace_of
from veilleur.desk.accounts.roles import drop_role, keep_role
from veilleur.desk.inbox import actions as inbox
from veilleur.desk.inbox.models import MentionRow
from veilleur.desk.replies import actions as replies
from veilleur.errors import ActRefused

OPEN_TO_ALL = {"start", "reports:summary"}
"""What whoever belongs to the house may open."""
OF_AN_ORGANISATION = [address for address in addresses() if "organisation" in address.parameters]

MakeMention = Callable[..., MentionRow]


@pytest.fixture
def of_a(organisation_a: Organisation, make_mention: MakeMention) -> dict[str, Any]:
    return belongings(organisation_a, make_mention)


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return signed_in


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("address", OF_AN_ORGANISATION, ids=lambda address: address.name)
def test_who_sees_figures_only_is_refused_everything_else(
    address: Any, method: str, of_a: dict[str, Any], observer: User, client_of: Callable[[User], Client]
) -> None:
    answer = getattr(client_of(observer), method)(address.of(of_a))
    if address.name in OPEN_TO_ALL:
        assert answer.status_code in {200, 302, 405}
    else:
        assert answer.status_code == 403


def test_the_figures_open_no_message(
    organisation_a: Organisation,
    observer: User,
    client_of: Callable[[User], Client],
    make_mention: MakeMention,
) -> None:
    make_mention(organisation_a, text="Un secret de patient.", network="Google")
    client = client_of(observer)
    assert client.get("/", follow=True).redirect_chain[-1][0] == reverse(
        "reports:summary", args=[organisation_a.slug]
    )
    page = client.get(
        reverse("reports:summary", args=[organisation_a.slug]), {"period": "all"}
    ).content.decode()
    assert 'class="figure"' in page
    assert "/inbox/" not in page
    assert "secret" not in page
    assert reverse("reports:download", args=[organisation_a.slug]) not in page


def person(organisation: Organisation, *rights: str) -> User:
    role = HouseRole.objects.create(organisation=organisation, name="-".join(rights), rights=list(rights))
    email = f"{'-'.join(rights)}@example.org"
    return admit(organisation, email, email, own_role=role, password=None, by="tests")


@pytest.mark.parametrize("may", sorted(WITH_TEXT, key=lambda may: may.value), ids=lambda may: may.value)
def test_who_acts_on_messages_sees_them(organisation_a: Organisation, may: May) -> None:
    place = workplace_of(person(organisation_a, may.value), organisation_a.slug)
    assert place.rights == {May.ENTER, May.READ, may}


def test_a_right_that_this_version_does_not_know_is_none(organisation_a: Organisation) -> None:
    place = workplace_of(person(organisation_a, "fly", "export"), organisation_a.slug)
    assert place.rights == {May.ENTER, May.EXPORT}


def test_rights_come_with_what_they_need() -> None:
    assert rights_with([]) == {May.ENTER}
    assert rights_with([May.ADMINISTER]) == {May.ENTER, May.ADMINISTER}
    assert rights_with([May.DECLARE]) == {May.ENTER, May.READ, May.DECLARE}


def test_sorting_and_answering_are_apart(
    organisation_a: Organisation, make_mention: MakeMention, client_of: Callable[[User], Client]
) -> None:
    ticket = make_mention(organisation_a).ticket
    now = ticket.opened_at
    sorter = workplace_of(person(organisation_a, "work"), organisation_a.slug)
    writer = workplace_of(person(organisation_a, "answer"), organisation_a.slug)
    with pytest.raises(ActRefused):
        replies.begin(sorter, ticket.pk, text="Merci.", now=now)
    with pytest.raises(ActRefused):
        inbox.close(writer, ticket.pk, 1, outcome="nothing", now=now)
    reply = replies.begin(writer, ticket.pk, text="Merci.", now=now)
    path = reverse("replies:reply", args=[organisation_a.slug, ticket.pk])
    assert "replies/" + f"{reply.pk}/write" not in client_of(sorter.user).get(path).content.decode()
    assert f"{reply.pk}/write" in client_of(writer.user).get(path).content.decode()
    write = reverse("replies:write", args=[organisation_a.slug, reply.pk])
    assert client_of(sorter.user).post(write, {"version": 1, "text": "x"}).status_code == 403


def test_approving_is_a_right_of_its_own(
    organisation_a: Organisation, make_mention: MakeMention, client_of: Callable[[User], Client]
) -> None:
    ticket = make_mention(organisation_a).ticket
    now = ticket.opened_at
    writer = workplace_of(person(organisation_a, "answer"), organisation_a.slug)
    other = workplace_of(person(organisation_a, "answer", "work"), organisation_a.slug)
    approver = workplace_of(
        admit(organisation_a, "ok@example.org", "OK", Role.APPROVER, password=None, by="tests"),
        organisation_a.slug,
    )
    reply = replies.begin(writer, ticket.pk, text="Merci beaucoup.", now=now)
    reply = replies.submit(writer, reply.pk, reply.version, now=now)
    with pytest.raises(ActRefused):
        replies.approve(other, reply.pk, reply.version, now=now)
    path = reverse("replies:approve", args=[organisation_a.slug, reply.pk])
    page = reverse("replies:reply", args=[organisation_a.slug, ticket.pk])
    assert path not in client_of(other.user).get(page).content.decode()
    assert client_of(other.user).post(path, {"version": reply.version}).status_code == 403
    shown = client_of(approver.user).get(page).content.decode()
    assert path in shown
    assert reverse("replies:drop", args=[organisation_a.slug, reply.pk]) not in shown
    assert replies.approve(approver, reply.pk, reply.version, now=now).state == "approved"


def test_a_role_is_written_changed_and_removed(
    place_a: Any, organisation_a: Organisation, client_a: Client, acts: Callable[..., list[str]]
) -> None:
    add = reverse("add_role", args=[organisation_a.slug])
    assert client_a.post(add, {"name": "Nuit", "rights": ["work", "moderate"]}).status_code == 302
    role = HouseRole.objects.get(organisation=organisation_a)
    assert role.rights == ["enter", "moderate", "read", "work"]
    again = client_a.post(add, {"name": "nuit", "rights": []})
    assert again.status_code == 200
    assert HouseRole.objects.count() == 1
    change = reverse("role", args=[organisation_a.slug, role.pk])
    assert client_a.post(change, {"name": "Nuit", "rights": ["read"]}).status_code == 302
    user = admit(organisation_a, "n@example.org", "N", own_role=role, password=None, by="tests")
    with pytest.raises(ActRefused):
        drop_role(place_a, role.pk, now=organisation_a.created_at)
    user.memberships.all().delete()
    assert client_a.post(reverse("drop_role", args=[organisation_a.slug, role.pk])).status_code == 302
    assert not HouseRole.objects.exists()
    assert [act for act in acts(organisation_a) if "role" in act] == [
        "accounts.keep_role",
        "accounts.keep_role",
        "accounts.drop_role",
    ]


def test_a_role_never_takes_away_the_last_administrator(place_a: Any, organisation_a: Organisation) -> None:
    now = organisation_a.created_at
    role = keep_role(place_a, name="Chefs", rights=[May.ADMINISTER], now=now)
    admit(organisation_a, "alice@example.org", "Alice", own_role=role, password=None, by="tests")
    with pytest.raises(ActRefused):
        keep_role(place_a, name="Chefs", rights=[May.READ], role=role, now=now)
    role.refresh_from_db()
    assert "administer" in role.rights
