"""`dossier eval` on a real collection, a real embedder and the real reader."""

import json

import pytest
from typer.testing import CliRunner

from eval import quotes, run
from index.files import find_files
from rag.build import open_dossier
from rag.settings import load_settings
from tests.eval_fakes import TEXTS
from tests.eval_sets import write_set
from tests.test_eval_gold import write
from tests.test_eval_run import CASES


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eval")
    for name, text in TEXTS.items():
        (folder / name).write_text(f"{text}\n")
    with open_dossier(load_settings(data=folder / "data")) as dossier:
        found = find_files([folder / name for name in TEXTS], max_files=10)
        dossier.collection(create=True).ingest(found.files)
    return folder / "data"


@pytest.fixture
def invoke(data, tmp_path, monkeypatch):
    monkeypatch.setenv("DOSSIER_DATA", str(data))
    monkeypatch.chdir(tmp_path)
    return lambda app, *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_writes_the_reports_and_prints_figures_with_n(invoke, tmp_path):
    result = invoke(run.app, write(tmp_path, *CASES), "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "| citations · valid | 1.000 |" in result.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["origin"]["chunks"] >= 3
    assert len(report["cases"]) == len(CASES)
    assert {"report.html", "report.md", "observations.jsonl"} <= {path.name for path in (tmp_path / "out").iterdir()}


def test_figures_come_as_json_when_asked(invoke, tmp_path):
    result = invoke(run.app, write(tmp_path, *CASES[:2]), "--json")
    assert {figure["key"] for figure in json.loads(result.stdout)["figures"]} >= {
        "passages/fused/nDCG@10",
        "citations/valid",
    }
    assert (tmp_path / "reports" / "eval" / "report.html").exists()


def test_a_wrong_line_ends_with_1_and_is_named(invoke, tmp_path):
    result = invoke(run.app, write(tmp_path, CASES[0], {**CASES[1], "kind": "guess"}))
    assert result.exit_code == 1
    assert "line 2 (g1): unknown kind 'guess'" in result.stderr


def test_a_fall_against_the_baseline_ends_with_4_and_an_unread_baseline_with_1(invoke, tmp_path):
    gold = write(tmp_path, *CASES[:2])
    assert invoke(run.app, gold, "--out", tmp_path / "out").exit_code == 0
    baseline = tmp_path / "out" / "report.json"
    assert invoke(run.app, gold, "--out", tmp_path / "out", "--baseline", baseline).exit_code == 0
    better = json.loads(baseline.read_text())
    for case in better["cases"]:
        case["shares"]["passages/fused/nDCG@10"] = [2, 1]
    (tmp_path / "better.json").write_text(json.dumps(better))
    result = invoke(run.app, gold, "--out", tmp_path / "out", "--baseline", tmp_path / "better.json")
    assert result.exit_code == 4
    assert "passages/fused/nDCG@10 fell from 2.000" in result.stderr
    (tmp_path / "better.json").write_text("{}")
    assert invoke(run.app, gold, "--baseline", tmp_path / "better.json").exit_code == 1


def test_an_unknown_collection_ends_with_1_and_its_name(invoke, tmp_path):
    result = invoke(run.app, write(tmp_path, *CASES), "--collection", "nowhere")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr


@pytest.fixture
def sets(tmp_path):
    for name in ("first", "second"):
        write_set(tmp_path / "sets" / name)
    return tmp_path / "sets"


def test_a_folder_of_sets_gives_one_table_and_its_reports(invoke, sets, tmp_path):
    result = invoke(run.app, sets, "--rows", "lexical,fused,reranked", "--limit", 3)
    assert result.exit_code == 0, result.output
    assert "| set | documents / questions | lexical | fused | reranked |" in result.stdout
    assert "| second | 24 / 3 |" in result.stdout
    assert {"sets.json", "sets.md", "sets.html"} <= {path.name for path in (tmp_path / "reports" / "sets").iterdir()}
    again = invoke(run.app, sets / "second", "--rows", "lexical", "--limit", 3, "--json")
    assert [found["set"] for found in json.loads(again.stdout)["sets"]] == ["second"]


def test_sets_are_chosen_by_name_and_an_unknown_one_ends_with_1(invoke, sets):
    chosen = invoke(run.app, sets, "--sets", "second", "--rows", "lexical", "--limit", 1)
    assert "| second |" in chosen.stdout
    assert "| first |" not in chosen.stdout
    unknown = invoke(run.app, sets, "--sets", "third")
    assert unknown.exit_code == 1
    assert unknown.stderr == f"{sets} holds no set third. There are: first, second.\n"


def test_a_folder_that_is_no_set_ends_with_1_and_one_line(invoke, tmp_path):
    (tmp_path / "notes").mkdir()
    result = invoke(run.app, tmp_path / "notes")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{tmp_path / 'notes'} is no set and holds none: a set has corpus.jsonl[.gz]")
    assert result.stderr.count("\n") == 1


def test_a_wrong_line_of_a_set_is_named(invoke, sets):
    write_set(sets / "first", queries=["{}"], qrels=[], test_ids=[])
    result = invoke(run.app, sets, "--sets", "first")
    assert result.exit_code == 1
    assert "dev/queries.jsonl.gz line 1: field '_id' is missing" in result.stderr


@pytest.mark.parametrize("option", [("--baseline", "b.json"), ("--collection", "c"), ("--rows", "bm26")])
def test_options_that_do_not_apply_to_sets_are_refused(invoke, sets, option):
    result = invoke(run.app, sets, *option)
    assert result.exit_code == 2
    assert option[0] in result.stderr


def test_options_of_sets_do_not_apply_to_a_gold_file(invoke, tmp_path):
    result = invoke(run.app, write(tmp_path, *CASES), "--limit", 3)
    assert result.exit_code == 2
    assert "--limit" in result.stderr


def test_no_quote_of_random_questions_is_made_up(invoke, tmp_path):
    result = invoke(quotes.app, "--count", 8, "--out", tmp_path / "quotes.json")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "quotes.json").read_text())["questions"] == 8
