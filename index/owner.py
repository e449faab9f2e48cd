"""One process owns a data directory, by an operating system lock that ends with the process.

The lock is on the directory itself: a file of locks invites to be deleted, and whoever makes a new one holds another lock. The file
only says who it is.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from index.errors import DirectoryOwned, StorageFailed
from index.schema import storage_errors

FILE_NAME = "owner.lock"
_WAIT_S = 0.5
_STEP_S = 0.02
_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that owns a data directory; `url` is its server, if it serves one."""

    pid: int
    since: str
    url: str | None = None


class OwnerLock:
    """Holds a data directory for this process until `close` or the end of the process.

    Args:
        directory: The data directory; created, readable by its owner only, when missing.

        shared: Hold it together with others that only read, and write nothing.

    Raises:
        DirectoryOwned: Another process holds it; known within a second.
        StorageFailed: The directory cannot be written.
    """

    def __init__(self, directory: Path, *, shared: bool = False) -> None:
        self.path = directory / FILE_NAME
        self._shared = shared
        with storage_errors(self.path):
            if not shared:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._directory = _open_directory(directory)
        try:
            self._acquire(directory)
            self._owner = Owner(os.getpid(), datetime.now(UTC).isoformat(timespec="seconds"))
            if not shared:
                self._write()
        except BaseException:
            os.close(self._directory)
            raise

    def _acquire(self, directory: Path) -> None:
        """A reader that only looks holds the lock for an instant, so one refusal is not the last word."""
        deadline = time.monotonic() + _WAIT_S
        while True:
            try:
                fcntl.flock(self._directory, (fcntl.LOCK_SH if self._shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise _owned(directory, _told(directory)) from None
                time.sleep(_STEP_S)
            except OSError as error:
                raise StorageFailed(
                    f"{directory} cannot be locked ({error.strerror}). Set DOSSIER_DATA to a directory on a local disk."
                ) from error

    def announce(self, url: str) -> None:
        """Say where this process serves the directory, for other processes."""
        self._owner = Owner(self._owner.pid, self._owner.since, url)
        if not self._shared:
            self._write()

    def close(self) -> None:
        """Give the directory back."""
        if self._directory >= 0:
            descriptor, self._directory = self._directory, -1
            os.close(descriptor)

    def _write(self) -> None:
        content = json.dumps({"pid": self._owner.pid, "since": self._owner.since, "url": self._owner.url}).encode()
        with storage_errors(self.path):
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.pwrite(descriptor, content, 0)
                os.ftruncate(descriptor, len(content))
            finally:
                os.close(descriptor)


def read_owner(directory: Path) -> Owner | None:
    """The process that owns the directory now, or None. What a dead process left behind does not count."""
    try:
        descriptor = _open_directory(directory)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _told(directory)
    except OSError:
        return None
    else:
        return None
    finally:
        os.close(descriptor)


def _open_directory(directory: Path) -> int:
    return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _told(directory: Path) -> Owner:
    """What the file says of the owner; one that has not written yet, or whose file is gone, is process 0."""
    try:
        descriptor = os.open(directory / FILE_NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            content = json.loads(os.pread(descriptor, _MAX_BYTES, 0))
        finally:
            os.close(descriptor)
        url = content["url"]
        return Owner(int(content["pid"]), str(content["since"]), None if url is None else str(url))
    except (OSError, ValueError, KeyError, TypeError):
        return Owner(0, "just now")


def _owned(directory: Path, owner: Owner) -> DirectoryOwned:
    if owner.url:
        mend = f"It serves {owner.url}: use that address, or stop it ('kill {owner.pid}')."
    else:
        mend = f"Wait for it to end, stop it ('kill {owner.pid}'), or set DOSSIER_DATA to another directory."
    return DirectoryOwned(f"{directory} is in use by process {owner.pid} since {owner.since}. {mend}", url=owner.url)
