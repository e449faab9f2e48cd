"""A catalogue that is gone or empty beside its search indexes is damage: it is said, and nothing is removed because of it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from index.catalogue import FILE_NAME, Catalogue
from index.doctor import examine, repair
from index.errors import StorageFailed
from tests.fakes import WordHashEmbedder
from tests.storage import article, own, write


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("healthy")
    with own(folder / "data") as directory:
        collection = directory.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(write(folder / "files", {f"{n}.txt": article(n) for n in range(3)}))
    return folder / "data"


def _emptied(file: Path) -> None:
    file.write_bytes(b"")


def _replaced_by_a_new_one(file: Path) -> None:
    file.unlink()
    Catalogue(file).close()


@pytest.mark.parametrize(
    ("lose", "words"),
    [(_emptied, "is empty"), (Path.unlink, "is missing"), (_replaced_by_a_new_one, "never held a document")],
)
def test_a_lost_catalogue_is_named_and_nothing_is_removed(
    healthy: Path, tmp_path: Path, lose: Callable[[Path], None], words: str
) -> None:
    data = Path(shutil.copytree(healthy, tmp_path / "data"))
    folder = data / "collections" / "default"
    lose(folder / FILE_NAME)
    before = sorted(folder.rglob("*.store"))
    assert before
    for look in (examine, repair):
        found = {one.name: one for one in look(data, WordHashEmbedder())}["default: catalogue"]
        assert not found.ok
        assert words in found.detail
        assert found.mend is not None
        assert "backup" in found.mend
    with own(data) as directory:
        assert directory.names() == ["default"]
        for create in (True, False):
            with pytest.raises(StorageFailed, match=words):
                directory.collection("default", WordHashEmbedder(), create=create)
    assert sorted(folder.rglob("*.store")) == before
    shutil.copy(healthy / "collections/default" / FILE_NAME, folder / FILE_NAME)
    with own(data) as directory:
        assert len(directory.collection("default", WordHashEmbedder()).documents()) == 3, "put back, it is as it was"


def test_a_lost_collection_can_be_removed(healthy: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(healthy, tmp_path / "data"))
    (data / "collections/default" / FILE_NAME).unlink()
    with own(data) as directory:
        directory.remove("default")
        assert directory.names() == []
        assert directory.collection("default", WordHashEmbedder(), create=True).documents() == []


def test_a_new_collection_that_was_cut_off_anywhere_is_no_damage(tmp_path: Path) -> None:
    """As a kill leaves it between the first file and the first change."""
    folder = tmp_path / "collections" / "default"
    folder.mkdir(parents=True)
    (folder / FILE_NAME).touch()
    with own(tmp_path) as directory:
        directory.collection("default", WordHashEmbedder(), create=True)
    with closing(sqlite3.connect(folder / FILE_NAME)) as raw:
        raw.execute("DELETE FROM generations")
        raw.execute("DELETE FROM meta")
        raw.commit()
    with own(tmp_path) as directory:
        assert directory.collection("default", WordHashEmbedder()).documents() == []
