"""Every route of the API, asked by every kind of caller about every collection: what is foreign is missing, and nothing of it is said.

The routes are those of the table; a route without a request here fails the test.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag.build import open_dossier
from rag.settings import Settings
from tests.fakes_ui import FakeDossier, running, serving
from ui.access.keys import Keys
from ui.access.permitted import Permitted
from ui.access.routes import API_ROUTES, Route
from ui.http.app import create_app
from ui.serve import guarded

COLLECTIONS = ("alder", "birch", "cedar")
MISSING = "nowhere"
SAID = re.compile(r"(alder|birch|cedar|nowhere)mark", re.IGNORECASE)
SETTINGS: dict[str, Any] = {"requests_per_minute": 10_000, "require_keys": True, "answer_deadline_s": 600}
Ids = dict[str, str]
MADE_UP: Ids = {
    "document_id": "0" * 24,
    "answer_id": "ans_" + "0" * 32,
    "thread_id": "thr_" + "0" * 32,
    "job_id": "job_" + "0" * 16,
    "feedback_id": "fb_" + "0" * 32,
}


@dataclass(frozen=True)
class Sent:
    """A request to a route, about one collection (None: none is named) and things of some collection."""

    method: str
    path: str
    given: dict[str, Any]


def mark(collection: str) -> str:
    """A word that stands in every text, title, question and answer of a collection, and nowhere else."""
    return f"{collection.capitalize()}mark"


def _asking(name: str, collection: str | None) -> dict[str, Any]:
    return {name: "Who counted the ships of the harbour?"} | ({"collection": collection} if collection else {})


def _bodies(collection: str | None, ids: Ids) -> dict[str, dict[str, Any]]:
    """What goes with a request besides its path, by method and path of the table."""
    named = {"collection": collection} if collection else {}
    model = f"dossier/{collection}" if collection else "dossier"
    messages = [{"role": "user", "content": "Who counted the ships of the harbour?"}]
    judged = {"answer_id": ids["answer_id"], "rating": "good", **named}
    query = {"params": named}
    return {
        "POST /v1/answer": {"json": _asking("question", collection)},
        "POST /v1/coverage": {"json": _asking("asked", collection)},
        "POST /v1/search": {"json": _asking("query", collection)},
        "POST /v1/chat/completions": {"json": {"model": model, "messages": messages}},
        "POST /v1/responses": {"json": {"model": model, "input": "Who counted the ships of the harbour?"}},
        "POST /v1/embeddings": {"json": {"model": "dossier-embedding", "input": "Of no collection."}},
        "POST /v1/rerank": {"json": {"query": "Who?", "documents": ["Of no collection."]}},
        "POST /v1/collections": {"json": {"name": collection or MISSING}},
        "POST /v1/documents": {"files": {"file": ("a.txt", b"The harbour of a new day.")}, "data": named},
        "PATCH /v1/documents/{document_id}": {**query, "json": {"title": "A title"}},
        "PATCH /v1/threads/{thread_id}": {**query, "json": {"pinned": True}},
        "POST /v1/feedback": {"json": judged},
        **{
            f"{method} {route.path}": query
            for route in API_ROUTES
            for method in sorted(route.methods)
            if method in ("GET", "HEAD", "DELETE") or route.path.endswith("/replay")
        },
    }


def request_of(route: Route, method: str, collection: str | None, ids: Ids) -> Sent:
    slots = {**ids, "name": collection or MISSING, "model": f"dossier/{collection or MISSING}", "page": "1"}
    path = re.sub(r"\{(\w+)(:path)?\}", lambda slot: slots[slot[1]], route.path)
    return Sent(method, path, _bodies(collection, ids)[f"{method} {route.path}"])


EVERY = [(route, method) for route in API_ROUTES for method in sorted(route.methods) if method != "HEAD"]
CLOSED = [(route, method) for route, method in EVERY if route.need != "open"]
OF_NO_COLLECTION = ("/openapi.json", "/readyz", "/metrics", "/v1/embeddings", "/v1/rerank")
OF_COLLECTIONS = [(route, method) for route, method in CLOSED if route.path not in OF_NO_COLLECTION]


@dataclass
class World:
    """A running server with three collections, what is in each, and who may see what."""

    client: httpx.Client
    callers: dict[str, str]
    ids: dict[str, Ids] = field(default_factory=dict)

    def send(self, caller: str, sent: Sent, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.callers[caller]}"} if caller in self.callers else {}
        given = {**sent.given, "headers": {**headers, **more}}
        return self.client.request(sent.method, sent.path, **given)

    def may_see(self, caller: str, collection: str) -> bool:
        return caller == "all" or {"writer": "alder", "reader": "birch"}.get(caller) == collection


def make_keys(data: Path) -> dict[str, str]:
    keys = Keys(data)
    long_ago = Keys(data, clock=lambda: datetime(2020, 1, 1, tzinfo=UTC))
    made = {
        "writer": keys.create("writer", collections=["alder"])[1],
        "reader": keys.create("reader", collections=["birch"], may_write=False)[1],
        "all": keys.create("all")[1],
        "expired": long_ago.create("expired", lasts=timedelta(days=1))[1],
    }
    keys.close()
    long_ago.close()
    return made


def fill(world: World, collection: str) -> None:
    """Put a document into a collection, ask about it, and judge the answer: over HTTP, as a person would."""
    word = mark(collection)
    text = f"{word} reopens\n\nThe harbour of {word} reopened on 4 May 2024. Its master counted 31 ships of {word}."
    call = world_call(world)
    job = call("POST", "/v1/documents", files={"file": (f"{word}.txt", text.encode())}, data={"collection": collection})
    while call("GET", f"/v1/jobs/{job['id']}")["status"] not in ("done", "failed"):
        pass
    here = {"collection": collection}
    document = call("GET", "/v1/documents", params=here)["documents"][0]["id"]
    question = f"Who counted the ships of the harbour of {word}?"
    answer = call("POST", "/v1/answer", json={"question": question, "thread": "new", **here})
    judged = {"answer_id": answer["id"], "rating": "bad", "comment": f"Not of {word}", **here}
    feedback = call("POST", "/v1/feedback", json=judged)["id"]
    world.ids[collection] = {
        "document_id": document,
        "answer_id": answer["id"],
        "thread_id": answer["thread"],
        "job_id": job["id"],
        "feedback_id": feedback,
    }


def world_call(world: World) -> Callable[..., Any]:
    def call(method: str, path: str, **given: Any) -> Any:
        answer = world.send("all", Sent(method, path, given))
        assert answer.status_code < 300, answer.text
        return answer.json()

    return call


@contextlib.contextmanager
def in_memory(data: Path) -> Iterator[World]:
    with (
        serving(FakeDossier(data, **SETTINGS)) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=120) as client,
    ):
        yield World(client, make_keys(data))


@contextlib.contextmanager
def real(data: Path) -> Iterator[World]:
    settings = Settings(data=data, **SETTINGS)
    with (
        open_dossier(settings) as dossier,
        running(guarded(create_app(Permitted(dossier)), settings)) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=120) as client,
    ):
        yield World(client, make_keys(data))


@pytest.fixture(scope="module", params=[in_memory, pytest.param(real, marks=pytest.mark.slow)])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with request.param(tmp_path_factory.mktemp("world") / "data") as made:
        for collection in COLLECTIONS:
            fill(made, collection)
        yield made


def words(answer: httpx.Response) -> str:
    """All that a response says, in one text."""
    return answer.text + json.dumps(list(answer.headers.items()))


def foreign_words(world: World, caller: str, said: str) -> set[str]:
    return {name for name in COLLECTIONS if not world.may_see(caller, name) and mark(name).lower() in said.lower()}


def verdict(answer: httpx.Response, *named: str) -> tuple[int, str, str | None]:
    """Status and body without the names and ids that the request brought itself."""
    text = answer.text
    for one in sorted(named, key=len, reverse=True):
        text = text.replace(one, "X")
    text = re.sub(r"(err|req)_[0-9a-f]{16}", "ID", text)
    return answer.status_code, text, answer.headers.get("content-type")


def test_every_route_of_the_table_has_its_request() -> None:
    for route, method in EVERY:
        assert request_of(route, method, "alder", MADE_UP).path.startswith("/"), route.path


@pytest.mark.parametrize("caller", ["nobody", "expired"])
def test_without_a_usable_key_every_route_says_the_same(world: World, caller: str) -> None:
    for collection in (*COLLECTIONS, None):
        ids = world.ids.get(collection or "", MADE_UP)
        answers = [world.send(caller, request_of(route, method, collection, ids)) for route, method in CLOSED]
        assert {one.status_code for one in answers} == {401}
        said = [one.json() for one in answers]
        for one in said:
            one.pop("error", None)  # the same words again, where OpenAI's clients look for them
        assert all(one == said[0] for one in said)


@pytest.mark.parametrize("caller", ["writer", "reader"])
def test_a_foreign_collection_is_a_missing_one(world: World, caller: str) -> None:
    for route, method in OF_COLLECTIONS:
        for collection in COLLECTIONS:
            if world.may_see(caller, collection):
                continue
            theirs = world.send(caller, request_of(route, method, collection, world.ids[collection]))
            nobodys = world.send(caller, request_of(route, method, MISSING, MADE_UP))
            where = (caller, method, route.path, collection)
            mine = verdict(theirs, collection, *world.ids[collection].values())
            assert mine == verdict(nobodys, MISSING, *MADE_UP.values()), where
            assert set(theirs.headers) == set(nobodys.headers), where
            assert not foreign_words(world, caller, words(theirs)), where


@pytest.mark.parametrize("caller", ["writer", "reader"])
@pytest.mark.parametrize("named", [True, False])
def test_what_is_foreign_is_missing_from_the_own_collection_too(world: World, caller: str, named: bool) -> None:
    own = {"writer": "alder", "reader": "birch"}[caller]
    for route, method in OF_COLLECTIONS:
        slots = set(re.findall(r"\{(\w+)", route.path)) - {"name", "model", "page"}
        if not slots and route.path != "/v1/feedback":
            continue
        collection = own if named else None
        for other in set(COLLECTIONS) - {own}:
            theirs = world.send(caller, request_of(route, method, collection, world.ids[other]))
            nobodys = world.send(caller, request_of(route, method, collection, MADE_UP))
            where = (caller, method, route.path, other)
            if (method, route.path) != ("GET", "/v1/feedback"):
                assert theirs.status_code in (403, 404), where
            mine = verdict(theirs, *world.ids[other].values())
            assert mine == verdict(nobodys, *MADE_UP.values()), where
            assert not foreign_words(world, caller, words(theirs)), where


@pytest.mark.parametrize("caller", ["writer", "reader", "all"])
def test_the_own_collection_is_there_and_nothing_else_of_it(world: World, caller: str) -> None:
    """With the collection named, and where the key knows only one, without."""
    shown = set[str]()
    for route, method in OF_COLLECTIONS:
        if method in ("DELETE", "PATCH") or (method, route.path) == ("POST", "/v1/collections"):
            continue
        for collection in COLLECTIONS:
            if not world.may_see(caller, collection):
                continue
            for named in (collection, None) if caller != "all" else (collection,):
                if "{model" in route.path and caller != "all":
                    continue  # the only collection of a key is its "dossier"
                answer = world.send(caller, request_of(route, method, named, world.ids[collection]))
                where = (caller, method, route.path, named, answer.text[:200])
                if route.need == "write" and caller == "reader":
                    assert (answer.status_code, answer.json()["type"]) == (403, "urn:dossier:problem:read-only-key"), (
                        where
                    )
                elif "{job_id}" in route.path and caller != "all":
                    assert answer.status_code == 404, where  # somebody else sent that file
                elif answer.status_code == 404 and route.path.endswith(
                    ("/file", ".png")
                ):  # theirs, but a text has no pages
                    assert answer.json()["type"].endswith((":no-original", ":no-page")), where
                elif "{thread_id}" in route.path and caller != "all":
                    assert answer.status_code == 404, where  # somebody else's conversation
                else:
                    assert answer.status_code < 300, where
                assert not foreign_words(world, caller, words(answer)), where
                shown |= {route.path} if mark(collection) in answer.text else set()
    assert {"/v1/documents/{document_id}/text", "/v1/answer", "/v1/answers", "/v1/search", "/v1/feedback"} <= shown


def test_a_stream_says_nothing_foreign(world: World) -> None:
    for caller, own, other in (("writer", "alder", "birch"), ("reader", "birch", "cedar")):
        question = f"Who counted the ships of the harbour of {mark(own)}?"
        whole = {"question": question, "stream": True}
        mine = world.send(caller, Sent("POST", "/v1/answer", {"json": whole}))
        theirs = world.send(caller, Sent("POST", "/v1/answer", {"json": {**whole, "collection": other}}))
        missing = world.send(caller, Sent("POST", "/v1/answer", {"json": {**whole, "collection": MISSING}}))
        assert "event: done" in mine.text
        assert not foreign_words(world, caller, words(mine))
        assert verdict(theirs, other) == verdict(missing, MISSING)
        assert theirs.status_code == 404


def test_a_conversation_is_not_gone_on_with_by_another_key(world: World) -> None:
    thread = world.ids["cedar"]["thread_id"]
    for caller in ("writer", "reader"):
        asked = {"question": "And how many?", "thread": thread}
        refused = world.send(caller, Sent("POST", "/v1/answer", {"json": asked}))
        made_up = world.send(caller, Sent("POST", "/v1/answer", {"json": asked | {"thread": MADE_UP["thread_id"]}}))
        assert verdict(refused, thread) == verdict(made_up, MADE_UP["thread_id"])
        assert refused.status_code == 404


def test_lists_name_no_foreign_collection(world: World) -> None:
    for caller, own in (("writer", {"alder"}), ("reader", {"birch"}), ("all", set(COLLECTIONS))):
        for path in ("/v1/collections", "/v1/models"):
            said = words(world.send(caller, Sent("GET", path, {})))
            found = {name for name in COLLECTIONS if f'"{name}"' in said or f"dossier/{name}" in said}
            assert found <= own, (caller, path)
        listed = world.send(caller, Sent("GET", "/v1/collections", {})).json()["collections"]
        assert own <= {one["name"] for one in listed}


def test_the_same_idempotency_key_of_two_callers_is_two_keys(world: World) -> None:
    sent = Sent("POST", "/v1/search", {"json": {"query": "ships of the harbour"}})
    said = {caller: world.send(caller, sent, **{"Idempotency-Key": "one"}) for caller in ("all", "writer", "reader")}
    for caller, answer in said.items():
        assert not foreign_words(world, caller, words(answer)), caller


@pytest.mark.parametrize(
    "name",
    ["../birch", "birch/../alder", "Birch", "bіrch", "birch ", "birch\u200b", "b" * 513, "%62irch", "birch\x00", "*"],
)
def test_a_name_that_is_nearly_one_is_missing(world: World, name: str) -> None:
    for sent in (
        Sent("GET", "/v1/documents", {"params": {"collection": name}}),
        Sent("POST", "/v1/search", {"json": {"query": "ships", "collection": name}}),
    ):
        for caller in ("writer", "reader", "all"):
            answer = world.send(caller, sent)
            assert answer.status_code in (404, 422), (caller, sent.path)
            assert not SAID.search(words(answer))
