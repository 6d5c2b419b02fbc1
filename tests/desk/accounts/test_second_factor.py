"""A code besides the password: set up, asked at the door, required where an organisation says so."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.test import Client, TestCase
from django.urls import reverse

from tests.desk.accounts.conftest import PASSWORD, code_of
from veilleur.desk.accounts.models import Organisation, User
from veilleur.desk.accounts.second_factor import has_one, unseal

BrowserOf = Callable[..., Client]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()  # a code serves once, and tries are counted


def set_up(client: Client) -> str:
    """Sets up an application of codes; its secret."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    found = re.search(r'id="totp-secret">([A-Z2-7]+)<', page)
    assert found, page
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = client.post(reverse("mfa_activate_totp"), {"code": code_of(found[1])})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    return found[1]


def codes_on_paper(client: Client) -> list[str]:
    page = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    return re.findall(r"<li><code>(\w+)</code></li>", page)


def test_the_door_asks_for_the_code(
    browser_of: BrowserOf, alice: User, organisation_a: Organisation, acts: Callable[..., list[str]]
) -> None:
    secret = set_up(browser_of(alice))
    assert "accounts.second_factor" in acts(organisation_a)
    door = Client()
    answer = door.post("/login/", {"login": alice.email, "password": PASSWORD})
    assert answer["Location"] == reverse("mfa_authenticate")
    assert "_auth_user_id" not in door.session
    assert door.get(reverse("home")).status_code == 302
    assert door.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert "_auth_user_id" not in door.session
    door.post(reverse("mfa_authenticate"), {"code": code_of(secret, time.time() + 30)})
    assert door.session["_auth_user_id"] == str(alice.pk)


def test_a_code_on_paper_works_once(browser_of: BrowserOf, alice: User) -> None:
    client = browser_of(alice)
    set_up(client)
    codes = codes_on_paper(client)
    assert len(codes) == 10
    for expected in (True, False):
        door = Client()
        door.post("/login/", {"login": alice.email, "password": PASSWORD})
        door.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert ("_auth_user_id" in door.session) is expected


def test_guessing_codes_is_slowed_down(browser_of: BrowserOf, alice: User) -> None:
    secret = set_up(browser_of(alice))
    door = Client()
    door.post("/login/", {"login": alice.email, "password": PASSWORD})
    for guess in range(8):
        door.post(reverse("mfa_authenticate"), {"code": f"{guess:06d}"})
    door.post(reverse("mfa_authenticate"), {"code": code_of(secret, time.time() + 30)})
    assert "_auth_user_id" not in door.session


def test_secrets_lie_encrypted(browser_of: BrowserOf, alice: User) -> None:
    secret = set_up(browser_of(alice))
    kept = Authenticator.objects.get(user=alice, type="totp").data["secret"]
    assert secret not in kept
    assert unseal(kept) == secret


def test_an_organisation_may_ask_it_of_everybody(
    browser_of: BrowserOf,
    alice: User,
    member_a: User,
    organisation_a: Organisation,
    acts: Callable[..., list[str]],
) -> None:
    boss, marie = browser_of(alice), browser_of(member_a)
    inbox = reverse("inbox:list", args=[organisation_a.slug])
    assert marie.get(inbox).status_code == 200
    boss.post(reverse("second_factor", args=[organisation_a.slug]), {"asked": "1"})
    answer = marie.get(inbox)
    assert answer["Location"] == reverse("mfa_index")
    assert organisation_a.name in marie.get(answer["Location"]).content.decode()
    set_up(marie)
    assert marie.get(inbox).status_code == 200
    marie.post(reverse("mfa_deactivate_totp"))
    assert not has_one(member_a)
    assert marie.get(inbox).status_code == 302, "codes on paper alone are no second factor"
    assert boss.get(reverse("members", args=[organisation_a.slug])).status_code == 302
    set_up(boss)
    boss.post(reverse("second_factor", args=[organisation_a.slug]), {"asked": "0"})
    assert marie.get(inbox).status_code == 200
    assert [act for act in acts(organisation_a) if act.endswith("second_factor")] == [
        "accounts.ask_second_factor",
        "accounts.second_factor",
        "accounts.drop_second_factor",
        "accounts.second_factor",
        "accounts.waive_second_factor",
    ]


def test_every_act_waits_for_it_too(
    browser_of: BrowserOf, member_a: User, organisation_a: Organisation, make_mention: Any
) -> None:
    marie = browser_of(member_a)
    Organisation.objects.update(requires_second_factor=True)
    ticket = make_mention(organisation_a).ticket
    answer = marie.post(
        reverse("inbox:close", args=[organisation_a.slug, ticket.pk]), {"version": 1, "outcome": "nothing"}
    )
    assert answer["Location"] == reverse("mfa_index")
    ticket.refresh_from_db()
    assert ticket.status == "new"


def test_whoever_sits_at_an_open_desk_cannot_change_it(client_a: Client, alice: User) -> None:
    answer = client_a.get(reverse("mfa_activate_totp"))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert client_a.post(reverse("account_reauthenticate"), {"password": "guess"}).status_code == 200
    assert not has_one(alice)
    client_a.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client_a.get(reverse("mfa_activate_totp")).status_code == 200


def test_the_person_is_told_by_letter(browser_of: BrowserOf, alice: User, settings: Any) -> None:
    settings.CAN_MAIL = True
    set_up(browser_of(alice))
    told = [letter.body for letter in mail.outbox if letter.to == [alice.email]]
    assert any("second facteur" in body for body in told)


def test_the_command_lets_somebody_in_again(
    browser_of: BrowserOf,
    alice: User,
    organisation_a: Organisation,
    run: Callable[..., Any],
    acts: Callable[..., list[str]],
) -> None:
    client = browser_of(alice)
    set_up(client)
    done = run("person", "rescue", alice.email)
    assert done.exit_code == 0, done.output
    password = done.output.split()[-1]
    assert not Authenticator.objects.filter(user=alice).exists()
    assert client.get(reverse("preferences")).status_code == 302
    door = Client()
    door.post("/login/", {"login": alice.email, "password": password})
    assert door.session["_auth_user_id"] == str(alice.pk)
    assert acts(organisation_a)[-1] == "accounts.rescue"
    assert run("person", "rescue", "nobody@example.org").exit_code != 0
