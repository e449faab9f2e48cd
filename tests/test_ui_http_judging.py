"""Collections, corrections, judgements and gold cases over HTTP."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from eval.gold import load_gold
from index.files import find_files
from rag.build import Dossier, open_dossier
from rag.feedback import NoGoldCase, gold_case, names_of
from rag.replay import KeptAnswer
from rag.settings import load_settings
from rag.values import Answer, Citation, Conflict, EvidenceView, Position
from tests.fakes_ui import HARBOUR, FakeDossier, document, running, serving
from ui.access.keys import Keys
from ui.access.permitted import Permitted
from ui.http.app import create_app
from ui.serve import guarded
from ui.slots import Slots

HARBOUR_ID = document(HARBOUR, "x").id
ASKED = {"question": "When did the harbour reopen?"}


@pytest.fixture
def dossier(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path)


@pytest.fixture
def client(dossier: FakeDossier) -> Iterator[httpx.Client]:
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
        yield client


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].rsplit(":", 1)[-1]


def test_a_collection_is_made_listed_filled_and_removed_with_everything_in_it(client: httpx.Client) -> None:
    made = client.post("/v1/collections", json={"name": "quays"})
    assert (made.status_code, made.json()["usual"], made.json()["documents"]) == (201, False, 0)
    assert code(client.post("/v1/collections", json={"name": "quays"})) == (409, "collection-exists")
    assert [(one["name"], one["usual"]) for one in client.get("/v1/collections").json()["collections"]] == [
        ("default", True),
        ("quays", False),
    ]
    assert client.delete("/v1/collections/quays").json() == {"name": "quays", "removed": True}
    assert code(client.delete("/v1/collections/quays")) == (404, "unknown-collection")
    assert code(client.post("/v1/answer", json={**ASKED, "collection": "quays"})) == (404, "unknown-collection")


@pytest.mark.parametrize("name", ["", "Quays", "../quays", "a b", "-a", "x" * 64, "q\u0430y", None, 7])
def test_a_collection_has_a_plain_name(client: httpx.Client, name: Any) -> None:
    assert client.post("/v1/collections", json={"name": name}).status_code == 422


def test_a_key_makes_and_removes_only_what_it_may_see(client: httpx.Client, dossier: FakeDossier) -> None:
    keys = Keys(dossier.settings.data)
    limited, reader = (keys.create("a", collections=["quays"])[1], keys.create("b", may_write=False)[1])
    own, read = ({"Authorization": f"Bearer {key}"} for key in (limited, reader))
    assert client.post("/v1/collections", json={"name": "quays"}, headers=own).status_code == 201
    assert code(client.post("/v1/collections", json={"name": "mills"}, headers=own)) == (404, "unknown-collection")
    assert code(client.delete("/v1/collections/default", headers=own)) == (404, "unknown-collection")
    assert [one["name"] for one in client.get("/v1/collections", headers=own).json()["collections"]] == ["quays"]
    assert code(client.delete("/v1/collections/quays", headers=read)) == (403, "read-only-key")
    assert code(client.patch(f"/v1/documents/{HARBOUR_ID}", json={"author": "x"}, headers=read)) == (
        403,
        "read-only-key",
    )


def test_a_correction_is_a_new_revision_and_the_old_one_is_gone(client: httpx.Client) -> None:
    edit = {"published": "2025-11", "publisher": "Tarn Post"}
    new = client.patch(f"/v1/documents/{HARBOUR_ID}", json=edit).json()
    assert (new["published"], new["published_precision"], new["published_source"]) == ("2025-11", "month", "edited")
    assert (new["publisher"], new["author"]) == ("Tarn Post", "I. Brandt")
    assert client.get(f"/v1/documents/{new['id']}").json() == new
    assert code(client.get(f"/v1/documents/{HARBOUR_ID}")) == (404, "unknown-document")
    cleared = client.patch(f"/v1/documents/{new['id']}", json={"published": "", "author": ""}).json()
    assert (cleared["published"], cleared["author"]) == (None, None)
    assert client.patch(f"/v1/documents/{cleared['id']}", json={}).json() == cleared


@pytest.mark.parametrize(
    "edit",
    [
        {"published": "yesterday"}, {"published": "2025-13"}, {"published": "2025-02-30"}, {"published": "9999"}, {"published": 2025},
        {"publisher": "a\0"}, {"title": "\ud800"}, {"title": "x" * 301}, {"kind": "report"}, {"author": ["x"]}, {"id": "x"}, [], None,
    ],
)  # fmt: skip
def test_a_correction_that_cannot_be_is_refused(client: httpx.Client, edit: Any) -> None:
    sent = client.patch(
        f"/v1/documents/{HARBOUR_ID}", content=json.dumps(edit), headers={"Content-Type": "application/json"}
    )
    assert code(sent) == (422, "invalid-request")
    assert client.get(f"/v1/documents/{HARBOUR_ID}").status_code == 200


def judge(client: httpx.Client, **said: Any) -> httpx.Response:
    answer = client.post("/v1/answer", json={"question": said.pop("question", ASKED["question"])}).json()
    return client.post("/v1/feedback", json={"answer_id": answer["id"], **said})


def test_a_judgement_is_kept_listed_and_deleted(client: httpx.Client) -> None:
    said = {"rating": "bad", "reasons": ["outdated", "other", "outdated"], "comment": "<b>It closed again.</b>"}
    given = judge(client, **said)
    assert (given.status_code, given.json()["reasons"], given.json()["caller"]) == (201, ["outdated", "other"], "local")
    assert client.get("/v1/feedback").json() == {"total": 1, "feedback": [given.json()]}
    assert client.delete(f"/v1/feedback/{given.json()['id']}").status_code == 200
    assert code(client.delete(f"/v1/feedback/{given.json()['id']}")) == (404, "unknown-feedback")
    assert client.get("/v1/gold").text == ""


@pytest.mark.parametrize(
    "said",
    [
        {"rating": "fair"}, {}, {"rating": "good", "reasons": ["because"]}, {"rating": "good", "reasons": "unclear"},
        {"rating": "good", "reasons": ["other"] * 8}, {"rating": "good", "comment": "x" * 2001}, {"rating": "good", "gold": "yes"},
        {"rating": "bad", "expected": " "}, {"rating": "bad", "expected": "x" * 501}, {"rating": "good", "caller": "me"},
    ],
)  # fmt: skip
def test_a_judgement_that_makes_no_sense_is_refused(client: httpx.Client, said: dict[str, Any]) -> None:
    assert code(judge(client, **said)) == (422, "invalid-request")


def test_only_a_kept_answer_can_be_judged(client: httpx.Client) -> None:
    sent = client.post("/v1/feedback", json={"answer_id": "ans_none", "rating": "good"})
    assert code(sent) == (404, "unknown-answer")


def test_a_read_key_judges_and_makes_no_gold_case(client: httpx.Client, dossier: FakeDossier) -> None:
    client.headers["Authorization"] = f"Bearer {Keys(dossier.settings.data).create('b', may_write=False)[1]}"
    assert judge(client, rating="good").status_code == 201
    assert code(judge(client, rating="good", gold=True)) == (403, "read-only-key")


def test_a_bad_answer_needs_the_right_one_to_become_a_gold_case(client: httpx.Client) -> None:
    assert code(judge(client, rating="bad", gold=True)) == (409, "no-gold-case")
    assert code(judge(client, rating="bad", gold=True, expected="9 June")) == (409, "no-gold-case")
    right = judge(client, rating="bad", gold=True, expected="4  may").json()["gold"]
    assert (right["kind"], right["answers"]) == ("fact", ["4  may"])
    assert right["evidence"] == [{"document": "harbour.txt", "quote": "The harbour of Tarn reopened on 4 May."}]
    refuse = judge(client, rating="bad", gold=True, reasons=["should_have_refused"]).json()["gold"]
    assert (refuse["kind"], "evidence" in refuse) == ("unanswerable", False)


def test_of_an_answer_the_last_gold_case_counts(client: httpx.Client) -> None:
    answer = client.post("/v1/answer", json=ASKED).json()
    for expected in ("4 May", "on 4 May"):
        said = {"answer_id": answer["id"], "rating": "bad", "gold": True, "expected": expected}
        assert client.post("/v1/feedback", json=said).status_code == 201
    lines = client.get("/v1/gold")
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["answers"] for line in lines.text.splitlines()] == [["on 4 May"]]


@pytest.fixture
def real(tmp_path: Path, harbour_files: Path) -> Iterator[Dossier]:
    with open_dossier(load_settings(data=tmp_path / "data")) as dossier:
        found = find_files([harbour_files], max_files=10)
        dossier.collection(create=True).ingest(found.files, roots=found.roots)
        yield dossier


def test_gold_cases_of_the_whole_route_are_a_gold_file(real: Dossier, tmp_path: Path) -> None:
    app = guarded(create_app(Permitted(real), slots=Slots(2)), real.settings)
    questions = ("Who steered the first crossing?", "Who invented paper?")
    with running(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
        for question in questions:
            assert judge(client, question=question, rating="good", gold=True).status_code == 201
        without = {"question": questions[0], "llm": True}
        assert code(client.post("/v1/answer", json=without)) == (409, "no-language-model")
        hashes = {client.post("/v1/answer", json={"question": "x", "strictness": one}).json()["settings_hash"]
                  for one in ("lenient", "normal", "strict")}  # fmt: skip
        (tmp_path / "gold.jsonl").write_text(client.get("/v1/gold").text, encoding="utf-8")
        documents = client.get("/v1/documents").json()["total"]
        assert client.delete("/v1/collections/default").status_code == 200
        assert (documents, client.get("/v1/collections").json()) == (3, {"collections": []})
    assert len(hashes) == 3


def kept(**more: Any) -> KeptAnswer:
    cited = [
        Citation(number=n, document_id=f"d{n}", chunk_id="c", quote=f"It was {n}.", start=0, end=9) for n in (1, 2)
    ]
    read = EvidenceView(
        chunk_id="c", document_id="d1", number=1, rank=1, score=1, start=0, end=9, text="It was 1. It was 3."
    )
    answer = Answer(
        id=f"ans_{uuid.uuid4().hex}", question="And then?", query="What was it then?", verdict="answered", text="", short="1", confidence=1,
        citations=tuple(cited), evidence=(read,), answered_by="extractive", settings_hash="0", generation="g",
    )  # fmt: skip
    return KeptAnswer(asked_at="2024-01-01T00:00:00+00:00", answer=answer.model_copy(update=more))


NAMES = {"d1": "one.txt", "d2": "two.txt"}
POSITIONS = tuple(Position(value=str(n), citations=(n,)) for n in (1, 2))


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, "fact"),
        ({"verdict": "partial", "missing": ("when",)}, "multi"),
        ({"verdict": "conflicting", "conflicts": (Conflict(about="it", positions=POSITIONS),)}, "conflict"),
        ({"verdict": "not_stated", "citations": ()}, "unanswerable"),
    ],
)
def test_each_verdict_makes_a_case_that_the_evaluation_reads(tmp_path: Path, more: dict[str, Any], kind: str) -> None:
    case = gold_case(kept(**more), NAMES)
    assert (case["kind"], case["question"]) == (kind, "What was it then?")
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps(case))
    shelf = [document(f"It was {n}.", f"/in/{name}") for n, name in ((1, "one.txt"), (2, "two.txt"))]
    assert load_gold(path, shelf)[0].case.kind == kind


def test_no_case_is_made_of_what_is_gone_or_has_no_short_answer() -> None:
    with pytest.raises(NoGoldCase, match="gone"):
        gold_case(kept(), {"d1": "one.txt"})
    with pytest.raises(NoGoldCase, match="expected"):
        gold_case(kept(short=""), NAMES)
    assert gold_case(kept(short=""), NAMES, expected="was  3")["evidence"][0]["quote"] == "It was 3."


def test_a_document_is_named_by_the_shortest_end_of_its_source_that_is_its_own() -> None:
    found = names_of([document("a", "/in/x/note.md"), document("b", "/in/y/note.md"), document("c", "upload/other.md")])
    assert sorted(found.values()) == ["other.md", "x/note.md", "y/note.md"]
