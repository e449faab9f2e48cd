"""The backup file: a manifest, then the files it names, in one tar.gz; and reading one that nobody vouches for."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from index.errors import BackupRefused

FORMAT = 1
MANIFEST = "manifest.json"
BLOCK_BYTES = 1024 * 1024

_COMPRESSION = 3  # half of it is vectors, which hardly shrink
_MAX_MANIFEST_BYTES = 64 * BLOCK_BYTES  # about 300,000 files
_MAX_PADDING_BYTES = 64 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")

Counted = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a backup: its size, its SHA-256, and how many documents are in it."""

    size_bytes: int
    sha256: str
    documents: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        application: The version of Dossier that wrote it.
        schema: The newest schema among its files.
        written_at: ISO 8601.
        members: By name, in the order in which they follow.
    """

    application: str
    schema: int
    written_at: str
    members: Mapping[str, Member]


def write_archive(stream: BinaryIO, manifest: Manifest, paths: Mapping[str, Path], counted: Counted) -> None:
    """Write the manifest and the files it names; `counted` is told how many bytes went in."""
    members = {name: [one.size_bytes, one.sha256, one.documents] for name, one in manifest.members.items()}
    said = {
        "format": FORMAT,
        "application": manifest.application,
        "schema": manifest.schema,
        "written_at": manifest.written_at,
        "members": members,
    }
    content = json.dumps(said, separators=(",", ":")).encode()
    if len(content) > _MAX_MANIFEST_BYTES:
        raise BackupRefused(
            f"{len(members):,} files are more than a backup holds. Set DOSSIER_KEEP_ORIGINALS=false and run dossier rebuild, "
            "or copy the data directory while nothing runs."
        )
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=_COMPRESSION, format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(_entry(MANIFEST, len(content)), io.BytesIO(content))
        for name, one in manifest.members.items():
            with _Counting(paths[name], counted) as file:
                archive.addfile(_entry(name, one.size_bytes), file)


def digest_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Archive:
    """A backup that is read from front to back. Names, kinds, sizes and hashes must be those of its manifest. Use `open_archive`."""

    def __init__(self, tar: tarfile.TarFile, rest: gzip.GzipFile, allowed: re.Pattern[str]) -> None:
        self._tar = tar
        self._rest = rest
        first = self._next(MANIFEST)
        if first.size > _MAX_MANIFEST_BYTES:
            raise _refused("its manifest is too large")
        self.manifest = _manifest(b"".join(self._blocks(first)), allowed)

    def unpack(self, target: Callable[[str], BinaryIO], counted: Counted) -> None:
        """Write every member to where `target` opens its name. Raises BackupRefused at the first that is not as it was written."""
        with _damage():
            for name, one in self.manifest.members.items():
                member = self._next(name)
                if member.size != one.size_bytes:
                    raise _refused(f"{name} has not the size that its manifest names")
                digest = hashlib.sha256()
                with target(name) as written:
                    for block in self._blocks(member):
                        digest.update(block)
                        written.write(block)
                        counted(len(block))
                if digest.hexdigest() != one.sha256:
                    raise _refused(f"{name} is not what was written")
            self._end()

    def _next(self, name: str) -> tarfile.TarInfo:
        """The next member, which must be a plain file of this name."""
        member = self._tar.next()
        if member is None:
            raise _refused(f"{name} is missing")
        if member.name != name or member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
            raise _refused(f"it holds {member.name!r:.80} where {name} belongs")
        return member

    def _end(self) -> None:
        """Nothing may follow the last member; reading to the end also checks gzip's own checksum."""
        if self._tar.next() is not None:
            raise _refused("it holds more than its manifest names")
        padding = self._rest.read(_MAX_PADDING_BYTES)
        if padding.strip(b"\0") or self._rest.read(1):
            raise _refused("something follows its last file")

    def _blocks(self, member: tarfile.TarInfo) -> Iterator[bytes]:
        content = self._tar.extractfile(member)
        assert content is not None
        left = member.size
        while left:
            block = content.read(min(left, BLOCK_BYTES))
            if not block:
                raise _refused(f"{member.name} is cut")
            left -= len(block)
            yield block


@contextmanager
def open_archive(stream: BinaryIO, allowed: re.Pattern[str]) -> Iterator[Archive]:
    """Read a backup; whatever is wrong with it is BackupRefused.

    Args:
        stream: The file.
        allowed: What a member may be called.
    """
    with _BoundedReads(fileobj=stream, mode="rb") as unzipped:
        with _damage():
            tar = tarfile.open(fileobj=unzipped, mode="r:")  # noqa: SIM115, it is closed below
            archive = Archive(tar, unzipped, allowed)
        with tar:
            yield archive


@contextmanager
def _damage() -> Iterator[None]:
    """Whatever a cut or altered file makes of its readers is BackupRefused."""
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _refused(f"it is cut or damaged ({error})") from error


class _BoundedReads(gzip.GzipFile):
    """A header may claim any length; no read takes more memory than the largest thing that is read whole."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _MAX_MANIFEST_BYTES:
            raise _refused("one of its headers is too large")
        return super().read(size)


class _Counting(io.FileIO):
    """A file that tells how much of it was read."""

    def __init__(self, path: Path, counted: Counted) -> None:
        super().__init__(path)
        self._counted = counted

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(-1 if size is None else size)
        self._counted(len(block))
        return block


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _manifest(content: bytes, allowed: re.Pattern[str]) -> Manifest:
    """The manifest, every field of it checked. Raises BackupRefused."""
    try:
        said: dict[str, Any] = json.loads(content)
        if said["format"] != FORMAT:
            raise _refused(f"its format is {said['format']!r:.20}, this Dossier reads {FORMAT}")
        members = {name: Member(*values) for name, values in said["members"].items()}
        manifest = Manifest(str(said["application"]), int(said["schema"]), str(said["written_at"]), members)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refused("its manifest cannot be read") from error
    for name, one in members.items():
        counts = (one.size_bytes, one.documents)
        if not allowed.fullmatch(name) or not all(type(count) is int and count >= 0 for count in counts):
            raise _refused(f"its manifest names {name!r:.80}")
        if not isinstance(one.sha256, str) or not _SHA256.fullmatch(one.sha256):
            raise _refused("its manifest holds a hash that is none")
    return manifest


def _refused(why: str) -> BackupRefused:
    return BackupRefused(f"This is not a whole backup: {why}. Take another one.")
