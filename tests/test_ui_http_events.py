"""Answers over HTTP while they are made: in order, gated, ended by an event, and given up when the client has gone."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.errors import StorageFailed, UnknownCollection
from index.values import Filters
from rag.answer.telling import Listener
from rag.build import Dossier
from rag.llm.generate import LLMAnswerer
from rag.llm.model import Message, NobodyWaits, open_llm
from rag.values import Answer, Kind
from tests.fakes_llm import ReadingModel
from tests.fakes_ui import FakeDossier, FakePipeline, serving
from tests.llm_stub import StubServer
from tests.test_rag_telling import ALSO_TRUE, INVENTED, QUESTION, TRUE, saying
from ui.slots import Slots

HARBOUR = {"question": "When did the harbour reopen?", "stream": True}


class Acting(FakePipeline):
    """Does what it is told with what listens."""

    def __init__(self, dossier: FakeDossier, act: Callable[[FakePipeline, Listener], Answer]) -> None:
        super().__init__(dossier.collection())
        self.act = act

    def answer(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        as_of: str | None = None,
        kind: Kind | None = None,
        listener: Listener | None = None,
    ) -> Answer:
        assert listener is not None
        return self.act(self, listener)

    def plain(self) -> Answer:
        return FakePipeline(self.collection).answer("When did the harbour reopen?")


@pytest.fixture
def dossier(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path)


def asked(dossier: FakeDossier, act: Callable[[Any, Listener], Answer], **body: object) -> httpx.Response:
    dossier.pipelines["default"] = Acting(dossier, act)
    with serving(dossier) as url:
        return httpx.post(f"{url}/v1/answer", json={**HARBOUR, **body}, timeout=60)


def events_of(response: httpx.Response) -> list[tuple[str, Any]]:
    blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in response.text.strip().split("\n\n")]
    return [(block["event"], json.loads(block["data"])) for block in blocks]


def connected(url: str) -> socket.socket:
    return socket.create_connection((httpx.URL(url).host, httpx.URL(url).port or 80), timeout=60)


def leaving(url: str, **body: object) -> socket.socket:
    """A question sent by a client that can go away."""
    client = connected(url)
    sent = json.dumps({**HARBOUR, **body}).encode()
    head = (
        f"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(sent)}"
    )
    client.sendall(f"{head}\r\n\r\n".encode() + sent)
    return client


def test_events_come_in_order_and_only_the_citations_number_the_passages(dossier: FakeDossier) -> None:
    with serving(dossier) as url:
        events = events_of(httpx.post(f"{url}/v1/answer", json=HARBOUR))
    assert [name for name, _ in events] == ["sources", "delta", "citation", "done"]
    answer = Answer.model_validate(events[-1][1])
    assert events[1][1] == answer.statements[0].model_dump(mode="json")
    assert events[2][1] == answer.citations[0].model_dump(mode="json")
    assert all("number" not in passage for passage in events[0][1]["evidence"])


def test_an_event_is_sent_before_the_answer_is_whole(dossier: FakeDossier) -> None:
    heard = threading.Event()

    def wait(pipeline: Acting, listener: Listener) -> Answer:
        listener.sources(())
        assert heard.wait(30)
        return pipeline.plain()

    dossier.pipelines["default"] = Acting(dossier, wait)
    with serving(dossier) as url, httpx.stream("POST", f"{url}/v1/answer", json=HARBOUR, timeout=60) as response:
        lines = response.iter_lines()
        assert next(lines) == "event: sources"
        heard.set()
        assert any(line == "event: done" for line in lines)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (UnknownCollection("none"), 404, "unknown-collection"),
        (StorageFailed("/a/path"), 503, "storage-failed"),
        (KeyError("ours"), 500, "error"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_what_goes_wrong_before_the_first_event_is_a_problem_document(
    dossier: FakeDossier, error: Exception, status: int, code: str, stream: bool
) -> None:
    def fail(pipeline: Acting, listener: Listener) -> Answer:
        raise error

    response = asked(dossier, fail, stream=stream)
    assert (response.status_code, response.json()["type"]) == (status, f"urn:dossier:problem:{code}")


@pytest.mark.parametrize(("error", "code"), [(StorageFailed("/a/path"), "storage-failed"), (KeyError("ours"), "error")])
def test_what_goes_wrong_later_ends_the_stream_as_an_error(dossier: FakeDossier, error: Exception, code: str) -> None:
    def fail(pipeline: Acting, listener: Listener) -> Answer:
        listener.sources(())
        threading.Event().wait(0.2)  # the response has begun
        raise error

    response = asked(dossier, fail)
    if response.status_code == 200:
        (_, _), (name, said) = events_of(response)
        assert (name, said["type"]) == ("error", f"urn:dossier:problem:{code}")
    assert "/a/path" not in response.text and "ours" not in response.text


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("mode", ["hang", "trickle"])
def test_a_client_that_goes_away_ends_the_call_of_the_model(dossier: FakeDossier, stream: bool, mode: str) -> None:
    ended = threading.Event()
    with StubServer(mode) as stub:
        llm = open_llm(stub.url, key=None, timeout_s=60, max_tokens=32)

        def speak(pipeline: Acting, listener: Listener) -> Answer:
            listener.sources(())
            try:
                llm.complete([Message("user", "Hello?")], stopped=listener.stopped)
            except NobodyWaits:
                ended.set()
            return pipeline.plain()

        dossier.pipelines["default"] = Acting(dossier, speak)
        with serving(dossier) as url:
            with leaving(url, stream=stream):
                assert stub.asked.wait(60)
            assert ended.wait(30)
            assert stub.gone.wait(30)
        llm.close()


def test_a_place_is_free_again_when_a_stream_is_over(dossier: FakeDossier) -> None:
    with serving(dossier, slots=Slots(1, queue=0)) as url:
        for _ in range(3):
            assert httpx.post(f"{url}/v1/answer", json=HARBOUR).status_code == 200


class OpenDossier(FakeDossier):
    """Everything small but the pipeline, which is the real one over the harbour files, with a language model of the test's."""

    def __init__(self, data: Path, real: Dossier, model: ReadingModel) -> None:
        super().__init__(data)
        self._pipeline = replace(real.pipeline(), language_model=LLMAnswerer(model))

    def pipeline(self, name: str | None = None, *, settings: Any = None) -> Any:
        return self._pipeline


@pytest.fixture
def gated(tmp_path: Path, harbour_dossier: Dossier) -> Iterator[str]:
    model = saying((ALSO_TRUE, "Solberg"), (INVENTED, "Lindqvist"), (TRUE, "Lindqvist"))
    with serving(OpenDossier(tmp_path, harbour_dossier, model)) as url:
        yield url


def test_over_http_too_an_unsupported_sentence_between_two_supported_ones_is_never_sent(gated: str) -> None:
    response = httpx.post(f"{gated}/v1/answer", json={"question": QUESTION, "stream": True}, timeout=60)
    events = events_of(response)
    names = [name for name, _ in events]
    assert names == ["sources", "sources", "draft", "delta", "citation", "delta", "citation", "done"]
    draft = Answer.model_validate(events[2][1]["answer"])
    assert (events[2][1]["writing"], draft.answered_by, draft.question) == ("reading", "extractive", QUESTION)
    assert draft.id == events[-1][1]["id"] and "310" in draft.text
    assert [said["text"] for name, said in events if name == "delta"] == [ALSO_TRUE, TRUE]
    assert "987" not in response.text
    answer = Answer.model_validate(events[-1][1])
    chunks = {one.number: one.chunk_id for one in answer.citations}
    assert all(chunks[said["number"]] == said["chunk_id"] for name, said in events if name == "citation")


def until_stopped(listener: Listener) -> None:
    while not listener.stopped():
        threading.Event().wait(0.01)


def test_an_answer_past_its_deadline_is_given_up_and_the_caller_told(dossier: FakeDossier) -> None:
    def linger(pipeline: Acting, listener: Listener) -> Answer:
        until_stopped(listener)
        return pipeline.plain()

    dossier.pipelines["default"] = Acting(dossier, linger)
    slots = Slots(1, hold_s=0.05)
    with serving(dossier, slots=slots) as url:
        response = httpx.post(f"{url}/v1/answer", json={**HARBOUR, "stream": False}, timeout=60)
        with slots.one():  # the place is free again
            pass
        kept = httpx.get(f"{url}/v1/answers").json()
    assert (response.status_code, response.json()["type"]) == (503, "urn:dossier:problem:too-slow")
    assert int(response.headers["retry-after"]) >= 1
    assert kept["total"] == 0


def test_a_stream_past_its_deadline_ends_as_an_error(dossier: FakeDossier) -> None:
    def linger(pipeline: Acting, listener: Listener) -> Answer:
        listener.sources(())
        until_stopped(listener)
        return pipeline.plain()

    dossier.pipelines["default"] = Acting(dossier, linger)
    with serving(dossier, slots=Slots(1, hold_s=0.5)) as url:
        (first, _), (last, said) = events_of(httpx.post(f"{url}/v1/answer", json=HARBOUR, timeout=60))
    assert (first, last, said["type"]) == ("sources", "error", "urn:dossier:problem:too-slow")


def test_a_long_silence_of_a_stream_is_broken_by_pings(dossier: FakeDossier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.http.events.PING_S", 0.01)
    heard = threading.Event()

    def wait(pipeline: Acting, listener: Listener) -> Answer:
        listener.sources(())
        assert heard.wait(30)
        return pipeline.plain()

    dossier.pipelines["default"] = Acting(dossier, wait)
    with serving(dossier) as url, httpx.stream("POST", f"{url}/v1/answer", json=HARBOUR, timeout=60) as response:
        lines = response.iter_lines()
        assert any(line == ": ping" for line in lines)
        heard.set()
        assert any(line == "event: done" for line in lines)


@pytest.mark.parametrize("stream", [True, False])
def test_work_without_a_model_stops_at_its_next_step_when_the_client_has_gone(
    dossier: FakeDossier, stream: bool
) -> None:
    began, ended = threading.Event(), threading.Event()

    def step(pipeline: Acting, listener: Listener) -> Answer:
        began.set()
        until_stopped(listener)
        try:
            listener.sources(())
        except Exception:
            ended.set()
            raise
        return pipeline.plain()

    dossier.pipelines["default"] = Acting(dossier, step)
    with serving(dossier) as url:
        with leaving(url, stream=stream):
            assert began.wait(30)
        assert ended.wait(30)


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_while_it_waits_leaves_the_line(dossier: FakeDossier, stream: bool) -> None:
    slots = Slots(1)
    with serving(dossier, slots=slots) as url:
        with slots.one():
            with leaving(url, stream=stream):
                while not slots.waiting:
                    threading.Event().wait(0.01)
            while slots.waiting:
                threading.Event().wait(0.01)
        assert httpx.post(f"{url}/v1/answer", json=HARBOUR).status_code == 200
    assert len(dossier.pipeline().asked) == 1


COSTLY = [
    ("POST", "/v1/answer", {"question": "The harbour?"}),
    ("POST", "/v1/search", {"query": "The harbour?"}),
    ("POST", "/v1/coverage", {"asked": "harbour"}),
    ("POST", "/v1/chat/completions", {"model": "dossier", "messages": [{"role": "user", "content": "The harbour?"}]}),
    ("POST", "/v1/answers/ans_1/replay", None),
    ("GET", "/v1/changes", None),
]


@pytest.mark.parametrize(("method", "path", "body"), COSTLY)
def test_what_costs_takes_a_place_and_the_rest_does_not(
    dossier: FakeDossier, method: str, path: str, body: object
) -> None:
    slots = Slots(1, queue=0)
    with serving(dossier, slots=slots) as url, slots.one():
        refused = httpx.request(method, f"{url}{path}", json=body)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:dossier:problem:busy")
        assert int(refused.headers["retry-after"]) >= 1
        assert httpx.get(f"{url}/v1/documents").status_code == 200


def test_a_question_is_refused_before_its_body_is_sent_when_nobody_can_wait(dossier: FakeDossier) -> None:
    slots = Slots(1, queue=0)
    head = (
        b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    )
    with serving(dossier, slots=slots) as url, slots.one(), connected(url) as client:
        client.sendall(head)
        assert client.recv(4096).startswith(b"HTTP/1.1 503 ")
