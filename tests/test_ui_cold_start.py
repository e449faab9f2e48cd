"""What a command imports: nothing heavy that it does not need, over a real collection."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT, run

NEVER = {"torch", "transformers", "sentence_transformers", "gradio", "llama_index", "fastapi", "chromadb"}
QUESTION = "How many members voted to end the harbour strike?"
AFTER = """
import sys
sys.argv = ["dossier", *{arguments!r}]
try:
    {call}
finally:
    print("IMPORTED", sorted({never!r} & set(sys.modules)), file=sys.stderr)
"""
COMMAND = "from ui.command.app import main; main()"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, harbour_files: Path) -> Path:
    folder = tmp_path_factory.mktemp("cold") / "data"
    done = run("--data", str(folder), "index", str(harbour_files), cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    return folder


def imported(folder: Path, call: str, *arguments: str, never: set[str] = NEVER) -> tuple[str, str]:
    """What was printed, and the last line of the complaints: which of the modules were imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
    done = subprocess.run(
        [sys.executable, "-c", AFTER.format(arguments=arguments, call=call, never=never)],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout, done.stderr.rstrip().rpartition("\n")[2]


def test_help_imports_no_model_and_no_settings(tmp_path: Path) -> None:
    said, found = imported(tmp_path, COMMAND, "--help", never=NEVER | {"numpy", "onnxruntime", "pydantic", "httpx"})
    assert "Answers questions" in said
    assert found == "IMPORTED []"


def test_a_question_is_answered_without_any_of_them(data: Path) -> None:
    said, found = imported(data.parent, COMMAND, "--data", str(data), "ask", QUESTION)
    assert "310" in said
    assert found == "IMPORTED []"


def test_a_search_needs_no_reader_either(data: Path) -> None:
    said, found = imported(data.parent, COMMAND, "--data", str(data), "search", "ferries", "--top-k", "2")
    assert "Ferries sail again" in said
    assert found == "IMPORTED []"


def test_documents_are_listed_without_a_model(data: Path) -> None:
    said, found = imported(data.parent, COMMAND, "--data", str(data), "documents", never=NEVER | {"onnxruntime"})
    assert "Ferries sail again" in said
    assert found == "IMPORTED []"


def test_an_assistant_is_greeted_before_any_of_them(data: Path) -> None:
    pytest.importorskip("mcp")
    _, found = imported(data.parent, COMMAND, "--data", str(data), "mcp")
    assert found == "IMPORTED []"
