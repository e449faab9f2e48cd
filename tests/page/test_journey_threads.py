"""Journeys through the conversations: found again, read whole, named, pinned, deleted; and what is heard of a press."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser import IN_CHROMIUM, PHONE, Watched
from tests.fakes_page import MemoryDossier, make_document, served

pytestmark = IN_CHROMIUM

TEXT = "The harbour opened in 1902. Otto Lind built the bridge in 1911. The bridge cost 2 million crowns."
BUILT, COST = "Who built the bridge?", "What did the bridge cost?"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with served(MemoryDossier(tmp_path / "data", [make_document(TEXT, title="A harbour and its bridge")])) as url:
        yield url


def test_every_turn_is_read_in_full_with_its_proof_and_the_newest_is_in_view(browser: Browser, url: str) -> None:
    with Watched(browser, url) as page:
        page.ready()
        for number in range(7):
            page.ask(f"Who built the bridge, asked {number}?")
        expect(page.one("#answer .question")).to_be_in_viewport()
        past = page.one("#conversation .past")
        expect(past).to_have_count(5)
        expect(past.first.locator(".question")).to_have_text("Who built the bridge, asked 5?")
        expect(past.first.locator(".statement").first).to_contain_text("Otto Lind")
        past.first.locator(".chip").first.click()
        expect(page.one("#source mark")).to_contain_text("Otto Lind")
        page.one("#conversation .earlier", has_text="1 earlier turn").click()
        expect(past).to_have_count(1)
        expect(past.locator(".question")).to_have_text("Who built the bridge, asked 0?")
        page.one("#conversation .earlier", has_text="Later turns").click()
        expect(past).to_have_count(5)


def test_a_conversation_is_found_again_after_a_reload_and_in_another_browser(browser: Browser, url: str) -> None:
    with Watched(browser, url) as page:
        page.ready().ask(BUILT)
        page.ask(COST)
        page.one("#rail-head .fresh").click()
        expect(page.one("#conversation .past")).to_have_count(0)
        expect(page.one("#rail .thread.current")).to_have_count(0)
        page.ask("When did the harbour open?")
        expect(page.one("#rail .thread")).to_have_count(2)
        expect(page.one("#rail .thread.current .name")).to_have_text("When did the harbour open?")
        expect(page.one("#rail h3")).to_have_text("Today")
        page.reload()
        expect(page.one("#rail .thread")).to_have_count(2)
    with Watched(browser, url, locale="de-DE") as other:
        other.ready()
        other.one("#find-thread").fill("COST")
        expect(other.one("#rail .thread")).to_have_count(1)
        other.one("#rail .open-thread").click()
        expect(other.one("#answer .question")).to_have_text(COST)
        expect(other.one("#conversation .past .question")).to_have_text(BUILT)
        expect(other.one("#rail .thread.current")).to_have_count(1)
        assert other.page.title().startswith(COST)
        other.ask("And who built it?")
        expect(other.one("#conversation .past")).to_have_count(2)


def test_a_conversation_is_named_pinned_and_deleted(browser: Browser, url: str) -> None:
    with Watched(browser, url) as page:
        page.ready().ask(BUILT)
        page.one("#rail-head .fresh").click()
        expect(page.one("#answer .card")).to_have_count(0)
        page.ask(COST)
        first = page.one("#rail .thread", has_text=BUILT)
        first.locator(".more-thread").click()
        first.locator(".rename").click()
        page.page.keyboard.type("<b>The builder</b>")
        page.page.keyboard.press("Enter")
        named = page.one("#rail .thread", has_text="<b>The builder</b>")
        named.locator(".more-thread").click()
        named.locator(".pin").click()
        expect(page.one("#rail h3").first).to_have_text("Pinned")
        expect(page.one("#rail .name").first).to_have_text("<b>The builder</b>")
        current = page.one("#rail .thread", has_text=COST)
        current.locator(".more-thread").click()
        current.locator(".delete").click()
        expect(page.one(".thread-sure .cancel:focus")).to_have_count(1)
        current.locator(".confirm").click()
        expect(page.one("#rail .thread")).to_have_count(1)
        expect(page.one("#answer .card")).to_have_count(0)


def test_on_a_phone_the_conversations_are_folded_away_until_they_are_wanted(browser: Browser, url: str) -> None:
    with Watched(browser, url, viewport=PHONE, has_touch=True) as page:
        page.ready().ask(BUILT)
        expect(page.one("#rail")).to_be_hidden()
        page.one(".rail-toggle").click()
        expect(page.one(".rail-toggle")).to_have_attribute("aria-expanded", "true")
        page.one("#rail .open-thread").click()
        expect(page.one("#rail")).to_be_hidden()
        expect(page.one("#answer .question")).to_have_text(BUILT)


def test_an_answer_is_heard_though_the_stream_of_events_ends_in_the_very_moment_of_asking(
    browser: Browser, url: str
) -> None:
    """What the server says at the end of a stream reaches the page when the call is already made: the call has no stream then."""
    with Watched(browser, url) as page:
        page.ready()
        ended: list[str] = []

        def end_at_once(route: Route) -> None:
            ended.append(route.request.url)
            route.fulfill(content_type="text/event-stream", body='data: {"msg":"close_stream","event_id":null}\n\n')

        page.page.route("**/queue/data**", end_at_once, times=1)
        for _ in range(6):  # a question that goes out while a stream is still open asks for none
            page.ask(BUILT)
            if ended:
                break
            page.page.wait_for_timeout(700)
        expect(page.one("#answer .question")).to_have_text(BUILT)
        assert len(ended) == 1


def test_a_question_is_read_as_another_kind(browser: Browser, url: str) -> None:
    with Watched(browser, url) as page:
        page.ready().ask(BUILT)
        expect(page.one("#kind")).to_have_value("fact")
        page.one("#kind").select_option(label="a list")
        expect(page.one("#conversation .past")).to_have_count(1)
        expect(page.one("#kind")).to_have_value("list")
        expect(page.one("#answer .question")).to_have_text(BUILT)
