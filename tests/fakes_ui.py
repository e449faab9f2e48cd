"""A small Dossier in memory that obeys `ui.protocols`, and a real server around it."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from index.answers import Answers
from index.catalogue import Catalogue
from index.collection import NOTHING
from index.edits import Edit
from index.errors import NoOriginal, NoPage, UnknownCollection, UnknownDocument
from index.feedback import Feedback
from index.files import SourceFile
from index.metadata import checked
from index.originals import Original
from index.stored import Counts
from index.values import Chunk, Document, Filters, IngestReport, Provenance, Published, Refusal, Span
from rag.answer.telling import Listener
from rag.coverage.survey import Surveyor
from rag.reading.extract import ExtractiveAnswerer
from rag.settings import Settings
from rag.values import Answer, Citation, EvidenceView, Hit, Kind, Statement
from tests.fakes import WordHashEmbedder
from tests.fakes_shelf import BlankReader, ListShelf
from ui.access.permitted import Permitted
from ui.http.app import create_app
from ui.protocols import Progress
from ui.serve import address, bind, guarded, make_server
from ui.slots import Slots

HARBOUR = "The harbour of Tarn reopened on 4 May. Its master, Ilse Brandt, counted 31 ships."
MARKET = "The market hall burned in 1987. It was rebuilt within two years."


def document(text: str, source: str, *, title: str = "A note", publisher: str | None = "Tarn Courier") -> Document:
    said = Provenance(title, publisher, "I. Brandt", Published("2024-05-06", "day", "front matter"), "report")
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Document(name, text, "text/plain", said, (), (source,), name, 1, "2024-06-01T00:00:00Z")


class FakeCollection:
    """Documents in a dict; a file with the word BAD in it is refused, `gate` holds ingests until it is set."""

    def __init__(self, catalogue: Catalogue, documents: Sequence[Document] = ()) -> None:
        self.answers = Answers(catalogue)
        self.feedback = Feedback(catalogue)
        self.held = {one.id: one for one in documents}
        self.gate: threading.Event | None = None
        self.erased: list[str] = []
        self.rebuilt: str | None = None
        self.paths: list[Path] = []
        self.fail: Callable[[], Exception] | None = None

    def ingest(
        self,
        files: Sequence[SourceFile],
        *,
        roots: Sequence[str] = (),
        refusals: Sequence[Refusal] = (),
        progress: Progress | None = None,
    ) -> IngestReport:
        if self.fail is not None:
            raise self.fail()
        if self.gate is not None:
            self.gate.wait(30)
        added, refused, unchanged = [], list(refusals), 0
        for count, file in enumerate(files, 1):
            if progress is not None:
                progress("read", count, len(files))
            self.paths.append(file.path)
            text = file.path.read_bytes().decode("utf-8", "replace")
            made = replace(document(text, file.source, title=file.name), metadata=file.metadata or {})
            if "BAD" in text:
                refused.append(Refusal(file.source, "parse_error", "it says BAD"))
            elif made.id in self.held:
                unchanged += 1
            else:
                self.held[made.id] = made
                added.append(made.id)
        return IngestReport(
            tuple(added),
            unchanged=unchanged,
            refused=tuple(refused),
            embedded_chunks=len(added),
            seconds={"total": 0.5},
        )

    def documents(self) -> list[Document]:
        return list(self.held.values())

    def document(self, document_id: str) -> Document:
        if document_id not in self.held:
            raise UnknownDocument(f"There is no document {document_id}. Run: dossier documents")
        return self.held[document_id]

    def original(self, document_id: str) -> Original:
        self.document(document_id)
        raise NoOriginal("Nothing is kept here.")

    def picture(self, document_id: str, page: int, quoted: Span | None = None) -> bytes:
        self.document(document_id)
        raise NoPage(f"There is no page {page}.")

    def undated(self, filters: Filters) -> int:
        return 0

    def edit(self, document_id: str, *, metadata: Mapping[str, object] | None = NOTHING, **fields: str | None) -> str:
        old = self.document(document_id)
        said_of = {**old.metadata, **checked({key: one for key, one in (metadata or {}).items() if one})}
        self.held[document_id] = old = replace(old, metadata=said_of if metadata is not None else {})
        said = Edit().changed(fields).over(old.provenance)
        if said == old.provenance:
            return document_id
        new = replace(old, id=hashlib.sha256(repr((old.text, said)).encode()).hexdigest()[:16], provenance=said)
        self.held = {
            new.id if name == old.id else name: new if name == old.id else one for name, one in self.held.items()
        }
        return new.id

    def remove(self, document_id: str) -> None:
        self.document(document_id)
        del self.held[document_id]

    def erase(self, document_id: str) -> None:
        self.remove(document_id)
        self.erased.append(document_id)

    def rebuild(self, *, reembed: bool = False, progress: Progress | None = None) -> None:
        self.rebuilt = "reembedded" if reembed else "rebuilt"


class FakePipeline:
    """Answers with the first document that shares a long word with the question."""

    def __init__(self, collection: FakeCollection) -> None:
        self.collection = collection
        self.asked: list[tuple[str, Filters | None, str | None]] = []
        self.gate: threading.Event | None = None
        self.entered = threading.Semaphore(0)
        self.fail: Callable[[], Exception] | None = None

    def _hits(self, query: str) -> list[Hit]:
        words = {word.strip("?.,").lower() for word in query.split() if len(word) > 3}
        found = [one for one in self.collection.documents() if words & set(one.text.lower().split())]
        chunks = [Chunk(f"{one.id}:0", one.id, 0, 0, len(one.text), one.text) for one in found]
        return [Hit(chunk, rank, 1 / (60 + rank), rank, rank, 0.5, 2.0) for rank, chunk in enumerate(chunks, 1)]

    def search(self, query: str, *, top_k: int = 10, filters: Filters | None = None) -> list[Hit]:
        return self._hits(query)[:top_k]

    def answer(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        as_of: str | None = None,
        kind: Kind | None = None,
        listener: Listener | None = None,
    ) -> Answer:
        answer, hears = self._answer(question, filters, as_of), listener or Listener()
        hears.sources(answer.evidence)
        for statement in answer.statements:
            hears.statement(statement, answer.citations)
        return answer

    def _answer(self, question: str, filters: Filters | None, as_of: str | None) -> Answer:
        self.entered.release()
        if self.fail is not None:
            raise self.fail()
        if self.gate is not None:
            self.gate.wait(30)
        self.asked.append((question, filters, as_of))
        same: dict[str, Any] = {
            "id": f"ans_{uuid.uuid4().hex}",
            "question": question,
            "query": question,
            "answered_by": "extractive",
            "settings_hash": "0" * 12,
            "generation": "g1",
        }
        hits = self._hits(question)
        if not hits:
            near = self.collection.documents()[:1]
            views = tuple(
                EvidenceView(
                    chunk_id=f"{one.id}:0",
                    document_id=one.id,
                    number=1,
                    rank=1,
                    score=0.1,
                    start=0,
                    end=len(one.text),
                    text=one.text,
                )
                for one in near
            )
            return Answer(
                verdict="not_stated",
                text="The documents do not say. 2 were searched.",
                short="",
                confidence=0.1,
                evidence=views,
                **same,
            )
        source = self.collection.document(hits[0].chunk.document_id)
        quote = source.text.split(". ")[0] + "."
        said = source.provenance
        cited = Citation(
            number=1,
            document_id=source.id,
            chunk_id=hits[0].chunk.id,
            title=said.title,
            publisher=said.publisher,
            author=said.author,
            published="2024-05-06",
            quote=quote,
            start=0,
            end=len(quote),
        )
        text = f"{quote} [1]"
        return Answer(
            verdict="answered",
            text=text,
            short=quote,
            confidence=0.9,
            statements=(Statement(text=quote, citations=(1,), status="verified"),),
            citations=(cited,),
            **same,
        )


def catalogue_in(folder: Path) -> Catalogue:
    """A file of its own for answers and feedback."""
    folder.mkdir(parents=True, exist_ok=True)
    return Catalogue(folder / "answers.sqlite3")


class FakeData:
    def __init__(self) -> None:
        self.url: str | None = None

    def announce(self, url: str) -> None:
        self.url = url


class FakeDossier:
    """One collection, "default", with two documents; others are made on demand. Answers are kept as by the real one."""

    language_model = None
    ranker = BlankReader()

    def __init__(self, data: Path, **settings: Any) -> None:
        self.embedder = WordHashEmbedder()
        self.settings = Settings(data=data, **settings)
        self.data = FakeData()
        documents = [document(HARBOUR, "/notes/harbour.txt"), document(MARKET, "/notes/market.txt")]
        self.collections = {"default": FakeCollection(catalogue_in(data / "default"), documents)}
        self.pipelines: dict[str, FakePipeline] = {}
        self.warm: Callable[[], None] = lambda: None
        self.closed = False

    def names(self) -> list[str]:
        return sorted(self.collections)

    def collection(self, name: str | None = None, *, create: bool = False) -> FakeCollection:
        wanted = name or "default"
        if wanted not in self.collections:
            if not create:
                raise UnknownCollection(
                    f"There is no collection '{wanted}'. Run: dossier index FOLDER --collection {wanted}"
                )
            self.collections[wanted] = FakeCollection(catalogue_in(self.settings.data / wanted))
        return self.collections[wanted]

    def size(self, name: str) -> Counts:
        documents = self.collection(name).documents()
        return Counts(len(documents), sum(one.chunk_count for one in documents))

    def remove(self, name: str) -> None:
        self.collection(name)
        del self.collections[name]

    def pipeline(self, name: str | None = None, *, settings: Settings | None = None) -> FakePipeline:
        wanted = name or "default"
        return self.pipelines.setdefault(wanted, FakePipeline(self.collection(name)))

    def surveyor(self, name: str | None = None) -> Surveyor:
        shelf = ListShelf(self.collection(name).documents())
        return Surveyor(shelf, WordHashEmbedder(), BlankReader(), ExtractiveAnswerer(), self.settings)

    def warm_up(self) -> None:
        self.warm()

    def close(self) -> None:
        self.closed = True


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """A real server on a free loopback port; yields its address."""
    listener = bind("127.0.0.1", 0)
    server = make_server(app, keep_s=5)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
    assert not thread.is_alive()


@contextmanager
def serving(
    dossier: FakeDossier, *, slots: Slots | None = None, alone: bool = True, body_grace_s: float = 10.0
) -> Iterator[str]:
    app = create_app(Permitted(dossier), slots=slots or Slots(16))
    with running(guarded(app, dossier.settings, alone=alone, body_grace_s=body_grace_s)) as url:
        yield url
