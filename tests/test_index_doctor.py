"""The doctor finds and names what is broken, and mends what is a cache."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from index.backup import backup, restore
from index.catalogue import Catalogue
from index.collection import Collection, fingerprint_of
from index.doctor import Finding, examine, repair
from index.errors import StorageFailed
from index.faults import catalogue_faults
from index.mending import mend_catalogue
from tests.fakes import WordHashEmbedder
from tests.storage import article, found_by_own_words, own, write


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
    assert "changed on the disk since it was closed, in chroma/" in found.detail
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
        ("DELETE FROM chunks WHERE ordinal = 3", "4 documents have not the number of chunks"),
        ("UPDATE documents SET origin = 'doc_x' WHERE key = 1", "1 documents have an origin that is not there"),
        ("DELETE FROM sources", "4 documents come from nowhere"),
        ("UPDATE documents SET publisher = 'The Other Post' WHERE key = 1", "1 documents are not as they were written"),
        ("UPDATE documents SET published = '1999-01-01' WHERE key = 2", "1 documents are not as they were written"),
        ("CREATE TRIGGER t AFTER INSERT ON answers BEGIN DELETE FROM documents; END", "not those that Dossier makes"),
    ],
)
def test_a_fault_in_the_catalogue_is_named(data: Path, statement: str, words: str) -> None:
    _change(data, statement)
    found = _by_name(examine(data, WordHashEmbedder()))["default: catalogue"]
    assert not found.ok
    assert words in found.detail
    assert found.mend is not None
    assert "backup" in found.mend
    mended = "sequence" in statement
    assert _by_name(repair(data, WordHashEmbedder()))["default: catalogue"].ok == mended, (
        "what cannot be known stays named"
    )


@pytest.mark.parametrize(
    ("statement", "words", "embedded"),
    [
        ("UPDATE chunks SET start = start + 1 WHERE ordinal = 0", "4 chunks are not the span", 0),
        ("UPDATE chunks SET text = 'other' WHERE key = 1", "1 passages are not as they were written", 0),
        ("UPDATE chunks SET id = 'chk_other' WHERE key = 1", "1 passages are not as they were written", 0),
        ("UPDATE embeddings SET vector = x'00' WHERE key = 1", "1 vectors differ in size", 1),
        ("UPDATE embeddings SET vector = randomblob(256) WHERE key < 3", "2 vectors are not as they were written", 2),
        (
            "UPDATE embeddings SET vector = zeroblob(256) WHERE key = 1",
            "1 vectors are not finite or not of unit length",
            1,
        ),
        ("UPDATE embeddings SET hash = randomblob(32) WHERE key = 1", "1 vectors are not as they were written", 1),
        ("DELETE FROM embeddings WHERE key = 2", "rows of chunks refer to rows that are not there", 1),
        ("DELETE FROM shingles", "4 documents are not found by what their sketch says", 0),
        ("UPDATE sqlite_sequence SET seq = 0", "counters are not as they were written", 0),
        ("UPDATE generations SET applied = 0", "1 notes of a search index are not as they were written", 0),
    ],
)
def test_what_other_rows_say_of_a_damaged_one_is_put_back(
    data: Path, statement: str, words: str, embedded: int
) -> None:
    _change(data, statement)
    found = _by_name(examine(data, WordHashEmbedder()))["default: catalogue"]
    assert not found.ok
    assert words in found.detail
    embedder = WordHashEmbedder()
    path = data / "collections/default/dossier.sqlite3"
    mend_catalogue(path, embedder, fingerprint_of(embedder))
    with closing(Catalogue(path)) as catalogue:
        assert list(catalogue_faults(catalogue)) == []
    assert len(embedder.embedded) == embedded


def test_what_is_put_back_is_searched_again(data: Path) -> None:
    _change(data, "UPDATE embeddings SET vector = randomblob(256) WHERE key < 3")
    _change(data, "UPDATE chunks SET text = 'other' WHERE key = 9")
    embedder = WordHashEmbedder()
    assert [one for one in repair(data, embedder) if not one.ok and one.name != "space"] == []
    with own(data) as directory:
        ways = found_by_own_words(directory.collection("default", WordHashEmbedder()), WordHashEmbedder())
    assert len(ways) == 4
    assert all(one == {"lexical", "dense"} for one in ways.values())


@pytest.mark.parametrize("vector", ["x'0000c07f' || zeroblob(252)", "x'00'"])
def test_a_bad_vector_locks_nobody_out(data: Path, tmp_path: Path, vector: str) -> None:
    _change(data, f"UPDATE embeddings SET vector = {vector} WHERE key = 1")
    shutil.rmtree(data / "collections/default/generations")
    with own(data) as directory:
        collection = directory.collection("default", WordHashEmbedder())
        documents = collection.documents()
        assert len(documents) == 4
        chunk = collection.passages(_document_of_first_vector(collection))[0]
        assert chunk.id in dict(collection.search_lexical(chunk.text, 3))
        assert chunk.id not in dict(collection.search_dense(WordHashEmbedder().embed_query(chunk.text), 16))
        collection.rebuild()
        assert collection.ingest(write(tmp_path / "more", {"9.txt": article(9)})).added
        collection.remove(documents[-1].id)
        assert backup(data, tmp_path / "backup.tar.gz").documents == {"default": 4}


def _document_of_first_vector(collection: Collection) -> str:
    with collection.catalogue.reading() as connection:
        return str(connection.execute("SELECT document FROM chunks WHERE embedding = 1").fetchone()[0])


def test_an_index_that_cannot_be_built_keeps_nobody_from_the_documents(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(data / "collections/default/generations")

    def full(*_: object) -> None:
        raise StorageFailed("the disk is full")

    with monkeypatch.context() as disk, own(data) as directory:
        disk.setattr("index.generations.run_job", full)
        collection = directory.collection("default", WordHashEmbedder())
        first, *others = collection.documents()
        assert collection.document(first.id).text
        collection.remove(first.id)
        assert collection.documents() == others
        with pytest.raises(StorageFailed, match="the disk is full"):
            collection.search_lexical("registry", 3)
    with own(data) as directory:
        assert len(found_by_own_words(directory.collection("default", WordHashEmbedder()), WordHashEmbedder())) == 3


def test_a_restored_directory_is_sound_before_and_after_its_first_open(data: Path, tmp_path: Path) -> None:
    backup(data, tmp_path / "backup.tar.gz")
    restore(tmp_path / "backup.tar.gz", tmp_path / "other")
    for _ in range(2):
        found = examine(tmp_path / "other", WordHashEmbedder())
        assert [one for one in found if not one.ok and one.name != "space"] == []
        with own(tmp_path / "other") as directory:
            directory.collection("default", WordHashEmbedder())


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
