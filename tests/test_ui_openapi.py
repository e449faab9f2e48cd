"""The description of the API is whole: every route explained, with examples that fit, and every problem that it can answer with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from tests.fakes_ui import FakeDossier
from ui.access.permitted import Permitted
from ui.access.routes import API_ROUTES
from ui.http.app import create_app
from ui.problems import PROBLEMS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NEVER_OF_A_ROUTE = {
    "not-found",
    "method-not-allowed",
    "client-left",
    "setting-invalid",
    "data-directory-owned",
    "empty-collection",
    "language-model-failed",
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return create_app(Permitted(FakeDossier(tmp_path_factory.mktemp("data")))).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body of an operation with its media type, requests and responses."""
    yield from operation.get("requestBody", {}).get("content", {}).items()
    for response in operation["responses"].values():
        yield from response.get("content", {}).items()


def test_every_address_is_described(document: dict[str, Any]) -> None:
    found = {(method, path) for method, path, _ in operations(document)}
    known = {(m, one.path.replace(":path", "")) for one in API_ROUTES for m in one.methods if m != "HEAD"}
    assert found == known - {("GET", "/openapi.json")}


def test_every_operation_is_explained(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for *_, operation in operations(document)]
    assert len(set(names)) == len(names)
    for method, path, operation in operations(document):
        assert operation["summary"] and operation["description"], (method, path)
        assert operation["tags"][0] in {tag["name"] for tag in document["tags"]}


def test_every_schema_is_one_and_every_example_fits_it(document: dict[str, Any]) -> None:
    checked = 0
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": DRAFT, **schema})
    for method, path, operation in operations(document):
        for kind, media in contents(operation):
            given = (
                [media["example"]]
                if "example" in media
                else [one["value"] for one in media.get("examples", {}).values()]
            )
            assert (
                given or kind in ("multipart/form-data", "text/plain") or path.endswith(("/export", "/file", ".png"))
            ), (
                method,
                path,
                kind,
            )
            fits = jsonschema_rs.validator_for(
                {"$schema": DRAFT, **media["schema"], "components": document["components"]}
            )
            for one in given:
                fits.validate(one)
                checked += 1
    assert checked > 200


def test_every_problem_is_described_where_it_can_occur(document: dict[str, Any]) -> None:
    told: set[str] = set()
    for method, path, operation in operations(document):
        for status, response in operation["responses"].items():
            assert status.isdecimal(), (method, path, status)
            examples = response.get("content", {}).get("application/problem+json", {}).get("examples", {})
            assert {PROBLEMS[code][0] for code in examples} <= {int(status)}
            told |= set(examples)
            if int(status) >= 400:
                assert examples, (method, path, status)
    assert set(PROBLEMS) - told == NEVER_OF_A_ROUTE


def test_what_needs_a_key_says_so_and_what_is_open_does_not(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for _, path, operation in operations(document):
        assert ("401" in operation["responses"]) == ("security" in operation) == (path != "/livez")


def test_a_stream_is_described_beside_the_whole(document: dict[str, Any]) -> None:
    for path in ("/v1/answer", "/v1/chat/completions", "/v1/responses"):
        content = document["paths"][path]["post"]["responses"]["200"]["content"]
        assert set(content) == {"application/json", "text/event-stream"}
        assert content["text/event-stream"]["example"]["data"]


def test_the_description_leads_nowhere_else(document: dict[str, Any]) -> None:
    assert "contact" not in document["info"]
    assert not [one for one in document if one in ("servers", "externalDocs")]
