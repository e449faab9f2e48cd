"""The Gradio page: layout and events. The only module that imports gradio.

Its content security policy allows no `eval`, so neither `gr.HTML` nor `js=` on an event can be used: see `ui.page.markup`.
A press in the page's own markup reaches Python through a hidden text box and button that `page.js` fills in and presses.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI

from ui.jobs import UPLOADS, Jobs
from ui.page.actions import Actions
from ui.protocols import Dossier

HERE = Path(__file__).parent
QUEUE = 32
ASKING_AT_ONCE = 2
PURGE_EVERY_S, PURGE_AFTER_S = 600, 3600
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build_page(dossier: Dossier, jobs: Jobs) -> gr.Blocks:
    """The page over an open Dossier; uploads go through `jobs`, the queue of the API."""
    actions = Actions(dossier, jobs, Path(_upload_folder()))
    with gr.Blocks(title="Dossier", analytics_enabled=False, delete_cache=(PURGE_EVERY_S, PURGE_AFTER_S)) as page:
        header = _markup("top")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", id="ask", elem_id="ask-tab"), gr.Row(elem_id="desk"):
                with gr.Column(scale=11, min_width=320, elem_id="left"):
                    question, send = _question_box(dossier.settings.max_question_chars)
                    examples = _markup("examples")
                    status = _markup("status")
                    answer = _markup("answer")
                with gr.Column(scale=9, min_width=320, elem_id="right"):
                    source = _markup("source")
            with gr.Tab("Documents", id="documents", elem_id="documents-tab"):
                files = gr.File(label="Add documents", file_count="multiple", elem_id="files", height=150)
                report = _markup("report")
                documents = _markup("documents")
        show, press_show = _command("show")
        remove, press_remove = _command("remove")
        turn, press_turn = _command("turn")
        overview = [header, examples, documents]

        page.load(actions.load, None, [*overview, answer, source], **_QUIET)
        gr.on(
            [question.submit, send.click],
            actions.ask,
            question,
            [answer, source, status],
            concurrency_limit=ASKING_AT_ONCE,
            concurrency_id="asking",
            show_progress="full",
            show_progress_on=answer,
            api_visibility="private",
        )
        press_show.click(actions.show, show, source, trigger_mode="always_last", **_QUIET)
        press_turn.click(actions.turn, turn, documents, **_QUIET)
        removed = press_remove.click(actions.remove, remove, report, **_QUIET)
        removed.then(actions.refresh, None, overview, **_QUIET)
        uploaded = files.upload(actions.upload, files, report, concurrency_limit=1, **_QUIET)
        uploaded.then(actions.refresh, None, overview, **_QUIET)
        uploaded.then(_nothing, None, files, **_QUIET)
    page.queue(max_size=QUEUE, default_concurrency_limit=4)
    return page


def mount(app: FastAPI, dossier: Dossier) -> FastAPI:
    """Put the page at "/" of the application that `ui.api.create_app` made over the same Dossier."""
    os.environ.setdefault("GRADIO_TEMP_DIR", str(dossier.settings.data.resolve() / UPLOADS / "page"))
    return asyncio.run(_mount(app, dossier))


async def _mount(app: FastAPI, dossier: Dossier) -> FastAPI:
    """Inside a running loop: outside one, Gradio opens an event loop for each of its locks and closes none."""
    page = build_page(dossier, app.state.jobs)
    page.has_launched = True
    return gr.mount_gradio_app(
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
        max_file_size=dossier.settings.max_file_bytes,
        theme=_theme(),
        head=_head(),
    )


def _markup(name: str) -> gr.Markdown:
    """A place for `ui.page.markup.block` values; nothing else may be put into it."""
    return gr.Markdown(elem_id=name, latex_delimiters=[], sanitize_html=True, header_links=False, buttons=[])


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


def _nothing() -> None:
    return None


def _upload_folder() -> str:
    from gradio.utils import get_upload_folder

    return get_upload_folder()


def _head() -> str:
    style, script = (HERE / name for name in ("page.css", "page.js"))
    return f"<style>{style.read_text(encoding='utf-8')}</style><script>{script.read_text(encoding='utf-8')}</script>"


def _theme() -> gr.themes.Base:
    """No font of the theme: `page.css` has the faces that Gradio carries whole, and the colours."""
    return gr.themes.Base(
        primary_hue="teal",
        neutral_hue="stone",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
