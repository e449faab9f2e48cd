"""What can be seen of a server: every request and answer counted, who did what in a chain of lines, and no text of anybody."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.settings import Settings
from rag.values import DegradedReason
from tests.fakes_ui import FakeDossier, running
from tests.test_ui_render import make_answer
from ui.access.caller import LOCAL, acting_as
from ui.access.keys import Keys
from ui.access.permitted import Permitted
from ui.command.checkup import trail
from ui.http.app import create_app
from ui.observe.audit import END, NAME, Audit, altered
from ui.observe.logs import JsonLines, TextLines, log_request
from ui.observe.metrics import Metrics
from ui.observe.observers import Observers
from ui.observe.seen import Seen
from ui.observe.traces import Traces
from ui.observe.watch import Watch
from ui.observe.watched import Watched
from ui.serve import guarded

CANARY = "kingfisher-4711"
"""Stands wherever somebody can put a text; it must come out nowhere."""
SEEN = Seen("req_1", "POST", "/v1/answer", 200, 12.3, "key_1", 30, 400)


class Lines(logging.Handler):
    """What the log says, in both formats."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.json: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.text.append(TextLines().format(record))
        self.json.append(json.loads(JsonLines().format(record)))

    def requests(self) -> list[dict[str, Any]]:
        return [one for one in self.json if one["logger"] == "dossier.requests"]


@pytest.fixture
def lines() -> Iterator[Lines]:
    found, root, ours = Lines(), logging.getLogger(), logging.getLogger("dossier")
    root.addHandler(found)
    ours.setLevel("DEBUG")
    yield found
    root.removeHandler(found)
    ours.setLevel("NOTSET")


class Ended:
    """Around a watched application: how many requests have come to their very end, which is after their response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._ended = threading.Semaphore(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        if scope["type"] == "http":
            self._ended.release()

    def wait(self) -> None:
        assert self._ended.acquire(timeout=60)


@dataclass
class Server:
    """A server whose every observer can be looked at."""

    dossier: FakeDossier
    url: str
    observers: Observers
    spans: InMemorySpanExporter
    ended: Ended
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {**self.headers, **given.pop("headers", {})}
        response = httpx.request(method, f"{self.url}{path}", headers=headers, trust_env=False, timeout=60, **given)
        self.ended.wait()
        return response

    def metrics(self) -> str:
        return self.request("GET", "/metrics").text

    def trail(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.dossier.settings.data / NAME).read_text().splitlines()]


@contextmanager
def observed(data: Path, **settings: Any) -> Iterator[Server]:
    dossier, spans = FakeDossier(data, **settings), InMemorySpanExporter()
    observers = Observers(traces=Traces(spans), audit=Audit(data))
    app = create_app(Permitted(Watched(dossier, observers)), metrics=observers.metrics)
    ended = Ended(Watch(guarded(app, dossier.settings), observers))
    with running(ended) as url:
        yield Server(dossier, url, observers, spans, ended)


@pytest.fixture
def server(tmp_path: Path, lines: Lines) -> Iterator[Server]:
    with observed(tmp_path) as found:
        yield found


def test_a_request_is_one_line_with_its_route_and_never_its_ids(server: Server, lines: Lines) -> None:
    response = server.request("GET", "/v1/documents/some-id/text?start=3")
    (line,) = lines.requests()
    assert response.headers["x-request-id"] == line["request"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/documents/{document_id}/text", 404)
    assert (line["caller"], line["bytes_in"], line["bytes_out"]) == ("local", 0, len(response.content))
    assert "some-id" not in json.dumps(lines.json) + "".join(lines.text)


def test_what_is_refused_at_the_door_is_seen_too(server: Server, lines: Lines) -> None:
    server.request("GET", "/no/such/address")
    server.request("POST", "/v1/answer", content=b"x", headers={"Content-Type": "text/plain"})
    server.request("BREW", "/v1/answer")
    seen = [(line["method"], line["route"], line["status"]) for line in lines.requests()]
    assert seen == [("GET", "none", 404), ("POST", "/v1/answer", 415), ("other", "none", 405)]


def test_health_checks_and_parts_of_the_page_are_not_worth_a_line_unless_asked_for(lines: Lines) -> None:
    logging.getLogger("dossier").setLevel("INFO")
    log_request(Seen("req_1", "GET", "/livez", 200, 1, "nobody", 0, 15, quiet=True))
    log_request(SEEN)
    assert [line["route"] for line in lines.requests()] == ["/v1/answer"]
    assert lines.text[0].endswith("200 POST /v1/answer 12 ms key_1")


def test_an_unforeseen_error_is_found_by_its_id_and_by_its_request_without_its_words(
    server: Server, lines: Lines
) -> None:
    server.dossier.pipeline().fail = lambda: ValueError(f"it was about {CANARY}")
    response = server.request("POST", "/v1/answer", json={"question": "The harbour?"})
    (said,) = [line for line in lines.json if line["logger"] == "dossier"]
    assert said["message"] in response.json()["detail"]
    assert said["request"] == response.headers["x-request-id"]
    assert said["error"] == "ValueError"
    assert any(place.startswith("fakes_ui.py:") for place in said["at"])
    assert CANARY not in json.dumps(lines.json) + "".join(lines.text)


def test_what_a_library_says_is_not_repeated(lines: Lines) -> None:
    try:
        raise KeyError(CANARY) from ValueError(CANARY)
    except KeyError:
        logging.getLogger("somewhere.else").exception("it failed for %s", CANARY)
    (line,) = lines.json
    assert line["message"].startswith("somewhere.else at test_ui_observe.py:")
    assert line["error"] == "KeyError from ValueError"
    assert CANARY not in json.dumps(lines.json) + "".join(lines.text)


def test_nothing_that_anybody_sent_is_in_logs_metrics_traces_or_trail(
    tmp_path: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOME_SECRET", CANARY)
    _, key = Keys(tmp_path).create("a program")
    with observed(tmp_path, require_keys=True, llm_key=CANARY) as server:
        server.headers = {"Authorization": f"Bearer {key}"}
        asked = {"question": f"The harbour {CANARY}?"}
        bodies = [
            server.request("POST", "/v1/answer", json=asked),
            server.request("POST", "/v1/answer", json={**asked, "stream": True}),
            server.request("POST", "/v1/answer", json={**asked, "nothing": CANARY}),
            server.request("POST", "/v1/search", json={"query": CANARY, "collection": CANARY}),
            server.request("POST", "/v1/coverage", json={"asked": CANARY}),
            server.request("GET", f"/v1/documents/{CANARY}?collection={CANARY}"),
            server.request("GET", f"/v1/{CANARY}", headers={"X-Api-Key": CANARY, "traceparent": CANARY}),
            server.request("GET", "/v1/documents", headers={"Authorization": f"Bearer {CANARY}"}),
            server.request(
                "POST",
                "/v1/documents",
                files={"file": (f"{CANARY}.txt", f"BAD {CANARY}".encode())},
                headers={"Cookie": f"a={CANARY}"},
            ),
        ]
        server.dossier.pipeline().fail = lambda: RuntimeError(f"{CANARY} {key}")
        errors = [server.request("POST", "/v1/answer", json=asked)]
        server.dossier.collection().fail = lambda: OSError(CANARY)
        server.request("POST", "/v1/documents", files={"file": ("a.txt", b"a")})
        metrics = server.metrics()
    assert {one.status_code for one in bodies} >= {200, 202, 401, 404, 422}
    assert errors[0].status_code == 500
    traces = "".join(span.to_json() for span in server.spans.get_finished_spans())
    said = json.dumps(lines.json) + "".join(lines.text) + "".join(capfd.readouterr())
    trail = (tmp_path / NAME).read_text()
    for where in (said, metrics, traces, trail, errors[0].text):
        assert where
        assert CANARY not in where
        assert key not in where


def test_degraded_answers_are_counted_by_their_reason() -> None:
    metrics = Metrics()
    for code in ("timeout", "timeout", "unauthorized"):
        metrics.answered(make_answer(degraded=True, degraded_reason=DegradedReason(code=code, message="Because.")))
    metrics.answered(make_answer())
    lines = metrics.text().decode().splitlines()
    assert 'dossier_degraded_answers_total{reason="timeout"} 2.0' in lines
    assert 'dossier_degraded_answers_total{reason="unauthorized"} 1.0' in lines


def test_metrics_count_requests_answers_jobs_and_what_is_held(server: Server) -> None:
    server.request("POST", "/v1/answer", json={"question": "When did the harbour reopen?"})
    server.request("POST", "/v1/answer", json={"question": "Who sang?"})
    server.request("POST", "/v1/documents", files={"file": ("a.txt", b"A mill ground flour.")})
    found = server.request("GET", "/metrics")
    assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = found.text.splitlines()
    assert 'dossier_requests_total{method="POST",route="/v1/answer",status="200"} 2.0' in lines
    assert 'dossier_request_seconds_count{route="/v1/answer"} 2.0' in lines
    assert 'dossier_answers_total{answered_by="extractive",degraded="false",verdict="answered"} 1.0' in lines
    assert 'dossier_answers_total{answered_by="extractive",degraded="false",verdict="not_stated"} 1.0' in lines
    assert 'dossier_questions{state="working"} 0.0' in lines
    assert 'dossier_questions_refused_total{reason="busy"} 0.0' in lines
    assert any(line.startswith('dossier_documents{collection="default"} ') for line in lines)
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines) or sys.platform != "linux"


def test_only_a_caller_who_may_see_all_collections_is_told_the_metrics(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    _, whole = keys.create("all of it", may_write=False)
    _, part = keys.create("a part", collections=["other"])
    with observed(tmp_path, require_keys=True) as server:
        status = [
            server.request("GET", "/metrics", headers=headers).status_code
            for headers in ({"Authorization": f"Bearer {whole}"}, {"Authorization": f"Bearer {part}"}, {})
        ]
    assert status == [200, 403, 401]


def test_two_servers_of_one_process_count_for_themselves() -> None:
    one, other = Metrics(), Metrics()
    one.request(SEEN)
    assert b"/v1/answer" in one.text()
    assert b"/v1/answer" not in other.text()


def test_an_answer_is_a_span_below_its_request_with_a_span_for_each_stage(tmp_path: Path) -> None:
    with observed(tmp_path) as server:
        made = server.dossier.pipeline()
        plain = made._answer
        made._answer = lambda *given: plain(*given).model_copy(  # type: ignore[method-assign]
            update={"timings_ms": {"retrieve": 2.0, "read": 5.0, "total": 7.0}}
        )
        answer = server.request("POST", "/v1/answer", json={"question": "When did the harbour reopen?"}).json()
        server.observers.traces.close() if server.observers.traces else None
        spans = {span.name: span for span in server.spans.get_finished_spans()}
    request, whole, read = spans["POST /v1/answer"], spans["answer"], spans["read"]
    assert request.attributes is not None and whole.attributes is not None
    assert request.attributes["http.response.status_code"] == 200
    assert whole.attributes["dossier.answer"] == answer["id"]
    assert (whole.attributes["dossier.verdict"], whole.attributes["dossier.citations"]) == ("answered", 1)
    assert whole.parent is not None and request.context is not None and whole.parent.span_id == request.context.span_id
    assert read.parent is not None and whole.context is not None and read.parent.span_id == whole.context.span_id
    assert read.end_time is not None and read.start_time is not None
    assert read.end_time - read.start_time == 5_000_000
    assert "total" not in spans


def test_nothing_is_traced_or_audited_unless_it_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    plain = Observers.of(Settings(data=tmp_path), keys_required=False)
    assert (plain.traces, plain.audit) == (None, None)
    assert Observers.of(Settings(data=tmp_path), keys_required=True).audit is not None
    assert Observers.of(Settings(data=tmp_path, audit=False), keys_required=True).audit is None
    wanted = Observers.of(Settings(data=tmp_path, audit=True, traces="http://127.0.0.1:1"), keys_required=False)
    assert wanted.traces is not None and wanted.audit is not None
    wanted.close()


def test_the_trail_has_a_line_for_every_query_change_and_refused_caller(tmp_path: Path, nightly: bool) -> None:
    rounds = 100 if nightly else 5
    key, text = Keys(tmp_path).create("a program")
    with observed(tmp_path, require_keys=True, requests_per_minute=10_000) as server:
        server.headers = {"Authorization": f"Bearer {text}"}
        ids = [one["id"] for one in server.request("GET", "/v1/documents").json()["documents"]]
        for _ in range(rounds):
            answer = server.request("POST", "/v1/answer", json={"question": "The harbour?"})
            server.request("POST", "/v1/search", json={"query": "harbour"})
            server.request("POST", "/v1/coverage", json={"asked": "harbour"})
            server.request("DELETE", f"/v1/documents/{ids[0]}?erase=true")
            server.request("GET", "/v1/documents", headers={"Authorization": "Bearer wrong"})
        trail = server.trail()
    assert [line["event"] for line in trail] == ["answer", "search", "coverage", "erase", "refused"] * rounds
    assert {line["caller"] for line in trail} == {key.id, "nobody"}
    assert {line.get("collection") for line in trail} == {"default", None}
    assert trail[-5]["ids"] == [answer.json()["id"]]
    assert [line["status"] for line in trail[:5]] == ["done", "done", "done", "done", 401]
    if rounds > 1:
        assert trail[-2]["status"] == "failed"
    assert altered(tmp_path) is None


def test_one_altered_removed_or_added_line_of_the_trail_is_found(tmp_path: Path) -> None:
    audit = Audit(tmp_path)
    for number in range(6):
        audit.add("answer", ids=[f"ans_{number}"])
    file = tmp_path / NAME
    whole = file.read_text().splitlines(keepends=True)
    assert altered(tmp_path) is None
    for changed, where in (
        ([*whole[:2], whole[2].replace("ans_2", "ans_9"), *whole[3:]], 3),
        ([*whole[:2], *whole[3:]], 3),
        ([*whole[:4], whole[3], *whole[4:]], 5),
        ([*whole[:5], "not a line\n"], 6),
    ):
        file.write_text("".join(changed))
        assert altered(tmp_path) == f"{NAME} line {where}"


def test_the_trail_goes_on_after_a_restart_and_over_files_of_bounded_size(tmp_path: Path) -> None:
    for number in range(60):
        Audit(tmp_path, most_bytes=1000).add("answer", ids=[f"ans_{number}"])
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["audit.1.jsonl", "audit.2.jsonl", "audit.3.jsonl", "audit.4.jsonl", END, "audit.jsonl"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 5 * 1500
    assert altered(tmp_path) is None
    oldest = (tmp_path / "audit.4.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "audit.4.jsonl").write_text("".join(oldest[:-1]))
    assert altered(tmp_path) == "audit.3.jsonl line 1"


def test_a_trail_that_was_cut_behind_is_found_also_after_it_went_on(tmp_path: Path) -> None:
    audit = Audit(tmp_path)
    for number in range(6):
        audit.add("answer", ids=[f"ans_{number}"])
    file = tmp_path / NAME
    whole = file.read_text().splitlines(keepends=True)
    file.write_text("".join(whole[:4]))
    assert altered(tmp_path) == "its end: 2 lines are missing after line 4"
    Audit(tmp_path).add("answer", ids=["ans_6"])
    assert altered(tmp_path) == f"{NAME} line 5"
    file.unlink()
    assert altered(tmp_path) == f"{NAME}, which is missing"
    assert [one.ok for one in trail(Settings(data=tmp_path))] == [False]


def test_the_end_of_a_trail_cannot_be_taken_away_or_changed(tmp_path: Path) -> None:
    audit = Audit(tmp_path)
    audit.add("answer", ids=["ans_1"])
    audit.add("answer", ids=["ans_2"])
    end = (tmp_path / END).read_bytes()
    (tmp_path / END).write_bytes(end.replace(b'"lines": 2', b'"lines": 1'))
    assert "not as it was written" in str(altered(tmp_path))
    (tmp_path / END).unlink()
    assert "missing" in str(altered(tmp_path))
    (tmp_path / END).write_bytes(end)
    assert altered(tmp_path) is None


def test_a_kill_between_a_line_and_the_end_and_a_trail_of_an_older_dossier_are_no_alteration(tmp_path: Path) -> None:
    audit = Audit(tmp_path)
    audit.add("answer", ids=["ans_1"])
    end = (tmp_path / END).read_bytes()
    audit.add("answer", ids=["ans_2"])
    (tmp_path / END).write_bytes(end)
    assert altered(tmp_path) is None
    Audit(tmp_path).add("answer", ids=["ans_3"])
    assert altered(tmp_path) is None
    old = tmp_path / "old"
    old.mkdir()
    line = {"at": "2026-01-01", "event": "answer", "before": "0" * 64}
    line["hash"] = hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest()
    (old / NAME).write_text(json.dumps(line) + "\n")
    assert altered(old) is None
    Audit(old).add("answer", ids=["ans_4"])
    assert altered(old) is None


def test_a_trail_that_cannot_be_written_stops_nothing_and_is_said(tmp_path: Path, lines: Lines) -> None:
    observers = Observers(audit=Audit(tmp_path / "gone"))
    with acting_as(LOCAL), observers.doing("answer", "default"):
        pass
    assert lines.json[-1]["logger"] == "dossier.audit"


def test_the_doctor_says_where_the_trail_was_altered(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert trail(settings) == []
    audit = Audit(tmp_path)
    audit.add("answer", ids=["ans_1"])
    audit.add("answer", ids=["ans_2"])
    assert [one.ok for one in trail(settings)] == [True]
    file = tmp_path / NAME
    file.write_text(file.read_text().replace("ans_1", "ans_3"))
    (finding,) = trail(settings)
    assert (finding.ok, "audit.jsonl line 1" in finding.detail) == (False, True)
