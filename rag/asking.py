"""The one way a door asks: a follow-up is made to stand alone, the answer is kept, and a kept answer can be asked again."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from index.answers import MOST_TURNS, Answers, StoredAnswer, documents_of
from index.errors import StorageFailed, UnknownAnswer
from index.redaction import ERASED
from index.values import Filters
from rag.answer.telling import Listener
from rag.conversation.follow_up import TURNS, Rewrite, Turn, stand_alone
from rag.filters import filters_as_json, filters_of
from rag.llm.model import LanguageModel
from rag.manner import Manner
from rag.replay import KeptAnswer, Replay, compare
from rag.settings import Settings
from rag.values import Answer, Citation, EvidenceView, FiltersView, Kind, Statement

NEW = "new"
AS_SET = Manner()
LONGEST_TOLD = 1000
"""Characters of an earlier question that are looked at when the caller tells the conversation."""
logger = logging.getLogger("dossier")


class Keeping(Protocol):
    @property
    def answers(self) -> Answers: ...


class Answering(Protocol):
    def answer(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        as_of: str | None = None,
        kind: Kind | None = None,
        listener: Listener | None = None,
    ) -> Answer: ...


class Asked(Protocol):
    """What asking needs of an open Dossier."""

    @property
    def settings(self) -> Settings: ...

    @property
    def language_model(self) -> LanguageModel | None: ...

    def collection(self, name: str | None = None) -> Keeping: ...

    def pipeline(self, name: str | None = None, *, settings: Settings | None = None) -> Answering: ...


class _AsAsked(Listener):
    """Hands on what is heard; a draft of the answer says of its question what the whole one will."""

    def __init__(self, listener: Listener, as_asked: Mapping[str, str | None]) -> None:
        self._as_asked = as_asked
        self._listener = listener

    def sources(self, evidence: Sequence[EvidenceView]) -> None:
        self._listener.sources(evidence)

    def statement(self, statement: Statement, citations: Sequence[Citation]) -> None:
        self._listener.statement(statement, citations)

    def stopped(self) -> bool:
        return self._listener.stopped()

    def draft(self, answer: Answer, writing: str) -> None:
        self._listener.draft(answer.model_copy(update=dict(self._as_asked)), writing)


class Asking:
    """Questions to one open Dossier, each kept with its answer, and what was kept."""

    def __init__(self, dossier: Asked) -> None:
        self._dossier = dossier

    def ask(
        self,
        question: str,
        *,
        collection: str | None = None,
        filters: Filters | None = None,
        as_of: str | None = None,
        thread: str | None = None,
        history: Sequence[str] = (),
        manner: Manner = AS_SET,
        listener: Listener | None = None,
    ) -> Answer:
        """One checked answer, kept unless the settings keep none or nobody waits for it any more.

        Args:
            thread: The conversation that the question goes on, NEW for one that begins with it, None outside of one.
            history: Earlier questions, oldest first, of a conversation that the caller keeps; outside of a thread only.
            manner: Where the answer is to differ from the settings.
            listener: Hears the answer while it is made.

        Raises:
            UnknownThread: There is no such conversation.
        """
        answers = self._dossier.collection(collection).answers
        kept = answers.thread(thread, newest=TURNS) if thread not in (None, NEW) else []
        seen = answers.seen()
        settings = manner.applied_to(self._dossier.settings)
        rewrite = self._rewrite(question, _turns(kept) or told_turns(history), settings)
        pipeline = self._dossier.pipeline(collection, settings=settings)
        if thread == NEW:
            thread = f"thr_{uuid.uuid4().hex}"
        as_asked = {"question": question, "thread": thread, "rewritten_by": rewrite.by}
        heard = None if listener is None else _AsAsked(listener, as_asked)
        answer = pipeline.answer(
            rewrite.text, filters=filters, as_of=as_of, kind=manner.kind, listener=heard
        ).model_copy(update=as_asked)
        return answer if _stopped(listener) else self._keep(answers, answer, filters, as_of, manner, seen)

    def kept(self, answer_id: str, *, collection: str | None = None) -> KeptAnswer:
        """One answer that was kept. Raises UnknownAnswer."""
        answers = self._dossier.collection(collection).answers
        return _kept(answers.answer(answer_id), answers.seen())

    def newest(
        self, *, limit: int, offset: int = 0, outdated: bool = False, collection: str | None = None
    ) -> tuple[int, list[KeptAnswer]]:
        """How many answers are kept, and some of them, newest first; with `outdated`, only what changes may have overtaken."""
        answers = self._dossier.collection(collection).answers
        seen = answers.seen()
        before = seen if outdated else None
        found = answers.newest(limit=limit, offset=offset, before=before)
        return answers.count(before=before), [_kept(one, seen) for one in found]

    def turns(
        self, thread: str, *, newest: int = MOST_TURNS, before: int | None = None, collection: str | None = None
    ) -> list[KeptAnswer]:
        """The `newest` turns of a conversation, oldest first; with `before`, of those before that turn. Raises UnknownThread."""
        answers = self._dossier.collection(collection).answers
        seen = answers.seen()
        return [_kept(one, seen) for one in answers.thread(thread, newest=newest, before=before)]

    def forget(self, answer_id: str, *, collection: str | None = None) -> None:
        """Delete one kept answer. Raises UnknownAnswer."""
        self._dossier.collection(collection).answers.forget(answer_id)

    def replay(
        self, answer_id: str, *, collection: str | None = None, keep: bool = False, listener: Listener | None = None
    ) -> Replay:
        """Ask a kept question again, as it was searched then, and compare; the new answer is kept only with `keep`.

        Raises:
            UnknownAnswer: There is no such answer, or its question was erased.
        """
        stored = self._dossier.collection(collection).answers.answer(answer_id)
        return self._again(stored, collection, keep=keep, listener=listener)

    def changed_since(
        self, *, limit: int, collection: str | None = None, listener: Listener | None = None
    ) -> list[Replay]:
        """The newest `limit` answers that documents have come or gone since, asked again: those that changed."""
        answers = self._dossier.collection(collection).answers
        stored = answers.newest(limit=limit, before=answers.seen())
        distinct = {json.dumps([one.content["query"], one.asked], sort_keys=True): one for one in reversed(stored)}
        newest = [one for one in reversed(distinct.values()) if one.content["query"] != ERASED]
        replays = [self._again(one, collection, listener=listener) for one in newest]
        return [one for one in replays if one.changes.changed]

    def _again(
        self, stored: StoredAnswer, collection: str | None, *, keep: bool = False, listener: Listener | None = None
    ) -> Replay:
        answers = self._dossier.collection(collection).answers
        seen = answers.seen()
        old = _kept(stored, seen)
        if old.answer.query == ERASED:
            raise UnknownAnswer("The question of this answer was erased, so it cannot be asked again.")
        asked = old.asked
        filters = filters_of(asked.model_dump())
        settings = old.manner.applied_to(self._dossier.settings)
        pipeline = self._dossier.pipeline(collection, settings=settings)
        new = pipeline.answer(
            old.answer.query, filters=filters, as_of=asked.as_of, kind=old.manner.kind, listener=listener
        )
        new = new.model_copy(update={"question": old.answer.question, "rewritten_by": old.answer.rewritten_by})
        if keep and not _stopped(listener):
            new = self._keep(answers, new, filters, asked.as_of, old.manner, seen)
        came = answers.came_since(stored.sequence, documents_of(new.model_dump()))
        return Replay(old=old, new=new, changes=compare(old.answer, new, came=came, went=(*old.removed, *old.erased)))

    def _rewrite(self, question: str, turns: Sequence[Turn], settings: Settings) -> Rewrite:
        model = self._dossier.language_model if turns and settings.llm else None
        return stand_alone(question, turns, language_model=model, longest=settings.max_question_chars)

    def _keep(
        self,
        answers: Answers,
        answer: Answer,
        filters: Filters | None,
        as_of: str | None,
        manner: Manner,
        seen: int,
    ) -> Answer:
        """The answer as it was kept; without its thread when it was not."""
        most = self._dossier.settings.keep_answers
        asked: dict[str, Any] = {**dict.fromkeys(("publisher", "since", "until")), "as_of": as_of}
        asked |= filters_as_json(filters or Filters())
        asked |= manner.model_dump(exclude_defaults=True)
        try:
            if most:
                content = answer.model_dump(mode="json")
                answers.keep(content, asked, thread=answer.thread, sequence=seen, most=most)
                return answer
        except StorageFailed as error:  # a full disk costs the record, not the answer
            logger.warning("answer %s is not kept: %s", answer.id, error)
        return answer.model_copy(update={"thread": None})


def _stopped(listener: Listener | None) -> bool:
    return listener is not None and listener.stopped()


def told_turns(questions: Sequence[str]) -> list[Turn]:
    """The last earlier questions of a caller who keeps the conversation, each made to stand alone by rule."""
    turns: list[Turn] = []
    for question in questions[-TURNS:]:
        short = question[:LONGEST_TOLD]
        turns.append(Turn(short, stand_alone(short, turns).text, ""))
    return turns


def _turns(kept: Sequence[StoredAnswer]) -> list[Turn]:
    return [
        Turn(one.content["question"], one.content["query"], one.content["short"])
        for one in kept
        if one.content["query"] != ERASED
    ]


def _kept(stored: StoredAnswer, seen: int) -> KeptAnswer:
    manner = {name: value for name, value in stored.asked.items() if name in Manner.model_fields}
    return KeptAnswer(
        asked_at=stored.asked_at,
        turn=stored.turn,
        asked=FiltersView.model_validate({name: value for name, value in stored.asked.items() if name not in manner}),
        manner=Manner.model_validate(manner),
        answer=Answer.model_validate(stored.content, extra="ignore"),  # an older or newer Dossier may have written it
        outdated=stored.sequence < seen,
        removed=stored.removed,
        erased=stored.erased,
    )
