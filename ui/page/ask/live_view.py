"""An answer while it is made, as markup: what is being read, then each sentence once it has passed."""

from __future__ import annotations

from collections.abc import Sequence

from rag.values import EvidenceView
from ui.page.ask.answer_view import draft_view, question_view
from ui.page.ask.body_view import prose
from ui.page.ask.live import SoFar
from ui.page.markup import Html, block, fill, join
from ui.page.proof_view import reference
from ui.words import count, listed, written

MOST_READ = 12
_AGAIN = Html('<div class="tools"><button type="button" class="quiet retry">Ask again</button></div>')


def live_view(question: str, so_far: SoFar) -> str:
    """The card in which the answer grows; `working` says that it does."""
    return block(
        fill(
            '<section class="card working">{question}<p class="stage busy">{stage}</p>{text}</section>{reading}',
            question=question_view(question),
            stage=stage_of(so_far),
            text=_text(so_far) or Html('<p class="lines"><span></span><span></span><span></span></p>'),
            reading=_reading(so_far.evidence, "being read"),
        ),
        "answer",
    )


def ended_view(question: str, so_far: SoFar, why: str, *, again: bool) -> str:
    """What was known when it ended without a whole answer.

    Args:
        again: Offer to ask again.
    """
    return block(
        fill(
            '<section class="card ended">{question}<p class="stage">{why}</p>{text}{again}</section>{reading}',
            question=question_view(question),
            why=why,
            text=_text(so_far),
            again=_AGAIN if again else Html(""),
            reading=_reading(so_far.evidence, "read so far"),
        ),
        "answer",
    )


def stage_of(so_far: SoFar) -> str:
    """What is being done, in one line."""
    if so_far.waiting:
        return "Waiting for a turn: other questions are answered first …"
    if so_far.draft is not None:
        return f"{so_far.writing} is writing …"
    if so_far.statements:
        return "Checking the next sentence …"
    if so_far.evidence:
        return f"Reading {count(len(so_far.evidence), 'passage')} …"
    return "Searching the documents …"


def _text(so_far: SoFar) -> Html:
    if so_far.draft is not None:  # until the whole of the other has passed: half of it would say less
        return draft_view(so_far.draft)
    if not so_far.statements:
        return Html("")
    return fill('<p class="text">{text}</p>', text=prose(so_far.statements, so_far.citations))


def _reading(evidence: Sequence[EvidenceView], how: str) -> Html:
    """The documents that the passages are of, each once, best first."""
    first = list({one.document_id: one for one in reversed(evidence)}.values())[::-1]
    if not first:
        return Html("")
    items = join(
        fill(
            '<li><button type="button" class="open"><span class="byline">{byline}</span> <span class="title">{title}</span>'
            "{reference}</button></li>",
            byline=listed([one.publisher, written(one.published)]),
            title=one.title or "Untitled",
            reference=reference(one.document_id, one.start, one.end),
        )
        for one in first[:MOST_READ]
    )
    return fill(
        '<section class="reading"><h3>{documents} {how}</h3><ul>{items}</ul></section>',
        documents=count(len(first), "document"),
        how=how,
        items=items,
    )
