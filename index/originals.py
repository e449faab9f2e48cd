"""The bytes of every file as they came, one file for each content, named by its SHA-256 in a folder beside the catalogue."""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from index.catalogue import Catalogue
from index.errors import FileRefused, NoOriginal
from index.schema import storage_errors

FOLDER = "originals"
_STAGED = ".part-"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_RUN_BYTES = 64
_RUNS = 200
_DISTINCT_BYTES = 16

_UNSOURCED = "NOT EXISTS (SELECT 1 FROM sources WHERE sources.sha256 = originals.sha256)"


@dataclass(frozen=True, slots=True)
class Original:
    """The file that a document was read from.

    Attributes:
        name: The name that it had.
        path: Where its bytes are kept.
    """

    name: str
    media_type: str
    size_bytes: int
    sha256: str
    path: Path

    def content(self) -> bytes:
        """The bytes, which are those that were read, or NoOriginal."""
        from index.load.limits import read_regular_file  # see `index.files`: few commands need it

        try:
            content = read_regular_file(self.path, self.size_bytes)
        except FileRefused:
            content = b""
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise NoOriginal(f"The original {self.name!r} is damaged or missing. Run: dossier doctor")
        return content


class Originals:
    """The kept files of one collection.

    A file is on the disk before the catalogue names it, and the catalogue forgets it before the file goes; what a crash leaves
    between the two is a file that nothing names, and `sweep` removes it. Whoever settles or sweeps holds the lock of the
    generations, as whoever changes documents does.

    Args:
        catalogue: Says which are kept; a source has the original whose SHA-256 it has.
        directory: The collection's directory.
    """

    def __init__(self, catalogue: Catalogue, directory: Path) -> None:
        self._catalogue = catalogue
        self.folder = directory / FOLDER
        with storage_errors(self.folder):
            self.folder.mkdir(mode=0o700, exist_ok=True)

    def kept(self) -> dict[str, int]:
        """Size of every original by its SHA-256."""
        with self._catalogue.reading() as connection:
            return dict(connection.execute("SELECT sha256, size_bytes FROM originals"))

    def of(self, document_id: str) -> Original:
        """The original of a document: that of its first source that has one. Raises UnknownDocument, NoOriginal."""
        with self._catalogue.reading() as connection:
            row = connection.execute(
                """SELECT source, originals.media_type, originals.size_bytes, sha256 FROM sources JOIN originals USING (sha256)
                WHERE document = ? ORDER BY source LIMIT 1""",
                (document_id,),
            ).fetchone()
        if row is None:
            self._catalogue.document(document_id)
            raise NoOriginal(
                "The file of this document is not kept. Set DOSSIER_KEEP_ORIGINALS=true and index the file again."
            )
        return self._original(*row)

    def only_of(self, document_id: str) -> list[Original]:
        """The originals that a document has and no other one."""
        with self._catalogue.reading() as connection:
            rows = connection.execute(
                """SELECT min(source), originals.media_type, originals.size_bytes, sha256 FROM sources JOIN originals USING (sha256)
                GROUP BY sha256 HAVING min(document) = ?1 AND max(document) = ?1""",
                (document_id,),
            ).fetchall()
        return [self._original(*row) for row in rows]

    def stage(self, content: bytes) -> Path:
        """Write bytes aside, durably; nothing names them before `settle`."""
        path = self.folder / f"{_STAGED}{secrets.token_hex(16)}"
        with storage_errors(path), os.fdopen(os.open(path, _NEW, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return path

    def unstage(self, staged: Sequence[Path]) -> None:
        """Remove what of it was not settled."""
        with storage_errors(self.folder):
            for path in staged:
                path.unlink(missing_ok=True)

    def settle(self, connection: sqlite3.Connection, staged: Sequence[tuple[Path, str]]) -> None:
        """Keep what was staged, each under the SHA-256 of a source that is in the catalogue by now, inside its transaction."""
        if not staged:
            return
        with storage_errors(self.folder):
            for path, sha256 in staged:
                path.replace(self.folder / sha256)
            descriptor = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        connection.executemany(
            """INSERT OR IGNORE INTO originals SELECT sha256, size_bytes, documents.media_type
            FROM sources JOIN documents ON documents.id = sources.document WHERE sha256 = ? LIMIT 1""",
            [(sha256,) for _, sha256 in staged],
        )

    def sweep(self, *, staged: bool = False) -> None:
        """Forget the originals that no source has, and remove every file that the catalogue does not name.

        Args:
            staged: Also what is staged; only when nothing is being read.
        """
        with self._catalogue.reading() as connection:
            gone = connection.execute(f"SELECT 1 FROM originals WHERE {_UNSOURCED} LIMIT 1").fetchone()  # noqa: S608
        if gone:
            with self._catalogue.writing() as connection:
                connection.execute(f"DELETE FROM originals WHERE {_UNSOURCED}")  # noqa: S608
        kept = self.kept()
        with storage_errors(self.folder):
            for entry in list(os.scandir(self.folder)):
                if entry.name not in kept and (staged or not entry.name.startswith(_STAGED)):
                    Path(entry.path).unlink(missing_ok=True)

    def damaged(self) -> list[str]:
        """The SHA-256 of every original whose file is missing or holds other bytes."""
        return [sha256 for sha256, size in self.kept().items() if not self._is_whole(sha256, size)]

    def count_documents(self) -> int:
        """How many documents have an original."""
        with self._catalogue.reading() as connection:
            row = connection.execute("SELECT count(DISTINCT document) FROM sources JOIN originals USING (sha256)")
            return int(row.fetchone()[0])

    def names_of(self, hashes: Sequence[str]) -> list[str]:
        """The sources that have one of these originals, sorted."""
        wanted = set(hashes)
        return sorted(source for source, one in self._catalogue.sources().items() if one.sha256 in wanted)

    def renew(self) -> None:
        """Keep the files of every source that can still be had, and forget the originals that are damaged.

        A source whose original is missing or damaged is read again where it came from, if the same bytes are still there.
        """
        broken = set(self.damaged())
        whole = self.kept().keys() - broken
        staged: dict[str, Path] = {}
        for source, stored in self._catalogue.sources().items():
            if stored.sha256 not in whole and stored.sha256 not in staged:
                content = _same_bytes(source, stored.size_bytes, stored.sha256)
                if content is not None:
                    staged[stored.sha256] = self.stage(content)
        with self._catalogue.writing() as connection:
            connection.executemany("DELETE FROM originals WHERE sha256 = ?", [(one,) for one in broken - staged.keys()])
            self.settle(connection, [(path, sha256) for sha256, path in staged.items()])
        self.sweep(staged=True)

    def drop(self) -> None:
        """Keep none of them any longer."""
        with self._catalogue.writing() as connection:
            connection.execute("DELETE FROM originals")
        self.sweep(staged=True)

    def _original(self, source: str, media_type: str, size_bytes: int, sha256: str) -> Original:
        return Original(PurePath(source).name, media_type, size_bytes, sha256, self.folder / sha256)

    def _is_whole(self, sha256: str, size: int) -> bool:
        try:
            with storage_errors(self.folder), os.fdopen(os.open(self.folder / sha256, _READ), "rb") as file:
                if os.fstat(file.fileno()).st_size != size:
                    return False
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except Exception:  # noqa: BLE001 - whatever keeps it from being read, it is not there
            return False


def telling_runs(content: bytes) -> Iterator[bytes]:
    """Runs of bytes, evenly spread over a file, by which it is known again; padding is none."""
    last = max(0, len(content) - _RUN_BYTES)
    for start in sorted({last * number // _RUNS for number in range(_RUNS + 1)}):
        run = content[start : start + _RUN_BYTES]
        if len(set(run)) >= _DISTINCT_BYTES:
            yield run


def _same_bytes(source: str, size: int, sha256: str) -> bytes | None:
    """The content of the file that a source names, if it is what it was."""
    from index.load.limits import read_regular_file  # see `index.files`: few commands need it

    if not PurePath(source).is_absolute():
        return None
    try:
        content = read_regular_file(Path(source), size)
    except FileRefused:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
