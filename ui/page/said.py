"""One line for the status of the page: what happened, or what went wrong."""

from __future__ import annotations

from index.errors import DossierError
from ui.page.markup import block, fill
from ui.problems import PROBLEMS, Problem, of_error, unexpected


def said_view(message: str, *, alarm: bool = False) -> str:
    return block(fill('<p class="{name}">{message}</p>', name="alarm" if alarm else "done", message=message))


def sorry(error: Exception) -> str:
    """What went wrong, without a word of the exception: its text may hold paths or what somebody sent."""
    if isinstance(error, DossierError):
        error = of_error(error)
    elif not isinstance(error, Problem):
        error = unexpected(error)
    title, detail = PROBLEMS[error.code][1], error.detail
    return said_view(detail if error.status_code < 500 else f"{title}. {detail}", alarm=True)
