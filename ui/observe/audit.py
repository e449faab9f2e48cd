"""The audit trail: a line for each ingest, removal, erasure, query and refused caller, chained by hashes. Names and ids only.

Beside it lies its length and the hash of its end, so that lines, or a whole file, that are cut off behind are missed. Whoever can write
to the directory can make a trail of their own: what is to be proved against them must be copied elsewhere as it grows.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NAME = "audit.jsonl"
END = "audit.end.json"
MOST_BYTES = 16 * 1024 * 1024
KEPT_FILES = 4
"""Full files that are kept beside the one that is written."""
_START = "0" * 64
_LOG = logging.getLogger("dossier.audit")


class Audit:
    """Appends to the trail of one data directory. Safe for threads.

    A trail that cannot be written is said in the log and stops nothing: a full disk must not end the answers.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._path = folder / NAME
        self._most = most_bytes
        self._lock = threading.Lock()
        self._count, self._last = _end_of(folder)

    def add(self, event: str, **said: Any) -> None:
        """One line. What is said of the event are names, ids, counts and a status."""
        with self._lock:
            line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **said}
            line |= {"number": self._count + 1, "before": self._last}
            line["hash"] = _hash_of(line)
            try:
                self._turn_over()
                _append(self._path, json.dumps(line).encode() + b"\n")
                self._count, self._last = self._count + 1, line["hash"]
                _replace(self._path.with_name(END), _sealed(self._count, self._last))
            except OSError as error:
                _LOG.error("the audit trail cannot be written: %s", type(error).__name__)

    def _turn_over(self) -> None:
        """Begin a new file when this one is full; the chain goes on in it."""
        if not self._path.exists() or self._path.stat().st_size < self._most:
            return
        for number in range(KEPT_FILES, 0, -1):
            older = _numbered(self._path, number - 1)
            if older.exists():
                os.replace(older, _numbered(self._path, number))  # noqa: PTH105


def altered(folder: Path) -> str | None:
    """Where the trail was first altered, such as "FILE line NUMBER"; None when every line is there as it was written.

    The oldest line that is left is taken on trust: those before it were in files that are gone. So are lines of an older Dossier, which
    have no numbers, at the end of a trail.
    """
    before: str | None = None
    number = 0
    hashes: dict[int, str] = {}
    for where, text in _lines(folder / NAME):
        try:
            line = json.loads(text)
            given = line.pop("hash")
            good = given == _hash_of(line) and before in (None, line["before"])
            good = good and (number == 0 or line.get("number") == number + 1)
        except (ValueError, KeyError, AttributeError, TypeError):
            return where
        if not good:
            return where
        before, number = given, line.get("number", 0)
        hashes = {number: given}
    return _altered_end(folder, number, hashes)


def _altered_end(folder: Path, number: int, hashes: Mapping[int, str]) -> str | None:
    """What is wrong behind the last line, which has this number. A killed process may have left one line that the end does not know."""
    end = _kept_end(folder)
    if end is None:
        missing = number > 0 or (folder / END).exists()
        return f"{END}, which is missing or not as it was written" if missing else None
    count, last = end
    if number < count:
        return (
            f"its end: {count - number} lines are missing after line {number}"
            if number
            else f"{NAME}, which is missing"
        )
    return f"{END}" if hashes.get(count, last) != last else None


def _kept_end(folder: Path) -> tuple[int, str] | None:
    """How many lines were written, and the hash of the last; None where nothing says so."""
    try:
        kept = json.loads((folder / END).read_bytes())
        count, last = int(kept["lines"]), str(kept["last"])
        return (count, last) if _sealed(count, last) == (folder / END).read_bytes() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sealed(count: int, last: str) -> bytes:
    said = {"lines": count, "last": last}
    return json.dumps({**said, "hash": _hash_of(said)}).encode()


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for number in range(KEPT_FILES, -1, -1):
        file = _numbered(path, number)
        if file.is_file():
            with file.open(encoding="utf-8", errors="replace") as lines:
                for count, line in enumerate(lines, 1):
                    yield f"{file.name} line {count}", line


def _numbered(path: Path, number: int) -> Path:
    return path.with_suffix(f".{number}.jsonl") if number else path


def _hash_of(line: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest()


def _end_of(folder: Path) -> tuple[int, str]:
    """Number and hash of the last line; those that lie beside the trail where it was cut, so that the next line shows the gap."""
    number, last = _last_line(folder / NAME)
    count, kept = _kept_end(folder) or (0, _START)
    return (number, last) if number >= count else (count, kept)


def _last_line(path: Path) -> tuple[int, str]:
    for number in range(KEPT_FILES + 1):
        file = _numbered(path, number)
        if file.is_file() and (end := file.read_bytes()[-64 * 1024 :].splitlines()):
            try:
                line = json.loads(end[-1])
                return int(line.get("number", 0)), str(line["hash"])
            except (ValueError, KeyError, TypeError, AttributeError):
                return 0, _START  # damaged: `altered` says so
    return 0, _START


def _replace(path: Path, content: bytes) -> None:
    """In place and in one write: it is short."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.pwrite(descriptor, content, 0)
        os.ftruncate(descriptor, len(content))
    finally:
        os.close(descriptor)


def _append(path: Path, line: bytes) -> None:
    """In one write, so that a process that is killed leaves whole lines."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
