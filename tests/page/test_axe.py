"""Every state of the page, light, dark and on a phone, holds to what axe-core calls serious or critical."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.axe import serious
from tests.browser import DESKTOP, IN_CHROMIUM, PHONE, Watched
from tests.fakes_page import MemoryDossier, served
from tests.journeys import KEPT, NOT_STATED, VOTED, House
from tests.states import Asked, states

pytestmark = IN_CHROMIUM

ASKED = Asked(KEPT, "Since when has she kept it?", VOTED, NOT_STATED, VOTED)
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark-phone": {"viewport": PHONE, "color_scheme": "dark", "has_touch": True},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True},
}
BY_DAY = ("light", "dark-phone")
"""Both colours and both sizes; the other two pairs of them at night."""


@pytest.mark.parametrize(
    "look", [pytest.param(look, marks=() if look in BY_DAY else pytest.mark.nightly) for look in LOOKS]
)
def test_nothing_serious_or_critical_keeps_anybody_from_any_state_of_the_page(
    browser: Browser, home: House, look: str
) -> None:
    wrong = {}
    # The policy of the page keeps every other script out, and axe with them: only here it is set aside.
    with Watched(browser, home.url, bypass_csp=True, reduced_motion="reduce", **LOOKS[look]) as page:
        for state in states(page, ASKED):
            if violations := serious(page.page):
                wrong[state] = violations
    assert wrong == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_without_documents_is_open_to_everybody(browser: Browser, tmp_path: Path, scheme: Any) -> None:
    """The page on which people sign in is looked at where they do."""
    with (
        served(MemoryDossier(tmp_path / "data")) as url,
        Watched(browser, url, bypass_csp=True, color_scheme=scheme) as page,
    ):
        page.ready()
        assert serious(page.page) == []
