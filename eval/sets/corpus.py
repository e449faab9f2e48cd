"""The documents of a set, taken in by the product's own route: files with front matter, a real collection, ids mapped back."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePath

from eval.sets.cases import EvaluationSet, SetDocument
from index.clean import normalise
from index.collection import Collection
from index.files import SourceFile
from index.ingest import Progress
from index.values import Document, Span

LONGEST_FIELD = 300
"""Characters of a front matter field that Dossier keeps."""


@dataclass(frozen=True)
class Lost:
    """A document of a set that cannot be searched, and why."""

    id: str
    reason: str


@dataclass(frozen=True)
class IndexedSet:
    """A set in a collection.

    Attributes:
        ids: The set's id of each stored document.
        fronts: Characters of front matter at the start of each stored document, by the set's id.
        lost: Documents of the set that are not in the collection.
    """

    evaluation_set: EvaluationSet
    collection: Collection
    ids: Mapping[str, str]
    fronts: Mapping[str, int]
    lost: tuple[Lost, ...]

    @cached_property
    def stored(self) -> dict[str, Document]:
        """The stored documents by the set's id."""
        return {self.ids[document.id]: document for document in self.collection.documents() if document.id in self.ids}

    def bare_documents(self) -> list[Document]:
        """The documents without front matter in their text, for systems that would search it as text."""
        return [
            replace(document, text=document.text[self.fronts[set_id] :]) for set_id, document in self.stored.items()
        ]

    def place(self, set_id: str, span: Span) -> Span | None:
        """A span of a set's document in the stored text; None when cleaning left nothing there to find.

        Cleaning takes out what no reader sees and joins drop caps, so a span of a text that was cleaned is looked for by
        its own cleaned text, nearest to where it should stand.
        """
        document = self.stored.get(set_id)
        if document is None:
            return None
        front, text = self.fronts[set_id], self._texts[set_id]
        if len(document.text) - front == len(text) and document.text.endswith(text):
            return Span(span.start + front, span.end + front)
        wanted = normalise(text[span.start : span.end])[0]
        near = front + len(normalise(text[: span.start])[0])
        places = _places(document.text, wanted)
        if not places:
            return None
        after = bisect_left(places, near)
        start = min(places[max(after - 1, 0) : after + 1], key=lambda place: abs(place - near))
        return Span(start, start + len(wanted))

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {document.id: searched_text(document) for document in self.evaluation_set.documents}


def index_set(
    evaluation_set: EvaluationSet, folder: Path, collection: Collection, *, progress: Progress | None = None
) -> IndexedSet:
    """Write the documents into `folder` and ingest them as any folder; what is there already is not embedded again.

    Markdown with front matter is what a corpus with titles, outlets and dates looks like on disk. Each file names the set's
    id in its front matter: two documents with the same text stay two, as in the figures that others publish.
    """
    files = write_documents(evaluation_set.documents, folder)
    offered = [SourceFile(str(path), path, path.name) for path in sorted(files)]
    report = collection.ingest(offered, roots=[str(folder.absolute())], progress=progress)
    names = {path.name: document.id for path, document in files.items()}
    ids = {
        document.id: names[PurePath(source).name]
        for document in collection.documents()
        for source in document.sources
        if PurePath(source).parent == folder.absolute() and PurePath(source).name in names
    }
    reasons = {names[PurePath(refusal.source).name]: refusal.reason for refusal in report.refused}
    held = frozenset(ids.values())
    lost = [
        Lost(document.id, reasons.get(document.id, "It holds no text."))
        for document in evaluation_set.documents
        if document.id not in held
    ]
    fronts = {document.id: len(front_matter(document)) for document in files.values()}
    return IndexedSet(evaluation_set, collection, ids, fronts, tuple(lost))


def write_documents(documents: Sequence[SetDocument], folder: Path) -> dict[Path, SetDocument]:
    """One Markdown file a document, numbered in the set's order; files that are as they should be are left alone.

    Names are plain numbers: a name of words would become a title. A document without text and title is not written.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        folder / f"{number:07d}.md": document
        for number, document in enumerate(documents)
        if searched_text(document).strip()
    }
    for path in folder.glob("*.md"):
        if path not in written:
            path.unlink()
    for path, document in written.items():
        content = (front_matter(document) + searched_text(document)).encode()
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)
    return written


def searched_text(document: SetDocument) -> str:
    """What stands below the front matter: the text, or the title of a document that has only that."""
    return document.text if document.text.strip() else document.title


def front_matter(document: SetDocument) -> str:
    """Fields as JSON strings, which YAML reads the same whatever is in them; there is always at least the id."""
    fields = {
        "id": document.id,
        "title": document.title,
        "publisher": document.publisher,
        "author": document.author,
        "published": document.published,
        "kind": document.kind,
    }
    lines = (f"{name}: {_quoted(value)}" for name, value in fields.items() if value and _line(value))
    return "---\n" + "\n".join(lines) + "\n---\n"


def _quoted(value: str) -> str:
    return json.dumps(_line(value), ensure_ascii=False)


def _line(value: str) -> str:
    """One line of characters that can be printed, cut to what is kept of a field."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())[:LONGEST_FIELD].rstrip()


def _places(text: str, wanted: str) -> list[int]:
    places: list[int] = []
    start = text.find(wanted) if wanted else -1
    while start != -1:
        places.append(start)
        start = text.find(wanted, start + 1)
    return places
