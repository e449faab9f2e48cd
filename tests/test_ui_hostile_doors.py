"""Every address of the whole server, the page's queue included, sent what nobody means: no error of the server, no word in a log."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes_page import served
from tests.fakes_ui import FakeDossier
from ui.access.routes import API_ROUTES, ROUTES
from ui.observe.logs import configure_logs

WORD = "quizzaciously"
"""Stands in every question, name and value that is sent."""
DEEP = "[" * 3000 + f'"{WORD}"' + "]" * 3000
VALUES: list[Any] = [
    None,
    True,
    -1,
    10**19,
    0.5,
    "",
    WORD,
    f"{WORD}\0",
    f"\ud800{WORD}",
    [WORD],
    {WORD: WORD},
    [[[WORD]]],
]
FIELDS = (
    "question query asked input messages model documents texts response_format stop max_tokens tools stream stream_options thread "
    "collection filters name title published answer_id rating text instructions encoding_format dimensions top_k top_n jsonrpc method params"
).split()
FITTING: dict[str, dict[str, Any]] = {
    "/v1/answer": {"question": WORD},
    "/v1/coverage": {"asked": WORD},
    "/v1/search": {"query": WORD},
    "/v1/chat/completions": {"model": "dossier", "messages": [{"role": "user", "content": WORD}]},
    "/v1/responses": {"model": "dossier", "input": WORD},
    "/v1/embeddings": {"model": "dossier-embedding", "input": WORD},
    "/v1/rerank": {"query": WORD, "documents": [WORD]},
    "/v1/collections": {"name": WORD},
    "/v1/feedback": {"answer_id": WORD, "rating": "good"},
    "/mcp": {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "ask", "arguments": {"question": WORD}},
    },
}


@pytest.fixture(scope="module")
def told() -> Iterator[StringIO]:
    """All that the server writes to its terminal, by its log at its most talkative or otherwise."""
    root, ours = logging.getLogger(), logging.getLogger("dossier")
    before = (root.handlers[:], root.level, ours.level, sys.stderr, sys.stdout)
    written = StringIO()
    sys.stderr = sys.stdout = written
    configure_logs("json", "debug")
    try:
        yield written
    finally:
        root.handlers[:], sys.stderr, sys.stdout = before[0], before[3], before[4]
        root.setLevel(before[1])
        ours.setLevel(before[2])


@pytest.fixture(scope="module")
def client(told: StringIO, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    dossier = FakeDossier(tmp_path_factory.mktemp("data"), requests_per_minute=10_000)
    with served(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
        yield client


def assert_sound(answer: httpx.Response, told: StringIO, sent: object) -> None:
    assert answer.status_code < 500 or answer.status_code == 503, (
        str(sent)[:300],
        answer.status_code,
        answer.text[:300],
    )
    assert WORD not in told.getvalue(), (str(sent)[:300], told.getvalue()[-1000:])


def bodies(path: str) -> Iterator[bytes]:
    fitting = FITTING.get(path, {})
    for field in FIELDS:
        for value in VALUES:
            yield json.dumps({**fitting, field: value}).encode()
    yield from (b"", b"\xff", b"{", b'"%s"' % WORD.encode(), DEEP.encode(), f'{{"{WORD}": {DEEP}}}'.encode())
    yield f'{{"question": NaN, "{WORD}": 1e999}}'.encode()


JSON_PATHS = sorted(
    {one.path for one in ROUTES if one.body == "json" and "{" not in one.path and "gradio" not in one.path}
)


@pytest.mark.parametrize("path", JSON_PATHS)
def test_no_body_breaks_a_route(client: httpx.Client, told: StringIO, path: str, nightly: bool) -> None:
    """By day every seventh of them."""
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    for body in islice(bodies(path), 0, None, 1 if nightly else 7):
        assert_sound(client.post(path, content=body, headers=headers), told, (path, body))


@pytest.mark.parametrize("slot", [WORD, f"{WORD}%00", f"%F0%28{WORD}", f"..%2F{WORD}", WORD * 300, f"{WORD}%0A"])
def test_no_name_in_an_address_breaks_a_route(client: httpx.Client, told: StringIO, slot: str) -> None:
    for route in ROUTES:
        path = re.sub(r"\{\w+(:path)?\}", slot, route.path)
        for method in sorted(route.methods - {"HEAD"}):
            if route.path.endswith("queue/data") or route.path.endswith("{session_hash}"):
                continue  # streams that stay open
            given = f"{path}?q={slot}&collection={slot}&start={slot}&limit={slot}"
            assert_sound(client.request(method, given, follow_redirects=False), told, (method, given))


CALLS: list[Any] = [
    {"fn_index": 99_999},
    {"fn_index": -1},
    {"fn_index": None},
    {"fn_index": True},
    {"fn_index": "0"},
    {"fn_index": 0.5},
    {"fn_index": [0]},
    {"fn_index": 10**19},
    {},
    {"api_name": WORD},
    {"fn_index": 0, "data": WORD},
    {"fn_index": 0, "data": {WORD: WORD}},
]


@pytest.mark.parametrize("call", CALLS, ids=[json.dumps(one)[:40] for one in CALLS])
def test_an_event_that_the_page_does_not_have_is_refused(client: httpx.Client, told: StringIO, call: Any) -> None:
    answer = client.post("/gradio_api/queue/join", json={"data": [WORD], "session_hash": "a1b2c3d4e5", **call})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:dossier:problem:invalid-request"
    assert_sound(answer, told, call)


def test_no_call_of_an_event_breaks_the_page_or_is_written_down(
    client: httpx.Client, told: StringIO, nightly: bool
) -> None:
    """Every event, with values of every type; what goes wrong in it is told by the stream of its session, and nowhere else."""
    events = client.get("/config").json()["dependencies"]
    for event in events:
        for number, value in enumerate(VALUES if nightly else VALUES[event["id"] % 3 :: 3]):
            session = f"fuzz{event['id']}x{number}"
            body = {"data": [value] * len(event["inputs"]), "fn_index": event["id"], "session_hash": session}
            answer = client.post(
                "/gradio_api/queue/join", content=json.dumps(body), headers={"Content-Type": "application/json"}
            )
            assert_sound(answer, told, (event["api_name"], value))
            if answer.status_code == 200 and number % 4 == 2:
                heard = client.get("/gradio_api/queue/data", params={"session_hash": session})
                assert_sound(heard, told, (event["api_name"], value))
    short = {"data": [], "fn_index": next(one["id"] for one in events if one["inputs"]), "session_hash": "short"}
    assert client.post("/gradio_api/queue/join", json=short).status_code == 422
    assert WORD not in told.getvalue(), told.getvalue()[-1000:]


def test_what_fails_inside_is_told_without_its_words(told: StringIO, client: httpx.Client, tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path)
    dossier.pipeline().fail = lambda: RuntimeError(WORD)
    with served(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as other:
        for path in ("/v1/answer", "/v1/chat/completions", "/v1/responses", "/mcp"):
            answer = other.post(path, json=FITTING[path], headers={"Accept": "application/json, text/event-stream"})
            assert WORD not in answer.text, path
    assert WORD not in told.getvalue()
    assert "RuntimeError" in told.getvalue()


def test_every_route_that_takes_json_was_sent_some() -> None:
    assert {one.path for one in API_ROUTES if one.body == "json" and "{" not in one.path} <= set(JSON_PATHS)
