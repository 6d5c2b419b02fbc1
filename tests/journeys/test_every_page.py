"""Every page that links lead to, in both themes: nothing stands in the way of anybody, nothing breaks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
HOME = "/o/trois-rivieres/"
FEWEST = 25
"""Kinds of pages that a manager is led to; fewer would mean that the walk was cut short."""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_barrier(visit: Visit, theme: str) -> None:
    clara = visit("clara@example.org", color_scheme=theme)
    seen: dict[str, str] = {}
    found = []
    waiting = deque([f"{HOME}inbox/", "/preferences/"])
    while waiting:
        path = waiting.popleft()
        if (kind := kind_of(path)) in seen:
            continue
        seen[kind] = path
        answer = clara.page.goto(path)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        clara.settle()
        found += [f"{kind} ({path}): {barrier}" for barrier in clara.barriers()]
        waiting.extend(links(clara))
    assert not found, "\n".join(found)
    assert len(seen) >= FEWEST, sorted(seen)


def kind_of(path: str) -> str:
    """The name of the page at `path`, whatever it speaks of."""
    try:
        return resolve(path).view_name
    except Resolver404:
        return path


def links(visitor: Visitor) -> list[str]:
    """Paths of this desk that the page leads to, once each; files to download left out."""
    script = "[...document.querySelectorAll('a[href]:not([download])')].map(one => one.href)"
    every = (urlsplit(address) for address in visitor.page.evaluate(script))
    here = urlsplit(visitor.address).netloc
    paths = [one.path for one in every if one.netloc == here]
    return [path for path in dict.fromkeys(paths) if path.startswith(HOME) or path.count("/") == 2]
