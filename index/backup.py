"""One file that holds the truth of a data directory, and the way back from it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from index.archive import Archive, Manifest, Member, digest_of, open_archive, write_archive
from index.catalogue import FILE_NAME, Catalogue, count_rows
from index.directory import ASIDE, FOLDER, NAME
from index.errors import BackupRefused, StorageFailed
from index.faults import catalogue_faults
from index.generation import forget_generation
from index.held_originals import hold_originals, kept_in
from index.leftovers import aside
from index.originals import FOLDER as ORIGINALS
from index.owner import OwnerLock
from index.schema import SCHEMA_VERSION, connect, schema_names, storage_errors

_PAGES = 1_024
_MARGIN_BYTES = 64 * 1024 * 1024
_MEMBER = re.compile(rf"{FOLDER}/{NAME.pattern}/(?:{re.escape(FILE_NAME)}|{ORIGINALS}/[0-9a-f]{{64}})")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds.

    Attributes:
        documents: How many, by collection.
        size_bytes: Size of the backup file.
        written_at: When it was made, ISO 8601.
    """

    file: Path
    documents: dict[str, int]
    size_bytes: int
    written_at: str


def backup(data: Path, file: Path, *, force: bool = False, progress: Progress | None = None) -> BackupReport:
    """Write every collection of a data directory into one file, whoever owns the directory meanwhile.

    Each collection is copied as it is at one moment; answering and ingesting go on. In it: documents with their texts, vectors,
    corrections, kept answers and feedback, and the originals of the documents. Not in it: the search indexes, which are built anew from the vectors at the first
    open, and API keys, because a restore must not bring a revoked one back. What is erased later stays in older backups.

    It takes one core about four seconds for 100 MB of catalogue, most of it compression, and needs as much free space beside
    `file` as the catalogues and the backup take together, and on another disk than the data as the originals take.

    Args:
        data: The data directory.
        file: The backup; it appears whole or not at all.
        force: Replace a file that is there.
        progress: Told ("copy" | "check" | "pack", bytes or files done, of how many).

    Raises:
        BackupRefused: There is nothing to keep, or `file` is there already, or lies in the data directory.
        StorageFailed: A catalogue is damaged, or the disk is full.
    """
    data, file = data.absolute(), file.absolute()
    names = _collections(data)
    if not names:
        raise BackupRefused(f"There is no collection in {data}. Run: dossier index FOLDER")
    if file.resolve().is_relative_to(data.resolve()):
        raise BackupRefused(f"{file} lies in the data directory. Name a place outside of {data}.")
    told = progress or (lambda stage, done, total: None)
    with storage_errors(file), aside(file, data) as folder:
        _refuse_to_overwrite(file, force)
        paths = {f"{FOLDER}/{name}/{FILE_NAME}": folder / name for name in names}
        originals: dict[str, Path] = {}
        for number, (name, path) in enumerate(zip(names, paths.values(), strict=True)):
            _copy(data / FOLDER / name / FILE_NAME, path, lambda done, total: told("copy", done, total))
            _check(path, name)
            originals |= hold_originals(data / FOLDER / name, path, folder / f"{name}.{ORIGINALS}")
            told("check", number + 1, len(names))
        manifest = _described(paths, originals)
        paths |= originals
        done = _Sum("pack", sum(one.size_bytes for one in manifest.members.values()), told)
        written = folder / "backup"
        written.touch(mode=0o600)
        with written.open("wb") as stream:
            write_archive(stream, manifest, paths, done)
            stream.flush()
            os.fsync(stream.fileno())
        _refuse_to_overwrite(file, force)
        written.replace(file)
        _flush(file.parent)
    return _report(file, manifest)


def restore(file: Path, data: Path, *, progress: Progress | None = None) -> BackupReport:
    """Make the collections of a backup those of a data directory that has none.

    Nothing of it is visible before every byte is checked against the manifest and every catalogue against SQLite's checks and
    our own; the first open of each collection then builds its search indexes, and nothing is embedded again. About twice as fast as
    `backup`.

    Args:
        file: What `backup` wrote, by this version of Dossier or an older one.
        data: The data directory, missing or without collections; API keys that are in it stay.
        progress: Told ("unpack" | "check", bytes or files done, of how many).

    Raises:
        BackupRefused: The file is cut, altered or of a newer Dossier, or `data` has collections.
        DirectoryOwned: A running process owns `data`.
        StorageFailed: The disk is full or cannot be written.
    """
    data = data.absolute()
    told = progress or (lambda stage, done, total: None)
    if not file.is_file():
        raise BackupRefused(f"{file} is not a file. Name one that 'dossier backup' wrote.")
    with storage_errors(file), file.open("rb") as stream, open_archive(stream, _MEMBER) as archive:
        manifest = archive.manifest
        _refuse_what_cannot_be(manifest)
        with closing(OwnerLock(data)), storage_errors(data):
            if _collections(data) or any((data / FOLDER).glob("*")):
                raise BackupRefused(f"{data} holds collections already. Set DOSSIER_DATA to an empty directory.")
            unpacked = data / f"{ASIDE}{secrets.token_hex(8)}"
            try:
                _unpack(archive, unpacked, told)
                (unpacked / FOLDER).rename(data / FOLDER)
                _flush(data)
            finally:
                shutil.rmtree(unpacked, ignore_errors=True)
    return _report(file.absolute(), manifest)


def _collections(data: Path) -> list[str]:
    return sorted(
        path.parent.name for path in (data / FOLDER).glob(f"*/{FILE_NAME}") if NAME.fullmatch(path.parent.name)
    )


def _refuse_to_overwrite(file: Path, force: bool) -> None:
    if file.is_dir() or (file.exists() and not force):
        raise BackupRefused(f"{file} is there already. Name another file, or add --force.")


def _copy(catalogue: Path, path: Path, counted: Callable[[int, int], None]) -> None:
    """Copy a catalogue as it is now. The copy reads one transaction, so what is written meanwhile neither shows nor delays it."""
    with (
        storage_errors(catalogue),
        closing(connect(catalogue, readonly=True)) as source,
        closing(sqlite3.connect(path)) as target,
    ):
        size = int(source.execute("PRAGMA page_size").fetchone()[0])
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM meta").fetchone()
        source.backup(
            target, pages=_PAGES, progress=lambda status, left, total: counted((total - left) * size, total * size)
        )
        target.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it


def _check(path: Path, name: str) -> None:
    with closing(connect(path, readonly=True)) as connection:
        said = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
    if said != ["ok"]:
        raise StorageFailed(f"The catalogue of collection {name!r} is damaged: {said[0]}. Run: dossier doctor")


def _described(paths: dict[str, Path], originals: dict[str, Path]) -> Manifest:
    members = {name: Member(path.stat().st_size, digest_of(path), count_rows(path)[0]) for name, path in paths.items()}
    members |= {name: Member(path.stat().st_size, path.name, 0) for name, path in originals.items()}
    schema = max(map(_schema_of, paths.values()))
    return Manifest(version("dossier-rag"), schema, datetime.now(UTC).isoformat(timespec="seconds"), members)


def _schema_of(path: Path) -> int:
    with closing(connect(path, readonly=True)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _refuse_what_cannot_be(manifest: Manifest) -> None:
    if manifest.schema > SCHEMA_VERSION:
        raise BackupRefused(
            f"Dossier {manifest.application:.20} wrote it with schema {manifest.schema}; this one reads up to {SCHEMA_VERSION}. "
            "Run: pip install --upgrade dossier"
        )
    if not manifest.members:
        raise BackupRefused("It holds no collection. Take another backup.")


def _unpack(archive: Archive, folder: Path, told: Progress) -> None:
    """Write every catalogue aside and look whether it is one."""
    members = archive.manifest.members
    total = sum(one.size_bytes for one in members.values())
    folder.mkdir(mode=0o700)
    free = shutil.disk_usage(folder).free
    if free < total + _MARGIN_BYTES:
        raise StorageFailed(f"It needs {total // 1_000_000} MB below {folder.parent}, {free // 1_000_000} MB are free.")

    def target(name: str) -> BinaryIO:
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")

    archive.unpack(target, _Sum("unpack", total, told))
    for number, (name, one) in enumerate(members.items(), 1):
        if name.endswith(f"/{FILE_NAME}"):
            _check_restored(folder / name, one)
        _to_disk(folder / name)
        told("check", number, len(members))


def _check_restored(path: Path, said: Member) -> None:
    """Bring a catalogue to this schema and look at all of it; it may hold nothing that Dossier did not put there. Raises BackupRefused."""
    try:
        with closing(connect(path, readonly=True)) as connection:
            found = {tuple(row) for row in connection.execute("SELECT type, name FROM sqlite_master")}
        if not found <= schema_names():
            raise BackupRefused("Its catalogues hold tables that are not of Dossier. Take another backup.")
        with closing(Catalogue(path)) as catalogue:
            forget_generation(catalogue)
            faults = list(catalogue_faults(catalogue))
        documents = count_rows(path)[0]
        with closing(connect(path, readonly=True)) as connection:
            named = kept_in(connection)
    except (StorageFailed, sqlite3.Error) as error:
        raise BackupRefused(f"One of its catalogues cannot be read: {error}") from error
    if faults or documents != said.documents:
        raise BackupRefused(f"One of its catalogues is damaged: {'; '.join(faults) or 'documents are missing'}.")
    folder = path.parent / ORIGINALS
    held = {one.name: one.stat().st_size for one in folder.iterdir()} if folder.is_dir() else {}
    if named != held:
        raise BackupRefused("Its catalogues name other originals than it holds. Take another backup.")


def _to_disk(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


class _Sum:
    """Adds up bytes and tells how many of how many are done."""

    def __init__(self, stage: str, total: int, told: Progress) -> None:
        self._stage, self._total, self._told, self._done = stage, total, told, 0

    def __call__(self, count: int) -> None:
        self._done += count
        self._told(self._stage, self._done, self._total)


def _flush(directory: Path) -> None:
    """Force a rename to the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _report(file: Path, manifest: Manifest) -> BackupReport:
    catalogues = {name: one for name, one in manifest.members.items() if name.endswith(f"/{FILE_NAME}")}
    documents = {name.split("/")[1]: one.documents for name, one in catalogues.items()}
    return BackupReport(file, documents, file.stat().st_size, manifest.written_at)
