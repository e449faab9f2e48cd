"""What was found is kept line by line as it is made, so that a run that was killed goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar


class Keyed(Protocol):
    """Something made once: its key is a hash of everything that it was made with."""

    @property
    def key(self) -> str: ...


Item = TypeVar("Item", bound=Keyed)


def read_log(path: Path, from_json: Callable[[Mapping[str, Any]], Item]) -> dict[str, Item]:
    """What was kept, by key; a line that is not an item (cut by a kill, or made by another version) is made again."""
    found: dict[str, Item] = {}
    if not path.exists():
        return found
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                item = from_json(json.loads(line)) if line.strip() else None
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            if item is not None:
                found[item.key] = item
    return found


@contextmanager
def append_log(path: Path) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Adds one line at a time; each is on its way to disk before the next thing is asked for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as log:
        if log.tell():
            log.write("\n")  # ends a line that a kill left half written; blank lines are read over

        def keep(item: Mapping[str, Any]) -> None:
            log.write(json.dumps(item, ensure_ascii=False) + "\n")
            log.flush()

        yield keep
