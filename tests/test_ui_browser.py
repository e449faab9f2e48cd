"""The page as a person meets it: a real Chromium against the real server, and mostly the real pipeline."""

import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from index.files import find_files
from rag.build import open_dossier
from rag.settings import Settings
from tests.fakes_page import MemoryDossier, make_document, served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
BASE_TAG = (
    'Content Security Policy directive: "base-uri'  # Gradio's page has a <base href="./"> that the policy ignores
)
WAIT_MS = 60_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (Debian: apt-get install chromium)"),
]

ARTICLES = {
    "bridge.md": """---
title: The bridge at Lindholm turns a hundred
publisher: The Harbour Post
author: Ada Quill
published: 2025-03-04
kind: report
---

The bridge at Lindholm was opened on 12 May 1911 by the engineer Otto Lind. It replaced a ferry that had sunk twice.

The bridge cost 2 million crowns. Critics had called it a luxury, and the town council argued over its colour for a year.
""",
    "lighthouse.md": """---
title: Who keeps the lighthouse
publisher: Coast Weekly
published: 2024-11
kind: analysis
---

Marta Sund has kept the lighthouse on Graa island since 1998. She paints it red every spring.

Ferries to the island sail on Tuesdays and Fridays.
""",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real thing over two invented articles."""
    folder = tmp_path_factory.mktemp("articles")
    for name, text in ARTICLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    dossier = open_dossier(Settings(data=tmp_path_factory.mktemp("page") / "data"))
    found = find_files([folder], max_files=10)
    dossier.collection(create=True).ingest(found.files, roots=found.roots, refusals=found.refusals)
    with served(dossier) as where:
        yield where
    dossier.close()


class Watched:
    """A page that remembers what must not happen: errors, dialogs, requests to another host."""

    def __init__(self, browser: Browser, url: str, **given: Any) -> None:
        self.context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | given))
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.wrong: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error {error}"))
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self._url = url
        self.page.on("request", self._request)
        self.page.goto(url)
        expect(self.page.locator("#answer .dossier")).to_be_visible(timeout=WAIT_MS)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and BASE_TAG not in message.text:
            self.wrong.append(f"console {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self._url, "data:", "blob:")):
            self.wrong.append(f"request {request.url}")

    def ask(self, question: str) -> None:
        self.page.locator("#question textarea").fill(question)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#answer .verdict")).to_be_visible(timeout=WAIT_MS)
        expect(self.page.locator("#answer")).to_have_attribute("aria-busy", "false", timeout=WAIT_MS)


@pytest.fixture
def watched(browser: Browser, url: str) -> Iterator[Watched]:
    opened = Watched(browser, url)
    yield opened
    opened.context.close()
    assert opened.wrong == []


def test_a_question_is_answered_with_its_source_marked_beside_it(watched: Watched) -> None:
    watched.ask("When was the bridge at Lindholm opened?")
    page = watched.page
    expect(page.locator("#answer .verdict")).to_have_text("Answered")
    expect(page.locator("#answer .short")).to_contain_text("12 May 1911")
    quote = page.locator("#answer .citation .quote").first.text_content()
    expect(page.locator("#source mark")).to_have_text(quote or "")
    expect(page.locator("#source header")).to_contain_text("The Harbour Post · Ada Quill · report")
    expect(page.locator("#source header")).to_contain_text("4 March 2025")
    expect(page.locator("#source mark")).to_be_in_viewport()


def test_a_number_shows_its_quote_and_selects_its_source(watched: Watched) -> None:
    watched.ask("Who keeps the lighthouse on Graa island?")
    page = watched.page
    chip = page.locator("#answer .chip").first
    chip.hover()
    tip = page.locator("#answer .tip").first
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("Coast Weekly · November 2024")
    page.locator("#documents-tab-button").click()
    page.locator(".document .open", has_text="The bridge").click()
    expect(page.locator("#source h2")).to_have_text("The bridge at Lindholm turns a hundred")
    chip.click()
    expect(page.locator("#source h2")).to_have_text("Who keeps the lighthouse")
    quote = page.locator("#answer .citation .quote").first.text_content()
    assert page.locator("#source mark").text_content() == quote
    expect(chip).to_have_class("chip chosen")


def test_the_keyboard_alone_reaches_a_source(watched: Watched) -> None:
    page = watched.page
    watched.ask("When was the bridge at Lindholm opened?")
    chip, tip = page.locator("#answer .chip").first, page.locator("#answer .tip").first
    for _ in range(12):
        page.keyboard.press("Tab")
        if chip.evaluate("element => element === document.activeElement"):
            break
    expect(chip).to_be_focused()
    expect(tip).to_be_visible()
    assert chip.get_attribute("aria-describedby") == tip.get_attribute("id")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    expect(chip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#source mark")).to_be_visible()


def test_what_the_documents_do_not_say_is_said_so(watched: Watched) -> None:
    watched.ask("Who won the 2022 World Cup?")
    page = watched.page
    expect(page.locator("#answer .verdict")).to_have_text("The documents don’t say")
    expect(page.locator("#answer .short")).to_have_count(0)
    expect(page.locator("#answer .citation")).to_have_count(0)
    page.locator("#answer .nearest .open").first.click()
    expect(page.locator("#source mark")).to_be_visible()


def test_why_a_passage_ranks_can_be_opened(watched: Watched) -> None:
    watched.ask("What did the bridge cost?")
    page = watched.page
    page.locator("#answer .why summary").click()
    expect(page.locator("#answer .why tbody tr").first).to_contain_text("#")
    assert page.locator("#answer th").first.get_attribute("scope") == "col"


def test_a_document_is_added_asked_about_and_removed(watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    (tmp_path / "museum.txt").write_text(
        "The whale museum\n\nThe whale museum in Lindholm was founded by Ingrid Dahl in 1954.\n", encoding="utf-8"
    )
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    (tmp_path / "tool.exe").write_bytes(b"MZ\x00\x01" * 50)
    page.locator("#documents-tab-button").click()
    page.locator("#choose-files").set_input_files(sorted(str(path) for path in tmp_path.iterdir()))
    expect(page.locator("#uploads .done")).to_contain_text("1 added, 2 refused", timeout=WAIT_MS)
    expect(page.locator("#uploads .refused")).to_contain_text("empty.txt")
    expect(page.locator("#uploads .refused li", has_text="tool.exe")).to_have_count(1)
    expect(page.locator("#documents .document")).to_have_count(3)
    expect(page.locator("#top .known")).to_contain_text("3 documents")

    page.locator("#ask-tab-button").click()
    watched.ask("Who founded the whale museum?")
    expect(page.locator("#answer .short")).to_contain_text("Ingrid Dahl")

    page.locator("#documents-tab-button").click()
    row = page.locator(".document", has_text="museum.txt")
    row.locator(".remove").click()
    expect(row.locator(".confirm")).to_be_visible()
    row.locator(".keep").click()
    expect(row.locator(".confirm")).to_be_hidden()
    row.locator(".remove").click()
    row.locator(".confirm").click()
    expect(page.locator("#documents .document")).to_have_count(2, timeout=WAIT_MS)
    page.locator("#ask-tab-button").click()
    watched.ask("Who founded the whale museum?")
    expect(page.locator("#answer")).not_to_contain_text("Ingrid Dahl")


def test_files_that_are_dropped_go_in_and_one_that_is_too_large_does_not_hold_them_up(
    browser: Browser, tmp_path: Path
) -> None:
    with served(MemoryDossier(tmp_path / "data", max_file_bytes=2000)) as url:
        opened = Watched(browser, url)
        page = opened.page
        page.locator("#documents-tab-button").click()
        dropped = page.evaluate_handle("""() => {
            const carried = new DataTransfer();
            for (let number = 0; number < 60; number++) carried.items.add(new File([`Note ${number}.`], `note${number}.txt`));
            carried.items.add(new File(["x".repeat(2001)], "large.txt"));
            return carried;
        }""")
        page.dispatch_event("#adding .drop", "drop", {"dataTransfer": dropped})
        expect(page.locator("#uploads .done")).to_have_text("60 added, 1 refused.", timeout=WAIT_MS)
        expect(page.locator("#uploads .refused li")).to_contain_text("large.txt It has more than 2,000 bytes.")
        expect(page.locator("#documents .document")).to_have_count(50)
        page.locator("#documents .page", has_text="Next").click()
        expect(page.locator("#documents .document")).to_have_count(10)
        opened.context.close()
        assert opened.wrong == []


def test_the_status_is_spoken_and_the_controls_have_names(watched: Watched) -> None:
    watched.ask("What did the bridge cost?")
    page = watched.page
    assert page.locator("#status").get_attribute("aria-live") == "polite"
    expect(page.locator("#status")).to_contain_text("1 source")
    expect(page.get_by_role("textbox", name="Your question")).to_be_visible()
    expect(page.get_by_role("button", name="Source 1").first).to_be_visible()
    unnamed = "elements => elements.filter(e => e.checkVisibility() && !(e.ariaLabel || e.innerText.trim() || e.title)).map(e => e.outerHTML)"
    assert page.locator("button").evaluate_all(unnamed) == []


def test_nothing_scrolls_sideways_on_a_phone(browser: Browser, url: str) -> None:
    opened = Watched(browser, url, viewport={"width": 360, "height": 740}, has_touch=True)
    opened.ask("When was the bridge at Lindholm opened?")
    page = opened.page
    page.locator("#answer .why summary").click()
    width = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) == 0
    expect(page.locator("#right")).to_be_hidden()
    page.locator("#answer .chip").first.tap()
    expect(page.locator("#source mark")).to_be_in_viewport()
    expect(page.get_by_role("dialog", name="Source")).to_be_visible()
    assert page.evaluate(width) == 0
    page.keyboard.press("Escape")
    expect(page.locator("#right")).to_be_hidden()
    expect(page.locator("#answer .chip").first).to_be_focused()
    page.evaluate("window.scrollTo(0, 0)")
    page.locator("#documents-tab-button").tap()
    expect(page.locator(".document").first).to_be_visible()
    assert page.evaluate(width) == 0
    opened.context.close()
    assert opened.wrong == []


CONTRAST = """elements => {
  const parse = text => { const c = document.createElement('canvas').getContext('2d'); c.fillStyle = text; c.fillRect(0, 0, 1, 1);
    return [...c.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const under = element => {
    let [r, g, b] = [255, 255, 255]; const chain = [];
    for (let e = element; e; e = e.parentElement) chain.unshift(parse(getComputedStyle(e).backgroundColor));
    for (const [cr, cg, cb, ca] of chain) { const a = ca / 255; r = r * (1 - a) + cr * a; g = g * (1 - a) + cg * a; b = b * (1 - a) + cb * a; }
    return [r, g, b];
  };
  return elements.filter(e => e.checkVisibility() && e.innerText.trim()).map(e => {
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(under(e))].sort((x, y) => y - x);
    return [(a + .05) / (b + .05), e.className || e.tagName];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(browser: Browser, url: str, scheme: Any) -> None:
    opened = Watched(browser, url, color_scheme=scheme)
    opened.ask("When was the bridge at Lindholm opened?")
    page = opened.page
    assert page.evaluate("document.body.classList.contains('dark')") is (scheme == "dark")
    selector = ".dossier :is(p, h1, h2, mark, .byline, .chip, .number, .quote, .title, .words, .quiet, summary), #send, [role=tab]"
    found = page.locator(selector).evaluate_all(CONTRAST)
    assert len(found) > 12
    assert [one for one in found if one[0] < 4.5] == []
    opened.context.close()
    assert opened.wrong == []


@pytest.fixture
def sink() -> Iterator[tuple[str, list[str]]]:
    """A loopback server: its address, and the path of every request it got."""
    seen: list[str] = []

    class Remember(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Remember) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


def payloads(sink: str) -> list[str]:
    return [
        f"<script>fetch('{sink}/1')</script>",
        f"<img src='{sink}/2' onerror='alert(2)'>",
        f"![x]({sink}/3)",
        f"[x]: {sink}/4\n\n![y][x]",
        f"<svg onload=alert(5)><image href='{sink}/5'/></svg>",
        f"<video poster='{sink}/6'></video><audio src='{sink}/6'></audio>",
        f"<iframe srcdoc='<script>parent.hacked=1</script>' src='{sink}/7'></iframe>",
        f"${{fetch('{sink}/8')}} ${{alert(8)}} ${{window.hacked=8}} ${{5",
        "`;alert(9);//` \\`${alert(9)}\\`",
        "{{constructor.constructor('alert(10)')()}} {{#with x}}{{/with}}",
        f"</div></article></textarea></style><style>*{{background:url({sink}/11)}}</style><link rel=prefetch href='{sink}/11'>",
        f"<form action='{sink}/12'><button autofocus onfocus=alert(12)>Log in</button></form><a href='javascript:alert(12)'>x</a>",
        f"\n\n# heading\n\n```mermaid\ngraph TD; A-->B; click A href '{sink}/13'\n```\n\n$$\\href{{{sink}/13}}{{x}}$$",
    ]


def test_nothing_in_a_document_a_title_or_a_file_name_runs_or_fetches(
    browser: Browser, tmp_path: Path, sink: tuple[str, list[str]]
) -> None:
    hostile = payloads(sink[0])
    documents = [
        make_document(f"Otto Lind built bridge {number}. {text}", title=text, publisher=text, source=f"upload/{text}")
        for number, text in enumerate(hostile, start=1)
    ]
    with served(MemoryDossier(tmp_path / "data", documents)) as url:
        opened = Watched(browser, url)
        page = opened.page
        for number, document in enumerate(documents, start=1):
            opened.ask(f"Who built bridge {number}?")
            page.locator("#answer .nearest .open, #answer .citation .open").first.click()
            page.locator("#documents-tab-button").click()
            page.locator(".document .open").nth(number - 1).click()
            expect(page.locator("#source .words")).to_contain_text(f"bridge {number}.")
            assert page.locator("#source .words").text_content() == document.text
            assert page.locator("#source h2").text_content() == hostile[number - 1]
        page.locator("#documents-tab-button").click()
        for name in ("<img src=x onerror=alert(1)>.txt", "${alert(2)}.txt", "{{x}}`.txt"):
            file = {"name": name, "mimeType": "text/plain", "buffer": b""}
            page.locator("#choose-files").set_input_files([file])
            expect(page.locator("#uploads .refused li")).to_contain_text(name, timeout=WAIT_MS)
        assert page.evaluate("window.hacked") is None
        assert page.locator(".dossier :is(img, svg, iframe, script, form, style, video, audio, link)").count() == 0
        assert page.locator(".dossier a:not([href^='v1/answers/ans_'])").count() == 0
        opened.context.close()
    assert opened.wrong == []
    assert sink[1] == []


def test_the_page_says_that_it_is_looking(browser: Browser, tmp_path: Path) -> None:
    dossier = MemoryDossier(tmp_path / "data", [make_document("Otto Lind built the bridge in 1911.", title="T")])
    with served(dossier) as url:
        opened = Watched(browser, url)
        page = opened.page
        page.locator("#question textarea").fill("Who built the bridge on hold?")
        page.keyboard.press("Enter")
        expect(page.locator("#status")).to_have_text("Reading 1 passage …")
        expect(page.locator("#answer")).to_have_attribute("aria-busy", "true")
        expect(page.locator("#answer .reading .open")).to_contain_text("The Harbour Post · 4 March 2025")
        dossier.go.set()
        expect(page.locator("#answer .short")).to_have_text("1911")
        expect(page.locator("#answer")).to_have_attribute("aria-busy", "false")
        expect(page.locator("#status")).to_contain_text("Answered")
        opened.context.close()
        assert opened.wrong == []


def test_an_answer_is_copied_with_its_sources(browser: Browser, tmp_path: Path) -> None:
    dossier = MemoryDossier(tmp_path / "data", [make_document("Otto Lind built the bridge in 1911.", title="T")])
    with served(dossier) as url:
        opened = Watched(browser, url)
        opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
        opened.ask("Who built the bridge?")
        opened.page.locator("#answer .copy").click()
        expect(opened.page.locator("#answer .copy")).to_have_text("Copied")
        assert opened.page.evaluate("navigator.clipboard.readText()") == (
            "1911\n\nOtto Lind built the bridge in 1911. [1]\n\n"
            "[1] The Harbour Post · Ada Quill · report · 4 March 2025 (as its dateline says): T\n"
            "    “Otto Lind built the bridge in 1911.”\n"
        )
        opened.context.close()
        assert opened.wrong == []


def test_an_error_is_one_friendly_line_with_an_id(browser: Browser, tmp_path: Path) -> None:
    with served(MemoryDossier(tmp_path / "data", [make_document("Otto Lind built it.", title="T")])) as url:
        opened = Watched(browser, url)
        page = opened.page
        page.locator("#question textarea").fill("break the bridge")
        page.locator("#send").click()
        expect(page.locator("#status .alarm")).to_contain_text("err_", timeout=WAIT_MS)
        assert "secret" not in page.content()
        opened.context.close()
        assert opened.wrong == []


def test_a_page_without_documents_says_how_to_add_some(browser: Browser, tmp_path: Path) -> None:
    with served(MemoryDossier(tmp_path / "data")) as url:
        opened = Watched(browser, url)
        expect(opened.page.locator("#answer")).to_contain_text("dossier index FOLDER")
        expect(opened.page.locator("#top .known")).to_have_text("no documents yet")
        opened.context.close()
        assert opened.wrong == []
