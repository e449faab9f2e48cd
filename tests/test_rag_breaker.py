"""The breaker: a model that keeps failing is not asked, one call tries it again, and nobody's going counts against it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import LanguageModelFailed
from rag.llm.breaker import Breaker, GuardedModel
from rag.llm.model import Completion, Message, NobodyWaits

HELLO = [Message("user", "Hello?")]


class Clock:
    """Stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Scripted:
    """Does what `next` says, and counts how often it was asked."""

    name = "scripted"

    def __init__(self, then: Callable[[], Completion]) -> None:
        self.then = then
        self.asked = 0

    def complete(self, messages: object, **options: Any) -> Completion:
        self.asked += 1
        return self.then()

    def close(self) -> None:
        """Nothing is open."""


def fail() -> Completion:
    raise LanguageModelFailed("no")


def leave() -> Completion:
    raise NobodyWaits("gone")


def answer() -> Completion:
    return Completion("yes")


def guarded(then: Callable[[], Completion], failures: int = 5) -> tuple[GuardedModel, Scripted, Clock]:
    model, clock = Scripted(then), Clock()
    return GuardedModel(model, Breaker(failures=failures, rest_s=30, clock=clock)), model, clock


def ask(model: GuardedModel, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(LanguageModelFailed):
            model.complete(HELLO)


def test_after_five_failures_in_a_row_the_model_is_not_asked_any_more() -> None:
    model, inner, _ = guarded(fail)
    ask(model, 8)
    assert inner.asked == 5
    with pytest.raises(LanguageModelFailed, match="not asked for a while"):
        model.complete(HELLO)


def test_a_success_between_failures_starts_the_count_again() -> None:
    model, inner, _ = guarded(fail)
    ask(model, 4)
    inner.then = answer
    assert model.complete(HELLO).text == "yes"
    inner.then = fail
    ask(model, 4)
    inner.then = answer
    assert model.complete(HELLO).text == "yes" and inner.asked == 10


def test_after_a_rest_one_call_tries_and_decides() -> None:
    model, inner, clock = guarded(fail)
    ask(model, 5)
    clock.now += 29.9
    ask(model)
    assert inner.asked == 5
    clock.now += 0.2
    ask(model, 3)
    assert inner.asked == 6
    clock.now += 31
    inner.then = answer
    assert [model.complete(HELLO).text for _ in range(3)] == ["yes"] * 3


def test_while_one_call_tries_no_other_is_let_through() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, rest_s=1, clock=clock)
    assert breaker.admit()
    breaker.failed()
    clock.now += 2
    admitted: list[bool] = []
    threads = [threading.Thread(target=lambda: admitted.append(breaker.admit())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert admitted.count(True) == 1
    breaker.succeeded()
    assert breaker.admit()


def test_whoever_goes_away_counts_neither_for_nor_against_the_model() -> None:
    model, inner, clock = guarded(leave)
    ask(model, 20)
    assert inner.asked == 20
    inner.then = fail
    ask(model, 5)
    clock.now += 31
    inner.then = leave
    ask(model, 2)  # the first tries and leaves, and the second may try again
    assert inner.asked == 27


def test_an_error_of_ours_while_a_call_tries_does_not_shut_the_model_out_for_ever() -> None:
    def stumble() -> Completion:
        raise KeyError("ours")

    model, inner, clock = guarded(fail, failures=1)
    ask(model)
    clock.now += 31
    inner.then = stumble
    with pytest.raises(KeyError):
        model.complete(HELLO)
    inner.then = answer
    assert model.complete(HELLO).text == "yes"


@given(st.lists(st.tuples(st.sampled_from([fail, leave, answer]), st.floats(0, 40)), max_size=60))
def test_a_model_that_answers_again_is_always_asked_again_within_the_rest(
    script: list[tuple[Callable[[], Completion], float]],
) -> None:
    model, inner, clock = guarded(answer)
    for then, seconds in script:
        inner.then = then
        clock.now += seconds
        with contextlib.suppress(LanguageModelFailed):
            model.complete(HELLO)
    clock.now += 30
    inner.then = answer
    assert model.complete(HELLO).text == "yes"
