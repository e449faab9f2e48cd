"""A request sent again with its Idempotency-Key is done once, and answered as it was the first time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Response
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes_ui import FakeDossier, serving
from ui.http.idempotency import KEPT_S, Replays
from ui.problems import Problem

ASKED = {"question": "When did the harbour reopen?"}


@pytest.fixture
def dossier(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path, max_file_bytes=100_000)


@pytest.fixture
def client(dossier: FakeDossier) -> Iterator[httpx.Client]:
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
        yield client


def post(client: httpx.Client, path: str, body: Any, key: str = "k1") -> httpx.Response:
    return client.post(path, json=body, headers={"Idempotency-Key": key})


def files(text: str) -> dict[str, Any]:
    return {"file": ("note.txt", text.encode(), "text/plain")}


def test_an_answer_asked_for_twice_is_made_once(client: httpx.Client, dossier: FakeDossier) -> None:
    first, again = (post(client, "/v1/answer", ASKED) for _ in range(2))
    assert (again.status_code, again.json()) == (200, first.json())
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert len(dossier.pipeline().asked) == 1
    assert post(client, "/v1/answer", ASKED, "k2").json()["id"] != first.json()["id"]


def test_a_stream_asked_for_twice_is_told_again(client: httpx.Client, dossier: FakeDossier) -> None:
    first, again = (post(client, "/v1/answer", {**ASKED, "stream": True}) for _ in range(2))
    assert again.text == first.text
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(dossier.pipeline().asked) == 1


def test_a21_an_upload_sent_twice_is_one_job_whatever_its_boundary(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "upload 1".replace(" ", "-")}
    first, again = (client.post("/v1/documents", files=files("A new quay."), headers=key) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()["id"]) == (202, 202, again.json()["id"])
    other = client.post("/v1/documents", files=files("Another quay."), headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "urn:dossier:problem:idempotency-key-reused")


def test_a_collection_made_twice_is_made_once(client: httpx.Client) -> None:
    first, again = (post(client, "/v1/collections", {"name": "quays"}) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert post(client, "/v1/collections", {"name": "quays"}, "k2").status_code == 409


def test_feedback_given_twice_is_kept_once(client: httpx.Client) -> None:
    answer = client.post("/v1/answer", json=ASKED).json()
    for _ in range(2):
        assert post(client, "/v1/feedback", {"answer_id": answer["id"], "rating": "good"}).status_code == 201
    assert client.get("/v1/feedback").json()["total"] == 1


def test_another_request_with_the_same_key_is_refused(client: httpx.Client) -> None:
    post(client, "/v1/answer", ASKED)
    other = post(client, "/v1/answer", {"question": "And the market?"})
    assert (other.status_code, other.json()["type"]) == (422, "urn:dossier:problem:idempotency-key-reused")


def test_while_the_first_runs_the_second_is_told_when_to_come_back(client: httpx.Client, dossier: FakeDossier) -> None:
    pipeline = dossier.pipeline()
    pipeline.gate = threading.Event()
    seen: list[httpx.Response] = []
    first = threading.Thread(target=lambda: seen.append(post(client, "/v1/answer", ASKED)))
    first.start()
    assert pipeline.entered.acquire(timeout=120)
    second = post(client, "/v1/answer", ASKED)
    pipeline.gate.set()
    first.join(20)
    assert (second.status_code, second.headers["retry-after"]) == (409, "1")
    assert post(client, "/v1/answer", ASKED).json() == seen[0].json()


def test_what_was_refused_may_be_sent_again(client: httpx.Client, dossier: FakeDossier) -> None:
    pipeline = dossier.pipeline()
    pipeline.fail = lambda: RuntimeError("not now")
    assert post(client, "/v1/answer", ASKED).status_code == 500
    pipeline.fail = None
    assert post(client, "/v1/answer", ASKED).status_code == 200


def test_what_is_deleted_does_not_come_back_with_a_key(client: httpx.Client) -> None:
    first = post(client, "/v1/answer", ASKED).json()
    client.delete(f"/v1/documents/{first['citations'][0]['document_id']}", params={"erase": "true"})
    again = post(client, "/v1/answer", ASKED).json()
    assert (again["verdict"], again["citations"]) == ("not_stated", [])


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "ä", "\x7f", "a\tb"])
def test_a_key_is_visible_ascii_of_at_most_200(client: httpx.Client, key: str) -> None:
    refused = client.post("/v1/answer", json=ASKED, headers={"Idempotency-Key": key.encode("latin-1")})
    assert refused.status_code in (400, 422), refused.text
    twice = client.post("/v1/answer", json=ASKED, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")])
    assert twice.status_code == 422


def test_a_key_is_forgotten_after_a_day() -> None:
    now = [0.0]
    replays = Replays(clock=lambda: now[0])
    assert replays.begin(("a",), b"1") is None
    replays.finish(("a",), Response(b"one"))
    now[0] = KEPT_S - 1
    assert replays.begin(("a",), b"1") is not None
    now[0] = KEPT_S + 1
    assert replays.begin(("a",), b"2") is None


def test_two_callers_share_no_key() -> None:
    replays = Replays()
    replays.begin(("a", "/v1/answer", "k"), b"1")
    replays.finish(("a", "/v1/answer", "k"), Response(b"one"))
    assert replays.begin(("b", "/v1/answer", "k"), b"1") is None


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["ok", "fail", "run"]), st.integers(0, 400)), max_size=80)
)
@settings(max_examples=100, derandomize=True)
def test_however_many_keys_come_what_is_kept_is_bounded(steps: list[tuple[int, str, int]]) -> None:
    replays, running = Replays(most=10, most_bytes=1000), set()
    for number, outcome, size in steps:
        key = (str(number),)
        try:
            begun = replays.begin(key, b"same") is None
        except Problem:
            assert key in running
            continue
        if begun and outcome == "ok":
            replays.finish(key, Response(b"x" * size))
        elif begun and outcome == "fail":
            replays.forget(key)
        elif begun:
            running.add(key)
        ended = [one for one in replays._done.values() if one.response is not None]
        assert sum(one.size for one in ended) == replays._bytes <= 1000
        assert not ended or len(replays._done) <= max(10, len(running) + 1)
