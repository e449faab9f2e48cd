"""Nothing in a document, an answer, a file name or an error runs, fetches or becomes markup (S9, S10, U1-U3, U12, D15).

By day one page shows all forty payloads in each place; at night there is a page for each of them as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import IN_CHROMIUM, Watched
from tests.fakes_hostile import HostileDossier, open_hostile
from tests.fakes_page import served
from tests.payloads import DANGEROUS, FOUND, TRAP, as_shown, payloads
from tests.sink import Sink, sinking

pytestmark = IN_CHROMIUM


class Trapped(Watched):
    """A page on which the payloads are let loose; leaving the block fails if one of them did anything."""

    def __init__(self, browser: Browser, url: str, sink: Sink, texts: list[str], **given: Any) -> None:
        super().__init__(browser, url, init_script=TRAP, **given)
        self._sink = sink
        self._texts = texts

    def holds(self, selector: str, texts: list[str] | None = None) -> None:
        """Every payload stands in the place, letter by letter, and none of them is anything but letters."""
        place = self.one(selector).first
        expect(place).to_contain_text(as_shown((texts or self._texts)[-1])[-20:])
        shown = as_shown(place.evaluate("element => element.textContent"))
        assert [text for text in texts or self._texts if as_shown(text) not in shown] == []
        self.inert()

    def inert(self) -> None:
        assert self.page.evaluate(FOUND, DANGEROUS) == []
        assert self.page.evaluate("window.ran") == []
        assert self._sink.seen == []
        assert self.page.url.startswith(self.url)


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with sinking() as sink:
        yield sink


@pytest.fixture(scope="module")
def texts(sink: Sink) -> list[str]:
    return list(payloads(sink.url).values())


@pytest.fixture(scope="module")
def dossier(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileDossier]:
    dossier = open_hostile(tmp_path_factory.mktemp("hostile"), texts)
    yield dossier
    dossier.close()


@pytest.fixture(scope="module")
def url(dossier: HostileDossier) -> Iterator[str]:
    with served(dossier) as where:
        yield where


@pytest.fixture
def trapped(browser: Browser, url: str, sink: Sink, texts: list[str]) -> Iterator[Trapped]:
    with Trapped(browser, url, sink, texts) as opened:
        opened.ready()
        yield opened
        opened.inert()


def test_the_trap_catches_what_a_careless_page_would_do(browser: Browser, sink: Sink, texts: list[str]) -> None:
    """Without it the tests below would prove nothing: the same payloads, put into a page as markup."""
    context = browser.new_context()
    context.add_init_script(TRAP)
    page = context.new_page()
    page.set_content(f"<div class=dossier>{' '.join(texts[:5])}</div><div class=dossier>{' '.join(texts[20:26])}</div>")
    page.wait_for_function("window.ran.length > 1")
    assert page.evaluate(FOUND, DANGEROUS)
    page.wait_for_function("performance.getEntriesByType('resource').length > 2")
    context.close()
    assert sink.seen
    sink.seen.clear()


def test_payloads_in_an_answer_its_quotes_and_its_passages_stay_text(trapped: Trapped) -> None:
    for question in ("Who built the bridge?", "Which sides are there?", "Who is silent?"):
        trapped.ask(question)
        trapped.holds("#answer")
        for summary in trapped.one("#answer summary").all():
            summary.click()
        trapped.inert()


def test_payloads_in_a_quote_stay_text_above_its_number(trapped: Trapped, texts: list[str]) -> None:
    trapped.ask("Who built the bridge?")
    for number, text in enumerate(texts):
        tip = trapped.one("#answer .text .tip").nth(number)
        assert as_shown(tip.evaluate("element => element.textContent")).startswith(as_shown(text))
    for chip in trapped.one("#answer .text .chip").all()[::8]:
        chip.hover()
    trapped.inert()


def test_payloads_in_a_source_stay_text_with_the_quote_marked(trapped: Trapped, dossier: HostileDossier) -> None:
    trapped.tab("documents")
    names = [one.provenance.title or "" for one in dossier.collection().documents()]
    assert len(names) == 40
    trapped.tab("ask")
    trapped.ask("Who built the bridge?")
    for number, document in enumerate(dossier.pipeline().answer("Who?").citations):
        trapped.one("#answer .citation .open").nth(number).click()
        source = dossier.collection().document(document.document_id)
        expect(trapped.one("#source mark")).to_have_text(source.text[document.start :], use_inner_text=False)
        if number % 8 == 0:
            trapped.holds("#source", [source.text, source.provenance.title or ""])
    trapped.inert()


def test_payloads_in_titles_outlets_authors_and_file_names_stay_text(trapped: Trapped, dossier: HostileDossier) -> None:
    trapped.tab("documents")
    documents = dossier.collection().documents()
    for field in ("title", "publisher", "author"):
        trapped.holds("#documents", [getattr(one.provenance, field) for one in documents])
    outlets = sorted((one.provenance.publisher or "" for one in documents), key=str.casefold)
    trapped.holds("#contents", outlets[:12])


def test_payloads_in_questions_stay_text_in_the_conversation(trapped: Trapped, texts: list[str]) -> None:
    asked = ["".join(one for one in " ".join(texts[at : at + 8]) if one.isprintable()) for at in range(0, 40, 8)]
    for question in [*asked, "Who built the bridge?"]:
        trapped.ask(question)
    trapped.holds("#conversation", asked)


def test_payloads_in_the_table_of_every_document_stay_text(trapped: Trapped) -> None:
    trapped.tab("coverage")
    trapped.one("#survey textarea").fill("Who built the bridge?")
    trapped.page.keyboard.press("Enter")
    expect(trapped.one("#coverage table").first).to_be_visible()
    trapped.holds("#coverage")


def test_payloads_in_an_evaluation_report_stay_text(trapped: Trapped, texts: list[str]) -> None:
    trapped.tab("evaluation")
    trapped.holds("#evaluation", texts[:20])


def test_payloads_in_names_of_refused_files_and_in_errors_stay_text(
    trapped: Trapped, texts: list[str], tmp_path: Path
) -> None:
    trapped.tab("documents")
    names = [f"{text.replace('/', '∕')[:120]}.txt" for text in texts]
    trapped.one("#choose-files").set_input_files(
        [{"name": name, "mimeType": "text/plain", "buffer": b""} for name in names]
    )
    expect(trapped.one("#uploads .refused li")).to_have_count(40)
    trapped.inert()
    trapped.tab("ask")
    trapped.begin("Say it so that it fails")
    expect(trapped.one("#status .alarm")).to_be_visible()
    trapped.inert()


def test_what_the_api_sends_is_never_run_by_a_browser(trapped: Trapped, url: str) -> None:
    """Addresses of the API opened as a page: JSON and files for saving, whatever stands in them."""
    trapped.ask("Who built the bridge?")
    links = [link.get_attribute("href") or "" for link in trapped.one("#answer a[href*=export]").all()]
    assert links
    for address in (
        *links,
        "v1/documents",
        "v1/answers",
        "v1/documents/<script>hacked(1)</script>",
        "<img src=x onerror=hacked(1)>",
    ):
        answer = trapped.page.request.get(f"{url}/{address}")
        kind = answer.headers["content-type"].partition(";")[0]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert kind != "text/html" or "attachment" in answer.headers["content-disposition"]
        assert "script-src 'self' 'unsafe-inline'" in answer.headers["content-security-policy"]


def test_u12_a_page_of_another_site_cannot_frame_this_one(browser: Browser, url: str) -> None:
    page = browser.new_page()
    page.set_content(f"<iframe src='{url}/'></iframe>")
    page.wait_for_load_state("networkidle")
    assert [frame.url for frame in page.frames[1:] if frame.url.startswith(url)] == []
    assert page.frames[1].locator("#question").count() == 0
    page.context.close()


@pytest.mark.nightly
def test_each_payload_alone_stays_text_in_every_place(
    browser: Browser, sink: Sink, texts: list[str], tmp_path: Path
) -> None:
    for number, text in enumerate(texts):
        folder = tmp_path / str(number)
        folder.mkdir()
        dossier = open_hostile(folder, [text])
        with served(dossier) as url, Trapped(browser, url, sink, [text]) as opened:
            opened.ready()
            for question in ("Who built the bridge?", "Which sides are there?", "Who is silent?"):
                opened.ask(question)
                opened.holds("#answer")
            opened.ask(text)
            opened.ask("Who built the bridge?")
            opened.holds("#conversation")
            opened.one("#answer .citation .open").first.click()
            expect(opened.one("#source mark")).to_be_visible()
            opened.inert()
            opened.tab("documents")
            expect(opened.one("#documents .document")).to_have_count(1)
            opened.inert()
        dossier.close()
