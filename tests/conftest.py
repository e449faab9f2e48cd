"""Session fixtures for real models, and a guard: no test reaches an address that is not loopback."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

_connect = socket.socket.connect


def _guarded_connect(self: socket.socket, address: Any) -> Any:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = str(address[0])
        local = host == "localhost" or ipaddress.ip_address(host.split("%")[0]).is_loopback
        if not local:
            raise OSError(f"a test tried to reach {host}: only loopback is allowed")
    return _connect(self, address)


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """Nothing leaves the machine, in any test."""
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own DOSSIER_* variables do not change a test."""
    for name in list(os.environ):
        if name.startswith("DOSSIER_") and name not in {"DOSSIER_SHARED", "DOSSIER_CRASH_RUNS"}:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def embedder():  # type: ignore[no-untyped-def]
    """The packaged embedder."""
    from index.embed import SentenceEmbedder

    return SentenceEmbedder()


@pytest.fixture(scope="session")
def reader():  # type: ignore[no-untyped-def]
    """The packaged reader."""
    from rag.reader import OnnxReader

    return OnnxReader()
