"""Refusals of the whole route: what is counted, over a real collection, over given passages, and by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.numbers.refusing import (
    Replied,
    ask_closed,
    ask_open,
    ask_turns,
    best_f1,
    refusal_figures,
    thinned,
)
from tests.eval_sets import question, write_lines, write_passages
from tests.shared import SHARED_DATA, needs_shared

MILL = "The mill in Orba burned down in 2019. Jon Ask rebuilt the mill with 40 workers."
PORT = "The harbour at Sel opened on 18 October. Mira Tolle runs the harbour."


def _replied(confidence: float, *, answerable: bool, refused: bool = False) -> Replied:
    return Replied(confidence, refused, answerable, answerable)


def test_refusals_counted_by_hand() -> None:
    found = refusal_figures(
        [
            _replied(0.9, answerable=True),
            _replied(0.8, answerable=False),
            _replied(0.3, answerable=True, refused=True),
            _replied(0.2, answerable=False, refused=True),
            _replied(0.1, answerable=False, refused=True),
        ]
    )
    assert (found["n"], found["unanswerable"]) == (5, 3)
    assert found["precision"]["value"] == pytest.approx(2 / 3)
    assert found["recall"]["value"] == pytest.approx(2 / 3)
    assert found["f1"]["value"] == pytest.approx(2 / 3)
    assert found["wrongly_answers"]["value"] == pytest.approx(1 / 3)
    assert found["wrongly_refuses"]["value"] == pytest.approx(1 / 2)
    # At 0.9 all three unanswerable ones are refused and one of the others: 2 * 3 / (4 + 3).
    assert found["best_f1"] == {"f1": pytest.approx(6 / 7), "threshold": 0.9}
    assert found["curve"][0] == (0.2, 0.0)
    assert found["risk_at_coverage"]["1.00"] == pytest.approx(3 / 5)


def test_nothing_refused_and_nothing_to_refuse_has_no_precision() -> None:
    found = refusal_figures([_replied(0.9, answerable=True)])
    assert found["precision"]["value"] is None
    assert found["f1"]["value"] is None


@given(st.lists(st.tuples(st.floats(0, 0.99), st.booleans()), min_size=1, max_size=30))
def test_no_threshold_beats_the_best_one(drawn: list[tuple[float, bool]]) -> None:
    replied = [_replied(confidence, answerable=answerable) for confidence, answerable in drawn]
    best = best_f1(replied)["f1"]
    for threshold in {0.0, 1.0, *(confidence for confidence, _ in drawn)}:
        refused = [confidence < threshold for confidence, _ in drawn]
        both = sum(r and not a for r, (_, a) in zip(refused, drawn, strict=True))
        below = sum(refused) + sum(not a for _, a in drawn)
        assert not below or 2 * both / below <= best + 1e-9


def test_a_long_curve_keeps_its_ends() -> None:
    curve = [(n / 1000, n / 2000) for n in range(1, 1001)]
    assert len(thinned(curve)) == 60
    assert (thinned(curve)[0], thinned(curve)[-1]) == (curve[0], curve[-1])


def test_a_set_is_asked_of_its_own_collection(tmp_path: Path) -> None:
    asked = [
        question(1, "Who rebuilt the mill in Orba?", "mill", MILL, "Jon Ask"),
        question(2, "Who won the ski race in Lapland?", "mill", MILL),
    ]
    folder = write_passages(tmp_path / "squad2_dev", {"mill": MILL, "port": PORT}, asked)
    first, second = ask_open(folder, None)
    assert (first.answerable, first.right, first.refused) == (True, True, False)
    assert (second.answerable, second.right, second.refused) == (False, False, True)


def test_turns_that_are_partly_answerable_are_left_out(tmp_path: Path) -> None:
    documents = [{"doc_id": "a", "title": "", "text": MILL}, {"doc_id": "b", "title": "", "text": PORT}]
    turn = {"conversation": [{"role": "user", "text": "Who runs the harbour at Sel?"}]}
    write_lines(
        tmp_path / "dev" / "examples.jsonl.gz",
        [
            {**turn, "documents": documents, "answerability": ["ANSWERABLE"]},
            {**turn, "documents": [], "answerability": ["PARTIAL"]},
            {"conversation": [{"text": "What is a quasar?"}], "documents": [], "answerability": ["UNANSWERABLE"]},
        ],
    )
    assert [(item.answerable, item.refused) for item in ask_turns(tmp_path, None)] == [(True, False), (False, True)]


def test_given_passages_are_read_without_a_search(tmp_path: Path) -> None:
    documents = [{"doc_id": "a", "title": "Mill", "text": MILL}, {"doc_id": "b", "title": None, "text": PORT}]
    lines = [
        {"question": "Who rebuilt the mill in Orba?", "answerable": True, "documents": documents},
        {"question": "What is the capital of Peru?", "answerable": False, "documents": documents[1:]},
    ]
    write_lines(tmp_path / "dev" / "examples.jsonl.gz", lines)
    first, second = ask_closed(tmp_path, None)
    assert first.confidence > second.confidence
    assert (first.refused, second.refused) == (False, True)


@needs_shared
@pytest.mark.slow
def test_two_real_questions_with_ten_passages_each_are_asked() -> None:
    replied = ask_closed(SHARED_DATA / "nomiracl_en", 2)
    assert len(replied) == 2
    assert all(one.confidence <= 1.0 for one in replied)
