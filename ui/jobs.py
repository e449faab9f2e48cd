"""Ingest jobs: one worker, a short queue, and uploads that lie under names of ours until they are read."""

from __future__ import annotations

import contextlib
import queue
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from index.errors import DossierError, StorageFailed
from index.files import SourceFile
from rag.views import JobView, ingest_view
from ui.access.caller import Caller, acting, acting_as
from ui.problems import Problem, busy, of_error, unexpected
from ui.protocols import Collection, Dossier

UPLOADS = "uploads"
MOST_WAITING = 16
MOST_KEPT = 200
STOP_WAIT_S = 10.0
Upload = SourceFile
_COPY_BYTES = 1024 * 1024


@dataclass(slots=True)
class _Job:
    collection: str | None
    folder: Path
    files: Sequence[Upload]
    caller: Caller
    view: JobView


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
    """A bounded queue of ingests and the one thread that runs them. `start` before `submit`, `close` at the end.

    Attributes:
        outcomes: How many ended as "done" and "failed".
    """

    def __init__(self, dossier: Dossier, *, most_waiting: int = MOST_WAITING, most_kept: int = MOST_KEPT) -> None:
        self._dossier = dossier
        self._queue: queue.Queue[_Job | None] = queue.Queue(most_waiting)
        self._most_kept = most_kept
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.outcomes: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._work, name="dossier-ingest", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, collection: str | None, folder: Path, files: Sequence[Upload]) -> JobView:
        """Queue an ingest of `files`; `folder` is removed afterwards. Raises Problem when too many wait."""
        view = JobView(id=f"job_{secrets.token_hex(8)}", status="queued", total=len(files))
        job = _Job(collection, folder, files, acting(), view)
        with self._lock:
            if self._stopping.is_set():
                raise Problem("shutting-down", "The server is going down.", headers={"Retry-After": "10"})
            try:
                self._queue.put_nowait(job)
            except queue.Full:
                raise busy("Too many uploads are waiting.", retry_after_s=5) from None
            self._jobs[job.view.id] = job
            self._forget_old()
        return job.view

    def view(self, job_id: str) -> JobView:
        """Raises Problem for a job that is not known, or no longer."""
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None or job.caller.name != acting().name:
            raise Problem("unknown-job", "There is no such job, or it was so long ago that it is forgotten.")
        return job.view

    def close(self, wait_s: float = STOP_WAIT_S) -> bool:
        """Stop after the batch at hand; False if the worker still runs after `wait_s`."""
        with self._lock:
            self._stopping.set()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        if self._thread.is_alive():
            self._thread.join(wait_s)
        return not self._thread.is_alive()

    def _forget_old(self) -> None:
        ended = [name for name, job in self._jobs.items() if job.view.status in ("done", "failed")]
        for name in ended[: max(0, len(self._jobs) - self._most_kept)]:
            del self._jobs[name]

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                with acting_as(job.caller):
                    self._run(job)
            finally:
                shutil.rmtree(job.folder, ignore_errors=True)
            if self._stopping.is_set() and self._queue.empty():
                return

    def _run(self, job: _Job) -> None:
        def progress(stage: str, done: int, total: int) -> None:
            if self._stopping.is_set():
                raise _Stopped
            job.view = job.view.model_copy(update={"stage": stage, "done": done, "total": total})

        try:
            progress("read", 0, len(job.files))
            job.view = job.view.model_copy(update={"status": "running"})
            collection: Collection = self._dossier.collection(job.collection, create=True)
            report = collection.ingest(job.files, progress=progress)
            job.view = job.view.model_copy(update={"status": "done", "stage": "done", "report": ingest_view(report)})
        except _Stopped:
            self._fail(job, Problem("shutting-down", "The server went down before the upload was read."))
        except DossierError as error:
            self._fail(job, of_error(error))
        except Exception as error:  # noqa: BLE001 - one bad job must not end the worker
            self._fail(job, unexpected(error))
        self.outcomes[job.view.status] += 1

    def _fail(self, job: _Job, problem: Problem) -> None:
        job.view = job.view.model_copy(update={"status": "failed", "error": f"{problem.code}: {problem.detail}"})
