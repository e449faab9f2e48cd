"""The audit trail: a line for each ingest, removal, erasure, query and refused caller, chained by hashes. Names and ids only."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NAME = "audit.jsonl"
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
        self._last = _last_hash(self._path)

    def add(self, event: str, **said: Any) -> None:
        """One line. What is said of the event are names, ids, counts and a status."""
        with self._lock:
            line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **said}
            line |= {"before": self._last}
            line["hash"] = _hash_of(line)
            try:
                self._turn_over()
                _append(self._path, json.dumps(line).encode() + b"\n")
            except OSError as error:
                _LOG.error("the audit trail cannot be written: %s", type(error).__name__)
            else:
                self._last = line["hash"]

    def _turn_over(self) -> None:
        """Begin a new file when this one is full; the chain goes on in it."""
        if not self._path.exists() or self._path.stat().st_size < self._most:
            return
        for number in range(KEPT_FILES, 0, -1):
            older = _numbered(self._path, number - 1)
            if older.exists():
                os.replace(older, _numbered(self._path, number))  # noqa: PTH105


def altered(folder: Path) -> str | None:
    """Where the trail was first altered, as "FILE line NUMBER"; None when every line is as it was written.

    The oldest line that is left is taken on trust: those before it were in files that are gone.
    """
    before: str | None = None
    for where, text in _lines(folder / NAME):
        try:
            line = json.loads(text)
            given = line.pop("hash")
            good = given == _hash_of(line) and before in (None, line["before"])
        except (ValueError, KeyError, AttributeError, TypeError):
            return where
        if not good:
            return where
        before = given
    return None


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


def _last_hash(path: Path) -> str:
    """The end of the chain so far."""
    for number in range(KEPT_FILES + 1):
        file = _numbered(path, number)
        if file.is_file() and (end := file.read_bytes()[-64 * 1024 :].splitlines()):
            try:
                return str(json.loads(end[-1])["hash"])
            except (ValueError, KeyError, TypeError):
                return _START  # damaged: `altered` says so
    return _START


def _append(path: Path, line: bytes) -> None:
    """In one write, so that a process that is killed leaves whole lines."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
