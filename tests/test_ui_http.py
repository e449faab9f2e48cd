"""The API over real HTTP: what it answers, and that no bad input gives a 5xx."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.errors import EmptyCollection, StorageFailed
from index.values import Chunk
from rag.values import Answer, Hit
from rag.views import hit_view
from tests.fakes_ui import HARBOUR, FakeDossier, document, serving
from ui.slots import Slots

HARBOUR_ID = document(HARBOUR, "x").id


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> FakeDossier:
    return FakeDossier(tmp_path_factory.mktemp("data"), max_file_bytes=100_000)


@pytest.fixture(scope="module")
def client(dossier: FakeDossier) -> Iterator[httpx.Client]:
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
        yield client


def ask(client: httpx.Client, body: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/v1/answer", content=content, headers={"Content-Type": "application/json"})


def assert_problem(response: httpx.Response, status: int, code: str | None = None) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    if code is not None:
        assert problem["type"] == f"urn:dossier:problem:{code}"


def test_an_answer_comes_with_a_verbatim_quote(client: httpx.Client) -> None:
    response = ask(client, {"question": "When did the harbour reopen?"})
    answer = Answer.model_validate(response.json())
    assert (response.status_code, answer.verdict) == (200, "answered")
    cited = answer.citations[0]
    text = client.get(f"/v1/documents/{cited.document_id}/text", params={"start": cited.start, "end": cited.end})
    assert text.json()["text"] == cited.quote


def test_not_stated_is_a_normal_answer(client: httpx.Client) -> None:
    response = ask(client, {"question": "Who invented paper?"})
    assert (response.status_code, response.json()["verdict"]) == (200, "not_stated")


def test_filters_reach_the_pipeline(client: httpx.Client, dossier: FakeDossier) -> None:
    filters = {"publisher": "Tarn Courier", "since": "2024", "until": "2024-12", "as_of": "2024-06-30"}
    ask(client, {"question": "The harbour?", "filters": filters})
    _, seen, as_of = dossier.pipeline().asked[-1]
    assert seen is not None
    assert (seen.publisher, seen.since, seen.until, as_of) == ("Tarn Courier", "2024", "2024-12", "2024-06-30")


def test_a_streamed_answer_ends_with_the_whole_answer(client: httpx.Client) -> None:
    response = ask(client, {"question": "When did the harbour reopen?", "stream": True})
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in response.text.strip().split("\n\n")]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert [event["event"] for event in events] == ["sources", "delta", "citation", "done"]
    assert Answer.model_validate_json(events[-1]["data"]).verdict == "answered"


def test_a_kept_answer_is_shown_whole_listed_asked_again_and_forgotten(client: httpx.Client) -> None:
    answer = ask(client, {"question": "When did the harbour reopen?", "filters": {"since": "2024"}}).json()
    at = f"/v1/answers/{answer['id']}"
    shown = client.get(at).json()
    assert (shown["answer"], shown["asked"]["since"]) == (answer, "2024")
    listed = client.get("/v1/answers", params={"limit": 1}).json()
    assert (listed["answers"][0]["id"], listed["answers"][0]["verdict"]) == (answer["id"], "answered")
    replay = client.post(f"{at}/replay", params={"keep": "true"}).json()
    assert (replay["changes"]["changed"], replay["old"]["answer"]) == (False, answer)
    newest = client.get("/v1/answers", params={"limit": 2}).json()
    assert (newest["total"], newest["answers"][0]["id"]) == (listed["total"] + 1, replay["new"]["id"])
    assert client.delete(at).json()["id"] == answer["id"]
    assert_problem(client.get(at), 404, "unknown-answer")


def test_a_follow_up_is_answered_in_its_thread(client: httpx.Client) -> None:
    first = ask(client, {"question": "When did the harbour reopen?", "thread": "new"}).json()
    second = ask(client, {"question": "And the market?", "thread": first["thread"]}).json()
    assert (second["question"], second["rewritten_by"]) == ("And the market?", "rule")
    assert "harbour" in second["query"]
    turns = client.get(f"/v1/threads/{first['thread']}").json()["turns"]
    assert [(one["turn"], one["id"]) for one in turns] == [(1, first["id"]), (2, second["id"])]


@pytest.mark.parametrize(
    ("form", "media_type", "suffix"),
    [
        ("markdown", "text/markdown; charset=utf-8", "md"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
        ("csv", "text/csv; charset=utf-8", "csv"),
        ("json", "application/json", "json"),
    ],
)
def test_an_export_is_a_download_that_no_browser_opens_in_place(
    client: httpx.Client, form: str, media_type: str, suffix: str
) -> None:
    answer = ask(client, {"question": "When did the harbour reopen?"}).json()
    response = client.get(f"/v1/answers/{answer['id']}/export", params={"format": form})
    assert (response.status_code, response.headers["content-type"]) == (200, media_type)
    assert response.headers["content-disposition"] == f'attachment; filename="{answer["id"]}.{suffix}"'
    assert response.headers["x-content-type-options"] == "nosniff"


GARBAGE = ("ans_x", "..", "%00", "%ff", "a%0ab", "x" * 3000, "%27%20OR%201=1--", "ans_x%2F..")


@pytest.mark.parametrize("name", GARBAGE)
def test_an_answer_or_thread_that_cannot_be_is_refused_without_a_5xx(client: httpx.Client, name: str) -> None:
    for method, path in (
        ("GET", f"/v1/answers/{name}"),
        ("DELETE", f"/v1/answers/{name}"),
        ("POST", f"/v1/answers/{name}/replay"),
        ("GET", f"/v1/answers/{name}/export"),
        ("GET", f"/v1/threads/{name}"),
    ):
        assert client.request(method, path).status_code in (404, 405, 422), (method, path)


@pytest.mark.parametrize(
    ("thread", "status"),
    [("thr_x", 404), ("", 404), ("\0", 422), ("\ud800", 422), ("x" * 501, 422), (7, 422), (["new"], 422)],
)
def test_a_thread_that_is_not_there_is_a_problem(client: httpx.Client, thread: Any, status: int) -> None:
    response = ask(client, {"question": "And the market?", "thread": thread})
    assert_problem(response, status, "unknown-thread" if status == 404 else "invalid-request")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/answers?limit=0", "/v1/answers?limit=201", "/v1/answers?offset=-1", "/v1/answers?outdated=maybe", "/v1/changes?limit=51",
        "/v1/answers/ans_x/export?format=pdf", f"/v1/answers?offset={10**30}",
    ],
)  # fmt: skip
def test_parameters_of_kept_answers_are_checked(client: httpx.Client, path: str) -> None:
    assert_problem(client.get(path), 422, "invalid-request")


def test_a_search_says_why_each_passage_ranks(client: httpx.Client) -> None:
    found = client.post("/v1/search", json={"query": "harbour master", "top_k": 1}).json()["hits"]
    assert [(hit["rank"], hit["dense_rank"], hit["text"]) for hit in found] == [(1, 1, HARBOUR)]


def test_a_passage_is_shown_with_the_sentences_around_it(client: httpx.Client) -> None:
    text = "The mill burned. It was old. Otto Lind came. He built it again. The town paid."
    start = text.index("Otto")
    chunk = Chunk("c", "d", 1, start, start + 15, text[start : start + 15])
    mill = replace(document(text, "/notes/mill.txt"), chunk_count=3)
    shown = hit_view(Hit(chunk, 1, 0.5), mill, 1)
    assert (shown.before, shown.text, shown.after) == ("It was old. ", "Otto Lind came.", " He built it again.")
    first, last = (hit_view(Hit(replace(chunk, ordinal=ordinal), 1, 0.5), mill, 1) for ordinal in (0, 2))
    assert (first.before, first.after) == ("", " He built it again.")
    assert (last.before, last.after) == ("It was old. ", "")
    found = client.post("/v1/search", json={"query": "harbour master", "top_k": 1, "context": 20}).json()["hits"]
    assert (found[0]["before"], found[0]["after"]) == ("", "")  # the passage is the whole document
    assert_problem(client.post("/v1/search", json={"query": "harbour", "context": 21}), 422, "invalid-request")


def test_documents_are_listed_in_pages(client: httpx.Client) -> None:
    first = client.get("/v1/documents", params={"limit": 1}).json()
    second = client.get("/v1/documents", params={"limit": 1, "offset": 1}).json()
    assert first["total"] == 2
    assert len({page["documents"][0]["id"] for page in (first, second)}) == 2


def test_one_document_is_shown_with_where_it_comes_from(client: httpx.Client) -> None:
    shown = client.get(f"/v1/documents/{HARBOUR_ID}").json()
    assert (shown["publisher"], shown["published"], shown["published_source"]) == (
        "Tarn Courier",
        "2024-05-06",
        "front matter",
    )


def test_a_span_past_the_end_is_cut_to_the_text(client: httpx.Client) -> None:
    shown = client.get(f"/v1/documents/{HARBOUR_ID}/text", params={"start": 4, "end": 10**9}).json()
    assert (shown["text"], shown["end"], shown["length"]) == (HARBOUR[4:], len(HARBOUR), len(HARBOUR))


@pytest.mark.parametrize(
    ("start", "end"), [("-1", "5"), ("x", "5"), ("5", "2"), ("0", "9" * 5000), ("1e3", ""), ("0", "-1"), ("nan", "1")]
)
def test_a_span_that_makes_no_sense_is_refused(client: httpx.Client, start: str, end: str) -> None:
    response = client.get(f"/v1/documents/{HARBOUR_ID}/text", params={"start": start, "end": end})
    assert_problem(response, 422, "invalid-request")


def test_a_removed_document_is_gone_and_an_erased_one_was_erased(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path)
    first, second = list(dossier.collection().held)
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert client.delete(f"/v1/documents/{first}").json() == {"id": first, "erased": False}
        assert client.delete(f"/v1/documents/{second}", params={"erase": "true"}).json()["erased"]
        assert_problem(client.delete(f"/v1/documents/{first}"), 404, "unknown-document")
    assert dossier.collection().erased == [second]


def test_no_problem_repeats_what_was_sent(client: httpx.Client) -> None:
    response = ask(client, {"question": 5, "secret-key-name": "secret-value"})
    assert "secret-value" not in response.text


def test_an_unforeseen_error_shows_an_id_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    dossier = FakeDossier(tmp_path)
    dossier.pipeline().fail = lambda: RuntimeError("/home/someone/secret.db is broken")
    with serving(dossier) as url:
        response = httpx.post(f"{url}/v1/answer", json={"question": "The harbour?"}, trust_env=False)
    assert_problem(response, 500, "error")
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.json()["detail"].split()[-1].rstrip(".") in caplog.text


def test_errors_of_the_index_keep_their_code_and_hide_paths(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path)
    with serving(dossier) as url:
        dossier.pipeline().fail = lambda: EmptyCollection(
            "Collection 'default' holds 0 chunks. Run: dossier index FOLDER"
        )
        empty = httpx.post(f"{url}/v1/answer", json={"question": "The harbour?"}, trust_env=False)
        dossier.pipeline().fail = lambda: StorageFailed("/home/someone/data: disk full")
        full = httpx.post(f"{url}/v1/answer", json={"question": "The harbour?"}, trust_env=False)
    assert_problem(empty, 409, "empty-collection")
    assert "dossier index" in empty.json()["detail"]
    assert_problem(full, 503, "storage-failed")
    assert "someone" not in full.text


def test_more_questions_than_fit_are_refused_with_retry_after(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path)
    pipeline = dossier.pipeline()
    pipeline.gate = threading.Event()
    seen: list[int] = []
    with serving(dossier, slots=Slots(2, queue=0)) as url:

        def one() -> None:
            seen.append(
                httpx.post(
                    f"{url}/v1/answer", json={"question": "The harbour?"}, trust_env=False, timeout=30
                ).status_code
            )

        threads = [threading.Thread(target=one) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(2):
            assert pipeline.entered.acquire(timeout=120)
        refused = httpx.post(f"{url}/v1/answer", json={"question": "The harbour?"}, trust_env=False)
        pipeline.gate.set()
        for thread in threads:
            thread.join(30)
    assert_problem(refused, 503, "busy")
    assert refused.headers["retry-after"] == "1"
    assert seen == [200, 200]


def test_a_crowd_gets_answers_or_retry_after_and_nothing_else(tmp_path: Path) -> None:
    seen: list[httpx.Response] = []
    with serving(FakeDossier(tmp_path), slots=Slots(2)) as url:

        def one() -> None:
            seen.append(httpx.post(f"{url}/v1/answer", json={"question": "The harbour?"}, trust_env=False, timeout=60))

        threads = [threading.Thread(target=one) for _ in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert len(seen) == 60
    assert {one.status_code for one in seen} <= {200, 503}
    assert all("retry-after" in one.headers for one in seen if one.status_code == 503)


def test_ready_only_after_the_models_are_loaded(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path)
    loading = threading.Event()
    dossier.warm = lambda: loading.wait(30) and None
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False) as client:
        alive, before = client.get("/livez"), client.get("/readyz")
        loading.set()
        after = before
        while after.status_code != 200:
            after = client.get("/readyz")
    assert alive.status_code == 200
    assert_problem(before, 503, "not-ready")
    assert after.json() == {"status": "ready"}


def test_a_server_whose_models_are_missing_says_so_and_lives(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path)

    def broken() -> None:
        raise RuntimeError("weights at /home/someone are gone")

    dossier.warm = broken
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False) as client:
        response = client.get("/readyz")
        while response.json()["type"].endswith("not-ready"):
            response = client.get("/readyz")
        assert client.get("/livez").status_code == 200
    assert_problem(response, 500, "error")
    assert "someone" not in response.text
