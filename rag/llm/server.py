"""What a server says of itself: the models that it has, and how much one of them can read at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from index.errors import LanguageModelFailed, SettingInvalid
from rag.llm.address import Address
from rag.llm.bounded import bounded_client, pieces_within
from rag.llm.failure import REASONS, code_of

ASK_S = 5.0
"""Longest that a server is waited for when it is asked about itself."""
MOST_BYTES = 16 * 1024 * 1024  # some hosts list thousands of models
MOST_MODELS = 2000
OLLAMA_WINDOW = 4096  # tokens that it reads unless it is told otherwise, whatever the model could
_SHOWN = 8
_WINDOWS = ("max_model_len", "loaded_context_length", "context_length", "context_window", "max_context_length")

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Offered:
    """A model that a server has. `window` is how many tokens it reads at once, None where it does not say."""

    name: str
    window: int | None = None


class Refused(Exception):
    """A status that says no; named as the libraries above name theirs."""

    def __init__(self, status_code: int, body: str) -> None:
        super().__init__(f"HTTP {status_code}")
        self.status_code = status_code
        self.body = body


class Server:
    """Asked about itself, never about a question. Each call opens a connection of its own and ends within `ASK_S`."""

    def __init__(self, address: Address, key: str) -> None:
        self.address = address
        self._key = key

    def models(self) -> tuple[Offered, ...]:
        """The models that it has, in its own order; an empty list is no error. Raises LanguageModelFailed."""
        return self._asked(
            lambda client: tuple(Offered(name, _window_in(entry)) for name, entry in self._listed(client))
        )

    def pick(self) -> str:
        """The only model that it has.

        Raises:
            LanguageModelFailed: It has none, or does not answer.
            SettingInvalid: It has several, so that somebody has to choose.
        """
        names = self._asked(self._speaking)
        if len(names) == 1:
            return names[0]
        if not names:
            pull = "ollama pull MODEL" if self.address.ollama else "dossier models list --from URL"
            raise LanguageModelFailed(
                f"The server at {self.address.place} lists no models. Run: {pull}", reason="model-not-found"
            )
        several = ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
        raise SettingInvalid(
            f"{self.address.place} has several models: {several}. "
            f"Choose one, for example: DOSSIER_LLM='{self.address.shown(names[0])}'"
        )

    def window(self, model: str) -> int | None:
        """Tokens that `model` reads at once; None where the server does not say. Raises LanguageModelFailed."""
        return self._asked(lambda client: self._window(client, model))

    def _speaking(self, client: httpx.Client) -> list[str]:
        """Its models, without those of Ollama that only embed."""
        names = [name for name, _ in self._listed(client)]
        if not self.address.ollama or not 1 < len(names) <= _SHOWN:
            return names
        shown = {name: self._optional(client, "/api/show", {"model": name}).get("capabilities") for name in names}
        return [name for name in names if not isinstance(can := shown[name], list) or "completion" in can]

    def _window(self, client: httpx.Client, model: str) -> int | None:
        entry = dict(self._listed(client)).get(model, {})
        owner = entry.get("owned_by")
        if self.address.ollama or owner == "library":
            return self._ollama_window(client, model)
        if owner == "llamacpp":  # what it was started with, not what the model was trained for
            settings = self._optional(client, "/props").get("default_generation_settings")
            return (_int(settings.get("n_ctx")) if isinstance(settings, Mapping) else None) or _window_in(entry)
        if found := _window_in(entry):
            return found
        if self.address.local:  # LM Studio tells it at an address of its own
            return _window_in(self._optional(client, f"/api/v0/models/{quote(model, safe='')}"))
        return None

    def _ollama_window(self, client: httpx.Client, model: str) -> int:
        """Of the loaded model, else what its file sets, else what Ollama takes by itself; never more than the model can."""
        for one in _entries(self._optional(client, "/api/ps"), "models"):
            if model in (one.get("name"), one.get("model")) and (loaded := _int(one.get("context_length"))):
                return loaded
        shown = self._optional(client, "/api/show", {"model": model})
        facts = shown.get("model_info")
        can = [_int(value) for name, value in (facts or {}).items() if str(name).endswith(".context_length")]
        lines = str(shown.get("parameters") or "").splitlines()
        set_to = [_int(words[1]) for line in lines if (words := line.split())[:1] == ["num_ctx"] and len(words) == 2]
        return min([*filter(None, set_to[:1] or [OLLAMA_WINDOW]), *filter(None, can)])

    def _listed(self, client: httpx.Client) -> Iterator[tuple[str, Mapping[str, Any]]]:
        found = _json(self._get(client, self._list))
        for entry in _entries(found, "data")[:MOST_MODELS]:
            if isinstance(name := entry.get("id"), str) and name:
                yield name.removeprefix("models/"), entry

    def _optional(self, client: httpx.Client, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """What stands at an address of the server's own; nothing where there is none."""
        parts = urlsplit(self.address.base)
        try:
            found = _json(self._get(client, f"{parts.scheme}://{parts.netloc}{path}", body))
        except Refused:
            return {}
        return found if isinstance(found, Mapping) else {}

    def _get(self, client: httpx.Client, url: str, body: Mapping[str, Any] | None = None) -> bytes:
        version = {"anthropic-version": "2023-06-01"} if self.address.kind == "anthropic" else {}
        response = client.get(url, headers=version) if body is None else client.post(url, json=dict(body))
        if response.status_code != 200:
            raise Refused(response.status_code, response.text[:1000])
        return response.content

    @property
    def _list(self) -> str:
        return f"{self.address.base}{'/v1' if self.address.kind == 'anthropic' else ''}/models"

    def _asked(self, ask: Callable[[httpx.Client], Found]) -> Found:
        address = self.address
        key = f"Bearer {self._key}" if address.key_header == "authorization" else self._key

        def call() -> Generator[Found, None, None]:
            with bounded_client(
                tls=address.base.startswith("https"),
                key_header=address.key_header,
                key=key,
                parameters=address.parameters,
            ) as client:
                yield ask(client)

        try:
            (found,) = pieces_within(ASK_S, call, response_bytes=MOST_BYTES)
        except Exception as error:
            raise LanguageModelFailed(self._complaint(error), reason=code_of(error)) from error
        return found

    def _complaint(self, error: Exception) -> str:
        code = code_of(error)
        if code == "model-not-found":
            return f"The server at {self.address.place} has no list of models at {self._list}. Mend the address."
        return f"The server at {self.address.place} {REASONS[code].what}. {REASONS[code].mend}"


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Refused(200, "") from None


def _entries(found: Any, name: str) -> Sequence[Mapping[str, Any]]:
    """The objects in a list, which stands alone or under a name."""
    listed = found.get(name) if isinstance(found, Mapping) else found
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _window_in(entry: Mapping[str, Any]) -> int | None:
    told = {**entry, **(meta if isinstance(meta := entry.get("meta"), Mapping) else {})}
    return next((found for name in (*_WINDOWS, "n_ctx") if (found := _int(told.get(name)))), None)


def _int(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
