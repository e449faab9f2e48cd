"""Colours, small screens and keys: the page in the places where people have it, and the door in front of it."""

from __future__ import annotations

import re
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
WIDTH = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


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
    is_dark = "document.body.classList.contains('dark')"
    with Watched(browser, url, color_scheme=scheme) as page:
        page.ready()
        assert page.page.evaluate(is_dark) is (scheme == "dark")
        page.tab("settings")
        page.page.get_by_label(other, exact=True).check()
        assert page.page.evaluate(is_dark) is (other == "Dark")
        page.reload()
        page.ready()
        assert page.page.evaluate(is_dark) is (other == "Dark")


def test_nothing_scrolls_sideways_on_a_phone_and_a_source_lies_over_the_answer(browser: Browser, url: str) -> None:
    with Watched(browser, url, viewport=PHONE, has_touch=True) as page:
        page.ready().ask(ASKED)
        page.one("#answer .why summary").click()
        assert page.page.evaluate(WIDTH) == 0
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
            assert page.page.evaluate(WIDTH) == 0


def test_a_visitor_signs_in_with_a_key_and_out_again(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    document = make_document(TEXT, title="A harbour and its bridge")
    key = Keys(data).create("a visitor")[1]
    with served(MemoryDossier(data, [document], require_keys=True)) as url, Watched(browser, url) as page:
        expect(page.page).to_have_url(re.compile("/sign-in$"))
        page.page.get_by_label("Your key").fill("dsr_wrong")
        page.page.get_by_role("button", name="Sign in").click()
        expect(page.page.get_by_role("alert")).to_contain_text(re.compile("does not open th"))
        page.page.get_by_label("Your key").fill(key)
        page.page.get_by_role("button", name="Sign in").click()
        page.ready().ask(ASKED)
        expect(page.one("#answer")).to_contain_text("Otto Lind")
        assert key not in page.page.content() + page.page.url
        page.page.goto(f"{url}/sign-in")
        page.page.get_by_role("button", name="Sign out").click()
        page.page.goto(url)
        expect(page.page).to_have_url(re.compile("/sign-in$"))
        page.wrong.clear()  # the refusals that were asked for, and what the leaving page was still waiting for


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
        assert page.one("#status").get_attribute("aria-live") == "polite"
        expect(page.one("#status")).to_contain_text("1 source")
        expect(page.page.get_by_role("textbox", name="Your question")).to_be_visible()
        expect(page.page.get_by_role("button", name="Source 1").first).to_be_visible()
