"""Which conversations the rail is asked to list: what `rail.js` sends, checked, and the list."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt, StrictStr, ValidationError

from ui.desk import LocalDesk
from ui.page.ask.rail_view import PAGE_THREADS, rail_view
from ui.problems import Problem
from ui.requests import Strict, parse_json

_LONGEST = 2000
_MOST_PAGES = 1_000_000


class Listed(Strict):
    """A page of the conversations that hold some words; the default is the newest of all."""

    find: Annotated[StrictStr, Field(max_length=200)] = ""
    page: Annotated[StrictInt, Field(ge=0, le=_MOST_PAGES)] = 0


def listed(command: str | None) -> Listed:
    """What is to be listed. Raises Problem."""
    if not command:
        return Listed()
    if not isinstance(command, str) or len(command) > _LONGEST:
        raise Problem("invalid-request", "That is nothing this page can list.")
    try:
        return Listed.model_validate(parse_json(command.encode("utf-8", "surrogatepass")))
    except ValidationError:
        raise Problem("invalid-request", "That is nothing this page can list.") from None


def shown_rail(desk: LocalDesk, wanted: Listed, current: str, *, collection: str | None) -> str:
    """The list; a page past the end is the last one."""
    found = desk.threads(collection=collection, limit=PAGE_THREADS, offset=wanted.page * PAGE_THREADS, find=wanted.find)
    if not found.threads and found.total:
        last = (found.total - 1) // PAGE_THREADS
        return shown_rail(desk, Listed(find=wanted.find, page=last), current, collection=collection)
    return rail_view(found.threads, total=found.total, page=wanted.page, find=wanted.find, current=current)
