"""One line for the status of the page: what happened, or what went wrong."""

from __future__ import annotations

from index.errors import DossierError
from ui.page.markup import Html, block, fill
from ui.problems import PROBLEMS, Problem, of_error, unexpected

_SAYS_IT_ALL = frozenset({"busy", "too-slow"})
_AGAIN = Html(' <button type="button" class="quiet retry">Try again</button>')


def said_view(message: str, *, alarm: bool = False, again: bool = False) -> str:
    return block(
        fill(
            '<p class="{name}">{message}{again}</p>',
            name="alarm" if alarm else "done",
            message=message,
            again=_AGAIN if again else "",
        )
    )


def sorry(error: Exception, *, again: bool = False) -> str:
    """What went wrong, without a word of the exception: its text may hold paths or what somebody sent.

    Args:
        again: Offer to ask again.
    """
    if isinstance(error, DossierError):
        error = of_error(error)
    elif not isinstance(error, Problem):
        error = unexpected(error)
    title, detail = PROBLEMS[error.code][1], error.detail
    bare = error.status_code < 500 or error.code in _SAYS_IT_ALL
    return said_view(detail if bare else f"{title}. {detail}", alarm=True, again=again)
