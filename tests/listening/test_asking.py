"""What networks answer is read as agreed, and nothing makes the reading fall over."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.errors import NetworkRefused
from veilleur.listening import asking
from veilleur.listening.asking import Said, Shape


class Entry(Shape):
    id: int
    text: Said = ""
    inner: Entry | None = None


def answer(content: bytes) -> httpx.Response:
    return httpx.Response(200, content=content)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[1]", b"3", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_json_object_is_refused(content):
    with pytest.raises(NetworkRefused):
        asking.told(answer(content))


def test_odd_entries_are_left_out_and_odd_texts_are_empty():
    told = [{"id": 1, "text": 3, "more": 1}, {"id": "x"}, None, {"id": 2, "text": "a\ud83d"}]
    assert [(one.id, one.text) for one in asking.each(Entry, told)] == [
        (1, ""),
        (2, "a\N{REPLACEMENT CHARACTER}"),
    ]
    assert asking.each(Entry, None) == []
    with pytest.raises(NetworkRefused):
        asking.each(Entry, {})
    with pytest.raises(NetworkRefused, match=r"agreed: inner\.id"):
        asking.parsed(Entry, {"id": 1, "inner": {}})


@given(st.binary(max_size=60) | st.text().map(lambda text: text.encode("utf-8", "replace")))
def test_no_content_makes_it_fall_over(content):
    with suppress(NetworkRefused):
        assert isinstance(asking.told(answer(content)), dict)


@given(st.text(max_size=40) | st.datetimes().map(str))
def test_no_date_makes_it_fall_over(said):
    found = asking.moment(said)
    assert found is None or found.utcoffset() is not None
