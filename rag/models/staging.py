"""Where a model is put together before it appears: beside its place, kept for the next try, moved there whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from index.errors import ModelUnavailable, StorageFailed
from rag.models.local import STAGED, file_of
from rag.models.table import File, Model

Report = Callable[[int, int], None]
BLOCK_BYTES = 1 << 20
_SCRATCH = "scratch-"
_SPARE_BYTES = 16 * BLOCK_BYTES
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Staging:
    """What has come of one model so far.

    Args:
        folder: The folder of models.
        kind: Of the source: what one kind has left is of no use to another.
    """

    def __init__(self, model: Model, folder: Path, kind: str) -> None:
        self.model = model
        self.folder = folder
        self.root = folder / STAGED / model.name / kind
        self.root.mkdir(parents=True, exist_ok=True)
        for left in self.root.glob(f"{_SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)

    def file(self, name: str) -> Path:
        """Where a file of the model is put together; its folder is there."""
        path = self.root / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def joined(self) -> Path:
        """Where parts are joined: the model's one file, or an archive of its files."""
        return self.file(self.model.files[0].path) if self.model.unpack is None else self.root / "joined.zip"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty folder on the same disk, gone afterwards."""
        with TemporaryDirectory(dir=self.root, prefix=_SCRATCH, ignore_cleanup_errors=True) as path:
            yield Path(path)

    def need(self, size_bytes: int) -> None:
        """Raises StorageFailed when the disk has no room for so many bytes more."""
        free = shutil.disk_usage(self.root).free
        if free < size_bytes + _SPARE_BYTES:
            raise StorageFailed(
                f"Model '{self.model.name}' needs {_mb(size_bytes + _SPARE_BYTES)} more in {self.folder}, and {_mb(free)} are free. "
                "Free some, or set DOSSIER_MODELS to a folder on another disk."
            )

    def prove(self) -> None:
        """Check every file's size and hash; one that differs is deleted. Raises ModelUnavailable."""
        for file in self.model.files:
            path = self.file(file.path)
            if (found := digest(path)) != (file.size_bytes, file.sha256):
                path.unlink(missing_ok=True)
                raise ModelUnavailable(
                    f"{file.path} of model '{self.model.name}' is not the published file: {_unlike(found, file)}. It was deleted. "
                    f"Run again: dossier models get {self.model.name}, with another --from PLACE if it came from one."
                )

    def publish(self, path: Path) -> None:
        """Put the model in its place, in one step; what was there goes."""
        for file in self.model.files:
            descriptor = os.open(self.file(file.path), os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        made = self.root / "files" / (self.model.files[0].path if len(self.model.files) == 1 else "")
        if path.is_dir() or (path.exists() and made.is_dir()):
            path.rename(self.root / f"{_SCRATCH}old")
        made.replace(path)
        shutil.rmtree(self.root.parent, ignore_errors=True)


@contextmanager
def staging(model: Model, folder: Path, kind: str) -> Iterator[Staging]:
    """The staging of a model from one kind of source, held by this process alone.

    Raises:
        StorageFailed: The disk is full or cannot be written, also while the block runs.
        ModelUnavailable: Another process fetches or removes models here.
    """
    with disk_errors(folder), alone(folder):
        yield Staging(model, folder, kind)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time fetches or removes models of a folder."""
    (folder / STAGED).mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / STAGED / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelUnavailable(
                f"Another dossier changes the models in {folder} now. Wait until it has ended, then run the command again."
            ) from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the operating system says about the disk of the models into one StorageFailed."""
    try:
        yield
    except OSError as error:
        said = error.strerror or str(error)
        if error.errno in _FULL:
            raise StorageFailed(
                f"The disk is full: {folder} takes no more ({said}). What has come is kept. Free some space and run the command "
                "again, or set DOSSIER_MODELS to a folder on another disk."
            ) from error
        raise StorageFailed(
            f"{error.filename or folder} cannot be used: {said}. Make {folder} writable, or set DOSSIER_MODELS to another folder."
        ) from error


def is_whole(model: Model, path: Path) -> bool:
    """Whether the model at `path` has every file with its published hash."""
    return all(digest(file_of(model, path, file.path)) == (file.size_bytes, file.sha256) for file in model.files)


def digest(path: Path) -> tuple[int, str]:
    """Size and sha256 of a file; (0, "") when there is none."""
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            return size, digest_of(stream, size)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return 0, ""


def digest_of(stream: BinaryIO, size_bytes: int) -> str:
    """sha256 of the next `size_bytes` of a stream."""
    found = hashlib.sha256()
    while size_bytes > 0 and (block := stream.read(min(BLOCK_BYTES, size_bytes))):
        found.update(block)
        size_bytes -= len(block)
    return found.hexdigest()


def _unlike(found: tuple[int, str], file: File) -> str:
    if found[0] != file.size_bytes:
        return f"{found[0]:,} bytes instead of {file.size_bytes:,}"
    return f"sha256 {found[1]} instead of {file.sha256}"


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):,.0f} MB"
