"""Uploaded files on their way from the page to an ingest job: only what was uploaded goes in, and its copy goes away."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ui.jobs import Jobs, Upload
from ui.views import IngestView, JobView, RefusalView, shown_name

POLL_S = 0.2
MOST_FILES = 1000
STALE_S = 3600


@dataclass(frozen=True, slots=True)
class Taken:
    """Files in a folder of their own, and those that could not be taken."""

    folder: Path
    files: tuple[Upload, ...]
    refused: tuple[RefusalView, ...]


def take(paths: Sequence[str], root: Path, *, max_bytes: int) -> Taken:
    """Move uploaded files out of the upload folder `root` into a new folder in it.

    A path that does not lie in `root`, or is not a plain file there, is refused: the caller may have made it up.
    """
    base = root.resolve()
    folder = base / f"taken-{secrets.token_hex(16)}"
    folder.mkdir(mode=0o700, parents=True)
    _sweep(base)
    files: list[Upload] = []
    refused: list[RefusalView] = []
    for number, given in enumerate(paths):
        name = shown_name(given)
        reason = _refusal(given, base, max_bytes=max_bytes) if number < MOST_FILES else _TOO_MANY
        if reason is not None:
            refused.append(RefusalView(source=name, code=reason[0], reason=reason[1]))
            continue
        suffix = Path(name).suffix
        target = folder / (secrets.token_hex(16) + (suffix if suffix[1:].isalnum() and suffix.isascii() else ""))
        shutil.move(given, target)
        _drop_empty(Path(given).parent, base)
        files.append(Upload(f"upload/{name}", target, name))
    return Taken(folder, tuple(files), tuple(refused))


_TOO_MANY = ("quota", f"More than {MOST_FILES:,} files at once. Add the rest afterwards.")


def _refusal(given: str, base: Path, *, max_bytes: int) -> tuple[str, str] | None:
    foreign = ("not_regular", "It was not uploaded here.")
    try:
        found = Path(given).lstat()
        inside = Path(given).resolve(strict=True).is_relative_to(base)
    except FileNotFoundError:
        return ("missing", "It did not arrive. Send it again.") if Path(given).is_relative_to(base) else foreign
    except (OSError, ValueError):
        return foreign
    if not inside or not stat.S_ISREG(found.st_mode):
        return foreign
    if found.st_size > max_bytes:
        return "too_large", f"It has {found.st_size:,} bytes; a file may have {max_bytes:,}."
    return None


def _drop_empty(folder: Path, base: Path) -> None:
    if folder != base:
        with contextlib.suppress(OSError):  # another file lies in it
            folder.rmdir()


def _sweep(base: Path) -> None:
    """Remove what aborted uploads and Gradio itself left right in the upload folder."""
    for path in base.iterdir():
        with contextlib.suppress(OSError):
            found = path.lstat()
            if stat.S_ISREG(found.st_mode) and time.time() - found.st_mtime > STALE_S:
                path.unlink()


def ingest(taken: Taken, jobs: Jobs) -> Iterator[JobView]:
    """Run the ingest of `taken` in the queue that the API uses too, and say how far it is until it ends."""
    if not taken.files:
        shutil.rmtree(taken.folder, ignore_errors=True)
        yield JobView(id="", status="done", report=IngestView())
        return
    job = jobs.submit(None, taken.folder, taken.files)
    while job.status not in ("done", "failed"):
        yield job
        time.sleep(POLL_S)
        job = jobs.view(job.id)
    yield job
