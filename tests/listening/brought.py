"""What tests of connectors share: a network that may be reached, all that it brings, and odd JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
from hypothesis import strategies as st

from tests.fake_api import FakeApi, serving
from veilleur.listening import client as way_out
from veilleur.listening.client import INTERNAL_HOSTS, Client
from veilleur.listening.connector import MOST_CURSOR, Connector, Gone, Heard

Network = TypeVar("Network", bound=FakeApi)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@contextmanager
def reached(network: Network, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """A network of this machine that Veilleur may reach, and that it asks again at once."""
    monkeypatch.setattr(way_out, "PAUSE", 0.01)
    with serving(network):
        monkeypatch.setenv(INTERNAL_HOSTS, network.host)
        yield network


def drained(made: Connector, since: str = "", *, most: int | None = None) -> tuple[list[Heard | Gone], str]:
    """All that is new, and the cursor behind it; no page has more than `most`."""
    with Client() as client:
        pages = list(made.fetch(since, client))
    assert all(len(page.cursor) <= MOST_CURSOR for page in pages)
    assert most is None or all(len(page.items) <= most for page in pages)
    return [item for page in pages for item in page.items], pages[-1].cursor if pages else since


def texts(items: list[Heard | Gone]) -> list[str]:
    """What was said."""
    return [item.text for item in items if isinstance(item, Heard)]


def gone(items: list[Heard | Gone]) -> list[str]:
    """What is there no more."""
    return [item.id for item in items if isinstance(item, Gone)]
