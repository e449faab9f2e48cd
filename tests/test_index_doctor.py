"""The doctor finds and names what is broken, and mends what is a cache."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from index.doctor import Finding, examine, repair
from tests.fakes import WordHashEmbedder
from tests.storage import article, own, write


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("healthy")
    files = write(folder / "files", {f"{n}.txt": article(n) for n in range(4)})
    with own(folder / "data") as directory:
        directory.collection("default", WordHashEmbedder(), create=True).ingest(files)
    return folder / "data"


@pytest.fixture
def data(healthy: Path, tmp_path: Path) -> Path:
    """A directory of the test's own."""
    return Path(shutil.copytree(healthy, tmp_path / "data"))


def _by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def _change(data: Path, statement: str) -> None:
    connection = sqlite3.connect(data / "collections/default/dossier.sqlite3")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_healthy_directory_has_nothing_to_mend(data: Path) -> None:
    findings = examine(data, WordHashEmbedder())
    assert {finding.name for finding in findings} >= {
        "lock",
        "space",
        "default: catalogue",
        "default: model",
        "default: index",
    }
    assert [finding for finding in findings if not finding.ok and finding.name != "space"] == []


def test_a_damaged_index_is_named_and_repaired_without_embedding(data: Path) -> None:
    shutil.rmtree(next(data.rglob("chroma")))
    found = _by_name(examine(data, WordHashEmbedder()))["default: index"]
    assert not found.ok
    assert "lacks 16 chunks" in found.detail
    assert found.mend == "dossier rebuild --collection default"
    embedder = WordHashEmbedder()
    assert _by_name(repair(data, embedder))["default: index"].ok
    assert embedder.embedded == []


def test_a_missing_index_is_named_and_repaired(data: Path) -> None:
    shutil.rmtree(data / "collections/default/generations")
    assert "missing" in _by_name(examine(data, WordHashEmbedder()))["default: index"].detail
    assert _by_name(repair(data, WordHashEmbedder()))["default: index"].ok


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE chunks SET start = start + 1 WHERE ordinal = 0", "4 chunks are not the span"),
        ("DELETE FROM chunks WHERE ordinal = 3", "4 documents have not the number of chunks"),
        ("UPDATE embeddings SET vector = x'00' WHERE key = 1", "1 vectors differ in size"),
        ("DELETE FROM embeddings WHERE key = 2", "rows of chunks refer to rows that are not there"),
        ("UPDATE documents SET origin = 'doc_x' WHERE key = 1", "1 documents have an origin that is not there"),
        ("DELETE FROM sources", "4 documents come from nowhere"),
    ],
)
def test_a_fault_in_the_catalogue_is_named_and_not_repaired(data: Path, statement: str, words: str) -> None:
    _change(data, statement)
    found = _by_name(examine(data, WordHashEmbedder()))["default: catalogue"]
    assert not found.ok
    assert words in found.detail
    assert found.mend is not None
    assert "backup" in found.mend
    assert not _by_name(repair(data, WordHashEmbedder()))["default: catalogue"].ok


@pytest.mark.parametrize("kept", [0.5, 0.02])
def test_a_catalogue_that_was_cut_is_named(data: Path, kept: float) -> None:
    path = data / "collections/default/dossier.sqlite3"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    found = _by_name(examine(data, WordHashEmbedder()))["default: catalogue"]
    assert not found.ok
    assert "damaged" in found.detail


def test_another_model_is_named_with_the_command_that_mends_it(data: Path) -> None:
    found = _by_name(examine(data, WordHashEmbedder("other")))["default: model"]
    assert not found.ok
    assert "word-hash:64" in found.detail
    assert "other:64" in found.detail
    assert found.mend == "dossier rebuild --reembed --collection default"


def test_a_directory_in_use_is_named_with_its_owner(data: Path) -> None:
    with own(data):
        found = _by_name(examine(data, WordHashEmbedder()))["lock"]
    assert not found.ok
    assert "in use by process" in found.detail


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert not examine(tmp_path / "absent", WordHashEmbedder())[0].ok
    assert not (tmp_path / "absent").exists()
