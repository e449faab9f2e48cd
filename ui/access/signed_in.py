"""Who signed in on the page: tokens of cookies, kept as hashes, in memory, for some hours."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

COOKIE = "dossier_session"
LASTS_S = 12 * 3600
MOST = 10_000


class SignedIn:
    """Which key each signed-in browser used; the oldest go when there are too many. Whether the key still lives is asked elsewhere."""

    def __init__(self, *, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def begin(self, key_id: str) -> str:
        """The token of a new browser."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._keys[_hash(token)] = key_id, self._clock() + LASTS_S
            while len(self._keys) > self._most:
                self._keys.popitem(last=False)
        return token

    def key_id(self, token: str) -> str | None:
        """The key that was used; None for a token that is unknown or too old."""
        with self._lock:
            key_id, until = self._keys.get(_hash(token), (None, 0.0))
            if key_id is not None and self._clock() >= until:
                del self._keys[_hash(token)]
                return None
            return key_id

    def end(self, token: str) -> None:
        with self._lock:
            self._keys.pop(_hash(token), None)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
