from pathlib import Path

import pytest

from eval.bench.answering import bench_answering
from index.embed import open_embedder


@pytest.mark.slow
def test_a_whole_answer_holds_the_forward_passes_that_it_is_compared_with(tmp_path: Path) -> None:
    measured = bench_answering(tmp_path, open_embedder(), questions=1, chunks=30)
    assert measured["chunks"] >= 30
    assert measured["ours_ms"]["median"] > measured["bare_ms"]["median"] * 0.5
