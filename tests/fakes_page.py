"""A small Dossier in memory for the page's tests: it answers with the sentence that shares the most words."""

from __future__ import annotations

import hashlib
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.answers import Answers
from index.catalogue import Catalogue
from index.errors import EmptyCollection, UnknownDocument
from index.feedback import Feedback
from index.values import Document, Filters, IngestReport, Provenance, Published, Refusal
from rag.answer.telling import Listener
from rag.settings import Settings
from rag.values import Answer, Citation, EvidenceView, FiltersView, Kind, Statement
from tests.fakes_ui import catalogue_in
from ui.serve import address, bind, build, make_server


@contextmanager
def served(dossier: Any) -> Iterator[str]:
    """The whole server, guard included, on a free loopback port; its address."""
    with ThreadPoolExecutor(1) as other:  # a test that drives a browser has a running event loop in this thread
        app = other.submit(build, dossier).result()
    with bind("127.0.0.1", 0) as listener:
        server = make_server(app, keep_s=1)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield address(listener)
        finally:
            server.should_exit = True
            thread.join(30)


SENTENCE = re.compile(r"[^.\n]+\.?")
COMMON = frozenset("the a an of in on to is was were who what when how many did does do".split())


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower())) - COMMON


def make_document(
    text: str, *, title: str | None = None, publisher: str | None = "The Harbour Post", source: str = "a.txt"
) -> Document:
    return Document(
        id=hashlib.sha256(f"{title}{text}".encode("utf-8", "replace")).hexdigest()[:24],
        text=text,
        media_type="text/plain",
        provenance=Provenance(
            title=title,
            publisher=publisher,
            author="Ada Quill",
            published=Published("2025-03-04", "day", "dateline"),
            kind="report",
        ),
        page_starts=(),
        sources=(source,),
        origin=hashlib.sha256(f"{title}{text}".encode("utf-8", "replace")).hexdigest()[:24],
        chunk_count=1,
        added_at="2025-03-05T00:00:00Z",
    )


class MemoryCollection:
    """Text files in, documents out; an empty file is refused."""

    def __init__(self, catalogue: Catalogue, documents: Sequence[Document] = ()) -> None:
        self.answers = Answers(catalogue)
        self.feedback = Feedback(catalogue)
        self.kept = {one.id: one for one in documents}

    def ingest(
        self,
        files: Sequence[Any],
        *,
        roots: Sequence[str] = (),
        refusals: Sequence[Refusal] = (),
        progress: Callable[[str, int, int], None] | None = None,
    ) -> IngestReport:
        added, refused = [], list(refusals)
        for number, file in enumerate(files, start=1):
            text = file.path.read_text(encoding="utf-8")
            if not text.strip():
                refused.append(Refusal(file.source, "empty", "The file is empty."))
                continue
            document = make_document(text, title=text.splitlines()[0], source=file.source)
            self.kept[document.id] = document
            added.append(document.id)
            if progress:
                progress("read", number, len(files))
        return IngestReport(added=tuple(added), refused=tuple(refused))

    def documents(self) -> list[Document]:
        return list(self.kept.values())

    def document(self, document_id: str) -> Document:
        if document_id not in self.kept:
            raise UnknownDocument(f"No document {document_id}. Run: dossier documents")
        return self.kept[document_id]

    def remove(self, document_id: str) -> None:
        del self.kept[self.document(document_id).id]

    erase = remove

    def rebuild(self) -> None:
        """Nothing is cached."""


@dataclass(frozen=True)
class Heard:
    """How a question reached the pipeline."""

    question: str
    filters: Filters
    settings: Settings


@dataclass
class MemoryPipeline:
    """A question with "break" raises; one with "hold" waits for `go` once it has said what it reads."""

    collection: MemoryCollection
    go: threading.Event
    settings: Settings
    heard: list[Heard]

    def answer(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        as_of: str | None = None,
        kind: Kind | None = None,
        listener: Listener | None = None,
    ) -> Answer:
        given, listener = filters or Filters(), listener or Listener()
        self.heard.append(Heard(question, given, self.settings))
        if not self.collection.kept:
            raise EmptyCollection("Collection 'default' holds 0 chunks. Run: dossier index FOLDER")
        if "break" in question:
            raise RuntimeError("secret-in-the-exception /etc/secret")
        asked = words(question)
        found: list[tuple[int, Document, int, int]] = []
        for document in self.collection.documents():
            for match in SENTENCE.finditer(document.text):
                overlap = len(asked & words(match.group()))
                found.append((overlap, document, match.start(), match.end()))
        found.sort(key=lambda item: -item[0])
        stated = bool(found) and found[0][0] >= 2
        cited = [item for item in found[:2] if item[0] >= 2]
        evidence = tuple(_evidence(number, *item[1:]) for number, item in enumerate(found[:4], start=1))
        listener.sources(evidence)
        if "hold" in question:
            self.go.wait(60)
        citations = tuple(_citation(number, *item[1:]) for number, item in enumerate(cited, start=1))
        statements = tuple(
            Statement(text=one.quote.strip(), citations=(one.number,), status="verified") for one in citations
        )
        for statement, citation in zip(statements, citations, strict=True):
            listener.statement(statement, [citation])
        return Answer(
            id=f"ans_{uuid.uuid4().hex}",
            question=question,
            query=question,
            verdict="answered" if stated else "not_stated",
            text="said" if stated else "The documents don't say. Searched 1 passage.",
            short=cited[0][1].text[cited[0][2] : cited[0][3]].split()[-1].strip(".") if stated else "",
            kind=kind or "fact",
            confidence=0.9,
            statements=statements,
            citations=citations,
            evidence=evidence,
            filters=FiltersView(publisher=given.publisher, since=given.since, until=given.until, as_of=as_of),
            answered_by="extractive",
            settings_hash="0" * 12,
            generation="g1",
            timings_ms={"total": 12.0},
        )

    def search(self, query: str, *, top_k: int = 10, filters: Filters | None = None) -> list[Any]:
        return []


def _citation(number: int, document: Document, start: int, end: int) -> Citation:
    said = document.provenance
    return Citation(
        number=number,
        document_id=document.id,
        chunk_id=f"c{number}",
        title=said.title,
        publisher=said.publisher,
        author=said.author,
        kind=said.kind,
        published="2025-03-04",
        published_precision="day",
        published_source="dateline",
        uri=document.sources[0],
        quote=document.text[start:end],
        start=start,
        end=end,
    )


def _evidence(number: int, document: Document, start: int, end: int) -> EvidenceView:
    return EvidenceView(
        chunk_id=f"c{number}",
        document_id=document.id,
        number=number,
        rank=number,
        score=0.03,
        dense_rank=number,
        signals={"dense_score": 0.5},
        title=document.provenance.title,
        publisher=document.provenance.publisher,
        published="2025-03-04",
        start=start,
        end=end,
        text=document.text[start:end],
    )


class MemoryData:
    def announce(self, url: str) -> None:
        """Nobody else asks."""


class MemoryDossier:
    """As `rag.build.Dossier`, with nothing on disk but uploads and kept answers."""

    language_model = None

    def __init__(self, data: Path, documents: Sequence[Document] = (), **settings: Any) -> None:
        self.settings = Settings(data=data, **settings)
        self.data = MemoryData()
        self._collection = MemoryCollection(catalogue_in(data), documents)
        self.go = threading.Event()
        self.heard: list[Heard] = []

    def names(self) -> list[str]:
        return ["default"]

    def collection(self, name: str | None = None, create: bool = False) -> MemoryCollection:
        return self._collection

    def pipeline(self, name: str | None = None, *, settings: Settings | None = None) -> MemoryPipeline:
        return MemoryPipeline(self._collection, self.go, settings or self.settings, self.heard)

    def warm_up(self) -> None:
        """There are no models."""

    def close(self) -> None:
        """Nothing is open."""
