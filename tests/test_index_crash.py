"""A kill -9 at a random moment of an ingest loses nothing that was acknowledged and shows nothing half."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes import WordHashEmbedder
from tests.storage import article, found_by_own_words, offered, own, write

ROOT = Path(__file__).resolve().parent.parent
RUNS = 300
PER_TEST = 5
LONGEST_S = 60.0


def _kill_while_it_ingests(data: Path, folder: Path, at_once: int, after_s: float) -> tuple[set[str], bool]:
    """Start the ingest, kill it `after_s` seconds after it opened the collection; what it had acknowledged, and whether it had ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crashing", str(data), str(folder), str(at_once)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    said = b""
    kill_at = None
    deadline = time.monotonic() + LONGEST_S
    try:
        while kill_at is None or time.monotonic() < kill_at:
            assert time.monotonic() < deadline, "the ingest did not start"
            wait = 1.0 if kill_at is None else max(0.0, kill_at - time.monotonic())
            if select.select([process.stdout], [], [], wait)[0]:
                block = os.read(process.stdout.fileno(), 65_536)
                if not block:
                    break
                said += block
                if kill_at is None and b"ready\n" in said:
                    kill_at = time.monotonic() + after_s
    finally:
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read()
        process.stdout.close()
        process.wait()
    lines = said.decode().rpartition("\n")[0].split("\n")  # a line that was cut off was not said
    return {line for line in lines if line.startswith("doc_")}, "done" in lines


@pytest.mark.parametrize(
    "first", [pytest.param(first, marks=(pytest.mark.nightly,) if first else ()) for first in range(0, RUNS, PER_TEST)]
)
def test_what_was_acknowledged_before_a_kill_is_searchable_and_nothing_is_half_there(
    tmp_path: Path, first: int
) -> None:
    for run in range(first, first + PER_TEST):
        chance = random.Random(run)
        data, folder = tmp_path / f"data{run}", tmp_path / f"files{run}"
        write(folder, {f"{n:03}.txt": article(run * 1_000 + n, lines=chance.randrange(1, 5)) for n in range(150)})
        acknowledged: set[str] = set()
        for _ in range(chance.choice((1, 1, 2))):
            more, _ = _kill_while_it_ingests(data, folder, chance.choice((1, 3, 40, 150)), chance.uniform(0.0, 0.9))
            acknowledged |= more

        embedder = WordHashEmbedder()
        with own(data) as directory:
            collection = directory.collection("default", embedder, create=True)
            assert embedder.embedded == [], "a restart never embeds"
            found = found_by_own_words(collection, embedder)
            assert acknowledged <= found.keys()
            originals = {document_id: collection.original(document_id) for document_id in found}
            assert all(one.content() == (folder / one.name).read_bytes() for one in originals.values())
            left = {path.name for path in (collection.directory / "originals").iterdir()}
            assert left == {one.sha256 for one in originals.values()}, "no file that nothing names"
            assert {frozenset(ways) for ways in found.values()} <= {frozenset(("lexical", "dense"))}, (
                f"run {run}: {found}"
            )
            assert collection.chunk_count == len(collection.search_lexical("registry entry", 10_000))

            report = collection.ingest(offered(folder), roots=[str(folder)])
            assert report.unchanged == len(found)
            assert len(report.added) == 150 - len(found)
            assert not report.refused
            assert set(found) <= {document.id for document in collection.documents()}


@pytest.mark.slow
def test_a_kill_during_rebuilds_leaves_the_old_index_or_the_new_one(tmp_path: Path, nightly: bool) -> None:
    data, folder = tmp_path / "data", tmp_path / "files"
    files = write(folder, {f"{n:03}.txt": article(n, lines=3) for n in range(30)})
    with own(data) as directory:
        directory.collection("default", WordHashEmbedder(), create=True).ingest(files)
    chance = random.Random(0)
    for _ in range(RUNS if nightly else 2):
        _kill_while_it_ingests(data, folder, 0, chance.uniform(0.0, 3.0))
        embedder = WordHashEmbedder()
        with own(data) as directory:
            found = found_by_own_words(directory.collection("default", embedder), embedder)
            assert len(found) == 30
            assert embedder.embedded == []
            assert {frozenset(ways) for ways in found.values()} == {frozenset(("lexical", "dense"))}
            folders = [path for path in (data / "collections/default/generations").iterdir() if path.is_dir()]
            assert len(folders) == 1, "what was not swapped in is gone"
