"""Which files an ingest is offered: folders walked in order, links never followed, every file that is left out named."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from index.values import Metadata, Refusal

# Files beyond max_files are named one by one up to here; then the walk ends.
_NAMED_BEYOND = 1_000
_MOST_REFUSALS = 100_000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to load.

    Attributes:
        source: Stable key: the absolute path, or "upload/NAME".
        path: Where the bytes are now.
        name: File name, used for its suffix and shown to people.
        keeps: The source is no more than a name: where it holds another content, that stays, and this goes in beside it as "NAME (2)".
        metadata: What whoever offers it says of it; it lies over what the file says. None leaves what was said before.
    """

    source: str
    path: Path
    name: str
    keeps: bool = False
    metadata: Metadata | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files to load, the folders they were looked for in, and what was left out and why."""

    files: tuple[SourceFile, ...]
    roots: tuple[str, ...]
    refusals: tuple[Refusal, ...]


def find_files(paths: Iterable[Path | str], *, max_files: int) -> FoundFiles:
    """Walk files and folders, depth first, names in order; nothing is opened.

    A symbolic link is refused and not followed, be it a file or a folder. A folder that is refused stands in one line for all
    that is in it. A file that is reached twice is listed once.

    Args:
        paths: Files and folders as a person gave them.
        max_files: Most files in one ingest; those beyond are refused with code "quota".

    Returns:
        Files by absolute path; the folders that were seen whole, so that a file missing there is gone; and refusals: missing,
        not_regular, hidden, bad_type, unreadable, quota.
    """
    if max_files < 1:
        raise ValueError(f"max_files must be 1 or more, got {max_files}")
    files: dict[str, SourceFile] = {}
    roots: dict[str, None] = {}
    refusals: dict[str, Refusal] = {}
    beyond = 0
    for given in paths:
        absolute = Path(os.path.abspath(given))  # noqa: PTH100 - Path.resolve would follow links
        whole = True
        for found in _offered(absolute):
            if isinstance(found, SourceFile) and found.source not in files and len(files) >= max_files:
                beyond += 1
                found = _quota(found.source, max_files)
            if isinstance(found, SourceFile):
                files.setdefault(found.source, found)
            else:
                refusals.setdefault(found.source, found)
                whole = whole and found.code not in ("quota", "unreadable", "missing")
            if beyond > _NAMED_BEYOND or len(refusals) > _MOST_REFUSALS:
                refusals[str(absolute)] = _quota(str(absolute), max_files)
                whole = False
                break
        if whole and absolute.is_dir() and not absolute.is_symlink():
            roots[str(absolute)] = None
    return FoundFiles(tuple(files.values()), tuple(roots), tuple(refusals.values()))


def _quota(source: str, max_files: int) -> Refusal:
    return Refusal(source, "quota", f"More than {max_files:,} files. Give fewer at once, or raise DOSSIER_MAX_FILES.")


def _offered(given: Path) -> Iterator[SourceFile | Refusal]:
    """Everything at or below `given`, in order, without recursion: a folder may be deep."""
    pending = [given]
    while pending:
        path = pending.pop()
        try:
            mode = path.lstat().st_mode
        except (OSError, ValueError) as error:
            code = "missing" if isinstance(error, (FileNotFoundError, NotADirectoryError, ValueError)) else "unreadable"
            reason = "There is no such file or folder." if code == "missing" else f"It cannot be read: {error}."
            yield Refusal(_shown(path), code, reason)
            continue
        if refusal := _refusal(path, mode):
            yield refusal
        elif stat.S_ISDIR(mode):
            try:
                below = sorted(entry.name for entry in os.scandir(path))
            except OSError as error:
                yield Refusal(_shown(path), "unreadable", f"The folder cannot be listed: {error.strerror}.")
                continue
            pending.extend(path / name for name in reversed(below))
        else:
            yield SourceFile(str(path), path, path.name)


def _refusal(path: Path, mode: int) -> Refusal | None:
    from index.load import UNREAD  # what cleans texts comes with it, and only an ingest needs that
    from index.load.limits import kind_of

    source = _shown(path)
    if source != str(path):
        return Refusal(source, "unreadable", "Its name is not UTF-8. Rename it.")
    if stat.S_ISLNK(mode):
        return Refusal(source, "not_regular", "It is a symbolic link and is not followed. Give what it points to.")
    if path.name.startswith("."):
        return Refusal(source, "hidden", "Its name begins with a dot.")
    if stat.S_ISDIR(mode):
        return None
    if not stat.S_ISREG(mode):
        return Refusal(source, "not_regular", f"It is {kind_of(mode)}, not a regular file.")
    if path.suffix.lower() in UNREAD and path.suffix.lower() != ".zip":  # an ingest opens it, see `index.unzip`
        return Refusal(
            source, "bad_type", f"Files of type {path.suffix!r} are not read ({UNREAD[path.suffix.lower()]})."
        )
    return None


def _shown(path: Path) -> str:
    """The path as text that can be stored and printed; bytes that are no UTF-8 are escaped."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")
