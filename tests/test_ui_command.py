"""The command line itself: wrong calls, errors as one line, help that is quick, the TAB key."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import typer

from index.catalogue import FILE_NAME, Catalogue
from index.directory import FOLDER
from index.owner import OwnerLock
from tests.commands import ROOT, Invoke, invoking, one_line, run
from tests.fakes_ui import FakeDossier, document
from ui.command import glance
from ui.command.app import app


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> FakeDossier:
    return FakeDossier(tmp_path_factory.mktemp("command") / "data")


@pytest.fixture(scope="module")
def invoke(dossier: FakeDossier) -> Iterator[Invoke]:
    with invoking(dossier) as invoke:
        yield invoke


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


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


def test_alone_it_says_what_is_here_and_what_comes_next(tmp_path: Path) -> None:
    result = run(cwd=tmp_path)
    assert result.returncode == 0
    assert ".dossier: no documents yet" in result.stdout
    assert [line for line in result.stdout.splitlines() if "dossier index FOLDER" in line]
    assert not (tmp_path / ".dossier").exists()


def test_every_command_has_a_sentence_of_help(tmp_path: Path) -> None:
    command = typer.main.get_command(app)
    for name in command.list_commands(None):
        assert command.get_command(None, name).get_short_help_str(), name
    shown = run("--help", cwd=tmp_path).stdout
    assert "Exit codes" in shown and shown.index("ask ") < shown.index("index ") < shown.index("doctor ")
    assert "Examples" in run("ask", "--help", cwd=tmp_path).stdout


def test_the_folder_of_collections_is_that_of_the_index() -> None:
    assert glance._COLLECTIONS == FOLDER


def completed(cwd: Path, *words: str) -> list[str]:
    """What bash is offered for the last of `words`."""
    environment = {"COMP_WORDS": "\n".join(("dossier", *words)), "COMP_CWORD": str(len(words))}
    done = run(cwd=cwd, env={**environment, "_DOSSIER_COMPLETE": "complete_bash"})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script(shell: str, tmp_path: Path) -> None:
    script = run("--show-completion", shell, cwd=tmp_path, env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    assert script.returncode == 0 and "_DOSSIER_COMPLETE" in script.stdout
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=script.stdout, text=True).returncode == 0


def test_the_tab_key_completes_commands_collections_and_documents(tmp_path: Path) -> None:
    folder = tmp_path / "data/collections"
    for name in ("harbour", "quarry", "A bad $(name)"):
        (folder / name).mkdir(parents=True)
        catalogue = Catalogue(folder / name / FILE_NAME)
        for number, identity in enumerate(("doc_aa", "doc_ab", "$(touch x)"), 1):
            with catalogue.writing() as connection:
                connection.execute(
                    """INSERT INTO documents (id, text, media_type, page_starts, notes, origin, chunk_count, added_at, sequence,
                    sketch) VALUES (?, '', 'text/plain', '[]', '[]', '', 0, '', ?, x'')""",
                    (identity, number),
                )
        catalogue.close()
    assert "coverage" in completed(tmp_path, "co")
    assert completed(tmp_path, "--data", "data", "ask", "--collection", "") == ["harbour", "quarry"]
    assert completed(tmp_path, "--data", "data", "remove", "--collection", "quarry", "doc_a") == ["doc_ab", "doc_aa"]
    assert completed(tmp_path, "--data", "data", "remove", "--collection", "quarry", "'; DROP") == []
    assert completed(tmp_path, "--data", "nowhere", "ask", "--collection", "") == []


def test_the_tab_key_loads_no_model(tmp_path: Path) -> None:
    script = (
        "import sys, os\nos.environ.update(_DOSSIER_COMPLETE='complete_bash', COMP_WORDS='dossier remove d', COMP_CWORD='2')\n"
        "from ui.command.app import app\n"
        "try:\n    app(prog_name='dossier')\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'chromadb', 'gradio', 'fastapi', 'sentence_transformers', 'onnxruntime', 'llama_index', 'uvicorn', 'httpx'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.endswith("HEAVY []\n"), done.stdout + done.stderr
