"""JSON Lines as sets are published, plain or gzip: every line that is wrong is named by file and number."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.sets.cases import SetProblem
from index.errors import DossierError

MAX_LINE_CHARS = 20_000_000
MAX_FILE_CHARS = 2_000_000_000
NAMED_PROBLEMS = 50


class SetInvalid(DossierError):
    """A set cannot be used. `problems` names every line that is wrong."""

    code = "set-invalid"

    def __init__(self, place: Path, problems: Sequence[SetProblem]) -> None:
        self.problems = tuple(problems)
        named = [f"  {problem}" for problem in problems[:NAMED_PROBLEMS]]
        if len(problems) > NAMED_PROBLEMS:
            named.append(f"  and {len(problems) - NAMED_PROBLEMS} more")
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        lines = "\n".join(named)
        super().__init__(f"{place} has {count}:\n{lines}\nMend these lines and run the same command again.")


class NoSet(DossierError):
    """A folder is no set and holds none, or a file of a set is missing."""

    code = "no-set"


class Wrong(ValueError):
    """What is wrong with a record."""


class LineReader:
    """Reads files line by line and notes every line that is wrong."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digest = hashlib.sha256()
        self.problems: list[SetProblem] = []

    def read(self, path: Path, take: Callable[[Mapping[str, Any]], None]) -> None:
        file = path.relative_to(self._folder).as_posix()
        self._digest.update(f"{file}\0".encode())
        number = 0
        try:
            for number, line in self._numbered(path):
                if line.strip():
                    try:
                        take(_record(line))
                    except Wrong as wrong:
                        self.problems.append(SetProblem(file, number, str(wrong)))
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, Wrong) as error:
            self.problems.append(SetProblem(file, number + 1, f"the file cannot be read further: {error}"))

    def lines(self, path: Path, known: Mapping[str, object]) -> frozenset[str]:
        """The ids in a file of one id a line; one that is not known is a problem."""
        found: set[str] = set()
        file = path.relative_to(self._folder).as_posix()
        try:
            for number, line in self._numbered(path):
                if line.strip() and line.strip() not in known:
                    self.problems.append(SetProblem(file, number, f"there is no question {line.strip()!r:.80}"))
                elif line.strip():
                    found.add(line.strip())
        except (OSError, UnicodeDecodeError, Wrong) as error:
            self.problems.append(SetProblem(file, 0, f"the file cannot be read: {error}"))
        return frozenset(found)

    def digest(self) -> str:
        return self._digest.hexdigest()[:12]

    def _numbered(self, path: Path) -> Iterator[tuple[int, str]]:
        read = 0
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as raw:
            stream = io.TextIOWrapper(raw, encoding="utf-8-sig")
            for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_CHARS + 1), ""), start=1):
                read += len(line)
                if len(line) > MAX_LINE_CHARS or read > MAX_FILE_CHARS:
                    raise Wrong(f"at most {MAX_LINE_CHARS:,} characters a line and {MAX_FILE_CHARS:,} in all are read")
                self._digest.update(line.encode("utf-8", "surrogatepass"))
                yield number, line


def _record(line: str) -> Mapping[str, Any]:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Wrong(f"not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise Wrong(f"a JSON object is needed, got {type(raw).__name__}")
    return raw


def read_lines(path: Path, fields: Mapping[str, type]) -> list[Mapping[str, Any]]:
    """Every object of a file that is no corpus and holds no questions of a set: pairs, examples.

    Args:
        fields: What each object must hold, and of which type.

    Raises:
        NoSet: There is no such file.
        SetInvalid: With every line that is wrong.
    """
    if not path.exists():
        raise NoSet(f"No file {path}. Give the folder that holds the sets.")
    found: list[Mapping[str, Any]] = []

    def take(raw: Mapping[str, Any]) -> None:
        for name, kind in fields.items():
            if name not in raw:
                raise Wrong(f"field {name!r} is missing")
            if not isinstance(raw[name], kind):
                raise Wrong(f"field {name!r} must be {kind.__name__}, got {type(raw[name]).__name__}")
        found.append(raw)

    reader = LineReader(path.parent)
    reader.read(path, take)
    if reader.problems:
        raise SetInvalid(path.parent, reader.problems)
    return found
