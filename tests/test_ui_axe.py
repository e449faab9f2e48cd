"""Every state of the page, light, dark and on a phone, holds to what axe-core calls serious or critical."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser

from tests.browser import DESKTOP, IN_CHROMIUM, PHONE, Watched
from tests.fakes_page import MemoryDossier, served
from tests.journeys import KEPT, NOT_STATED, VOTED, House, house
from tests.states import Asked, states

pytestmark = IN_CHROMIUM

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN = """async () => {
  const { passes, violations } = await axe.run(document);
  if (passes.length < 5) return ["axe looked at nothing"];
  return violations.filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.impact} ${one.id}: ${one.nodes.length} x ${one.nodes[0].html.slice(0, 160)} ${one.nodes[0].any[0]?.message ?? ""}`);
}"""
ASKED = Asked(KEPT, "Since when has she kept it?", VOTED, NOT_STATED, VOTED)
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("axe")) as opened:
        yield opened


def found(page: Watched) -> list[str]:
    page.page.evaluate(AXE)
    violations: list[str] = page.page.evaluate(RUN)
    return violations


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_serious_or_critical_keeps_anybody_from_any_state_of_the_page(
    browser: Browser, home: House, look: str
) -> None:
    wrong = {}
    # The policy of the page keeps every other script out, and axe with them: only here it is set aside.
    with Watched(browser, home.url, bypass_csp=True, reduced_motion="reduce", **LOOKS[look]) as page:
        for state in states(page, ASKED):
            if violations := found(page):
                wrong[state] = violations
    assert wrong == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in_page_and_a_page_without_documents_are_open_to_everybody(
    browser: Browser, tmp_path: Path, scheme: Any
) -> None:
    for needed in (True, False):
        with (
            served(MemoryDossier(tmp_path / str(needed), require_keys=needed)) as url,
            Watched(browser, url, bypass_csp=True, color_scheme=scheme) as page,
        ):
            if not needed:
                page.ready()
            assert found(page) == []
