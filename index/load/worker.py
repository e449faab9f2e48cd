"""The child process that parses: limits on itself first, then one answer per line of request.

Requests and answers are JSON after a length, never pickles: the parent must not run what a hostile file made of this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import struct
import sys
from base64 import b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

LENGTH = struct.Struct("!Q")
_REFUSED_EVENTS = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "pty.",
    "ftplib.",
    "smtplib.",
    "urllib.",
)
_CHANGING_EVENTS = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.kill",
    "shutil.",
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def lock_down(memory_bytes: int) -> None:
    """Take from this process, for good, memory beyond `memory_bytes`, new processes, sockets and every change to a file."""
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        # macOS knows RLIMIT_AS but does not take it.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_REFUSED_EVENTS) or event.startswith(_CHANGING_EVENTS):
        raise PermissionError(f"a parser may not call {event}")
    # A number is a descriptor that is open already.
    if (
        event == "open"
        and not isinstance(arguments[0], int)
        and isinstance(arguments[2], int)
        and arguments[2] & _WRITES
    ):
        raise PermissionError("a parser may not write a file")


def limit_cpu(seconds: int) -> None:
    """Let this process use `seconds` more of CPU time before the system ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Parse one file or draw a page of it; a refusal and an unexpected failure of a parser are answers too."""
    from index.errors import FileRefused

    try:
        return _drawn(request) if "page" in request else _parsed(request)
    except FileRefused as refused:
        return {"refused": refused.code, "reason": str(refused)}
    except (MemoryError, RecursionError):
        return {"refused": "too_complex", "reason": "Reading it takes more memory than is allowed."}
    except Exception as error:  # noqa: BLE001 - whatever a parser trips over, only this file is refused
        return {"refused": "parse_error", "reason": f"Its parser failed: {type(error).__name__}."}


def _parsed(request: dict[str, Any]) -> dict[str, Any]:
    from index.load import parse_file

    return {"parsed": asdict(parse_file(Path(request["path"]), request["name"], max_bytes=request["max_bytes"]))}


def _drawn(request: dict[str, Any]) -> dict[str, Any]:
    from index.load.limits import read_regular_file
    from index.load.pdf.picture import page_picture

    content = read_regular_file(Path(request["path"]), request["max_bytes"])
    picture = page_picture(content, request["page"], request["text"], request["start"], request["end"])
    return {"picture": b64encode(picture).decode()}


def serve(requests: int, answers: int, *, memory_bytes: int, cpu_seconds: int) -> None:
    """Answer requests from one file descriptor on another until the parent closes its end."""
    # It starts a thread, which nothing may do later.
    from index.load.budget import renew_with
    from index.load.pdf.engine import parser

    parser()
    lock_down(memory_bytes)
    with os.fdopen(requests, "rb") as incoming, os.fdopen(answers, "wb") as outgoing:
        _send(outgoing, {"ready": True})

        def renew() -> None:
            limit_cpu(cpu_seconds)
            _send(outgoing, {"goes_on": True})

        renew_with(renew)
        while header := incoming.read(LENGTH.size):
            request = json.loads(incoming.read(LENGTH.unpack(header)[0]))
            limit_cpu(cpu_seconds)
            _send(outgoing, answer(request))


def _send(outgoing: BinaryIO, message: dict[str, Any]) -> None:
    content = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
    outgoing.write(LENGTH.pack(len(content)) + content)
    outgoing.flush()


def main() -> None:
    requests, answers = os.dup(0), os.dup(1)
    quiet = os.open(os.devnull, os.O_RDWR)
    # What a library prints must not reach the pipe.
    for descriptor in (0, 1):
        os.dup2(quiet, descriptor)
    serve(requests, answers, memory_bytes=int(sys.argv[1]), cpu_seconds=int(sys.argv[2]))


if __name__ == "__main__":
    main()
