"""Metadata and filters over every door: HTTP, the client and the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag.client import Dossier
from tests.commands import Invoke, invoking
from tests.fakes_ui import FakeDossier, serving


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> FakeDossier:
    return FakeDossier(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def url(dossier: FakeDossier) -> Iterator[str]:
    with serving(dossier) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
        yield client


@pytest.fixture
def invoke(tmp_path: Path) -> Iterator[Invoke]:
    with invoking(FakeDossier(tmp_path / "data")) as invoke:
        yield invoke


def _sent(client: httpx.Client, url: str, names: list[str], **form: Any) -> list[dict[str, Any]]:
    files = [("file", (name, f"A note on {name}.".encode())) for name in names]
    job = client.post("/v1/documents", files=files, data=form).raise_for_status().json()
    while job["status"] in ("queued", "running"):
        job = client.get(f"/v1/jobs/{job['id']}").json()
    return [client.get(f"/v1/documents/{one}").json() for one in job["report"]["added"]]


def test_an_upload_says_what_is_to_be_known_of_its_files(client: httpx.Client, url: str) -> None:
    same = _sent(client, url, ["a.txt", "b.txt"], metadata='{"Project": "Harbour", "pages": 3}', tags=["board", "2025"])
    assert [one["metadata"] for one in same] == [{"project": "Harbour", "pages": 3, "tags": ["board", "2025"]}] * 2
    each = _sent(client, url, ["c.txt", "d.txt"], metadata='[{"part": "first"}, {}]')
    assert [one["metadata"] for one in each] == [{"part": "first"}, {}]


@pytest.mark.parametrize(
    "metadata", ["no JSON", "3", "[{}]", '{"a": {"b": 1}}', '{"1a": "b"}', '{"a": "b", "a": "c"}', '{"a": NaN}']
)
def test_metadata_that_cannot_be_is_refused_before_anything_is_stored(client: httpx.Client, metadata: str) -> None:
    files = [("file", ("a.txt", b"A note.")), ("file", ("b.txt", b"A note."))]
    response = client.post("/v1/documents", files=files, data={"metadata": metadata})
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


def test_metadata_is_edited_where_the_rest_is(client: httpx.Client, dossier: FakeDossier) -> None:
    one = next(iter(dossier.collection().held))
    path = f"/v1/documents/{one}"
    found = client.patch(path, json={"metadata": {"status": "draft", "tags": ["x"], "size": 4}}).json()
    assert found["metadata"] == {"status": "draft", "tags": ["x"], "size": 4}
    assert client.patch(path, json={"metadata": {"status": {"of": "it"}}}).status_code == 422
    assert client.patch(path, json={"metadata": None}).json()["metadata"] == {}


def test_the_client_sends_and_edits_it(url: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("A note by the client.")
    with Dossier(url) as client:
        (added,) = client.add([tmp_path / "note.txt"], metadata={"project": "Harbour"}).added
        assert client.document(added).metadata == {"project": "Harbour"}
        assert client.edit(added, metadata={"tags": ["board"]}).metadata["tags"] == ["board"]


def test_commands_set_it_and_take_it_back(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("A note.")
    indexed = invoke(
        "index", str(tmp_path / "note.txt"), "--set", "project=Harbour", "--set", "pages=12", "--tag", "board", "--json"
    )
    (added,) = json.loads(indexed.stdout)["added"]
    told = invoke("edit", added, "--set", "owner=Ilse", "--set", "owner=Otto").stdout
    assert "project: Harbour" in told and "pages: 12" in told and "tags: board" in told and "owner: Ilse, Otto" in told
    assert invoke("edit", added, "--set", "no value").exit_code == 2
    assert json.loads(invoke("edit", added, "--undo", "--json").stdout)["metadata"] == {}
