"""A data directory while one process owns it, and the collections in it."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Self

from index.catalogue import FILE_NAME, count_rows
from index.collection import Collection
from index.errors import StorageFailed, UnknownCollection
from index.leftovers import remove_leftovers
from index.lost import holds_collection, refuse_lost_file
from index.owner import OwnerLock
from index.pictures import PagePainter
from index.protocols import Embedder
from index.reading import FileParser, Splitter
from index.schema import can_write, storage_errors
from index.stored import Counts

if TYPE_CHECKING:
    from index.sandbox import ParserProcess

FOLDER = "collections"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
ASIDE = ".restoring-"  # a restore that is not done
MAX_FILE_BYTES = 25 * 1024 * 1024
PICTURE_S = 10

_REMOVED = ".removed-"


class DataDirectory:
    """A data directory while this process owns it. Use `own`."""

    def __init__(
        self,
        path: Path,
        lock: OwnerLock,
        *,
        parser: FileParser | None,
        splitter: Splitter | None,
        max_file_bytes: int,
        keep_originals: bool = True,
        readonly: bool = False,
    ) -> None:
        self.path = path
        self._owner = lock
        self._parser = parser
        self._painter: ParserProcess | None = None
        self._splitter = splitter
        self._max_file_bytes = max_file_bytes
        self._keep_originals = keep_originals
        self._copies = TemporaryDirectory(prefix="dossier-read-", ignore_cleanup_errors=True) if readonly else None
        self._lock = threading.Lock()
        self._open: dict[str, Collection] = {}

    @classmethod
    def own(
        cls,
        path: Path,
        *,
        parser: FileParser | None = None,
        splitter: Splitter | None = None,
        max_file_bytes: int = MAX_FILE_BYTES,
        keep_originals: bool = True,
    ) -> DataDirectory:
        """Take the directory for this process; it is created when missing. One that cannot be written is taken to be read.

        Args:
            path: The data directory.
            parser: File to text; parsing in a child process with limits when left out.
            splitter: Text to chunks; `index.split.split` with the embedder's limits when left out.
            max_file_bytes: Largest file that is read.
            keep_originals: Whether the bytes of files that go in are kept beside the catalogue.

        Raises:
            DirectoryOwned: Another process has it.
            StorageFailed: It cannot be written.
        """
        path = path.absolute()
        readonly = path.is_dir() and not can_write(path)
        owned = cls(
            path,
            OwnerLock(path, shared=readonly),
            parser=parser,
            splitter=splitter,
            max_file_bytes=max_file_bytes,
            keep_originals=keep_originals,
            readonly=readonly,
        )
        if readonly:
            return owned
        for left in [*(path / FOLDER).glob(f"{_REMOVED}*"), *path.glob(f"{ASIDE}*")]:
            shutil.rmtree(left, ignore_errors=True)
        remove_leftovers(path)
        return owned

    def announce(self, url: str) -> None:
        """Say where this process serves the directory, for other processes that want it."""
        self._owner.announce(url)

    def names(self) -> list[str]:
        """Names of the collections, sorted; one whose catalogue is lost is still named."""
        folder = self.path / FOLDER
        if not folder.is_dir():
            return []
        return sorted(
            entry.name for entry in folder.iterdir() if NAME.fullmatch(entry.name) and holds_collection(entry)
        )

    def collection(self, name: str, embedder: Embedder, *, create: bool = False) -> Collection:
        """Open a collection, or return it when it is open.

        Raises:
            UnknownCollection: There is none of that name, and `create` is false.
            ValueError: The name of a collection to create breaks the rule.
            StorageFailed: Its files are damaged or cannot be written.
        """
        with self._lock:
            if name in self._open:
                return self._open[name]
            if create and not NAME.fullmatch(name):
                raise ValueError(
                    f"name must be 1 to 63 of a-z, 0-9, '_', '-' and begin with a letter or digit, got {name!r}"
                )
            directory = self.path / FOLDER / name
            if not create:
                directory = self._directory_of(name)
            elif self._copies is not None and not holds_collection(directory):
                raise self._cannot_be_written()
            if self._copies is not None:
                directory = _copied(directory, Path(self._copies.name))
            opened = Collection(
                directory,
                embedder,
                parser=self._shared_parser,
                painter=self._shared_painter,
                splitter=self._splitter,
                max_file_bytes=self._max_file_bytes,
                keep_originals=self._keep_originals,
                readonly=self._copies is not None,
            )
            self._open[name] = opened
            return opened

    def size(self, name: str) -> Counts:
        """How much a collection holds; it need not be open. Raises UnknownCollection, StorageFailed."""
        directory = self._directory_of(name)
        refuse_lost_file(directory)
        return count_rows(directory / FILE_NAME)

    def remove(self, name: str) -> None:
        """Delete a collection and everything in it. It is out of reach at once, whatever still runs in it.

        Raises:
            UnknownCollection: There is none of that name.
            StorageFailed: Some of its files are left; the next start removes them.
        """
        with self._lock:
            directory = self._directory_of(name)
            if self._copies is not None:
                raise self._cannot_be_written()
            aside = directory.with_name(f"{_REMOVED}{secrets.token_hex(8)}")
            with storage_errors(directory):
                directory.rename(aside)  # a crash from here on leaves nothing that could be opened
            opened = self._open.pop(name, None)
        try:
            if opened is not None:
                opened.close()  # waits for what is being read or written
        finally:
            _delete(aside)

    def _cannot_be_written(self) -> StorageFailed:
        return StorageFailed(f"{self.path} cannot be written. Make it writable: chmod -R u+rwX {self.path}")

    def _directory_of(self, name: str) -> Path:
        directory = self.path / FOLDER / name
        if not NAME.fullmatch(name) or not holds_collection(directory):
            raise UnknownCollection(
                f"There is no collection {name!r} in {self.path}. Run: dossier index FOLDER --collection NAME"
            )
        return directory

    def _shared_parser(self) -> FileParser:
        with self._lock:
            if self._parser is None:
                from index.sandbox import ParserLimits, ParserProcess

                self._parser = ParserProcess(ParserLimits(max_bytes=self._max_file_bytes))
            return self._parser

    def _shared_painter(self) -> PagePainter:
        """A child of its own: a page that somebody looks at does not wait for a long file that goes in."""
        with self._lock:
            if self._painter is None:
                from index.sandbox import ParserLimits, ParserProcess

                limits = ParserLimits(max_bytes=self._max_file_bytes, cpu_s=PICTURE_S, wall_s=PICTURE_S)
                self._painter = ParserProcess(limits)
            return self._painter

    def close(self) -> None:
        """Close every collection, then give the directory back."""
        with self._lock:
            opened, self._open = list(self._open.values()), {}
            children: tuple[FileParser | ParserProcess | None, ...] = (self._parser, self._painter)
            self._parser = self._painter = None
        try:
            for collection in opened:
                collection.close()
            for child in children:
                if child is not None:
                    child.close()
        finally:
            if self._copies is not None:
                self._copies.cleanup()
            self._owner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _copied(directory: Path, to: Path) -> Path:
    """A collection's files in a private place, because both libraries of the search indexes write even to search.

    Raises:
        StorageFailed: The catalogue is lost, or there is no room.
    """
    refuse_lost_file(directory)
    with storage_errors(to):
        copy = Path(shutil.copytree(directory, to / directory.name, ignore=shutil.ignore_patterns("*-shm", "*.lock")))
        for place in (copy, *copy.rglob("*")):
            place.chmod(0o700)
    return copy


def _delete(directory: Path) -> None:
    """Delete a directory and look whether it is gone. Raises StorageFailed."""
    shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        raise StorageFailed(f"Some files of a removed collection are left in {directory}. Remove that folder.")
