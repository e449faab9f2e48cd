"""Colours, small screens and keys: the page in the places where people have it, and the door in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import IN_CHROMIUM, PHONE, Watched
from tests.fakes_page import MemoryDossier, make_document, served
from ui.access.keys import Keys

pytestmark = IN_CHROMIUM

TEXT = "The harbour opened in 1902. Otto Lind built the bridge in 1911. The bridge was painted red by Marta Sund."
ASKED = "Who built the bridge in 1911?"
FITS = "document.documentElement.scrollWidth === document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    document = make_document(TEXT, title="A harbour and its bridge")
    with served(MemoryDossier(tmp_path_factory.mktemp("around") / "data", [document])) as where:
        yield where


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_wears_the_colours_of_the_device_until_others_are_chosen(
    browser: Browser, url: str, scheme: Any
) -> None:
    other = "Dark" if scheme == "light" else "Light"
    with Watched(browser, url, color_scheme=scheme) as page:
        dark = page.ready().one("body.dark")
        expect(dark).to_have_count(int(scheme == "dark"))
        page.tab("settings")
        page.page.get_by_label(other, exact=True).check()
        expect(dark).to_have_count(int(other == "Dark"))
        page.reload()
        expect(dark).to_have_count(int(other == "Dark"))


def test_nothing_scrolls_sideways_on_a_phone_and_a_source_lies_over_the_answer(browser: Browser, url: str) -> None:
    with Watched(browser, url, viewport=PHONE, has_touch=True) as page:
        page.ready().ask(ASKED)
        page.one("#answer .why summary").click()
        page.until(FITS)
        page.one("#answer .text .chip").first.tap()
        sheet = page.page.get_by_role("dialog", name="Source")
        expect(sheet).to_be_visible()
        expect(page.one("#source mark").first).to_be_in_viewport()
        page.one("#source .close").tap()
        expect(sheet).to_have_count(0)
        expect(page.one("#answer .text .chip").first).to_be_focused()
        for name in ("documents", "coverage", "evaluation", "settings"):
            page.page.evaluate("window.scrollTo(0, 0)")
            page.tab(name)
            page.until(FITS)


def test_whoever_may_only_read_is_offered_nothing_that_writes(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    key = Keys(data).create("a reader", may_write=False)[1]
    with (
        served(MemoryDossier(data, [make_document(TEXT, title="T")], require_keys=True)) as url,
        Watched(browser, url) as page,
    ):
        page.page.get_by_label("Your key").fill(key)
        page.page.get_by_role("button", name="Sign in").click()
        page.ready()
        page.tab("documents")
        expect(page.one("#documents .document")).to_have_count(1)
        expect(page.one("#adding")).to_contain_text("may read")
        expect(page.one("#documents .remove, #documents .edit, #adding .drop")).to_have_count(0)


def test_the_status_is_spoken_and_every_control_has_a_name(browser: Browser, url: str) -> None:
    with Watched(browser, url) as page:
        page.ready().ask(ASKED)
        expect(page.one("#status")).to_have_attribute("aria-live", "polite")
        expect(page.one("#status")).to_contain_text("1 source")
        expect(page.page.get_by_role("textbox", name="Your question")).to_be_visible()
        expect(page.page.get_by_role("button", name="Source 1").first).to_be_visible()


def test_a_command_waits_for_a_part_of_the_page_that_is_not_built_yet(browser: Browser, url: str) -> None:
    """The script of the page is there before its parts are: on a busy machine by seconds."""
    with Watched(browser, url) as page:
        page.ready().ask(ASKED)
        page.ask("When did the harbour open?")
        expect(page.one("#conversation .past")).to_have_count(1)
        page.page.evaluate("""() => {
            const place = document.querySelector("#command-begin");
            window.parts = [...place.childNodes];
            place.replaceChildren();
            Dossier.send("begin", "");
        }""")
        expect(page.one("#conversation .past")).to_have_count(1)
        page.page.evaluate('document.querySelector("#command-begin").append(...window.parts)')
        expect(page.one("#conversation .past")).to_have_count(0)
