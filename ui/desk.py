"""The questions people ask, over a Dossier that this process owns; every door that is not remote goes through here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from index.answers import documents_of
from index.errors import StorageFailed, UnknownDocument
from index.feedback import Rating
from index.threads import Threads
from index.values import Filters, Metadata, Span
from rag.answer.telling import Listener
from rag.asking import AS_SET, Asking
from rag.coverage.sought import how_to_read
from rag.coverage.table import Coverage, Reading
from rag.feedback import NoGoldCase, gold_case, names_of
from rag.manner import Manner
from rag.replay import KeptAnswer, Replay
from rag.values import Answer
from rag.views import (
    AnswersView,
    ChangesView,
    CollectionsView,
    CollectionView,
    DocumentsView,
    DocumentView,
    FeedbackListView,
    FeedbackView,
    HitView,
    IngestView,
    SearchView,
    TextView,
    ThreadsView,
    ThreadView,
    answer_line,
    document_view,
    feedback_view,
    hit_view,
    ingest_view,
    shown_name,
    thread_line,
)
from ui.access.caller import LOCAL, Caller
from ui.export import Exported, Format, export_answer
from ui.offered import offered
from ui.problems import Problem
from ui.protocols import Dossier, Progress
from ui.requests import AnswerFilters, SearchFilters, check_asked, check_collection, check_length

MOST_DOCUMENTS = 10_000
_LONGEST_ID = 200


def check_key(key: str, name: str) -> str:
    """Raises Problem for a name of something that is no text."""
    if any(char < " " or "\ud800" <= char <= "\udfff" for char in key):
        raise Problem("invalid-request", f"{name}: must not contain control characters")
    return key


def check_id(document_id: str) -> str:
    """Raises Problem for an id that is no text, UnknownDocument for one that no document can have."""
    if not check_key(document_id, "document id") or len(document_id) > _LONGEST_ID:
        raise UnknownDocument("There is no such document. Run: dossier documents")
    return document_id


class LocalDesk:
    """`ui.protocols.Desk` over an open Dossier."""

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier
        self._asking = Asking(dossier)

    def index(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str | None,
        progress: Progress | None,
        metadata: Metadata | None = None,
        gone: Sequence[str] = (),
    ) -> IngestView:
        """Take in files, folders and pages. `gone`: sources that are no longer there, or folders of them."""
        with offered(paths, self._dossier.settings, progress=progress, metadata=metadata) as found:
            target = self._dossier.collection(check_collection(collection), create=True)
            report = target.ingest(found.files, roots=(*found.roots, *gone), refusals=found.refusals, progress=progress)
            return ingest_view(report)

    def answer(
        self,
        question: str,
        *,
        collection: str | None,
        filters: AnswerFilters,
        thread: str | None = None,
        history: Sequence[str] = (),
        manner: Manner = AS_SET,
        listener: Listener | None = None,
    ) -> Answer:
        """See `Asking.ask`. Raises Problem where the question is too long, or asks for a language model that is not there."""
        if manner.llm and self._dossier.language_model is None:
            raise Problem("no-language-model", "Ask without one, or set DOSSIER_LLM on the server.")
        return self._asking.ask(
            self._checked(question, "question"),
            collection=check_collection(collection),
            filters=self._filters(filters, collection),
            as_of=filters.as_of,
            thread=thread,
            history=history,
            manner=manner,
            listener=listener,
        )

    def answers(self, *, collection: str | None, limit: int, offset: int = 0, outdated: bool = False) -> AnswersView:
        name = check_collection(collection)
        total, found = self._asking.newest(limit=limit, offset=offset, outdated=outdated, collection=name)
        return AnswersView(total=total, answers=tuple(map(answer_line, found)))

    def kept(self, answer_id: str, *, collection: str | None) -> KeptAnswer:
        return self._asking.kept(check_key(answer_id, "answer id"), collection=check_collection(collection))

    def thread(self, thread_id: str, *, collection: str | None) -> ThreadView:
        turns = self._asking.turns(check_key(thread_id, "thread id"), collection=check_collection(collection))
        return ThreadView(id=thread_id, turns=tuple(map(answer_line, turns)))

    def threads(self, *, collection: str | None, limit: int, offset: int = 0, find: str = "") -> ThreadsView:
        """The caller's own conversations."""
        mine = self._threads(collection)
        found = mine.listed(limit=limit, offset=offset, find=find)
        return ThreadsView(total=mine.count(find=find), threads=tuple(map(thread_line, found)))

    def change_thread(self, thread_id: str, changes: Mapping[str, Any], *, collection: str | None) -> None:
        """Set what `changes` names: `title` (None: as its first question), `pinned`. Raises UnknownThread."""
        mine, key = self._threads(collection), check_key(thread_id, "thread id")
        mine.check(key)
        if "title" in changes:
            mine.rename(key, changes["title"])
        if "pinned" in changes:
            mine.pin(key, changes["pinned"])

    def forget_thread(self, thread_id: str, *, collection: str | None) -> None:
        """Delete a conversation with its turns. Raises UnknownThread."""
        self._threads(collection).forget(check_key(thread_id, "thread id"))

    def _threads(self, collection: str | None) -> Threads:
        return self._dossier.collection(check_collection(collection)).answers.threads

    def replay(self, answer_id: str, *, collection: str | None, keep: bool, listener: Listener | None = None) -> Replay:
        name = check_collection(collection)
        return self._asking.replay(check_key(answer_id, "answer id"), collection=name, keep=keep, listener=listener)

    def changes(self, *, collection: str | None, limit: int, listener: Listener | None = None) -> ChangesView:
        name = check_collection(collection)
        outdated, _ = self._asking.newest(limit=0, outdated=True, collection=name)
        changed = self._asking.changed_since(limit=limit, collection=name, listener=listener)
        return ChangesView(outdated=outdated, changed=tuple(changed))

    def export(self, answer_id: str, form: Format, *, collection: str | None) -> Exported:
        return export_answer(self.kept(answer_id, collection=collection), form)

    def judge(
        self,
        answer_id: str,
        rating: Rating,
        *,
        reasons: Sequence[str] = (),
        comment: str = "",
        gold: bool = False,
        expected: str | None = None,
        collection: str | None,
        caller: Caller = LOCAL,
    ) -> FeedbackView:
        """Keep a judgement of a kept answer; with `gold`, and the gold case made of it. Raises Problem where none can be made."""
        target = self._dossier.collection(check_collection(collection))
        case = self._gold_case(answer_id, rating, reasons, expected, collection, caller) if gold else None
        given = target.feedback.add(
            check_key(answer_id, "answer id"),
            rating,
            caller=caller.name,
            reasons=tuple(dict.fromkeys(reasons)),
            comment=comment,
            gold=case,
        )
        return feedback_view(given)

    def _gold_case(
        self,
        answer_id: str,
        rating: Rating,
        reasons: Sequence[str],
        expected: str | None,
        collection: str | None,
        caller: Caller,
    ) -> dict[str, Any]:
        if not caller.may_write:
            raise Problem("read-only-key", "This key may judge answers, not make gold cases of them.")
        refuse = "should_have_refused" in reasons
        if rating == "bad" and expected is None and not refuse:
            raise Problem("no-gold-case", "Say with 'expected' what is right, or that it should_have_refused.")
        kept = self.kept(answer_id, collection=collection)
        read = set(documents_of(kept.answer.model_dump()))
        documents = self._dossier.collection(check_collection(collection)).documents()
        names = {name: end for name, end in names_of(documents).items() if name in read}
        try:
            return gold_case(kept, names, expected=expected, unanswerable=refuse)
        except NoGoldCase as error:
            raise Problem("no-gold-case", f"{error}.") from None

    def feedback(self, *, collection: str | None, limit: int, offset: int = 0) -> FeedbackListView:
        kept = self._dossier.collection(check_collection(collection)).feedback
        found = kept.newest(limit=limit, offset=offset)
        return FeedbackListView(total=kept.count(), feedback=tuple(map(feedback_view, found)))

    def forget_feedback(self, feedback_id: str, *, collection: str | None) -> None:
        self._dossier.collection(check_collection(collection)).feedback.delete(check_key(feedback_id, "feedback id"))

    def gold_cases(self, *, collection: str | None) -> list[Mapping[str, Any]]:
        """The gold cases in the order they were made, of each answer the last."""
        cases = self._dossier.collection(check_collection(collection)).feedback.gold_cases()
        return list({case["id"]: case for case in cases}.values())

    def forget(self, answer_id: str, *, collection: str | None) -> None:
        self._asking.forget(check_key(answer_id, "answer id"), collection=check_collection(collection))

    def search(
        self, query: str, *, top_k: int, context: int, collection: str | None, filters: SearchFilters
    ) -> SearchView:
        name = check_collection(collection)
        found = self._dossier.pipeline(name).search(
            self._checked(query, "query"), top_k=top_k, filters=self._filters(filters, collection)
        )
        documents = self._dossier.collection(name)
        hits: list[HitView] = []
        for hit in found:
            try:
                hits.append(hit_view(hit, documents.document(hit.chunk.document_id), context))
            except UnknownDocument:  # removed since it was found: it must not be shown
                continue
        return SearchView(query=query, hits=tuple(hits), undated_left_out=documents.undated(filters.to_filters()))

    def coverage(
        self,
        asked: str,
        *,
        reading: Reading | None,
        per_document: int | None,
        collection: str | None,
        filters: SearchFilters,
        progress: Progress | None = None,
    ) -> Coverage:
        try:
            how_to_read(self._checked(asked, "asked"), reading)
        except ValueError as error:
            raise Problem("invalid-request", str(error)) from None
        surveyor = self._dossier.surveyor(check_collection(collection))
        return surveyor.cover(
            asked,
            reading=reading,
            per_document=per_document,
            filters=self._filters(filters, collection),
            progress=progress,
        )

    def documents(self, *, collection: str | None, offset: int = 0, limit: int = MOST_DOCUMENTS) -> DocumentsView:
        documents = self._dossier.collection(check_collection(collection)).documents()
        page = documents[offset : offset + limit]
        return DocumentsView(total=len(documents), documents=tuple(document_view(one) for one in page))

    def document(self, document_id: str, *, collection: str | None) -> DocumentView:
        target = self._dossier.collection(check_collection(collection))
        return document_view(target.document(check_id(document_id)))

    def text(self, document_id: str, *, collection: str | None, start: int, end: int | None) -> TextView:
        target = self._dossier.collection(check_collection(collection))
        text = target.document(check_id(document_id)).text
        last = len(text) if end is None else min(end, len(text))
        first = min(start, len(text))
        if last < first:
            raise Problem("invalid-request", "end must not be before start")
        return TextView(document_id=document_id, start=first, end=last, length=len(text), text=text[first:last])

    def original(self, document_id: str, *, collection: str | None) -> Exported:
        """The file that a document was read from. Raises UnknownDocument, NoOriginal."""
        found = self._dossier.collection(check_collection(collection)).original(check_id(document_id))
        return Exported(shown_name(found.name), found.media_type, found.content())

    def picture(
        self, document_id: str, page: int, *, collection: str | None, start: int | None, end: int | None
    ) -> bytes:
        """A page as PNG, with `text[start:end]` boxed on it. Raises UnknownDocument, NoOriginal, NoPage."""
        if (start is None) != (end is None) or (start is not None and end is not None and end < start):
            raise Problem("invalid-request", "start and end go together, and end must not be before start")
        quoted = None if start is None or end is None else Span(start, end)
        return self._dossier.collection(check_collection(collection)).picture(check_id(document_id), page, quoted)

    def edit(self, document_id: str, fields: Mapping[str, Any], *, collection: str | None) -> DocumentView:
        """Correct what is known of a document; see `index.collection.Collection.edit`. Raises Problem for a value that cannot be."""
        target = self._dossier.collection(check_collection(collection))
        try:
            return document_view(target.document(target.edit(check_id(document_id), **fields)))
        except ValueError as error:
            raise Problem("invalid-request", str(error)) from None

    def remove(self, document_id: str, *, collection: str | None, erase: bool) -> None:
        target = self._dossier.collection(check_collection(collection))
        (target.erase if erase else target.remove)(check_id(document_id))

    def collections(self, usual: str | None = None) -> CollectionsView:
        """Every collection that may be seen; `usual` is the one meant when none is named, that of the settings if left out."""
        return CollectionsView(collections=tuple(self._counted(name, usual) for name in self._dossier.names()))

    def create_collection(self, name: str, usual: str | None = None) -> CollectionView:
        """Make an empty collection. Raises Problem where there is one of that name, ValueError for one that no collection can have."""
        if name in self._dossier.names():
            raise Problem("collection-exists", "There is a collection of that name.")
        self._dossier.collection(name, create=True)
        return self._counted(name, usual)

    def remove_collection(self, name: str) -> None:
        """Remove a collection with its documents, answers and feedback."""
        self._dossier.remove(check_collection(name) or name)

    def _counted(self, name: str, usual: str | None) -> CollectionView:
        is_usual = name == (usual or self._dossier.settings.collection)
        try:
            held = self._dossier.size(name)
        except StorageFailed:  # one damaged collection does not hide the others
            return CollectionView(name=name, usual=is_usual, readable=False)
        return CollectionView(name=name, **held._asdict(), usual=is_usual)

    def rebuild(self, *, collection: str | None, reembed: bool, progress: Progress | None) -> None:
        self._dossier.collection(check_collection(collection)).rebuild(reembed=reembed, progress=progress)

    def _filters(self, filters: SearchFilters, collection: str | None) -> Filters:
        """The filters. Raises UnknownDocument for a document that they name and that is not there: nothing would be found."""
        documents = self._dossier.collection(check_collection(collection)) if filters.documents else None
        for one in filters.documents:
            assert documents is not None
            documents.document(check_id(one))
        return filters.to_filters()

    def _checked(self, text: str, name: str) -> str:
        """What is asked. Raises Problem where it is too long or blank."""
        check_length(text, self._dossier.settings.max_question_chars, name)
        try:
            return check_asked(text)
        except ValueError as error:
            raise Problem("invalid-request", f"{name}: {error}") from None

    def close(self) -> None:
        self._dossier.close()
