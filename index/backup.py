"""One file that holds a data directory's truth, and the way back from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds.

    Attributes:
        documents: Documents by collection.
        size_bytes: Size of the backup file.
        written_at: When it was made, ISO 8601.
    """

    file: Path
    documents: dict[str, int]
    size_bytes: int
    written_at: str


def backup(data: Path, file: Path, *, force: bool = False, progress: Progress | None = None) -> BackupReport:
    """Write every collection of a data directory into one file. See docs/running.md."""
    raise NotImplementedError


def restore(file: Path, data: Path, *, progress: Progress | None = None) -> BackupReport:
    """Make a data directory, missing or empty until now, of a backup. See docs/running.md."""
    raise NotImplementedError
