"""The command line as a person and as a script meet it: what is printed where, and exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from index.owner import OwnerLock
from rag.settings import Settings
from tests.fakes_ui import HARBOUR, FakeDossier, document, serving
from ui.command.app import app
from ui.offered import files_under
from ui.terminal import printable

ROOT = Path(__file__).resolve().parents[1]
Invoke = Callable[..., Result]


@pytest.fixture
def dossier(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path / "data")


@pytest.fixture
def invoke(dossier: FakeDossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Runs a command in an empty folder, against a server that owns the data directory."""
    monkeypatch.chdir(tmp_path)
    lock = OwnerLock(dossier.settings.data)
    with serving(dossier) as url:
        lock.announce(url)
        yield lambda *args: CliRunner().invoke(app, ["--data", str(dossier.settings.data), *args], prog_name="dossier")
    lock.close()


def run(*args: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
    return subprocess.run(
        [sys.executable, "-m", "ui", *args],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(ROOT), **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
    )


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith("\n") and text.startswith("dossier: ")


def test_an_answer_is_printed_with_its_quote_and_where_it_comes_from(invoke: Invoke) -> None:
    result = invoke("ask", "When did the harbour reopen?")
    assert result.exit_code == 0
    assert result.stdout.startswith("The documents say:\nThe harbour of Tarn reopened on 4 May. [1]\n")
    assert "[1] \u201cThe harbour of Tarn reopened on 4 May.\u201d" in result.stdout
    assert "Tarn Courier, I. Brandt, 2024-05-06" in result.stdout
    assert document(HARBOUR, "x").id in result.stdout


def test_not_stated_is_an_answer_with_the_nearest_passages(invoke: Invoke) -> None:
    result = invoke("ask", "Who invented paper?")
    assert result.exit_code == 0
    assert result.stdout.startswith("The documents do not say.")
    assert "Nearest passages:" in result.stdout


def test_json_is_the_answer_object_and_nothing_else(invoke: Invoke, dossier: FakeDossier) -> None:
    result = invoke(
        "ask", "When did the harbour reopen?", "--json", "--as-of", "2024-06", "--publisher", "Tarn Courier"
    )
    answer = json.loads(result.stdout)
    assert (answer["verdict"], answer["citations"][0]["publisher"]) == ("answered", "Tarn Courier")
    assert dossier.pipeline().asked[-1][2] == "2024-06"


def test_search_says_why_each_passage_ranks(invoke: Invoke) -> None:
    assert re.match(
        r"1\. 0\.0164 \(dense 1, lexical 1\)  Tarn Courier, 2024-05-06, A note\n", invoke("search", "harbour").stdout
    )
    assert json.loads(invoke("search", "harbour", "--top-k", "1", "--json").stdout)["hits"][0]["text"] == HARBOUR
    assert invoke("search", "zebra").stdout == "No passage was found.\n"


def asked(invoke: Invoke, question: str, *more: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(invoke("ask", question, "--json", *more).stdout)
    return answer


def test_kept_answers_are_listed_newest_first(invoke: Invoke) -> None:
    first, second = (
        asked(invoke, question)["id"] for question in ("When did the harbour reopen?", "Who invented paper?")
    )
    listed = invoke("answers").stdout.splitlines()
    assert [line.split()[0] for line in listed[:-1]] == [second, first]
    assert "When did the harbour reopen?  ->  The harbour of Tarn reopened on 4 May." in listed[1]
    assert listed[-1] == "2 answers"
    found = json.loads(invoke("answers", "--limit", "1", "--json").stdout)
    assert (found["total"], [one["id"] for one in found["answers"]]) == (2, [second])


def test_a_conversation_goes_on_by_its_id_and_shows_what_was_searched(invoke: Invoke) -> None:
    thread = asked(invoke, "When did the harbour reopen?", "--thread", "new")["thread"]
    result = invoke("ask", "And the market?", "--thread", thread)
    assert re.match(r"Searched as: .*market.*harbour", result.stdout)
    assert result.stdout.endswith(f"dossier ask --thread {thread} QUESTION\n")
    unknown = invoke("ask", "And the market?", "--thread", "thr_x")
    assert (unknown.exit_code, one_line(unknown.stderr), "--thread new" in unknown.stderr) == (1, True, True)


def test_a_replay_says_that_nothing_changed_or_what_did(invoke: Invoke, dossier: FakeDossier) -> None:
    answer = asked(invoke, "When did the harbour reopen?")
    assert invoke("replay", answer["id"]).stdout.startswith("When did the harbour reopen?\nNothing changed.\n")
    dossier.collection().held.clear()
    told = invoke("replay", answer["id"]).stdout
    assert "  verdict: was answered, is not stated\n" in told
    assert "  - The harbour of Tarn reopened on 4 May.\n  - source: Tarn Courier, 2024-05-06, A note\n" in told
    assert json.loads(invoke("replay", answer["id"], "--json").stdout)["changes"]["changed"] is True
    assert invoke("answers").stdout.endswith("1 answers\n")
    assert invoke("replay", answer["id"], "--keep").exit_code == 0
    assert invoke("answers").stdout.endswith("2 answers\n")


def test_changes_are_told_with_how_many_answers_they_are_of(invoke: Invoke) -> None:
    asked(invoke, "When did the harbour reopen?")
    assert invoke("changes").stdout == "0 changed of 0 since which documents came or went.\n"
    assert json.loads(invoke("changes", "--json").stdout) == {"outdated": 0, "changed": []}


@pytest.mark.parametrize(("form", "suffix"), [("markdown", "md"), ("docx", "docx"), ("csv", "csv"), ("json", "json")])
def test_an_answer_is_exported_to_a_file(invoke: Invoke, tmp_path: Path, form: str, suffix: str) -> None:
    answer = asked(invoke, "When did the harbour reopen?")
    out = tmp_path / f"out.{suffix}"
    assert invoke("export", answer["id"], "--format", form, "--out", str(out)).stdout == f"Wrote {out}.\n"
    assert out.stat().st_size > 200
    invoke("export", answer["id"], "--format", form)
    assert (tmp_path / f"{answer['id']}.{suffix}").is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "ans_x"),
        ("replay", "ans_x"),
        ("replay", "../../etc"),
        ("export", ""),
        ("export", "ans_x", "--format", "pdf"),
    ],
)
def test_an_answer_that_does_not_exist_is_one_line_and_exit_1(
    invoke: Invoke, tmp_path: Path, arguments: list[str]
) -> None:
    before = set(tmp_path.iterdir())
    result = invoke(*arguments)
    assert (result.exit_code, one_line(result.stderr), set(tmp_path.iterdir())) == (1, True, before)


def test_documents_can_be_listed_removed_and_erased(invoke: Invoke, dossier: FakeDossier) -> None:
    first, second = (one["id"] for one in json.loads(invoke("documents", "--json").stdout)["documents"])
    assert invoke("documents").stdout.endswith("2 documents\n")
    assert invoke("remove", first).stdout == f"Removed {first}.\n"
    assert invoke("erase", second).exit_code == 0
    assert (dossier.collection().held, dossier.collection().erased) == ({}, [second])


def test_index_exits_0_when_all_went_in_and_says_what_it_did(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A good note.")
    result = invoke("index", "a.txt")
    assert result.exit_code == 0
    assert "1 added, 0 replaced, 0 removed, 0 unchanged (not embedded again), 0 refused" in result.stdout
    assert "1 chunks embedded, 0 reused" in result.stdout
    assert result.stderr == ""


def test_index_exits_3_when_some_were_refused_and_says_why(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A good note.")
    (tmp_path / "b.txt").write_text("BAD")
    result = invoke("index", "a.txt", "b.txt", "--json")
    assert result.exit_code == 3
    assert result.stderr == f"{tmp_path / 'b.txt'}: parse_error: it says BAD\n"
    assert json.loads(result.stdout)["refused"][0]["code"] == "parse_error"


@pytest.mark.parametrize("name", [".dossier", "data", "deep/er"])
def test_the_own_data_directory_is_neither_a_document_nor_a_refusal(tmp_path: Path, name: str) -> None:
    data = tmp_path / name
    data.mkdir(parents=True)
    (data / "catalogue.txt").write_text("not a document")
    (data / "upload.bin").write_bytes(b"\0")
    (tmp_path / "note.txt").write_text("a document")
    (tmp_path / ".env").write_text("KEY=1")
    found = files_under([tmp_path], Settings(data=data))
    assert [one.name for one in found.files] == ["note.txt"]
    assert [one.code for one in found.refusals] == ["hidden"]


def test_index_exits_1_when_nothing_went_in(invoke: Invoke) -> None:
    result = invoke("index", "nowhere.txt")
    assert result.exit_code == 1
    assert "missing" in result.stderr


BAD_CALLS: list[tuple[Sequence[str], int]] = [
    (("ask",), 2),
    (("nonsense",), 2),
    (("ask", "x", "--nonsense"), 2),
    (("search", "x", "--top-k", "0"), 2),
    (("search", "x", "--top-k", "-1"), 2),
    (("search", "x", "--top-k", str(10**18)), 2),
    (("search", "x", "--top-k", "five"), 2),
    (("serve", "--port", "70000"), 2),
    (("index",), 2),
    (("ask", ""), 1),
    (("ask", "\u200b"), 1),
    (("search", "  "), 1),
    (("ask", "x" * 100_000), 1),
    (("ask", "x", "--since", "yesterday"), 1),
    (("ask", "x", "--collection", "nowhere"), 1),
    (("ask", "x", "--collection", "../x"), 1),
    (("ask", "x", "--llm", "openai+http://127.0.0.1/v1?model=m"), 1),
    (("remove", "nothing"), 1),
    (("erase", ""), 1),
    (("rebuild",), 1),
]


@pytest.mark.parametrize(
    ("args", "code"), BAD_CALLS, ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else None
)
def test_a_wrong_call_exits_with_its_code_and_one_line(invoke: Invoke, args: Sequence[str], code: int) -> None:
    result = invoke(*args)
    assert result.exit_code == code
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert code == 2 or one_line(result.stderr)


def test_a_wrong_date_names_the_option(invoke: Invoke) -> None:
    assert "--as-of: " in invoke("ask", "x", "--as-of", "soon").stderr


def test_a_directory_that_another_process_holds_is_named_with_who_holds_it(tmp_path: Path) -> None:
    lock = OwnerLock(tmp_path / "data")
    result = run("--data", str(tmp_path / "data"), "documents", cwd=tmp_path)
    lock.close()
    assert result.returncode == 1
    assert one_line(result.stderr)
    assert str(os.getpid()) in result.stderr


@pytest.mark.parametrize("args", [("--help",), ("config",), ("ask", "--help")])
def test_help_and_config_import_nothing_heavy(tmp_path: Path, args: tuple[str, ...]) -> None:
    script = (
        "import sys\nfrom ui.command.app import app\n"
        f"try:\n    app({list(args)!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'torch', 'chromadb', 'gradio', 'fastapi', 'numpy', 'sentence_transformers', 'onnxruntime', 'llama_index', 'uvicorn'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.endswith("HEAVY []\n"), done.stdout + done.stderr


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


def test_bytes_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ui", "ask", b"\xff\xfe"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert one_line(done.stderr.decode())


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


def test_a_closed_pipe_is_no_traceback(invoke: Invoke, dossier: FakeDossier, tmp_path: Path) -> None:
    for number in range(300):
        made = document(f"Number {number} " + "x" * 50, f"/n/{number}", title="t" * 300)
        dossier.collection().held[made.id] = made
    command = f"'{sys.executable}' -m ui --data '{dossier.settings.data}' documents | head -1"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_ctrl_c_is_one_line(invoke: Invoke, dossier: FakeDossier, tmp_path: Path) -> None:
    pipeline = dossier.pipeline()
    pipeline.gate = threading.Event()
    command = [sys.executable, "-m", "ui", "--data", str(dossier.settings.data), "ask", "The harbour?"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a suite in the background has it ignored
    ) as child:
        assert pipeline.entered.acquire(timeout=60)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    pipeline.gate.set()
    assert (child.returncode, out, err) == (130, "", "dossier: interrupted\n")


def test_rebuilding_is_for_the_owner_of_the_data(invoke: Invoke) -> None:
    assert "Stop it, then run: dossier rebuild" in invoke("rebuild").stderr


def test_what_a_document_says_never_reaches_the_terminal_as_an_escape(invoke: Invoke, dossier: FakeDossier) -> None:
    made = document("Zebras \x1b]0;owned\x07 and \u202eslow [bold]zebras[/bold].", "/n/z", title="\x1b[2Jtitle")
    dossier.collection().held[made.id] = made
    for args in (("search", "zebras"), ("documents",), ("ask", "Are zebras slow?")):
        shown = invoke(*args).stdout
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    assert "[bold]" in invoke("search", "zebras").stdout


def test_printable_keeps_ordinary_text_of_any_language() -> None:
    text = "naïve\t日本語\nعربى co\u00adop 👩\u200d🌾 می\u200cخواهم"
    assert printable(text) == text


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
