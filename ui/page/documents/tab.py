"""The tab of the documents: add, look, find, correct, remove.

What changes documents goes to the API from `upload.js` and `documents.js`, like from any other client: it shares the API's
limits, its queue and its answer to who may write.
"""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from index.errors import UnknownCollection
from index.values import Document
from ui.access.caller import acting
from ui.page.choices import chosen
from ui.page.documents.contents_view import contents_view
from ui.page.documents.list_view import documents_view, drop_view, finding_view
from ui.page.documents.listing import listing
from ui.page.places import QUIET, Frame, command, for_caller, markup
from ui.page.said import sorry
from ui.protocols import Dossier


def documents_tab(frame: Frame) -> None:
    """Build the tab inside the one that is open."""
    actions = DocumentsActions(frame.dossier)
    adding = markup("adding")
    contents = markup("contents")
    markup("finding", finding_view())
    documents = markup("documents")
    turn, press_turn = command("turn")
    asked = [turn, frame.choices]
    gr.on(list(frame.changed), for_caller(actions.overview), asked, [adding, contents, documents], **QUIET)
    press_turn.click(for_caller(actions.turn), asked, documents, **QUIET)


class DocumentsActions:
    """What the tab shows; the commands are those of `ui.page.documents.listing` and `ui.page.choices`."""

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier

    def overview(self, command: str, choices: str) -> tuple[str, str, str]:
        """Where files go, what is in here, and the list."""
        try:
            documents, may_write = self._documents(choices), acting().may_write
            adding = drop_view(self._dossier.settings.max_file_bytes, may_write=may_write)
            return adding, contents_view(documents), documents_view(documents, listing(command), may_write=may_write)
        except Exception as error:  # noqa: BLE001 - said on the page
            return "", "", sorry(error)

    def turn(self, command: str, choices: str) -> str:
        """The list at another page, in another order, or narrowed."""
        try:
            return documents_view(self._documents(choices), listing(command), may_write=acting().may_write)
        except Exception as error:  # noqa: BLE001 - said on the page
            return sorry(error)

    def _documents(self, choices: str) -> Sequence[Document]:
        try:
            return self._dossier.collection(chosen(choices).collection).documents()
        except UnknownCollection:
            return []
