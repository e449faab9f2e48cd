"""The tab where questions are asked: the conversations on the left, the one that is open in the middle, the source on the right."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.page.ask.actions import Actions
from ui.page.ask.rail_view import rail_head_view
from ui.page.places import QUIET, Frame, command, for_caller, for_caller_in_steps, markup

_ASKING: dict[str, Any] = {**QUIET, "concurrency_limit": None, "trigger_mode": "once"}
"""How an event is set up that may wait long; how many work at once the slots decide, which it shares with the API."""


def ask_tab(frame: Frame) -> None:
    """Build the tab inside the one that is open."""
    actions = Actions(frame.dossier, frame.slots, frame.examples)
    with gr.Row(elem_id="desk"):
        with gr.Column(scale=5, min_width=200, elem_id="rail-column"):
            markup("rail-head", rail_head_view())
            rail = markup("rail")
        with gr.Column(scale=11, min_width=320, elem_id="left"):
            question, send, stop = _question_box(frame.dossier.settings.max_question_chars)
            narrowing = markup("filters")
            examples = markup("examples")
            status = markup("status")
            answer = markup("answer")
            conversation = markup("conversation")
        with gr.Column(scale=9, min_width=320, elem_id="right"):
            source = markup("source")
    filters, _ = command("filters")
    show, press_show = command("show")
    recall, press_recall = command("recall")
    drop, press_drop = command("drop")
    kind, press_kind = command("kind")
    opened, press_open = command("open")
    earlier, press_earlier = command("earlier")
    wanted, press_rail = command("rail")
    _, press_nudge = command("nudge")
    _, press_again = command("again")
    _, press_begin = command("begin")
    thread, asked, running = gr.State(""), gr.State(None), gr.State("")
    turn: list[Any] = [answer, source, status, conversation, rail, question, thread, asked, running]

    frame.page.load(for_caller(actions.begin), frame.choices, turn, **QUIET)
    gr.on(list(frame.changed), for_caller(actions.filters), frame.choices, narrowing, **QUIET)
    gr.on([*frame.changed, press_rail.click], for_caller(actions.rail), [wanted, thread, frame.choices], rail, **QUIET)
    gr.on(
        list(frame.changed),
        for_caller_in_steps(actions.examples),
        frame.choices,
        examples,
        concurrency_limit=None,
        **QUIET,
    )
    gr.on(
        [question.submit, send.click],
        for_caller_in_steps(actions.ask),
        [question, filters, thread, frame.choices],
        turn,
        **_ASKING,
    )
    press_again.click(for_caller_in_steps(actions.again), [thread, asked], turn, **_ASKING)
    press_drop.click(for_caller_in_steps(actions.drop), [drop, thread, asked], turn, **_ASKING)
    press_kind.click(for_caller_in_steps(actions.read_as), [kind, thread, asked], turn, **_ASKING)
    stop.click(for_caller(actions.stop), running, None, **QUIET)
    press_show.click(for_caller(actions.show), [show, frame.choices], source, **QUIET)
    press_recall.click(for_caller(actions.recall), [recall, frame.choices], turn, **QUIET)
    press_open.click(for_caller(actions.open), [opened, frame.choices], turn, **QUIET)
    press_earlier.click(for_caller(actions.earlier), [earlier, frame.choices], turn, **QUIET)
    press_nudge.click(lambda: None, None, None, concurrency_limit=None, **QUIET)
    press_begin.click(for_caller(actions.begin), frame.choices, turn, **QUIET)


def _question_box(longest: int) -> tuple[gr.Textbox, gr.Button, gr.Button]:
    with gr.Row(elem_id="asking"):
        question = gr.Textbox(
            label="Your question",
            placeholder="What do you want to know?",
            lines=1,
            max_lines=6,
            max_length=longest,
            scale=8,
            elem_id="question",
        )
        send = gr.Button("Ask", variant="primary", scale=1, min_width=90, elem_id="send")
        stop = gr.Button("Stop", variant="secondary", scale=1, min_width=90, elem_id="stop")
    return question, send, stop
