from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.engine import from_mapping
from veilleur.engine.incoming import FIELDS, from_either, from_json, from_text
from veilleur.errors import RowRefused
from veilleur.vocabulary import Precision, Rating

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def test_every_known_field_reaches_the_mention() -> None:
    record = {
        "id": 7, "text": " Bof ", "lang": "fr", "rating": "2", "network": "Google", "kind": "review",
        "field": "negative", "author": "a-1", "published_at": "2026-03-04T10:00:00+02:00", "thread": "t-1",
    }  # fmt: skip
    incoming = from_mapping(1, record)
    mention = incoming.mention
    assert (incoming.id, mention.external_id, mention.text) == (7, "7", " Bof ")
    assert (mention.language_hint, mention.network, mention.author) == ("fr", "Google", "a-1")
    assert (mention.question, mention.thread, mention.rating) == ("negative", "t-1", Rating(2, 1, 5))
    assert mention.published_at == datetime(2026, 3, 4, 8, tzinfo=UTC)
    assert incoming.notices == ()


def test_a_day_is_a_day() -> None:
    mention = from_mapping(1, {"text": "x", "published_at": "2026-03-04"}).mention
    assert (mention.published_at, mention.precision) == (datetime(2026, 3, 4, 12, tzinfo=UTC), Precision.DAY)


def test_without_an_id_the_line_is_the_id() -> None:
    assert [from_mapping(9, {"text": "x", "id": empty}).id for empty in (None, "")] == ["9", "9"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rating", 6),
        ("rating", True),
        ("rating", "nan"),
        ("rating", []),
        ("published_at", "hier"),
        ("lang", 3),
    ],
)
def test_a_bad_value_is_said_and_the_message_is_kept(name: str, value: object) -> None:
    incoming = from_mapping(3, {"text": "x", name: value})
    [notice] = incoming.notices
    assert (notice.line, notice.refused) == (3, False)
    assert name in notice.message
    assert incoming.mention.rating is None
    assert incoming.mention.published_at is None


@pytest.mark.parametrize(
    "raw",
    [b'{"text": ', b"[]", b"{}", b'{"text": null}', b'{"text": 3}', b'{"text": "x", "id": []}', b"{\xff}"],
)
def test_what_is_no_message_is_refused_with_its_line(raw: bytes) -> None:
    with pytest.raises(RowRefused) as caught:
        from_json(12, raw)
    assert caught.value.line == 12


def test_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(RowRefused, match="UTF-8"):
        from_text(1, b"d\xe9j\xe0")


def test_half_an_emoji_is_read_like_any_character() -> None:
    assert from_json(1, rb'{"text": "ah \ud83d"}').mention.text == "ah \ud83d"


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_understood_or_refused(raw: bytes) -> None:
    for understand in (from_json, from_text, from_either):
        with suppress(RowRefused):
            assert understand(1, raw).mention.external_id


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_object_with_a_text_and_an_id_is_kept(record: dict[str, object]) -> None:
    record |= {"text": "x", "id": 1}
    assert from_mapping(1, record).id == 1
