"""Folders beside a backup's target in which it is put together, and the removal of those that a killed process left there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOTE = ".backup-"
"""Files of the data directory that say where a backup is being put together."""
_NOTE = re.compile(rf"{re.escape(NOTE)}(?P<token>[0-9a-f]{{16}})")


@contextmanager
def aside(file: Path, data: Path) -> Iterator[Path]:
    """A private folder on the disk of `file`; gone when the block ends, or when the next process looks after a kill.

    It is locked as long as it is in use, and noted in the data directory, if that can be written.
    """
    remove_leftovers(data)
    for left in file.parent.glob(f".{_escaped(file.name)}.*"):  # one that was not noted
        if re.fullmatch(r"[0-9a-f]{16}", left.name.rpartition(".")[2]):
            _remove(left)
    token = secrets.token_hex(8)
    folder, note = file.with_name(f".{file.name}.{token}"), data / f"{NOTE}{token}"
    with contextlib.suppress(OSError):
        note.write_text(str(folder), encoding="utf-8", errors="surrogateescape")
    try:
        folder.mkdir(mode=0o700)
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            note.unlink(missing_ok=True)


def remove_leftovers(data: Path) -> None:
    """Remove what killed backups of a data directory left: texts of documents that no erasure knows of."""
    for note in data.glob(f"{NOTE}*"):
        named = _NOTE.fullmatch(note.name)
        if named is None or note.is_symlink():
            continue
        with contextlib.suppress(OSError):
            folder = Path(note.read_text(encoding="utf-8", errors="surrogateescape"))
            if not folder.name.endswith(f".{named['token']}") or not folder.name.startswith(".") or _remove(folder):
                note.unlink()


def _remove(folder: Path) -> bool:
    """Remove a folder that nobody puts a backup together in; True when it is not there any more."""
    if folder.is_symlink() or not folder.is_dir():
        return True
    try:
        with _locked(folder):
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return False
    return not folder.exists()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Raises BlockingIOError when another process has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _escaped(name: str) -> str:
    """A name in which no character stands for others in a pattern."""
    return re.sub(r"([*?[])", r"[\1]", name)
