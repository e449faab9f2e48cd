"""What the ask tab does when something is pressed. Anyone can call these over HTTP, so each checks what it is given."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool

from index.errors import EmptyCollection, UnknownAnswer, UnknownCollection, UnknownDocument, UnknownThread
from index.values import Document
from rag.answer.telling import Listener
from rag.asking import NEW, Asking
from rag.values import Answer
from ui.desk import LocalDesk
from ui.page.ask.answer_view import answer_view
from ui.page.ask.asked import Asked, asked, asked_then, kind_of, part_of
from ui.page.ask.conversation_view import SHOWN, conversation_view
from ui.page.ask.filters_view import filters_view
from ui.page.ask.live import Live, SoFar, Stopped
from ui.page.ask.live_view import ended_view, live_view, stage_of
from ui.page.ask.pressed import key, reference, turns_of
from ui.page.ask.rail import Listed, listed, shown_rail
from ui.page.ask.source_view import gone_view, no_source_view, source_view
from ui.page.choices import chosen
from ui.page.examples import Examples, shown_examples
from ui.page.header_view import welcome_view
from ui.page.places import UNCHANGED
from ui.page.said import said_view, sorry
from ui.problems import Problem
from ui.protocols import Dossier
from ui.slots import Slots
from ui.words import VERDICTS, count


class Turn(NamedTuple):
    """What an event shows of a question and its answer; what it leaves out stays as it is.

    Attributes:
        thread: The conversation that the next question goes on; "" begins one.
        asked: What "ask again" asks.
        running: Which answer "stop" ends.
    """

    answer: Any = UNCHANGED
    source: Any = UNCHANGED
    status: Any = UNCHANGED
    conversation: Any = UNCHANGED
    rail: Any = UNCHANGED
    question: Any = UNCHANGED
    thread: Any = UNCHANGED
    asked: Any = UNCHANGED
    running: Any = UNCHANGED


Turns = AsyncGenerator[Turn, None]


class Actions:
    """Every event of the tab; each returns the new values of the components it changes."""

    def __init__(self, dossier: Dossier, slots: Slots, examples: Examples) -> None:
        self._dossier = dossier
        self._slots = slots
        self._examples = examples
        self._asking = Asking(dossier)
        self._desk = LocalDesk(dossier)
        self._running: dict[str, Live] = {}

    def examples(self, choices: str) -> AsyncGenerator[Any, None]:
        """Questions to begin with, once they are known."""
        return shown_examples(self._dossier, self._examples, choices)

    def filters(self, choices: str) -> str:
        """What a question can be narrowed by, as the documents are now."""
        try:
            return filters_view(self._documents(choices))
        except Exception as error:  # noqa: BLE001 - said on the page
            return sorry(error)

    def begin(self, choices: str) -> Turn:
        """A page on which nothing was asked yet."""
        try:
            return Turn(
                welcome_view(self._documents(choices)),
                no_source_view(),
                status="",
                conversation="",
                question="",
                thread="",
                asked=None,
                running="",
            )
        except Exception as error:  # noqa: BLE001 - said on the page
            return Turn("", no_source_view(), sorry(error), "")

    def rail(self, command: str, thread: str, choices: str) -> str:
        """The conversations of this caller, as `rail.js` wants them.

        Args:
            thread: The one that stands on the page.
        """
        try:
            return shown_rail(self._desk, listed(command), thread, collection=chosen(choices).collection)
        except UnknownCollection:
            return ""
        except Exception as error:  # noqa: BLE001 - said on the page
            return sorry(error)

    async def ask(self, question: str, filters: str, thread: str, choices: str) -> Turns:
        """The question box is sent.

        Args:
            thread: The conversation; "" begins one.
        """
        try:
            what = asked(question, filters, choices, longest=self._dossier.settings.max_question_chars)
            goes_on = key(thread) if thread else NEW
        except Exception as error:  # noqa: BLE001 - said on the page
            yield Turn(status=sorry(error))
            return
        yield Turn(question="")
        async for turn in self._told(what, goes_on):
            yield turn

    async def again(self, thread: str, before: Asked | None) -> Turns:
        """The last question, asked once more."""
        if before is None:
            yield Turn(status=said_view("There is nothing to ask again yet."))
            return
        async for turn in self._told(before, thread or NEW):
            yield turn

    async def read_as(self, command: str, thread: str, before: Asked | None) -> Turns:
        """The last question, asked as another kind of question than it was taken for."""
        try:
            what = before and before.read_as(kind_of(command))
        except Problem as problem:
            yield Turn(status=sorry(problem))
            return
        async for turn in self.again(thread, what):
            yield turn

    async def drop(self, command: str, thread: str, before: Asked | None) -> Turns:
        """The last question, asked without one of the filters that it was searched with."""
        try:
            what = before and before.without(part_of(command))
        except Problem as problem:
            yield Turn(status=sorry(problem))
            return
        async for turn in self.again(thread, what):
            yield turn

    def stop(self, running: str) -> None:
        """End the making of an answer; only the page that asked was told which."""
        if live := self._running.get(running):
            live.stop()

    def recall(self, command: str, choices: str) -> Turn:
        """An answer that was kept, with its conversation."""
        try:
            collection = chosen(choices).collection
            kept = self._desk.kept(key(command), collection=collection)
            what = asked_then(kept, collection)
            return self._answered(what, kept.answer, turn=kept.turn, kept=True)._replace(source=no_source_view())
        except UnknownAnswer:
            return Turn(status=said_view("That answer is no longer kept.", alarm=True))
        except Exception as error:  # noqa: BLE001 - said on the page
            return Turn(status=sorry(error))

    def open(self, command: str, choices: str) -> Turn:
        """The newest turn of a conversation, and those before it."""
        try:
            collection = chosen(choices).collection
            newest = self._asking.turns(key(command), newest=1, collection=collection)[-1]
            what = asked_then(newest, collection)
            turn = self._answered(what, newest.answer, turn=newest.turn, kept=True)
            return turn._replace(source=no_source_view(), rail=UNCHANGED)
        except UnknownThread:
            return Turn(status=said_view("That conversation is no longer there.", alarm=True))
        except Exception as error:  # noqa: BLE001 - said on the page
            return Turn(status=sorry(error))

    def earlier(self, command: str, choices: str) -> Turn:
        """Other turns of the conversation, in place of those that are shown below the answer."""
        try:
            thread, before, shown = turns_of(command)
            collection = chosen(choices).collection
            return Turn(conversation=self._conversation(thread, before, shown, collection))
        except UnknownThread:
            return Turn(status=said_view("That conversation is no longer there.", alarm=True))
        except Exception as error:  # noqa: BLE001 - said on the page
            return Turn(status=sorry(error))

    def show(self, command: str, choices: str) -> str:
        """The source panel for a reference as the buttons carry it."""
        try:
            document_id, (first, *others) = reference(command)
            collection = chosen(choices).collection
            document = self._dossier.collection(collection).document(document_id)
            try:
                return source_view(document, first.start, first.end, others, collection)
            except ValueError:
                raise Problem("invalid-request", "That is nothing this page can show.") from None
        except (UnknownDocument, UnknownCollection):
            return gone_view()
        except Exception as error:  # noqa: BLE001 - said on the page
            return sorry(error)

    async def _told(self, what: Asked, thread: str) -> Turns:
        """An answer as it is made, and then whole."""
        live = Live(self._slots, lambda listener: self._answer(what, thread, listener))
        name = secrets.token_hex(16)
        self._running[name] = live
        try:
            yield _under_way(what, SoFar())._replace(source=no_source_view(), asked=what, running=name)
            async for so_far in live.steps():
                yield Turn() if so_far is None else _under_way(what, so_far)
            yield await run_in_threadpool(self._answered, what, live.answer())
        except Stopped:
            yield Turn(
                ended_view(what.question, live.so_far, "Stopped", again=True), status=said_view("Stopped."), running=""
            )
        except (EmptyCollection, UnknownCollection):
            yield Turn(welcome_view(()), status=said_view("There is nothing to search yet."), thread="", running="")
        except Exception as error:  # noqa: BLE001 - said on the page
            yield Turn(
                ended_view(what.question, live.so_far, "No answer", again=False),
                status=sorry(error, again=True),
                running="",
            )
        finally:
            live.stop()
            del self._running[name]

    def _answer(self, what: Asked, thread: str, listener: Listener) -> Answer:
        """An answer in the conversation; in a new one when its turns are gone."""

        def ask(thread: str) -> Answer:
            return self._desk.answer(
                what.question,
                collection=what.collection,
                filters=what.given,
                thread=thread,
                manner=what.manner,
                listener=listener,
            )

        try:
            return ask(thread)
        except UnknownThread:
            return ask(NEW)

    def _answered(self, what: Asked, answer: Answer, *, turn: int | None = None, kept: bool = False) -> Turn:
        """An answer as it stands on the page, with the turns before it.

        Args:
            turn: Its place in its conversation; None for one that is just made.
        """
        conversation, thread = "", answer.thread or ""
        if thread:
            try:
                turn = turn or self._asking.turns(thread, newest=1, collection=what.collection)[-1].turn or 1
                conversation = self._conversation(thread, turn, turn, what.collection)
            except UnknownThread:  # somebody else's: the answer was shared, its conversation was not
                thread = ""
        return Turn(
            answer_view(answer, kept=kept or bool(answer.thread), collection=what.collection),
            status=said_view(_spoken(answer)),
            conversation=conversation,
            rail=shown_rail(self._desk, Listed(), thread, collection=what.collection),
            thread=thread,
            asked=what.answered(answer),
            running="",
        )

    def _conversation(self, thread: str, before: int, shown: int, collection: str | None) -> str:
        turns = self._asking.turns(thread, newest=SHOWN, before=before, collection=collection)
        newest = self._asking.turns(thread, newest=1, collection=collection)[-1].turn or shown
        return conversation_view(turns, thread=thread, shown=shown, newest=newest)

    def _documents(self, choices: str) -> list[Document]:
        try:
            return self._dossier.collection(chosen(choices).collection).documents()
        except UnknownCollection:
            return []


def _under_way(what: Asked, so_far: SoFar) -> Turn:
    return Turn(live_view(what.question, so_far), status=said_view(stage_of(so_far)))


def _spoken(answer: Answer) -> str:
    """The result in one line, for those who hear the page."""
    found = count(len(answer.citations), "source") if answer.citations else None
    return ". ".join(part for part in (VERDICTS[answer.verdict], answer.short, found) if part) + "."
