"""The original beside the answer: the page of a quote as it looks, with the lines boxed, and the file to be saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fpdf import FPDF
from playwright.sync_api import Browser, expect

from index.files import find_files
from rag.build import open_dossier
from rag.settings import Settings
from tests.browser import IN_CHROMIUM, Watched
from tests.fakes_page import served

pytestmark = IN_CHROMIUM
PAGES = (
    "The annual report of the whale museum at Lindholm. It holds eleven skeletons and a library.",
    "The roof of the museum was repaired by Tove Lind in 1987. The work cost 41,300 crowns.",
)
QUESTION = "Who repaired the roof of the museum?"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("originals")
    pdf = FPDF(unit="pt", format="A4")
    pdf.set_title("The whale museum")
    for words in PAGES:
        pdf.add_page()
        pdf.set_font("helvetica", size=14)
        pdf.multi_cell(0, 20, words)
    (folder / "files").mkdir()
    (folder / "files" / "museum report.pdf").write_bytes(bytes(pdf.output()))
    with open_dossier(Settings(data=folder / "data", collection="papers")) as dossier:
        found = find_files([folder / "files"], max_files=9)
        assert dossier.collection(create=True).ingest(found.files).refused == ()
        with served(dossier) as address:
            yield address


def test_the_page_of_a_quote_can_be_looked_at_and_its_file_saved(browser: Browser, url: str, tmp_path: Path) -> None:
    with Watched(browser, url) as page:
        page.ready()
        page.ask(QUESTION)
        summary = page.one("#source .picture summary")
        expect(summary).to_have_text("Page 2 as it looks")
        picture = page.one("#source .picture img")
        summary.click()
        expect(picture).to_be_visible()
        page.until("document.querySelector('#source .picture img').naturalWidth > 1000")
        with page.page.expect_download() as saved:
            page.one("#source .original").click()
        assert saved.value.suggested_filename == "museum report.pdf"
        saved.value.save_as(tmp_path / "saved.pdf")
        assert (tmp_path / "saved.pdf").read_bytes().startswith(b"%PDF-")
