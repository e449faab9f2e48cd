from __future__ import annotations

import math
from pathlib import Path

import pytest

from eval.numbers.answerable import (
    Scored,
    at_even_odds,
    measure_answerable,
    nearest_wrong,
    probability,
    reliability,
    risk_at,
    risk_coverage_area,
    score_many,
    score_near,
    score_written,
)
from eval.numbers.questions import read_questions
from eval.sets.cases import SetDocument
from tests.eval_fakes import KnownReader
from tests.eval_sets import question, write_lines, write_passages
from tests.shared import SHARED_DATA, needs_shared

PASSAGES = {
    "mill": "The mill in Orba burned down in 2019. Jon Ask rebuilt the mill.",
    "guide": "The mill in Orba burned down, says the guide, and Jon Ask rebuilt it in 2019.",
    "near": "A mill burned down near Lom. Who rebuilt the mill is not known.",
    "far": "Bread is baked from flour and water.",
}


def _set(folder: Path) -> Path:
    asked = [
        question(1, "Who rebuilt the mill that burned down in Orba?", "mill", PASSAGES["mill"], "Jon Ask"),
        question(2, "What is bread baked from?", "far", PASSAGES["far"], "flour and water", "flour"),
        question(3, "Who sold the mill?", "mill", PASSAGES["mill"]),
    ]
    return write_passages(folder, PASSAGES, asked)


def test_the_nearest_wrong_passage_is_not_the_gold_one_and_holds_no_accepted_answer(tmp_path: Path) -> None:
    questions = [q for q in read_questions(_set(tmp_path)) if q.answerable]
    lines = [SetDocument(name, "", text) for name, text in PASSAGES.items()]
    wrong = nearest_wrong(questions, lines)
    assert wrong[0] is not None
    assert wrong[0].id == "near"
    assert wrong[1] is not None
    assert wrong[1].id != "far"


def test_an_answer_within_a_longer_word_does_not_save_a_passage(tmp_path: Path) -> None:
    passages = {
        "a": "The fee is 12 crowns.",
        "b": "The fee in 2012 is not known.",
        "c": "The fee is 12 crowns here too.",
    }
    folder = write_passages(tmp_path, passages, [question(1, "What is the fee?", "a", passages["a"], "12")])
    (wrong,) = nearest_wrong(read_questions(folder), [SetDocument(k, "", v) for k, v in passages.items()])
    assert wrong is not None
    assert wrong.id == "b"


def test_a_question_without_a_wrong_passage_is_left_out_and_counted(tmp_path: Path) -> None:
    passages = {"a": "The fee is 12 crowns.", "c": "A fee is 12 crowns here too."}
    folder = write_passages(tmp_path, passages, [question(1, "What is the fee?", "a", passages["a"], "12 crowns")])
    assert score_near(folder, KnownReader({}), limit=None) == ([], 1)


def test_each_question_is_read_on_its_passage_and_on_a_wrong_one(tmp_path: Path) -> None:
    scored, left_out = score_near(_set(tmp_path), KnownReader({"Jon Ask": 4.0, "flour": 3.0}), limit=None)
    assert left_out == 0
    assert [(item.answers, item.span, item.label) for item in scored] == [
        (4.0, 2.0, True),
        (-5.0, -math.inf, False),
        (3.0, 1.5, True),
        (-5.0, -math.inf, False),
    ]


def test_a_shown_answer_is_right_only_where_the_question_is_answerable_and_it_matches(tmp_path: Path) -> None:
    scored = score_written(KnownReader({"Jon Ask": 1.0, "flour": 1.0}), read_questions(_set(tmp_path)))
    assert [(item.label, item.right) for item in scored] == [(True, True), (True, True), (False, False)]


def test_of_ten_passages_the_best_score_counts(tmp_path: Path) -> None:
    documents = [{"doc_id": name, "title": None, "text": text} for name, text in PASSAGES.items()]
    examples = [
        {"question": "Who?", "answerable": True, "documents": documents},
        {"question": "Who?", "answerable": False, "documents": documents[2:3]},
    ]
    write_lines(tmp_path / "dev" / "examples.jsonl.gz", examples)
    scored = score_many(tmp_path, KnownReader({"Bread": 0.5, "Jon Ask": 4.0}), limit=None)
    assert scored == [Scored(4.0, 2.0, True), Scored(-5.0, -math.inf, False)]


def test_risk_and_calibration_of_a_hand_made_case() -> None:
    odds = math.log(0.9 / 0.1)
    scored = [
        Scored(odds, 0, True, True),
        Scored(odds, 0, True, True),
        Scored(-odds, 0, True, False),
        Scored(-odds, 0, False, False),
    ]
    found = reliability(scored)
    # Bin 0.9: all answerable, off by 0.1. Bin 0.1: half answerable, off by 0.4. Mean 0.25.
    assert found["calibration_error"] == pytest.approx(0.25)
    # Two points: half answered without an error, all answered with half of them wrong.
    assert found["risk_coverage_area"] == pytest.approx(0.25)
    assert found["risk_at_coverage"] == {"0.10": 0.0, "0.25": 0.0, "0.50": 0.0, "0.75": 0.5, "1.00": 0.5}


def test_at_even_odds_each_kind_of_error_counts_among_its_own_questions() -> None:
    scored = [
        Scored(2.0, 0, False),
        Scored(-1.0, 0, False),
        Scored(0.0, 0, True),
        Scored(3.0, 0, True),
        Scored(1.0, 0, True),
    ]
    found = at_even_odds(scored)
    assert found["wrongly_answers"]["value"] == 0.5
    assert found["wrongly_refuses"]["value"] == pytest.approx(1 / 3)


def test_the_curve_has_no_area_without_cases_and_odds_never_overflow() -> None:
    assert risk_coverage_area([]) is None
    assert risk_at([], 0.5) is None
    assert (probability(-1e9), probability(1e9)) == (0.0, 1.0)


@needs_shared
def test_the_packaged_reader_is_measured_on_three_questions_of_each_set(reader) -> None:  # type: ignore[no-untyped-def]
    measured = measure_answerable(SHARED_DATA, reader, limit=3)
    near = measured["near_wrong_passage"]
    assert near["n"] == 9 - sum(near["without_a_wrong_passage"].values())
    assert near["answers"]["value"] > 0.5
    assert {name: measured[name]["n"] for name in ("squad2_dev", "clapnq", "nomiracl_en")} == {
        "squad2_dev": 3,
        "clapnq": 3,
        "nomiracl_en": 3,
    }
