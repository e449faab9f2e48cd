"""ZIP files as folders: every file in them is a document of its own, and no archive leads out of its place or unfolds."""

from __future__ import annotations

import io
import random
import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from index.collection import UNZIPPED, Collection
from index.files import SourceFile, find_files
from index.metadata import checked
from index.unzip import unzipped
from index.values import Filters, IngestReport
from tests.fakes import WordHashEmbedder
from tests.storage import article, own


def zipped(entries: Mapping[str, bytes | str], **given: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = given.get("mode", stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, text)
    return content.getvalue()


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with own(tmp_path / "data") as data:
        yield data.collection("default", WordHashEmbedder(), create=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def _indexed(collection: Collection, folder: Path) -> IngestReport:
    found = find_files([folder], max_files=100)
    return collection.ingest(found.files, roots=found.roots, refusals=found.refusals)


def _sources(collection: Collection) -> list[str]:
    return sorted(source for one in collection.documents() for source in one.sources)


def test_what_is_in_a_zip_file_is_indexed_filtered_and_goes_as_in_a_folder(
    collection: Collection, folder: Path
) -> None:
    path = folder / "papers.zip"
    path.write_bytes(
        zipped({"a.txt": article(1), "deep/b.txt": article(2), "c.zip": zipped({"d.txt": article(3)}), "deep/": b""})
    )
    report = _indexed(collection, folder)
    assert _sources(collection) == [f"{path}/a.txt", f"{path}/deep/b.txt"]
    assert [(one.source, one.code) for one in report.refused] == [(f"{path}/c.zip", "bad_type")]
    assert len(collection.matching(Filters(sources=(f"{path}/deep",)))) == 1
    assert _indexed(collection, folder).unchanged == 2
    path.write_bytes(zipped({"a.txt": article(1), "new.txt": article(4)}))
    report = _indexed(collection, folder)
    assert (len(report.added), len(report.removed), report.unchanged) == (1, 1, 1)
    assert _sources(collection) == [f"{path}/a.txt", f"{path}/new.txt"]
    path.unlink()
    assert len(_indexed(collection, folder).removed) == 2
    assert not (collection.directory / UNZIPPED).exists()


def test_a_zip_file_that_cannot_be_read_takes_nothing_away(collection: Collection, folder: Path) -> None:
    path = folder / "papers.zip"
    path.write_bytes(zipped({"a.txt": article(1)}))
    _indexed(collection, folder)
    path.write_bytes(path.read_bytes()[:-30])
    report = _indexed(collection, folder)
    assert ([one.code for one in report.refused], report.removed) == (["parse_error"], ())
    assert _sources(collection) == [f"{path}/a.txt"]


def _claiming(size: int) -> bytes:
    """A small entry whose headers say that it is large: the directory is not believed, nor the other way round."""
    content = bytearray(zipped({"a.txt": "x"}))
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = size.to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"no archive", "bad_type"),
        (zipped({}), "bad_type"),
        (zipped({"folder/": b""}), "empty"),
        (zipped({"../out.txt": "x"}), "parse_error"),
        (zipped({"/etc/passwd": "x"}), "parse_error"),
        (zipped({"a/..\\..\\b.txt": "x"}), "parse_error"),
        (zipped({"C:/b.txt": "x"}), "parse_error"),
        (zipped({"link.txt": "/etc/passwd"}, mode=stat.S_IFLNK | 0o777), "parse_error"),
        (zipped({"a.txt": b"\0" * 30_000_000}), "too_complex"),
        (zipped({f"{n}.txt": "x" for n in range(2_001)}), "too_complex"),
        (_claiming(150_000_000), "too_complex"),
    ],
    ids=range(12),
)
def test_an_archive_that_is_wrong_is_refused_whole(
    collection: Collection, folder: Path, content: bytes, code: str
) -> None:
    (folder / "papers.zip").write_bytes(content)
    report = _indexed(collection, folder)
    assert [(one.source, one.code) for one in report.refused] == [(str(folder / "papers.zip"), code)]
    assert collection.documents() == []
    assert not (collection.directory / UNZIPPED).exists() and list(folder.iterdir()) == [folder / "papers.zip"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [(".env", "KEY=1", "hidden"), ("__MACOSX/a.txt", "x", "hidden"), (".git/config", "x", "hidden"), ("a.exe", "MZ", "bad_type"), ("a\x1b.txt", "x", "bad_encoding"),
     ("f/" * 25 + "a.txt", "x", "too_complex"), ("n" * 5000 + ".txt", "x", "bad_encoding"), ("large.txt", random.Random(0).randbytes(600_000).hex(), "too_large")],
)  # fmt: skip
def test_a_file_in_it_that_is_not_read_is_named_and_the_others_go_in(
    tmp_path: Path, name: str, content: str, code: str
) -> None:
    path = tmp_path / "papers.zip"
    path.write_bytes(zipped({name: content, "a.txt": article(1)}))
    with unzipped([SourceFile("z", path, "papers.zip")], tmp_path / "out", max_bytes=1_000_000) as (
        files,
        roots,
        refusals,
    ):
        assert [one.source for one in files] == ["z/a.txt"] and roots == ["z"]
        assert [one.code for one in refusals] == [code]
        assert len(refusals[0].source) <= 4096
    assert not (tmp_path / "out").exists()


def test_what_is_said_of_a_zip_file_is_said_of_each_file_and_names_are_kept_beside(
    collection: Collection, folder: Path
) -> None:
    for number, name in enumerate(("one.zip", "two.zip")):
        (folder / name).write_bytes(zipped({"a.txt": article(number)}))
    for name in ("one.zip", "two.zip"):
        said = checked({"project": name})
        collection.ingest([SourceFile("upload/papers.zip", folder / name, "papers.zip", keeps=True, metadata=said)])
    assert _sources(collection) == ["upload/papers.zip/a (2).txt", "upload/papers.zip/a.txt"]
    assert {one.metadata["project"] for one in collection.documents()} == {"one.zip", "two.zip"}


def test_what_a_killed_ingest_left_unpacked_is_gone_at_the_next_start(tmp_path: Path) -> None:
    with own(tmp_path / "data") as data:
        left = data.collection("default", WordHashEmbedder(), create=True).directory / UNZIPPED
    left.mkdir()
    (left / "text").write_text("left behind")
    with own(tmp_path / "data") as data:
        data.collection("default", WordHashEmbedder())
        assert not left.exists()
