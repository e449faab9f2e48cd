from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.numbers.page import numbers_page
from eval.numbers.run import NumbersUnusable, app, read_numbers, write_numbers
from eval.numbers.table import numbers_table
from tests.eval_fakes import KnownReader
from tests.eval_sets import question, write_lines, write_passages
from tests.shared import SHARED_DATA, needs_shared

MILL = "The mill in Orba burned down in 2019. Jon Ask rebuilt it."


def _figure(value: float | None) -> dict[str, object]:
    return {"value": value, "n": 4, "interval": None if value is None else {"low": value / 2, "high": 1.0}}


def _answerable() -> dict[str, object]:
    scored = {"answers": _figure(0.8), "span": _figure(0.7), "n": 4}
    even = {"at_even_odds": {"wrongly_answers": _figure(0.2), "wrongly_refuses": _figure(0.1)}}
    return {**dict.fromkeys(("squad2_dev", "clapnq", "near_wrong_passage"), scored), "nomiracl_en": {**scored, **even}}


def test_the_table_says_what_was_reached_beside_what_is_to_be_reached() -> None:
    reading = {
        "sets": {"qed": {"em": _figure(0.25), "f1": _figure(0.5)}, "covidqa": {"em": _figure(None), "f1": _figure(0.4)}}
    }
    table = numbers_table({"answerable": {"result": _answerable()}, "reading": {"result": reading}})
    lines = table.splitlines()
    assert lines[0] == "| what | n | reached [95 % interval] | row to beat | to reach |"
    assert (
        "| reader on the gold passage, qed: F1 | 4 | 50.0 [25.0, 100.0] | starting reader, other parts: EM / F1 39.2 / 54.4 | 64 |"
        in lines
    )
    assert "| reader on the gold passage, covidqa (other texts): EM | 4 | not measured |  |  |" in lines
    assert "| answerability AUROC, clapnq | 4 | 80.0 [40.0, 100.0] | span over no answer 70.0 | 85 |" in lines
    assert len(lines) == 2 + 4 + 4 + 2


def test_every_part_has_lines_of_its_own_shape() -> None:
    row = {"recall": _figure(0.5), "iou": _figure(0.1), "em": _figure(0.4), "f1": _figure(0.5)}
    refusals = {name: _figure(0.75) for name in "f1 precision recall auroc wrongly_answers wrongly_refuses".split()}
    parts = {
        "refusing": {
            key: {**refusals, "best_f1": {"f1": 0.8, "threshold": 0.4}, "curve": [(0.5, 0.0), (1.0, 0.4)]}
            for key in ("squad2_dev", "nomiracl_en")
        },
        "chunking": {"rows": {"ours": row, "llama-index default": row}, "top_k": 10},
        "supporting": {
            "sources": {"wice": {"balanced_accuracy": _figure(0.7)}},
            "mean": {"balanced_accuracy": _figure(0.7), "auroc": _figure(0.8)},
            "altered_quotes": {"date": {"balanced_accuracy": _figure(0.9)}},
        },
        "endtoend": {
            "rows": dict.fromkeys(("quickstart", "ours, best draft", "ours, as shown"), row),
            "gain": {"f1": _figure(0.08)},
        },
        "chats": {name: _figure(0.3) for name in ("right", "wrong", "refused")},
    }
    table = numbers_table({name: {"result": result} for name, result in parts.items()})
    assert "| chunking, ours: IoU at 10 | 4 | 10.0 [5.0, 100.0] | llama-index default 10.0 | above both |" in table
    assert "| question to answer: F1 over the quickstart peer, points | 4 | 8.0 [4.0, 100.0] | 0 | +8 |" in table
    assert "| support, quotes with a changed date: balanced accuracy | 4 | 90.0" in table
    page = numbers_page({name: {"result": result} for name, result in parts.items()}, {"python": "3"})
    assert page.count("<polyline") == 2
    assert "<td>refusals, squad2_dev: F1</td>" in page
    assert "| refusals, squad2_dev: F1 | 4 | 75.0 [37.5, 100.0] | best of any threshold 80.0 | 75 |" in table
    assert "| nomiracl_en: refuses though one does | 4 | 75.0" in table
    assert "| lihua_world: wrong answer shown | 4 | 30.0" in table


def test_numbers_that_cannot_be_read_are_refused_and_none_is_no_numbers(tmp_path: Path) -> None:
    assert read_numbers(tmp_path / "numbers.json") == {}
    write_numbers(tmp_path, {"answerable": {"result": _answerable()}})
    assert read_numbers(tmp_path / "numbers.json") == {"answerable": {"result": _answerable()}}
    for text in ("{", "[]", '{"other": 1}'):
        (tmp_path / "numbers.json").write_text(text)
        with pytest.raises(NumbersUnusable, match=r"numbers\.json is not a file of numbers"):
            read_numbers(tmp_path / "numbers.json")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sets of two questions, and a reader that knows one of their answers."""
    monkeypatch.setattr("rag.reading.reader.EncoderReader", lambda name: KnownReader({"Jon Ask": 3.0}))
    asked = [
        question(1, "Who rebuilt the mill?", "mill", MILL, "Jon Ask"),
        question(2, "When did it burn?", "mill", MILL, "2019"),
    ]
    for name in ("squad2_dev", "xquad_en", "qed", "squadshifts", "covidqa", "policyqa", "timeqa_human"):
        write_passages(tmp_path / "data" / name, {"mill": MILL}, asked)
    return tmp_path / "data"


def test_one_part_is_measured_the_others_stay_and_the_table_is_pasted(data: Path, tmp_path: Path) -> None:
    write_numbers(tmp_path / "out", {"answerable": {"result": _answerable()}})
    readme = tmp_path / "README.md"
    readme.write_text("<!-- numbers:begin -->\n<!-- numbers:end -->\n")
    arguments = [
        str(data),
        "--out",
        str(tmp_path / "out"),
        "--only",
        "reading",
        "--limit",
        "2",
        "--readme",
        str(readme),
    ]
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 0, outcome.output
    stored = json.loads((tmp_path / "out" / "numbers.json").read_text())
    assert set(stored["parts"]) == {"answerable", "reading"}
    assert stored["parts"]["reading"]["origin"]["limit"] == 2
    assert stored["parts"]["reading"]["result"]["sets"]["qed"]["em"]["value"] == 0.5
    assert "| answerability AUROC, clapnq |" in readme.read_text()
    assert "| reader on the gold passage, qed: F1 | 2 | 50.0" in readme.read_text()
    assert (tmp_path / "out" / "numbers.md").read_text().strip() in readme.read_text()


def test_what_is_missing_is_said_in_one_line_and_an_unknown_part_is_refused(data: Path, tmp_path: Path) -> None:
    (data / "qed" / "dev" / "queries.jsonl.gz").unlink()
    outcome = CliRunner().invoke(app, [str(data), "--out", str(tmp_path / "out"), "--only", "reading"])
    assert outcome.exit_code == 1
    assert "it has no dev/queries.jsonl" in outcome.output
    assert "qed" in outcome.output
    assert "Traceback" not in outcome.output
    write_lines(data / "qed" / "dev" / "queries.jsonl.gz", ['{"_id": "q1"}'])
    outcome = CliRunner().invoke(app, [str(data), "--out", str(tmp_path / "out"), "--only", "reading"])
    assert "line 1: field 'text' is missing" in outcome.output.replace("\n", "")
    assert CliRunner().invoke(app, [str(data), "--only", "speed"]).exit_code == 2


def test_a_readme_without_markers_is_refused_before_anything_is_measured(data: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("no markers\n")
    arguments = [
        str(data),
        "--out",
        str(tmp_path / "out"),
        "--only",
        "reading",
        "--readme",
        str(tmp_path / "README.md"),
    ]
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 1
    assert "numbers:begin" in outcome.output
    assert not (tmp_path / "out").exists()


def test_what_was_measured_is_kept_when_a_later_part_fails(data: Path, tmp_path: Path) -> None:
    arguments = [str(data), "--out", str(tmp_path / "out"), "--only", "reading", "--only", "answerable", "--limit", "1"]
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 1
    assert "clapnq" in outcome.output
    assert set(read_numbers(tmp_path / "out" / "numbers.json")) == {"reading"}


@needs_shared
def test_the_command_runs_on_the_real_sets(tmp_path: Path) -> None:
    arguments = [str(SHARED_DATA), "--out", str(tmp_path), "--only", "answerable", "--limit", "2"]
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 0, outcome.output
    assert "answerability AUROC, clapnq" in outcome.output
