"""A real Chromium for tests of the page, and a page in it that remembers what must not happen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
WAIT_MS = 60_000
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
# Gradio's page has a <base href="./"> that the policy ignores.
_BASE_TAG = 'Content Security Policy directive: "base-uri'

expect.set_options(timeout=WAIT_MS)  # a busy machine is slow, and no test fails for that

IN_CHROMIUM = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (Debian: apt-get install chromium)"),
]
"""Marks of a module whose tests need the browser."""


@contextmanager
def launched() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Watched:
    """A page of the server at `url`; leaving the block fails on any error, dialog or request to another origin.

    Attributes:
        wrong: What happened and must not.
    """

    def __init__(self, browser: Browser, url: str, *, path: str = "", init_script: str = "", **given: Any) -> None:
        self.context = browser.new_context(**({"viewport": DESKTOP} | given))
        if init_script:
            self.context.add_init_script(init_script)
        self.url = url
        self.wrong: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error {error}"))
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.context.on("request", self._request)
        self.page.goto(url + path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.context.close()
        if kind is None and self.wrong:
            pytest.fail("\n".join(self.wrong), pytrace=False)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and _BASE_TAG not in message.text:
            self.wrong.append(f"console {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self.wrong.append(f"request {request.url}")

    # ---- what a person does
    def ready(self) -> Self:
        expect(self.page.locator("#answer .dossier")).to_be_visible()
        return self

    def reload(self) -> None:
        """Load the page again; what that cuts off is not an error."""
        before = list(self.wrong)
        self.page.reload()
        self.ready()
        self.wrong[:] = before

    def one(self, selector: str, **given: Any) -> Locator:
        return self.page.locator(selector, **given)

    def ask(self, question: str) -> None:
        self.begin(question)
        self.answered()

    def begin(self, question: str) -> None:
        """Ask, and do not wait."""
        self.one("#question textarea").fill(question)
        self.page.keyboard.press("Enter")

    def answered(self) -> None:
        expect(self.one("#answer .verdict")).to_be_visible()
        expect(self.one("#answer")).to_have_attribute("aria-busy", "false")

    def tab(self, name: str) -> None:
        """Go to a tab; those for which a small screen has no room are in a menu."""
        button = self.one(f"#{name}-tab-button")
        expect(self.one("#ask-tab-button")).to_be_visible()
        if button.count() and button.is_visible():
            button.click()
            return
        self.one(".overflow-menu > button").click()
        self.one(".overflow-dropdown button", has_text=name.capitalize()).click()

    def send(self, *paths: Path) -> None:
        """Choose files on the documents tab."""
        self.tab("documents")
        self.one("#choose-files").set_input_files([str(path) for path in paths])
        expect(self.one("#uploads .done")).to_be_visible()
