"""A real Chromium for tests of the page, and a page in it that remembers what must not happen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    TimeoutError,
    expect,
    sync_playwright,
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_CHROMIUM = (
    "No Chromium is installed: the tests of the page are left out. "
    "To have them too: apt-get install chromium (Debian, Ubuntu), dnf install chromium (Fedora), brew install chromium (macOS)"
)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
WAIT_MS = 120_000
ANSWERED = "#answer .dossier:not([data-earlier]) .verdict"
STEP_MS = 5_000
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
# Gradio's page has a <base href="./"> that the policy ignores.
_BASE_TAG = 'Content Security Policy directive: "base-uri'

expect.set_options(timeout=WAIT_MS)  # a busy machine is slow, and no test fails for that

IN_CHROMIUM = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM),
]
"""Marks of a module whose tests need the browser; it belongs into `tests/page`, where one is open."""

_IDLE: dict[str, list[Page]] = {}
"""Tabs that a test has left, empty, by what their contexts were made with: with its scripts read, a page opens in a third of the time."""


@contextmanager
def launched() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        _IDLE.clear()
        opened.close()


def _new_tab(browser: Browser, init_script: str, **given: Any) -> Page:
    context = browser.new_context(**({"viewport": DESKTOP} | given))
    if init_script:
        context.add_init_script(init_script)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    return page


class Watched:
    """A page of the server at `url`; leaving the block fails on any error, dialog or request to another origin.

    Attributes:
        wrong: What happened and must not.
    """

    def __init__(self, browser: Browser, url: str, *, path: str = "", init_script: str = "", **given: Any) -> None:
        self._kind = repr(sorted(({"viewport": DESKTOP, "script": init_script} | given).items()))
        idle = _IDLE.setdefault(self._kind, [])
        self.page: Page = idle.pop() if idle else _new_tab(browser, init_script, **given)
        self.context = self.page.context
        self.url = url
        self.wrong: list[str] = []
        self._heard: list[tuple[Any, str, Any]] = []
        self._hear(self.page, "console", self._console)
        self._hear(self.page, "pageerror", lambda error: self.wrong.append(f"error {error}\n{error.stack}"))
        self._hear(self.page, "dialog", self._dialog)
        self._hear(self.context, "request", self._request)
        self.page.goto(url + path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        wrong = list(self.wrong)
        for what, name, listener in self._heard:
            what.remove_listener(name, listener)
        if kind is None and not wrong and self.page.url.startswith(self.url):
            self._leave()
        else:
            self.context.close()
        if kind is None and wrong:
            pytest.fail("\n".join(wrong), pytrace=False)

    def _leave(self) -> None:
        """Give the tab back without a trace of what was done in it."""
        self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.context.clear_cookies()
        self.context.clear_permissions()
        self.page.goto("about:blank")
        _IDLE[self._kind].append(self.page)

    def _hear(self, what: Any, name: str, listener: Any) -> None:
        what.on(name, listener)
        self._heard.append((what, name, listener))

    def _dialog(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog {dialog.message}")
        dialog.dismiss()

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
        """Ask, and wait for the answer."""
        self.begin(question)
        self.answered()

    def begin(self, question: str) -> None:
        """Ask, and do not wait. What stood there before is marked, so that it is not taken for the answer."""
        self.one("#answer .dossier").evaluate("shown => shown.setAttribute('data-earlier', '')")
        self.one("#question textarea").fill(question)
        self.page.keyboard.press("Enter")

    def answered(self) -> None:
        expect(self.one(ANSWERED)).to_be_visible()
        expect(self.one("#answer")).to_have_attribute("aria-busy", "false")

    def tab(self, name: str) -> None:
        """Go to a tab; those for which a small screen has no room are in a menu, once the page has measured them."""
        tab, menu = self.one(f"#{name}-tab-button"), self.one(".overflow-menu > button")
        entry = self.one(".overflow-dropdown button", has_text=name.capitalize())
        for _ in range(WAIT_MS // STEP_MS):
            expect(tab.or_(menu).filter(visible=True).first).to_be_visible()
            with suppress(TimeoutError):
                if tab.is_visible():
                    return tab.click(timeout=STEP_MS)
                if not entry.is_visible():
                    menu.click(timeout=STEP_MS)
                return entry.click(timeout=STEP_MS)
        raise AssertionError(f"there is no way to the tab '{name}'")

    def until(self, holds: str) -> None:
        """Wait until an expression holds in the page."""
        self.page.evaluate(f"""async () => {{
            for (const end = Date.now() + {WAIT_MS}; !({holds}); await new Promise((go) => setTimeout(go, 20)))
                if (Date.now() > end) throw new Error({holds!r} + " never held");
        }}""")

    def send(self, *paths: Path) -> None:
        """Choose files on the documents tab."""
        self.tab("documents")
        self.one("#choose-files").set_input_files([str(path) for path in paths])
        expect(self.one("#uploads .done")).to_be_visible()
