"""An erasure that was cut off, by a kill or a full disk, is known, is gone on with, and ends with no byte left."""

from __future__ import annotations

import io
import os
import random
import resource
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.collection import Collection
from index.doctor import examine, repair
from index.erasure import pending_erasures, text_pieces, vector_pieces
from index.errors import StorageFailed, UnknownDocument
from index.generations import Generations
from index.pieces import LONGEST_BYTES, SHORTEST_BYTES, Pieces, files_holding
from tests.erasing import STEPS
from tests.fakes import WordHashEmbedder
from tests.storage import article, found_by_own_words, own, write

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = 6
NIGHTLY_KILLS = 200


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("healthy")
    with own(folder / "data") as directory:
        collection = directory.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(write(folder / "files", {f"{n}.txt": article(n, 5) for n in range(DOCUMENTS)}))
    return folder / "data"


@pytest.fixture
def data(healthy: Path, tmp_path: Path) -> Path:
    """A directory of the test's own."""
    return Path(shutil.copytree(healthy, tmp_path / "data"))


def _first(data: Path) -> tuple[str, list[bytes]]:
    """The id of a document, and what no file may hold once it is erased."""
    with own(data) as directory:
        collection = directory.collection("default", WordHashEmbedder())
        document = collection.documents()[0]
        _, vectors = collection.catalogue.vectors([document.id])
        pieces = text_pieces(document.text) + [piece for one in vectors for piece in vector_pieces(one.tobytes())]
    left = files_holding(data, pieces)
    assert len(left) > 20, "the proof sees what is there"
    return document.id, pieces


def _gone(data: Path, collection: Collection, document_id: str, pieces: list[bytes]) -> None:
    """Nothing is left of the document, and nothing is missing of the others."""
    assert pending_erasures(collection.catalogue) == []
    with pytest.raises(UnknownDocument):
        collection.document(document_id)
    found = found_by_own_words(collection, WordHashEmbedder())
    assert len(found) == DOCUMENTS - 1
    assert all(ways == {"lexical", "dense"} for ways in found.values())
    kept = {bytes(vector) for _, vector in _vectors(collection)}
    alone = [piece for piece in pieces if not any(piece[:LONGEST_BYTES] in vector for vector in kept)]
    assert files_holding(data, alone) == {}


def _vectors(collection: Collection) -> list[tuple[int, bytes]]:
    with collection.catalogue.reading() as connection:
        return connection.execute("SELECT key, vector FROM embeddings").fetchall()


def _erase_in_a_process(data: Path, document_id: str, step: str, after_s: float | None = None) -> int:
    """The exit status of a process that erases; killed at a step, or so long after it began."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.erasing", str(data), document_id, step], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    if after_s is not None:
        select.select([process.stdout], [], [], after_s)
        process.send_signal(signal.SIGKILL)
    process.stdout.read()
    process.stdout.close()
    return process.wait()


@pytest.mark.parametrize("step", STEPS)
def test_an_erasure_that_is_killed_at_any_step_is_finished_by_the_next_start(data: Path, step: str) -> None:
    document_id, pieces = _first(data)
    assert _erase_in_a_process(data, document_id, step) == -signal.SIGKILL
    named = {one.name: one for one in examine(data, WordHashEmbedder())}["default: erasures"]
    assert not named.ok
    assert document_id in named.detail
    assert named.mend == f"dossier erase {document_id} --collection default"
    with own(data) as directory:
        _gone(data, directory.collection("default", WordHashEmbedder()), document_id, pieces)
    assert all(one.ok for one in examine(data, WordHashEmbedder()) if one.name != "space")


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(0, NIGHTLY_KILLS, 20))
def test_an_erasure_that_is_killed_at_any_moment_is_finished_by_the_next_start(
    healthy: Path, first: int, tmp_path: Path
) -> None:
    for run in range(first, first + 20):
        data = Path(shutil.copytree(healthy, tmp_path / f"data{run}"))
        document_id, pieces = _first(data)
        for _ in range(random.Random(run).choice((1, 1, 2))):
            _erase_in_a_process(data, document_id, "", random.Random(run).uniform(0.0, 1.2))
            with own(data) as directory:
                if document_id not in directory.collection("default", WordHashEmbedder()).catalogue.chunk_counts():
                    break
        with own(data) as directory:
            collection = directory.collection("default", WordHashEmbedder())
            if document_id in collection.catalogue.chunk_counts():  # the kill came first: nothing was begun
                collection.erase(document_id)
            _gone(data, collection, document_id, pieces)
        shutil.rmtree(data)


def test_an_erasure_on_a_full_disk_says_what_is_left_to_do_and_a_second_one_does_it(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id, pieces = _first(data)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    rebuild = Generations.rebuild

    def full_from_here(generations: Generations) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
        rebuild(generations)

    with own(data) as directory:
        collection = directory.collection("default", WordHashEmbedder())
        try:
            with monkeypatch.context() as disk:
                disk.setattr(Generations, "rebuild", full_from_here)
                with pytest.raises(StorageFailed, match=f"not erased yet.*dossier erase {document_id}"):
                    collection.erase(document_id)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert pending_erasures(collection.catalogue) == [document_id]
        assert len(collection.documents()) == DOCUMENTS - 1
        collection.erase(document_id)
        _gone(data, collection, document_id, pieces)
        with pytest.raises(UnknownDocument):
            collection.erase(document_id)


def test_a_start_that_cannot_finish_an_erasure_still_lists_reads_and_answers(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id, pieces = _first(data)
    assert _erase_in_a_process(data, document_id, "scrub") == -signal.SIGKILL

    def full(*_: object) -> None:
        raise StorageFailed("the disk is full")

    with monkeypatch.context() as disk, own(data) as directory:
        disk.setattr("index.catalogue.Catalogue.scrub", full)
        collection = directory.collection("default", WordHashEmbedder())
        assert pending_erasures(collection.catalogue) == [document_id]
        assert len(collection.documents()) == DOCUMENTS - 1
        assert collection.search_lexical("registry entry", 3)
    assert all(one.ok for one in repair(data, WordHashEmbedder()) if one.name != "space")
    with own(data) as directory:
        _gone(data, directory.collection("default", WordHashEmbedder()), document_id, pieces)


def test_a_document_that_comes_again_before_its_erasure_is_finished_stays(data: Path, tmp_path: Path) -> None:
    document_id, _ = _first(data)
    assert _erase_in_a_process(data, document_id, "look") == -signal.SIGKILL
    with own(data) as directory:
        collection = directory.collection("default", WordHashEmbedder())
        names = write(tmp_path / "again", {f"{n}.txt": article(n, 5) for n in range(DOCUMENTS)})
        collection.ingest(names)
        assert collection.document(document_id).chunk_count == 5
        assert pending_erasures(collection.catalogue) == []


def test_what_is_noted_of_an_erasure_holds_no_byte_of_the_document(data: Path) -> None:
    document_id, pieces = _first(data)
    assert _erase_in_a_process(data, document_id, "rebuild") == -signal.SIGKILL
    noted = _noted(data)
    assert len(noted) > 20 * 16
    assert not any(piece[:SHORTEST_BYTES] in noted for piece in pieces)


def _noted(data: Path) -> bytes:
    import sqlite3

    connection = sqlite3.connect(data / "collections/default/dossier.sqlite3")
    try:
        return bytes(connection.execute("SELECT pieces FROM erasures").fetchone()[0])
    finally:
        connection.close()


@settings(max_examples=100)
@given(
    held=st.lists(st.binary(min_size=SHORTEST_BYTES, max_size=100), min_size=1, max_size=8),
    strange=st.lists(st.binary(min_size=SHORTEST_BYTES, max_size=100), max_size=8),
    between=st.binary(max_size=50),
    block=st.sampled_from((64, 100, 1 << 20)),
)
def test_pieces_find_exactly_what_a_stream_holds(
    held: list[bytes], strange: list[bytes], between: bytes, block: int
) -> None:
    content = between.join(held)
    wanted = Pieces.from_bytes(Pieces.of([*held, *strange]).to_bytes())
    with pytest.MonkeyPatch.context() as small:
        small.setattr("index.pieces._BLOCK_BYTES", block)
        found = wanted.found_in(io.BytesIO(content))
    assert found == {piece[:LONGEST_BYTES] for piece in (*held, *strange) if piece[:LONGEST_BYTES] in content}


def test_a_killed_process_leaves_nothing_but_what_the_next_one_removes(data: Path) -> None:
    document_id, _ = _first(data)
    _erase_in_a_process(data, document_id, "drain")
    with own(data) as directory:
        directory.collection("default", WordHashEmbedder())
        folders = [one for one in os.scandir(data / "collections/default/generations") if one.is_dir()]
    assert len(folders) == 1
