"""The Gradio page: layout and events. The only module that imports gradio.

Its content security policy allows no `eval`, so neither `gr.HTML` nor `js=` on an event can be used: see `ui.page.markup`.
A press in the page's own markup reaches Python through a hidden text box and button that `page.js` fills in and presses.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI

from ui.access.caller import SCOPE_KEY, acting_as
from ui.page.actions import Actions
from ui.page.documents_view import drop_view
from ui.protocols import Dossier

HERE = Path(__file__).parent
QUEUE = 32
ASKING_AT_ONCE = 2
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build_page(dossier: Dossier) -> gr.Blocks:
    """The page over an open Dossier. It sends files to the API of the application that it is mounted on."""
    actions = Actions(dossier)
    page: gr.Blocks = gr.Blocks(title="Dossier", analytics_enabled=False)
    with page:
        header = _markup("top")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", id="ask", elem_id="ask-tab"), gr.Row(elem_id="desk"):
                with gr.Column(scale=11, min_width=320, elem_id="left"):
                    question, send = _question_box(dossier.settings.max_question_chars)
                    examples = _markup("examples")
                    status = _markup("status")
                    conversation = _markup("conversation")
                    answer = _markup("answer")
                with gr.Column(scale=9, min_width=320, elem_id="right"):
                    source = _markup("source")
            with gr.Tab("Documents", id="documents", elem_id="documents-tab"):
                _markup("adding", drop_view(dossier.settings.max_file_bytes))
                report = _markup("report")
                documents = _markup("documents")
        show, press_show = _command("show")
        remove, press_remove = _command("remove")
        turn, press_turn = _command("turn")
        recall, press_recall = _command("recall")
        _, press_refresh = _command("refresh")
        _, press_begin = _command("begin")
        thread = gr.State("")
        turn_shown = [answer, source, status]
        overview = [header, examples, documents]

        page.load(_for_caller(actions.load), None, [*overview, answer, source], **_QUIET)
        gr.on(
            [question.submit, send.click],
            _for_caller(actions.ask),
            [question, thread],
            [*turn_shown, thread, conversation],
            concurrency_limit=ASKING_AT_ONCE,
            concurrency_id="asking",
            show_progress="full",
            show_progress_on=answer,
            api_visibility="private",
        )
        press_show.click(_for_caller(actions.show), show, source, trigger_mode="always_last", **_QUIET)
        press_turn.click(_for_caller(actions.turn), turn, documents, **_QUIET)
        removed = press_remove.click(_for_caller(actions.remove), remove, report, **_QUIET)
        removed.then(_for_caller(actions.refresh), None, overview, **_QUIET)
        press_recall.click(_for_caller(actions.recall), recall, turn_shown, **_QUIET)
        press_begin.click(_for_caller(actions.begin), None, [*turn_shown, thread, conversation], **_QUIET)
        press_refresh.click(_for_caller(actions.refresh), None, overview, **_QUIET)
    page.queue(max_size=QUEUE, default_concurrency_limit=4)
    return page


def _for_caller(action: Callable[..., Any]) -> Callable[..., Any]:
    """The action on behalf of whoever the outermost layer recognised: Gradio runs it outside of the request."""

    def run(request: gr.Request, *values: Any) -> Any:
        assert request.request is not None
        with acting_as(request.request.scope[SCOPE_KEY]):
            return action(*values)

    run.__name__ = action.__name__  # the name that Gradio gives the event
    return run


def mount(app: FastAPI, dossier: Dossier) -> FastAPI:
    """Put the page at "/" of the application that `ui.http.app.create_app` made over the same Dossier.

    The page is open to everyone who reaches the application: who that is, and the content security policy, are the guard's.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))  # else pandas sums up all events after each
    return asyncio.run(_mount(app, dossier))


async def _mount(app: FastAPI, dossier: Dossier) -> FastAPI:
    """Inside a running loop: outside one, Gradio opens an event loop for each of its locks and closes none."""
    page = build_page(dossier)
    page.has_launched = True
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="/",
        show_error=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        max_file_size=1,  # byte: no component of the page takes files
        theme=_theme(),
        head=_head(),
    )
    return mounted


def _markup(name: str, value: str = "") -> gr.Markdown:
    """A place for `ui.page.markup.block` values; nothing else may be put into it."""
    return gr.Markdown(value, elem_id=name, latex_delimiters=[], sanitize_html=True, header_links=False, buttons=[])


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


def _command(name: str) -> tuple[gr.Textbox, gr.Button]:
    """Where `page.js` writes what was pressed, and the button that it then presses itself; nobody sees either."""
    with gr.Group(elem_id=f"command-{name}", elem_classes="command"):
        return gr.Textbox(show_label=False, container=False), gr.Button(name)


def _head() -> str:
    style, *scripts = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js", "upload.js"))
    return f"<style>{style}</style>" + "".join(f"<script>{script}</script>" for script in scripts)


def _theme() -> gr.themes.Base:
    """No font of the theme: `page.css` has the faces that Gradio carries whole, and the colours."""
    return gr.themes.Base(
        primary_hue="teal",
        neutral_hue="stone",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
