"""The typed Python client against a real server, and against one that is busy, gone or no Dossier at all."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from rag import wire
from rag.client import Dossier, DossierProblem
from rag.values import Answer, Citation, Statement
from tests.fakes_ui import HARBOUR, FakeDossier, serving

KEY = "dsk_invented_and_opening_nothing"


@pytest.fixture
def held(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path / "data")


@pytest.fixture
def dossier(held: FakeDossier) -> Iterator[Dossier]:
    with serving(held) as url, Dossier(url) as dossier:
        yield dossier


@contextmanager
def stub(*replies: tuple[int, dict[str, str], str]) -> Iterator[tuple[str, list[str | None]]]:
    """A server that gives these replies in turn, then the last again; yields its address and the keys it was shown."""
    left, keys = list(replies), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            keys.append(self.headers["Authorization"])
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", keys
        finally:
            server.shutdown()
            thread.join()


BUSY = (503, {"Retry-After": "2"}, json.dumps({"type": "urn:dossier:problem:busy", "detail": "Too much at once."}))


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits that were asked for; none is waited."""
    waits: list[float] = []
    monkeypatch.setattr(wire, "time", SimpleNamespace(monotonic=time.monotonic, sleep=waits.append))
    return waits


def test_an_answer_comes_back_as_a_value(dossier: Dossier) -> None:
    answer = dossier.ask("When did the harbour reopen?", publisher="Tarn Courier", since="2024", strictness="strict")
    assert (answer.verdict, answer.short) == ("answered", "The harbour of Tarn reopened on 4 May.")
    assert answer.citations[0].publisher == "Tarn Courier"


def test_a_stream_ends_with_the_answer(dossier: Dossier) -> None:
    *before, answer = dossier.stream("When did the harbour reopen?")
    assert isinstance(answer, Answer) and answer.verdict == "answered"
    said = [one for one in before if isinstance(one, Statement)]
    cited = [one for one in before if isinstance(one, Citation)]
    assert (tuple(said), tuple(cited)) == (answer.statements, answer.citations)


def test_a_stream_of_what_is_not_stated_ends_with_the_answer_too(dossier: Dossier) -> None:
    passages, answer = dossier.stream("Who invented paper?")
    assert isinstance(passages, tuple) and isinstance(answer, Answer) and answer.verdict == "not_stated"


def test_documents_come_change_and_go(dossier: Dossier, held: FakeDossier, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The quarry of Orm closed in 1932.")
    seen: list[str] = []
    report = dossier.add([tmp_path / "a.txt"], progress=lambda stage, *_: seen.append(stage))
    (added,) = report.added
    assert dossier.document(added).sources == (str(tmp_path / "a.txt"),)
    assert dossier.text(added, 4, 10).text == "quarry"
    edited = dossier.edit(added, title="On quarries", published="1999-01")
    assert (edited.title, edited.published, edited.published_source) == ("On quarries", "1999-01", "edited")
    assert dossier.remove(edited.id).id == edited.id
    assert dossier.documents(limit=1).total == 2


def test_an_ingest_that_fails_is_a_problem(dossier: Dossier, held: FakeDossier, tmp_path: Path) -> None:
    held.collection().fail = lambda: RuntimeError("secret")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DossierProblem, match="could not index") as problem:
        dossier.add([tmp_path / "a.txt"])
    assert problem.value.code == "job-failed" and "secret" not in str(problem.value)


def test_answers_are_listed_replayed_judged_and_exported(dossier: Dossier) -> None:
    first = dossier.ask("When did the harbour reopen?", thread="new")
    again = dossier.ask("And the market?", thread=first.thread)
    assert [one.id for one in dossier.answers().answers] == [again.id, first.id]
    assert dossier.answer(first.id).answer == first
    assert not dossier.replay(first.id).changes.changed
    assert dossier.changes().changed == ()
    assert b"reopened on 4 May" in dossier.export(first.id, "csv")
    judged = dossier.judge(first.id, "good", gold=True)
    assert dossier.feedback().feedback == (judged,)
    assert json.loads(dossier.gold()) == judged.gold


def test_searching_counting_and_collections(dossier: Dossier) -> None:
    assert dossier.search("harbour", top_k=1).hits[0].text == HARBOUR
    assert dossier.coverage("Ilse Brandt", reading="mention").mentions == 1
    assert dossier.create_collection("spare").documents == 0
    assert [one.name for one in dossier.collections().collections] == ["default", "spare"]
    assert dossier.remove_collection("spare").removed


def test_a_refusal_has_its_code_and_status(dossier: Dossier) -> None:
    with pytest.raises(DossierProblem) as problem:
        dossier.documents(collection="nowhere")
    assert (problem.value.code, problem.value.status) == ("unknown-collection", 404)


def test_a_busy_server_is_asked_again_when_it_says_to(slept: list[float]) -> None:
    with stub(BUSY, BUSY, (200, {}, '{"total": 0, "documents": []}')) as (url, _), Dossier(url) as dossier:
        assert dossier.documents().total == 0
    assert slept == [2.0, 2.0]


@pytest.mark.parametrize("after", ["9999", "later", "-1", "1e3", ""])
def test_a_busy_server_is_not_waited_for_beyond_the_time_of_the_call(slept: list[float], after: str) -> None:
    with (
        stub((503, {"Retry-After": after}, BUSY[2])) as (url, _),
        Dossier(url, timeout=5) as dossier,
        pytest.raises(DossierProblem) as problem,
    ):
        dossier.documents()
    assert (problem.value.code, slept) == ("busy", [])


def test_a_key_travels_in_the_header_and_shows_nowhere() -> None:
    refusal = (401, {}, json.dumps({"type": "urn:dossier:problem:key-needed", "detail": "A key is needed."}))
    with stub(refusal) as (url, keys), Dossier(url, KEY) as dossier:
        with pytest.raises(DossierProblem, match="DOSSIER_KEY") as problem:
            dossier.documents()
        shown = f"{dossier!r} {vars(dossier)} {problem.value!r} {problem.value}"
    assert keys == [f"Bearer {KEY}"]
    assert KEY not in shown


def test_a_redirect_is_not_followed() -> None:
    with (
        stub((307, {"Location": "/elsewhere"}, "")) as (url, keys),
        Dossier(url, KEY) as dossier,
        pytest.raises(DossierProblem) as problem,
    ):
        dossier.documents()
    assert (problem.value.status, len(keys)) == (307, 1)


@pytest.mark.parametrize("reply", [(200, {}, "<html>"), (200, {}, "[]"), (500, {}, "<html>"), (500, {}, '"x"')])
def test_what_is_no_dossier_is_a_problem(reply: tuple[int, dict[str, str], str]) -> None:
    with stub(reply) as (url, _), Dossier(url) as dossier, pytest.raises(DossierProblem):
        dossier.documents()


def test_a_field_that_a_newer_server_adds_is_passed_over() -> None:
    with stub((200, {}, '{"total": 0, "documents": [], "later": 1}')) as (url, _), Dossier(url) as dossier:
        assert dossier.documents().documents == ()


def test_a_server_that_is_gone_is_a_problem_without_a_status(held: FakeDossier) -> None:
    with serving(held) as url:
        pass
    with Dossier(url) as dossier, pytest.raises(DossierProblem, match="does not answer") as problem:
        dossier.ask("When?")
    assert (problem.value.code, problem.value.status) == ("server-gone", None)


def test_an_event_that_is_a_problem_is_raised() -> None:
    content = {"type": "urn:dossier:problem:storage-failed", "status": 503, "detail": "The disk is full."}
    events = f"event: sources\ndata: {json.dumps({'evidence': []})}\n\nevent: error\ndata: {json.dumps(content)}\n\n"
    with stub((200, {"Content-Type": "text/event-stream"}, events)) as (url, _), Dossier(url) as dossier:
        heard = dossier.stream("When?")
        assert next(heard) == ()
        with pytest.raises(DossierProblem, match="disk is full"):
            next(heard)


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:7860", "http://", "http://me:secret@127.0.0.1", ""])
def test_an_address_that_cannot_be_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="url must be") as error:
        Dossier(url)
    assert "secret" not in str(error.value)


def test_the_client_stays_short() -> None:
    source = Path(wire.__file__).with_name("client.py").read_text()
    assert len(source.splitlines()) < 215
