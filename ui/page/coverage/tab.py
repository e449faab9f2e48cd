"""The tab where one thing is asked of every document."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import gradio as gr
from starlette.concurrency import run_in_threadpool

from index.errors import UnknownCollection
from rag.coverage.sought import how_to_read
from rag.coverage.survey import MOST_DOCUMENTS
from rag.coverage.table import Coverage
from ui.page.choices import chosen
from ui.page.coverage.surveying import Surveying
from ui.page.coverage.view import asking_view, coverage_view, progress_view
from ui.page.places import QUIET, Frame, for_caller_in_steps, markup
from ui.page.said import said_view, sorry
from ui.problems import Problem
from ui.protocols import Dossier
from ui.requests import check_asked, check_length
from ui.slots import Slots


def coverage_tab(frame: Frame) -> None:
    """Build the tab inside the one that is open."""
    actions = CoverageActions(frame.dossier, frame.slots)
    with gr.Row(elem_id="surveying"):
        asked = gr.Textbox(
            label="Ask every document",
            placeholder="A question, or a name or phrase to count",
            lines=1,
            max_lines=4,
            max_length=frame.dossier.settings.max_question_chars,
            scale=8,
            elem_id="survey",
        )
        send = gr.Button("Ask all", variant="primary", scale=1, min_width=90, elem_id="survey-send")
        stop = gr.Button("Stop", scale=1, min_width=90, elem_id="survey-stop")
    table = markup("coverage", asking_view(MOST_DOCUMENTS))
    begun = gr.on(
        [asked.submit, send.click],
        for_caller_in_steps(actions.cover),
        [asked, frame.choices],
        table,
        concurrency_limit=None,
        **{**QUIET, "trigger_mode": "once"},
    )
    stop.click(actions.stopped, None, table, cancels=[begun], **QUIET)


class CoverageActions:
    """What the tab shows while it is asked and after."""

    def __init__(self, dossier: Dossier, slots: Slots) -> None:
        self._dossier = dossier
        self._slots = slots

    async def cover(self, asked: str, choices: str) -> AsyncGenerator[str, None]:
        """How far it is, again and again, then the table."""
        try:
            question = _asked(asked, self._dossier.settings.max_question_chars)
            surveyor = await run_in_threadpool(self._dossier.surveyor, chosen(choices).collection)
            yield progress_view(0, 0)
            surveying = Surveying(self._slots, lambda progress: surveyor.cover(question, progress=progress))
            async with aclosing(surveying.steps()) as steps:
                async for step in steps:
                    if isinstance(step, Coverage):
                        yield await run_in_threadpool(coverage_view, step)
                    else:
                        yield progress_view(*step)
        except UnknownCollection:
            yield said_view("There is nothing to look at yet.")
        except Exception as error:  # noqa: BLE001 - said on the page
            yield sorry(error)

    def stopped(self) -> str:
        return said_view("Stopped.")


def _asked(asked: str, longest: int) -> str:
    if not isinstance(asked, str):
        raise Problem("invalid-request", "What is asked must be text.")
    check_length(asked, longest, "What is asked")
    try:
        how_to_read(check_asked(asked))
    except ValueError:
        raise Problem("invalid-request", "Type a question, a name or a phrase first.") from None
    return asked
