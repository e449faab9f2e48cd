"""A GGUF file run by llama.cpp in this process, through xllamacpp; no port is opened."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import re
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from index.errors import ModelUnavailable
from rag.llm.bounded import handed_over
from rag.models.gguf import architecture

_SEED = 20_251_018
_LONGEST_CONTEXT = 8192  # tokens; a model's own limit may ask for gigabytes of cache
_HEADER_BYTES = 1024 * 1024
_CONTEXT_LENGTH = re.compile(rb"\.context_length(?:\x04\0\0\0(.{4})|\x0a\0\0\0(.{8}))", re.DOTALL)


class Said(NamedTuple):
    """A piece of a reply; the counts of tokens come once, at the end, and are 0 before.

    `cut` says that the reply ended because it had all the tokens that it may have.
    """

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cut: bool = False


class GgufModel:
    """One model, loaded on first use, one conversation at a time, the same words for the same messages."""

    def __init__(self, path: Path, *, max_tokens: int) -> None:
        """Check the file and the library, load neither. Raises ModelUnavailable."""
        _check_file(path)
        if importlib.util.find_spec("xllamacpp") is None:
            raise ModelUnavailable(
                "A llama:// model needs xllamacpp, which is not installed. Run: pip install 'xllamacpp>=2026.10'"
            )
        self.path = path
        self._max_tokens = max_tokens
        self._lock = threading.Lock()
        self._server: Any = None
        self._folder: str | None = None
        self._closed = False
        self.window = min(_LONGEST_CONTEXT, context_length(path) or _LONGEST_CONTEXT)

    def read_ahead(self, messages: Sequence[Mapping[str, str]]) -> None:
        """Load the model and read what every prompt begins with, in a thread of its own; what fails will fail again when asked."""

        def read() -> None:
            request = {"messages": [*messages, {"role": "user", "content": "."}], "max_tokens": 1, "cache_prompt": True}
            with self._lock, contextlib.suppress(ModelUnavailable, RuntimeError):
                if not self._closed:
                    self._load().handle_chat_completions({**request, "stream": True}, lambda _: self._closed)

        threading.Thread(target=read, name="gguf-read-ahead", daemon=True).start()

    def chat(
        self,
        messages: Sequence[Mapping[str, str]],
        response_format: Mapping[str, Any] | None,
        *,
        seconds_left: Callable[[], float],
    ) -> Iterator[Said]:
        """The reply in pieces, as it is written.

        Args:
            seconds_left: Seconds until the reply is of no use; raises TimeoutError when there are none.

        Raises:
            TimeoutError: No reply in time; generation stops at the next token.
            ModelUnavailable: llama.cpp cannot load the file.
            RuntimeError: llama.cpp refused, for example a prompt longer than the context.
        """
        request: dict[str, Any] = {"messages": [dict(message) for message in messages], "max_tokens": self._max_tokens}
        request |= {
            "temperature": 0,
            "seed": _SEED,
            "cache_prompt": True,  # what a prompt shares with the one before it is not read again
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if response_format:
            request["response_format"] = dict(response_format)
        return handed_over(lambda put: self._write(request, put, seconds_left), seconds_left)

    def _write(
        self, request: Mapping[str, Any], put: Callable[[Said], None], seconds_left: Callable[[], float]
    ) -> None:
        if not self._lock.acquire(timeout=seconds_left()):
            raise TimeoutError("the model was busy")
        try:
            reply = _Reply(put, seconds_left)
            self._load().handle_chat_completions(request, reply.receive)
            reply.check()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Free the model's memory; waits for a reply in progress."""
        self._closed = True
        with self._lock:
            self._server = None
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def _load(self) -> Any:
        if self._server is None:
            llama = importlib.import_module("xllamacpp")
            try:
                self._server = llama.Server(self._params(llama))
            except RuntimeError as error:
                raise ModelUnavailable(
                    f"llama.cpp cannot load {self.path} (architecture: {architecture(self.path) or 'not to be read'}): it is damaged, "
                    "or of a kind that it does not know. Name another file in DOSSIER_LLM, or get a model: dossier models list"
                ) from error
        return self._server

    def _params(self, llama: Any) -> Any:
        params = llama.CommonParams()
        params.model.path = str(self.path)
        params.n_ctx = self.window
        params.n_parallel = 1
        params.cache_ram_mib = 0  # only the last prompt is kept, where it was read
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = physical_cores()
        params.cpuparams.poll = params.cpuparams_batch.poll = (
            0  # sleep between tokens instead of spinning on a busy machine
        )
        params.sampling.seed = _SEED
        params.warmup = False
        params.offline = True
        params.verbosity = -1
        # llama.cpp's server always listens: on a socket that only this user can reach, behind a key that nobody knows.
        params.api_keys = [secrets.token_urlsafe(32)]
        params.ui = params.endpoint_slots = False
        params.n_threads_http = 1
        if sys.platform != "win32":
            self._folder = self._folder or tempfile.mkdtemp(prefix="dossier-")
            params.hostnames = [str(Path(self._folder) / "llama.sock")]
        return params


class _Reply:
    """Hands on the pieces of one reply, and stops it when its time is over."""

    def __init__(self, put: Callable[[Said], None], seconds_left: Callable[[], float]) -> None:
        self._put = put
        self._seconds_left = seconds_left
        self._failure: Exception | None = None

    def receive(self, chunk: Any) -> bool:
        """Take one chunk; True asks llama.cpp to stop."""
        try:
            self._seconds_left()
        except TimeoutError as error:
            self._failure = error
        for part in chunk if isinstance(chunk, list) else [chunk]:
            if "error" in part:
                self._failure = RuntimeError(str(part["error"].get("message", "refused")))
            usage = part.get("usage") or {}
            choices = part.get("choices", ())
            text = "".join(choice.get("delta", {}).get("content") or "" for choice in choices)
            cut = any(choice.get("finish_reason") == "length" for choice in choices)
            self._put(Said(text, int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0)), cut))
        return self._failure is not None

    def check(self) -> None:
        """Raises what stopped it."""
        if self._failure is not None:
            raise self._failure


def physical_cores() -> int:
    """Cores this process may use, each counted once however many threads it runs."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    cores = set()
    for cpu in allowed:
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        cores.add(siblings.read_text().strip() if siblings.is_file() else str(cpu))
    return max(1, len(cores))


def context_length(path: Path) -> int | None:
    """Tokens that a model was made to read at once, as the header of its file says; None where it does not."""
    with path.open("rb") as file:
        found = _CONTEXT_LENGTH.search(file.read(_HEADER_BYTES))
    return int.from_bytes(found[1] or found[2], "little") or None if found else None


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise ModelUnavailable(
            f"There is no model file {path}. Name an existing one: DOSSIER_LLM=llama:///ABSOLUTE/FILE.gguf"
        )
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ModelUnavailable(
                f"{path} is not a GGUF file. Name another one: DOSSIER_LLM=llama:///ABSOLUTE/FILE.gguf"
            )
