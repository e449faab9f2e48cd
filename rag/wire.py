"""How a call travels to a Dossier server and back: keys, deadlines, busy servers, problem documents, events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from index.errors import DossierError

CONNECT_S = 5.0
_BUSY = (429, 503)

Model = TypeVar("Model", bound=BaseModel)


class DossierProblem(DossierError):
    """What a server refused or could not do; its text is for people.

    Attributes:
        code: Stable, for programs.
        status: Of the response; None when there was none.
        retry_after: Seconds after which the server is to be asked again, where it said so.
    """

    def __init__(self, code: str, status: int | None, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.code, self.status, self.detail, self.retry_after = code, status, detail, retry_after


class Wire:
    """Calls to one server. A busy one is asked again when it says to, while the time for the call lasts.

    Raises:
        ValueError: The address is not one of http or https, or holds a name or password.
    """

    def __init__(self, url: str, key: str | None, timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ValueError("url must be http:// or https:// and a host, without a name or password")
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._timeout = timeout
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(base_url=self.url, headers=headers, trust_env=False, follow_redirects=False)

    def call(self, model: type[Model], method: str, *path: str, **sent: Any) -> Model:
        """The value that the server answers with; fields that a newer server adds are passed over."""
        response = self.send(method, *path, **sent)
        try:
            return model.model_validate_json(response.content, extra="ignore")
        except ValidationError as error:
            raise DossierProblem("unreadable", response.status_code, "This is no answer of a Dossier.") from error

    def send(
        self,
        method: str,
        *path: str,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        files: Any = None,
        stream: bool = False,
        **query: Any,
    ) -> httpx.Response:
        """The response of a call that was granted. Raises DossierProblem."""
        address = "/v1/" + "/".join(quote(part, safe="") for part in path)
        params, data = _given(query), _given(form) if form else None
        deadline = time.monotonic() + self._timeout
        while True:
            left = max(0.001, deadline - time.monotonic())
            timeout = httpx.Timeout(left, connect=min(left, CONNECT_S))
            try:
                request = self._client.build_request(
                    method, address, params=params, json=json, data=data, files=files, timeout=timeout
                )
                response = self._client.send(request, stream=stream)
                if response.is_success:
                    return response
                response.read()
            except (httpx.TransportError, httpx.InvalidURL, UnicodeEncodeError) as error:
                raise self._gone(error) from error
            problem = _problem(response)
            wait = problem.retry_after if problem.status in _BUSY else None
            if wait is None or time.monotonic() + wait > deadline:
                raise problem
            time.sleep(wait)

    def events(self, *path: str, json: Any) -> Iterator[tuple[str, Any]]:
        """Name and content of each server-sent event. Raises DossierProblem also for what goes wrong on the way."""
        response = self.send("POST", *path, json=json, stream=True)
        try:
            for name, content in _parsed(response.iter_lines()):
                if name == "error":
                    raise _of(content, content.get("status"), None)
                yield name, content
        except httpx.TransportError as error:
            raise self._gone(error) from error
        finally:
            response.close()

    def close(self) -> None:
        self._client.close()

    def _gone(self, error: Exception) -> DossierProblem:
        said = f"The server at {self.url} does not answer ({type(error).__name__}). Start it, or stop it if it hangs."
        return DossierProblem("server-gone", None, said)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _parsed(lines: Iterable[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def _problem(response: httpx.Response) -> DossierProblem:
    try:
        content = response.json()
    except ValueError:
        content = None
    given = response.headers.get("Retry-After", "")
    return _of(content, response.status_code, float(given) if given.isdecimal() and len(given) < 6 else None)


def _of(content: Any, status: int | None, retry_after: float | None) -> DossierProblem:
    try:
        code, detail = str(content["type"]).rsplit(":", 1)[-1], str(content["detail"])
    except (KeyError, TypeError):
        code, detail = "error", f"The server answered {status}."
    if status == 401:
        detail = f"{detail.rstrip('.')}. Commands take it from DOSSIER_KEY."
    return DossierProblem(code, status, detail, retry_after)
