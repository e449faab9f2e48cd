"""How far a long command is, for whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

from ui.terminal import err, write
from ui.words import size_in_words

if TYPE_CHECKING:
    from ui.protocols import Progress as Report

STAGES = {"read": "Reading", "encode": "Encoding", "index": "Indexing", "queued": "Waiting"}
_STEPS = 10


@contextmanager
def download_bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """How many bytes of a model are there, on standard error: a bar on a terminal, else a line at each tenth."""
    console = err()
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=console, transient=True) as bars:
            task = bars.add_task(name)
            yield lambda done, total: bars.update(task, completed=done, total=total)
        return
    told = -1

    def tell(done: int, total: int) -> None:
        nonlocal told
        step = _STEPS * done // total
        if step > told:
            told = step
            write(console, f"{name}: {100 * step // _STEPS} % of {size_in_words(total)}")

    yield tell


@contextmanager
def progress_bars() -> Iterator[Report | None]:
    """Bars on standard error while a person watches; None when it is no terminal."""
    console = err()
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(STAGES.get(stage, stage))
            bars.update(tasks[stage], completed=done, total=total)

        yield report
