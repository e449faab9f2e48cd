"""Every address of the server is in the table of routes, or is refused; every entry of the table is an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from tests.fakes_ui import FakeDossier, running
from ui.access.permitted import Permitted
from ui.access.routes import API_ROUTES, PAGE_ROUTES, ROUTES, find_route
from ui.http.app import create_app
from ui.problems import Problem
from ui.serve import build

NOT_OURS = re.compile(r"/(gradio_api|login|logout|monitoring|pwa_icon|manifest\.json|robots\.txt)\b.*")
"""Addresses of Gradio that the page does not use."""


def addresses(held: Any) -> Iterator[tuple[str, str]]:
    """Method and path of every route under an application or router."""
    for one in getattr(held, "routes", ()):
        if getattr(one, "methods", None):
            yield from ((method, one.path) for method in one.methods)
        else:
            for inner in ("original_router", "app"):
                yield from addresses(getattr(one, inner, None))


def shape(path: str) -> str:
    """A path whose slots have no names, as two who name them differently agree on."""
    return re.sub(r"\{\w+(:path)?\}", r"{\1}", path)


def sample(path: str) -> str:
    return re.sub(r"\{\w+(:path)?\}", "x", path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ASGIApp:
    """The server as it is built, where everybody needs a key."""
    return build(FakeDossier(tmp_path_factory.mktemp("data"), require_keys=True))


@pytest.fixture(scope="module")
def served(whole: ASGIApp) -> set[tuple[str, str]]:
    """Every address of the whole application, Gradio's included."""
    layer: Any = whole
    while hasattr(layer, "application"):
        layer = layer.application
    return set(addresses(layer))


def test_every_address_is_in_the_table_or_refused(served: set[tuple[str, str]]) -> None:
    known = {(method, shape(one.path)) for one in ROUTES for method in one.methods}
    assert len(served) > 60
    for method, path in served:
        if (method, shape(path)) in known or (method, shape(path.rstrip("/"))) in known:
            continue
        assert NOT_OURS.fullmatch(path), f"{method} {path} is in no table: see ui/access/routes.py"
        with pytest.raises(Problem) as refused:
            find_route(method, sample(path))
        assert refused.value.status_code in (404, 405)


def test_every_entry_of_the_table_is_an_address(served: set[tuple[str, str]]) -> None:
    there = {(method, shape(path)) for method, path in served}
    for one in ROUTES:
        for method in one.methods:
            assert (method, shape(one.path)) in there, (method, one.path)


def test_every_route_of_the_api_is_classified(tmp_path: Path) -> None:
    known = {(method, shape(one.path)) for one in API_ROUTES for method in one.methods}
    found = {(method, shape(path)) for method, path in addresses(create_app(Permitted(FakeDossier(tmp_path))))}
    assert found
    assert {one for one in found if one[0] != "HEAD"} <= known


def test_without_a_key_nothing_answers_but_what_is_open(whole: ASGIApp, served: set[tuple[str, str]]) -> None:
    with running(whole) as url, httpx.Client(base_url=url, trust_env=False) as client:
        for method, path in served:
            status = client.request(method, sample(path)).status_code
            try:
                need = find_route(method, sample(path))[0].need
            except Problem as problem:
                assert status == problem.status_code in (404, 405), (method, path)
            else:
                assert (status == 401) == (need != "open"), (method, path)


def test_no_address_stands_in_the_table_twice() -> None:
    found = [(method, shape(one.path)) for one in ROUTES for method in one.methods]
    assert len(found) == len(set(found))


def test_only_two_kinds_of_address_are_open_to_everyone() -> None:
    assert {one.path for one in ROUTES if one.need == "open"} == {"/livez", "/sign-in", "/sign-out"}


def test_whatever_changes_documents_needs_a_key_that_may_write() -> None:
    changing = [one for one in API_ROUTES if one.methods & {"DELETE", "PUT", "PATCH"} or one.body == "upload"]
    changing = [one for one in changing if not one.path.startswith("/v1/threads")]  # a conversation of one's own
    assert changing
    assert {one.need for one in changing} == {"write"}


def test_whatever_names_a_session_of_the_page_says_where() -> None:
    for one in PAGE_ROUTES:
        if "queue" in one.path or "{session_hash}" in one.path:
            assert one.session is not None, one.path


@pytest.mark.parametrize(
    "path", ["/v1/answer/", "/V1/answer", "//v1/answer", "/v1/answers/a/b", "/v1", "", "/sign-in/x"]
)
def test_an_address_that_is_nearly_one_is_none(path: str) -> None:
    with pytest.raises(Problem, match="nothing at this address"):
        find_route("POST", path)
