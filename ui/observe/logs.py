"""Logs on stderr, for a terminal or as one JSON object a line.

Only what this program itself says is written out. Of an exception there is its type and where it came from, of a library's
message where it was said: the words of both may quote a question, a document or a key.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any, Literal

from ui.observe.seen import REQUEST, Seen

OURS = "dossier"
_REQUESTS = logging.getLogger(f"{OURS}.requests")
_MOST_FRAMES = 12


def configure_logs(form: Literal["text", "json"], level: str) -> None:
    """Log to stderr from now on; of libraries only errors."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.ERROR, handlers=[handler], force=True)
    logging.getLogger(OURS).setLevel(level.upper())


def log_request(seen: Seen) -> None:
    level = logging.DEBUG if seen.quiet and seen.status < 400 else logging.INFO
    if _REQUESTS.isEnabledFor(level):
        _REQUESTS.log(level, "request", extra={"seen": seen})


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"time": _time(record).isoformat(timespec="milliseconds")}
        line |= {"level": record.levelname.lower(), "logger": record.name}
        seen = getattr(record, "seen", None)
        if isinstance(seen, Seen):
            said = asdict(seen)
            del said["quiet"]
            return json.dumps(line | said)
        line["message"] = _message(record)
        if (request := REQUEST.get(None)) is not None:
            line["request"] = request
        if record.exc_info and record.exc_info[0]:
            line |= {"error": _names(record.exc_info[1]), "at": _places(record.exc_info[1])}
        return json.dumps(line)


class TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = _time(record).astimezone().strftime("%H:%M:%S")
        seen = getattr(record, "seen", None)
        if isinstance(seen, Seen):
            return f"{time} {seen.status} {seen.method} {seen.route} {seen.ms:.0f} ms {seen.caller}"
        lines = [f"{time} {record.levelname.lower()} {_message(record)}"]
        if record.exc_info and record.exc_info[0]:
            lines += [f"  {_names(record.exc_info[1])}", *(f"    {place}" for place in _places(record.exc_info[1]))]
        return "\n".join(lines)


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _message(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] == OURS:
        return record.getMessage()
    return f"{record.name} at {Path(record.pathname).name}:{record.lineno}"


def _names(error: BaseException | None) -> str:
    """The types of an exception and of those that led to it, the last first."""
    names: list[str] = []
    while error is not None and len(names) < _MOST_FRAMES:
        names.append(type(error).__name__)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " from ".join(names)


def _places(error: BaseException | None) -> list[str]:
    """Where an exception passed, its origin last."""
    frames = extract_tb(error.__traceback__, limit=-_MOST_FRAMES) if error is not None else []
    return [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]
