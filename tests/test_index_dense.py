"""Dense search: cosine over explicit vectors, the same after reopening, and nothing left open."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from index.dense import BATCH, CacheDamaged, DenseIndex
from index.protocols import Vectors
from index.selection import EXACT_CHUNKS, Selection, exact_nearest, search_selection


def _vectors(count: int, dimension: int = 32, seed: int = 0) -> Vectors:
    """Clustered directions, as texts have them."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((12, dimension))
    rows = centres[chance.integers(0, 12, count)] + 0.6 * chance.standard_normal((count, dimension))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _filled(path: Path, vectors: Vectors, per_document: int = 10) -> tuple[DenseIndex, list[str]]:
    dense = DenseIndex(path)
    ids = [f"c{number:05}" for number in range(len(vectors))]
    dense.upsert(ids, [f"d{number // per_document}" for number in range(len(vectors))], vectors)
    return dense, ids


def test_the_score_is_the_cosine(tmp_path: Path) -> None:
    vectors = _vectors(600)
    dense, ids = _filled(tmp_path, vectors)
    hits = dense.search(vectors[3], 10)
    assert hits[0][0] == ids[3]
    for chunk_id, score in hits:
        assert score == pytest.approx(float(vectors[3] @ vectors[ids.index(chunk_id)]), abs=1e-4)
    dense.close()


def test_an_upsert_replaces_and_a_delete_removes(tmp_path: Path) -> None:
    vectors = _vectors(BATCH * 5 + 7)
    dense, ids = _filled(tmp_path, vectors)
    dense.upsert([ids[0]], ["d0"], vectors[1:2])
    assert np.allclose(dense.vectors([ids[0]])[ids[0]], vectors[1], atol=1e-6)
    dense.delete([*ids[5:400], "unknown"])
    assert dense.count() == len(ids) - 395
    assert set(dense.ids()) == {*ids[:5], *ids[400:]}
    assert ids[6] not in dict(dense.search(vectors[6], 50))
    dense.close()


def test_top_k_beyond_the_count_gives_everything(tmp_path: Path) -> None:
    dense, ids = _filled(tmp_path, _vectors(20))
    assert {chunk_id for chunk_id, _ in dense.search(_vectors(1, seed=9)[0], 1_000)} == set(ids)
    dense.close()


def test_the_same_hits_after_reopening(tmp_path: Path) -> None:
    vectors = _vectors(1_500)
    dense, _ = _filled(tmp_path, vectors)
    before = [dense.search(query, 10) for query in vectors[:20]]
    dense.close()
    again = DenseIndex(tmp_path)
    after = [again.search(query, 10) for query in vectors[:20]]
    assert [[chunk_id for chunk_id, _ in hits] for hits in after] == [
        [chunk_id for chunk_id, _ in hits] for hits in before
    ]
    again.close()


def test_a_closed_index_leaves_no_file_open_and_can_be_deleted(tmp_path: Path) -> None:
    def opened() -> int:
        links = []
        for entry in Path("/proc/self/fd").iterdir():
            try:
                links.append(str(entry.readlink()))
            except FileNotFoundError:
                continue
        return sum(str(tmp_path) in link for link in links)

    threads = []
    for _ in range(4):
        dense, _ = _filled(tmp_path / "chroma", _vectors(300))
        assert opened() > 0
        dense.close()
        assert opened() == 0
        shutil.rmtree(tmp_path / "chroma")
        threads.append(len(list(Path("/proc/self/task").iterdir())))
    assert threads[-1] <= threads[0] + 1


def test_a_directory_that_is_no_index_is_damage_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "chroma.sqlite3").write_bytes(b"this is not a database" * 300)
    with pytest.raises(CacheDamaged, match=str(tmp_path)):
        DenseIndex(tmp_path).count()


@pytest.mark.parametrize("share", [2, 7, 50])
def test_search_in_a_small_selection_is_exact(tmp_path: Path, share: int) -> None:
    vectors = _vectors(2_000)
    dense, ids = _filled(tmp_path, vectors)
    chosen = [row for row in range(len(ids)) if (row // 10) % share == 0]
    selection = Selection(["d"], [ids[row] for row in chosen], vectors[chosen], frozenset())
    for query in _vectors(20, seed=4):
        exact = sorted(chosen, key=lambda row: (-float(vectors[row] @ query), ids[row]))[:15]
        hits = search_selection(dense, selection, query, 15)
        assert [chunk_id for chunk_id, _ in hits] == [ids[row] for row in exact]
    dense.close()


@pytest.mark.parametrize("share", [2, 20, 100])
def test_search_in_a_large_selection_fills_top_k_and_misses_little(tmp_path: Path, share: int) -> None:
    vectors = _vectors(3_000)
    dense, ids = _filled(tmp_path, vectors)
    chosen = [row for row in range(len(ids)) if (row // 10) % share == 0]
    members = [ids[row] for row in chosen]
    selection = Selection(["d"], members, None, frozenset(members))
    found = wanted = 0
    for query in _vectors(20, seed=4):
        exact = {chunk_id for chunk_id, _ in exact_nearest(members, vectors[chosen], query, 20)}
        hits = [chunk_id for chunk_id, _ in search_selection(dense, selection, query, 20)]
        assert len(hits) == min(20, len(members))
        assert set(hits) <= set(members)
        found, wanted = found + len(exact & set(hits)), wanted + len(exact)
    assert found / wanted >= 0.9  # the graph is built by several threads, and so another one each time
    dense.close()


def test_an_empty_selection_has_no_hits(tmp_path: Path) -> None:
    dense, _ = _filled(tmp_path, _vectors(10))
    empty = Selection([], [], np.zeros((0, 0), dtype=np.float32), frozenset())
    assert search_selection(dense, empty, _vectors(1)[0], 5) == []
    assert EXACT_CHUNKS >= 1_000
    dense.close()
