"""The examples run, against a real server: each door gives the same answer."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.fakes_ui import HARBOUR, FakeDossier, serving
from ui.access.keys import Keys

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NODE = shutil.which("node")
QUESTION = "When did the harbour reopen?"
SAID = "The harbour of Tarn reopened on 4 May."


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> FakeDossier:
    return FakeDossier(tmp_path_factory.mktemp("data"), require_keys=True)


@pytest.fixture(scope="module")
def key(dossier: FakeDossier) -> str:
    return Keys(dossier.settings.data).create("program", may_write=False)[1]


@pytest.fixture(scope="module")
def url(dossier: FakeDossier) -> Iterator[str]:
    with serving(dossier) as url:
        yield url


@pytest.fixture(scope="module")
def llama() -> ModuleType:
    spec = importlib.util.spec_from_file_location("llama_index_dossier", EXAMPLES / "llama_index_dossier.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def node(url: str, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DOSSIER_URL": url, "DOSSIER_KEY": key}
    command = [NODE or "node", str(EXAMPLES / "ask.mjs"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(NODE is None, reason="node is not installed: apt-get install nodejs (18 or newer)")
def test_the_javascript_example_asks_and_quotes(url: str, key: str) -> None:
    done = node(url, QUESTION, key=key)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f'{SAID} [1]\n[1] Tarn Courier, 2024-05-06, A note: "{SAID}"\n'
    refused = node(url, QUESTION)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("A key is needed: ")
    assert node(url).returncode == 2


def test_llama_index_retrieves_passages(llama: ModuleType, url: str, key: str) -> None:
    retriever = llama.DossierRetriever(url, key=key, top_k=3)
    (found,) = retriever.retrieve("harbour")
    assert (found.node.text, found.node.metadata["publisher"]) == (HARBOUR, "Tarn Courier")
    (later,) = asyncio.run(retriever.aretrieve("harbour"))
    assert later.node.node_id == found.node.node_id


def test_llama_index_asks_and_gets_the_quotes(llama: ModuleType, url: str, key: str) -> None:
    engine = llama.DossierQueryEngine(url, key=key)
    response = engine.query(QUESTION)
    assert (str(response), response.metadata["verdict"]) == (f"{SAID} [1]", "answered")
    assert [one.node.metadata["quote"] for one in response.source_nodes] == [SAID]
    assert str(asyncio.run(engine.aquery(QUESTION))) == str(response)
    none = engine.query("Who invented paper?")
    assert (none.metadata["verdict"], none.source_nodes) == ("not_stated", [])


def test_llama_index_is_told_what_is_refused(llama: ModuleType, url: str, key: str) -> None:
    with pytest.raises(llama.DossierProblem, match="A key is needed"):
        llama.DossierRetriever(url).retrieve("harbour")
    with pytest.raises(llama.DossierProblem, match="no such collection"):
        llama.DossierQueryEngine(url, key=key, collection="nowhere").query(QUESTION)
