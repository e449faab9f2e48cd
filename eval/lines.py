"""Reads sets of questions as they are published here: gzip JSON Lines whose every fault is named by file and line."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from index.errors import DossierError

SEED = 20251116
MAX_LINE_CHARS = 4_000_000
MAX_LINES = 1_000_000

Item = TypeVar("Item")
Line = dict[str, Any]


class SetUnusable(DossierError):
    """A file of a set is missing or a line of it is not what it must be."""

    code = "set-unusable"


def read_lines(path: Path, fields: Mapping[str, type]) -> list[Line]:
    """Every object of a `.jsonl` or `.jsonl.gz` file; blank lines are read over.

    Args:
        fields: What each object must hold, and of which type.

    Raises:
        SetUnusable: The file cannot be read, or the first line that is wrong: "corpus.jsonl.gz, line 3: 'text' is missing".
    """
    lines = []
    for number, raw in enumerate(_raw_lines(path), start=1):
        if not raw.strip():
            continue
        try:
            line = json.loads(raw)
        except ValueError as error:
            raise SetUnusable(f"{path}, line {number}: not JSON ({error})") from error
        if not isinstance(line, dict):
            raise SetUnusable(f"{path}, line {number}: must be an object, got {type(line).__name__}")
        for name, kind in fields.items():
            if name not in line:
                raise SetUnusable(f"{path}, line {number}: '{name}' is missing")
            if not isinstance(line[name], kind):
                raise SetUnusable(
                    f"{path}, line {number}: '{name}' must be {kind.__name__}, got {type(line[name]).__name__}"
                )
        lines.append(line)
    return lines


def _raw_lines(path: Path) -> list[str]:
    found: list[str] = []
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            while line := file.readline(MAX_LINE_CHARS):
                if len(found) == MAX_LINES:
                    raise SetUnusable(f"{path} holds more than {MAX_LINES:,} lines.")
                if len(line) == MAX_LINE_CHARS:
                    raise SetUnusable(
                        f"{path}, line {len(found) + 1}: longer than {MAX_LINE_CHARS:,} bytes. Split the document."
                    )
                found.append(line.decode("utf-8"))
    except FileNotFoundError as error:
        raise SetUnusable(f"No file {path}. Give the folder that holds the sets.") from error
    except UnicodeDecodeError as error:
        raise SetUnusable(f"{path}, line {len(found) + 1}: not UTF-8 ({error.reason})") from error
    except (OSError, EOFError, zlib.error) as error:
        raise SetUnusable(f"{path} cannot be read: {error}") from error
    return found


def read_ids(path: Path) -> frozenset[str] | None:
    """The ids of a `test_ids.txt`, one a line; None when a set has no such file."""
    if not path.exists():
        return None
    return frozenset(line.strip() for line in _raw_lines(path) if line.strip())


def sample(items: Sequence[Item], limit: int | None, *, seed: int = SEED) -> list[Item]:
    """`limit` of the items, the same ones for the same seed, in their own order; all of them without a limit.

    >>> sample("abcdefgh", 3) == sample("abcdefgh", 3), sample([1, 2], 5)
    (True, [1, 2])
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be 1 or more, got {limit}")
    if limit is None or len(items) <= limit:
        return list(items)
    chosen = sorted(random.Random(seed).sample(range(len(items)), limit))  # noqa: S311
    return [items[index] for index in chosen]
