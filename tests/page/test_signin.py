"""Signing in and out in a real Chromium: from the form to an answer and back, in light, dark and phone width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.axe import serious
from tests.browser import DESKTOP, IN_CHROMIUM, PHONE, Watched
from tests.fakes_page import MemoryDossier, make_document, served
from ui.access.keys import Keys

pytestmark = IN_CHROMIUM


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signin") / "data"


@pytest.fixture(scope="module")
def url(data: Path) -> Iterator[str]:
    document = make_document("The bridge was opened on 12 May 1911 by Otto Lind.", title="The bridge")
    with served(MemoryDossier(data, [document], require_keys=True)) as url:
        yield url


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", PHONE)])
def test_a_person_signs_in_asks_and_signs_out(
    browser: Browser, url: str, data: Path, scheme: str, size: dict[str, int]
) -> None:
    key = Keys(data).create(f"Desk {scheme}")[1]
    # The policy of the page keeps every other script out, and axe with them: it is set aside.
    with Watched(browser, url, bypass_csp=True, color_scheme=scheme, viewport=size) as watched:
        page = watched.page
        expect(page).to_have_url(f"{url}/sign-in")
        expect(page.get_by_label("Your key")).to_be_focused()
        assert serious(page) == []
        page.keyboard.type("dsk_wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        assert serious(page) == []
        page.get_by_label("Your key").fill(key)
        page.keyboard.press("Enter")
        watched.ready().ask("When was the bridge opened by Otto Lind?")
        expect(watched.one("#answer .verdict")).to_have_text("Answered")
        assert serious(page) == []
        assert key not in page.content() + page.url
        assert [one for one in watched.wrong if "401" not in one] == []  # the browser's word for the wrong key
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Your key")).to_be_visible()
        page.goto(url)
        expect(page).to_have_url(f"{url}/sign-in")
        expect(page.get_by_label("Your key")).to_be_focused()
        watched.wrong.clear()  # what the leaving page was still waiting for


def test_the_form_works_without_scripts(browser: Browser, url: str, data: Path) -> None:
    key = Keys(data).create("No scripts")[1]
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Your key").fill(key)
    with page.expect_response(f"{url}/") as opened:
        page.get_by_role("button", name="Sign in").click()
    assert opened.value.status == 200
    context.close()
