"""One pair of search indexes on the disk, and what the catalogue knows of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from index.catalogue import Catalogue
from index.checksums import TABLE
from index.dense import DenseIndex
from index.lexical import LexicalIndex
from index.schema import storage_errors

LIVE = "live_generation"
DROPPED = "dropped_chunks"


@dataclass(slots=True)
class Generation:
    """One pair of open indexes, and how many searches are in it."""

    id: str
    path: Path
    dense: DenseIndex
    lexical: LexicalIndex
    users: int = 0
    retired: bool = False

    @classmethod
    def open(cls, generation_id: str, path: Path, opening: Callable[[], None] = lambda: None) -> Generation:
        """Open the indexes of a directory; `opening` is called before the files of one are written to for the first time."""
        dense = DenseIndex(path / "chroma", opening)
        try:
            return cls(generation_id, path, dense, LexicalIndex(path / "lexical"))
        except BaseException:
            dense.close()
            raise

    def close(self) -> None:
        try:
            self.lexical.close()
        finally:
            self.dense.close()


@dataclass(frozen=True, slots=True)
class Record:
    """What the catalogue knows of a generation.

    Attributes:
        applied: The last change of the log that is in it.
        clean: It was closed in order and not written since; `manifest` then says what its files hold.
    """

    id: str
    applied: int
    clean: bool
    manifest: dict[str, str]


def read_record(catalogue: Catalogue) -> Record | None:
    """What the catalogue says of the live generation."""
    with catalogue.reading() as connection:
        row = connection.execute(
            "SELECT id, applied, clean, manifest FROM generations WHERE id = (SELECT value FROM meta WHERE name = ?)",
            (LIVE,),
        ).fetchone()
    return Record(row[0], row[1], bool(row[2]), json.loads(row[3])) if row else None


def forget_generation(catalogue: Catalogue) -> None:
    """The next open of the catalogue builds its search indexes from stored vectors, whatever lies beside it."""
    with catalogue.writing() as connection:
        connection.execute("DELETE FROM generations")
        connection.execute(f"DELETE FROM {TABLE} WHERE place = 'generations'")  # noqa: S608 - one that was altered went by another key
        connection.execute("DELETE FROM meta WHERE name IN (?, ?)", (LIVE, DROPPED))


def altered(record: Record, path: Path) -> list[str]:
    """Names of files that are not what they were when the generation was closed in order: damage, without further proof.

    None are known of a generation that was not closed in order, or was written to since.
    """
    if not record.clean:
        return []
    found = manifest(path)
    return sorted(
        name for name in record.manifest.keys() | found.keys() if record.manifest.get(name) != found.get(name)
    )


def manifest(path: Path, *, flush: bool = False) -> dict[str, str]:
    """Hash of every file below `path`: a generation whose files differ from their manifest is checked before it is opened.

    Args:
        path: The generation's directory.
        flush: Also force every file to the disk.
    """
    found = {}
    with storage_errors(path):
        for file in sorted(path.rglob("*")):
            if not file.is_file() or file.is_symlink():
                continue
            with file.open("rb") as stream:
                found[str(file.relative_to(path))] = hashlib.file_digest(stream, "blake2b").hexdigest()[:32]
                if flush:
                    os.fsync(stream.fileno())
    return found
