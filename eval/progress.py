"""A bar on a terminal while questions are asked; nothing in a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID

Progress = Callable[[int, int], None]
"""(questions done, questions in all)"""
StageProgress = Callable[[str, int, int], None]
"""(what, done, in all)"""


@contextmanager
def progress_bar(what: str = "questions") -> Iterator[Progress | None]:
    """A bar on a terminal, nothing in a pipe."""
    with stage_bar() as tell:
        yield (lambda done, total: tell(what, done, total)) if tell else None


@contextmanager
def stage_bar() -> Iterator[StageProgress | None]:
    """A bar that says what it counts, on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                for task in tasks.values():
                    bar.update(task, visible=False)
                tasks[what] = bar.add_task(what, total=None)
            bar.update(tasks[what], completed=done, total=total, visible=True)

        yield tell
