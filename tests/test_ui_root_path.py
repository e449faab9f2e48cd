"""The server under a path of a proxy that takes the path off, or leaves it: API, sign-in and page over real HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from index.errors import SettingInvalid
from rag.settings import Settings
from tests.fakes_page import MemoryDossier, make_document, served
from tests.fakes_ui import FakeDossier, serving
from tests.proxy import proxied
from ui.access.keys import Keys
from ui.serve import serve

PREFIX = "/tools/dossier"
TEXT = "The harbour opened in 1902. Otto Lind built the bridge in 1911."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Everything that `dossier serve` serves, with the page."""
    dossier = MemoryDossier(tmp_path_factory.mktemp("data"), [make_document(TEXT, title="A harbour")])
    dossier.settings = dossier.settings.model_copy(update={"root_path": PREFIX})
    with served(dossier) as url:
        yield url


@pytest.fixture(scope="module", params=[True, False], ids=["path taken off", "path left"])
def outside(server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    with proxied(server, PREFIX, strips=request.param) as url:
        yield url


def client_of(url: str) -> httpx.Client:
    return httpx.Client(base_url=f"{url}/", trust_env=False, timeout=120)


def test_the_api_links_to_where_it_is_reached(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path, root_path=PREFIX)
    with serving(dossier) as inner, proxied(inner, PREFIX) as outside, client_of(outside) as client:
        asked = {"model": "dossier", "messages": [{"role": "user", "content": "When did the harbour reopen?"}]}
        made = client.post("v1/chat/completions", json=asked).json()
        link = made["choices"][0]["message"]["annotations"][0]["url_citation"]
        assert link["url"].startswith(f"{outside}/v1/documents/")
        assert client.get(link["url"]).json()["text"] == link["quote"]
        assert client.get("openapi.json").json()["servers"] == [{"url": PREFIX}]


def test_the_page_finds_its_parts_and_answers(outside: str) -> None:
    with client_of(outside) as client:
        page = client.get("")
        assert client.get("v1/models").status_code == 200
        assert page.status_code == 200
        config = client.get("config").json()
        assert config["root"] == outside
        parts = [one for one in re.findall(r'(?:src|href)="([^"]+)"', page.text) if one.endswith((".js", ".css"))]
        assert parts
        for one in parts[:5]:
            found = urljoin(f"{outside}/", one)
            assert found.startswith(f"{outside}/") and client.get(found).status_code == 200, one
        event = next(one for one in config["dependencies"] if one["api_name"] == "show_header")
        body = {"data": [""], "fn_index": event["id"], "session_hash": "a1b2c3d4e5"}
        assert client.post("gradio_api/queue/join", json=body).status_code == 200
        with client.stream("GET", "gradio_api/queue/data", params={"session_hash": "a1b2c3d4e5"}) as stream:
            told = [json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line.startswith("data:")]
        (done,) = [one for one in told if one["msg"] == "process_completed"]
        assert done["success"] and "1 document" in str(done["output"]["data"])


def test_without_the_proxy_the_same_server_answers_the_commands_of_its_machine(server: str) -> None:
    with client_of(server) as client:
        assert client.get("v1/models").status_code == 200
        assert client.get(f"{server}{PREFIX}", follow_redirects=False).headers["location"] == f"{PREFIX}/"


@pytest.mark.parametrize(
    "path",
    [
        f"{PREFIX}{PREFIX}/v1/models",
        f"{PREFIX}x/v1/models",
        "/tools/v1/models",
        f"{PREFIX}//v1/models",
        "/tools/dossier/../v1/models",
    ],
)
def test_a_path_that_a_proxy_got_wrong_is_no_address(server: str, path: str) -> None:
    with httpx.Client(trust_env=False) as client:
        request = client.build_request("GET", server)
        request.url = request.url.copy_with(raw_path=path.encode())
        assert client.send(request).status_code == 404


def test_headers_about_the_path_are_not_believed(server: str) -> None:
    with client_of(server) as client:
        for name in ("X-Forwarded-Prefix", "X-Script-Name", "X-Original-URI"):
            assert client.get("livez", headers={name: "/elsewhere"}).status_code == 200


def test_signing_in_stays_under_the_path(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path, require_keys=True, root_path=PREFIX)
    key = Keys(tmp_path).create("desk")[1]
    forwarding = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Prefix": "/elsewhere"}
    with serving(dossier) as inner, proxied(inner, PREFIX, headers=forwarding) as url, client_of(url) as browser:
        first = browser.get("", headers={"Accept": "text/html"})
        assert urljoin(str(first.url), first.headers["location"]) == f"{url}/sign-in"
        form = browser.get("sign-in")
        action = re.search(r'action="([^"]+)"', form.text)
        assert action and urljoin(str(form.url), action[1]) == f"{url}/sign-in"
        signed_in = browser.post("sign-in", data={"key": key})
        assert urljoin(str(signed_in.url), signed_in.headers["location"]) == f"{url}/"
        assert f"Path={PREFIX}" in signed_in.headers["set-cookie"]
        assert browser.get("v1/models").status_code == 200


@pytest.mark.parametrize("path", ["/v1", "/gradio_api/x", "/assets"])
def test_an_address_of_the_server_itself_is_no_root_path(tmp_path: Path, path: str) -> None:
    with pytest.raises(SettingInvalid, match=r"'root_path'.*DOSSIER_ROOT_PATH="):
        serve(Settings(data=tmp_path, root_path=path))


@pytest.mark.parametrize("path", ["dossier", "/dossier/", "/", "//a", "/a/../b", "/.", "/a b", "/a?b", "http://a/b"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="root_path"):
        Settings(root_path=path)
