"""The turns of a conversation as markup: what was asked, how it came out, and a way to each."""

from __future__ import annotations

from collections.abc import Sequence

from rag.replay import KeptAnswer
from ui.page.markup import Html, block, fill, join
from ui.words import VERDICTS, count

SHOWN = 6


def conversation_view(turns: Sequence[KeptAnswer], shown: str | None = None) -> str:
    """The newest SHOWN turns, oldest first; nothing before the second question.

    Args:
        shown: Id of the answer that stands below; without it the last one does.
    """
    if len(turns) < 2:
        return ""
    left_out = len(turns) - SHOWN
    current = shown or turns[-1].answer.id
    return block(
        fill(
            '<section class="conversation"><h2>This conversation{more}</h2><ol class="turns">{items}</ol>'
            '<p class="note">A question goes on from these. <button type="button" class="quiet fresh">New conversation'
            "</button></p></section>",
            more=f" ({count(left_out, 'turn')} before these)" if left_out > 0 else "",
            items=join(_turn(turn, current=turn.answer.id == current) for turn in turns[-SHOWN:]),
        )
    )


def _turn(turn: KeptAnswer, *, current: bool) -> Html:
    answer = turn.answer
    rewritten = answer.rewritten_by is not None and answer.query != answer.question
    return fill(
        '<li><button type="button" class="turn{current}"><span class="asked">{question}</span>{query} '
        '<span class="byline">{outcome}</span><i hidden>{id}</i></button></li>',
        current=" current" if current else "",
        question=answer.question,
        query=fill(' <span class="query">({query})</span>', query=answer.query) if rewritten else Html(""),
        outcome=answer.short or VERDICTS[answer.verdict],
        id=answer.id,
    )
