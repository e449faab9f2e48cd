"""Parsing where it can do no harm: a child process with limits. A child that dies or hangs refuses one file and is replaced.

The child is a plain subprocess that imports `index.load` and nothing else, so it starts fast from a console script, from
`python -m`, from pytest or from a server's thread; multiprocessing would run the parent's main module in it again.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import index
from index.errors import DossierError, FileRefused
from index.load.budget import MOST_PARTS
from index.load.worker import LENGTH
from index.turns import Turns
from index.values import ParsedFile, Provenance, Published, Recognised, Span

# Leaks of the parsers end here.
_FILES_PER_CHILD = 500
_MOST_ANSWER_BYTES = 400_000_000
_READ_BYTES = 1 << 20
_PATIENCE_S = 5.0
_START_S = 60.0
# A part of a file that goes on computes all the time: its CPU time bounds it, and a busy machine makes it longer.
_BUSY = 4


@dataclass(frozen=True, slots=True)
class ParserLimits:
    """What one file may cost.

    Attributes:
        max_bytes: Largest file that is read.
        memory_bytes: Address space of the child.
        cpu_s: CPU time for one file.
        wall_s: Time until the answer for one file is there.
    """

    max_bytes: int = 25 * 1024 * 1024
    memory_bytes: int = 1536 * 1024 * 1024
    cpu_s: int = 20
    wall_s: float = 30.0


class ParserProcess:
    """Parses files and draws pages, one after another, in a child process; safe to call from several threads.

    The child is started with the first file and ends with `close`, or with this process, however that ends.
    """

    def __init__(self, limits: ParserLimits | None = None) -> None:
        self._limits = limits or ParserLimits()
        self._lock = Turns()
        self._child: subprocess.Popen[bytes] | None = None
        self._parsed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id, or None while there is none."""
        return self._child.pid if self._child else None

    def parse(self, path: Path, name: str) -> ParsedFile:
        """`index.load.parse_file` in the child.

        Raises:
            FileRefused: as parse_file does; too_complex when the child died or did not answer in time.
        """
        answer = self._ask({"path": str(path), "name": name, "max_bytes": self._limits.max_bytes})
        return _parsed_file(answer["parsed"])

    def picture(self, path: Path, media_type: str, page: int, text: str, quoted: Span) -> bytes:
        """`index.load.pdf.picture.page_picture` in the child.

        Raises:
            FileRefused: as page_picture does; too_complex when the child died or did not answer in time.
        """
        where = {"path": str(path), "media_type": media_type, "page": page, "max_bytes": self._limits.max_bytes}
        answer = self._ask({**where, "text": text, "start": quoted.start, "end": quoted.end})
        return base64.b64decode(answer["picture"], validate=True)

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        request = json.dumps(asked).encode()
        with self._lock:
            if self._parsed >= _FILES_PER_CHILD:
                self._stop()
            try:
                answer = self._exchange(request)
            except BaseException:
                self._stop(at_once=True)
                raise
            self._parsed += 1
        if "refused" in answer:
            raise FileRefused(str(answer["refused"]), str(answer["reason"]))
        return answer

    def close(self) -> None:
        """End the child and wait for it."""
        with self._lock:
            self._stop()

    def _exchange(self, request: bytes) -> dict[str, Any]:
        if self._child is not None and self._child.poll() is not None:
            # It ended between two files: the next file is not to blame.
            self._stop()
        child = self._child or self._start()
        assert child.stdin is not None and child.stdout is not None
        deadline = time.monotonic() + self._limits.wall_s
        try:
            child.stdin.write(LENGTH.pack(len(request)) + request)
            child.stdin.flush()
            for _ in range(MOST_PARTS + 2):
                answer = _receive_message(child.stdout.fileno(), deadline)
                if "goes_on" not in answer:
                    return answer
                deadline = time.monotonic() + _BUSY * self._limits.wall_s
            raise TimeoutError
        except TimeoutError as error:
            raise FileRefused("too_complex", f"Reading it takes longer than {self._limits.wall_s:g} s.") from error
        except (BrokenPipeError, EOFError, json.JSONDecodeError) as error:
            reason = f"Reading it takes more than {self._limits.cpu_s} s of CPU time or {self._limits.memory_bytes >> 20} MiB of memory."
            raise FileRefused("too_complex", reason) from error

    def _start(self) -> subprocess.Popen[bytes]:
        root = str(Path(index.__file__).resolve().parents[1])
        command = [
            sys.executable,
            "-P",
            "-B",
            "-m",
            "index.load.worker",
            str(self._limits.memory_bytes),
            str(self._limits.cpu_s),
        ]
        # No secrets of this process's environment, and no proxy.
        environment = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
            if name in os.environ
        }
        environment |= {"PYTHONPATH": root, "PYTHONUTF8": "1", "PYTHONHASHSEED": "0"}
        # Address space is counted: the threads of a native parser shall not reserve 64 MiB each.
        environment |= {"MALLOC_ARENA_MAX": "1", "TOKIO_WORKER_THREADS": "1"}
        environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._child = subprocess.Popen(  # noqa: S603 - this interpreter, this package
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            # A Ctrl-C on the terminal is the parent's to handle.
            start_new_session=True,
        )
        self._parsed = 0
        assert self._child.stdout is not None
        try:
            _receive_message(self._child.stdout.fileno(), time.monotonic() + _START_S)
        except (TimeoutError, EOFError, json.JSONDecodeError) as error:
            raise DossierError(
                f"The parser process does not start. See what it says: {' '.join(command)} < {os.devnull}"
            ) from error
        return self._child

    def _stop(self, *, at_once: bool = False) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if at_once:
            child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            child.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _receive_message(descriptor: int, deadline: float) -> dict[str, Any]:
    (length,) = LENGTH.unpack(_receive(descriptor, LENGTH.size, deadline))
    if length > _MOST_ANSWER_BYTES:
        raise FileRefused("too_complex", "It holds too much text. Split it into smaller files.")
    message: dict[str, Any] = json.loads(_receive(descriptor, length, deadline))
    return message


def _receive(descriptor: int, length: int, deadline: float) -> bytes:
    """Exactly `length` bytes; TimeoutError after the deadline, EOFError when the other end closes."""
    received = bytearray()
    while len(received) < length:
        left = deadline - time.monotonic()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError
        piece = os.read(descriptor, min(_READ_BYTES, length - len(received)))
        if not piece:
            raise EOFError
        received += piece
    return bytes(received)


def _parsed_file(fields: dict[str, Any]) -> ParsedFile:
    said = fields["provenance"]
    when = said["published"]
    return ParsedFile(
        text=fields["text"],
        media_type=fields["media_type"],
        provenance=Provenance(
            title=said["title"],
            publisher=said["publisher"],
            author=said["author"],
            published=Published(**when) if when else None,
            kind=said["kind"],
        ),
        body=tuple(Span(**span) for span in fields["body"]),
        page_starts=tuple(fields["page_starts"]),
        notes=tuple(fields["notes"]),
        language=fields["language"],
        recognised=tuple(Recognised(**one) for one in fields["recognised"]),
        metadata={key: tuple(one) if isinstance(one, list) else one for key, one in fields["metadata"].items()},
    )
