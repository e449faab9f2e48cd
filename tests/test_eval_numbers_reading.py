from __future__ import annotations

from pathlib import Path

import pytest

from eval.numbers.questions import read_questions
from eval.numbers.reading import LONG_CHARS, best_text, gold_cases, measure_reading, measure_set, span_score
from eval.sets.lines import SetInvalid
from rag.values import Reading, SpanAnswer
from tests.eval_fakes import KnownReader
from tests.eval_sets import question, write_passages
from tests.shared import SHARED_DATA, needs_shared

MILL = "The mill in Orba burned down in 2019. Jon Ask rebuilt it."
PORT = "The port of Sel opened on 18 October."


def _set(folder: Path, **more: object) -> Path:
    questions = [
        question(1, "When did the mill burn down?", "mill", MILL, "2019", "in 2019"),
        question(2, "Who rebuilt the mill?", "mill", MILL, "Jon Ask"),
        question(3, "Who sold the mill?", "mill", MILL),
        question(4, "When did the port open?", "port", PORT, "18 October"),
    ]
    return write_passages(folder, {"mill": MILL, "port": PORT}, questions, **more)  # type: ignore[arg-type]


def test_em_and_f1_are_the_best_over_several_golds_and_unanswerable_questions_are_left_out(tmp_path: Path) -> None:
    cases = gold_cases(read_questions(_set(tmp_path)))
    # q1: "2019" equals a gold. q2: "Ask" shares one token of two with "Jon Ask": F1 2/3. q4: nothing is found.
    measured = measure_set(KnownReader({"2019": 1.0}), cases[:1])
    assert (measured["em"]["value"], measured["f1"]["value"]) == (1.0, 1.0)
    measured = measure_set(KnownReader({"Ask": 1.0}), cases)
    assert measured["n"] == 3
    assert measured["em"]["value"] == 0.0
    # "Ask" is read for q1 too and shares nothing with its golds.
    assert measured["f1"]["value"] == pytest.approx((0 + 2 / 3 + 0) / 3)


def test_only_questions_that_are_in_no_training_pool_are_asked(tmp_path: Path) -> None:
    assert [q.query.id for q in read_questions(_set(tmp_path, test_ids=["q2", "q3"]))] == ["q2", "q3"]


def test_a_span_in_the_title_is_no_answer() -> None:
    reading = Reading(2.0, (SpanAnswer(-9, -3, 8.0), SpanAnswer(-2, 3, 7.0), SpanAnswer(4, 8, 6.0)))
    assert best_text(reading, MILL) == "mill"
    assert span_score(reading, MILL) == 6.0
    assert best_text(Reading(2.0, (SpanAnswer(0, len(MILL) + 1, 1.0),)), MILL) == ""
    assert best_text(Reading(-3.0), MILL) == ""
    assert span_score(Reading(-3.0), MILL) == -float("inf")


def test_a_reader_whose_spans_all_fall_outside_the_passage_scores_0(tmp_path: Path) -> None:
    measured = measure_set(
        KnownReader({"Jon": 1.0, "2019": 1.0, "18": 1.0}, shift=-500), gold_cases(read_questions(_set(tmp_path)))
    )
    assert (measured["em"]["value"], measured["f1"]["value"]) == (0.0, 0.0)


def test_titles_go_to_the_reader_unless_they_are_switched_off(tmp_path: Path) -> None:
    cases = gold_cases(read_questions(_set(tmp_path)))
    reader = KnownReader({})
    measure_set(reader, cases[:1])
    measure_set(reader, cases[:1], titled=False)
    assert [titles for _, _, titles in reader.asked] == [("MILL",), ()]
    assert all(passages == (MILL,) for _, passages, _ in reader.asked)


def test_of_a_long_document_the_chunk_with_the_answer_is_read(tmp_path: Path) -> None:
    filler = "Nothing of note happened on that day. " * 100
    text = f"{filler}\n\nThe ferry sank near Lom in a gale.\n\n{filler}"
    assert len(text) > LONG_CHARS
    folder = write_passages(
        tmp_path, {"log": text}, [question(1, "Where did the ferry sink?", "log", text, "near Lom")]
    )
    (case,) = gold_cases(read_questions(folder))
    assert "near Lom" in case.passage
    assert len(case.passage) < LONG_CHARS
    assert case.passage in text


def test_a_question_on_an_unknown_passage_and_a_span_that_is_not_there_are_named(tmp_path: Path) -> None:
    lost = question(1, "Who?", "nowhere", MILL, "Jon Ask")
    with pytest.raises(SetInvalid, match=r"queries\.jsonl\.gz line 1: there is no document 'nowhere'"):
        read_questions(write_passages(tmp_path / "a", {"mill": MILL}, [lost]))
    moved = question(2, "Who?", "mill", MILL, "Jon Ask", spans=[{"text": "Jon Ask", "start": 3}])
    with pytest.raises(SetInvalid, match="'Jon Ask' does not stand at 3 of its document"):
        read_questions(write_passages(tmp_path / "b", {"mill": MILL}, [moved]))


def test_every_set_is_limited_and_the_same_questions_are_asked_again(tmp_path: Path) -> None:
    _set(tmp_path / "one")
    first, second = KnownReader({"2019": 1.0}), KnownReader({"2019": 1.0})
    measured = [measure_reading(tmp_path, reader, limit=2, sets=["one"]) for reader in (first, second)]
    assert measured[0] == measured[1]
    assert measured[0]["sets"]["one"]["n"] == 2
    assert first.asked == second.asked


@needs_shared
def test_the_packaged_reader_reads_three_questions_of_each_set(reader) -> None:  # type: ignore[no-untyped-def]
    measured = measure_reading(SHARED_DATA, reader, limit=3)
    assert len(measured["sets"]) == 7
    assert all(
        item["n"] == 3 and 0 <= item["em"]["value"] <= item["f1"]["value"] <= 1 for item in measured["sets"].values()
    )
    assert measured["sets"]["squad2_dev"]["f1"]["value"] > 0
