"""A language model that keeps failing is left alone for a while, so that nobody waits for it in vain."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from index.errors import LanguageModelFailed
from rag.llm.model import Completion, LanguageModel, Message, NobodyWaits, never, unheard

logger = logging.getLogger("dossier")


class Breaker:
    """Opens after some failures in a row; after a rest it lets one call through, and that one decides.

    Args:
        failures: In a row, after which it opens.
        rest_s: How long nothing is let through.
        clock: Seconds that never go back.
    """

    def __init__(self, *, failures: int, rest_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = failures
        self._rest_s = rest_s
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = 0
        self._closed_until = 0.0
        self._probing = False

    def admit(self) -> bool:
        """Whether a call may be made now; each that may must end in `succeeded`, `failed` or `given_up`."""
        with self._lock:
            if self._failed < self._most:
                return True
            if self._probing or self._clock() < self._closed_until:
                return False
            self._probing = True
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failed, self._probing = 0, False

    def failed(self) -> None:
        with self._lock:
            self._failed, self._probing = self._failed + 1, False
            self._closed_until = self._clock() + self._rest_s

    def given_up(self) -> None:
        """The call says nothing about the model: whoever asked has gone."""
        with self._lock:
            self._probing = False


class GuardedModel:
    """A language model behind a breaker: while that is open, it fails at once."""

    def __init__(self, model: LanguageModel, breaker: Breaker) -> None:
        self._model = model
        self._breaker = breaker

    @property
    def name(self) -> str:
        return self._model.name

    def complete(
        self,
        messages: Sequence[Message],
        *,
        json_schema: Mapping[str, Any] | None = None,
        hear: Callable[[str], None] = unheard,
        stopped: Callable[[], bool] = never,
    ) -> Completion:
        """As in `rag.llm.model.LanguageModel`."""
        if not self._breaker.admit():
            raise LanguageModelFailed(
                f"Language model '{self.name}' failed too often and is not asked for a while.", reason="resting"
            )
        settle = self._breaker.given_up
        try:
            completion = self._model.complete(messages, json_schema=json_schema, hear=hear, stopped=stopped)
            settle = self._breaker.succeeded
            return completion
        except NobodyWaits:
            raise
        except LanguageModelFailed as error:
            logger.warning("no answer of the language model (%s): %s", error.reason, error)
            settle = self._breaker.failed
            raise
        finally:
            settle()

    def close(self) -> None:
        self._model.close()
