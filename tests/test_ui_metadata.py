"""Metadata and filters over every door: HTTP, the client and the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from index.files import find_files
from rag.build import Dossier as RealDossier
from rag.build import open_dossier
from rag.client import Dossier
from rag.settings import load_settings
from tests.commands import Invoke, invoking
from tests.fakes_ui import FakeDossier, running, serving
from ui.access.permitted import Permitted
from ui.command.app import app
from ui.desk import LocalDesk
from ui.http.app import create_app
from ui.mcp import Tools
from ui.requests import AnswerFilters, SearchFilters
from ui.serve import guarded
from ui.slots import Slots


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


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDossier]:
    """Three notes on one harbour, two of them told apart by metadata alone."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "notes").mkdir()
    for name, ships in (("spring", 31), ("summer", 57), ("autumn", 44)):
        (folder / "notes" / f"{name}.md").write_text(
            f"---\nseason: {name}\nships: {ships}\n"
            + ("date: 2024-10-02\n" if name == "autumn" else "")
            + f"---\n# Harbour count\n\nThe harbour master of Tarn counted {ships} ships at the quay.\n"
        )
    with open_dossier(load_settings(data=folder / "data")) as dossier:
        found = find_files([folder / "notes"], max_files=10)
        dossier.collection(create=True).ingest(found.files, roots=found.roots)
        yield dossier


@pytest.fixture(scope="module")
def real_url(real: RealDossier) -> Iterator[str]:
    with running(guarded(create_app(Permitted(real), slots=Slots(2)), real.settings)) as url:
        yield url


ASKED = "How many ships did the harbour master of Tarn count?"


@pytest.mark.parametrize(("season", "ships"), [("spring", "31"), ("Summer", "57")])
def test_an_answer_is_made_of_what_passes_and_says_what_it_was_narrowed_to(
    real_url: str, season: str, ships: str
) -> None:
    with httpx.Client(base_url=real_url, trust_env=False, timeout=120) as client:
        body = {"question": ASKED, "filters": {"metadata": {"season": season}}}
        answer = client.post("/v1/answer", json=body).json()
        assert {one["title"] for one in answer["citations"]} and ships in answer["text"]
        assert all(ships in one["text"] for one in answer["evidence"])
        assert answer["filters"]["metadata"] == {"season": season}
        kept = client.get(f"/v1/answers/{answer['id']}").json()
        assert kept["asked"]["metadata"] == {"season": season}
        again = client.post(f"/v1/answers/{answer['id']}/replay").json()
        assert again["new"]["filters"]["metadata"] == {"season": season} and not again["changes"]["changed"]


def test_what_a_date_leaves_out_for_having_none_is_counted(real_url: str) -> None:
    with Dossier(real_url) as client:
        answer = client.ask(ASKED, since="2024")
        assert (answer.filters.undated_left_out, "44" in answer.text) == (2, True)
        assert client.ask(ASKED, since="2024", metadata={"season": "spring"}).filters.undated_left_out == 1
        assert client.search("ships at the quay", until="2025").undated_left_out == 2
        assert client.ask(ASKED, metadata={"ships": {"min": 50}}).filters.undated_left_out == 0


def test_a_document_that_a_filter_names_must_be_there(real_url: str, real: RealDossier) -> None:
    wanted = next(one for one in real.collection().documents() if one.metadata["season"] == "summer")
    with httpx.Client(base_url=real_url, trust_env=False, timeout=120) as client:
        found = client.post("/v1/search", json={"query": "ships", "filters": {"documents": [wanted.id]}}).json()
        assert {one["document_id"] for one in found["hits"]} == {wanted.id}
        for route, body in (
            ("search", {"query": "ships"}),
            ("answer", {"question": ASKED}),
            ("coverage", {"asked": ASKED}),
        ):
            response = client.post(f"/v1/{route}", json={**body, "filters": {"documents": ["doc_none"]}})
            assert response.status_code == 404


@pytest.mark.parametrize(
    "filters",
    [{"metadata": {"a": {"$or": []}}}, {"metadata": {"a": {"$regex": "x"}}}, {"metadata": {"a": {"min": {"min": 1}}}}, {"tags": "a"}, {"tags": [1]},
     {"sources": [""]}, {"documents": ["x" * 2000]}, {"tags": ["a"] * 101}, {"metadata": []}, {"metadata": {"a": True}}, {"where": "x"}],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_a_422(client: httpx.Client, filters: dict[str, Any]) -> None:
    assert client.post("/v1/search", json={"query": "ships", "filters": filters}).status_code == 422
    assert client.post("/v1/answer", json={"question": "ships?", "filters": filters}).status_code == 422


def test_commands_narrow_by_metadata_tag_folder_and_document(
    real: RealDossier, real_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = LocalDesk(real)
    monkeypatch.setattr(desk, "close", lambda: None)
    monkeypatch.setattr("ui.opening.open_desk", lambda settings, llm: desk)
    summer = next(one for one in real.collection().documents() if one.metadata["season"] == "summer")

    def found(*options: str) -> set[str]:
        result = CliRunner().invoke(app, ["search", "ships at the quay", "--json", *options])
        assert result.exit_code == 0, result.output
        return {one["text"].split()[6] for one in json.loads(result.stdout)["hits"]}

    assert found("--where", "season=summer") == {"57"}
    assert found("--where", "ships>=40") == {"57", "44"}
    assert found("--where", "ships>=40", "--where", "season~AUT") == {"44"}
    assert found("--document", summer.id) == {"57"}
    assert found("--in", str(Path(summer.sources[0]).parent)) == {"31", "57", "44"}
    assert found("--in", "/elsewhere") == set() == found("--tag", "board")
    assert CliRunner().invoke(app, ["search", "x", "--where", "season"]).exit_code == 1


def test_assistants_narrow_a_search_too(real: RealDossier) -> None:
    tools = Tools(LocalDesk(real), real.settings)
    filters = SearchFilters.model_validate({"metadata": {"season": "summer"}})
    found = tools.search("ships at the quay", filters=filters).structured_content
    assert found is not None and [("57" in one["text"]) for one in found["hits"]] == [True]


def test_a_citation_of_a_superseded_document_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes").mkdir()
    said = "The travel allowance of the Tarn harbour board is {} crowns a day. It is paid at the end of each month to every member."
    for name, crowns in (("Allowance", 40), ("Allowance v2", 55)):
        (tmp_path / "notes" / f"{name}.md").write_text(f"# {name}\n\n{said.format(crowns)}\n")
    with open_dossier(load_settings(data=tmp_path / "data")) as real:
        desk = LocalDesk(real)
        monkeypatch.setattr(desk, "close", lambda: None)
        monkeypatch.setattr("ui.opening.open_desk", lambda settings, llm: desk)
        told = CliRunner().invoke(app, ["index", str(tmp_path / "notes")]).stdout
        new, old = (one.id for one in sorted(desk.documents(collection=None).documents, key=lambda one: one.sources))
        assert f"If it is: dossier supersede {old} {new}" in told
        marked = CliRunner().invoke(app, ["supersede", old, new])
        assert f"superseded by document {new}" in marked.stdout
        question = "What is the travel allowance of the Tarn harbour board?"
        filters = AnswerFilters.model_validate({"documents": [old]})
        answer = desk.answer(question, collection=None, filters=filters)
        assert [one.superseded_by for one in answer.citations] == [new]
        assert f"superseded by document {new}" in CliRunner().invoke(app, ["ask", question, "--document", old]).stdout
        hits = desk.search(question, top_k=5, context=0, collection=None, filters=SearchFilters()).hits
        assert {one.document_id: one.superseded_by for one in hits} == {old: new, new: None}
        assert (
            json.loads(CliRunner().invoke(app, ["supersede", old, "--undo", "--json"]).stdout)["superseded_by"] is None
        )
        assert CliRunner().invoke(app, ["supersede", old]).exit_code == 2
        assert CliRunner().invoke(app, ["supersede", old, old]).exit_code == 1
