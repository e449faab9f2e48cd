"""A data directory that cannot be written is searched and read, and nothing is promised of it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import WordHashEmbedder
from tests.storage import article, own, sentence, write

ROOT = Path(__file__).resolve().parent.parent
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1
READ = """
import json, sys
from pathlib import Path
from index.errors import DossierError
from tests.fakes import WordHashEmbedder
from tests.storage import offered, own
import index.collection

index.collection.EXACT_CHUNKS = 0
data, files, query = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
said = {"refused": []}
with own(data) as directory:
    collection = directory.collection("default", WordHashEmbedder())
    said["names"] = directory.names()
    said["size"] = directory.size("default")
    said["documents"] = [one.id for one in collection.documents()]
    said["originals"] = [len(collection.original(one).content()) for one in said["documents"]]
    said["lexical"] = [hit for hit, _ in collection.search_lexical(query, 3)]
    said["dense"] = [hit for hit, _ in collection.search_dense(WordHashEmbedder().embed_query(query), 3)]
    content = {"id": "ans_1", "question": "?", "query": "?", "citations": [], "evidence": []}
    for change in (
        lambda: collection.ingest(offered(files)),
        lambda: collection.remove(said["documents"][0]),
        lambda: collection.erase(said["documents"][0]),
        lambda: collection.edit(said["documents"][0], title="Other"),
        lambda: collection.rebuild(),
        lambda: directory.remove("default"),
        lambda: directory.collection("new", WordHashEmbedder(), create=True),
        lambda: collection.answers.keep(content, {}, thread=None, sequence=0, most=9),
    ):
        try:
            change()
        except DossierError as error:
            said["refused"].append(error.code)
print(json.dumps(said))
"""


def _without_the_rights_of_root() -> None:
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)


@contextlib.contextmanager
def _locked(data: Path) -> Iterator[None]:
    paths = [data, *data.rglob("*")]
    try:
        for path in paths:
            path.chmod(stat.S_IRUSR | (stat.S_IXUSR if path.is_dir() else 0))
        yield
    finally:
        for path in paths:
            path.chmod(stat.S_IRWXU)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("healthy")
    with own(folder / "data") as directory:
        collection = directory.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(write(folder / "files", {f"{n}.txt": article(n) for n in range(3)}))
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="takes rights from a process as Linux does")
@pytest.mark.parametrize("killed", [False, True])
def test_a_directory_that_cannot_be_written_is_searched(healthy: Path, tmp_path: Path, killed: bool) -> None:
    data = tmp_path / "data"
    if killed:
        with own(healthy / "data") as directory:
            directory.collection("default", WordHashEmbedder()).ingest(write(healthy / "late", {"9.txt": article(9)}))
            shutil.copytree(healthy / "data", data)  # as a kill leaves it: what came last is in the log
    else:
        shutil.copytree(healthy / "data", data)
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    with _locked(data):
        done = subprocess.run(
            [sys.executable, "-c", READ, str(data), str(healthy / "files"), sentence(1_001)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            preexec_fn=_without_the_rights_of_root,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["names"] == ["default"]
    assert said["size"] == [len(said["documents"]), 4 * len(said["documents"]), sum(said["originals"])]
    assert len(said["documents"]) == 3 + killed
    assert said["lexical"][0] == said["dense"][0]
    assert len(said["refused"]) == 8
    assert set(said["refused"]) == {"storage-failed"}
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before, "nothing was written"
    assert not list(tmp_path.glob("dossier-read-*")), "the copies are gone"
