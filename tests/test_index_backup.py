"""A backup brings back what was there, whoever owns the directory; one that is cut, altered or made up is refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.archive import MANIFEST
from index.backup import backup, restore
from index.collection import Collection
from index.directory import DataDirectory
from index.errors import BackupRefused, DirectoryOwned, StorageFailed
from index.schema import STEPS
from tests.fakes import WordHashEmbedder
from tests.storage import article, found_by_own_words, own, write

MEMBER = "collections/default/dossier.sqlite3"


def _filled(data: DataDirectory, folder: Path, name: str = "default", count: int = 5) -> Collection:
    collection = data.collection(name, WordHashEmbedder(), create=True)
    texts = {f"{n}.txt": article(n, 4, title=f"Report {n}", publisher="North Post") for n in range(count)}
    collection.ingest(write(folder, texts))
    return collection


def _seen(collection: Collection) -> tuple[object, ...]:
    """What R13 holds against each other: ids, hashes of texts, the ten best of a few searches."""
    documents = {one.id: hashlib.sha256(one.text.encode()).hexdigest() for one in collection.documents()}
    embedder = WordHashEmbedder()
    queries = ("the harbour of Arlen", "mapped in 1900 near Jorvik", "registry entry k3002", "crowns")
    dense = [[hit for hit, _ in collection.search_dense(embedder.embed_query(query), 10)] for query in queries]
    lexical = [collection.search_lexical(query, 10) for query in queries]
    return documents, dense, lexical, collection.publishers()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    with own(folder / "data") as data:
        _filled(data, folder / "files")
    backup(folder / "data", folder / "backup.tar.gz")
    return folder / "backup.tar.gz"


def test_a_restored_directory_has_the_same_ids_texts_and_best_ten_and_embeds_nothing(tmp_path: Path) -> None:
    with own(tmp_path / "data") as data:
        collection = _filled(data, tmp_path / "files")
        edited = collection.edit(collection.documents()[0].id, published="2021-05", publisher="South Post")
        empty = data.collection("empty", WordHashEmbedder(), create=True)
        collection.rebuild()  # word statistics of an index count what was removed until it is built anew
        before = _seen(collection)
        written = backup(tmp_path / "data", tmp_path / "backup.tar.gz")  # its owner is open and goes on
        assert empty.documents() == []
    assert written.documents == {"default": 5, "empty": 0}
    assert written.size_bytes == (tmp_path / "backup.tar.gz").stat().st_size
    assert restore(tmp_path / "backup.tar.gz", tmp_path / "other") == written
    with own(tmp_path / "other") as data:
        assert data.names() == ["default", "empty"]
        embedder = WordHashEmbedder()
        restored = data.collection("default", embedder)
        assert _seen(restored) == before
        assert all(ways == {"lexical", "dense"} for ways in found_by_own_words(restored, WordHashEmbedder()).values())
        assert restored.edited(edited).published == "2021-05"
        assert embedder.embedded == []


def test_a_backup_of_a_collection_that_is_written_meanwhile_is_one_moment_of_it(tmp_path: Path) -> None:
    with own(tmp_path / "data") as data:
        collection = _filled(data, tmp_path / "files")
        before = {one.id for one in collection.documents()}
        more = write(tmp_path / "more", {"new.txt": article(70)})

        def meanwhile(stage: str, done: int, total: int) -> None:
            if stage == "copy" and len(collection.documents()) == len(before):
                collection.ingest(more)

        backup(tmp_path / "data", tmp_path / "backup.tar.gz", progress=meanwhile)
        assert len(collection.documents()) == len(before) + 1
    restore(tmp_path / "backup.tar.gz", tmp_path / "other")
    with own(tmp_path / "other") as data:
        found = {one.id for one in data.collection("default", WordHashEmbedder()).documents()}
    assert found >= before


def test_neither_indexes_nor_keys_are_in_a_backup(tmp_path: Path) -> None:
    with own(tmp_path / "data") as data:
        _filled(data, tmp_path / "files")
        (tmp_path / "data" / "keys.sqlite3").write_bytes(b"keys of this machine")
    backup(tmp_path / "data", tmp_path / "backup.tar.gz")
    with tarfile.open(tmp_path / "backup.tar.gz") as archive:
        names = archive.getnames()
    assert names[:2] == [MANIFEST, MEMBER]
    assert len(names) == 7
    assert all(name.startswith("collections/default/originals/") for name in names[2:])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "keys.sqlite3").write_bytes(b"keys of that machine")
    restore(tmp_path / "backup.tar.gz", tmp_path / "other")
    assert (tmp_path / "other" / "keys.sqlite3").read_bytes() == b"keys of that machine"


def test_a_backup_is_for_its_owner_only_and_replaces_nothing_unasked(tmp_path: Path, saved: Path) -> None:
    assert saved.stat().st_mode & 0o077 == 0
    restore(saved, tmp_path / "data")
    file = tmp_path / "backup.tar.gz"
    file.write_bytes(b"precious")
    with pytest.raises(BackupRefused, match="--force"):
        backup(tmp_path / "data", file)
    assert file.read_bytes() == b"precious"
    backup(tmp_path / "data", file, force=True)
    assert restore(file, tmp_path / "third").documents == {"default": 5}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar.gz", "data", "third"]


@pytest.mark.parametrize("place", ["data/backup.tar.gz", "data/collections/default/backup.tar.gz", "."])
def test_a_backup_does_not_go_into_the_directory_nor_over_a_folder(tmp_path: Path, saved: Path, place: str) -> None:
    restore(saved, tmp_path / "data")
    with pytest.raises(BackupRefused):
        backup(tmp_path / "data", tmp_path / place, force=True)


def test_nothing_is_left_of_a_backup_that_was_interrupted(tmp_path: Path, saved: Path) -> None:
    restore(saved, tmp_path / "data")
    for stage in ("copy", "check", "pack"):
        with pytest.raises(KeyboardInterrupt):
            backup(tmp_path / "data", tmp_path / "b.tar.gz", progress=_interrupted_at(stage))
        assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("stage", ["unpack", "check"])
def test_an_interrupted_restore_shows_nothing_and_can_be_done_again(tmp_path: Path, saved: Path, stage: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        restore(saved, tmp_path / "data", progress=_interrupted_at(stage))
    with own(tmp_path / "data") as data:
        assert data.names() == []
    restore(saved, tmp_path / "data")


def test_what_a_killed_restore_left_is_gone_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / ".restoring-0123" / "collections").mkdir(parents=True)
    with own(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["owner.lock"]


def test_a_restore_needs_a_directory_without_collections_and_without_an_owner(tmp_path: Path, saved: Path) -> None:
    restore(saved, tmp_path / "data")
    with pytest.raises(BackupRefused, match="holds collections"):
        restore(saved, tmp_path / "data")
    with own(tmp_path / "owned"), pytest.raises(DirectoryOwned):
        restore(saved, tmp_path / "owned")


@pytest.mark.parametrize("missing", ["data", "data/collections", "empty"])
def test_nothing_to_keep_makes_no_file(tmp_path: Path, missing: str) -> None:
    (tmp_path / missing).mkdir(parents=True)
    with pytest.raises(BackupRefused, match="dossier index"):
        backup(tmp_path / "data", tmp_path / "backup.tar.gz")
    assert not (tmp_path / "backup.tar.gz").exists()


def test_a_damaged_catalogue_is_not_backed_up(tmp_path: Path, saved: Path) -> None:
    restore(saved, tmp_path / "data")
    catalogue = tmp_path / "data" / MEMBER
    content = bytearray(catalogue.read_bytes())
    content[8192 * 2 : 8192 * 6] = b"\xff" * 8192 * 4
    catalogue.write_bytes(content)
    with pytest.raises(StorageFailed, match="dossier doctor"):
        backup(tmp_path / "data", tmp_path / "backup.tar.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


# Backups that nobody vouches for


def _members(saved: Path) -> dict[str, bytes]:
    with tarfile.open(saved) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]


def _packed(path: Path, members: dict[str, bytes], **more: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for entry in more.values():
            archive.addfile(entry)
    return path


def _told(members: dict[str, bytes], change: Callable[[dict[str, object]], None]) -> dict[str, bytes]:
    said = json.loads(members[MANIFEST])
    change(said)
    return {**members, MANIFEST: json.dumps(said).encode()}


def _refused(file: Path, data: Path) -> str:
    with pytest.raises(BackupRefused) as caught:
        restore(file, data)
    assert not (data / "collections").exists()
    assert not list(data.glob(".restoring-*"))
    return str(caught.value)


@settings(max_examples=25)
@given(part=st.floats(0, 0.9999))
def test_a_cut_backup_is_refused(saved: Path, tmp_path_factory: pytest.TempPathFactory, part: float) -> None:
    folder = tmp_path_factory.mktemp("cut")
    whole = saved.read_bytes()
    (folder / "b").write_bytes(whole[: int(len(whole) * part)])
    _refused(folder / "b", folder / "data")


@settings(max_examples=25)
@given(part=st.floats(0, 0.9999), value=st.integers(1, 255))
def test_an_altered_backup_is_refused_or_says_the_same(
    saved: Path, tmp_path_factory: pytest.TempPathFactory, part: float, value: int
) -> None:
    folder = tmp_path_factory.mktemp("altered")
    content = bytearray(saved.read_bytes())
    content[int(len(content) * part)] ^= value
    (folder / "b").write_bytes(content)
    try:
        restore(folder / "b", folder / "data")
    except BackupRefused:
        assert not (folder / "data" / "collections").exists()
    else:  # the time stamp of gzip, or a bit that pads
        assert (
            hashlib.sha256(gzip.decompress(content)).digest()
            == hashlib.sha256(gzip.decompress(saved.read_bytes())).digest()
        )


def _link(kind: bytes, name: str = MEMBER) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, "/etc/hostname"
    return entry


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_only_plain_files_come_out_of_a_backup(saved: Path, tmp_path: Path, kind: bytes) -> None:
    manifest = {MANIFEST: _members(saved)[MANIFEST]}
    assert "belongs" in _refused(_packed(tmp_path / "b", manifest, link=_link(kind)), tmp_path / "data")


@pytest.mark.parametrize(
    "name",
    ["/etc/dossier.sqlite3", "../dossier.sqlite3", "collections/../../x/dossier.sqlite3", "collections/A/dossier.sqlite3",
     "collections/a/other", "keys.sqlite3", "collections/a/b/dossier.sqlite3", "collections/a\n/dossier.sqlite3", ""],
)  # fmt: skip
def test_a_backup_names_only_catalogues_of_collections(saved: Path, tmp_path: Path, name: str) -> None:
    members = _members(saved)
    members[name] = members.pop(MEMBER)
    members = _told(members, lambda said: said["members"].update({name: said["members"].pop(MEMBER)}))  # type: ignore[attr-defined]
    assert "manifest" in _refused(
        _packed(tmp_path / "b", dict(sorted(members.items(), key=_manifest_first))), tmp_path / "data"
    )


def _manifest_first(item: tuple[str, bytes]) -> bool:
    return item[0] != MANIFEST


def test_more_or_less_than_the_manifest_names_is_refused(saved: Path, tmp_path: Path) -> None:
    members = _members(saved)
    more = _packed(tmp_path / "more", members | {"collections/b/dossier.sqlite3": members[MEMBER]})
    less = _packed(tmp_path / "less", {MANIFEST: members[MANIFEST]})
    bare = _packed(tmp_path / "bare", {MEMBER: members[MEMBER]})
    for file in (more, less, bare):
        _refused(file, tmp_path / "data")
    for tail in (b"x", gzip.compress(b"more"), gzip.compress(bytes(10_000_000))):
        (tmp_path / "tail").write_bytes(saved.read_bytes() + tail)
        _refused(tmp_path / "tail", tmp_path / "data")


@pytest.mark.parametrize(
    "changed",
    [{"size_bytes": 1}, {"size_bytes": -1}, {"size_bytes": 10**15}, {"size_bytes": "9"}, {"size_bytes": True}, {"sha256": "0" * 64},
     {"sha256": "x"}, {"sha256": None}, {"documents": 4}, {"documents": None}],
)  # fmt: skip
def test_a_manifest_that_says_something_else_of_a_file_is_refused(
    saved: Path, tmp_path: Path, changed: dict[str, object]
) -> None:
    def change(said: dict[str, object]) -> None:
        places = {"size_bytes": 0, "sha256": 1, "documents": 2}
        for name, value in changed.items():
            said["members"][MEMBER][places[name]] = value  # type: ignore[index]

    file = _packed(tmp_path / "b", _told(_members(saved), change))
    with pytest.raises((BackupRefused, StorageFailed)):
        restore(file, tmp_path / "data")
    assert not (tmp_path / "data" / "collections").exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"format": 1}', b"[" * 100_000, b'{"format": 1, "members": 3}', b"\xff"]
)
def test_a_manifest_that_is_none_is_refused(saved: Path, tmp_path: Path, content: bytes) -> None:
    _refused(_packed(tmp_path / "b", _members(saved) | {MANIFEST: content}), tmp_path / "data")


@pytest.mark.parametrize(
    "content",
    [b"", b"not a backup", gzip.compress(b"", mtime=0), gzip.compress(b"x" * 2_000, mtime=0)],
    ids=["empty", "text", "nothing packed", "text packed"],
)
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b").write_bytes(content)
    _refused(tmp_path / "b", tmp_path / "data")


def test_a_backup_that_is_not_there_is_refused(tmp_path: Path) -> None:
    _refused(tmp_path / "nowhere", tmp_path / "data")


def test_a_header_that_claims_gigabytes_is_not_read_into_memory(saved: Path, tmp_path: Path) -> None:
    entry = tarfile.TarInfo("x")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 1 << 34
    with gzip.open(tmp_path / "b", "wb", compresslevel=1) as stream:
        stream.write(entry.tobuf(tarfile.GNU_FORMAT))
        stream.write(bytes(20_000_000))
    assert "too large" in _refused(tmp_path / "b", tmp_path / "data")


def test_a_newer_schema_is_refused_with_what_to_do(saved: Path, tmp_path: Path) -> None:
    newer = _told(_members(saved), lambda said: said.update(schema=len(STEPS) + 1))
    assert "pip install --upgrade dossier" in _refused(_packed(tmp_path / "b", newer), tmp_path / "data")


def _catalogue(tmp_path: Path, *statements: str, saved: Path | None = None) -> bytes:
    path = tmp_path / "made.sqlite3"
    if saved:
        path.write_bytes(_members(saved)[MEMBER])
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.executescript(statement)
    connection.close()
    return path.read_bytes()


def _vouched(members: dict[str, bytes], content: bytes) -> dict[str, bytes]:
    """A backup whose manifest agrees with its file."""
    digest = hashlib.sha256(content).hexdigest()
    named = _told(members, lambda said: said["members"].update({MEMBER: [len(content), digest, 5]}))  # type: ignore[attr-defined]
    return {**members, MANIFEST: named[MANIFEST], MEMBER: content}


@pytest.mark.parametrize(
    "statement",
    ["CREATE TRIGGER t AFTER INSERT ON answers BEGIN DELETE FROM documents; END", "CREATE VIEW v AS SELECT * FROM meta",
     "CREATE TABLE other (x)", "DELETE FROM chunks", "PRAGMA foreign_keys = OFF; DELETE FROM sources",
     "UPDATE documents SET text = 'x'", "PRAGMA user_version = 99"],
)  # fmt: skip
def test_a_catalogue_that_dossier_did_not_write_so_is_refused(saved: Path, tmp_path: Path, statement: str) -> None:
    content = _catalogue(tmp_path, statement, saved=saved)
    _refused(_packed(tmp_path / "b", _vouched(_members(saved), content)), tmp_path / "data")


def test_a_catalogue_cannot_name_an_index_elsewhere(saved: Path, tmp_path: Path) -> None:
    elsewhere = "UPDATE generations SET id = '../../../elsewhere', clean = 1; UPDATE meta SET value = '../../../elsewhere' WHERE name = 'live_generation'"
    (tmp_path / "elsewhere").mkdir()
    restore(
        _packed(tmp_path / "b", _vouched(_members(saved), _catalogue(tmp_path, elsewhere, saved=saved))),
        tmp_path / "data",
    )
    with own(tmp_path / "data") as data:
        assert data.collection("default", WordHashEmbedder()).generation.startswith("gen_")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def _interrupted_at(stage: str) -> Callable[[str, int, int], None]:
    def progress(now: str, done: int, total: int) -> None:
        if now == stage:
            raise KeyboardInterrupt

    return progress


KILLED = """
import os, signal, sys
from pathlib import Path
from index.backup import backup

def progress(stage, done, total):
    if stage == sys.argv[3]:
        print("there", flush=True)
        if sys.argv[4] == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        sys.stdin.read()

backup(Path(sys.argv[1]), Path(sys.argv[2]), progress=progress)
"""


def _backing_up(data: Path, file: Path, stage: str, end: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(data), str(file), stage, end],
        cwd=Path(__file__).resolve().parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"there\n"
    return process


@pytest.mark.parametrize("stage", ["copy", "pack"])
def test_what_a_killed_backup_left_is_gone_when_the_directory_is_used_again(tmp_path: Path, stage: str) -> None:
    with own(tmp_path / "data") as data:
        _filled(data, tmp_path / "files", count=2)
    (tmp_path / "to").mkdir()
    with _backing_up(tmp_path / "data", tmp_path / "to" / "b[1].tar.gz", stage, "die"):
        pass
    assert len(list((tmp_path / "to").iterdir())) == 1, "the kill left something"
    with own(tmp_path / "data") as data:
        assert list((tmp_path / "to").iterdir()) == []
        assert not list((tmp_path / "data").glob(".backup-*"))
        assert len(data.collection("default", WordHashEmbedder()).documents()) == 2


def test_a_backup_that_is_being_made_is_left_alone_and_one_that_was_not_noted_is_removed(tmp_path: Path) -> None:
    with own(tmp_path / "data") as data:
        _filled(data, tmp_path / "files", count=2)
    left = tmp_path / f".b.tar.gz.{'0' * 16}"
    left.mkdir()
    (left / "default").write_text("half a catalogue")
    with _backing_up(tmp_path / "data", tmp_path / "b.tar.gz", "pack", "wait") as process:
        assert not left.exists()
        with own(tmp_path / "data") as data:
            assert data.names() == ["default"]
        process.communicate()
    assert process.returncode == 0
    assert restore(tmp_path / "b.tar.gz", tmp_path / "other").documents == {"default": 2}
