"""How far a long command is, for whoever watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ui.terminal import err

if TYPE_CHECKING:
    from ui.protocols import Progress as Report

STAGES = {"read": "Reading", "encode": "Encoding", "index": "Indexing", "queued": "Waiting"}


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
