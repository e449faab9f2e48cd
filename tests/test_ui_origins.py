"""Pages of other sites over real HTTP: refused unless the setting names them, and never with a cookie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.errors import SettingInvalid
from rag.settings import Settings, load_settings
from tests.fakes_ui import FakeDossier, serving
from ui.access.keys import Keys
from ui.serve import serve

APP = "https://app.example.org"
OTHER = "https://other.example.org"
ASKED = {"question": "When did the harbour reopen?"}


def asking_first(origin: str, method: str = "POST", headers: str = "content-type") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
        "Sec-Fetch-Site": "cross-site",
    }


def from_page(origin: str, **more: str) -> dict[str, str]:
    return {"Origin": origin, "Sec-Fetch-Site": "cross-site", **more}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    dossier = FakeDossier(tmp_path_factory.mktemp("data"), origins=f"{APP},app://notes")
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        serving(FakeDossier(tmp_path_factory.mktemp("data"))) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        yield client


def cors(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("origin", [APP, "app://notes", APP.upper()])
def test_a_page_that_is_named_asks_first_and_then_asks(client: httpx.Client, origin: str) -> None:
    first = client.options(
        "/v1/answer", headers=asking_first(origin, headers="Authorization, content-type, x-stainless-os")
    )
    assert first.status_code == 204
    assert first.headers["access-control-allow-origin"] == origin
    assert first.headers["access-control-allow-methods"] == "POST"
    assert first.headers["access-control-allow-headers"] == "authorization, content-type, x-stainless-os"
    assert "origin" in first.headers["vary"].lower()
    assert "access-control-allow-credentials" not in first.headers
    answer = client.post("/v1/answer", json=ASKED, headers=from_page(origin))
    assert answer.json()["verdict"] == "answered"
    assert answer.headers["access-control-allow-origin"] == origin


def test_what_is_refused_can_be_read_by_the_page_too(client: httpx.Client) -> None:
    for response in (
        client.post("/v1/answer", json={"question": " "}, headers=from_page(APP)),
        client.get("/v1/nothing", headers=from_page(APP)),
        client.post("/v1/answer", json=ASKED, headers=from_page(APP, Authorization="Bearer dsk_wrong")),
    ):
        assert response.status_code in (401, 404, 422)
        assert response.headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize("origin", [OTHER, "null", "*", "http://app.example.org", f"{APP}:8443", f"{APP}.evil.example"])
def test_a_page_that_is_not_named_is_told_nothing(client: httpx.Client, origin: str) -> None:
    first = client.options("/v1/answer", headers=asking_first(origin))
    assert (first.status_code, cors(first)) == (403, {})
    assert "'origins'" in first.json()["detail"]
    assert client.post("/v1/answer", json=ASKED, headers=from_page(origin)).status_code == 403
    read = client.get("/v1/models", headers=from_page(origin))
    assert cors(read) == {}


def test_it_is_closed_as_long_as_nothing_is_set(closed: httpx.Client) -> None:
    assert closed.options("/v1/answer", headers=asking_first(APP)).status_code == 403
    assert closed.post("/v1/answer", json=ASKED, headers=from_page(APP)).status_code == 403
    assert cors(closed.get("/v1/models", headers=from_page(APP))) == {}


@pytest.mark.parametrize(
    ("path", "status"), [("/", 403), ("/sign-in", 403), ("/gradio_api/queue/join", 403), ("/none", 404)]
)
def test_the_page_stays_its_own(client: httpx.Client, path: str, status: int) -> None:
    method = "POST" if "join" in path or "sign" in path else "GET"
    first = client.options(path, headers=asking_first(APP, method))
    assert (first.status_code, first.headers.get("access-control-allow-methods")) == (status, None)


def test_a_method_that_is_not_there_is_not_promised(client: httpx.Client) -> None:
    assert client.options("/v1/answer", headers=asking_first(APP, "DELETE")).status_code == 405


def test_headers_that_are_none_are_not_repeated(client: httpx.Client) -> None:
    first = client.options("/v1/answer", headers=asking_first(APP, headers="x" * 300 + "; y"))
    assert first.headers["access-control-allow-headers"] == "authorization, content-type"


def test_a_local_network_is_opened_only_to_a_page_that_is_named(client: httpx.Client) -> None:
    wanted = {"Access-Control-Request-Private-Network": "true"}
    assert cors(client.options("/v1/answer", headers=asking_first(APP) | wanted))[
        "access-control-allow-private-network"
    ]
    assert not cors(client.options("/v1/answer", headers=asking_first(OTHER) | wanted))


def test_a_page_of_another_site_never_uses_the_cookie(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path, origins=APP, require_keys=True)
    key = Keys(tmp_path).create("desk")[1]
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False) as browser:
        browser.post("/sign-in", data={"key": key})
        assert browser.cookies
        assert browser.post("/v1/answer", json=ASKED, headers=from_page(url)).status_code != 401
        assert browser.post("/v1/answer", json=ASKED, headers=from_page(APP)).status_code == 403
        bearer = from_page(APP, Authorization=f"Bearer {key}")
        assert browser.post("/v1/answer", json=ASKED, headers=bearer).status_code == 200


def test_every_site_may_ask_only_where_there_are_no_keys(tmp_path: Path) -> None:
    with (
        serving(FakeDossier(tmp_path / "open", origins="*")) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        answer = client.post("/v1/answer", json=ASKED, headers=from_page(OTHER))
        assert answer.headers["access-control-allow-origin"] == OTHER
    Keys(tmp_path / "keys").create("desk")
    made: list[dict[str, Any]] = [
        {"data": tmp_path / "keys"},
        {"data": tmp_path / "none", "require_keys": True},
        {"data": tmp_path / "none", "host": "0.0.0.0"},
    ]
    for more in made:
        with pytest.raises(
            SettingInvalid, match=r"'origins': '\*' is for a server without keys.*DOSSIER_ORIGINS="
        ) as said:
            serve(Settings(origins=f"*,{APP}", port=1, **more))
        assert "\n" not in str(said.value)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://App.Example.org:443/, http://localhost:3000", ("https://app.example.org", "http://localhost:3000")),
        ("http://a.example:80", ("http://a.example",)),
        ("http://[::1]:5173", ("http://[::1]:5173",)),
        ("", ()),
    ],
)
def test_origins_are_read_as_browsers_write_them(
    monkeypatch: pytest.MonkeyPatch, given: str, read: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DOSSIER_ORIGINS", given)
    assert load_settings().origins == read


@pytest.mark.parametrize(
    "given", ["app.example.org", "https://a/path", "https://", "https://a b", "https://*.a.org", "https://u@a"]
)
def test_what_is_no_origin_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("DOSSIER_ORIGINS", given)
    with pytest.raises(SettingInvalid, match=r"'origins.*DOSSIER_ORIGINS"):
        load_settings()
