"""Commands that run Dossier and keep its data well: settings, doctor, backups, measures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from index.catalogue import FILE_NAME, Catalogue
from tests.commands import ROOT, Invoke, invoking, one_line, run
from tests.fakes_ui import FakeDossier
from ui.command.app import app


@pytest.fixture
def dossier(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path / "data")


@pytest.fixture
def invoke(dossier: FakeDossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    monkeypatch.chdir(tmp_path)
    with invoking(dossier) as invoke:
        yield invoke


def test_rebuilding_is_for_the_owner_of_the_data(invoke: Invoke) -> None:
    assert "Stop it, then run: dossier rebuild" in invoke("rebuild").stderr


def test_config_says_what_set_each_value_and_hides_secrets(tmp_path: Path) -> None:
    (tmp_path / "dossier.toml").write_text('read = 7\nllm_key = "hunter2"\nport = 9000\n')
    environment = {
        "DOSSIER_PORT": "9001",
        "DOSSIER_LLM": "openai+http://user:hunter2@127.0.0.1/v1?model=m&api_key=hunter2",
    }
    result = run("--data", "elsewhere", "config", "--json", cwd=tmp_path, env=environment)
    found = {one["name"]: one for one in json.loads(result.stdout)}
    assert {name: found[name]["where"] for name in ("data", "port", "read", "llm_key", "host")} == {
        "data": "argument",
        "port": "DOSSIER_PORT",
        "read": "dossier.toml",
        "llm_key": "dossier.toml",
        "host": "default",
    }
    assert (found["port"]["value"], found["read"]["value"], found["data"]["value"]) == ("9001", "7", "elsewhere")
    assert all(one["description"] for one in found.values())
    assert "hunter2" not in result.stdout + run("config", cwd=tmp_path, env=environment).stdout


@pytest.mark.parametrize("content", ["port = ", "port = 99999", "nonsense = 1", 'port = "x"', "\0"])
def test_a_broken_setting_is_one_line_that_names_the_file_or_setting(tmp_path: Path, content: str) -> None:
    (tmp_path / "dossier.toml").write_text(content)
    result = run("config", cwd=tmp_path)
    assert result.returncode == 1
    assert one_line(result.stderr)
    assert "dossier.toml" in result.stderr


def test_eval_is_found_by_its_entry_point_and_keeps_its_exit_code(tmp_path: Path) -> None:
    info = tmp_path / "measures-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: measures\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[dossier.commands]\neval = measures_of_mine:main\n")
    (tmp_path / "measures_of_mine.py").write_text("def main(args):\n    print(args)\n    return 4\n")
    # Only this entry point is to be found, wherever the tests run.
    script = "import sys\nsys.path.insert(0, '.')\nfrom ui.command.app import main\nsys.argv = ['dossier', 'eval', 'gold.jsonl', '--out', 'x']\nmain()"
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (4, "['gold.jsonl', '--out', 'x']\n"), done.stderr


@pytest.mark.slow
def test_the_doctor_names_what_is_broken_and_mends_what_is_a_cache(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("The quay\n\nThe quay of Orm was built in 1932, said the miller Jonas Weir.")
    assert run("index", "note.txt", cwd=tmp_path).returncode == 0
    healthy = run("doctor", cwd=tmp_path)
    (folder,) = (tmp_path / ".dossier" / "collections" / "default").glob("*/gen_*")
    for file in folder.rglob("*"):
        if file.is_file():
            file.write_bytes(b"")
    broken = run("doctor", cwd=tmp_path)
    mended = run("doctor", "--repair", "--json", cwd=tmp_path)
    assert (healthy.returncode, broken.returncode, mended.returncode) == (0, 1, 0), mended.stdout + mended.stderr
    assert "BAD" not in healthy.stdout
    assert "BAD  default: index: " in broken.stdout
    assert "mend: dossier rebuild --collection default" in broken.stdout
    assert all(one["ok"] for one in json.loads(mended.stdout))


@pytest.mark.slow
def test_the_doctor_names_a_missing_model_and_what_mends_it(tmp_path: Path) -> None:
    result = run("doctor", cwd=tmp_path, env={"DOSSIER_EMBEDDER": str(tmp_path / "nowhere")})
    assert result.returncode == 1
    assert "BAD  embedder: " in result.stdout
    assert "DOSSIER_EMBEDDER" in result.stdout
    assert "Traceback" not in result.stderr


def a_collection(data: Path, text: str) -> None:
    """A collection of one document, without a model."""
    catalogue = Catalogue(data / "collections" / "default" / FILE_NAME)
    with catalogue.writing() as connection:
        connection.execute(
            """INSERT INTO documents (id, text, media_type, page_starts, notes, origin, chunk_count, added_at, sequence, sketch)
            VALUES ('doc_1', ?, 'text/plain', '[]', '[]', 'doc_1', 0, '2024-01-01', 1, x'')""",
            (text,),
        )
        connection.execute("INSERT INTO sources VALUES ('/n/quay.txt', 'doc_1', 1, '', '')")
    catalogue.close()


def test_a_backup_is_written_once_and_restored_where_nothing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/collections/default").mkdir(parents=True)
    a_collection(tmp_path / "data", "The quay of Orm was built in 1932.")
    call = lambda data, *args: CliRunner().invoke(app, ["--data", data, *args], prog_name="dossier")  # noqa: E731
    assert "1 document in 1 collection" in call("data", "backup", "b.zip").stdout
    again = call("data", "backup", "b.zip")
    assert (again.exit_code, one_line(again.stderr)) == (1, True)
    assert call("data", "backup", "b.zip", "--force").exit_code == 0
    restored = call("elsewhere", "restore", "b.zip")
    assert "Restored elsewhere: 1 document" in restored.stdout, restored.stderr
    assert call("elsewhere", "restore", "b.zip").exit_code == 1
    assert "default (1 document)" in call("elsewhere").stdout


def test_the_mcp_server_names_what_is_missing(tmp_path: Path) -> None:
    script = (
        "import sys, importlib.util as found\nreal = found.find_spec\n"
        "found.find_spec = lambda name, *more: None if name == 'mcp' else real(name, *more)\n"
        "from ui.command.app import main\nsys.argv = ['dossier', 'mcp']\nmain()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert one_line(done.stderr) and "pip install 'mcp>=2.3,<3'" in done.stderr
