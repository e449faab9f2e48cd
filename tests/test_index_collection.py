"""The data directory and its collections, as other packages use them."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.catalogue import holds
from index.collection import Collection
from index.directory import DataDirectory
from index.erasure import text_pieces, vector_pieces
from index.errors import DirectoryOwned, ModelChanged, StorageFailed, UnknownCollection, UnknownDocument
from index.files import SourceFile, find_files
from index.pieces import files_holding
from index.protocols import Corpus
from index.values import Filters
from tests.fakes import WordHashEmbedder
from tests.storage import article, found_by_own_words, offered, own, write

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with own(tmp_path / "data") as data:
        yield data.collection("default", WordHashEmbedder(), create=True)


def _filled(tmp_path: Path, collection: Collection, count: int = 6) -> list[SourceFile]:
    dates = ["2025-11-16", "2025-11", "2025", "2024-03-05", "", ""]
    texts = {}
    for number in range(count):
        front = {
            "title": f"Report {number}",
            "publisher": ("North Post", "South Post")[number % 2],
            "date": dates[number % 6],
        }
        texts[f"{number}.txt"] = article(number, 4, **{key: value for key, value in front.items() if value})
    files = write(tmp_path / "files", texts)
    collection.ingest(files)
    return files


def test_a_collection_is_a_corpus(collection: Collection) -> None:
    corpus: Corpus = collection
    assert corpus.name == "default"
    assert corpus.generation.startswith("gen_")


def test_an_empty_collection_answers_with_nothing(collection: Collection) -> None:
    assert collection.chunk_count == 0
    assert collection.search_dense(WordHashEmbedder().embed_query("x"), 10) == []
    assert collection.search_lexical("x", 10) == []
    assert (collection.documents(), collection.publishers(), collection.chunks(["chk_x"])) == ([], [], {})


@pytest.mark.parametrize("name", ["", "A", "../x", "a/b", "a" * 64, "-a", "a.b", "ä", "a\n", "con\0"])
def test_a_name_that_breaks_the_rule_makes_no_collection(tmp_path: Path, name: str) -> None:
    with own(tmp_path / "data") as data:
        with pytest.raises(ValueError, match="name must be"):
            data.collection(name, WordHashEmbedder(), create=True)
        with pytest.raises(UnknownCollection):
            data.collection(name, WordHashEmbedder())
        assert data.names() == []


def test_an_unknown_collection_is_not_made_by_asking_for_it(tmp_path: Path) -> None:
    with own(tmp_path / "data") as data:
        with pytest.raises(UnknownCollection, match="dossier index"):
            data.collection("other", WordHashEmbedder())
        data.collection("some", WordHashEmbedder(), create=True)
        assert data.names() == ["some"]
        assert data.collection("some", WordHashEmbedder()) is data.collection("some", WordHashEmbedder())


def test_a_second_owner_is_refused_and_the_directory_is_free_after_close(tmp_path: Path) -> None:
    with own(tmp_path / "data"), pytest.raises(DirectoryOwned):
        own(tmp_path / "data")
    own(tmp_path / "data").close()


def test_documents_are_newest_first_then_undated(tmp_path: Path, collection: Collection) -> None:
    _filled(tmp_path, collection)
    dates = [
        document.provenance.published.date if document.provenance.published else None
        for document in collection.documents()
    ]
    assert dates == ["2025-11-16", "2025-11", "2025", "2024-03-05", None, None]
    assert collection.publishers() == ["North Post", "South Post"]
    assert all(collection.document(document.id) == document for document in collection.documents())


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(publisher="North Post"), {0, 2, 4}),
        (Filters(publisher=" north post"), {0, 2, 4}),
        (Filters(publisher="East Post"), set()),
        (Filters(since="2025-11-16"), {0, 1, 2}),
        (Filters(since="2025-11-17"), {1, 2}),
        (Filters(until="2025-10"), {2, 3}),
        (Filters(since="2024", until="2024"), {3}),
        (Filters(publisher="South Post", since="2025"), {1}),
        (Filters(since="2026"), set()),
    ],
)
def test_filters_hold_for_dense_and_lexical_search(
    tmp_path: Path, collection: Collection, filters: Filters, expected: set[int]
) -> None:
    _filled(tmp_path, collection)
    for hits in (
        collection.search_dense(WordHashEmbedder().embed_query("registry entry"), 100, filters=filters),
        collection.search_lexical("registry entry", 100, filters=filters),
    ):
        chunks = collection.chunks([chunk_id for chunk_id, _ in hits])
        titles = {collection.document(chunk.document_id).provenance.title for chunk in chunks.values()}
        assert titles == {f"Report {number}" for number in expected}
        assert len(hits) == 4 * len(expected)


def test_a_filter_follows_the_changes(tmp_path: Path, collection: Collection) -> None:
    files = _filled(tmp_path, collection)
    filters = Filters(publisher="North Post")
    before = collection.search_lexical("registry entry", 100, filters=filters)
    assert collection.search_lexical("registry entry", 100, filters=filters) == before
    collection.ingest(files[1:], roots=[str(tmp_path / "files")])
    assert len(collection.search_lexical("registry entry", 100, filters=filters)) == len(before) - 4


@pytest.mark.parametrize("date", ["yesterday", "2025-1", "2025-11-16T00:00", "%"])
def test_a_date_that_is_none_is_a_wrong_argument(collection: Collection, date: str) -> None:
    with pytest.raises(ValueError, match="since must be"):
        collection.search_lexical("x", 5, filters=Filters(since=date))


@pytest.mark.parametrize("top_k", [0, -1])
def test_top_k_must_be_positive(collection: Collection, top_k: int) -> None:
    with pytest.raises(ValueError, match="top_k must be 1 or more"):
        collection.search_lexical("x", top_k)
    with pytest.raises(ValueError, match="top_k must be 1 or more"):
        collection.search_dense(WordHashEmbedder().embed_query("x"), top_k)


def test_a_huge_top_k_gives_everything(tmp_path: Path, collection: Collection) -> None:
    _filled(tmp_path, collection)
    assert len(collection.search_dense(WordHashEmbedder().embed_query("x"), 10**18)) == 24
    assert len(collection.search_lexical("registry entry", 10**18)) == 24


@pytest.mark.parametrize("vector", [np.zeros(64), np.full(64, np.nan), np.ones(3)])
def test_a_vector_that_cannot_be_searched_is_a_wrong_argument(collection: Collection, vector: np.ndarray) -> None:
    with pytest.raises(ValueError, match="vector must be"):
        collection.search_dense(vector.astype(np.float32), 5)


def test_a_removed_document_is_never_found(tmp_path: Path, collection: Collection) -> None:
    _filled(tmp_path, collection)
    gone = collection.documents()[0]
    ids = collection.catalogue.chunk_ids([gone.id])
    collection.remove(gone.id)
    assert collection.chunks(ids) == {}
    assert not set(ids) & {chunk_id for chunk_id, _ in collection.search_lexical("registry entry", 100)}
    assert not set(ids) & {
        chunk_id for chunk_id, _ in collection.search_dense(WordHashEmbedder().embed_query("registry"), 100)
    }
    with pytest.raises(UnknownDocument):
        collection.document(gone.id)
    with pytest.raises(UnknownDocument):
        collection.remove(gone.id)


def test_an_erased_document_leaves_no_byte(tmp_path: Path, collection: Collection) -> None:
    _filled(tmp_path, collection)
    gone = collection.documents()[0]
    _, vectors = collection.catalogue.vectors([gone.id])
    pieces = [piece for piece in text_pieces(gone.text) if b"Post" not in piece]
    pieces += [piece for vector in vectors for piece in vector_pieces(vector.tobytes())]
    alone = [piece for piece in pieces if len(piece) >= 16]
    assert len(files_holding(collection.directory, alone)) >= len(alone) - 2, "the proof sees what is there"
    before = collection.generation
    collection.erase(gone.id)
    with collection.catalogue.reading() as connection:
        assert all(holds(connection, piece) for piece in files_holding(collection.directory, alone))
    assert gone.text.encode() not in b"".join(
        path.read_bytes() for path in collection.directory.rglob("*") if path.is_file()
    )
    assert collection.generation != before
    assert len(collection.documents()) == 5
    assert all(ways == {"lexical", "dense"} for ways in found_by_own_words(collection, WordHashEmbedder()).values())


def test_erase_keeps_what_another_document_shares(tmp_path: Path, collection: Collection) -> None:
    collection.ingest(write(tmp_path / "files", {"a.txt": article(1) + article(2), "b.txt": article(1) + article(3)}))
    gone, kept = collection.documents()
    collection.erase(gone.id)
    assert collection.document(kept.id).text == kept.text
    assert found_by_own_words(collection, WordHashEmbedder()) == {kept.id: {"lexical", "dense"}}


def test_an_erase_that_leaves_something_says_where(tmp_path: Path, collection: Collection) -> None:
    _filled(tmp_path, collection)
    gone = collection.documents()[0]
    (collection.directory / "copy.txt").write_text(gone.text)
    with pytest.raises(StorageFailed, match=r"still in copy\.txt"):
        collection.erase(gone.id)


def test_another_model_is_refused_until_everything_is_embedded_by_it(tmp_path: Path) -> None:
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        files = _filled(tmp_path, collection)
    other = WordHashEmbedder("other", dimension=32)
    with own(tmp_path / "data") as data:
        collection = data.collection("default", other)
        for attempt in (lambda: collection.search_dense(other.embed_query("x"), 3), lambda: collection.ingest(files)):
            with pytest.raises(ModelChanged, match=r"word-hash:64.*other:32.*dossier rebuild --reembed"):
                attempt()
        assert len(collection.documents()) == 6
        calls: list[tuple[str, int, int]] = []
        collection.rebuild(reembed=True, progress=lambda *call: calls.append(call))
        assert len(other.embedded) == 24
        assert ("encode", 24, 24) in calls
        assert all(ways == {"lexical", "dense"} for ways in found_by_own_words(collection, other).values())
        assert collection.ingest(files).unchanged == 6
        collection.rebuild(reembed=True)
        assert len(other.embedded) == 24, "what is known is not embedded again"
    with own(tmp_path / "data") as data:
        assert data.collection("default", other).search_dense(other.embed_query("registry"), 3)


def test_the_default_parser_and_splitter_take_real_files(tmp_path: Path) -> None:
    text = "---\ntitle: The bridge of Lomar\npublisher: North Post\npublished: 2025-03-04\n---\n\n" + "\n\n".join(
        article(number, 3) for number in range(4)
    )
    write(tmp_path / "files", {"a.md": text})
    found = find_files([tmp_path / "files"], max_files=10)
    with DataDirectory.own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        report = collection.ingest(found.files, roots=found.roots, refusals=found.refusals)
        assert (len(report.added), report.refused) == (1, ())
        document = collection.documents()[0]
        assert document.provenance.title == "The bridge of Lomar"
        assert found_by_own_words(collection, WordHashEmbedder()) == {document.id: {"lexical", "dense"}}


FILL_UP = """
import resource, sys
from pathlib import Path
from index.errors import StorageFailed
from tests.fakes import WordHashEmbedder
from tests.storage import offered, own
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
files = offered(Path(sys.argv[2]))
data = own(Path(sys.argv[1]))
collection = data.collection("default", WordHashEmbedder(), create=True)
try:
    for file in files:
        for document_id in collection.ingest([file]).added:
            print(document_id, flush=True)
except StorageFailed as error:
    print("error", error, flush=True)
    assert collection.search_lexical("registry entry", 5), "queries go on"
    assert collection.documents()
    print("searched", flush=True)
"""


@pytest.mark.parametrize("limit_kib", [700, 1_500])
def test_a_full_disk_is_one_clear_error_and_loses_nothing(tmp_path: Path, limit_kib: int) -> None:
    write(tmp_path / "files", {f"{n:03}.txt": article(n, 60) for n in range(100)})
    ran = subprocess.run(
        [sys.executable, "-c", FILL_UP, str(tmp_path / "data"), str(tmp_path / "files"), str(limit_kib * 1024)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    lines = ran.stdout.splitlines()
    acknowledged = {line for line in lines if line.startswith("doc_")}
    said = [line for line in lines if line.startswith("error")]
    assert len(acknowledged) < 100, ran.stderr
    assert len(said) == 1, ran.stderr
    assert "Nothing acknowledged is lost" in said[0]
    assert "searched" in lines, ran.stderr
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder())
        assert acknowledged <= {document.id for document in collection.documents()}
        report = collection.ingest(offered(tmp_path / "files"))
        assert report.unchanged + len(report.added) == 100
        assert collection.chunk_count == 6_000


READ_ONLY = """
import os, sys
from pathlib import Path
from index.errors import StorageFailed
from tests.fakes import WordHashEmbedder
from tests.storage import own
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    own(Path(sys.argv[1])).collection("default", WordHashEmbedder(), create=True)
except StorageFailed as error:
    print(error)
"""


@pytest.mark.parametrize(("below", "said"), [("", ["chmod -R u+rwX"]), ("new", ["Permission denied", "DOSSIER_DATA"])])
def test_a_directory_that_cannot_be_written_is_one_clear_error(below: str, said: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        ran = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(Path(name) / below)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        Path(name).chmod(0o755)
    assert all(words in ran.stdout for words in said), ran.stdout + ran.stderr
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] != 0


def test_a_removed_collection_is_gone_from_the_disk_and_its_name_is_free(tmp_path: Path) -> None:
    with own(tmp_path) as data:
        kept, gone = (data.collection(name, WordHashEmbedder(), create=True) for name in ("kept", "gone"))
        gone.answers.count()
        data.remove("gone")
        assert data.names() == ["kept"]
        assert [path.name for path in (data.path / "collections").iterdir()] == ["kept"]
        with pytest.raises(UnknownCollection):
            data.collection("gone", WordHashEmbedder())
        assert data.collection("gone", WordHashEmbedder(), create=True).documents() == []
        assert kept.documents() == []


def test_what_still_runs_in_a_removed_collection_is_told_that_it_is_closed(tmp_path: Path) -> None:
    with own(tmp_path) as data:
        gone = data.collection("gone", WordHashEmbedder(), create=True)
        data.remove("gone")
        for use in (gone.documents, lambda: gone.remove("x"), lambda: gone.search_lexical("a", 1)):
            with pytest.raises(StorageFailed):
                use()


def test_a_removal_that_a_crash_cut_short_is_finished_at_the_next_start(tmp_path: Path) -> None:
    with own(tmp_path) as data:
        data.collection("gone", WordHashEmbedder(), create=True)
    (data.path / "collections" / "gone").rename(data.path / "collections" / ".removed-0123")
    with own(tmp_path) as data:
        assert list((data.path / "collections").iterdir()) == []


@pytest.mark.parametrize("name", ["nowhere", "..", ".", "", "../x", ".removed-0123", "a\0b"])
def test_only_a_collection_can_be_removed_or_counted(tmp_path: Path, name: str) -> None:
    with own(tmp_path) as data:
        for use in (data.remove, data.size):
            with pytest.raises(UnknownCollection):
                use(name)


def test_a_collection_is_counted_whether_it_is_open_or_not(tmp_path: Path) -> None:
    with own(tmp_path) as data:
        data.collection("open", WordHashEmbedder(), create=True)
        assert data.size("open") == (0, 0, 0)
    with own(tmp_path) as data:
        assert data.size("open") == (0, 0, 0)
