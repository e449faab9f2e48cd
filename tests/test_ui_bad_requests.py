"""Bad requests, numbered as in the list of hostile input: each is refused with a problem document, cheaply, and nothing breaks.

Others of the list have their tests where what they attack is tested: A10 and A24 (slow and vanishing clients) in the tests of the
guard and of events, A15, A16, A18, A23, A26, A27 and A29 (keys, limits, proxies) in those of access, A22 (shutdown) in those of the server,
A25 (a broken language model) in those of the language models.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from index.files import find_files
from rag.build import open_dossier
from rag.settings import load_settings
from tests.fakes import WordHashEmbedder
from tests.fakes_ui import HARBOUR, FakeDossier, document, running, serving
from ui.access.guard import JSON_BYTES
from ui.access.permitted import Permitted
from ui.http.app import create_app
from ui.serve import guarded
from ui.slots import Slots

HARBOUR_ID = document(HARBOUR, "x").id
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> FakeDossier:
    return FakeDossier(tmp_path_factory.mktemp("data"), max_file_bytes=100_000)


@pytest.fixture(scope="module")
def client(dossier: FakeDossier) -> Iterator[httpx.Client]:
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
        yield client


def ask(client: httpx.Client, body: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/v1/answer", content=content, headers=JSON)


def assert_problem(response: httpx.Response, status: int, code: str | None = None) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    if code is not None:
        assert response.json()["type"] == f"urn:dossier:problem:{code}"


BAD_JSON = [
    (b'{"question": "\xff"}', 400, "invalid-json"),
    (b'{"question": ', 400, "invalid-json"),
    (b"[" * 100_000, 400, "invalid-json"),
    (b'{"question": "a"}' + b"]" * 3, 400, "invalid-json"),
    (b'{"question": "harbour", "question": "market"}', 422, "invalid-request"),
    (b'{"question": "\\ud800"}', 422, "invalid-request"),
    (b'{"question": "a", "\\ud800": 1}', 422, "invalid-request"),
    (b'{"question": NaN}', 422, "invalid-request"),
    (b'{"question": "a", "stream": Infinity}', 422, "invalid-request"),
    (b'{"question": "a", "stream": 1e999}', 422, "invalid-request"),
    (b'{"question": "a\\u0000b"}', 422, "invalid-request"),
    (b"[]", 422, "invalid-request"),
    (b"null", 422, "invalid-request"),
    (b"7", 422, "invalid-request"),
    (b"", 422, "invalid-request"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_JSON)
def test_a01_a02_a03_a04_a06_a07_broken_json_is_refused(
    client: httpx.Client, body: bytes, status: int, code: str
) -> None:
    assert_problem(ask(client, body), status, code)


BAD_QUESTIONS: list[dict[str, Any]] = [
    {},
    {"question": ""},
    {"question": " \n\t "},
    {"question": "\u200b\u200d\ufeff\u2060"},
    {"question": "\u3164\u2800"},
    {"question": 7},
    {"question": None},
    {"question": ["a"]},
    {"question": "a", "top_k": 3},
    {"question": "a", "stream": "yes"},
    {"question": "a", "stream": 1},
    {"question": "a", "collection": 5},
    {"question": "a", "filters": {"$or": []}},
    {"question": "a", "filters": {"publisher": {"$regex": ".*"}}},
    {"question": "a", "filters": {"publisher": "x" * 501}},
    {"question": "a", "filters": {"publisher": "a\0"}},
    {"question": "a", "filters": {"since": "yesterday"}},
    {"question": "a", "filters": {"since": "2025-13"}},
    {"question": "a", "filters": {"until": "2025-02-30"}},
    {"question": "a", "filters": {"until": "٢٠٢٥"}},
    {"question": "a", "filters": {"as_of": 2025}},
    {"question": "a", "filters": []},
    {"question": "a", "filters": None},
]


@pytest.mark.parametrize("body", BAD_QUESTIONS)
def test_a07_a13_a19_a_question_that_makes_no_sense_is_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    assert_problem(ask(client, body), 422, "invalid-request")


def test_a19_a_filter_nested_a_thousand_deep_is_refused(client: httpx.Client) -> None:
    body = b'{"question": "a", "filters": ' + b'{"$and": ' * 1000 + b"1" + b"}" * 1000 + b"}"
    assert ask(client, body).status_code in (400, 422)


def test_a14_a_question_of_4001_characters_is_refused_and_one_of_4000_is_not(client: httpx.Client) -> None:
    assert_problem(ask(client, {"question": "a" * 4001}), 422, "question-too-long")
    assert ask(client, {"question": "a" * 4000}).status_code == 200


@pytest.mark.parametrize(
    "top_k", ["-1", "0", "51", str(10**18), "9" * 5000, "true", '"5"', "5.0", "5.5", "null", "1e2"]
)
def test_a05_top_k_is_a_whole_number_from_1_to_50(client: httpx.Client, top_k: str) -> None:
    body = b'{"query": "harbour", "top_k": ' + top_k.encode() + b"}"
    response = client.post("/v1/search", content=body, headers={"Content-Type": "application/json"})
    assert_problem(response, 422, "invalid-request")


@pytest.mark.parametrize("name", ["nowhere", "../default", "DEFAULT", "d\u0435fault", "a" * 513, "", "%2e%2e", "x\ny"])
def test_a17_an_unknown_collection_is_missing_however_it_is_spelt(client: httpx.Client, name: str) -> None:
    assert_problem(ask(client, {"question": "a", "collection": name}), 404, "unknown-collection")
    assert_problem(client.get("/v1/documents", params={"collection": name}), 404, "unknown-collection")


@pytest.mark.parametrize("name", ["nothing", "..", "%2e%2e", "a" * 5000, "' OR 1=1", "<img src=x>"])
def test_a18_an_unknown_document_is_missing_however_it_is_spelt(client: httpx.Client, name: str) -> None:
    quoted = httpx.URL("http://x").copy_with(path="/v1/documents/" + name).raw_path.decode()
    for response in (client.get(quoted), client.delete(quoted)):
        assert_problem(response, 404)


@pytest.mark.parametrize("quoted", ["a%00b", "%ff%fe", "a%0d%0ab", "%ed%a0%80"])
def test_a03_an_id_that_is_no_text_is_refused(client: httpx.Client, quoted: str) -> None:
    response = client.get(f"/v1/documents/{quoted}")
    assert response.status_code in (404, 422)
    assert_problem(response, response.status_code)


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "dossier", "messages": [{"role": "user", "content": "\\ud800"}]}',
        b'{"model": "dossier", "messages": [{"role": "user", "content": NaN}]}',
        b'{"model": "dossier", "model": "dossier", "messages": []}',
        b'{"model": "dossier", "messages": ' + b"[" * 50_000,
    ],
)
def test_a01_a02_a06_a07_hold_for_openai_clients_too(client: httpx.Client, body: bytes) -> None:
    response = client.post("/v1/chat/completions", content=body, headers=JSON)
    assert response.status_code in (400, 422)
    assert response.json()["error"]["message"] == response.json()["detail"]


def test_a08_a_body_over_the_cap_is_refused_with_or_without_a_length(client: httpx.Client) -> None:
    def chunked() -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(JSON_BYTES // 65536 + 1):
            yield b"x" * 65536

    for body in (b" " * (JSON_BYTES + 1), chunked()):
        with suppress(httpx.TransportError):  # the server may close while the client still writes
            assert_problem(client.post("/v1/answer", content=body, headers=JSON), 413, "body-too-large")


def test_a09_a_compressed_body_is_not_read(client: httpx.Client) -> None:
    sent = client.post("/v1/answer", content=b"\x1f\x8b" + b"\0" * 500, headers={**JSON, "Content-Encoding": "gzip"})
    assert_problem(sent, 415, "unsupported-content-encoding")


@pytest.mark.parametrize("part", ["fields", "header", "no file name"])
def test_a11_a_multipart_bomb_is_refused(client: httpx.Client, part: str) -> None:
    bombs = {
        "fields": b'--q\r\nContent-Disposition: form-data; name="source"\r\n\r\na\r\n' * 2000,
        "header": b"--q\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n\r\n",
        "no file name": b'--q\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + b"x" * 150_000 + b"\r\n",
    }
    kind = {"Content-Type": "multipart/form-data; boundary=q"}
    for more in ({}, {"Idempotency-Key": "bomb"}):
        response = client.post("/v1/documents", content=bombs[part] + b"--q--\r\n", headers={**kind, **more})
        assert response.status_code in (400, 413, 422), response.text


def test_a12_ranges_are_not_taken_apart(client: httpx.Client) -> None:
    many = "bytes=" + ",".join("0-" for _ in range(4000))
    response = client.get(f"/v1/documents/{HARBOUR_ID}/text", headers={"Range": many})
    assert (response.status_code, response.json()["text"]) == (200, HARBOUR)


class NoVector(WordHashEmbedder):
    """Gives vectors that nothing can be near to, once it is told to."""

    query: np.ndarray | None = None

    def embed_query(self, query: str) -> Any:
        return super().embed_query(query) if self.query is None else self.query


@pytest.mark.parametrize("vector", [np.zeros(64, np.float32), np.full(64, np.nan, np.float32)])
def test_a20_a_broken_embedder_is_a_503_that_is_logged(
    tmp_path: Path, harbour_files: Path, caplog: pytest.LogCaptureFixture, vector: np.ndarray
) -> None:
    with open_dossier(load_settings(data=tmp_path)) as dossier:
        dossier.embedder = embedder = NoVector()
        dossier.collection(create=True).ingest(find_files([harbour_files], max_files=10).files)
        embedder.query = vector
        app = guarded(create_app(Permitted(dossier), slots=Slots(2)), dossier.settings)
        with running(app) as url:
            for path, body in (("answer", {"question": "The harbour?"}), ("search", {"query": "harbour"})):
                assert_problem(httpx.post(f"{url}/v1/{path}", json=body, trust_env=False), 503, "model-unavailable")
    assert "vector" in caplog.text


def test_a21_a_second_upload_waits_and_a_removal_meanwhile_wins(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path)
    dossier.collection().gate = gate = threading.Event()
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
        jobs = [client.post("/v1/documents", files={"file": (name, b"A quay.")}).json()["id"] for name in "ab"]
        assert client.delete(f"/v1/documents/{HARBOUR_ID}").status_code == 200
        gate.set()
        while any(client.get(f"/v1/jobs/{one}").json()["status"] in ("queued", "running") for one in jobs):
            pass
        assert_problem(client.get(f"/v1/documents/{HARBOUR_ID}"), 404, "unknown-document")
        assert client.get("/v1/documents").json()["total"] == 2


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a28_another_site_reads_nothing_and_changes_nothing(client: httpx.Client, origin: str) -> None:
    read = client.get("/v1/documents", headers={"Origin": origin, "Cookie": "a=b"})
    assert not [name for name in read.headers if name.startswith("access-control-")]
    for method, path in (
        ("PATCH", f"/v1/documents/{HARBOUR_ID}"),
        ("POST", "/v1/collections"),
        ("POST", "/v1/feedback"),
    ):
        refused = client.request(method, path, json={}, headers={"Origin": origin})
        assert_problem(refused, 403, "foreign-origin")
