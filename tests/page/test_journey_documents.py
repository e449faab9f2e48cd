"""Documents, tables and settings on the page as a person meets them: a real Chromium, a real server, invented articles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import IN_CHROMIUM, WAIT_MS, Watched
from tests.fakes_page import MemoryDossier, served
from tests.journeys import ARTICLES, OPENED, VOTED, House

pytestmark = IN_CHROMIUM


@pytest.fixture
def page(browser: Browser, home: House) -> Iterator[Watched]:
    with Watched(browser, home.url) as opened:
        yield opened.ready()


def test_many_files_are_dropped_and_each_that_is_refused_has_its_reason(browser: Browser, tmp_path: Path) -> None:
    with served(MemoryDossier(tmp_path / "data", max_file_bytes=2000)) as url, Watched(browser, url) as page:
        page.tab("documents")
        dropped = page.page.evaluate_handle("""() => {
            const carried = new DataTransfer();
            for (let number = 0; number < 60; number++) carried.items.add(new File([`Note ${number}.`], `note${number}.txt`));
            carried.items.add(new File(["x".repeat(2001)], "large.txt"));
            carried.items.add(new File([""], "empty.txt"));
            return carried;
        }""")
        seen = page.page.evaluate_handle("""() => {
            const seen = new Set();
            const look = () => document.querySelectorAll("#uploads .progress").forEach((line) => seen.add(line.textContent));
            new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
            return seen;
        }""")
        page.page.dispatch_event("#adding .drop", "drop", {"dataTransfer": dropped})
        expect(page.one("#uploads .done")).to_contain_text("60 added, 2 refused", timeout=WAIT_MS)
        assert page.page.evaluate("seen => [...seen]", seen) != []
        expect(page.one("#uploads .refused li")).to_have_count(2)
        expect(page.one("#uploads .refused")).to_contain_text("large.txt It has more than 2,000 bytes.")
        expect(page.one("#uploads .refused")).to_contain_text("empty.txt The file is empty.")
        expect(page.one("#documents .document")).to_have_count(50)
        page.one("#documents .page", has_text="Next").click()
        expect(page.one("#documents .document")).to_have_count(10)


def test_a_document_is_added_asked_about_and_removed(page: Watched, tmp_path: Path) -> None:
    text = "The pier cafe\n\nThe pier cafe in Lindholm was opened by Nils Holm in 1987.\n"
    (tmp_path / "cafe.txt").write_text(text, encoding="utf-8")
    (tmp_path / "tool.exe").write_bytes(b"MZ\x00\x01" * 50)
    page.send(*sorted(tmp_path.iterdir()))
    expect(page.one("#uploads .done")).to_contain_text("1 added, 1 refused")
    expect(page.one("#uploads .refused li", has_text="tool.exe")).to_have_count(1)
    expect(page.one("#top .known")).to_contain_text("6 documents")
    page.tab("ask")
    page.ask("Who opened the pier cafe?")
    expect(page.one("#answer")).to_contain_text("Nils Holm")
    page.tab("documents")
    row = page.one(".document", has_text="cafe.txt")
    row.locator(".remove").click()
    expect(row.locator(".confirm")).to_be_visible()
    row.locator(".keep").click()
    expect(row.locator(".confirm")).to_be_hidden()
    row.locator(".remove").click()
    row.locator(".confirm").click()
    expect(page.one("#documents .document")).to_have_count(5)
    page.tab("ask")
    page.ask("Who opened the pier cafe?")
    expect(page.one("#answer")).not_to_contain_text("Nils Holm")


def test_a_date_and_an_outlet_are_set_by_hand_and_hold_in_answers(page: Watched) -> None:
    page.tab("documents")
    row = page.one(".document", has_text="museum.txt")
    expect(row).to_contain_text("No date")
    row.locator(".edit").click()
    row.get_by_label("Published").fill("soon")
    row.locator(".save").click()
    expect(row.locator(".fields .wrong")).to_be_visible()
    assert "422" in page.wrong.pop()
    row.get_by_label("Published").fill("2023-08-14")
    row.get_by_label("Outlet").fill("Museum Letter")
    row.locator(".save").click()
    expect(row).to_contain_text("14 August 2023")
    expect(row).to_contain_text("Museum Letter")
    page.tab("ask")
    page.ask("Who founded the whale museum?")
    expect(page.one("#answer .citation .byline").first).to_contain_text("Museum Letter")
    expect(page.one("#answer .citation .byline").first).to_contain_text("14 August 2023")


def test_a_document_is_erased_and_the_page_says_what_that_means(page: Watched, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(
        "The wreck\n\nThe wreck off Graa was found by Sten Ravn in 2003.\n", encoding="utf-8"
    )
    page.send(tmp_path / "secret.txt")
    row = page.one(".document", has_text="secret.txt")
    row.locator(".remove").click()
    expect(row.locator(".sure")).to_contain_text("no byte")
    row.locator(".erase").click()
    expect(page.one("#report")).to_contain_text("Erased")
    expect(page.one(".document", has_text="secret.txt")).to_have_count(0)


def test_what_is_in_here_counts_and_its_timeline_narrows_the_list(page: Watched) -> None:
    page.tab("documents")
    expect(page.one("#contents .counts")).to_contain_text("5 documents")
    expect(page.one("#contents .outlets")).to_contain_text("Northern Post")
    bars = page.one("#contents .period")
    page.one("#contents .bars .period", has_text="May 2024").click()
    expect(page.one("#documents .document")).to_have_count(2)
    expect(page.one("#documents .scope")).to_contain_text("2 of 5 documents")
    page.one("#documents .scope .narrow").click()
    expect(page.one("#documents .document")).to_have_count(5)
    expect(bars.first).to_be_visible()
    page.one("#find").fill("lighthouse")
    expect(page.one("#documents .document")).to_have_count(1)


def test_one_thing_is_asked_of_every_document_and_a_row_leads_to_its_words(page: Watched) -> None:
    page.tab("coverage")
    page.one("#survey textarea").fill(VOTED)
    page.page.keyboard.press("Enter")
    expect(page.one("#coverage tbody tr")).to_have_count(5)
    expect(page.one("#coverage tr.contradicts")).to_have_count(2)
    expect(page.one("#coverage .counts")).to_contain_text("silent")
    with page.page.expect_download() as saving:
        page.one("#coverage .csv").click()
    assert "Northern Post" in Path(saving.value.path()).read_text(encoding="utf-8")
    page.one("#coverage tr.contradicts .open").first.click()
    expect(page.one("#source mark").first).to_be_visible()


def test_the_last_evaluation_is_shown_with_intervals_and_what_went_wrong(page: Watched) -> None:
    page.tab("evaluation")
    expect(page.one("#evaluation .said-in-all")).to_contain_text("1 of 2 questions")
    expect(page.one("#evaluation")).to_contain_text("Who painted the bridge?")
    expect(page.one("#evaluation table").first).to_contain_text("right")


def test_settings_are_kept_in_the_browser_and_change_the_answer(page: Watched, home: House) -> None:
    question = "What colour is the lighthouse?"
    page.tab("settings")
    page.page.get_by_label("Lenient").check()
    page.tab("ask")
    page.ask(question)
    lenient = page.one("#answer .verdict").text_content()
    page.tab("settings")
    page.page.get_by_label("Strict:").check()
    page.page.goto(page.url)
    page.ready()
    page.wrong.clear()  # what the leaving page was still waiting for
    page.tab("settings")
    expect(page.page.get_by_label("Strict:")).to_be_checked()
    page.tab("ask")
    page.ask(question)
    assert page.one("#answer .verdict").text_content() != lenient
    expect(page.one("#answer .verdict")).to_have_text("The documents don’t say")


def test_a_page_without_documents_says_how_to_add_some_and_leads_there(browser: Browser, tmp_path: Path) -> None:
    with served(MemoryDossier(tmp_path / "data")) as url, Watched(browser, url) as page:
        expect(page.one("#answer")).to_contain_text("dossier index FOLDER")
        expect(page.one("#top .known")).to_have_text("no documents yet")
        page.one("#answer .go-add").click()
        expect(page.one("#adding .drop")).to_be_visible()


def test_two_browsers_share_no_state(browser: Browser, home: House) -> None:
    """U10: neither what was asked nor what was set in one shows in the other."""
    with Watched(browser, home.url) as one, Watched(browser, home.url) as other:
        one.ready()
        other.ready()
        one.tab("settings")
        one.page.get_by_label("Strict:").check()
        one.tab("ask")
        one.ask(OPENED)
        other.ask(VOTED)
        expect(one.one("#answer .question")).to_have_text(OPENED)
        expect(other.one("#answer .question")).to_have_text(VOTED)
        one.ask(VOTED)
        expect(one.one("#conversation .past")).to_have_count(1)
        expect(other.one("#conversation .past")).to_have_count(0)
        other.tab("settings")
        expect(other.page.get_by_label("Strict:")).not_to_be_checked()


assert len(ARTICLES) == 5
