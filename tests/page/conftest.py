"""One browser, and one server over real articles, for all tests of the page: they end with the last of them.

While Chromium is open, an event loop runs in the thread of the tests; no test outside of this folder is to meet it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import launched
from tests.journeys import House, house


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server over the articles. A test that adds to them takes it away again."""
    with house(tmp_path_factory.mktemp("home")) as opened:
        yield opened
