"""What an answer gains when the time asked for has a say: which questions are measured, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from eval.numbers.endtoend import Drafted
from eval.numbers.questions import Question
from eval.numbers.timed import RememberingReader, questions_of_half, score_times
from eval.sets.cases import SetDocument, SetQuery
from index.values import Span
from rag.values import Answer, Reading, SpanAnswer
from tests.eval_sets import write_passages
from tests.shared import needs_shared


@dataclass
class CountingReader:
    """Finds as many spans as it is asked for, and notes which passages it read."""

    read_passages: list[str] = field(default_factory=list)

    def read(
        self, question: str, passages: Sequence[str], *, titles: Sequence[str | None] = (), spans: int = 1
    ) -> list[Reading]:
        self.read_passages += passages
        return [Reading(0.0, tuple(SpanAnswer(n, n + 1, -float(n)) for n in range(spans))) for _ in passages]


def question(page: str, number: int, *answers: str) -> Question:
    query = SetQuery(f"{page}-{number}", f"{number}?", answers, (Span(0, 1),), answerable=bool(answers), doc_id=page)
    return Question(query, SetDocument(page, "", ""))


def drafted(short: str, *, shown: bool = True) -> Drafted:
    answer = Answer(
        id="a",
        question="?",
        query="?",
        verdict="answered",
        text=short,
        short=short,
        confidence=0.5,
        answered_by="extractive",
        settings_hash="s",
        generation="g",
    )
    return Drafted(short, shown, answer)


def test_a_passage_is_read_once_for_a_question_and_gives_as_many_spans_as_are_asked_for() -> None:
    inner = CountingReader()
    reader = RememberingReader(inner)
    first = reader.read("Who?", ["a", "b"], titles=["T", "T"], spans=3)
    second = reader.read("Who?", ["b", "c"], titles=["T", "T"], spans=5)
    reader.read("When?", ["a"], titles=["T"])
    assert inner.read_passages == ["a", "b", "c", "a"]
    assert [len(reading.spans) for reading in (*first, *second)] == [3, 3, 5, 5]
    assert second[0].spans[:3] == first[1].spans


def test_no_page_is_both_developed_on_and_measured() -> None:
    asked = [question(f"page {n % 7}", n, "x") for n in range(40)] + [question("page 1", 99)]
    measured, seen = (questions_of_half(asked, half) for half in ("measured", "development"))
    assert {q.passage.id for q in measured}.isdisjoint(q.passage.id for q in seen)
    assert sorted(q.query.id for q in (*measured, *seen)) == sorted(q.query.id for q in asked[:-1])
    assert questions_of_half(asked[::-1], "measured")[::-1] == measured


def test_rows_are_scored_on_the_same_questions_and_the_gain_is_the_first_over_the_second() -> None:
    asked = [question("p", 1, "Sel"), question("p", 2, "Lom")]
    found = score_times(
        asked,
        {
            "times used": lambda q: drafted(q.query.answers[0], shown=q.query.id == "p-1"),
            "times ignored": lambda q: drafted("Sel"),
        },
    )
    rows = found["rows"]
    assert [rows["times used"][key]["value"] for key in ("em", "f1", "shown")] == [1.0, 1.0, 0.5]
    assert [rows["times ignored"][key]["value"] for key in ("em", "f1", "shown")] == [0.5, 0.5, 0.5]
    assert [found["gain"][key]["value"] for key in ("em", "f1", "shown")] == [0.5, 0.5, 0.0]
    assert (found["n"], found["naming_a_time"]["value"]) == (2, 0.0)


LIVES = {
    "ada": "Ada Rahn taught in Orba from 1990 to 1996. From 1996 to 2003 she taught in Sel. Since 2003 she has taught in Lom.",
    "jon": "Jon Ask played for Brell from 1981 to 1985. He played for Tarn from 1985 to 1991, and since 1991 for Quay.",
}


@needs_shared
@pytest.mark.slow
def test_more_answers_are_those_of_the_time_asked_for_when_times_are_used(tmp_path: Path) -> None:
    from eval.numbers.timed import SET, measure_timed

    asked = [
        ("ada", "In which town did Ada Rahn teach in 1999?", "Sel"),
        ("ada", "In which town did Ada Rahn teach in 1993?", "Orba"),
        ("ada", "In which town did Ada Rahn teach in 2010?", "Lom"),
        ("jon", "What team did Jon Ask play for in 1983?", "Brell"),
        ("jon", "What team did Jon Ask play for in 1988?", "Tarn"),
        ("jon", "What team did Jon Ask play for from 1991 to 1995?", "Quay"),
    ]
    write_passages(
        tmp_path / SET,
        LIVES,
        [
            {
                "_id": f"q{n}",
                "text": text,
                "doc_id": page,
                "answerable": True,
                "answers": [answer],
                "spans": [{"text": answer, "start": LIVES[page].index(answer)}],
            }
            for n, (page, text, answer) in enumerate(asked)
        ],
    )
    halves = [measure_timed(tmp_path, half=half) for half in ("measured", "development")]
    assert [half["n"] for half in halves] == [3, 3]
    right = {
        row: sum(3 * half["rows"][row]["em"]["value"] for half in halves) for row in ("times used", "times ignored")
    }
    assert right["times used"] >= right["times ignored"] + 2
