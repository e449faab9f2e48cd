"""The tab of the documents: add, look, remove."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import gradio as gr

from index.errors import UnknownCollection, UnknownDocument
from index.values import Document
from ui.desk import check_id
from ui.page.documents_view import documents_view, drop_view
from ui.page.places import QUIET, Frame, command, for_caller, markup
from ui.page.pressed import page_number, short
from ui.page.said import said_view, sorry
from ui.protocols import Dossier
from ui.words import title_of


def documents_tab(frame: Frame) -> None:
    """Build the tab inside the one that is open."""
    actions = DocumentsActions(frame.dossier)
    markup("adding", drop_view(frame.dossier.settings.max_file_bytes))
    report = markup("report")
    documents = markup("documents")
    remove, press_remove = command("remove")
    turn, press_turn = command("turn")
    gr.on(list(frame.changed), for_caller(actions.listing), None, documents, **QUIET)
    press_turn.click(for_caller(actions.turn), turn, documents, **QUIET)
    press_remove.click(for_caller(actions.remove), remove, [report, frame.changes], **QUIET)


class DocumentsActions:
    """Uploads are not among them: `upload.js` sends files to the API like any other client, so they share its limits and queue."""

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier

    def listing(self) -> str:
        """The first page of the list."""
        return self.turn("0")

    def turn(self, command: str) -> str:
        """The list of documents at another page."""
        try:
            return documents_view(self._documents(), page_number(command))
        except Exception as error:  # noqa: BLE001 - said on the page
            return sorry(error)

    def remove(self, command: str) -> tuple[str, str]:
        """Report of the removal of one document, and word that there was one."""
        try:
            collection = self._dossier.collection()
            document = collection.document(check_id(short(command)))
            collection.remove(document.id)
            return said_view(f"Removed “{title_of(document)}”. It can no longer be cited."), uuid.uuid4().hex
        except UnknownDocument:
            return said_view("That document was already removed."), uuid.uuid4().hex
        except Exception as error:  # noqa: BLE001 - said on the page
            return sorry(error), ""

    def _documents(self) -> Sequence[Document]:
        try:
            return self._dossier.collection().documents()
        except UnknownCollection:
            return []
