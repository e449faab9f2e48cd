"""A question along its lines: parts, and what came of a plan."""

from collections.abc import Sequence

import pytest

from index.values import Document, Provenance, Published
from rag.answer.findings import find, nearest
from rag.answer.lines import Line, draft_of, lines_of
from rag.gate.verify import supported, verify
from rag.question.analyse import analyse
from rag.question.planned import planned_event
from rag.reading.extract import ExtractiveAnswerer
from rag.values import Chunk, Evidence, Hit, Reading, SpanAnswer

HOPE = "The harbour talks open on May 6. The ministry hopes for an agreement at the harbour talks."
END = "The harbour talks drew delegates from five ports. On Monday the round in Tarn concluded without agreement."


class FirstWords:
    """A reader that takes the first two words of a passage that holds a word of the question, and nothing elsewhere."""

    def read(
        self, question: str, passages: Sequence[str], *, titles: Sequence[str | None] = (), spans: int = 1
    ) -> list[Reading]:
        return [self._reading(question, passage) for passage in passages]

    def _reading(self, question: str, passage: str) -> Reading:
        known = {word.strip("?,").lower() for word in question.split() if len(word) > 4}
        near = any(word.strip(".,").lower() in known for word in passage.split())
        end = len(" ".join(passage.split(" ")[:2]))
        return Reading(3.0, (SpanAnswer(0, end, 5.0),)) if near else Reading(-6.0)


def passage(number: int, text: str, published: str | None = None) -> Evidence:
    dated = Published(published, "day", "front matter") if published else None
    document = Document(
        f"d{number}", text, "text/plain", Provenance(published=dated), (), (f"d{number}",), f"d{number}", 1, ""
    )
    hit = Hit(Chunk(f"c{number}", document.id, 0, 0, len(text), text), number, 1.0, dense_score=0.6)
    return Evidence(number, hit, document)


def lines(question: str, *found: Evidence) -> tuple[Line, ...]:
    from dataclasses import replace

    query = analyse(question, publishers=())
    reader = FirstWords()
    readings = reader.read(query.asked, [item.hit.chunk.text for item in found])
    read = [replace(item, reading=reading) for item, reading in zip(found, readings, strict=True)]
    return lines_of(query, read, ExtractiveAnswerer(), reader, threshold=0.3, split=True)


PLAN = "What was the result of the harbour talks planned for May 6?"


def test_what_came_of_a_plan_is_asked_without_the_plan() -> None:
    planned = planned_event(PLAN)
    assert planned is not None
    assert planned.question == "How did the harbour talks end?"
    assert planned.day is not None and (planned.day.month, planned.day.day) == (5, 6)
    assert planned_event("Who spoke at the talks planned for May 6?") is None
    assert planned_event("What was the result of the vote?") is None


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("What happened at the talks on May 6?", "the talks"),
        ("How did the May 6 talks end?", "the talks"),
        ("What came of the talks in Lom on 6 May 2031?", "the talks in Lom"),
        ("Did the second round of talks of 6 May fail?", "the second round of talks"),
        ("What happened in Lom on 6 May?", None),
        ("Who spoke at the talks on May 6?", None),
        ("What happened at the talks?", None),
    ],
)
def test_an_event_named_with_its_day_is_asked_for_its_outcome_as_one_that_was_planned(
    question: str, subject: str | None
) -> None:
    planned = planned_event(question)
    assert (planned.subject if planned else None) == subject
    assert planned is None or (planned.day is not None and (planned.day.month, planned.day.day) == (5, 6))


def test_the_outcome_comes_from_the_later_source_and_the_hope_is_kept_as_one() -> None:
    found = [passage(1, HOPE, "2021-05-03"), passage(2, END, "2021-05-12")]
    (line,) = lines(PLAN, *found)
    assert line.told and line.told[0].text == "without agreement"
    draft = draft_of([line], ExtractiveAnswerer(), threshold=0.3)
    assert draft.short == "without agreement"
    findings = find([line], supported(verify(draft, found)), found, 1.0, 0.3)
    assert [point.first.standing for point in findings.timeline] == ["reported", "expected"]
    assert not findings.missing and not findings.disagreements


def test_a_hope_alone_is_not_taken_for_the_outcome() -> None:
    found = [passage(1, HOPE, "2021-05-03")]
    (line,) = lines(PLAN, *found)
    assert not line.told
    draft = draft_of([line], ExtractiveAnswerer(), threshold=0.3)
    findings = find([line], supported(verify(draft, found)), found, 1.0, 0.3)
    assert findings.missing == (PLAN,)


def test_what_a_source_of_before_the_day_tells_is_another_event() -> None:
    earlier = passage(2, END, "2021-04-12")
    (line,) = lines(PLAN, earlier)
    assert not line.told


def test_each_part_is_answered_and_what_has_no_answer_is_missing() -> None:
    found = [passage(1, "Ada Rahn opened the museum."), passage(2, "It rained all day.")]
    both = lines("Who opened the museum, and when did the ferry sink?", *found)
    assert len(both) == 2
    draft = draft_of(both, ExtractiveAnswerer(), threshold=0.3)
    findings = find(both, supported(verify(draft, found)), found, draft.confidence, 0.3)
    assert draft.short == "Ada Rahn"
    assert len(findings.missing) == 1 and "ferry" in findings.missing[0]


def test_nothing_of_the_kind_is_told_from_something_close() -> None:
    found = [passage(1, "The museum of Tarn was opened by the mayor in spring.")]
    assert nearest("Who opened the museum of Eskil?", found) == (("Eskil",), "nothing")
    assert nearest("Who closed the museum of Tarn?", found) == ((), "something else")
    assert nearest("Why do cats sleep so much?", [])[1] == "nothing"
