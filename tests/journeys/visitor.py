"""A person in front of a real browser: goes, presses, looks, and notices what goes wrong.

Whatever the page does is watched all along: an error on the console (a breach of the content
security policy is one), an uncaught exception, a request to another host, an answer of 500.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from tests.journeys.colours import with_palette

AXE = (Path(__file__).parent.parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "resultTypes": ["violations"],
    "preload": False,
}
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
AROUND = 12
"""Pixels around a part that is cut out of a page."""


class Visitor:
    """One browser window of one person; `pictures` is the folder the screenshots go to."""

    def __init__(self, browser: Browser, address: str, pictures: Path, **look: Any) -> None:
        self.address = address
        self.pictures = pictures
        self.complaints: list[str] = []
        self.expected_status = 200
        options = {"viewport": DESKTOP, "locale": "fr-FR", "timezone_id": "Europe/Paris", **look}
        self.context: BrowserContext = browser.new_context(base_url=address, **options)
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        self.page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if self.expected_status != 200 and "Failed to load resource" in message.text:
            return
        self.complaints.append(f"console {message.type} on {self.page.url}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500 and response.status != self.expected_status:
            self.complaints.append(f"{response.status}: {response.url}")
        parts = urlsplit(response.url)
        if parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" != self.address:
            self.complaints.append(f"another host was asked: {response.url}")

    def sign_in(self, email: str, password: str) -> None:
        """Through the door, as anybody."""
        self.page.goto("/login/")
        self.page.fill("input[name=login]", email)
        self.page.fill("input[name=password]", password)
        self.page.click("main button[type=submit]")
        self.page.wait_for_load_state("load")

    def look(self, name: str, *, full: bool = False) -> None:
        """Checks the page as it stands and keeps a picture of it as `name`.png.

        Fails when axe-core finds anything, when the page scrolls sideways, or when the browser
        complained since the last look.
        """
        self.settle()
        whole = self._size() if full else None
        self._picture(self.pictures / f"{name}.png", whole)
        found = [*self.complaints, *self._overflow(), *self.barriers()]
        self.complaints.clear()
        if found:
            pytest.fail("\n".join([f"{name} ({self.page.url}):", *found]))

    def cut_out(self, name: str, part: str) -> None:
        """Keeps a picture of one part of the page, and of what is right around it, as `name`.png."""
        self.settle()
        box = self.page.locator(part).bounding_box()
        assert box is not None, f"{part} is not shown on {self.page.url}"
        x, y = max(0.0, box["x"] - AROUND), max(0.0, box["y"] - AROUND)
        size = {"width": box["width"] + 2 * AROUND, "height": box["height"] + 2 * AROUND}
        self._picture(self.pictures / f"{name}.png", {"x": x, "y": y, **size})

    def _picture(self, path: Path, part: dict[str, float] | None = None) -> None:
        """A screenshot by the browser's own protocol: Playwright's would inject a style sheet,
        which the content security policy rightly refuses, as if the page had done it."""
        browser = self.context.new_cdp_session(self.page)
        options: dict[str, Any] = {"format": "png", "optimizeForSpeed": True}
        if part:
            options |= {"captureBeyondViewport": True, "clip": {**part, "scale": 1}}
        picture = base64.b64decode(browser.send("Page.captureScreenshot", options)["data"])
        path.write_bytes(with_palette(picture))
        browser.detach()

    def _size(self) -> dict[str, float]:
        browser = self.context.new_cdp_session(self.page)
        size: dict[str, float] = browser.send("Page.getLayoutMetrics")["cssContentSize"]
        browser.detach()
        return size

    def settle(self) -> None:
        """Waits until the page has loaded and htmx has nothing under way."""
        self.page.wait_for_load_state("load")
        expect(self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)

    def barriers(self) -> list[str]:
        """What axe-core finds on the page, one line per element."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("rules => axe.run(rules)", RULES)
        return [
            f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def _overflow(self) -> list[str]:
        script = """[...document.querySelectorAll('body *')]
            .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
            .slice(0, 5).map(one => one.outerHTML.slice(0, 100))"""
        if self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            return []
        return [f"the page scrolls sideways: {one}" for one in self.page.evaluate(script)]

    def words(self) -> str:
        """What can be read on the page."""
        return self.page.inner_text("body")

    def close(self) -> None:
        """Leaves; nothing may have gone wrong on the way."""
        self.context.close()
        if self.complaints:
            pytest.fail("\n".join(self.complaints))
