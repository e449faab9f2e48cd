"""MCP over HTTP, for the SDK's own client: the same answers as everywhere, for whoever has a key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from rag.values import Answer
from tests.fakes_page import served
from tests.fakes_ui import FakeDossier, running
from tests.test_ui_mcp import without_chance
from ui import mcp_http
from ui.access.keys import Keys
from ui.access.permitted import Permitted
from ui.desk import LocalDesk
from ui.http.app import create_app
from ui.mcp_http import mount
from ui.prompts import PROMPTS
from ui.requests import AnswerFilters
from ui.serve import guarded

T = TypeVar("T")
QUESTION = "When did the harbour reopen?"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
ACCEPTS = {"Accept": "application/json, text/event-stream"}


def served_mcp(dossier: FakeDossier) -> Any:
    permitted = Permitted(dossier)
    app = create_app(permitted)
    mount(app, permitted)
    return running(guarded(app, dossier.settings))


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> FakeDossier:
    dossier = FakeDossier(tmp_path_factory.mktemp("data"), require_keys=True)
    dossier.collection("notes", create=True)
    return dossier


@pytest.fixture(scope="module")
def url(dossier: FakeDossier) -> Iterator[str]:
    with served_mcp(dossier) as url:
        yield url


def talk(url: str, key: str, say: Callable[[Client], Awaitable[T]]) -> T:
    async def begin() -> T:
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            httpx2.AsyncClient(trust_env=False, timeout=120, headers=headers) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
        ):
            return await say(client)

    return asyncio.run(begin())


@pytest.fixture(scope="module")
def key(dossier: FakeDossier) -> str:
    return Keys(dossier.settings.data).create("assistant", may_write=False)[1]


def test_an_assistant_with_a_key_gets_the_answer_of_the_desk(url: str, key: str, dossier: FakeDossier) -> None:
    async def ask(client: Client) -> Any:
        tools = [one.name for one in (await client.list_tools()).tools]
        return tools, await client.call_tool("ask", {"question": QUESTION}), await client.list_resources()

    tools, result, resources = talk(url, key, ask)
    here = LocalDesk(dossier).answer(QUESTION, collection=None, filters=AnswerFilters())
    assert tools == ["ask", "search", "get_passage", "documents"]
    assert without_chance(Answer.model_validate(result.structured_content)) == without_chance(here)
    assert len(resources.resources) == 2


def test_a_key_of_one_collection_sees_nothing_else(url: str, dossier: FakeDossier) -> None:
    key = Keys(dossier.settings.data).create("notes", collections=["notes"], may_write=False)[1]

    async def look(client: Client) -> Any:
        own = await client.call_tool("ask", {"question": QUESTION})
        foreign = await client.call_tool("ask", {"question": QUESTION, "collection": "default"})
        return own, foreign, await client.list_resources()

    own, foreign, resources = talk(url, key, look)
    assert own.structured_content["verdict"] == "not_stated"
    assert foreign.is_error and "no such collection" in foreign.content[0].text.lower()
    assert resources.resources == []


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer dsk_wrong"}, {"Authorization": "Bearer x"}])
def test_without_a_key_nobody_comes_in(url: str, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{url}/mcp", json=INITIALIZE, headers=ACCEPTS | headers, trust_env=False)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:dossier:problem:key-needed")


def test_a_page_of_another_site_does_not_come_in(url: str, key: str) -> None:
    headers = {**ACCEPTS, "Authorization": f"Bearer {key}", "Origin": "https://evil.example"}
    assert httpx.post(f"{url}/mcp", json=INITIALIZE, headers=headers, trust_env=False).status_code == 403


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_there_is_no_stream_and_no_session(url: str, key: str, method: str) -> None:
    answer = httpx.request(method, f"{url}/mcp", headers={"Authorization": f"Bearer {key}"}, trust_env=False)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


BAD: list[Any] = [
    b"",
    b"no json",
    b"[]",
    b"{}",
    b'{"jsonrpc": "2.0"}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "nothing"}',
    b'{"jsonrpc": "2.0", "id": {"a": 1}, "method": "tools/call"}',
    json.dumps({**INITIALIZE, "params": {"protocolVersion": 5}}).encode(),
    json.dumps(
        {**INITIALIZE, "method": "tools/call", "params": {"name": "ask", "arguments": {"question": 5}}}
    ).encode(),
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b"\xff\xfe",
    b"x" * (1024 * 1024 + 1),
]


@pytest.mark.parametrize("body", BAD, ids=[str(one[:40]) for one in BAD])
def test_no_message_breaks_it(url: str, key: str, body: bytes) -> None:
    headers = {**ACCEPTS, "Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for version in (None, "2025-06-18", "2099-01-01", "x" * 100):
        given = headers | ({"MCP-Protocol-Version": version} if version else {})
        answer = httpx.post(f"{url}/mcp", content=body, headers=given, trust_env=False)
        assert answer.status_code < 500, (body[:60], version, answer.text)
        assert "Traceback" not in answer.text


def test_prompts_are_offered_for_the_kinds_of_question(url: str, key: str) -> None:
    async def look(client: Client) -> Any:
        return (await client.list_prompts()).prompts, await client.get_prompt(
            "compare", {"first": "Tarn\x1b[2J", "second": "Orm"}
        )

    offered, compared = talk(url, key, look)
    assert [one.name for one in offered] == list(PROMPTS)
    assert all(one.title and one.description and one.arguments for one in offered)
    text = compared.messages[0].content.text
    assert "Tarn" in text and "Orm" in text and "word for word" in text and "\x1b" not in text


def test_it_is_there_in_the_whole_server(tmp_path: Path) -> None:
    with served(FakeDossier(tmp_path)) as url:
        answer = httpx.post(f"{url}/mcp", json=INITIALIZE, headers=ACCEPTS, trust_env=False, timeout=120)
    assert answer.json()["result"]["serverInfo"]["name"] == "dossier"


def test_without_the_sdk_a_sentence_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_http, "find_spec", lambda _: None)
    with served_mcp(FakeDossier(tmp_path)) as url:
        answer = httpx.post(f"{url}/mcp", json=INITIALIZE, headers=ACCEPTS, trust_env=False)
    assert answer.status_code == 404
    assert "pip install 'mcp" in answer.json()["detail"]
