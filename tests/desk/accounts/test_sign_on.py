"""Single sign-on, with a provider that keeps to the letter: PKCE, state, verified addresses, groups."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from veilleur.desk.accounts.invitations import invite
from veilleur.desk.accounts.models import Membership, Organisation, Role, User
from veilleur.desk.accounts.outside import Provider, providers_of
from veilleur.desk.accounts.permissions import Workplace

SERVER = "https://id.example.org"
SETTINGS = {
    "id": "chu",
    "name": "CHU de Trois-Rivières",
    "server_url": SERVER,
    "client_id": "veilleur",
    "secret": "hush",
    "domains": ["example.org"],
    "grants": {"desk": {"organisation": "clinique-a", "role": "member"}},
}


class Answer:
    def __init__(self, said: dict[str, Any], status: int = 200) -> None:
        self.said, self.status_code = said, status
        self.headers, self.text, self.content = {"content-type": "application/json"}, json.dumps(said), b""

    def json(self) -> dict[str, Any]:
        return self.said

    def raise_for_status(self) -> None:
        assert self.status_code < 400


class Door:
    """The provider: `person` is who signs in there."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {"sub": "42", "email": "alice@example.org", "email_verified": True}
        self.challenge = ""
        self.exchanges = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, url: str, **_: Any) -> Answer:
        if url.endswith("/.well-known/openid-configuration"):
            ends = {name: f"{SERVER}/{name}" for name in ("authorization", "token", "userinfo")}
            return Answer({f"{name}_endpoint": end for name, end in ends.items()} | {"issuer": SERVER})
        return Answer(self.person)

    def request(self, _method: str, _url: str, data: dict[str, str], **_: Any) -> Answer:
        self.exchanges += 1
        digest = hashlib.sha256(data["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge, "PKCE"
        assert data["code"] == "a-code"
        return Answer({"access_token": "a-token", "token_type": "Bearer"})


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    one: Provider = providers_of(json.dumps([SETTINGS]))[0]
    settings.OIDC = {one.id: one}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [one.for_allauth()]}
    }
    door = Door()
    monkeypatch.setattr(
        "veilleur.desk.accounts.adapter.SingleSignOn.get_requests_session", lambda _self: door
    )
    cache.clear()
    return door


def come(client: Client, door: Door) -> Any:
    """Through the provider and back."""
    leaving = client.get(reverse("openid_connect_login", args=["chu"]))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(leaving["Location"]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    door.challenge = asked["code_challenge"]
    back = {"state": asked["state"], "code": "a-code"}
    return client.get(reverse("openid_connect_callback", args=["chu"]), back)


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_door_offers_it(client: Client, provider: Door, db: None) -> None:
    page = client.get(reverse("account_login")).content.decode()
    assert "CHU de Trois-Rivières" in page
    assert reverse("openid_connect_login", args=["chu"]) in page


def test_a_member_enters(
    client: Client, provider: Door, alice: User, organisation_a: Organisation, acts: Callable[..., list[str]]
) -> None:
    come(client, provider)
    assert client.session["_auth_user_id"] == str(alice.pk)
    assert acts(organisation_a)[-1] == "accounts.sign_on"
    alice.refresh_from_db()
    assert alice.check_password("a long enough one"), "the password still works"
    again = Client()
    provider.person["email"] = "alice.married@example.org"
    come(again, provider)
    assert again.session["_auth_user_id"] == str(alice.pk), "the provider's own number is who they are"
    assert SocialAccount.objects.count() == 1


def test_a_stranger_stays_out(client: Client, provider: Door, alice: User) -> None:
    provider.person |= {"sub": "7", "email": "eve@example.org"}
    answer = come(client, provider)
    assert answer["Location"] == reverse("account_login")
    assert not is_in(client)
    assert not User.objects.filter(email="eve@example.org").exists()


@pytest.mark.parametrize(
    "change",
    [{"email_verified": False}, {"email": "alice@example.com"}, {"email": None}],
    ids=["not verified", "another domain", "no address"],
)
def test_an_address_nobody_vouches_for_opens_nothing(
    client: Client, provider: Door, alice: User, change: dict[str, Any]
) -> None:
    provider.person |= change
    come(client, provider)
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


def test_somebody_invited_joins(
    client: Client, provider: Door, place_a: Workplace, organisation_a: Organisation
) -> None:
    invite(place_a, email="zoe@example.org", role="reader", now=timezone.now())
    provider.person = {"sub": "8", "email": "Zoe@example.org", "email_verified": True, "name": "Zoé"}
    come(client, provider)
    assert is_in(client)
    zoe = User.objects.get(email="zoe@example.org")
    assert (zoe.name, zoe.has_usable_password()) == ("Zoé", False)
    assert zoe.memberships.get().role == Role.READER
    assert not organisation_a.invitations.exists()


def test_a_group_gives_a_role_once(client: Client, provider: Door, organisation_a: Organisation) -> None:
    provider.person = {"sub": "9", "email": "n@example.org", "email_verified": True, "groups": ["desk", "x"]}
    come(client, provider)
    member = Membership.objects.get(user__email="n@example.org")
    assert (member.organisation, member.role) == (organisation_a, Role.MEMBER)
    Membership.objects.update(role=Role.READER)
    come(Client(), provider)
    member.refresh_from_db()
    assert member.role == Role.READER, "what an administrator decided here stands"


@pytest.mark.parametrize("groups", ["desk", ["desk"], {"desk": 1}, None, 4, [["desk"]]])
def test_groups_come_in_many_forms(
    client: Client, provider: Door, organisation_a: Organisation, groups: Any
) -> None:
    provider.person = {"sub": "9", "email": "n@example.org", "email_verified": True, "groups": groups}
    come(client, provider)
    assert is_in(client) is (groups in ("desk", ["desk"]))


def test_who_was_removed_stays_out(client: Client, provider: Door, alice: User) -> None:
    come(client, provider)
    Membership.objects.all().delete()
    again = Client()
    come(again, provider)
    assert not is_in(again)


def test_who_is_inactive_stays_out(client: Client, provider: Door, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    come(client, provider)
    assert not is_in(client)


def test_an_answer_nobody_asked_for_is_refused(client: Client, provider: Door, alice: User) -> None:
    back = {"state": "guess", "code": "a-code"}
    answer = client.get(reverse("openid_connect_callback", args=["chu"]), back)
    assert answer.status_code in {200, 401, 403}
    assert not is_in(client)
    assert provider.exchanges == 0


def test_the_second_factor_is_asked_after_a_provider_too(
    client: Client, provider: Door, alice: User, organisation_a: Organisation
) -> None:
    Organisation.objects.update(requires_second_factor=True)
    come(client, provider)
    answer = client.get(reverse("inbox:list", args=[organisation_a.slug]))
    assert answer["Location"] == reverse("mfa_index")


def test_an_unknown_provider_is_not_there(client: Client, provider: Door, db: None) -> None:
    assert client.get(reverse("openid_connect_login", args=["nobody"])).status_code == 404
