"""The list of conversations as markup: by day, with what can be done to each; `rail.js` does it over the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from rag.views import ThreadLine
from ui.page.markup import Html, block, fill, join
from ui.words import count, written

PAGE_THREADS = 40
TITLE_CHARS = 200


def rail_head_view() -> str:
    """What stays while the list under it changes."""
    return block(
        Html(
            '<div class="rail-head"><button type="button" class="quiet rail-toggle">Conversations</button>'
            '<button type="button" class="quiet fresh">New conversation</button>'
            '<p class="rail-find"><label class="sr" for="find-thread">Find a conversation</label>'
            '<input type="search" id="find-thread" maxlength="200" autocomplete="off" placeholder="Find a conversation"></p></div>'
        ),
        "rail",
    )


def rail_view(
    threads: Sequence[ThreadLine], *, total: int, page: int, find: str, current: str, today: date | None = None
) -> str:
    """One page of the conversations.

    Args:
        total: How many there are of the kind that is listed.
        current: The one that stands on the page.
        today: The day of the person who uses this machine.
    """
    if not threads:
        words = "No conversation has these words." if find else "Your conversations will be listed here."
        return block(fill('<p class="note">{words}</p>', words=words), "rail")
    today = today or datetime.now().astimezone().date()
    days = join(
        fill(
            '<h3>{day}</h3><ul class="threads">{lines}</ul>',
            day=day,
            lines=join(_line(one, current=one.id == current) for one in lines),
        )
        for day, lines in groupby(threads, lambda one: _day(one, today))
    )
    return block(fill("{days}{pager}", days=days, pager=_pager(total, page)), "rail")


def _day(thread: ThreadLine, today: date) -> str:
    if thread.pinned:
        return "Pinned"
    day = datetime.fromisoformat(thread.asked_at).astimezone().date()
    if day >= today:
        return "Today"
    return "Yesterday" if day == today - timedelta(days=1) else written(day.isoformat())


def _line(thread: ThreadLine, *, current: bool) -> Html:
    name = thread.title or thread.question
    return fill(
        '<li class="thread{current}"><button type="button" class="open-thread"><span class="name">{name}</span>'
        '<span class="byline">{turns}</span><i hidden>{id}</i></button>'
        '<button type="button" class="quiet more-thread">⋯<span class="sr"> Change “{name}”</span></button>'
        '<div class="thread-acts" hidden><button type="button" class="quiet pin">{pin}</button>'
        '<button type="button" class="quiet rename">Rename</button><button type="button" class="quiet delete">Delete</button></div>'
        '<div class="thread-name" hidden><label>Name<input class="value" maxlength="{longest}" value="{name}"></label>'
        '<button type="button" class="quiet save">Save</button><button type="button" class="quiet cancel">Cancel</button></div>'
        '<div class="thread-sure" hidden><p>Delete it with all its answers?</p>'
        '<button type="button" class="quiet confirm">Delete</button><button type="button" class="quiet cancel">Keep</button></div>'
        '<p class="wrong alarm" role="alert" hidden></p></li>',
        current=" current" if current else "",
        name=name[:TITLE_CHARS],
        turns=count(thread.turns, "question"),
        id=thread.id,
        pin="Unpin" if thread.pinned else "Pin",
        longest=TITLE_CHARS,
    )


def _pager(total: int, page: int) -> Html:
    pages = max(1, -(-total // PAGE_THREADS))
    if pages == 1:
        return Html("")

    def turn(label: str, target: int) -> Html:
        if not 0 <= target < pages:
            return Html("")
        return fill(
            '<button type="button" class="quiet turn-rail">{label}<i hidden>{target}</i></button>',
            label=label,
            target=target,
        )

    return fill(
        '<p class="pager">{newer} {page} of {pages} {older}</p>',
        newer=turn("Newer", page - 1),
        page=page + 1,
        pages=pages,
        older=turn("Older", page + 1),
    )
