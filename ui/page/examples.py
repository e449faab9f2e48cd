"""Questions to begin with, asked before they are shown, and what new documents are greeted with: looked for in the background."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool

from index.errors import UnknownCollection
from rag.manner import Manner
from rag.values import Answer, Kind
from ui.access.caller import acting
from ui.page.choices import chosen
from ui.page.greeting import Greeting, asking_for, greeting, newest
from ui.page.greeting_view import greetings_view
from ui.page.header_view import examples_view
from ui.page.places import UNCHANGED
from ui.page.said import sorry
from ui.page.suggested import suggested_questions
from ui.protocols import Collection, Dossier, Pipeline
from ui.slots import Slots

MOST_SHOWN = 4
MOST_ASKED = 8
"""How many are asked for one state of a collection; each costs about a second of one core."""
MOST_KEPT = 32
STOP_WAIT_S = 10.0
BEAT_S = 1.0
MOST_BEATS = 120
"""How often a page looks whether its examples are there."""
_NICE = 15
_GIVE_WAY_S = 0.2
MOST_GIVEN_WAY = 600
"""How often one question gives way before it is dropped."""

Key = tuple[str, int]
"""A collection, and the sequence of its catalogue."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    key: Key
    collection: Collection
    pipeline: Pipeline


class Examples:
    """Examples for each state of each collection. One thread of the lowest priority, which waits while people ask.

    Args:
        slots: Where people's questions are worked on; examples take no place there.
        least: So sure the answer of an example must be.
    """

    def __init__(self, slots: Slots, *, least: float = 0.0) -> None:
        self._slots = slots
        self._least = least
        self._known: OrderedDict[Key, tuple[str, ...]] = OrderedDict()
        self._greeted: OrderedDict[Key, tuple[Greeting, ...]] = OrderedDict()
        self._lock = threading.Lock()
        self._line: queue.SimpleQueue[_Wanted | None] = queue.SimpleQueue()
        self._awaited: set[Key] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def of(self, name: str, collection: Collection, pipeline: Callable[[], Pipeline]) -> tuple[str, ...] | None:
        """The examples of a collection as it is now; None while they are being looked for, which this begins.

        Args:
            pipeline: Makes one that sends nothing to a language model.
        """
        key = (name, collection.answers.seen())
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
            if self._stopping.is_set():
                return ()
            if key not in self._awaited:
                self._awaited.add(key)
                self._line.put(_Wanted(key, collection, pipeline()))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="dossier-examples", daemon=True)
                self._thread.start()
        return None

    def greetings(self, name: str, collection: Collection) -> tuple[Greeting, ...]:
        """What the newest documents of a collection are greeted with, as far as it is known: `of` has it looked for."""
        with self._lock:
            return self._greeted.get((name, collection.answers.seen()), ())

    def close(self, wait_s: float = STOP_WAIT_S) -> bool:
        """Stop after the question at hand; False if it is still being asked after `wait_s`."""
        with self._lock:
            self._stopping.set()
            thread = self._thread
        self._line.put(None)
        if thread is not None:
            thread.join(wait_s)
        return thread is None or not thread.is_alive()

    def _work(self) -> None:
        with suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)  # of this thread alone, on Linux
        while (wanted := self._line.get()) is not None:
            greeted = self._greetings(wanted)
            with self._lock:
                self._greeted[wanted.key] = greeted
            found = self._found(wanted)
            with self._lock:
                self._awaited.discard(wanted.key)
                self._known[wanted.key] = found
                for kept in (self._known, self._greeted):
                    while len(kept) > MOST_KEPT:
                        kept.popitem(last=False)

    def _greetings(self, wanted: _Wanted) -> tuple[Greeting, ...]:
        greeted = []
        try:
            for document in newest(wanted.collection.documents()):
                summary = self._asked(wanted, asking_for(document), kind="summary")
                if summary is not None:
                    greeted.append(greeting(document, summary))
        except Exception:  # noqa: BLE001 - without a greeting the page is as good; the collection may be closing
            return ()
        return tuple(greeted)

    def _found(self, wanted: _Wanted) -> tuple[str, ...]:
        try:
            questions = suggested_questions(wanted.collection.documents())[:MOST_ASKED]
            return chosen_of(((one, self._asked(wanted, one)) for one in questions), least=self._least)
        except Exception:  # noqa: BLE001 - without examples the page is as good; the collection may be closing
            return ()

    def _asked(self, wanted: _Wanted, question: str, kind: Kind | None = None) -> Answer | None:
        """The answer; None where it is not wanted any more, or people have been asking all the time."""
        for _ in range(MOST_GIVEN_WAY):
            if not self._slots.used or self._stopping.wait(_GIVE_WAY_S):
                break
        if self._slots.used or self._stopping.is_set() or wanted.collection.answers.seen() != wanted.key[1]:
            return None  # nobody needs it any more
        return wanted.pipeline.answer(question, kind=kind)


async def shown_examples(dossier: Dossier, examples: Examples, choices: str) -> AsyncGenerator[Any, None]:
    """The questions as soon as they are known, nothing until then. No language model sees any of them."""

    def known() -> tuple[tuple[str, ...] | None, tuple[Greeting, ...]]:
        name = chosen(choices).collection or acting().own_default(dossier.settings.collection)
        settings = Manner(llm=False).applied_to(dossier.settings)
        collection = dossier.collection(name)
        questions = examples.of(name, collection, lambda: dossier.pipeline(name, settings=settings))
        return questions, examples.greetings(name, collection)

    try:
        shown: str | None = None
        for _ in range(MOST_BEATS):
            questions, greeted = await run_in_threadpool(known)
            view = examples_view(questions or (), greetings_view(greeted))
            yield UNCHANGED if view == shown else view
            if questions is not None:
                return
            shown = view
            await asyncio.sleep(BEAT_S)
    except UnknownCollection:
        yield ""
    except Exception as error:  # noqa: BLE001 - said on the page
        yield sorry(error)


def chosen_of(asked: Iterable[tuple[str, Answer | None]], *, least: float = 0.0) -> tuple[str, ...]:
    """The first MOST_SHOWN that are answered well, one on which the sources disagree among them where there is one.

    Looks no further than it must: `asked` asks as it goes.

    Args:
        least: So sure an answer must be, and have a headline that passed its check.
    """
    answered: list[str] = []
    conflicting: str | None = None
    for question, answer in asked:
        if answer is None or answer.verdict not in ("answered", "conflicting") or not _is_good(answer, least):
            continue
        if answer.verdict == "conflicting" and conflicting is None:
            conflicting = question
        else:
            answered.append(question)
        if conflicting is not None and len(answered) >= MOST_SHOWN - 1:
            break
    return (*((conflicting,) if conflicting else ()), *answered)[:MOST_SHOWN]


def _is_good(answer: Answer, least: float) -> bool:
    return bool(answer.short) and answer.confidence >= least
