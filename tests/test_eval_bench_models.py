"""The bench of language models: figures that stand in no quote are found, and a row counts each question once."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.bench.models import Observed, Row, invented_figures, table
from eval.log import append_log, read_log
from rag.values import Statement
from tests.test_ui_render import make_answer, make_citation


def observed(key: str, **given: object) -> Observed:
    values = {
        "answerable": True,
        "right": True,
        "refused": False,
        "invented": 0,
        "answered_by": "llm:m",
        "reason": None,
    }
    return Observed(key, **{**values, "draft_s": 0.1, "first_s": 2.0, "seconds": 4.0, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "invented"),
    [("It cost 1,200 crowns in 2019.", []), ("It cost 1200 crowns.", []), ("It cost 1,300 crowns.", ["1300"])],
)
def test_a_figure_that_no_cited_quote_holds_is_invented(said: str, invented: list[str]) -> None:
    quote = "In 2019 it cost 1,200 crowns."
    statement = Statement(text=said, citations=(1,), status="verified")
    answer = make_answer(statements=(statement,), citations=(make_citation(quote=quote),))
    assert invented_figures(answer) == invented


def test_a_row_counts_facts_refusals_and_who_wrote() -> None:
    seen = [
        observed("a"),
        observed("b", right=False, answered_by="extractive", reason="timeout", seconds=60.0),
        observed("c", answerable=False, right=False, refused=True, answered_by="extractive", first_s=None),
    ]
    row = Row.of("m", seen)
    assert (row.questions, row.facts, row.refused, row.wrongly, row.invented) == (3, 0.5, 1.0, 0.0, 0)
    assert (row.by_model, row.first_s, row.whole_s) == (pytest.approx(1 / 3), 2.0, 4.0)
    assert "| m | 3 | 50% | 100% |" in table([row])


def test_what_was_observed_is_read_again(tmp_path: Path) -> None:
    from dataclasses import asdict

    with append_log(tmp_path / "answers.jsonl") as keep:
        keep(asdict(observed("a")))
    assert read_log(tmp_path / "answers.jsonl", Observed.from_json) == {"a": observed("a")}
