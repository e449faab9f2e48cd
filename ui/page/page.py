"""The Gradio page: its tabs and how it is mounted.

Its content security policy allows no `eval`, so neither `gr.HTML` nor `js=` on an event can be used: see `ui.page.markup`.
A press in the page's own markup reaches Python through a hidden text box and button that `page.js` fills in and presses.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from index.errors import UnknownCollection
from ui.access.caller import LOCAL, acting
from ui.page.ask.tab import ask_tab
from ui.page.choices import chosen
from ui.page.compressed import Compressed
from ui.page.coverage.tab import coverage_tab
from ui.page.documents.tab import documents_tab
from ui.page.evaluation.tab import evaluation_tab
from ui.page.examples import Examples
from ui.page.header_view import header_view
from ui.page.joins import check_joins
from ui.page.places import QUIET, Frame, command, for_caller, markup
from ui.page.said import sorry
from ui.page.settings.tab import settings_tab
from ui.protocols import Dossier
from ui.slots import Slots

HERE = Path(__file__).parent
QUEUE = 32
TABS = {
    "ask": ask_tab,
    "documents": documents_tab,
    "coverage": coverage_tab,
    "evaluation": evaluation_tab,
    "settings": settings_tab,
}


def build_page(dossier: Dossier, slots: Slots, examples: Examples) -> gr.Blocks:
    """The page over an open Dossier. It sends files to the API of the application that it is mounted on."""
    page: gr.Blocks = gr.Blocks(title="Dossier", analytics_enabled=False)
    with page:
        header = markup("top")
        _, press_refresh = command("refresh")
        choices, press_choices = command("choices")
        changed = (page.load, press_refresh.click, press_choices.click)
        frame = Frame(page, dossier, slots, examples, changed, choices)
        with gr.Tabs(elem_id="tabs"):
            for name, build in TABS.items():
                with gr.Tab(name.capitalize(), id=name, elem_id=f"{name}-tab"):
                    build(frame)

        def show_header(choices: str) -> str:
            return _header(dossier, choices)

        gr.on(list(frame.changed), for_caller(show_header), choices, header, **QUIET)
    page.queue(max_size=QUEUE, default_concurrency_limit=4)
    return page


def _header(dossier: Dossier, choices: str) -> str:
    signed_in = acting() != LOCAL
    try:
        name = chosen(choices).collection or acting().own_default(dossier.settings.collection)
        return header_view(dossier.collection(name).documents(), dossier.names(), name, signed_in=signed_in)
    except UnknownCollection:
        return header_view((), dossier.names(), signed_in=signed_in)
    except Exception as error:  # noqa: BLE001 - said on the page
        return sorry(error)


def mount(app: FastAPI, dossier: Dossier) -> FastAPI:
    """Put the page at "/" of the application that `ui.http.app.create_app` made over the same Dossier.

    The page is open to everyone who reaches the application: who that is, and the content security policy, are the guard's.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))  # else pandas sums up all events after each
    return asyncio.run(_mount(app, dossier))


async def _mount(app: FastAPI, dossier: Dossier) -> FastAPI:
    """Inside a running loop: outside one, Gradio opens an event loop for each of its locks and closes none."""
    examples = Examples(app.state.slots, least=dossier.settings.answer_threshold)
    _close_with(app, examples)
    app.add_middleware(Compressed)
    page = build_page(dossier, app.state.slots, examples)
    page.has_launched = True
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="/",
        root_path=dossier.settings.root_path or None,
        show_error=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        max_file_size=1,  # byte: no component of the page takes files
        favicon_path=str(HERE / "favicon.svg"),
        theme=_theme(),
        head=_head(),
    )
    check_joins(mounted.router.routes, page)
    return mounted


def _close_with(app: FastAPI, examples: Examples) -> None:
    """Examples are looked for as long as the application runs."""
    running = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with running(app) as state:
            yield state
            await run_in_threadpool(examples.close)

    app.router.lifespan_context = lifespan


def _head() -> str:
    """Every style and script of this folder; those of the page before those of its tabs."""
    styles, scripts = (
        [path.read_text(encoding="utf-8") for path in sorted(HERE.rglob(f"*.{kind}"), key=_page_first)]
        for kind in ("css", "js")
    )
    return "".join(
        (*(f"<style>{style}</style>" for style in styles), *(f"<script>{script}</script>" for script in scripts))
    )


def _page_first(path: Path) -> tuple[bool, str]:
    return path.stem != "page", path.name


def _theme() -> gr.themes.Base:
    """No font of the theme: `page.css` has the faces that Gradio carries whole, and the colours."""
    return gr.themes.Base(
        primary_hue="teal",
        neutral_hue="stone",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
