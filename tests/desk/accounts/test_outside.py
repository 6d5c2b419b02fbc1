"""What the environment says of mail and of providers is read, or refused in words without a secret."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.desk.accounts.outside import Mail, mail_of, providers_of

PROVIDER = {
    "id": "chu",
    "name": "CHU",
    "server_url": "https://id.example.org",
    "client_id": "veilleur",
    "secret": "hush-hush",
}


@pytest.mark.parametrize(
    ("url", "mail"),
    [
        ("smtp+tls://u%40x:p%2Fw@mail.example.org", Mail("mail.example.org", 587, "u@x", "p/w", True, False)),
        ("smtps://u:p@mail.example.org:4650", Mail("mail.example.org", 4650, "u", "p", False, True)),
        ("smtp://127.0.0.1:2525", Mail("127.0.0.1", 2525, "", "", False, False)),
        ("", None),
    ],
)
def test_a_mail_server_is_read(url: str, mail: Mail | None) -> None:
    assert mail_of(url) == mail


@pytest.mark.parametrize(
    "url", ["mail.example.org", "imap://u:hush@x", "smtp://", "smtp://u:hush@x:port", "smtp://[x"]
)
def test_a_mistake_says_how_to_write_it_and_no_password(url: str) -> None:
    with pytest.raises(ValueError, match="smtp\\+tls://user:password@") as found:
        mail_of(url)
    assert "hush" not in str(found.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (mail_of, providers_of):
        try:
            read(text)
        except ValueError:
            continue


def test_providers_are_read() -> None:
    grants = {"desk": {"organisation": "clinique-a", "role": "manager"}}
    (one,) = providers_of(json.dumps([{**PROVIDER, "domains": ["CHU.fr"], "grants": grants}]))
    assert one.vouches_for("a@chu.fr")
    assert not one.vouches_for("a@chu.fr.example.org")
    assert one.grants["desk"].role == "manager"
    assert providers_of(" ") == ()


@pytest.mark.parametrize(
    "change",
    [{"id": "no slug!"}, {"server_url": "id.example.org"}, {"domain": "x"}, {"client_id": ""}],
)
def test_a_wrong_provider_is_named_without_its_secret(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="providers") as found:
        providers_of(json.dumps([{**PROVIDER, **change}]))
    assert next(iter(change)) in str(found.value)
    assert "hush" not in str(found.value)


def test_two_providers_have_two_names() -> None:
    with pytest.raises(ValueError, match="same id"):
        providers_of(json.dumps([PROVIDER, PROVIDER]))
