"""The tabs that ask every document and that show the last evaluation: their views, and what they do with what they are sent."""

import asyncio
import csv
import html
import io
import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from rag.coverage.table import Count, Coverage, DocumentCoverage
from rag.values import Position
from tests.fakes_page import MemoryDossier, make_document
from ui.access.caller import LOCAL, Caller, acting_as
from ui.export.coverage import coverage_csv
from ui.page.coverage.surveying import Surveying
from ui.page.coverage.tab import CoverageActions
from ui.page.coverage.view import coverage_view
from ui.page.evaluation.reports import MOST_BYTES, ReportUnusable, last_report
from ui.page.evaluation.tab import EvaluationActions
from ui.protocols import Progress
from ui.slots import Slots

HOSTILE = "=1+1 <img src=x onerror=alert(1)> `b` ${c} {{d}}\n# e"


def shown(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def coverage(*rows: DocumentCoverage, **more: Any) -> Coverage:
    said = [row for row in rows if row.status == "says"]
    against = [row for row in rows if row.status == "contradicts"]
    silent = [row for row in rows if row.status == "silent"]
    counts = {
        name: Count(documents=len(of), origins=len(of))
        for name, of in (("says", said), ("contradicts", against), ("silent", silent))
    }
    return Coverage(
        **({"asked": "How long?", "query": "How long?", "reading": "question", "text": "So it is."} | counts | more),
        documents=rows,
        collection="default",
        generation="g1",
        settings_hash="0" * 12,
    )


def row(number: int, status: Any, value: str | None = None, **more: Any) -> DocumentCoverage:
    quote = {"quote": f"It is {value}.", "start": 4, "end": 9} if value else {}
    return DocumentCoverage(
        number=number,
        document_id=f"doc_{number}",
        origin=f"doc_{number}",
        title=f"Title {number}",
        status=status,
        value=value,
        passages=3,
        read=2,
        **quote,
        **more,
    )


# The table


def test_the_table_has_exact_counts_and_a_way_into_each_source() -> None:
    position = Position(value="two", citations=(1,))
    markup = coverage_view(
        coverage(row(1, "says", "two"), row(2, "contradicts", "three"), row(3, "silent"), positions=(position,))
    )
    text = shown(markup)
    assert "1 say so, uncontradicted" in text
    assert "1 hold a value that others contradict" in text
    assert "1 are silent" in text
    assert "2 of 3 passages read" in text
    assert text.index("Title 2") < text.index("Title 1") < text.index("Title 3")
    assert markup.count("doc&#95;1 4 9") == 2


def test_of_a_phrase_that_is_counted_nobody_contradicts() -> None:
    text = shown(coverage_view(coverage(row(1, "says", "Lindholm", mentions=4), reading="mention", mentions=4)))
    assert "1 mention it" in text
    assert "contradict" not in text.lower()


def test_hostile_words_of_a_document_are_inert_in_the_table_and_in_the_file() -> None:
    found = coverage(row(1, "says", HOSTILE, publisher=HOSTILE, author=HOSTILE), asked=HOSTILE, text=HOSTILE)
    markup = coverage_view(found)
    assert not set(re.sub(r"&#\d+;", "", re.sub(r"<[^<>]*>", "", markup))) & set("<>`*{}[]$\n")
    lines = list(csv.reader(io.StringIO(coverage_csv(found).removeprefix("\ufeff"))))
    assert all(cell[:1] not in "=+-@" for line in lines[1:] for cell in line if cell)


def test_the_file_has_a_row_for_every_document_the_silent_ones_too() -> None:
    found = coverage(row(1, "says", "two"), row(2, "silent"))
    lines = list(csv.DictReader(io.StringIO(coverage_csv(found).removeprefix("\ufeff"))))
    assert [(line["status"], line["value"], line["document"]) for line in lines] == [
        ("says", "two", "doc_1"),
        ("silent", "", "doc_2"),
    ]


# Asking every document


class Shelf:
    """A surveyor that reports as it goes on, and waits for `go` where it is given one."""

    def __init__(self, go: threading.Event | None = None) -> None:
        self.go = go
        self.ended = threading.Event()

    def cover(self, asked: str, *, progress: Progress, **_: Any) -> Coverage:
        try:
            for done in range(1, 4):
                progress("read", done, 3)
                if self.go is not None:
                    self.go.wait(20)
            return coverage(row(1, "says", asked))
        finally:
            self.ended.set()


class Surveyed(MemoryDossier):
    shelf = Shelf()

    def surveyor(self, name: str | None = None) -> Shelf:
        return self.shelf


async def steps_of(actions: CoverageActions, asked: Any, choices: Any = "") -> list[str]:
    return [step async for step in actions.cover(asked, choices)]


def test_a_survey_shows_how_far_it_is_and_then_the_table(tmp_path: Path) -> None:
    actions = CoverageActions(Surveyed(tmp_path), Slots(1))
    steps = asyncio.run(steps_of(actions, "two"))
    assert "Waiting for a free place" in steps[0]
    assert "<table" in steps[-1]


@pytest.mark.parametrize("asked", ["", "  ", "\u200b", None, 7, "x" * 4001, "\ud800"])
def test_what_is_no_question_is_refused(tmp_path: Path, asked: Any) -> None:
    assert "alarm" in asyncio.run(steps_of(CoverageActions(Surveyed(tmp_path), Slots(1)), asked))[-1]


def test_a_survey_that_nobody_waits_for_stops_and_gives_its_place_back() -> None:
    go, slots = threading.Event(), Slots(1)
    shelf = Shelf(go)

    async def leave() -> None:
        steps = Surveying(slots, lambda progress: shelf.cover("x", progress=progress)).steps()
        assert await anext(steps) in ((0, 0), (1, 3))
        await steps.aclose()
        go.set()
        while slots.used:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(leave(), 20))
    assert shelf.ended.is_set()


def test_a_survey_that_takes_too_long_is_ended_with_a_reason() -> None:
    async def late() -> None:
        async for _ in Surveying(Slots(1, hold_s=-1.0), lambda progress: Shelf().cover("x", progress=progress)).steps():
            pass

    with pytest.raises(Exception, match="not done within"):
        asyncio.run(late())


# The last evaluation

REPORT: dict[str, Any] = {
    "created_at": "2025-11-21T18:20:00+00:00",
    "origin": {"collection": "default", "gold": "gold.jsonl", "documents": 5},
    "figures": [
        {"key": "answers/fact/in short", "value": 0.5, "interval": {"low": 0.4, "high": 0.6}, "n": 40, "reach": 0.8},
        {"key": "citations/valid", "value": 1.0, "interval": {"low": 0.96, "high": 1.0}, "n": 85, "reach": 1.0},
        {"key": "passages/fused/nDCG@10", "value": 0.9, "interval": {"low": 0.8, "high": 0.95}, "n": 77, "reach": None},
    ],
    "cases": [
        {"question": "Was it right?", "passed": True, "confidence": 0.9},
        {"question": "A little wrong?", "passed": False, "confidence": 0.3, "answers": ["no"], "verdict": "not_stated"},
        {"question": "Very wrong?", "passed": False, "confidence": 0.9, "answers": ["no"], "verdict": "answered", "short": "yes",
         "citations": [{"document_id": "DOC", "quote": "yes it is", "start": 0, "end": 3}]},
    ],
}  # fmt: skip


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    return folder


def evaluation(tmp_path: Path, reports: Path, *, documents: Any = ()) -> str:
    return EvaluationActions(MemoryDossier(tmp_path / "data", documents, reports=reports)).evaluation("")


def test_goals_are_told_in_words_and_the_surest_wrong_answers_come_first(tmp_path: Path, reports: Path) -> None:
    document = make_document("yes it is not so.", title="T")
    (reports / "report.json").write_text(json.dumps(REPORT).replace("DOC", document.id))
    with acting_as(LOCAL):
        markup = evaluation(tmp_path, reports, documents=[document])
    text = shown(markup)
    assert "1 of 3 questions came out right." in text
    assert "0.80 not reached" in text
    assert "1.00 reached" in text
    assert "0.40 to 0.60" in text
    assert text.index("Very wrong?") < text.index("A little wrong?")
    assert "Said: Answered · yes · confidence 0.90" in text
    assert f"{document.id} 0 3" in html.unescape(markup)


def test_a_quote_of_a_document_that_is_not_here_is_no_button(tmp_path: Path, reports: Path) -> None:
    (reports / "report.json").write_text(json.dumps(REPORT))
    with acting_as(LOCAL):
        markup = evaluation(tmp_path, reports)
    assert "yes it is" in markup
    assert 'class="open quote"' not in markup


def test_whoever_may_not_see_the_collection_does_not_see_its_report(tmp_path: Path, reports: Path) -> None:
    (reports / "report.json").write_text(json.dumps(REPORT))
    with acting_as(Caller("other", frozenset({"elsewhere"}))):
        text = shown(evaluation(tmp_path, reports))
    assert "There is no evaluation yet" in text
    assert "wrong?" not in text


def test_without_a_report_the_page_says_how_to_make_one(tmp_path: Path, reports: Path) -> None:
    with acting_as(LOCAL):
        text = shown(evaluation(tmp_path, reports))
    assert "dossier eval gold.jsonl" in text
    assert "No test question was kept yet" in text


@pytest.mark.parametrize(
    "content",
    ["", "x", "[]", "{}", "null", "[" * 100_000, '{"origin": {}, "figures": 7, "cases": []}', json.dumps(REPORT).replace("0.96", "NaN"), json.dumps(REPORT).replace("0.96", "1e999")],
    ids=["empty", "text", "list", "object", "null", "deep", "figures", "nan", "infinite"],
)  # fmt: skip
def test_a_file_that_is_no_report_is_said_to_be_none(tmp_path: Path, reports: Path, content: str) -> None:
    (reports / "report.json").write_text(content)
    with pytest.raises(ReportUnusable):
        last_report(reports)
    with acting_as(LOCAL):
        assert "The report cannot be shown." in shown(evaluation(tmp_path, reports))


def test_a_report_that_is_too_large_is_not_read(reports: Path) -> None:
    with (reports / "report.json").open("wb") as target:
        target.truncate(MOST_BYTES + 1)
    with pytest.raises(ReportUnusable, match="more than"):
        last_report(reports)


def test_hostile_words_in_a_report_are_inert(tmp_path: Path, reports: Path) -> None:
    text = json.dumps(REPORT)
    for word in ("Very wrong?", "yes it is", "gold.jsonl", "answers/fact/in short"):
        text = text.replace(json.dumps(word)[1:-1], json.dumps(HOSTILE)[1:-1])
    (reports / "report.json").write_text(text)
    with acting_as(LOCAL):
        markup = evaluation(tmp_path, reports)
    assert not set(re.sub(r"&#\d+;", "", re.sub(r"<[^<>]*>", "", markup))) & set("<>`*{}[]$\n")
    assert not re.search(r"<(img|script|iframe|form|svg)\b|<[^>]*\son\w+=", markup)
