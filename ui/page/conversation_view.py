"""The turns of a conversation as markup: what was asked before, how it came out, and a way back to it."""

from __future__ import annotations

from collections.abc import Sequence

from rag.replay import KeptAnswer
from ui.page.markup import Html, block, fill, join
from ui.words import VERDICTS, count

SHOWN = 6


def conversation_view(turns: Sequence[KeptAnswer]) -> str:
    """All turns but the last, whose answer is shown whole: the newest SHOWN of them, oldest first; nothing without any."""
    earlier = turns[:-1]
    if not earlier:
        return ""
    left_out = len(earlier) - SHOWN
    return block(
        fill(
            '<section class="conversation"><h2>Earlier in this conversation{more}</h2><ol class="turns">{items}</ol>'
            '<p class="note">A question goes on from these. <button type="button" class="quiet fresh">Start a new conversation'
            "</button></p></section>",
            more=f" ({count(left_out, 'turn')} before these)" if left_out > 0 else "",
            items=join(_turn(turn) for turn in earlier[-SHOWN:]),
        )
    )


def _turn(turn: KeptAnswer) -> Html:
    answer = turn.answer
    return fill(
        '<li><button type="button" class="turn"><span class="asked">{question}</span> <span class="byline">{outcome}</span>'
        "<i hidden>{id}</i></button></li>",
        question=answer.question,
        outcome=answer.short or VERDICTS[answer.verdict],
        id=answer.id,
    )
