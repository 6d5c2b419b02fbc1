"""The pages about people: who gets in, in which language, and who sees the trail."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.actions import admit, choose_language, found_organisation
from veilleur.desk.accounts.models import AuditLine, Membership, Organisation, Role, User
from veilleur.desk.accounts.permissions import May, workplace_of

PASSWORD = "a long enough one"


def acts(organisation: Organisation) -> list[str]:
    return list(
        AuditLine.objects.filter(organisation=organisation).order_by("number").values_list("act", flat=True)
    )


def test_a_visitor_is_shown_the_door(client: Client) -> None:
    answer = client.get(reverse("home"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_the_right_password_opens(client: Client, alice: User) -> None:
    answer = client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_a_wrong_password_does_not(client: Client, alice: User) -> None:
    answer = client.post(reverse("account_login"), {"login": alice.email, "password": "guess"})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_somebody_inactive_stays_out(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_guessing_is_slowed_down(client: Client, alice: User) -> None:
    answers = [
        client.post(reverse("account_login"), {"login": alice.email, "password": f"guess {n}"})
        for n in range(12)
    ]
    blocked = client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert answers[0].status_code == 200
    assert "_auth_user_id" not in client.session
    assert blocked.status_code in {200, 429}


def test_one_organisation_leads_straight_to_its_inbox(client_a: Client, organisation_a: Organisation) -> None:
    answer = client_a.get(reverse("home"), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("inbox:list", args=[organisation_a.slug])


def test_several_organisations_are_offered(
    client_a: Client, organisation_b: Organisation, organisation_a: Organisation
) -> None:
    admit(organisation_b, "alice@example.org", "Alice", password=None, by="tests")
    page = client_a.get(reverse("home")).content.decode()
    assert organisation_a.name in page
    assert organisation_b.name in page


def test_the_desk_speaks_the_reader_s_language(client_a: Client, alice: User) -> None:
    french = client_a.get(reverse("preferences"))
    assert french["Content-Language"] == "fr"
    answer = client_a.post(reverse("preferences"), {"language": "en"})
    assert answer.status_code == 302
    english = client_a.get(reverse("preferences"))
    assert english["Content-Language"] == "en"
    assert '<html lang="en"' in english.content.decode()


def test_a_language_nobody_translated_is_refused(client_a: Client, alice: User) -> None:
    assert client_a.post(reverse("preferences"), {"language": "xx"}).status_code == 200
    assert User.objects.get(pk=alice.pk).language == "fr"


@pytest.mark.parametrize("name", ["trail", "members"])
def test_a_reader_may_not_see_who_did_what(
    client_reader_a: Client, organisation_a: Organisation, name: str
) -> None:
    assert client_reader_a.get(reverse(name, args=[organisation_a.slug])).status_code == 403


def test_the_trail_shows_and_verifies(client_a: Client, organisation_a: Organisation) -> None:
    page = client_a.get(reverse("trail", args=[organisation_a.slug])).content.decode()
    assert "alice@example.org" in page
    answer = client_a.post(reverse("verify_trail", args=[organisation_a.slug]), follow=True)
    assert [str(m.level_tag) for m in answer.context["messages"]] == ["success"]


def test_a_broken_trail_is_said_on_screen(client_a: Client, organisation_a: Organisation) -> None:
    AuditLine.objects.filter(organisation=organisation_a, number=1).update(actor="nobody@example.org")
    answer = client_a.post(reverse("verify_trail", args=[organisation_a.slug]), follow=True)
    assert [str(m.level_tag) for m in answer.context["messages"]] == ["error"]


def test_odd_filters_of_the_trail_are_ignored(client_a: Client, organisation_a: Organisation) -> None:
    answer = client_a.get(
        reverse("trail", args=[organisation_a.slug]), {"before": "x'; --", "actor": "é" * 300}
    )
    assert answer.status_code == 200


def test_every_change_of_people_leaves_a_line(organisation_a: Organisation) -> None:
    user = admit(organisation_a, "New@Example.org", "New", password=PASSWORD, by="tests")
    admit(organisation_a, "new@example.org", "New", Role.MANAGER, password=None, by="tests")
    choose_language(user, "en")
    assert acts(organisation_a)[-3:] == ["accounts.admit", "accounts.admit", "accounts.language"]
    assert Membership.objects.get(user=user).role == Role.MANAGER
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert audit.verify(organisation_a) is not None


def test_founding_twice_changes_nothing(organisation_a: Organisation) -> None:
    again = found_organisation(organisation_a.slug, "Another name")
    assert again.name == organisation_a.name
    assert acts(organisation_a).count("accounts.found") == 1


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.READER, {May.ENTER, May.READ}),
        (Role.MEMBER, set(May) - {May.CONFIGURE, May.ADMINISTER}),
        (Role.MANAGER, set(May)),
        (Role.APPROVER, {May.ENTER, May.READ, May.APPROVE}),
        (Role.MODERATOR, {May.ENTER, May.READ, May.WORK, May.MODERATE}),
        (Role.OFFICER, {May.ENTER, May.READ, May.WORK, May.DECLARE, May.EXPORT}),
        (Role.OBSERVER, {May.ENTER}),
    ],
)
def test_roles_allow_what_they_say(organisation_a: Organisation, role: str, allowed: set[May]) -> None:
    user = admit(organisation_a, "role@example.org", "Role", role, password=None, by="tests")
    place = workplace_of(user, organisation_a.slug)
    assert {may for may in May if place.allows(may)} == allowed
