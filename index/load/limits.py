"""What is checked before a parser sees a byte: a regular file, its size, its true type, and what an archive unpacks to."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from index.errors import FileRefused

MAX_TEXT_CHARS = 20_000_000
MAX_ARCHIVE_ENTRIES = 2_000
MAX_ARCHIVE_BYTES = 200_000_000
MAX_ARCHIVE_RATIO = 100
# Small files may be dense: empty XML parts of a few kilobytes compress well and harm nobody.
_RATIO_FREE_BYTES = 1_000_000
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BINARY = re.compile(
    rb"MZ|\x7fELF|%PDF-|PK[\x03\x05\x07][\x04\x06\x08]|\x89PNG|GIF8|\xff\xd8\xff|\x1f\x8b|BZh|7z\xbc\xaf|Rar!|\xfd7zXZ|\xd0\xcf\x11\xe0|\x80[\x02-\x05][\x95c}\]\x8a(]|\x93NUMPY"
    rb"|SQLite format 3\x00|RIFF|OggS|ID3|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe|\x00asm|\x28\xb5\x2f\xfd|\x00\x00\x01\x00|II\*\x00|MM\x00\*|\{\\rtf"
)
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html)\b", re.I | re.S
)
_HTML_TAG = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|article|main|section|div|p|h[1-6]|table|ul|ol|span|title|meta|br|a)\b[^<]{0,10000}?>",
    re.I,
)
_WIDE_HTML_TAG = re.compile(rb"<\x00?[!a-zA-Z]\x00")
_SNIFFED = 1 << 16


def read_regular_file(path: Path, max_bytes: int) -> bytes:
    """Read a whole file into memory, once, without following a link or opening anything but a regular file.

    Raises:
        FileRefused: missing, not_regular, unreadable, too_large or empty.
    """
    try:
        _refuse_irregular(path.lstat(), path.name)
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _refusal(error) from error
    except ValueError as error:
        raise FileRefused("missing", "Its path cannot exist: it holds a NUL character.") from error
    with os.fdopen(handle, "rb") as file:
        _refuse_irregular(os.fstat(file.fileno()), path.name)
        try:
            content = file.read(max_bytes + 1)
        except OSError as error:
            raise _refusal(error) from error
    if len(content) > max_bytes:
        raise FileRefused(
            "too_large", f"It is larger than {max_bytes:,} bytes. Split it, or raise DOSSIER_MAX_FILE_BYTES."
        )
    if not content:
        raise FileRefused("empty", "It holds 0 bytes.")
    return content


def _refuse_irregular(status: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise FileRefused("not_regular", f"It is {kind_of(status.st_mode)}, not a regular file.")


def kind_of(mode: int) -> str:
    """What a file that is not a regular one is, in words."""
    kinds = (
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((words for check, words in kinds if check(mode)), "a special file")


def _refusal(error: OSError) -> FileRefused:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return FileRefused("missing", "There is no such file.")
    if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
        return FileRefused("not_regular", "It is a symbolic link or a special file.")
    return FileRefused("unreadable", f"It cannot be read: {os.strerror(error.errno or 0)}.")


def check_text(content: bytes) -> None:
    """Refuse bytes that are a known binary format, or HTML, under the name of a text file."""
    if _BINARY.match(content):
        raise FileRefused("bad_type", "Its name says text, but it is a binary file.")
    if _HTML_START.match(content[:_SNIFFED]):
        raise FileRefused("bad_type", "Its name says text, but it is a web page. Rename it to .html.")
    _refuse_hidden_zip(content, "text")


def check_html(content: bytes) -> None:
    """Refuse what is not a web page, or is also something else."""
    if _BINARY.match(content) or b"%PDF-" in content[:1024]:
        raise FileRefused("bad_type", "Its name says web page, but it begins like another format.")
    if not _HTML_TAG.search(content[:_SNIFFED]) and not _WIDE_HTML_TAG.search(content[:_SNIFFED]):
        raise FileRefused("bad_type", "Its name says web page, but no HTML tag is in it.")
    _refuse_hidden_zip(content, "web page")


def check_pdf(content: bytes) -> None:
    """Refuse what does not begin as a PDF, or is also a web page or an archive."""
    if not content.startswith(b"%PDF-"):
        raise FileRefused("bad_type", "Its name says PDF, but it does not begin with %PDF-.")
    if re.search(rb"<(?:!doctype\s+html|html|script|body)\b", content[:1024], re.I):
        raise FileRefused("bad_type", "It is a PDF and a web page at once.")
    _refuse_hidden_zip(content, "PDF")


def _refuse_hidden_zip(content: bytes, claimed: str) -> None:
    if b"PK\x05\x06" in content[-66_000:] and zipfile.is_zipfile(io.BytesIO(content)):
        raise FileRefused("bad_type", f"Its name says {claimed}, but it is also a ZIP archive.")


class Archive:
    """A ZIP-based document, checked from its directory before anything is unpacked, and counted while unpacking.

    Raises:
        FileRefused: bad_type, encrypted, parse_error or too_complex.
    """

    def __init__(self, content: bytes, *, claimed: str, required: tuple[str, ...]) -> None:
        if content.startswith(_COMPOUND) and "EncryptedPackage".encode("utf-16-le") in content:
            raise FileRefused("encrypted", "It is protected by a password. Save a copy without one.")
        if not content.startswith(b"PK\x03\x04") or b"%PDF-" in content[:1024]:
            raise FileRefused("bad_type", f"Its name says {claimed}, but it is not one.")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
            raise FileRefused("parse_error", "Its archive is cut off or damaged.") from error
        self._left = MAX_ARCHIVE_BYTES
        self._check(len(content))
        names = set(self._zip.namelist())
        if missing := [name for name in required if name not in names]:
            raise FileRefused("bad_type", f"Its name says {claimed}, but it holds no {missing[0]}.")

    def _check(self, archive_bytes: int) -> None:
        entries = self._zip.infolist()
        if len(entries) > MAX_ARCHIVE_ENTRIES:
            raise FileRefused(
                "too_complex", f"Its archive holds {len(entries):,} files; {MAX_ARCHIVE_ENTRIES:,} are allowed."
            )
        if len({entry.filename for entry in entries}) != len(entries):
            raise FileRefused("parse_error", "Its archive holds two files of one name.")
        total = 0
        for entry in entries:
            if not _is_safe_name(entry.filename) or stat.S_ISLNK(entry.external_attr >> 16):
                raise FileRefused("parse_error", "Its archive holds a link or a path that leads out of it.")
            if entry.flag_bits & 0x1:
                raise FileRefused("encrypted", "Its archive is encrypted. Save a copy without a password.")
            total += entry.file_size
            if entry.file_size > _RATIO_FREE_BYTES and entry.file_size > MAX_ARCHIVE_RATIO * max(
                1, entry.compress_size
            ):
                raise FileRefused(
                    "too_complex", f"Its archive unpacks to more than {MAX_ARCHIVE_RATIO} times its size."
                )
        if total > MAX_ARCHIVE_BYTES or (total > _RATIO_FREE_BYTES and total > MAX_ARCHIVE_RATIO * archive_bytes):
            raise FileRefused("too_complex", f"Its archive says that it unpacks to {total:,} bytes.")

    def names(self) -> list[str]:
        return self._zip.namelist()

    def size(self, name: str) -> int:
        """What an entry says that it unpacks to, in bytes."""
        return self._zip.getinfo(name).file_size

    def read(self, name: str) -> bytes:
        """Unpack one entry; all entries together may not pass the limit, whatever their headers say."""
        try:
            with self._zip.open(name) as entry:
                content = entry.read(self._left + 1)
        except KeyError as error:
            raise FileRefused("parse_error", f"Its archive holds no {name[:100]!r}.") from error
        except (
            zipfile.BadZipFile,
            OSError,
            EOFError,
            ValueError,
            NotImplementedError,
            RuntimeError,
            zlib.error,
        ) as error:
            raise FileRefused("parse_error", "Its archive is damaged.") from error
        self._left -= len(content)
        if self._left < 0:
            raise FileRefused("too_complex", f"Its archive unpacks to more than {MAX_ARCHIVE_BYTES:,} bytes.")
        return content

    def restart(self) -> None:
        """Count from the start again: the same entries are about to be read a second time."""
        self._left = MAX_ARCHIVE_BYTES

    def unpacked(self) -> io.BytesIO:
        """The same archive, every entry unpacked under the count and stored plain, for a library that wants a whole file."""
        plain = io.BytesIO()
        with zipfile.ZipFile(plain, "w", zipfile.ZIP_STORED) as copy:
            for entry in self._zip.infolist():
                if not entry.is_dir():
                    copy.writestr(zipfile.ZipInfo(entry.filename), self.read(entry.filename))
        plain.seek(0)
        return plain


def _is_safe_name(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return not path.is_absolute() and ".." not in path.parts and not re.match(r"[A-Za-z]:", name) and "\x00" not in name
