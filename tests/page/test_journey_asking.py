"""Asking on the page as a person does it: a real Chromium, a real server, the real pipeline over invented articles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import IN_CHROMIUM, Watched
from tests.fakes_page import MemoryDossier, make_document, served
from tests.journeys import KEPT, NOT_STATED, OPENED, VOTED, House

pytestmark = IN_CHROMIUM


@pytest.fixture
def page(browser: Browser, home: House) -> Iterator[Watched]:
    with Watched(browser, home.url) as opened:
        yield opened.ready()


@pytest.fixture
def held(browser: Browser, home: House) -> Iterator[Watched]:
    """A page whose answers wait to be let go."""
    home.go.clear()
    with Watched(browser, home.held_url) as opened:
        yield opened.ready()
        home.go.set()


def test_a_question_is_answered_with_its_source_marked_beside_it(page: Watched) -> None:
    page.ask(OPENED)
    expect(page.one("#answer .verdict")).to_have_text("Answered")
    expect(page.one("#answer .card > .short")).to_contain_text("12 May 1911")
    quote = page.one("#answer .statement").first.text_content()
    expect(page.one("#source mark").first).to_have_text(quote or "")
    expect(page.one("#source header")).to_contain_text("The Harbour Post")
    expect(page.one("#source header")).to_contain_text("4 March 2025")
    expect(page.one("#source")).to_contain_text("It replaced a ferry")
    expect(page.one("#source mark").first).to_be_in_viewport()


def test_an_example_that_fits_the_documents_is_asked_with_one_press(page: Watched) -> None:
    examples = page.one("#examples .example")
    expect(examples.first).to_be_visible()
    asked = examples.first.text_content() or ""
    examples.first.click()
    page.answered()
    expect(page.one("#answer .question")).to_have_text(asked)
    expect(page.one("#answer .citation").first).to_be_visible()


def test_pointing_at_a_number_shows_the_whole_quote_and_a_click_selects_its_source(page: Watched) -> None:
    page.ask(KEPT)
    chip, tip = page.one("#answer .text .chip").first, page.one("#answer .text .tip").first
    chip.hover()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text(page.one("#answer .statement").first.text_content() or "?")
    expect(tip).to_contain_text("Coast Weekly")
    expect(tip).to_contain_text("November 2024")
    page.tab("documents")
    page.one(".document .open", has_text="The bridge").click()
    expect(page.one("#source h2")).to_have_text("The bridge at Lindholm turns a hundred")
    chip.click()
    expect(page.one("#source h2")).to_have_text("Who keeps the lighthouse")
    expect(page.one("#source mark").first).to_be_in_viewport()
    expect(chip).to_have_class("chip chosen")


def test_the_keyboard_alone_reaches_a_quote_closes_it_and_opens_its_source(page: Watched) -> None:
    page.ask(OPENED)
    chip, tip = page.one("#answer .text .chip").first, page.one("#answer .text .tip").first
    for _ in range(20):
        page.page.keyboard.press("Tab")
        if chip.evaluate("element => element === document.activeElement"):
            break
    expect(chip).to_be_focused()
    expect(tip).to_be_visible()
    assert chip.get_attribute("aria-describedby") == tip.get_attribute("id")
    page.page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    expect(chip).to_be_focused()
    page.page.keyboard.press("Enter")
    expect(page.one("#source mark").first).to_be_visible()


def test_what_is_read_stands_there_before_the_text_and_the_text_follows(held: Watched, home: House) -> None:
    held.begin(OPENED)
    expect(held.one("#answer .reading")).to_contain_text("The bridge at Lindholm turns a hundred")
    expect(held.one("#answer .working .text")).to_have_count(0)
    expect(held.one("#answer")).to_have_attribute("aria-busy", "true")
    held.one("#answer .reading .open", has_text="The bridge").click()
    expect(held.one("#source h2")).to_have_text("The bridge at Lindholm turns a hundred")
    home.go.set()
    held.answered()
    expect(held.one("#answer .card > .short")).to_contain_text("12 May 1911")


def test_an_answer_is_stopped_and_asked_again(held: Watched, home: House) -> None:
    held.begin(OPENED)
    expect(held.one("#answer .working")).to_be_visible()
    held.one("#stop").click()
    expect(held.one("#answer .ended")).to_be_visible()
    expect(held.one("#send")).to_be_visible()
    home.go.set()
    held.one("#answer .retry").click()
    held.answered()
    expect(held.one("#answer .card > .short")).to_contain_text("12 May 1911")


def test_sources_that_disagree_stand_side_by_side_the_newest_first(page: Watched) -> None:
    page.ask(VOTED)
    expect(page.one("#answer .verdict")).to_have_class("verdict conflicting")
    positions = page.one("#answer .position")
    expect(positions).to_have_count(2)
    expect(positions.nth(0)).to_contain_text("290")
    expect(positions.nth(0)).to_contain_text("9 May 2024")
    expect(positions.nth(1)).to_contain_text("310")
    expect(positions.nth(1)).to_contain_text("The Tarn Courier")
    positions.nth(1).locator(".chip").first.click()
    expect(page.one("#source h2")).to_have_text("Harbour strike ends after nine days")


def test_what_the_documents_do_not_say_is_said_so_with_the_nearest_passages(page: Watched) -> None:
    page.ask(NOT_STATED)
    expect(page.one("#answer .verdict")).to_have_text("The documents don’t say")
    expect(page.one("#answer .short")).to_have_count(0)
    expect(page.one("#answer .citation")).to_have_count(0)
    page.one("#answer .nearest .open").first.click()
    expect(page.one("#source mark").first).to_be_visible()


def test_a_filter_that_the_question_brought_is_shown_and_taken_away(page: Watched) -> None:
    page.ask("How many members voted in favour of the deal according to Northern Post?")
    chip = page.one("#answer .filter-chip", has_text="Northern Post")
    expect(chip).to_be_visible()
    expect(page.one("#answer .citation")).to_have_count(1)
    chip.click()
    expect(page.one("#answer .filter-chip")).to_have_count(0)
    page.answered()
    expect(page.one("#answer .why tbody")).to_contain_text("The Tarn Courier")


def test_a_filter_that_is_set_by_hand_goes_along_until_it_is_cleared(page: Watched) -> None:
    page.one("#filters summary").click()
    page.one("#filter-publisher").select_option("The Tarn Courier")
    page.ask(VOTED)
    expect(page.one("#answer .card > .short")).to_contain_text("310")
    expect(page.one("#answer .filter-chip")).to_contain_text("The Tarn Courier")
    page.one("#filters .clear").click()
    page.ask(VOTED)
    expect(page.one("#answer .position")).to_have_count(2)


def test_a_follow_up_shows_the_question_that_was_searched_and_earlier_turns_come_back(page: Watched) -> None:
    page.ask(KEPT)
    page.ask("Since when has she kept it?")
    expect(page.one("#answer .asked q")).to_contain_text("Sund")
    expect(page.one("#conversation .past")).to_have_count(1)
    expect(page.one("#conversation .past .question")).to_have_text(KEPT)
    expect(page.one("#conversation .past .short")).to_contain_text("Marta Sund")
    page.one("#conversation .turn").click()
    expect(page.one("#answer .question")).to_have_text(KEPT)
    page.one("#conversation .newest").click()
    expect(page.one("#answer .asked q")).to_contain_text("Sund")
    page.one("#conversation .fresh").click()
    expect(page.one("#conversation .past")).to_have_count(0)


def test_the_address_of_an_answer_leads_back_to_it_after_a_reload_and_in_a_new_window(
    page: Watched, browser: Browser
) -> None:
    page.ask(KEPT)
    page.ask(OPENED)
    expect(page.page).to_have_url(re.compile("answer=ans_"))
    page.reload()
    expect(page.one("#answer .question")).to_have_text(OPENED)
    expect(page.one("#conversation .past")).to_have_count(1)
    with Watched(browser, page.url, path=page.page.url.removeprefix(page.url)) as other:
        expect(other.one("#answer .question")).to_have_text(OPENED)
        expect(other.one("#answer .card > .short")).to_contain_text("12 May 1911")
    page.page.go_back()
    expect(page.one("#answer .question")).to_have_text(KEPT)


def test_why_each_passage_was_read_stands_there_with_ranks_and_scores(page: Watched) -> None:
    page.ask("What did the bridge cost?")
    page.one("#answer .why summary").click()
    expect(page.one("#answer .why tbody tr").first).to_contain_text("#")
    expect(page.one("#answer .why thead")).to_contain_text("Score")
    assert page.one("#answer th").first.get_attribute("scope") == "col"
    page.one("#answer .why .open").first.click()
    expect(page.one("#source mark").first).to_be_visible()


def test_an_answer_is_judged_with_reasons_and_becomes_a_gold_case(page: Watched, home: House) -> None:
    page.ask("How many skeletons are in the whale museum?")
    page.one("#answer .bad").click()
    dialog = page.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.one("#answer .bad").click()
    dialog.get_by_label("Something is missing").check()
    dialog.get_by_label("Anything else").fill("It does not say which.")
    dialog.get_by_label("Keep as a test question").check()
    dialog.get_by_role("button", name="Send").click()
    expect(page.one("#answer .told")).to_contain_text("Kept as a test question")
    kept = home.dossier.collection().feedback.gold_cases()
    assert [case["question"] for case in kept] == ["How many skeletons are in the whale museum?"]


def test_an_answer_is_copied_and_saved_with_its_footnotes(page: Watched) -> None:
    page.ask(OPENED)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.one("#answer .copy").click()
    expect(page.one("#answer .copy")).to_have_text("Copied")
    copied = page.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("12 May 1911") and "[1] The Harbour Post" in copied and "“" in copied
    for name, mark in (("Markdown", "[^1]"), ("CSV", "12 May 1911")):
        with page.page.expect_download() as saving:
            page.one("#answer .exports a", has_text=name).click()
        assert mark in Path(saving.value.path()).read_text(encoding="utf-8")


def test_an_error_is_one_friendly_line_with_an_id_and_no_secret(browser: Browser, tmp_path: Path) -> None:
    """U9."""
    documents = [make_document("Otto Lind built it.", title="T")]
    with served(MemoryDossier(tmp_path / "data", documents)) as url, Watched(browser, url) as page:
        page.ready().begin("break the bridge")
        expect(page.one("#status .alarm")).to_contain_text("err_")
        assert "secret" not in page.page.content()
