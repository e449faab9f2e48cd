"""Builds and checks a generation in a process of its own: a damaged vector index can kill whoever opens it, or fill the disk.

Measured on chromadb 1.5.9: damage to its files ends in SIGSEGV, in a hang, in terabyte-sized sparse files, or in an index that
looks healthy while results are missing. So the child has a hard cap on file sizes, the parent a deadline, and the check compares every
vector.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from index.catalogue import Catalogue
from index.dense import CacheDamaged, DenseIndex
from index.errors import DossierError, StorageFailed
from index.lexical import LexicalIndex
from index.schema import storage_errors
from index.stored import Change, IndexedChunks

GROUP_CHUNKS = 2_000
_CAP_BYTES = 1024**3
_CAP_BYTES_PER_CHUNK = 16 * 1024
_DEADLINE_S = 120.0
_DEADLINE_S_PER_CHUNK = 0.02
_LOCK_NAME = "builder.lock"
_ORPHAN_S = 20.0
_STEP_S = 0.02
_PR_SET_PDEATHSIG = 1
_START = "import sys; sys.path.insert(0, {root!r}); from index.builder import main; main()"


class BuildFailed(Exception):
    """The child did not come to a good end: what it found, or how it died."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the child is to do.

    Attributes:
        task: "build" a new generation, or "mend" one: replay the log after `applied`; then check it.
    """

    task: str
    catalogue: Path
    generation: Path
    applied: int = 0


def apply_changes(catalogue: Catalogue, dense: DenseIndex, lexical: LexicalIndex, changes: Sequence[Change]) -> None:
    """Bring both indexes to what the catalogue says of the changed documents. Doing it twice does no harm.

    A chunk's id names its vector, so one that is there is left alone: updating a point can cut others off in an HNSW graph.
    """
    changed = list(dict.fromkeys(change.document_id for change in changes))
    present = catalogue.chunk_counts(changed)
    gone = list(dict.fromkeys(chunk_id for change in changes for chunk_id in change.chunk_ids))
    if gone:
        kept = set(catalogue.chunk_ids(list(present)))
        dense.delete([chunk_id for chunk_id in gone if chunk_id not in kept])
    absent = [document_id for document_id in changed if document_id not in present]
    if absent:
        lexical.apply(absent)
    for group in _groups(present):
        rows = catalogue.indexed_chunks(group)
        held = dense.held(rows.ids)
        new = [place for place, row in enumerate(rows.with_vector) if rows.ids[row] not in held]
        _upsert(dense, rows, new)
        lexical.apply(group, rows.ids, rows.document_ids, rows.headings, rows.texts, rows.languages)


def _upsert(dense: DenseIndex, rows: IndexedChunks, places: Sequence[int]) -> None:
    """Store the vectors at these places among those that can be searched."""
    chosen = [rows.with_vector[place] for place in places]
    dense.upsert(
        [rows.ids[row] for row in chosen], [rows.document_ids[row] for row in chosen], rows.vectors[list(places)]
    )


def _groups(counts: dict[str, int]) -> Iterator[list[str]]:
    """Document ids in order, in groups of about GROUP_CHUNKS chunks."""
    group: list[str] = []
    size = 0
    for document_id, count in counts.items():
        group.append(document_id)
        size += count
        if size >= GROUP_CHUNKS:
            yield group
            group, size = [], 0
    if group:
        yield group


def run_job(job: Job, counted: Callable[[int, int], None] | None = None) -> int:
    """Run a job in a child process and wait for it.

    Args:
        job: What to do.
        counted: Told (chunks done, chunks in all).

    Returns:
        The sequence number that the generation is at.

    Raises:
        BuildFailed: The generation is damaged; the child died of it, hung, or named what is wrong.
        StorageFailed: The disk is full or cannot be written.
    """
    chunks = _chunk_count(job.catalogue)
    root = str(Path(__file__).resolve().parent.parent)
    arguments = [
        job.task,
        str(job.catalogue),
        str(job.generation),
        str(job.applied),
        str(_CAP_BYTES + chunks * _CAP_BYTES_PER_CHUNK),
    ]
    last: dict[str, object] = {}
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-c", _START.format(root=root), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, text=True,
        )  # fmt: skip
        deadline = threading.Timer(_DEADLINE_S + chunks * _DEADLINE_S_PER_CHUNK, process.kill)
        deadline.daemon = True
        deadline.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                last = json.loads(line)
                if counted and "done" in last:
                    counted(int(str(last["done"])), int(str(last["total"])))
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            timed_out = not deadline.is_alive()
            deadline.cancel()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        complaints.seek(max(0, complaints.tell() - 500))
        said = complaints.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    if "storage" in last:
        raise StorageFailed(str(last["storage"]))
    if "applied" in last and code == 0:
        return int(str(last["applied"]))
    raise BuildFailed(str(last.get("problem") or _death(code, timed_out, said)))


def _death(code: int, timed_out: bool, said: str) -> str:
    if timed_out:
        return "it hung and was stopped"
    return f"the process that opened it ended with {f'signal {-code}' if code < 0 else f'status {code}'}" + (
        f" ({said})" if said else ""
    )


def _chunk_count(path: Path) -> int:
    catalogue = Catalogue(path, readonly=True)
    try:
        return catalogue.chunk_count()
    finally:
        catalogue.close()


def main() -> None:
    """The child: one job, named by its arguments; one JSON object a line, the last one is the outcome."""
    task, catalogue, generation, applied, cap = sys.argv[1:]
    _confine(int(cap))
    _follow_parent()
    path = Path(generation)
    try:
        with builder_lock(path.parent):
            outcome: dict[str, object] = {"applied": _run(Job(task, Path(catalogue), path, int(applied)))}
    except (CacheDamaged, BuildFailed) as error:
        outcome = {"problem": str(error)}
    except DossierError as error:
        outcome = {"storage": str(error)}
    except OSError as error:
        outcome = {"storage": f"Cannot write {path}: {error}. Free space, then run the command again."}
    print(json.dumps(outcome), flush=True)
    os._exit(0)  # what is left to tear down belongs to nobody


def _run(job: Job) -> int:
    from index.check import check_generation

    catalogue = Catalogue(job.catalogue, readonly=True)
    sequence = catalogue.sequence
    dense, lexical = DenseIndex(job.generation / "chroma"), LexicalIndex(job.generation / "lexical")
    if job.task == "build":
        _build(catalogue, dense, lexical)
    else:
        apply_changes(catalogue, dense, lexical, catalogue.changes_after(job.applied))
    lexical.close()
    dense.close()
    check_generation(catalogue, job.generation, fresh=job.task == "build")
    _flush(job.generation)
    return sequence


def _build(catalogue: Catalogue, dense: DenseIndex, lexical: LexicalIndex) -> None:
    counts = catalogue.chunk_counts()
    done, total = 0, sum(counts.values())
    for group in _groups(counts):
        rows = catalogue.indexed_chunks(group)
        _upsert(dense, rows, list(range(len(rows.with_vector))))
        lexical.apply((), rows.ids, rows.document_ids, rows.headings, rows.texts, rows.languages)
        done += len(rows.ids)
        print(json.dumps({"done": done, "total": total}), flush=True)


def _confine(cap_bytes: int) -> None:
    """No file beyond the cap, no core dump."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    cap = cap_bytes if hard == resource.RLIM_INFINITY else min(cap_bytes, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (cap, cap))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextmanager
def builder_lock(folder: Path) -> Iterator[None]:
    """Wait until no child of an earlier, killed process works in the folder of generations, and keep others out.

    Raises:
        StorageFailed: One still does after a while.
    """
    with storage_errors(folder), (folder / _LOCK_NAME).open("w") as lock:
        deadline = time.monotonic() + _ORPHAN_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StorageFailed(
                        f"A process of an earlier run still works in {folder}. Find it with 'fuser {folder / _LOCK_NAME}' and stop it."
                    ) from None
                time.sleep(_STEP_S)
        yield


def _follow_parent() -> None:
    """End when the parent ends, even in the middle of a native call: the parent never writes to this pipe, so its end is the parent's."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # Linux only; elsewhere the thread below does it
    if select.select([sys.stdin], [], [], 0)[0]:
        os._exit(1)

    def wait() -> None:
        sys.stdin.buffer.read(1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _flush(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
