"""The file that a document was read from is kept as it came, goes with it, and is never one that nothing names."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from index.archive import MANIFEST
from index.backup import backup, restore
from index.collection import Collection
from index.directory import DataDirectory
from index.doctor import Finding, examine
from index.erasure import pending_erasures
from index.errors import BackupRefused, NoOriginal, StorageFailed, UnknownDocument
from index.files import SourceFile
from index.protocols import Vectors
from index.values import ParsedFile
from tests.fakes import WordHashEmbedder
from tests.storage import PlainParser, article, own, split_lines, write
from tests.test_index_backup import _members, _packed, _told


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with own(tmp_path / "data") as data:
        yield data.collection("default", WordHashEmbedder(), create=True)


def _files(collection: Collection) -> set[str]:
    return {path.name for path in (collection.directory / "originals").iterdir()}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _of(collection: Collection, name: str) -> str:
    """The id of the document that a file of this name holds."""
    return next(one.id for one in collection.documents() if any(source.endswith(name) for source in one.sources))


def _finding(data: Path) -> Finding:
    return next(one for one in examine(data, WordHashEmbedder()) if one.name == "default: originals")


def test_the_bytes_of_a_file_are_kept_as_they_came_for_their_owner_only(tmp_path: Path, collection: Collection) -> None:
    text = article(1, title="One") + "\r\ncafé\n"
    collection.ingest(write(tmp_path / "files", {"a b.txt": text}))
    (tmp_path / "files" / "a b.txt").unlink()
    kept = collection.original(_of(collection, "a b.txt"))
    assert (kept.name, kept.media_type, kept.size_bytes) == ("a b.txt", "text/plain", len(text.encode()))
    assert kept.content() == text.encode()
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700
    with pytest.raises(UnknownDocument):
        collection.original("doc_none")


def test_one_content_is_kept_once_and_goes_with_its_last_source(tmp_path: Path, collection: Collection) -> None:
    files = write(tmp_path / "files", {"a.txt": article(1), "b.txt": article(1), "c.txt": article(2)})
    collection.ingest(files, roots=[str(tmp_path / "files")])
    assert _files(collection) == {_sha256(article(1)), _sha256(article(2))}
    collection.ingest([files[1]], roots=[str(tmp_path / "files")])
    assert _files(collection) == {_sha256(article(1))}
    collection.remove(_of(collection, "b.txt"))
    assert _files(collection) == set()


def test_a_new_version_takes_the_place_of_the_old_original_and_a_correction_keeps_it(
    tmp_path: Path, collection: Collection
) -> None:
    collection.ingest(write(tmp_path / "files", {"a.txt": article(1)}))
    collection.ingest(write(tmp_path / "files", {"a.txt": article(2)}))
    assert _files(collection) == {_sha256(article(2))}
    edited = collection.edit(_of(collection, "a.txt"), title="Another title")
    assert collection.original(edited).content() == article(2).encode()


def test_where_originals_are_not_kept_there_are_none_and_rebuild_drops_those_there_were(tmp_path: Path) -> None:
    files = write(tmp_path / "files", {"a.txt": article(1), "b.txt": article(2)})
    with own(tmp_path / "data") as data:
        data.collection("default", WordHashEmbedder(), create=True).ingest(files[:1])
    with DataDirectory.own(tmp_path / "data", parser=PlainParser(), splitter=split_lines, keep_originals=False) as data:
        collection = data.collection("default", WordHashEmbedder())
        collection.ingest(files)
        assert _files(collection) == {_sha256(article(1))}
        with pytest.raises(NoOriginal, match="DOSSIER_KEEP_ORIGINALS=true"):
            collection.original(_of(collection, "b.txt"))
        collection.rebuild()
        assert _files(collection) == set()
        assert len(collection.documents()) == 2


def _without_originals(tmp_path: Path) -> list[SourceFile]:
    """A collection in which nothing was kept: a file of a folder, and one that was sent."""
    files = write(tmp_path / "files", {"a.txt": article(1), "b.txt": article(2)})
    files[1] = SourceFile("upload/b.txt", files[1].path, "b.txt")
    with DataDirectory.own(tmp_path / "data", parser=PlainParser(), splitter=split_lines, keep_originals=False) as data:
        data.collection("default", WordHashEmbedder(), create=True).ingest(files)
    return files


def test_indexing_again_keeps_what_was_not_kept_and_reads_and_embeds_nothing(tmp_path: Path) -> None:
    files = _without_originals(tmp_path)
    embedder = WordHashEmbedder()
    with own(tmp_path / "data") as data:
        collection = data.collection("default", embedder)
        assert collection.ingest(files).unchanged == 2
        assert _files(collection) == {_sha256(article(1)), _sha256(article(2))}
        assert collection.original(_of(collection, "b.txt")).name == "b.txt"
    assert embedder.embedded == []


def test_rebuild_keeps_what_still_lies_where_it_came_from_with_the_same_bytes(tmp_path: Path) -> None:
    _without_originals(tmp_path)
    assert "2 of 2 documents have none" in _finding(tmp_path / "data").detail
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder())
        collection.rebuild()
        assert _files(collection) == {_sha256(article(1))}, "nobody knows where an upload came from"
    finding = _finding(tmp_path / "data")
    assert finding.ok
    assert "1 originals" in finding.detail
    assert "1 of 2 documents have none" in finding.detail


@pytest.mark.parametrize("damage", ["removed", "changed", "cut", "link"])
@pytest.mark.parametrize("there", [True, False])
def test_a_damaged_original_is_never_given_out_and_the_doctor_names_what_mends_it(
    tmp_path: Path, damage: str, there: bool
) -> None:
    files = write(tmp_path / "files", {"a.txt": article(1), "b.txt": article(2)})
    with own(tmp_path / "data") as data:
        data.collection("default", WordHashEmbedder(), create=True).ingest(files)
    path = tmp_path / "data/collections/default/originals" / _sha256(article(1))
    if damage == "changed":
        path.write_bytes(path.read_bytes()[:-2] + b"?\n")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
        if damage == "link":
            path.symlink_to(tmp_path / "files" / "a.txt")
    if not there:
        files[0].path.unlink()
    finding = _finding(tmp_path / "data")
    assert not finding.ok
    assert f"1 originals are missing or changed: {files[0].source}" in finding.detail
    assert finding.mend == "dossier rebuild --collection default"
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder())
        with pytest.raises(NoOriginal, match="dossier doctor"):
            collection.original(_of(collection, "a.txt")).content()
        with pytest.raises(StorageFailed, match="dossier rebuild --collection default"):
            backup(tmp_path / "data", tmp_path / "backup.tar.gz")
        collection.rebuild()
        mended = {_sha256(article(1))} if there else set()
        assert _files(collection) == {_sha256(article(2)), *mended}
    finding = _finding(tmp_path / "data")
    assert finding.ok
    assert ("1 of 2 documents have none" in finding.detail) is not there


@pytest.mark.parametrize("opened_by", ["start", "doctor"])
def test_files_that_a_crash_left_and_nothing_names_are_gone(tmp_path: Path, opened_by: str) -> None:
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(write(tmp_path / "files", {"a.txt": article(1)}))
    folder = tmp_path / "data/collections/default/originals"
    (folder / _sha256("settled, never committed")).write_text("settled, never committed")
    (folder / f".part-{secrets.token_hex(16)}").write_text("staged, never settled")
    if opened_by == "doctor":
        assert _finding(tmp_path / "data").ok
    else:
        with own(tmp_path / "data") as data:
            data.collection("default", WordHashEmbedder())
    assert {path.name for path in folder.iterdir()} == {_sha256(article(1))}


def test_an_ingest_that_is_stopped_leaves_no_bytes_of_what_did_not_go_in(
    tmp_path: Path, collection: Collection
) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    files = write(tmp_path / "files", {f"{number}.txt": article(number) for number in range(6)})
    with pytest.raises(KeyboardInterrupt):
        collection.ingest(files, progress=stop)
    assert _files(collection) == {collection.original(one.id).sha256 for one in collection.documents()}


def test_a_refused_file_is_not_kept(tmp_path: Path, collection: Collection) -> None:
    collection.ingest(write(tmp_path / "files", {"a.txt": "REFUSE me", "b.txt": article(2)}))
    assert _files(collection) == {_sha256(article(2))}


def test_an_erased_document_leaves_no_byte_of_its_original(tmp_path: Path, collection: Collection) -> None:
    packed = "title: packed\n" + secrets.token_hex(400) + "\n"
    collection.ingest(write(tmp_path / "files", {"a.txt": packed, "b.txt": article(2)}))
    collection.erase(_of(collection, "a.txt"))
    everything = b"".join(path.read_bytes() for path in collection.directory.rglob("*") if path.is_file())
    assert all(packed[start : start + 24].encode() not in everything for start in range(14, 700))
    assert _files(collection) == {_sha256(article(2))}


def test_an_erase_sees_bytes_of_the_original_that_are_no_text(tmp_path: Path, collection: Collection) -> None:
    """What is searched is not all that a file holds: this one's front lines are stored, and its bytes lie in a copy."""
    collection.ingest(write(tmp_path / "files", {"a.txt": article(1, title="One")}))
    gone = collection.original(_of(collection, "a.txt"))
    (collection.directory / "copy.bin").write_bytes(b"\0" * 100 + gone.content()[:90] + b"\0" * 9)
    with pytest.raises(StorageFailed, match=r"copy\.bin"):
        collection.erase(_of(collection, "a.txt"))


def test_an_erase_that_was_cut_off_still_looks_for_bytes_of_the_original_at_the_next_start(tmp_path: Path) -> None:
    binary = secrets.token_bytes(400)
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(write(tmp_path / "files", {"a.txt": article(1) + binary.hex(), "b.txt": article(2)}))
        gone = _of(collection, "a.txt")
        copy = collection.directory / "copy.bin"
        copy.write_bytes(collection.original(gone).content()[-120:])
        with pytest.raises(StorageFailed, match=r"copy\.bin"):
            collection.erase(gone)
        assert _files(collection) == {_sha256(article(2))}
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder())
        assert pending_erasures(collection.catalogue) == [gone]
    copy.unlink()
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder())
        assert pending_erasures(collection.catalogue) == []
        assert _files(collection) == {_sha256(article(2))}


class _Gated(WordHashEmbedder):
    """Holds the ingest of one text until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.go = threading.Event(), threading.Event()

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if any("HELD" in text for text in texts):
            self.held.set()
            assert self.go.wait(60)
        return super().embed_passages(texts)


def test_an_ingest_that_ends_beside_another_leaves_the_other_its_bytes(tmp_path: Path) -> None:
    held = "HELD back\n" + article(3)
    with own(tmp_path / "data") as data:
        embedder = _Gated()
        collection = data.collection("default", embedder, create=True)
        long = threading.Thread(target=collection.ingest, args=(write(tmp_path / "long", {"long.txt": held}),))
        long.start()
        assert embedder.held.wait(60)
        collection.ingest(write(tmp_path / "short", {"short.txt": article(4)}))
        collection.remove(_of(collection, "short.txt"))
        embedder.go.set()
        long.join(60)
        assert collection.original(_of(collection, "long.txt")).content() == held.encode()
        assert _files(collection) == {_sha256(held)}


def test_files_in_a_zip_file_have_originals_of_their_own(tmp_path: Path, collection: Collection) -> None:
    with ZipFile(tmp_path / "many.zip", "w") as archive:
        archive.writestr("one.txt", article(1))
        archive.writestr("two.txt", article(2))
    collection.ingest([SourceFile("upload/many.zip", tmp_path / "many.zip", "many.zip")])
    assert collection.original(_of(collection, "many.zip/two.txt")).content() == article(2).encode()
    assert _files(collection) == {_sha256(article(1)), _sha256(article(2))}


def test_what_the_original_of_another_document_holds_does_not_keep_an_erase_from_its_proof(
    tmp_path: Path, collection: Collection
) -> None:
    collection.ingest(write(tmp_path / "files", {"a.txt": article(1) + article(3), "b.txt": article(3) + article(4)}))
    collection.erase(_of(collection, "a.txt"))
    assert _files(collection) == {_sha256(article(3) + article(4))}


def test_sizes_count_originals(tmp_path: Path) -> None:
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        assert data.size("default").original_bytes == 0
        collection.ingest(write(tmp_path / "files", {"a.txt": article(1), "b.txt": article(1), "c.txt": article(2)}))
        assert data.size("default").original_bytes == len(article(1)) + len(article(2))


def test_rebuild_reads_again_from_the_originals_what_was_read_in_another_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write(tmp_path / "files", {"a.txt": article(1), "b.txt": article(2)})
    files[0] = SourceFile("upload/a.txt", files[0].path, "a.txt")
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(files)
        edited = collection.edit(_of(collection, "a.txt"), author="Ilse Brandt")
        before = collection.original(edited).content()
    for file in files:
        file.path.unlink()

    class Better(PlainParser):
        def parse(self, path: Path, name: str) -> ParsedFile:
            parsed = super().parse(path, name)
            assert name in ("a.txt", "b.txt")
            return replace(parsed, notes=("read better",), text=parsed.text.replace("crowns", "CROWNS"))

    monkeypatch.setattr("index.collection.RECIPE", "better")
    embedder = WordHashEmbedder()
    with DataDirectory.own(tmp_path / "data", parser=Better(), splitter=split_lines) as data:
        collection = data.collection("default", embedder)
        assert all("crowns" in one.text for one in collection.documents())
        collection.rebuild()
        assert [one.notes for one in collection.documents()] == [("read better",)] * 2
        assert all("CROWNS" in one.text for one in collection.documents())
        assert collection.document(_of(collection, "a.txt")).provenance.author == "Ilse Brandt"
        assert collection.original(_of(collection, "a.txt")).content() == before
        assert embedder.embedded
        encoded = len(embedder.embedded)
        collection.rebuild()
        assert len(embedder.embedded) == encoded, "what is read in this way is not read again"


# Backups


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    with own(folder / "data") as data:
        files = write(folder / "files", {"a.txt": article(1), "b.txt": article(2)})
        data.collection("default", WordHashEmbedder(), create=True).ingest(files)
    backup(folder / "data", folder / "backup.tar.gz")
    return folder / "backup.tar.gz"


def test_originals_come_back_from_a_backup(tmp_path: Path, saved: Path) -> None:
    restore(saved, tmp_path / "data")
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder())
        assert collection.original(_of(collection, "a.txt")).content() == article(1).encode()
        assert stat.S_IMODE(collection.original(_of(collection, "b.txt")).path.stat().st_mode) == 0o600
    assert _finding(tmp_path / "data").ok


def test_a_backup_without_links_holds_the_same(tmp_path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    restore(saved, tmp_path / "data")
    monkeypatch.setattr(os, "link", no_links)
    backup(tmp_path / "data", tmp_path / "backup.tar.gz")
    names = [name for name in _members(tmp_path / "backup.tar.gz") if "/originals/" in name]
    assert len(names) == 2
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_original_whose_document_goes_while_a_backup_is_made_is_left_out(tmp_path: Path, saved: Path) -> None:
    restore(saved, tmp_path / "data")
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder())

        def meanwhile(stage: str, done: int, total: int) -> None:
            if stage == "copy" and done == total and len(collection.documents()) == 2:
                collection.remove(_of(collection, "a.txt"))

        backup(tmp_path / "data", tmp_path / "backup.tar.gz", progress=meanwhile)
    restore(tmp_path / "backup.tar.gz", tmp_path / "other")
    with own(tmp_path / "other") as data:
        collection = data.collection("default", WordHashEmbedder())
        assert len(collection.documents()) == 2, "it was there when the catalogue was copied"
        assert _files(collection) == {_sha256(article(2))}


@pytest.mark.parametrize("wrong", ["one more", "one less", "another name"])
def test_a_backup_with_other_originals_than_its_catalogue_names_is_refused(
    tmp_path: Path, saved: Path, wrong: str
) -> None:
    members = _members(saved)
    first = next(name for name in members if "/originals/" in name)
    folder = first.rpartition("/")[0]
    if wrong != "one more":
        content = members.pop(first)
        members = _told(members, lambda said: said["members"].pop(first))  # type: ignore[attr-defined]
    else:
        content = b"more"
    if wrong != "one less":
        digest = hashlib.sha256(content).hexdigest()
        name = f"{folder}/{'0' * 64 if wrong == 'another name' else digest}"
        members[name] = content
        entry = [len(content), digest, 0]
        members = _told(members, lambda said: said["members"].update({name: entry}))  # type: ignore[attr-defined]
    assert json.loads(members[MANIFEST])
    with pytest.raises(BackupRefused, match="other originals"):
        restore(_packed(tmp_path / "b", members), tmp_path / "data")
    assert not (tmp_path / "data" / "collections").exists()
