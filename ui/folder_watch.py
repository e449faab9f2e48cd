"""A folder that is followed: what changes in it is indexed, what goes from it goes, until the watch is told to stop.

The folder is looked at again and again, not listened to: that holds on every file system, network drives and containers among
them, no event can be lost, and a look at ten thousand files takes a few hundredths of a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import DossierError
from index.values import Metadata, Refusal
from rag.settings import Settings
from rag.views import IngestView
from ui.offered import files_under
from ui.protocols import Desk

EVERY_S = 1.0
_SHARE = 10
"""A look may take this part of the time between two."""
_TICK_NS = 50_000_000
"""A file that was written less long ago may be written again without its times telling."""

Signature = tuple[int, int, int, int]


class Stopped(Exception):
    """The watch is to end; what was acknowledged so far stays."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is in the folder at one moment.

    Attributes:
        root: Which folder it is, whatever its name; None while it is not there.
        files: Size, times and number of each file by its path.
        spared: What could not be looked at, or is not read: nothing is known to be gone there.
        settled: Files that were not written just now.
        took_s: Seconds that the look took.
    """

    root: tuple[int, int] | None
    files: Mapping[str, Signature]
    spared: tuple[Refusal, ...]
    settled: frozenset[str]
    took_s: float


class FolderWatch:
    """Keeps a collection as a folder is.

    Args:
        tell: Told one line for each change.
        stop: Set when the watch is to end.
        every_s: Seconds between two looks; longer where a look takes long.
    """

    def __init__(
        self,
        desk: Desk,
        folder: Path,
        settings: Settings,
        *,
        collection: str | None,
        tell: Callable[[str], None],
        stop: threading.Event,
        every_s: float = EVERY_S,
        metadata: Metadata | None = None,
    ) -> None:
        self._desk = desk
        self._folder = folder
        self._settings = settings
        self._collection = collection
        self._tell = tell
        self._stop = stop
        self._every_s = every_s
        self._metadata = metadata
        self._known: dict[str, Signature] = {}
        self._said = ""
        self._named: set[tuple[str, str]] = set()

    def run(self) -> None:
        """Index the folder, then follow it until `stop`. Raises what the first index raises; later failures are told and tried again."""
        last = first = self._look()
        try:
            report = self._index([self._folder], [])
            self._tell(f"{len(first.files):,} files; {_counts(report)}. Watching {self._folder}")
            for one in report.refused:
                self._refused(one.source, one.code, one.reason)
            again = {one.source for one in report.refused if one.code == "changed"}
            self._known = {path: seen for path, seen in first.files.items() if path not in again}
            while not self._stop.wait(max(self._every_s, _SHARE * last.took_s)):
                now = self._look()
                self._follow(first, last, now)
                last = now
        except Stopped:
            pass

    def _follow(self, first: Look, last: Look, now: Look) -> None:
        """Index what stayed as it is for two looks and is not as it was; what is missing in two looks is gone."""
        if now.root != first.root:
            away = "is not there" if now.root is None else "is another folder than the one that was watched"
            self._once(f"{self._folder} {away}: nothing is removed, and the watch waits for it")
            return
        for one in now.spared:
            self._refused(one.source, one.code, one.reason)
        spared = [one.source for one in now.spared]
        changed = [
            path
            for path, seen in now.files.items()
            if self._known.get(path) != seen and last.files.get(path) == seen and path in now.settled
        ]
        gone = [
            path
            for path in self._known
            if path not in now.files and path not in last.files and not _is_under(path, spared)
        ]
        if not (changed or gone):
            return
        try:
            report = self._index([Path(path) for path in changed], gone)
        except (DossierError, OSError) as error:
            self._once(f"not indexed, and tried again: {error}")
            return
        self._said = ""
        refused = {one.source: one for one in report.refused}
        replaced = {one.source for one in report.replacements}
        for path in changed:
            inside = [one for source, one in refused.items() if _is_under(source, [path])]
            for left_out in inside:
                self._tell(f"refused {left_out.source}: {left_out.code}: {left_out.reason}")
            if path not in refused and path not in self._known:
                self._tell(f"added {path}")
            elif path not in refused and any(_is_under(source, [path]) for source in replaced):
                self._tell(f"changed {path}")
            if not any(one.code in ("changed", "missing") for one in inside):
                self._known[path] = now.files[path]
        for path in gone:
            del self._known[path]
            self._tell(f"removed {path}")

    def _index(self, paths: Sequence[Path], gone: Sequence[str]) -> IngestView:
        def progress(stage: str, done: int, total: int) -> None:
            if self._stop.is_set():
                raise Stopped

        return self._desk.index(
            paths, collection=self._collection, progress=progress, metadata=self._metadata, gone=gone
        )

    def _look(self) -> Look:
        began, now = time.perf_counter(), time.time_ns()
        found = files_under([self._folder], self._settings)
        files: dict[str, Signature] = {}
        settled: set[str] = set()
        for one in found.files:
            try:
                status = one.path.lstat()
            except OSError:
                continue
            files[one.source] = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            if abs(now - status.st_mtime_ns) > _TICK_NS:
                settled.add(one.source)
        try:
            status = self._folder.stat()
        except OSError:
            return Look(None, {}, (), frozenset(), 0.0)
        took_s = time.perf_counter() - began
        return Look((status.st_dev, status.st_ino), files, found.refusals, frozenset(settled), took_s)

    def _refused(self, source: str, code: str, reason: str) -> None:
        """Tell once why something in the folder is not read."""
        if (source, code) not in self._named:
            self._named.add((source, code))
            self._tell(f"refused {source}: {code}: {reason}")

    def _once(self, line: str) -> None:
        """Tell a line that would be the same at every look only once."""
        if line != self._said:
            self._tell(line)
        self._said = line


def _counts(report: IngestView) -> str:
    return (
        f"{len(report.added)} added, {len(report.replaced)} replaced, {len(report.removed)} removed, "
        f"{report.unchanged} unchanged, {len(report.refused)} refused"
    )


def _is_under(source: str, places: Iterable[str]) -> bool:
    return any(source == place or source.startswith(place.rstrip("/") + "/") for place in places)
