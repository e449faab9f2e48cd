"""The turns of a conversation before the one that stands on the page, as markup: each in full, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from rag.replay import KeptAnswer
from ui.page.ask.answer_view import turn_view
from ui.page.markup import Html, block, fill, join
from ui.words import count

SHOWN = 5
"""Turns at a time: what is sent with every answer stays small however long a conversation is."""


def conversation_view(turns: Sequence[KeptAnswer], *, thread: str, shown: int, newest: int) -> str:
    """Up to SHOWN earlier turns, and the ways to those before and after; nothing where there is no other turn.

    Args:
        turns: Oldest first, none of them after the turn `shown`.
        shown: The turn that stands above.
        newest: The last turn of the conversation.
    """
    earlier = list(reversed(turns[-SHOWN:]))
    before = (earlier[-1].turn or 1) - 1 if earlier else 0
    first = earlier[0].turn or 0 if earlier else 0
    ways = [
        _way("Newest turn", "newest", thread) if shown < newest else None,
        _way("Later turns", "earlier", f"{thread} {min(shown, first + SHOWN + 1)} {shown}")
        if 0 < first < shown - 1
        else None,
        _way(f"{count(before, 'earlier turn')}", "earlier", f"{thread} {before + 1} {shown}") if before else None,
    ]
    if not earlier and shown >= newest:
        return ""
    return block(
        fill(
            '<section class="conversation"><h2 class="of-turns" tabindex="-1">Earlier in this conversation</h2>'
            '{turns}<p class="ways">{ways} <button type="button" class="quiet fresh">New conversation</button></p></section>',
            turns=join(turn_view(one.answer) for one in earlier),
            ways=join((one for one in ways if one), " "),
        )
    )


def _way(label: str, name: str, carries: str) -> Html:
    return fill(
        '<button type="button" class="quiet {name}">{label}<i hidden>{carries}</i></button>',
        name=Html(name),
        label=label,
        carries=carries,
    )
