"""What every tab of the page is built of: places for markup, commands from its script, and events on behalf of a caller."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from ui.access.caller import SCOPE_KEY, Caller, acting_as
from ui.protocols import Dossier
from ui.slots import Slots

if TYPE_CHECKING:
    from ui.page.examples import Examples

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "always_last"}
"""How an event is set up whose result stands on the page by itself; what comes while it runs is not lost."""

UNCHANGED: Any = gr.skip()
"""What an event returns for a component that stays as it is."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a tab is given.

    Attributes:
        page: For `page.load`.
        slots: Places for work that costs, shared with the API.
        examples: Questions to begin with, for each state of each collection.
        changed: Triggers for `gr.on`: the page was opened, documents came or went, or another collection was chosen.
        choices: What was chosen in this browser, for `ui.page.choices.chosen`; an input of every event that reads documents.
    """

    page: gr.Blocks
    dossier: Dossier
    slots: Slots
    examples: Examples
    changed: tuple[Any, ...]
    choices: gr.Textbox


def markup(name: str, value: str = "") -> gr.Markdown:
    """A place for `ui.page.markup.block` values; nothing else may be put into it."""
    return gr.Markdown(value, elem_id=name, latex_delimiters=[], sanitize_html=True, header_links=False, buttons=[])


def command(name: str) -> tuple[gr.Textbox, gr.Button]:
    """Where `page.js` writes what was pressed, and the button that it then presses itself; nobody sees either."""
    with gr.Group(elem_id=f"command-{name}", elem_classes="command"):
        return gr.Textbox(show_label=False, container=False), gr.Button(name)


def for_caller(action: Callable[..., Any]) -> Callable[..., Any]:
    """The action on behalf of whoever the outermost layer recognised: Gradio runs it outside of the request."""

    def run(request: gr.Request, *values: Any) -> Any:
        with acting_as(_caller(request)):
            return action(*values)

    run.__name__ = action.__name__  # the name that Gradio gives the event
    return run


def for_caller_in_steps(action: Callable[..., AsyncGenerator[Any, None]]) -> Callable[..., AsyncGenerator[Any, None]]:
    """As `for_caller`, of an action that yields; between two of its steps nobody acts."""

    async def run(request: gr.Request, *values: Any) -> AsyncGenerator[Any, None]:
        caller = _caller(request)
        async with aclosing(action(*values)) as steps:
            while True:
                with acting_as(caller):
                    step = await anext(steps, _END)
                if step is _END:
                    return
                yield step

    run.__name__ = action.__name__
    return run


_END = object()


def _caller(request: gr.Request) -> Caller:
    assert request.request is not None
    found: Caller = request.request.scope[SCOPE_KEY]
    return found
