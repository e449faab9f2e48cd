"""ZIP files as folders: checked whole before a byte is unpacked, then each file in them is one like any other."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from index.errors import FileRefused
from index.files import SourceFile
from index.values import Refusal

SUFFIX = ".zip"
MAX_UNPACKED_BYTES = 2_000_000_000
DEEPEST = 20
LONGEST_SOURCE = 4_096
_FOREIGN_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@contextmanager
def unzipped(
    files: Sequence[SourceFile], folder: Path, *, max_bytes: int
) -> Iterator[tuple[list[SourceFile], list[str], list[Refusal]]]:
    """The files with those in ZIP files in their place, while the block lasts.

    Args:
        files: What is offered.
        folder: Where files are unpacked to; it is made, and removed at the end.
        max_bytes: Largest ZIP file, and largest file in one.

    Yields:
        Files, known as "SOURCE OF THE ZIP FILE/NAME IN IT"; the ZIP files that were seen whole, so that what is missing in one is gone
        (not of those that are only a name, see `SourceFile.keeps`); and what was left out, and why.
    """
    if not any(map(is_zip, files)):
        yield list(files), [], []
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    found: list[SourceFile] = []
    roots: list[str] = []
    refusals: list[Refusal] = []
    left = MAX_UNPACKED_BYTES
    try:
        for file in files:
            if not is_zip(file):
                found.append(file)
                continue
            try:
                inside = list(_inside(file, folder, max_bytes, left))
            except FileRefused as refused:
                refusals.append(Refusal(file.source, refused.code, str(refused)))
                continue
            found += (one for one in inside if isinstance(one, SourceFile))
            refusals += (one for one in inside if isinstance(one, Refusal))
            left -= sum(one.path.stat().st_size for one in inside if isinstance(one, SourceFile))
            if not file.keeps:
                roots.append(file.source)
        yield found, roots, refusals
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_zip(file: SourceFile) -> bool:
    return PurePosixPath(file.name).suffix.lower() == SUFFIX


def _inside(file: SourceFile, folder: Path, max_bytes: int, left: int) -> Iterator[SourceFile | Refusal]:
    """Each file in a ZIP file, unpacked under a name of ours, or why it is left out. Raises FileRefused for the whole."""
    from index.load.limits import Archive, read_regular_file  # see `index.files`: only an ingest needs it

    archive = Archive(read_regular_file(file.path, max_bytes), claimed="ZIP archive", required=())
    names = [name for name in archive.names() if not name.endswith("/")]
    if not names:
        raise FileRefused("empty", "There is no file in it.")
    if sum(map(archive.size, names)) > left:
        raise FileRefused("quota", f"More than {MAX_UNPACKED_BYTES:,} bytes are not unpacked at once.")
    for name in names:
        plain = name.replace("\\", "/")
        source = f"{file.source}/{plain}"
        shown = source.encode("utf-8", "backslashreplace").decode()[:LONGEST_SOURCE]
        if refused := _refused(plain, source, archive.size(name), max_bytes):
            yield Refusal(shown, refused.code, str(refused))
            continue
        path = folder / secrets.token_hex(16)
        path.write_bytes(archive.read(name))
        yield replace(file, source=source, path=path, name=PurePosixPath(plain).name)


def _refused(name: str, source: str, size: int, max_bytes: int) -> FileRefused | None:
    """Why a file in a ZIP file is not looked at."""
    from index.load import UNREAD

    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if _FOREIGN_NAME.search(name) or len(source) > LONGEST_SOURCE:
        return FileRefused("bad_encoding", "Its name cannot be kept: it is too long, or holds control characters.")
    if any(part.startswith(".") for part in path.parts) or path.parts[0] == "__MACOSX":
        return FileRefused("hidden", "Its name, or that of its folder, begins with a dot.")
    if len(path.parts) > DEEPEST:
        return FileRefused("too_complex", f"It lies more than {DEEPEST} folders deep.")
    if suffix == SUFFIX:
        return FileRefused("bad_type", "A ZIP file in a ZIP file is not opened. Unpack it.")
    if suffix in UNREAD:
        return FileRefused("bad_type", f"Files of type {suffix!r} are not read ({UNREAD[suffix]}).")
    if size > max_bytes:
        return FileRefused("too_large", f"It is larger than {max_bytes:,} bytes. Raise DOSSIER_MAX_FILE_BYTES.")
    return None
