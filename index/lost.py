"""A catalogue that was lost: none, or one that never held anything, beside search indexes that were built from one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from index.catalogue import FILE_NAME, Catalogue
from index.errors import StorageFailed
from index.generation import read_record
from index.generations import FOLDER


def holds_collection(directory: Path) -> bool:
    """Whether a directory is, or was, a collection's."""
    return (directory / FILE_NAME).is_file() or any(_indexes(directory))


def refuse_lost_file(directory: Path) -> None:
    """Before the catalogue is opened, which would make a new one. Raises StorageFailed."""
    file = directory / FILE_NAME
    size = file.stat().st_size if file.is_file() else None
    if not size and (any(_indexes(directory)) or _size(file.with_name(f"{FILE_NAME}-wal"))):
        raise _lost(directory, "is missing" if size is None else "is empty")


def refuse_lost_rows(directory: Path, catalogue: Catalogue) -> None:
    """Before indexes that it does not name are removed as what a cut-off build left. Raises StorageFailed."""
    if catalogue.sequence or catalogue.chunk_count() or read_record(catalogue) is not None:
        return
    if any(_is_filled(index) for index in _indexes(directory)):
        raise _lost(directory, "never held a document")


def refuse_lost(directory: Path) -> None:
    """Both, for a collection that nobody has open. Raises StorageFailed."""
    refuse_lost_file(directory)
    if (directory / FILE_NAME).is_file():
        with closing(Catalogue(directory / FILE_NAME, readonly=True)) as catalogue:
            refuse_lost_rows(directory, catalogue)


def _indexes(directory: Path) -> list[Path]:
    folder = directory / FOLDER
    return [one for one in folder.iterdir() if one.is_dir()] if folder.is_dir() else []


def _is_filled(index: Path) -> bool:
    """Neither library makes these files for an index that never held anything."""
    return any(index.glob("lexical/*.store")) or (index / "chroma" / "chroma.sqlite3").is_file()


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _lost(directory: Path, how: str) -> StorageFailed:
    return StorageFailed(
        f"The catalogue {directory / FILE_NAME} {how}, but search indexes that were built from one lie beside it: its documents "
        f"are lost. Nothing is removed because of that. Put the file or a backup back, or, to begin anew: rm -r {directory}"
    )
