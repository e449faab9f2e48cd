from pathlib import Path

import pytest

from eval.bench.reading import PASSAGES, bench_reading
from index.embed import open_embedder


@pytest.mark.slow
def test_both_sides_read_the_same_passages(tmp_path: Path) -> None:
    measured = bench_reading(tmp_path, open_embedder(), questions=1, chunks=30)
    assert measured["passages"] == PASSAGES
    assert measured["ours_ms"]["median"] > 0 < measured["bare_ms"]["median"]
    assert measured["time_ratio"] > 0.5  # the route holds the forward pass that the bare side is
