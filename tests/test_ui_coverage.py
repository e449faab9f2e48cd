"""What each document says, through every door: the command line, HTTP, and a command while a server owns the data."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from index.owner import OwnerLock
from rag.coverage.table import Coverage
from tests.fakes_ui import HARBOUR, MARKET, FakeDossier, document, serving
from ui.command.app import app
from ui.command.show.coverage import show_coverage


@pytest.fixture
def dossier(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path / "data")


@pytest.fixture
def client(dossier: FakeDossier) -> Iterator[httpx.Client]:
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def invoke(dossier: FakeDossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs `dossier coverage` against a server that owns the data directory."""
    monkeypatch.chdir(tmp_path)
    lock = OwnerLock(dossier.settings.data)
    with serving(dossier) as url:
        lock.announce(url)
        yield lambda *args: CliRunner().invoke(app, ["--data", str(dossier.settings.data), "coverage", *args])
    lock.close()


def test_every_document_is_in_the_reply_with_its_quote_and_offsets(client: httpx.Client) -> None:
    reply = client.post("/v1/coverage", json={"asked": "How many documents mention Ilse Brandt?"})
    found = Coverage.model_validate(reply.json())
    assert (found.reading, found.query, found.says.documents, found.silent.documents) == (
        "mention",
        "Ilse Brandt",
        1,
        1,
    )
    said = next(row for row in found.documents if row.status == "says")
    assert HARBOUR[said.start : said.end] == said.quote and "Ilse Brandt" in said.quote


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"asked": "—"}, 400),
        ({"asked": " "}, 400),
        ({"asked": "x" * 5000}, 400),
        ({"asked": "harbour", "reading": "guess"}, 400),
        ({"asked": "harbour", "per_document": 0}, 400),
        ({"asked": "harbour", "per_document": 11}, 400),
        ({"asked": "harbour", "filters": {"as_of": "2025"}}, 400),
        ({"asked": "harbour", "collection": "nowhere"}, 404),
        ({"question": "harbour"}, 400),
    ],
)
def test_a_wrong_request_is_refused_with_a_problem(client: httpx.Client, body: dict[str, object], status: int) -> None:
    reply = client.post("/v1/coverage", json=body)
    assert reply.headers["content-type"] == "application/problem+json"
    assert 400 <= reply.status_code < 500 and (reply.status_code == 404) == (status == 404)


def test_a_command_prints_the_counts_and_a_line_for_each_document(invoke) -> None:
    result = invoke("rebuilt")
    first, *rows = result.stdout.splitlines()
    assert first == '1 of 2 documents (1 origin) mentions "rebuilt", 1 time in all.'
    assert rows[0] == "[2] says (1 time)  Tarn Courier (6 May 2024): “It was rebuilt within two years.”"
    assert rows[1] == "[1] silent  Tarn Courier, 2024-05-06, A note (1 of 1 passage read)"


def test_json_is_the_coverage_and_nothing_else(invoke) -> None:
    found = Coverage.model_validate(json.loads(invoke("Who rebuilt it?", "--json", "--per-document", "1").stdout))
    assert (found.reading, found.silent.documents) == ("question", 2)


@pytest.mark.parametrize(("args", "code"), [(("x", "--as", "guess"), 2), (("—",), 1), (("x", "--since", "soon"), 1)])
def test_a_wrong_call_says_what_is_wrong(invoke, args: tuple[str, ...], code: int) -> None:
    result = invoke(*args)
    assert (result.exit_code, result.stdout) == (code, "") and "Traceback" not in result.stderr


def test_a_terminal_gets_a_table_in_which_no_document_sends_an_escape(dossier: FakeDossier) -> None:
    dossier.collections["default"].held["evil"] = document(
        "The \x1b[31mmarket burned.", "e", publisher="[bold]P\x1b[2J"
    )
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100, no_color=True, markup=False)
    show_coverage(console, dossier.surveyor().cover("market"))
    shown = written.getvalue()
    assert "quote" in shown and "[bold]P" in shown and MARKET.split(". ")[0] in " ".join(shown.split())
    assert "\x1b[31m" not in shown and "\x1b[2J" not in shown
