"""A tool that calls us: who it is, what it says, and what is not taken."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from veilleur.errors import CredentialsRefused, InvalidInput
from veilleur.listening import connector as protocol
from veilleur.listening.client import Client
from veilleur.listening.connector import Capability, Gone, Heard, is_asked
from veilleur.listening.connectors import webhook
from veilleur.listening.connectors.gateway import Gateway
from veilleur.listening.connectors.webhook import Webhook, WebhookSettings
from veilleur.vocabulary import Rating

SECRET = "a secret of the tests ’é"
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def tool(**told) -> Webhook:
    return Webhook(WebhookSettings(secret=SECRET, **told))


def signed(content: bytes, at: str | None = None, secret: str = SECRET) -> dict[str, str]:
    at = str(int(NOW.timestamp())) if at is None else at
    digest = hmac.new(secret.encode(), at.encode() + b"." + content, hashlib.sha256).hexdigest()
    return {"X-Veilleur-Timestamp": at, "X-Veilleur-Signature": f"sha256={digest}"}


def said(body: object, made: Webhook | None = None):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list((made or tool()).received(content, signed(content), NOW))


def test_it_keeps_the_protocol_without_being_asked():
    assert protocol._checked("webhook", Webhook) is Webhook
    assert not is_asked(Webhook)
    assert not is_asked(Gateway)
    assert Capability.WEBHOOK in Webhook.capabilities
    with Client() as client:
        (remark,) = tool().check(client)
    assert remark.is_good


def test_a_message_in_our_own_names():
    (heard,) = said(
        {
            "items": [
                {
                    "id": 42,
                    "text": "Trop d’attente.\n👩‍⚕️",
                    "author": "u1",
                    "title": "Urgences",
                    "url": "https://example.org/42",
                    "rating": 2,
                    "best": 10,
                    "worst": 0,
                    "published_at": "2026-03-01T09:00:00+01:00",
                    "language": "fr",
                    "parent": "41",
                    "thread": "40",
                    "email": "never@example.org",
                }
            ]
        }
    )
    assert heard == Heard(
        "42",
        "Trop d’attente.\n👩‍⚕️",
        author="u1",
        title="Urgences",
        url="https://example.org/42",
        language="fr",
        parent="41",
        thread="40",
        published_at=datetime(2026, 3, 1, 8, tzinfo=UTC),
        rating=Rating(2, 0, 10),
    )


def test_fields_stand_where_the_settings_say():
    made = tool(
        network="Livre d’or",
        items="data.reviews",
        id="key",
        text="content.body",
        author="by.id",
        rating="stars",
        best="20",
        worst="0",
    )
    body = {
        "data": {"reviews": [{"key": "a", "content": {"body": "Merci."}, "by": {"id": 7}, "stars": "15,5"}]}
    }
    assert said(body, made) == [
        Heard("a", "Merci.", author="7", network="Livre d’or", rating=Rating(15.5, 0, 20))
    ]


@pytest.mark.parametrize(
    "body", [{"id": "1", "text": "x"}, [{"id": "1", "text": "x"}], {"items": {"id": "1", "text": "x"}}]
)
def test_one_message_a_list_or_an_object_with_a_list(body):
    assert said(body) == [Heard("1", "x")]


def test_what_was_deleted_is_gone_and_the_last_word_counts():
    body = [
        {"deleted": "1"},
        {"id": "2", "text": "x", "deleted": False},
        {"id": "3", "text": "avant"},
        {"id": "3", "text": "après"},
        {"deleted": 2},
    ]
    assert said(body) == [Gone("1"), Gone("2"), Heard("3", "après")]


def test_an_empty_list_says_nothing():
    assert said({"items": []}) == []


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        (1772352000, datetime(2026, 3, 1, 8, tzinfo=UTC)),
        (1772352000.5, datetime(2026, 3, 1, 8, 0, 0, 500000, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_moments(at, expected):
    assert said({"id": "1", "text": "x", "published_at": at})[0].published_at == expected


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ("Bonjour", "item 1 is no object"),
        ([{"id": "1", "text": "x"}, 3], "item 2 is no object"),
        ({"text": "x"}, "“id” is missing"),
        ({"id": "  ", "text": "x"}, "“id” is missing"),
        ({"id": "x" * 201, "text": "x"}, "more than 200 characters"),
        ({"id": True, "text": "x"}, "“id” is no text"),
        ({"id": "1", "text": ["x"]}, "“text” is no text"),
        ({"id": "1", "text": " "}, "has no “text”, no “title” and no “rating”"),
        ({"id": "1", "text": "x", "rating": 9}, "outside the scale"),
        ({"id": "1", "text": "x", "rating": "good"}, "“rating” is no number"),
        ({"id": "1", "text": "x", "rating": 3, "best": "top"}, "“best” is no number"),
        ({"id": "1", "text": "x", "rating": 1, "best": 1}, "two ends"),
        (b'{"id": "1", "text": "x", "rating": NaN}', "outside the scale"),
        ({"id": "1", "text": "x", "rating": 10**400}, "is no number"),
        ({"id": "1", "text": "x", "published_at": "yesterday"}, "is no date"),
        ({"id": "1", "text": "x", "published_at": 1e30}, "is no date"),
        ({"id": "1", "text": "x", "published_at": True}, "is no date"),
        ({"id": "1", "deleted": True}, "“deleted” is no text"),
        ({"deleted": ""}, "“deleted” is missing"),
        ([{"id": "1", "text": "x"}] * 1001, "at most 1000"),
        (b" " * (webhook.MOST_BYTES + 1), "bytes"),
    ],
)
def test_a_body_that_is_not_as_agreed_is_refused_in_words(body, words):
    with pytest.raises(InvalidInput, match=words):
        said(body)


def test_halves_of_characters_and_odd_addresses_are_not_kept():
    (heard,) = said(b'{"id": "1", "text": "a\\ud83d\\u0000b", "url": "javascript:alert(1)"}')
    assert (heard.text, heard.url) == ("a\ufffdb", "")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Veilleur-Timestamp": "x"},
        signed(b"[]", secret="another secret of the tests"),
        signed(b"[] "),
        signed(b"[]", at="soon"),
        signed(b"[]", at=""),
        signed(b"[]", at="²"),
        signed(b"[]", at="9" * 30),
        signed(b"[]", at=str(int(NOW.timestamp()) - 301)),
        signed(b"[]", at=str(int(NOW.timestamp()) + 301)),
        signed(b"[]") | {"X-Veilleur-Signature": "sha256=é"},
        signed(b"[]") | {"X-Veilleur-Timestamp": str(int(NOW.timestamp()) + 1)},
        {"X-Veilleur-Signature": signed(b"[]")["X-Veilleur-Signature"]},
    ],
)
def test_who_does_not_sign_is_not_believed(headers):
    with pytest.raises(CredentialsRefused):
        tool().received(b"[]", headers, NOW)


def test_names_of_headers_are_in_any_case_and_clocks_may_differ_a_little():
    headers = {name.lower(): value for name, value in signed(b"[]").items()}
    assert tool().received(b"[]", headers, NOW + timedelta(minutes=5)) == ()


@given(st.binary(max_size=60), st.dictionaries(st.sampled_from([*signed(b""), "X"]), st.text(max_size=80)))
def test_no_call_makes_it_fall_over(content, headers):
    with pytest.raises(CredentialsRefused):
        tool().received(content, headers, NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["items", *WebhookSettings.model_fields, "deleted"]), inner, max_size=6
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_body_makes_it_fall_over(body):
    with contextlib.suppress(InvalidInput):
        for one in said(body):
            assert one.id
            assert len(one.id) <= 200


@given(st.text(max_size=30))
def test_no_path_makes_it_fall_over(path):
    with contextlib.suppress(ValidationError, InvalidInput):
        said({"id": "1", "text": "x", "rating": 3}, tool(best=path, title=path))


@pytest.mark.parametrize("path", ["", ".", "a..b", "a. b", " a", "x" * 201])
def test_paths_that_lead_nowhere_are_told(path):
    with pytest.raises(ValidationError):
        tool(text=path)


def test_a_secret_is_long_and_not_in_its_words():
    with pytest.raises(ValidationError):
        WebhookSettings(secret="short")
    assert SECRET not in repr(WebhookSettings(secret=SECRET))
