"""What the tab of the documents does with what it is sent."""

from pathlib import Path
from typing import Any

import pytest

from index.values import Document
from tests.fakes_page import MemoryDossier, make_document
from ui.page.documents_tab import DocumentsActions

TEXT = "The harbour opened in 1902. Otto Lind built the bridge in 1911."


@pytest.fixture
def document() -> Document:
    return make_document(TEXT, title="A harbour and its bridge")


@pytest.fixture
def dossier(tmp_path: Path, document: Document) -> MemoryDossier:
    return MemoryDossier(tmp_path / "data", [document])


@pytest.fixture
def actions(dossier: MemoryDossier) -> DocumentsActions:
    return DocumentsActions(dossier)


def test_a_removed_document_is_gone_from_the_list(actions: DocumentsActions, document: Document) -> None:
    said, changed = actions.remove(document.id)
    assert "Removed" in said
    assert changed
    assert document.id not in actions.listing()
    assert "already removed" in actions.remove(document.id)[0]


@pytest.mark.parametrize("command", ["", None, "x" * 999])
def test_only_a_document_can_be_removed(actions: DocumentsActions, dossier: MemoryDossier, command: Any) -> None:
    assert "alarm" in actions.remove(command)[0]
    assert len(dossier.collection().documents()) == 1


@pytest.mark.parametrize("command", ["", "-1", "²", "9" * 50, None])
def test_only_a_page_can_be_turned_to(actions: DocumentsActions, command: Any) -> None:
    assert "alarm" in actions.turn(command)
    assert "A harbour" in actions.turn("0")
