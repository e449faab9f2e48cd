"""Turns: as many at once as there are places, the others in order, nobody for ever, and no place is ever lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.settings import Settings
from ui.problems import Problem
from ui.slots import LONGEST_RETRY_S, Slots


def retry_after(slots: Slots) -> int:
    with pytest.raises(Problem) as refused:
        slots.let_in()
    assert (refused.value.code, refused.value.status_code) == ("busy", 503)
    assert refused.value.headers is not None
    return int(refused.value.headers["Retry-After"])


async def started(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task that has come as far as it can."""
    task = asyncio.ensure_future(coroutine)
    for _ in range(5):
        await asyncio.sleep(0)
    return task


def test_a_server_works_on_two_questions_and_lets_eight_wait_unless_set_otherwise() -> None:
    usual, other = Slots.of(Settings()), Slots.of(Settings(answer_slots=5, answer_queue=0, answer_deadline_s=7))
    assert (usual.most, usual.queue, usual.wait_s, usual.hold_s) == (2, 8, 30, 120)
    assert (other.most, other.queue, other.hold_s) == (5, 0, 7)


def test_whoever_waits_is_served_in_the_order_in_which_they_came() -> None:
    async def run() -> list[int]:
        slots, order = Slots(1), []

        async def ask(number: int) -> None:
            async with slots.turn():
                order.append(number)
                await asyncio.sleep(0)

        async with slots.turn():
            tasks = [await started(ask(number)) for number in range(5)]
            assert slots.waiting == 5
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(run()) == [0, 1, 2, 3, 4]


def test_a_full_line_refuses_at_once_and_says_when_to_come_back() -> None:
    slots = Slots(1, queue=0)
    slots.let_in()
    with slots.one():
        assert 1 <= retry_after(slots) <= LONGEST_RETRY_S
        with pytest.raises(Problem), slots.one():
            pass
        with pytest.raises(Problem):
            asyncio.run(slots.turn().__aenter__())
        assert slots.refused == 3
    slots.let_in()


def test_who_has_waited_for_too_long_is_sent_away_and_leaves_the_line() -> None:
    slots = Slots(1, wait_s=0.01)
    with slots.one():
        with pytest.raises(Problem), slots.one():
            pass
        with pytest.raises(Problem):
            asyncio.run(slots.turn().__aenter__())
        assert (slots.used, slots.waiting, slots.refused) == (1, 0, 2)
    assert slots.used == 0


def test_who_goes_away_while_waiting_leaves_the_line_to_the_next() -> None:
    async def run() -> tuple[bool, bool]:
        slots, reached = Slots(1), asyncio.Event()

        async def ask(reach: asyncio.Event | None = None) -> None:
            async with slots.turn():
                if reach is not None:
                    reach.set()

        async with slots.turn():
            leaving, staying = await started(ask()), await started(ask(reached))
            leaving.cancel()
            await asyncio.wait((leaving,))
            assert slots.waiting == 1
        await staying
        return leaving.cancelled(), reached.is_set() and slots.used == 0

    assert asyncio.run(run()) == (True, True)


def test_threads_and_coroutines_share_the_places() -> None:
    slots, inside, over = Slots(1), threading.Event(), threading.Event()

    def hold() -> None:
        with slots.one():
            inside.set()
            over.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(30)

    async def run() -> None:
        async def ask() -> None:
            async with slots.turn():
                pass

        waiting = await started(ask())
        assert (slots.used, slots.waiting) == (1, 1)
        over.set()
        await waiting

    asyncio.run(run())
    thread.join(30)
    assert slots.used == 0


def test_the_longer_work_takes_the_later_others_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("ui.slots.time.monotonic", lambda: now[0])
    slots = Slots(1, queue=0)

    def told_after(seconds: float) -> int:
        for _ in range(20):
            with slots.one():
                now[0] += seconds
        with slots.one():
            return retry_after(slots)

    assert told_after(0.01) == 1
    assert 8 <= told_after(10) <= 10
    assert told_after(1000) == LONGEST_RETRY_S


@given(st.integers(1, 4), st.integers(0, 4), st.lists(st.sampled_from(["come", "done", "leave"]), max_size=60))
def test_no_place_is_lost_or_given_twice_whoever_comes_finishes_or_leaves(
    most: int, queue: int, steps: list[str]
) -> None:
    async def run() -> None:
        slots = Slots(most, queue=queue)
        tasks: list[tuple[asyncio.Task[None], asyncio.Event]] = []

        async def ask(done: asyncio.Event) -> None:
            async with slots.turn():
                await done.wait()

        for step in steps:
            if step == "come":
                done = asyncio.Event()
                tasks.append((await started(ask(done)), done))
            elif tasks:
                task, done = tasks.pop(0)
                done.set() if step == "done" else task.cancel()
                await started(asyncio.sleep(0))
            living = sum(not task.done() for task, _ in tasks)
            assert (slots.used, slots.waiting) == (min(living, most), max(0, living - most))
            assert slots.waiting <= queue
        for _, done in tasks:
            done.set()
        await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
        await started(asyncio.sleep(0))
        with ExitStack() as held:
            for _ in range(most):
                held.enter_context(slots.one())
            assert (slots.used, slots.waiting) == (most, 0)
        assert slots.used == 0

    asyncio.run(run())
