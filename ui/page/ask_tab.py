"""The tab where questions are asked: the conversation on the left, the source on the right."""

from __future__ import annotations

import gradio as gr

from ui.page.actions import Actions
from ui.page.places import QUIET, Frame, command, for_caller, markup

ASKING_AT_ONCE = 2


def ask_tab(frame: Frame) -> None:
    """Build the tab inside the one that is open."""
    actions = Actions(frame.dossier)
    with gr.Row(elem_id="desk"):
        with gr.Column(scale=11, min_width=320, elem_id="left"):
            question, send = _question_box(frame.dossier.settings.max_question_chars)
            examples = markup("examples")
            status = markup("status")
            conversation = markup("conversation")
            answer = markup("answer")
        with gr.Column(scale=9, min_width=320, elem_id="right"):
            source = markup("source")
    show, press_show = command("show")
    recall, press_recall = command("recall")
    _, press_begin = command("begin")
    thread = gr.State("")
    turn_shown = [answer, source, status]
    frame.page.load(for_caller(actions.load), None, [answer, source], **QUIET)
    gr.on(list(frame.changed), for_caller(actions.examples), None, examples, **QUIET)
    gr.on(
        [question.submit, send.click],
        for_caller(actions.ask),
        [question, thread],
        [*turn_shown, thread, conversation],
        concurrency_limit=ASKING_AT_ONCE,
        concurrency_id="asking",
        show_progress="full",
        show_progress_on=answer,
        api_visibility="private",
    )
    press_show.click(for_caller(actions.show), show, source, trigger_mode="always_last", **QUIET)
    press_recall.click(for_caller(actions.recall), recall, turn_shown, **QUIET)
    press_begin.click(for_caller(actions.begin), None, [*turn_shown, thread, conversation], **QUIET)


def _question_box(longest: int) -> tuple[gr.Textbox, gr.Button]:
    with gr.Row(elem_id="asking"):
        question = gr.Textbox(
            label="Your question",
            placeholder="What do you want to know from these documents?",
            lines=1,
            max_lines=6,
            max_length=longest,
            scale=8,
            elem_id="question",
        )
        send = gr.Button("Ask", variant="primary", scale=1, min_width=90, elem_id="send")
    return question, send
