"""The originals that go into a backup: held on to while it is written, whatever is removed meanwhile."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from index import checksums
from index.archive import digest_of
from index.catalogue import FILE_NAME
from index.directory import FOLDER
from index.errors import StorageFailed
from index.originals import FOLDER as ORIGINALS
from index.schema import connect, storage_errors


def hold_originals(collection: Path, copy: Path, target: Path) -> dict[str, Path]:
    """Hold on to every original that a copied catalogue names, as links where the disk is the same.

    One whose document was removed since the catalogue was copied is left out, and the copy says so.
    """
    target.mkdir(mode=0o700)
    held: dict[str, Path] = {}
    with storage_errors(copy), closing(connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        named = set(kept_in(connection))
        if named:
            checksums.watch(connection)
        for sha256 in sorted(named):
            path = target / sha256
            if (collection / ORIGINALS / sha256).is_symlink():
                raise _damaged(collection.name)
            try:
                _link(collection / ORIGINALS / sha256, path)
            except FileNotFoundError:
                with closing(connect(collection / FILE_NAME, readonly=True)) as live:
                    if sha256 in kept_in(live):
                        raise _damaged(collection.name) from None
                connection.execute("DELETE FROM originals WHERE sha256 = ?", (sha256,))
                continue
            if digest_of(path) != sha256:
                raise _damaged(collection.name)
            held[f"{FOLDER}/{collection.name}/{ORIGINALS}/{sha256}"] = path
    return held


def kept_in(connection: sqlite3.Connection) -> dict[str, int]:
    """The originals that a catalogue names, with their sizes; none in one of an older Dossier."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'originals'").fetchone():
        return {}
    return dict(connection.execute("SELECT sha256, size_bytes FROM originals").fetchall())


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target, follow_symlinks=False)


def _damaged(name: str) -> StorageFailed:
    return StorageFailed(
        f"Originals of collection {name!r} are missing or changed. Run: dossier rebuild --collection {name}"
    )
