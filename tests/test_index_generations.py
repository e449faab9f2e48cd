"""Generations: whatever happens to the files of the search indexes, answers are the same or the index is built anew."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from index.builder import BuildFailed, Job, run_job
from index.collection import Collection
from index.errors import StorageFailed
from tests.fakes import WordHashEmbedder
from tests.storage import article, offered, own, sentence, write

DOCUMENTS = 60
LINES = 20
QUERIES = [sentence(number * 1_000 + 3) for number in range(0, DOCUMENTS, 6)]
INDEX_FILES = ("header.bin", "data_level0.bin", "length.bin", "link_lists.bin", "index_metadata.pickle")


Answers = list[tuple[str, set[str], list[float]]]


def _answers(collection: Collection) -> Answers:
    """For each query: the best dense hit, the dense hits, and the scores of the lexical hits, which may tie."""
    embedder = WordHashEmbedder()
    answers: Answers = []
    for query in QUERIES:
        dense = collection.search_dense(embedder.embed_query(query), 5)
        lexical = collection.search_lexical(query, 5)
        answers.append((dense[0][0], {hit for hit, _ in dense}, [round(score, 3) for _, score in lexical]))
    return answers


@pytest.fixture(autouse=True)
def small_collections_are_searched_in_the_index_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be searched in the catalogue, whatever became of the files."""
    monkeypatch.setattr("index.collection.EXACT_CHUNKS", 0)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answers, str]:
    """A closed data directory whose vector index is in its files, what it answers, and its generation."""
    folder = tmp_path_factory.mktemp("filled")
    files = write(folder / "files", {f"{n:02}.txt": article(n, LINES) for n in range(DOCUMENTS)})
    with own(folder / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(files)
        answers, generation = _answers(collection), collection.generation
    assert len(list((folder / "data").rglob("*.bin"))) == 4
    return folder / "data", answers, generation


def _copy(filled: Path, to: Path) -> tuple[Path, Path]:
    """A copy of the data directory and its vector index's directory."""
    shutil.copytree(filled, to)
    return to, next(to.rglob("chroma.sqlite3")).parent


def _truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


MUTATIONS = [(name, change) for name in INDEX_FILES for change in (_truncate, _zero, Path.unlink)]
BY_DAY = {
    ("header.bin", "_truncate"),
    ("data_level0.bin", "_zero"),
    ("index_metadata.pickle", "unlink"),
    ("link_lists.bin", "_zero"),
}
"""Each way of damage once, to files of each kind; every file in every way at night."""


@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param(
            name,
            change,
            id=f"{name}-{change.__name__}",
            marks=() if (name, change.__name__) in BY_DAY or name not in INDEX_FILES else (pytest.mark.nightly,),
        )
        for name, change in [*MUTATIONS, (".", shutil.rmtree), ("chroma.sqlite3", _truncate)]
    ],
)
def test_a_damaged_vector_index_answers_as_before_and_nothing_is_embedded(
    tmp_path: Path,
    filled: tuple[Path, Answers, str],
    name: str,
    change: Callable[[Path], None],
) -> None:
    source, answers, _ = filled
    data_path, chroma = _copy(source, tmp_path / "data")
    segment = next(path for path in chroma.iterdir() if path.is_dir())
    change(chroma / name if name.endswith("sqlite3") else segment / name)

    embedder = WordHashEmbedder()
    with own(data_path) as data:
        collection = data.collection("default", embedder)
        after = _answers(collection)
    assert embedder.embedded == []
    assert [best for best, _, _ in after] == [best for best, _, _ in answers]
    assert [lexical for _, _, lexical in after] == [lexical for _, _, lexical in answers]
    same = sum(len(dense & before[1]) for (_, dense, _), before in zip(after, answers, strict=True))
    assert same >= 0.9 * 5 * len(QUERIES)


@pytest.mark.parametrize(
    "name",
    [
        "meta.json",
        pytest.param(".term", marks=pytest.mark.nightly),
        ".store",
        pytest.param("folder", marks=pytest.mark.nightly),
    ],
)
def test_a_damaged_lexical_index_is_built_anew(tmp_path: Path, filled: tuple[Path, Answers, str], name: str) -> None:
    source, answers, generation = filled
    data_path, chroma = _copy(source, tmp_path / "data")
    lexical = chroma.parent / "lexical"
    if name == "folder":
        shutil.rmtree(lexical)
    else:
        _truncate(next(path for path in lexical.iterdir() if path.name.endswith(name)))
    with own(data_path) as data:
        collection = data.collection("default", WordHashEmbedder())
        assert [hits for _, _, hits in _answers(collection)] == [hits for _, _, hits in answers]
        assert collection.generation != generation


def test_an_index_closed_in_order_is_opened_as_it_is(tmp_path: Path, filled: tuple[Path, Answers, str]) -> None:
    source, answers, generation = filled
    data_path, _ = _copy(source, tmp_path / "data")
    for _ in range(2):
        with own(data_path) as data:
            collection = data.collection("default", WordHashEmbedder())
            assert collection.generation == generation
            assert [best for best, _, _ in _answers(collection)] == [best for best, _, _ in answers]


def test_a_lost_generation_is_built_from_stored_vectors_and_strays_go(
    tmp_path: Path, filled: tuple[Path, Answers, str]
) -> None:
    source, answers, _ = filled
    data_path, chroma = _copy(source, tmp_path / "data")
    stray = chroma.parent.parent / "gen_stray"
    chroma.parent.rename(stray)
    embedder = WordHashEmbedder()
    with own(data_path) as data:
        collection = data.collection("default", embedder)
        assert [best for best, _, _ in _answers(collection)] == [best for best, _, _ in answers]
    assert embedder.embedded == []
    assert not stray.exists()


def test_a_check_names_what_is_wrong(tmp_path: Path, filled: tuple[Path, Answers, str]) -> None:
    data_path, chroma = _copy(filled[0], tmp_path / "data")
    catalogue = next(data_path.rglob("dossier.sqlite3"))
    assert run_job(Job("mend", catalogue, chroma.parent, DOCUMENTS)) == DOCUMENTS
    shutil.rmtree(chroma)
    with pytest.raises(BuildFailed, match=f"lacks {DOCUMENTS * LINES} chunks"):
        run_job(Job("mend", catalogue, chroma.parent, DOCUMENTS))


def test_a_build_that_may_not_write_is_a_storage_failure(tmp_path: Path, filled: tuple[Path, Answers, str]) -> None:
    data_path, _ = _copy(filled[0], tmp_path / "data")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="file"):
        run_job(Job("build", next(data_path.rglob("dossier.sqlite3")), tmp_path / "file" / "gen_x"))


def test_searches_during_rebuilds_are_whole_and_old_generations_go(
    tmp_path: Path, filled: tuple[Path, Answers, str]
) -> None:
    source, answers, _ = filled
    data_path, chroma = _copy(source, tmp_path / "data")
    failures: list[object] = []
    searched: list[int] = []
    stop = threading.Event()
    with own(data_path) as data:
        collection = data.collection("default", WordHashEmbedder())

        def search() -> None:
            count = 0
            while not stop.is_set():
                try:
                    after = _answers(collection)
                    if [best for best, _, _ in after] != [best for best, _, _ in answers]:
                        failures.append(after)
                except Exception as error:  # noqa: BLE001
                    failures.append(error)
                count += len(QUERIES)
            searched.append(count)

        threads = [threading.Thread(target=search) for _ in range(2)]
        for thread in threads:
            thread.start()
        seen = {collection.generation}
        for _ in range(2):
            collection.rebuild()
            seen.add(collection.generation)
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(seen) == 3
        assert sum(searched) > 0
    assert [path.name for path in chroma.parent.parent.iterdir() if path.is_dir()] == [
        collection.generation or max(seen)
    ]


def test_a_generation_that_fails_while_it_serves_is_replaced(tmp_path: Path) -> None:
    files = write(tmp_path / "files", {f"{n}.txt": article(n) for n in range(5)})
    with own(tmp_path / "data") as data:
        embedder = WordHashEmbedder()
        collection = data.collection("default", embedder, create=True)
        collection.ingest(files[:3])
        before = collection.generation
        next((tmp_path / "data").rglob("chroma")).joinpath("chroma.sqlite3").write_bytes(b"not a database" * 1_000)
        collection.ingest(offered(tmp_path / "files"))
        assert collection.generation != before
        for document in collection.documents():
            chunk = collection.chunks(collection.catalogue.chunk_ids([document.id])[:1]).popitem()[1]
            assert collection.search_dense(embedder.embed_query(chunk.text), 1)[0][0] == chunk.id


def test_a_generation_of_mostly_deleted_chunks_is_compacted(tmp_path: Path) -> None:
    files = write(tmp_path / "files", {f"{n}.txt": article(n, 300) for n in range(8)})
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(files)
        before = collection.generation
        collection.ingest(files[4:], roots=[str(tmp_path / "files")])
        assert collection.generation == before
        collection.ingest(files[7:], roots=[str(tmp_path / "files")])
        assert collection.generation != before
        assert collection.chunk_count == 300
