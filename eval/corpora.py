"""A set's corpus through the product's own door: written to files, ingested, and every document known by the set's id again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.lines import SetUnusable
from index.files import SourceFile
from index.values import Document

if TYPE_CHECKING:
    from rag.build import Dossier

NAME = "evaluation"
FRONT_BEGINS, FRONT_ENDS = "---\ntitle: ", "\n---\n\n"


@dataclass(frozen=True, slots=True)
class Ingested:
    """A corpus that can be asked.

    Attributes:
        ids: The set's ids of each stored document; several when the set holds the same text twice.
        documents: As they are stored.
    """

    dossier: Dossier
    ids: Mapping[str, tuple[str, ...]]
    documents: tuple[Document, ...]

    def bare_documents(self) -> list[Document]:
        """The documents without the front matter that carries their title, for systems that would search it as text."""
        return [replace(document, text=document.text[_front(document.text) :]) for document in self.documents]


def _front(text: str) -> int:
    """Characters of front matter."""
    return text.index(FRONT_ENDS) + len(FRONT_ENDS) if text.startswith(FRONT_BEGINS) else 0


@contextmanager
def ingested(lines: Sequence[Mapping[str, Any]], *, settings: Mapping[str, Any] | None = None) -> Iterator[Ingested]:
    """Ingest lines of {"_id", "title", "text"} into a data directory that is deleted afterwards.

    Args:
        settings: What differs from the settings in force.

    Raises:
        SetUnusable: A document could not go in; it is named with the reason.
    """
    from rag.build import open_dossier
    from rag.settings import load_settings

    with tempfile.TemporaryDirectory(prefix="dossier-eval-") as name:
        files = write_documents(lines, Path(name) / "documents")
        given = {**(settings or {}), "data": Path(name) / "data", "collection": NAME}
        with open_dossier(load_settings(**given)) as dossier:
            collection = dossier.collection(create=True)
            report = collection.ingest(list(files))
            if report.refused:
                first = report.refused[0]
                refused = next(files[file] for file in files if file.source == first.source)
                raise SetUnusable(f"Document {refused} of the set cannot be ingested: {first.reason}")
            by_source = {file.source: identifier for file, identifier in files.items()}
            documents = collection.documents()
            ids = {document.id: tuple(by_source[source] for source in document.sources) for document in documents}
            yield Ingested(dossier, ids, tuple(documents))


def write_documents(lines: Sequence[Mapping[str, Any]], folder: Path) -> dict[SourceFile, str]:
    """One Markdown file for each line, with its title as front matter; the file and the line's id."""
    folder.mkdir(parents=True)
    files = {}
    for number, line in enumerate(lines):
        path = folder / f"{number:06d}.md"
        front = ""
        if line.get("title"):
            front = f"{FRONT_BEGINS}{json.dumps(line['title'], ensure_ascii=False)}{FRONT_ENDS}"
        path.write_text(f"{front}{line['text']}\n", encoding="utf-8")
        files[SourceFile(str(path), path, path.name)] = line["_id"]
    return files
