"""Answers in the form of their kind, the rail, and the greeting of a document: what their markup says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from index.values import Document
from rag.values import Citation, Conflict, Position, Statement
from rag.views import ThreadLine
from tests.fakes_page import make_document
from tests.test_ui_render import HOSTILE, make_answer, make_citation, shown
from ui.page.ask.answer_view import answer_view, turn_view
from ui.page.ask.rail_view import PAGE_THREADS, rail_view
from ui.page.greeting import greeting, newest
from ui.page.greeting_view import greetings_view

ROWS = ("Room: Alder; Beds: 2; Open: all year", "Room: Cedar; Beds: 3; Open: all year")


def said(*texts: str, quote: str | None = None, **given: object) -> tuple[tuple[Statement, ...], tuple[Citation, ...]]:
    """Statements of one passage."""
    statements = tuple(Statement(text=text, citations=(1,), status="verified", **given) for text in texts)
    return statements, (make_citation(1, quote=quote or "\n".join(texts)),)


def body_of(**given: object) -> str:
    return answer_view(make_answer(**given))


def test_rows_that_are_quoted_stand_in_a_grid_with_the_answer_marked_and_their_proof() -> None:
    statements, citations = said(*ROWS, attribution="“rooms” (undated)")
    view = body_of(kind="list", short="", items=("Alder", "Cedar"), statements=statements, citations=citations)
    assert re.findall(r"<th>(.*?)</th>", view)[:4] == ["Room", "Beds", "Open", "Proof"]
    assert re.findall(r"<td>(?:<b>)?(\w[\w ]*)", view) == ["Alder", "2", "all year", "Cedar", "3", "all year"]
    assert re.findall(r"<b>(\w+)</b></td>", view) == ["Alder", "Cedar"]
    assert view.count('class="chip"') == 2
    assert shown(view).count("“rooms” (undated):") == 1


def test_rows_with_other_heads_leave_cells_empty() -> None:
    statements, citations = said(ROWS[0], "Room: Elm; Beds: 6; Price: 9")
    view = body_of(statements=statements, citations=citations)
    assert re.findall(r"<th>(.*?)</th>", view)[:5] == ["Room", "Beds", "Open", "Price", "Proof"]
    assert view.count("<td></td>") == 2


@pytest.mark.parametrize(
    ("kind", "texts", "tag"),
    [
        ("list", ("- Band saws", "- Belt sanders"), "ul"),
        ("howto", ("- Open the vent", "- Turn the switch"), "ol"),
        ("list", ("1. Band saws", "2. Belt sanders"), "ol"),
    ],
)
def test_items_are_a_list_and_steps_are_numbered_by_the_page(kind: str, texts: tuple[str, ...], tag: str) -> None:
    statements, citations = said("The workshop lends:", *texts, attribution="The Post")
    items = tuple(re.sub(r"^(?:- |\d\. )", "", one) for one in texts)
    view = body_of(kind=kind, short="", items=items, statements=statements, citations=citations)
    assert re.findall(r'class="item" dir="auto"><span class="statement verified">(.*?)</span>', view) == list(items)
    assert f'<{tag} class="items">' in view
    assert shown(view).count("The Post:") == 1


def test_a_quote_that_the_answer_says_word_for_word_is_not_said_again_among_its_sources() -> None:
    statements, citations = said("It lends:", "- Band saws", quote="It lends:\n- Band saws")
    assert 'class="quote"' not in body_of(statements=statements, citations=citations)
    longer = (make_citation(1, quote="It lends:\n- Band saws\n- Paint"),)
    assert 'class="quote"' in body_of(statements=statements, citations=longer)


def test_a_quote_beside_a_position_is_not_said_again_below() -> None:
    quotes = ("It cost 2 million.", "It cost 3 million.")
    statements = tuple(
        Statement(text=quote, attribution=f"Post {n}, quoting the mayor", citations=(n,), status="verified")
        for n, quote in enumerate(quotes, 1)
    )
    positions = tuple(Position(value=f"{n + 1} million", citations=(n,)) for n in (1, 2))
    view = body_of(
        verdict="conflicting",
        conflicts=(Conflict(about="cost", positions=positions),),
        statements=statements,
        citations=tuple(make_citation(n, quote=quote) for n, quote in enumerate(quotes, 1)),
    )
    for n, quote in enumerate(quotes, 1):
        assert len(re.findall(f'class="(?:quote|statement verified)">{re.escape(quote)}', view)) == 1
        assert f"Post {n}, quoting the mayor" in shown(view)


def test_the_kind_of_a_question_can_be_changed() -> None:
    view = body_of(kind="howto")
    assert '<option value="howto" selected>steps</option>' in view
    assert '<option value="list">a list</option>' in view
    assert 'id="kind"' not in body_of(kind="of a newer Dossier")


def test_an_earlier_turn_says_all_with_its_proof() -> None:
    view = turn_view(make_answer())
    assert "Otto Lind built it." in shown(view)
    assert 'class="chip"' in view
    assert "1 source" in shown(view)
    unsaid = turn_view(make_answer(verdict="not_stated", statements=(), citations=(), text="The documents don't say. Searched 3."))  # fmt: skip
    assert "Searched 3." in shown(unsaid)


# The rail


def line(number: int, asked_at: str, **given: object) -> ThreadLine:
    values = {"id": f"thr_{number}", "question": f"Question {number}?", "pinned": False, "turns": number} | given
    return ThreadLine(asked_at=asked_at, **values)  # type: ignore[arg-type]


def test_conversations_stand_under_their_days_and_the_pinned_first() -> None:
    lines = [
        line(1, "2026-01-01T12:00:00+00:00", pinned=True, title=HOSTILE),
        line(2, "2026-05-04T12:00:00+00:00"),
        line(3, "2026-05-03T12:00:00+00:00"),
        line(4, "2026-04-09T12:00:00+00:00"),
    ]
    view = rail_view(lines, total=4, page=0, find="", current="thr_3", today=date(2026, 5, 4))
    assert re.findall("<h3>(.*?)</h3>", view) == ["Pinned", "Today", "Yesterday", "9 April 2026"]
    assert len(re.findall("thread current", view)) == 1
    assert "<img" not in view
    assert "pager" not in view


def test_a_long_rail_is_turned_page_by_page() -> None:
    lines = [line(n, "2026-05-04T12:00:00+00:00") for n in range(PAGE_THREADS)]
    view = rail_view(lines, total=10_000, page=3, find="", current="", today=date(2026, 5, 4))
    assert f"4 of {-(-10_000 // PAGE_THREADS)}" in shown(view)
    assert re.findall(r"turn-rail[^>]*>(\w+)<i hidden>(\d+)", view) == [("Newer", "2"), ("Older", "4")]
    assert len(view) < 60_000


# The greeting


REPORT = """# The harbour in 2024

The harbour reopened on 4 May 2024 after a storm. Its master counted 31 ships.

## Berths

Berth: A; Length: 40 m; Depth: 6 m
Berth: B; Length: 60 m; Depth: 8 m
"""


def test_a_document_is_greeted_with_what_is_found_in_it_and_where_it_stands() -> None:
    document = make_document(REPORT, title="The harbour in 2024")
    own = make_citation(1, document_id=document.id, quote="Its master counted 31 ships.")
    statements = (
        Statement(text="Its master counted 31 ships.", citations=(1,), status="verified"),
        Statement(text="Another document says this.", citations=(2,), status="verified"),
    )
    found = greeting(document, make_answer(statements=statements, citations=(own, make_citation(2))))
    assert [one.text for one in found.sentences] == ["Its master counted 31 ships."]
    assert [one.words for one in found.headings] == ["The harbour in 2024", "Berths"]
    assert [one.words for one in found.dates] == ["4 May 2024"]
    assert [one.words for one in found.tables] == ["Berth, Length, Depth (2 rows)"]
    for one in (*found.headings, *found.dates):
        assert one.words in document.text[one.span.start : one.span.end]
    view = greetings_view([found])
    assert "Berth, Length, Depth (2 rows)" in shown(view)
    assert "Another document" not in view
    assert "The Harbour Post" in shown(view)


def test_the_documents_that_came_last_are_greeted() -> None:
    def at(day: str) -> Document:
        return replace(make_document(f"Text of {day}"), added_at=f"2025-03-{day}T00:00:00Z")

    assert [one.added_at[8:10] for one in newest([at("05"), at("07"), at("06")])] == ["07", "06"]


def test_an_empty_document_is_greeted_with_its_name() -> None:
    document = make_document("?", title="Nothing")
    view = greetings_view([greeting(document, make_answer(verdict="not_stated", statements=(), citations=()))])
    assert "Nothing" in shown(view)
    assert "Dates" not in view
