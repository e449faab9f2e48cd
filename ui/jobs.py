"""Ingest jobs: a few workers, a bounded line, and uploads that lie under names of ours until they are read."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from index.errors import DossierError, StorageFailed
from index.files import SourceFile
from rag.views import IngestView, JobView, ingest_view, merge_ingests
from ui.access.caller import Caller, acting, acting_as
from ui.line import Line, Place
from ui.problems import Problem, busy, of_error, unexpected
from ui.protocols import Collection, Dossier

UPLOADS = "uploads"
WORKERS = 2
LEAST_SHARE = 0.02
MOST_KEPT = 200
STOP_WAIT_S = 10.0
Upload = SourceFile
_COPY_BYTES = 1024 * 1024


@dataclass(slots=True)
class _Pace:
    """How far one part of a job is: its bytes, how many of its files are read, and how many of their passages are encoded."""

    size: int
    began: float
    files: float = 0.0
    passages: float = 0.0

    @property
    def share(self) -> float:
        return self.files * self.passages


@dataclass(slots=True)
class _Job:
    collection: str | None
    folder: Path
    files: Sequence[Upload]
    caller: Caller
    view: JobView
    files_done: int = 0
    bytes_done: int = 0
    bytes_all: int = 0
    worked_s: float = 0.0
    reports: list[IngestView] = field(default_factory=list)

    def begin(self, part: Sequence[Upload], size: int) -> _Pace:
        if not self.bytes_all:
            self.bytes_all = sum(file.path.stat().st_size for file in self.files)
        self.view = self.view.model_copy(update={"status": "running"})
        return _Pace(size, time.monotonic())

    def told(self, pace: _Pace, stage: str, done: int, total: int) -> None:
        """What a part says of itself is said of the whole."""
        share = done / total if total else 0.0
        if stage == "read":
            pace.files = share
            done, total = self.files_done + done, len(self.files)
        elif stage == "encode":
            pace.passages = share
        said = {"stage": stage, "done": done, "total": total, "remaining_s": self._remaining(pace)}
        self.view = self.view.model_copy(update=said)

    def end(self, pace: _Pace, report: IngestView, *, over: bool) -> None:
        self.reports.append(report)
        self.worked_s += time.monotonic() - pace.began
        self.bytes_done += pace.size
        self.files_done = min(len(self.files), self.files_done + _count(report))
        said = {"status": "done", "stage": "done", "remaining_s": None, "report": merge_ingests(self.reports)}
        self.view = self.view.model_copy(update=said if over else {"status": "queued"})

    def _remaining(self, pace: _Pace) -> float | None:
        """Seconds that are left at the pace so far, one upload beside it or none; None while too little is done to say."""
        done = (self.bytes_done + pace.share * pace.size) / self.bytes_all if self.bytes_all else 0.0
        worked = self.worked_s + time.monotonic() - pace.began
        return round(worked * (1 - done) / done, 1) if done > LEAST_SHARE else None


def _count(report: IngestView) -> int:
    """How many files a report is of."""
    return len(report.added) + len(report.replaced) + report.unchanged + len(report.refused)


class _Stopped(Exception):
    """The server goes down; what was acknowledged so far stays."""


class UploadFolder:
    """Private folders for uploaded bytes, under the data directory; what an earlier process left is removed."""

    def __init__(self, data: Path) -> None:
        self._path = data.absolute() / UPLOADS  # the parser is another process, in another folder
        if self._path.is_dir() and not self._path.is_symlink():
            shutil.rmtree(self._path, ignore_errors=True)

    def new(self) -> Path:
        """A new empty folder that only this user can read. Raises StorageFailed."""
        folder = self._path / secrets.token_hex(16)
        if self._path.is_symlink():
            raise StorageFailed(f"{self._path} is a link; uploads are not written through it. Remove it.")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.mkdir(mode=0o700, exist_ok=True)
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise StorageFailed(f"Uploads cannot be stored: {error}. Run: dossier doctor") from error
        return folder

    def store(self, folder: Path, stream: BinaryIO, suffix: str) -> Path:
        """Copy a stream into `folder` under a name of ours; the suffix, which picks the parser, is kept if plain."""
        plain = suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 10 else ""
        path = folder / (secrets.token_hex(16) + plain.lower())
        try:
            with path.open("xb") as target:
                shutil.copyfileobj(stream, target, _COPY_BYTES)
        except OSError as error:
            raise StorageFailed(f"Uploads cannot be stored: {error}. Run: dossier doctor") from error
        return path


class Jobs:
    """Ingests that wait, and the threads that run them: two, and one for what is small. `start` before `submit`, `close` at the end.

    Attributes:
        outcomes: How many ended as "done" and "failed".
    """

    def __init__(self, dossier: Dossier, *, most_kept: int = MOST_KEPT) -> None:
        self._dossier = dossier
        self._line: Line[_Job] = Line()
        self._most_kept = most_kept
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.outcomes: Counter[str] = Counter()
        self._threads = [
            threading.Thread(target=self._work, args=(small,), name=f"dossier-ingest-{number}", daemon=True)
            for number, small in enumerate((False,) * WORKERS + (True,), 1)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def submit(self, collection: str | None, folder: Path, files: Sequence[Upload]) -> JobView:
        """Queue an ingest of `files`; `folder` is removed afterwards. Raises Problem when too many wait."""
        view = JobView(id=f"job_{secrets.token_hex(8)}", status="queued", total=len(files))
        job = _Job(collection, folder, files, acting(), view)
        with self._lock:
            if self._stopping.is_set():
                raise Problem("shutting-down", "The server is going down.", headers={"Retry-After": "10"})
            if not self._line.join(job, (job.caller.name, collection), files):
                raise busy("Too many uploads are waiting.", retry_after_s=5)
            self._jobs[job.view.id] = job
            self._forget_old()
        return view

    def view(self, job_id: str) -> JobView:
        """Raises Problem for a job that is not known, or no longer."""
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None or job.caller.name != acting().name:
            raise Problem("unknown-job", "There is no such job, or it was so long ago that it is forgotten.")
        return job.view

    def close(self, wait_s: float = STOP_WAIT_S) -> bool:
        """Stop after the batches at hand; False if a worker still runs after `wait_s`."""
        with self._lock:
            self._stopping.set()
        self._line.close()
        end = time.monotonic() + wait_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _forget_old(self) -> None:
        ended = [name for name, job in self._jobs.items() if job.view.status in ("done", "failed")]
        for name in ended[: max(0, len(self._jobs) - self._most_kept)]:
            del self._jobs[name]

    def _work(self, small: bool) -> None:
        while (place := self._line.next(small=small)) is not None:
            job = place.job
            try:
                with acting_as(job.caller):
                    self._run(job, place)
            finally:
                if not place.parts:
                    shutil.rmtree(job.folder, ignore_errors=True)
                self._line.back(place)

    def _run(self, job: _Job, place: Place[_Job]) -> None:
        """Read the next part; the job is over with the last one, or with the first that fails."""
        part, size = place.parts.pop(0), place.sizes.pop(0)
        try:
            if self._stopping.is_set():
                raise _Stopped
            pace = job.begin(part, size)
            job.told(pace, "read", 0, len(part))
            collection: Collection = self._dossier.collection(job.collection, create=True)
            report = collection.ingest(part, progress=lambda *told: self._progress(job, pace, *told))
        except _Stopped:
            self._fail(job, place, Problem("shutting-down", "The server went down before the upload was read."))
        except DossierError as error:
            self._fail(job, place, of_error(error))
        except Exception as error:  # noqa: BLE001 - one bad job must not end the worker
            self._fail(job, place, unexpected(error))
        else:
            job.end(pace, ingest_view(report), over=not place.parts)
        if not place.parts:
            self.outcomes[job.view.status] += 1

    def _progress(self, job: _Job, pace: _Pace, stage: str, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise _Stopped
        job.told(pace, stage, done, total)

    def _fail(self, job: _Job, place: Place[_Job], problem: Problem) -> None:
        place.parts.clear()
        place.sizes.clear()
        said = {"status": "failed", "remaining_s": None, "error": f"{problem.code}: {problem.detail}"}
        job.view = job.view.model_copy(update=said)
