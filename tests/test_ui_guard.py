"""The guard over real HTTP: who comes in, how much is read, and what every response says to a browser."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import UnknownCollection
from tests.fakes_ui import FakeDossier, running, serving
from ui.access.caller import Caller, acting_as
from ui.access.credentials import Credentials
from ui.access.guard import JSON_BYTES, Guard
from ui.access.keys import Keys
from ui.access.limits import Limits
from ui.access.permitted import READS, Permitted
from ui.access.signed_in import SignedIn
from ui.access.whence import Hosts, check_origin
from ui.problems import Problem
from ui.protocols import Collection

JSON = {"Content-Type": "application/json"}
ASKED = b'{"question": "The harbour?"}'


class Counting:
    """An application that reads its whole body and remembers how much it saw."""

    def __init__(self) -> None:
        self.read = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
            return
        self.read = 0
        async for part in Request(scope, receive).stream():
            self.read += len(part)
        await PlainTextResponse("ok", headers={"Access-Control-Allow-Origin": "*"})(scope, receive, send)


@pytest.fixture(scope="module")
def counting() -> Counting:
    return Counting()


def guarding(app: ASGIApp, data: Path, *, hosts: Hosts | None = None, body_grace_s: float = 0.5) -> Guard:
    """The guard before an application of its own, where who has no key is the owner."""
    return Guard(
        app,
        credentials=Credentials(Keys(data), SignedIn(), trust_local=True),
        hosts=hosts or Hosts(),
        limits=Limits(30),
        max_file_bytes=100_000,
        body_grace_s=body_grace_s,
    )


@pytest.fixture(scope="module")
def url(counting: Counting, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(guarding(counting, tmp_path_factory.mktemp("data"))) as url:
        yield url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def raw(url: str, request: bytes) -> tuple[int, str]:
    """Status and body of one exchange, byte for byte as given; 0 when the server closed without a word."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=120) as link:
        link.sendall(request)
        received = b""
        while chunk := link.recv(65536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    return (int(head.split()[1]) if head else 0), body.decode("utf-8", "replace")


@pytest.mark.parametrize("path", ["/livez", "/v1/documents", "/v1/nothing", "/monitoring", "/"])
def test_every_response_carries_the_policy(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert not [name for name in headers if name.startswith("access-control-")]


def test_a_response_of_the_api_is_not_kept_by_a_cache(client: httpx.Client) -> None:
    assert client.get("/v1/documents").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:7860", "127.0.0.1", "127.0.0.2:99", "[::1]:8080", "LOCALHOST"]
)
def test_loopback_names_are_answered(client: httpx.Client, host: str) -> None:
    assert client.get("/livez", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "0.0.0.0",
        "192.168.1.2",
        "[::]",
        "[::1",
        "2130706433",
    ],
)
def test_another_host_name_is_refused_against_rebinding(client: httpx.Client, host: str) -> None:
    response = client.get("/livez", headers={"Host": host})
    assert (response.status_code, response.json()["type"]) == (421, "urn:dossier:problem:misdirected-host")


def test_a_request_without_a_host_is_refused(url: str) -> None:
    assert raw(url, b"GET /livez HTTP/1.0\r\n\r\n")[0] == 400


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1", "", "file://"]
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/answer"), ("DELETE", "/v1/documents/x"), ("POST", "/gradio_api/queue/join")]
)
def test_a_page_of_another_site_changes_nothing(
    client: httpx.Client, counting: Counting, method: str, path: str, origin: str
) -> None:
    counting.read = -1
    content = ASKED if method == "POST" else None
    response = client.request(method, path, content=content, headers={**JSON, "Origin": origin})
    assert (response.status_code, counting.read) == (403, -1)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_cross_site_is_believed(client: httpx.Client, site: str) -> None:
    assert client.post("/v1/answer", content=ASKED, headers={**JSON, "Sec-Fetch-Site": site}).status_code == 403


def test_a_page_of_another_site_makes_no_work(client: httpx.Client, counting: Counting) -> None:
    for said in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        counting.read = -1
        assert client.get("/v1/changes", headers=said).status_code == 403
        assert counting.read == -1


def test_the_own_page_and_programs_may_ask(client: httpx.Client, url: str) -> None:
    own = client.post("/v1/answer", content=ASKED, headers={**JSON, "Origin": url, "Sec-Fetch-Site": "same-origin"})
    program = client.post("/v1/answer", content=ASKED, headers=JSON)
    assert (own.status_code, program.status_code) == (200, 200)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/v1/documents", 405),
        ("GET", "/v1/answer", 405),
        ("OPTIONS", "/v1/answer", 405),
        ("TRACE", "/", 405),
        ("GET", "/v1/documents/a/b/c", 404),
        ("GET", "/docs", 404),
        ("GET", "/monitoring", 404),
        ("GET", "/monitoring/summary", 404),
        ("GET", "/gradio_api/proxy=http://127.0.0.1/", 404),
        ("GET", "/proxy=http://127.0.0.1/", 404),
        ("POST", "/gradio_api/vibe-edit", 404),
        ("POST", "/gradio_api/process_recording", 404),
        ("GET", "/gradio_api/dev/reload", 404),
        ("POST", "/login", 404),
        ("GET", "/gradio_api/token", 404),
        ("POST", "/gradio_api/component_server", 404),
        ("GET", "/gradio_api/runs", 404),
        ("POST", "/gradio_api/upload", 404),
        ("GET", "/gradio_api/file=/etc/passwd", 404),
        ("GET", "/gradio_api/file=../../etc/passwd", 404),
        ("GET", "/gradio_api/file=%2e%2e%2fetc%2fpasswd", 404),
        ("GET", "/gradio_api/file=http://127.0.0.1/", 404),
        ("POST", "/gradio_api/run/show", 404),
        ("POST", "/gradio_api/call/show", 404),
        ("POST", "/gradio_api/call/v2/show", 404),
        ("POST", "/gradio_api/api/show", 404),
    ],
)
def test_what_no_rule_names_is_refused(client: httpx.Client, method: str, path: str, status: int) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_a_refused_method_is_told_which_are_allowed(client: httpx.Client) -> None:
    assert client.put("/v1/documents").headers["allow"] == "GET, POST"


def test_bodies_come_only_where_they_are_expected(client: httpx.Client, counting: Counting) -> None:
    counting.read = -1
    response = client.request("GET", "/livez", content=b"x")
    assert (response.status_code, counting.read) == (400, -1)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip", "zstd", "x"])
def test_compressed_bodies_are_refused(client: httpx.Client, encoding: str) -> None:
    response = client.post("/v1/answer", content=ASKED, headers={**JSON, "Content-Encoding": encoding})
    assert response.status_code == 415


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_json_is_taken_only_as_json(client: httpx.Client, kind: str) -> None:
    assert client.post("/v1/answer", content=ASKED, headers={"Content-Type": kind}).status_code == 415


def test_json_with_a_charset_is_json(client: httpx.Client) -> None:
    response = client.post("/v1/answer", content=ASKED, headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/answer", "application/json"), ("/gradio_api/queue/join", "application/json")]
)
def test_a_body_of_150_mb_is_refused_by_its_length(url: str, path: str, kind: str) -> None:
    request = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: 157286400\r\n\r\n"
    status, body = raw(url, request.encode())
    assert status == 413
    assert "body-too-large" in body


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/answer", "application/json"), ("/v1/documents", "multipart/form-data; boundary=x")]
)
def test_a_chunked_body_without_end_is_cut_at_the_cap(
    client: httpx.Client, counting: Counting, path: str, kind: str
) -> None:
    cap = JSON_BYTES if "answer" in path else 2 * 100_000 + 64 * 1024
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 40 * 1024 * 1024:
            sent += 65536
            yield b"x" * 65536

    try:
        assert client.post(path, content=endless(), headers={"Content-Type": kind}).status_code == 413
    except httpx.TransportError:  # the server may close while the client still writes
        assert sent < 40 * 1024 * 1024
    assert counting.read <= cap


def test_a_refused_request_with_much_to_come_ends_the_connection(url: str) -> None:
    request = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
    assert raw(url, request)[0] == 404


def test_a_refused_request_with_a_small_body_keeps_the_connection(url: str) -> None:
    refused = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
    then = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    status, rest = raw(url, refused + then)
    assert status == 404
    assert "HTTP/1.1 200 OK" in rest


def test_a_body_of_exactly_the_cap_is_read_and_one_byte_more_is_not(client: httpx.Client, counting: Counting) -> None:
    assert client.post("/v1/answer", content=b"x" * JSON_BYTES, headers=JSON).status_code == 200
    assert counting.read == JSON_BYTES
    assert client.post("/v1/answer", content=b"x" * (JSON_BYTES + 1), headers=JSON).status_code == 413


def test_a_body_that_does_not_come_is_given_up(url: str) -> None:
    request = b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    status, body = raw(url, request)
    assert status == 408
    assert "body-too-slow" in body


@pytest.mark.parametrize("length", [b"-1", b"abc", b"9" * 5000, b"5, 5"])
def test_a_lying_length_is_refused(url: str, length: bytes) -> None:
    request = b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
    assert 400 <= raw(url, request + length + b"\r\n\r\n{}")[0] < 500


def test_a_websocket_is_refused(url: str) -> None:
    request = (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert raw(url, request)[0] != 101


def test_an_address_with_strange_bytes_is_no_server_error(url: str) -> None:
    for target in (
        b"/%00",
        b"/v1/documents/%ff%fe",
        b"/" + b"a" * 9000,
        b"/v1/documents/..%2f..%2fetc",
        b"//evil.example/",
        b"*",
    ):
        status, _ = raw(url, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert 200 <= status < 500, target


def test_headers_without_end_are_refused(url: str) -> None:
    status, _ = raw(url, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 100_000)
    assert status in (0, 400, 431)


def test_a_half_response_is_cut_off_not_finished(tmp_path: Path) -> None:
    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"transfer-encoding", b"chunked")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("no more")

    with running(guarding(breaks, tmp_path)) as url, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{url}/livez", trust_env=False)


def test_the_guard_stands_before_the_api(tmp_path: Path) -> None:
    with serving(FakeDossier(tmp_path)) as url:
        response = httpx.post(
            f"{url}/v1/answer", content=ASKED, headers={**JSON, "Origin": "https://evil.example"}, trust_env=False
        )
    assert response.status_code == 403


# Names and origins beyond loopback


def headers_of(*given: tuple[str, str]) -> Headers:
    return Headers(raw=[(name.lower().encode(), value.encode()) for name, value in given])


@pytest.mark.parametrize("host", ["dossier.example", "Dossier.Example:7860", "localhost", "127.0.0.1"])
def test_a_server_answers_to_the_names_in_its_settings(host: str) -> None:
    Hosts(["dossier.example"]).check(headers_of(("Host", host)))


@pytest.mark.parametrize(
    "host", ["evil.example", "dossier.example.evil.example", "192.168.1.2", "dossier.example@evil"]
)
def test_with_names_in_the_settings_no_other_is_answered(host: str) -> None:
    with pytest.raises(Problem, match="'hosts'"):
        Hosts(["dossier.example"]).check(headers_of(("Host", host)))


@pytest.mark.parametrize("host", ["dossier.example", "192.168.1.2:80", "[fe80::1]:7860", "a_b"])
def test_a_public_server_without_names_answers_to_any(host: str) -> None:
    Hosts(any_name=True).check(headers_of(("Host", host)))


@pytest.mark.parametrize("host", ["a b", "a/b", "a@b", "a:99999", "a:b", "[::1", "é.example", "a" * 300, "<a>"])
def test_what_is_no_name_is_answered_by_nobody(host: str) -> None:
    with pytest.raises(Problem):
        Hosts(any_name=True).check(headers_of(("Host", host)))


@pytest.mark.parametrize("origin", ["https://dossier.example", "http://dossier.example"])
def test_a_page_behind_a_proxy_with_tls_is_the_own(origin: str) -> None:
    given = headers_of(("Host", "dossier.example"), ("Origin", origin), ("Sec-Fetch-Site", "same-origin"))
    check_origin({"scheme": "http"}, given, vouched=True)


def test_a_page_without_tls_is_not_the_own_of_a_server_with_it() -> None:
    given = headers_of(("Host", "dossier.example"), ("Origin", "http://dossier.example"))
    with pytest.raises(Problem):
        check_origin({"scheme": "https"}, given, vouched=False)


def test_a_credential_may_not_have_a_space_at_its_end(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    _, text = keys.create("desk")
    credentials = Credentials(keys, SignedIn(), trust_local=True)
    scope = {"type": "http", "path": "/", "query_string": b""}
    assert credentials.caller(scope, headers_of(("Authorization", f"Bearer {text}"))).name.startswith("key_")
    for value in (f"Bearer {text} ", f" Bearer {text}", f"Bearer\t{text}", f"Bearer {text}\n"):
        with pytest.raises(Problem):
            credentials.caller(scope, headers_of(("Authorization", value)))
    credentials.close()


# A body that is looked into


def test_a_body_that_was_looked_into_reaches_the_application_whole(client: httpx.Client, counting: Counting) -> None:
    body = b'{"session_hash": "abc", "data": "' + b"x" * 300_000 + b'"}'
    assert client.post("/gradio_api/queue/join", content=body, headers=JSON).status_code == 200
    assert counting.read == len(body)


def test_a_body_that_ends_early_reaches_nobody(url: str, counting: Counting) -> None:
    counting.read = -1
    head = b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=120) as link:
        link.sendall(head + b'Content-Length: 1000\r\n\r\n{"session_hash": "abc"')
        link.shutdown(socket.SHUT_WR)
        link.recv(1000)
    assert counting.read == -1


# What keys may do, where a handler forgets to ask


def test_a_read_key_gets_a_collection_that_cannot_be_changed(tmp_path: Path) -> None:
    held = FakeDossier(tmp_path)
    kept = held.collection().documents()
    with acting_as(Caller("key_1", None, may_write=False)):
        collection = Permitted(held).collection()
        assert collection.documents() == kept
        assert collection.answers.count() == 0
        for change in ("ingest", "remove", "erase", "rebuild", "edit", "anything_else"):
            with pytest.raises(Problem, match="may read"):
                getattr(collection, change)
        for inner, change in ((collection.answers, "forget"), (collection.feedback, "delete")):
            with pytest.raises(Problem, match="may read"):
                getattr(inner, change)
        with pytest.raises(Problem, match="may read"):
            Permitted(held).collection("new", create=True)
        with pytest.raises(Problem, match="may read"):
            Permitted(held).remove("default")
    assert held.collection().documents() == kept


def test_whatever_a_collection_can_do_is_reading_or_refused_to_read_keys() -> None:
    names = {name for name in vars(Collection) if not name.startswith("_")}
    assert names - set(READS) == {"ingest", "remove", "erase", "rebuild", "edit"}
    assert set(READS) <= names


def test_a_key_sees_no_other_collection(tmp_path: Path) -> None:
    held = FakeDossier(tmp_path)
    for name in ("a", "b"):
        held.collection(name, create=True)
    with acting_as(Caller("key_1", frozenset("b"))):
        permitted = Permitted(held)
        assert permitted.names() == ["b"]
        for open_one in (
            permitted.collection,
            permitted.pipeline,
            permitted.surveyor,
            permitted.size,
            permitted.remove,
        ):
            for name in ("a", "default", "nowhere"):
                with pytest.raises(UnknownCollection) as missing:
                    open_one(name)
                assert (
                    str(missing.value)
                    == f"There is no collection {name!r}. Run: dossier index FOLDER --collection NAME"
                )
        assert permitted.collection()._collection is held.collection("b")


def test_nothing_is_opened_for_nobody(tmp_path: Path) -> None:
    permitted = Permitted(FakeDossier(tmp_path))
    for ask in (permitted.names, permitted.collection, permitted.pipeline, permitted.surveyor):
        with pytest.raises(LookupError):
            ask()
