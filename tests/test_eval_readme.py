import json

import pytest

from eval.readme import MarkersMissing, main, paste_table
from tests.test_eval_run import ask, figure, report_of

BEGIN, END = "<!-- eval:begin -->", "<!-- eval:end -->"


def test_the_table_replaces_the_old_one_and_nothing_else(tmp_path, capsys):
    report = report_of(ask(tmp_path)) | {
        "origin": {"gold": "gold.jsonl", "documents": 3, "chunks": 7, "settings_hash": "s1", "corpus_hash": "c1"}
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    readme = tmp_path / "README.md"
    readme.write_text(f"# Title\n\n{BEGIN}\nformer figures\n{END}\n\nThe end.\n")
    assert main([str(tmp_path / "report.json"), str(readme)]) == 0
    text = readme.read_text()
    assert text.startswith(f"# Title\n\n{BEGIN}\n")
    assert text.endswith(f"{END}\n\nThe end.\n")
    assert "former figures" not in text
    assert f"| answers · fact · in short | {figure(report, 'answers/fact/in short')['value']:.3f} |" in text
    assert main([str(tmp_path / "report.json"), str(readme)]) == 0
    assert readme.read_text() == text


@pytest.mark.parametrize("text", ["", BEGIN, END, END + BEGIN, BEGIN + BEGIN + END])
def test_a_file_without_one_pair_of_markers_is_refused(text):
    with pytest.raises(MarkersMissing, match="eval:begin"):
        paste_table(text, "table")


def test_each_table_has_markers_of_its_own_and_pasting_it_again_changes_nothing():
    text = f"# A\n{BEGIN}\nfirst\n{END}\n<!-- numbers:begin -->\nold\n<!-- numbers:end -->\nend\n"
    pasted = paste_table(text, "| new |", name="numbers")
    assert pasted == text.replace("\nold\n", "\n\n| new |\n\n")
    assert paste_table(pasted, "| new |", name="numbers") == pasted


def test_the_command_line_names_what_is_wrong(tmp_path, capsys):
    assert main([]) == 2
    assert main([str(tmp_path / "none.json")]) == 1
    assert "none.json cannot be read" in capsys.readouterr().err
