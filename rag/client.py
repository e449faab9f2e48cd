"""A typed client of a Dossier server: `Dossier().ask("When did the harbour reopen?").short`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from rag import views
from rag.coverage.table import Coverage
from rag.replay import KeptAnswer, Replay
from rag.values import Answer, Citation, EvidenceView, Kind, Statement
from rag.wire import DossierProblem as DossierProblem
from rag.wire import Wire

Name = str | None
Progress = Callable[[str, int, int], None] | None
_FILTERS = ("publisher", "since", "until", "as_of", "tags", "sources", "documents", "metadata")
_EVENTS: dict[str, Any] = {"delta": Statement, "citation": Citation, "done": Answer}
Event = tuple[EvidenceView, ...] | Statement | Citation | Answer


class Where(TypedDict, total=False):
    """What to search. Dates are 2025, 2025-11 or 2025-11-16, inclusive; sources are folders or files, metadata is a condition a key."""

    collection: Name
    publisher: str | None
    since: str | None
    until: str | None
    tags: Sequence[str]
    sources: Sequence[str]
    documents: Sequence[str]
    metadata: Mapping[str, Any]


class How(Where, total=False):
    """And how to answer: as of a date, within a conversation ("new" begins one), how strictly, with or without an LLM, as what kind."""

    as_of: str | None
    thread: str | None
    strictness: Literal["lenient", "normal", "strict"]
    llm: bool | None
    kind: Kind | None


class Dossier(AbstractContextManager["Dossier"]):
    """A server's collections. Every call raises DossierProblem; within `timeout` seconds a busy server is asked again."""

    def __init__(self, url: str = "http://127.0.0.1:7860", key: str | None = None, timeout: float = 180.0) -> None:
        self._wire = Wire(url, key, timeout)
        self.url, self._call = self._wire.url, self._wire.call

    def ask(self, question: str, **how: Unpack[How]) -> Answer:
        return self._call(Answer, "POST", "answer", json=_body(how, question=question))

    def stream(self, question: str, **how: Unpack[How]) -> Iterator[Event]:
        """The passages that are read (numbered 0: what they are cited as comes later), sentences and citations, the Answer."""
        for name, content in self._wire.events("answer", json=_body(how, question=question, stream=True)):
            if name == "sources":
                yield tuple(EvidenceView.model_validate({"number": 0, **one}) for one in content["evidence"])
            elif name in _EVENTS and (name != "delta" or "status" in content):
                yield _EVENTS[name].model_validate(content, extra="ignore")

    def search(self, query: str, *, top_k: int = 10, context: int = 0, **where: Unpack[Where]) -> views.SearchView:
        body = _body(where, query=query, top_k=top_k, context=context)
        return self._call(views.SearchView, "POST", "search", json=body)

    def coverage(self, asked: str, *, per_document: int | None = None, **more: Any) -> Coverage:
        """More: reading ("mention" or "question") and where to look."""
        return self._call(Coverage, "POST", "coverage", json=_body(more, asked=asked, per_document=per_document))

    def documents(self, *, offset: int = 0, limit: int = 1000, collection: Name = None) -> views.DocumentsView:
        return self._call(views.DocumentsView, "GET", "documents", offset=offset, limit=limit, collection=collection)

    def document(self, document_id: str, *, collection: Name = None) -> views.DocumentView:
        return self._call(views.DocumentView, "GET", "documents", document_id, collection=collection)

    def text(
        self, document_id: str, start: int = 0, end: int | None = None, *, collection: Name = None
    ) -> views.TextView:
        path = ("documents", document_id, "text")
        return self._call(views.TextView, "GET", *path, start=start, end=end, collection=collection)

    def original(self, document_id: str, *, collection: Name = None) -> bytes:
        """The file that a document was read from, as it came."""
        return self._wire.send("GET", "documents", document_id, "file", collection=collection).content

    def picture(self, document_id: str, page: int, *, collection: Name = None, **quoted: Any) -> bytes:
        """A page, from 1, as PNG. Quoted: start and end of a text, whose lines are boxed."""
        path = ("documents", document_id, "pages", f"{page}.png")
        return self._wire.send("GET", *path, collection=collection, **quoted).content

    def add(
        self, paths: Sequence[Path | tuple[str, Path]], *, progress: Progress = None, **form: Any
    ) -> views.IngestView:
        """Send files, known by their absolute paths from then on, and wait until they are in. A file may come with another name.

        More: collection, metadata, tags, and source, which is what they are to be known by instead.
        """
        named = [one if isinstance(one, tuple) else (one.name, one) for one in paths]
        form = {"source": [os.path.abspath(one) for _, one in named], **form}  # noqa: PTH100
        form["metadata"] = json.dumps(form["metadata"]) if form.get("metadata") is not None else None
        with ExitStack() as stack:
            files = [("file", (views.whole(name), stack.enter_context(one.open("rb")))) for name, one in named]
            job = self._call(views.JobView, "POST", "documents", form=form, files=files)
        while job.status in ("queued", "running"):
            if progress is not None and job.status == "running":
                progress(job.stage, job.done, job.total)
            time.sleep(0.1)
            job = self._call(views.JobView, "GET", "jobs", job.id)
        if job.report is None:
            raise DossierProblem("job-failed", None, f"The server at {self.url} could not index the files: {job.error}")
        return job.report

    def edit(self, document_id: str, *, collection: Name = None, **fields: Any) -> views.DocumentView:
        """Set title, publisher, author, published or metadata by hand; "" where it is not known, None takes it back."""
        return self._call(views.DocumentView, "PATCH", "documents", document_id, json=fields, collection=collection)

    def remove(self, document_id: str, *, erase: bool = False, collection: Name = None) -> views.RemovedView:
        return self._call(views.RemovedView, "DELETE", "documents", document_id, erase=erase, collection=collection)

    def answers(self, *, offset: int = 0, limit: int = 50, collection: Name = None) -> views.AnswersView:
        return self._call(views.AnswersView, "GET", "answers", offset=offset, limit=limit, collection=collection)

    def answer(self, answer_id: str, *, collection: Name = None) -> KeptAnswer:
        return self._call(KeptAnswer, "GET", "answers", answer_id, collection=collection)

    def threads(
        self, *, find: str = "", offset: int = 0, limit: int = 50, collection: Name = None
    ) -> views.ThreadsView:
        """Your conversations: the pinned, then the others by their newest turn; `find` looks in titles and questions."""
        given = {"find": find, "offset": offset, "limit": limit, "collection": collection}
        return self._call(views.ThreadsView, "GET", "threads", **given)

    def thread(self, thread_id: str, *, collection: Name = None) -> views.ThreadView:
        return self._call(views.ThreadView, "GET", "threads", thread_id, collection=collection)

    def change_thread(self, thread_id: str, *, collection: Name = None, **change: Any) -> views.ThreadView:
        """Change: title (None: its first question) or pinned."""
        return self._call(views.ThreadView, "PATCH", "threads", thread_id, json=change, collection=collection)

    def remove_thread(self, thread_id: str, *, collection: Name = None) -> views.RemovedView:
        return self._call(views.RemovedView, "DELETE", "threads", thread_id, collection=collection)

    def replay(self, answer_id: str, *, keep: bool = False, collection: Name = None) -> Replay:
        return self._call(Replay, "POST", "answers", answer_id, "replay", keep=keep, collection=collection)

    def changes(self, *, limit: int = 10, collection: Name = None) -> views.ChangesView:
        return self._call(views.ChangesView, "GET", "changes", limit=limit, collection=collection)

    def export(self, answer_id: str, form: str = "markdown", *, collection: Name = None) -> bytes:
        return self._wire.send("GET", "answers", answer_id, "export", format=form, collection=collection).content

    def collections(self) -> views.CollectionsView:
        return self._call(views.CollectionsView, "GET", "collections")

    def create_collection(self, name: str) -> views.CollectionView:
        return self._call(views.CollectionView, "POST", "collections", json={"name": name})

    def remove_collection(self, name: str) -> views.RemovedCollectionView:
        return self._call(views.RemovedCollectionView, "DELETE", "collections", name)

    def judge(self, answer_id: str, rating: Literal["good", "bad"], **more: Any) -> views.FeedbackView:
        """More: reasons, comment, gold, expected and collection, as `POST /v1/feedback` takes them."""
        body = {"answer_id": answer_id, "rating": rating, **more}
        return self._call(views.FeedbackView, "POST", "feedback", json=body)

    def feedback(self, *, offset: int = 0, limit: int = 50, collection: Name = None) -> views.FeedbackListView:
        return self._call(views.FeedbackListView, "GET", "feedback", offset=offset, limit=limit, collection=collection)

    def gold(self, *, collection: Name = None) -> bytes:
        return self._wire.send("GET", "gold", collection=collection).content

    def close(self) -> None:
        self._wire.close()

    def __exit__(self, *_: object) -> None:
        self.close()


def _body(how: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A request's JSON: the filters in an object of their own, nothing that was not given."""
    given = {**how, **fields}
    filters = {name: given.pop(name) for name in _FILTERS if name in given}
    return {**{name: value for name, value in given.items() if value is not None}, "filters": filters}
