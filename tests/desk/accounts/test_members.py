"""Who joins, by a link that works once; who changes role; who leaves, and what they had in hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.actions import admit, change_role, part_with
from veilleur.desk.accounts.invitations import accept, digest_of, invite
from veilleur.desk.accounts.models import (
    AuditLine,
    HouseRole,
    Invitation,
    Membership,
    Organisation,
    Role,
    User,
)
from veilleur.desk.accounts.permissions import workplace_of
from veilleur.desk.accounts.teams import keep_team
from veilleur.desk.inbox import actions as inbox
from veilleur.desk.inbox.leaving import remove_member
from veilleur.desk.inbox.models import DecisionRow, MentionRow
from veilleur.errors import ActRefused

PASSWORD = "une phrase facile a retenir"
Acts = Callable[[Organisation], list[str]]


def invited(
    client: Client, organisation: Organisation, email: str = "zoe@example.org", role: str = "member"
) -> str:
    """The path of the link that the page shows."""
    page = client.post(reverse("invite", args=[organisation.slug]), {"email": email, "role": role})
    found = re.search(r'id="invitation-link">http://testserver(/invitation/[^<]+/)<', page.content.decode())
    assert found, page.content.decode()
    return found[1]


def test_somebody_new_joins_with_the_link(
    client_a: Client, client: Client, organisation_a: Organisation, acts: Acts
) -> None:
    path = invited(client_a, organisation_a)
    shown = client.get(path)
    assert shown.status_code == 200
    assert organisation_a.name in shown.content.decode()
    answer = client.post(path, {"name": "Zoé", "password": PASSWORD})
    assert answer.status_code == 302
    zoe = User.objects.get(email="zoe@example.org")
    assert client.session["_auth_user_id"] == str(zoe.pk)
    assert (zoe.name, zoe.check_password(PASSWORD)) == ("Zoé", True)
    assert Membership.objects.get(user=zoe, organisation=organisation_a).role == Role.MEMBER
    assert acts(organisation_a)[-3:] == ["accounts.invite", "accounts.admit", "accounts.accept_invitation"]
    assert audit.verify(organisation_a)


def test_the_link_works_once_and_lies_nowhere(
    client_a: Client, client: Client, organisation_a: Organisation
) -> None:
    path = invited(client_a, organisation_a)
    token = path.split("/")[2]
    assert Invitation.objects.get().digest == digest_of(token)
    trail = list(AuditLine.objects.values_list("details", flat=True))
    assert token not in str(trail)
    assert token not in client_a.get(reverse("members", args=[organisation_a.slug])).content.decode()
    client.post(path, {"name": "Zoé", "password": PASSWORD})
    stranger = Client()
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, {"name": "Eve", "password": PASSWORD}).status_code == 404
    assert "_auth_user_id" not in stranger.session


def test_an_old_replaced_or_revoked_link_leads_nowhere(
    client_a: Client, client: Client, organisation_a: Organisation
) -> None:
    first = invited(client_a, organisation_a)
    second = invited(client_a, organisation_a, role="reader")
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(second).status_code == 404
    third = invited(client_a, organisation_a)
    one = Invitation.objects.get()
    client_a.post(reverse("revoke_invitation", args=[organisation_a.slug, one.pk]))
    assert client.get(third).status_code == 404


def test_a_link_opens_no_account_that_exists(
    client_a: Client, client: Client, organisation_a: Organisation, bob: User
) -> None:
    path = invited(client_a, organisation_a, email=bob.email)
    page = client.get(path).content.decode()
    assert reverse("account_login") in page
    assert 'name="password"' not in page
    client.post(path, {"name": "Eve", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    assert not bob.check_password(PASSWORD)
    other = Client()
    other.force_login(admit(organisation_a, "x@example.org", "X", password=None, by="tests"))
    other.post(path)
    assert not Membership.objects.filter(user=bob, organisation=organisation_a).exists()
    theirs = Client()
    theirs.force_login(bob)
    assert theirs.post(path).status_code == 302
    assert Membership.objects.filter(user=bob, organisation=organisation_a).exists()


def test_an_account_made_meanwhile_is_not_taken_over(
    place_a: Any, organisation_a: Organisation, bob: User
) -> None:
    _one, token = invite(place_a, email=bob.email, role="member", now=timezone.now())
    with pytest.raises(ActRefused):
        accept(token, name="Eve", password=PASSWORD, now=timezone.now())
    assert not Membership.objects.filter(user=bob, organisation=organisation_a).exists()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()  # tries are counted


@pytest.mark.parametrize("password", ["short", "zoe@example.org", "password1234"])
def test_a_weak_password_is_refused(
    client_a: Client, client: Client, organisation_a: Organisation, password: str
) -> None:
    path = invited(client_a, organisation_a)
    assert client.post(path, {"name": "Zoé", "password": password}).status_code == 200
    assert not User.objects.filter(email="zoe@example.org").exists()


def test_tries_are_counted(client: Client, db: None) -> None:
    answers = [client.get(reverse("invitation", args=[f"guess-{n}"])).status_code for n in range(22)]
    assert answers[0] == 404
    assert answers[-1] == 429


def test_the_link_goes_by_letter_where_letters_leave(
    client_a: Client, organisation_a: Organisation, settings: Any
) -> None:
    settings.CAN_MAIL = True
    page = client_a.post(
        reverse("invite", args=[organisation_a.slug]),
        {"email": "zoe@example.org", "role": "member"},
        follow=True,
    )
    (letter,) = mail.outbox
    assert letter.to == ["zoe@example.org"]
    assert "http://testserver/invitation/" in letter.body
    assert "Clinique A" in letter.subject
    assert "/invitation/" not in page.content.decode()


def test_a_letter_that_does_not_leave_is_said(
    client_a: Client, organisation_a: Organisation, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CAN_MAIL = True

    def away(*_: Any, **__: Any) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr("veilleur.desk.accounts.letters.send_mail", away)
    assert invited(client_a, organisation_a)


def test_a_member_is_not_invited_again(
    client_a: Client, organisation_a: Organisation, member_a: User
) -> None:
    answer = client_a.post(
        reverse("invite", args=[organisation_a.slug]), {"email": member_a.email.upper(), "role": "manager"}
    )
    assert answer.status_code == 422
    assert not Invitation.objects.exists()


def test_a_role_of_another_organisation_is_no_choice(
    client_a: Client, organisation_a: Organisation, organisation_b: Organisation, member_a: User
) -> None:
    theirs = HouseRole.objects.create(organisation=organisation_b, name="Chefs", rights=["administer"])
    member = member_a.memberships.get()
    client_a.post(reverse("change_role", args=[organisation_a.slug, member.pk]), {"role": f"own-{theirs.pk}"})
    member.refresh_from_db()
    assert (member.role, member.own_role) == (Role.MEMBER, None)


def test_a_role_is_changed_on_the_page(
    client_a: Client, organisation_a: Organisation, member_a: User, acts: Acts
) -> None:
    own = HouseRole.objects.create(organisation=organisation_a, name="Nuit", rights=["moderate"])
    member = member_a.memberships.get()
    path = reverse("change_role", args=[organisation_a.slug, member.pk])
    client_a.post(path, {"role": f"own-{own.pk}"})
    assert workplace_of(member_a, organisation_a.slug).can_moderate
    assert not workplace_of(member_a, organisation_a.slug).can_answer
    assert acts(organisation_a)[-1] == "accounts.role"
    client_a.post(path, {"role": "reader"})
    member.refresh_from_db()
    assert member.own_role is None


def test_the_last_administrator_stays(place_a: Any, organisation_a: Organisation, member_a: User) -> None:
    now = timezone.now()
    alice = place_a.user.memberships.get()
    with pytest.raises(ActRefused):
        change_role(place_a, alice.pk, role="member", now=now)
    with pytest.raises(ActRefused):
        part_with(place_a, alice.pk, now=now)
    alice.refresh_from_db()
    assert alice.role == Role.MANAGER
    second = member_a.memberships.get()
    change_role(place_a, second.pk, role="manager", now=now)
    part_with(place_a, alice.pk, now=now)
    assert [one.user for one in organisation_a.memberships.all()] == [member_a]


def test_somebody_inactive_administers_nothing(
    place_a: Any, organisation_a: Organisation, member_a: User
) -> None:
    now = timezone.now()
    change_role(place_a, member_a.memberships.get().pk, role="manager", now=now)
    User.objects.filter(pk=member_a.pk).update(is_active=False)
    with pytest.raises(ActRefused):
        part_with(place_a, place_a.user.memberships.get().pk, now=now)


def test_who_leaves_gives_back_what_they_had(
    place_a: Any,
    organisation_a: Organisation,
    organisation_b: Organisation,
    member_a: User,
    make_mention: Callable[..., MentionRow],
    acts: Acts,
) -> None:
    now = timezone.now()
    admit(organisation_b, member_a.email, member_a.name, password=None, by="tests")
    waiting = [make_mention(organisation_a).ticket for _ in range(3)]
    for ticket in waiting:
        inbox.assign(place_a, ticket.pk, 1, to=member_a, now=now)
    inbox.snooze(place_a, waiting[1].pk, 2, until=now + timedelta(days=1), now=now)
    inbox.close(place_a, waiting[2].pk, 2, outcome="nothing", now=now)
    elsewhere = make_mention(organisation_b, assignee=member_a).ticket
    keep_team(place_a, name="Nuit", members=member_a.memberships.all(), now=now)
    member = member_a.memberships.get(organisation=organisation_a)
    assert remove_member(place_a, member.pk, now=now) == 2
    for ticket in [*waiting, elsewhere]:
        ticket.refresh_from_db()
    assert [ticket.assignee_id for ticket in waiting] == [None, None, member_a.pk]
    assert elsewhere.assignee_id == member_a.pk
    assert waiting[0].version == 3, "a colleague who looks at it must look again"
    assert DecisionRow.objects.filter(ticket=waiting[0], act="assign", by=None).exists()
    assert acts(organisation_a)[-2:] == ["accounts.leave", "inbox.free"]
    assert not organisation_a.teams.get().members.exists()


def test_who_left_sees_nothing_at_once(
    client_a: Client, organisation_a: Organisation, member_a: User
) -> None:
    theirs = Client()
    theirs.force_login(member_a)
    inbox_path = reverse("inbox:list", args=[organisation_a.slug])
    assert theirs.get(inbox_path).status_code == 200
    member = member_a.memberships.get()
    client_a.post(reverse("remove_member", args=[organisation_a.slug, member.pk]))
    assert theirs.get(inbox_path).status_code == 404


def test_teams_hold_people_of_their_organisation_only(
    client_a: Client, organisation_a: Organisation, member_a: User, bob: User
) -> None:
    ours, theirs = member_a.memberships.get(), bob.memberships.get()
    add = reverse("add_team", args=[organisation_a.slug])
    client_a.post(add, {"name": "Nuit", "members": [ours.pk, theirs.pk]})
    assert not organisation_a.teams.exists()
    client_a.post(add, {"name": "Nuit", "members": [ours.pk]})
    team = organisation_a.teams.get()
    assert list(team.members.all()) == [ours]
    assert "Nuit" in client_a.get(reverse("members", args=[organisation_a.slug])).content.decode()
    assert client_a.post(add, {"name": "NUIT"}).status_code == 200
    client_a.post(reverse("team", args=[organisation_a.slug, team.pk]), {"name": "Jour", "members": []})
    team.refresh_from_db()
    assert (team.name, team.members.count()) == ("Jour", 0)
    client_a.post(reverse("drop_team", args=[organisation_a.slug, team.pk]))
    assert not organisation_a.teams.exists()
