"""The main states of the page, one after another: what is checked for everybody's eyes and ears, and what is pictured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import expect

from tests.browser import Watched


@dataclass(frozen=True)
class Asked:
    """A question for each kind of answer that the documents behind a page give."""

    answered: str
    follow_up: str
    disputed: str
    not_stated: str
    covered: str


def states(page: Watched, asked: Asked) -> Iterator[str]:
    """Bring the page into each state and name it."""
    page.ready()
    expect(page.one("#examples .example").first).to_be_visible()
    yield "welcome"
    yield from _answers(page, asked)
    yield from _documents(page)
    page.tab("coverage")
    page.one("#survey textarea").fill(asked.covered)
    page.page.keyboard.press("Enter")
    expect(page.one("#coverage table")).to_be_visible()
    yield "coverage"
    page.tab("evaluation")
    expect(page.one("#evaluation h2").first).to_be_visible()
    yield "evaluation"
    page.tab("settings")
    expect(page.one("#settings fieldset").first).to_be_visible()
    yield "settings"


def _answers(page: Watched, asked: Asked) -> Iterator[str]:
    page.ask(asked.not_stated)
    expect(page.one("#answer .verdict.not_stated")).to_be_visible()
    yield "not-stated"
    page.ask(asked.disputed)
    expect(page.one("#answer .position").first).to_be_visible()
    yield "conflict"
    page.ask(asked.answered)
    expect(page.one("#answer .citation").first).to_be_visible()
    page.ask(asked.follow_up)
    expect(page.one("#conversation .past")).to_have_count(3)
    yield "conversation"
    if page.one(".rail-toggle").is_visible():  # folded on a phone
        page.one(".rail-toggle").click()
    page.one(".thread .more-thread").first.click()
    page.one(".thread .delete").first.click()
    yield "deleting"
    page.one(".thread-sure .cancel").first.click()
    if page.one(".rail-toggle").is_visible() and page.one(".rail-toggle").get_attribute("aria-expanded") == "true":
        page.one(".rail-toggle").click()
    page.one("#rail-head .fresh").click()
    expect(page.one("#conversation .past")).to_have_count(0)
    page.ask(asked.answered)
    yield "answer"
    page.one("#answer .why summary").click()
    yield "why"
    page.one("#answer .bad").click()
    expect(page.page.get_by_role("dialog")).to_be_visible()
    yield "judging"
    page.page.keyboard.press("Escape")


def _documents(page: Watched) -> Iterator[str]:
    page.tab("documents")
    expect(page.one("#documents .document").first).to_be_visible()
    yield "documents"
    row = page.one("#documents .document").first
    row.locator(".edit").click()
    yield "editing"
    row.locator(".cancel").click()
    row.locator(".remove").click()
    yield "removing"
    row.locator(".keep").click()
