"""Signing in on the page: the same keys, a cookie that stands for one, and sessions of the page that belong to one caller."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes_page import MemoryDossier, make_document, served
from ui.access.keys import Keys
from ui.access.page_sessions import PageSessions
from ui.access.signed_in import COOKIE, LASTS_S, SignedIn
from ui.problems import Problem

Event = tuple[int, int]
"""Number and inputs of an event of the page."""
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TEXT = "The harbour opened in 1902. Otto Lind built the bridge in 1911."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signin") / "data"


@pytest.fixture(scope="module")
def keys(data: Path) -> Keys:
    return Keys(data)


@pytest.fixture(scope="module")
def key(keys: Keys) -> str:
    return keys.create("Desk <4>")[1]


@pytest.fixture(scope="module")
def url(data: Path) -> Iterator[str]:
    """The whole server, page included, where everybody needs a key."""
    document = make_document(TEXT, title="A harbour and its bridge")
    with served(MemoryDossier(data, [document], require_keys=True)) as url:
        yield url


@pytest.fixture
def browser(url: str) -> Iterator[httpx.Client]:
    """What a browser sends, as far as the server looks at it."""
    headers = {**HTML, "Origin": url, "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
        yield client


def sign_in(browser: httpx.Client, key: str) -> httpx.Response:
    return browser.post("/sign-in", data={"key": key})


# The form


def test_a_browser_without_a_key_is_shown_where_to_sign_in_and_a_program_is_not(url: str) -> None:
    browser = httpx.get(url, headers=HTML, trust_env=False)
    program = httpx.get(url, trust_env=False)
    assert (browser.status_code, browser.headers["location"]) == (303, "sign-in")
    assert (program.status_code, program.headers["content-type"]) == (401, "application/problem+json")


def test_the_form_needs_nothing_but_itself(browser: httpx.Client) -> None:
    form = browser.get("/sign-in")
    assert form.status_code == 200
    assert "<script" not in form.text
    assert re.findall(r'(?:src|href)="([^"]*)"', form.text) == ["data:,"]
    assert re.search(r'<label for="key">.+</label>\s*<input id="key"', form.text)
    assert form.headers["cache-control"] == "no-store"
    assert "form-action 'self'" in form.headers["content-security-policy"]


def test_a_key_opens_the_page_and_the_api(browser: httpx.Client, key: str) -> None:
    answer = sign_in(browser, f"  {key}\n")
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    assert key not in answer.headers["set-cookie"]
    opened = [browser.get(path).status_code for path in ("/", "/config", "/v1/documents", "/theme.css")]
    assert opened == [200] * 4


def test_the_cookie_is_for_this_server_and_no_script(browser: httpx.Client, key: str) -> None:
    cookie = sign_in(browser, key).headers["set-cookie"]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts == {"httponly", "samesite=strict", "path=/", f"max-age={LASTS_S}"}
    assert len(cookie.split(";")[0]) == len(COOKIE) + 1 + 43


def test_behind_a_proxy_with_tls_the_cookie_stays_on_tls(browser: httpx.Client, key: str) -> None:
    origin = str(browser.base_url).replace("http://", "https://")
    answer = browser.post("/sign-in", data={"key": key}, headers={"Origin": origin})
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("given_", ["", "dsk_" + "A" * 43, "' OR 1=1 --", "<script>alert(1)</script>", "\u00e9\u0000"])
def test_a_wrong_key_shows_the_form_again_with_one_line(browser: httpx.Client, given_: str) -> None:
    answer = sign_in(browser, given_)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert answer.text.count('role="alert"') == 1
    assert "<script" not in answer.text
    assert not given_ or given_ not in answer.text


def test_a_form_with_two_keys_or_none_opens_nothing(browser: httpx.Client, key: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (f"key={key}&key=x", "", "other=1", "key"):
        assert browser.post("/sign-in", content=body, headers=form).status_code == 401


def test_a_form_is_small(browser: httpx.Client) -> None:
    assert sign_in(browser, "a" * 4097).status_code == 413


def test_another_site_cannot_sign_anybody_in_or_out(browser: httpx.Client, key: str) -> None:
    for path in ("/sign-in", "/sign-out"):
        headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert browser.post(path, data={"key": key}, headers=headers).status_code == 403


# The cookie


def test_signing_out_ends_it(browser: httpx.Client, key: str) -> None:
    sign_in(browser, key)
    token = browser.cookies[COOKIE]
    inside = browser.get("/sign-in")
    assert "Desk &lt;4&gt;" in inside.text
    assert 'action="sign-out"' in inside.text
    out = browser.post("/sign-out", data={"": ""})
    assert (out.status_code, out.headers["location"]) == (303, "sign-in")
    assert COOKIE not in browser.cookies
    assert browser.get("/v1/documents", headers={"Cookie": f"{COOKIE}={token}"}).status_code == 401


def test_the_cookie_of_a_revoked_key_is_over_at_once(browser: httpx.Client, keys: Keys) -> None:
    made, text = keys.create("short")
    sign_in(browser, text)
    assert browser.get("/v1/documents").status_code == 200
    keys.revoke(made.id)
    assert browser.get("/v1/documents").status_code == 401
    assert browser.get("/").status_code == 303


def test_a_cookie_may_do_what_its_key_may(browser: httpx.Client, keys: Keys) -> None:
    sign_in(browser, keys.create("reader", collections=["default"], may_write=False)[1])
    assert browser.get("/v1/documents").status_code == 200
    assert browser.delete("/v1/documents/x").json()["type"] == "urn:dossier:problem:read-only-key"
    assert browser.get("/v1/documents", params={"collection": "other"}).status_code == 404
    assert browser.get("/metrics").json()["type"] == "urn:dossier:problem:limited-key"


def test_a_cookie_that_comes_without_its_page_changes_nothing(browser: httpx.Client, key: str, url: str) -> None:
    sign_in(browser, key)
    cookie = {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
    for said in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-site"}):
        answer = httpx.delete(f"{url}/v1/documents/x", headers={**cookie, **said}, trust_env=False)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:dossier:problem:foreign-origin"), said
    assert httpx.delete(f"{url}/v1/documents/x", headers={**cookie, "Origin": url}, trust_env=False).status_code == 404


def test_a_wrong_key_is_not_made_good_by_a_cookie(browser: httpx.Client, key: str) -> None:
    sign_in(browser, key)
    assert browser.get("/v1/documents", headers={"Authorization": "Bearer x"}).status_code == 401


class Ticks:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_sign_in_lasts_twelve_hours() -> None:
    ticks = Ticks()
    signed_in = SignedIn(clock=ticks)
    token = signed_in.begin("key_1")
    ticks.now = 12 * 3600 - 1
    assert signed_in.key_id(token) == "key_1"
    ticks.now += 1
    assert signed_in.key_id(token) is None


def test_sign_ins_are_remembered_in_bounded_memory() -> None:
    signed_in = SignedIn(most=10)
    tokens = [signed_in.begin("key_1") for _ in range(50)]
    assert [signed_in.key_id(token) for token in tokens] == [None] * 40 + ["key_1"] * 10


@given(st.text())
def test_no_made_up_cookie_is_one(token: str) -> None:
    signed_in = SignedIn()
    signed_in.begin("key_1")
    assert signed_in.key_id(token) is None


# Events of the page


def join(client: httpx.Client, event: Event, session: str) -> httpx.Response:
    number, inputs = event
    body = {
        "data": [None] * inputs,
        "fn_index": number,
        "session_hash": session,
        "event_data": None,
        "trigger_id": None,
    }
    return client.post("/gradio_api/queue/join", json=body)


def events(client: httpx.Client) -> dict[str, Event]:
    found = client.get("/config").json()["dependencies"]
    return {one["api_name"]: (one["id"], len(one["inputs"])) for one in found}


def heard(client: httpx.Client, session: str) -> str:
    """Everything that a session is told until its event ends."""
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
        said = ""
        for line in stream.iter_lines():
            said += line
            if "process_completed" in line or "close_stream" in line:
                return said
    return said


def with_key(url: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=30)


def test_no_handler_of_the_page_runs_for_nobody_by_number_or_by_name(url: str, key: str) -> None:
    with with_key(url, key) as client:
        named = events(client)
    assert len(named) > 5
    with httpx.Client(base_url=url, trust_env=False) as nobody:
        for name, event in named.items():
            assert join(nobody, event, "abc").status_code == 401, name
            for door in ("run", "api", "call", "call/v2"):
                assert nobody.post(f"/gradio_api/{door}/{name}", json={"data": []}).status_code == 404
        assert nobody.get("/gradio_api/queue/data", params={"session_hash": "abc"}).status_code == 401
        assert nobody.get("/gradio_api/heartbeat/abc").status_code == 401


def test_a_session_of_the_page_belongs_to_one_caller(url: str, key: str, keys: Keys) -> None:
    session = secrets.token_hex(6)
    with with_key(url, key) as owner, with_key(url, keys.create("other")[1]) as other:
        event = events(owner)["begin"]
        assert join(owner, event, session).status_code == 200
        refused = [
            other.get("/gradio_api/queue/data", params={"session_hash": session}),
            other.get(f"/gradio_api/heartbeat/{session}"),
            join(other, event, session),
            other.post("/gradio_api/cancel", json={"session_hash": session, "fn_index": event[0], "event_id": "x"}),
        ]
        assert [one.status_code for one in refused] == [404] * 4
        assert len({one.content for one in refused}) == 1
        assert "process_completed" in heard(owner, session)


@pytest.mark.parametrize("query", ["", "session_hash=", "session_hash=a&session_hash=b", "session_hash=" + "a" * 101])
def test_a_session_is_named_once(url: str, key: str, query: str) -> None:
    with with_key(url, key) as client:
        assert client.get(f"/gradio_api/queue/data?{query}").status_code == 422


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"session_hash": 1}', b'{"session_hash": "a", "session_hash": "b"}', b"{"]
)
def test_an_event_without_one_session_is_refused_before_gradio_sees_it(url: str, key: str, body: bytes) -> None:
    with with_key(url, key) as client:
        answer = client.post("/gradio_api/queue/join", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(["key_1", "key_2"]))))
def test_the_first_who_names_a_session_has_it(named: list[tuple[str, str]]) -> None:
    sessions, owners = PageSessions(), dict[str, str]()
    for session, caller in named:
        try:
            sessions.check(session, caller)
        except Problem:
            assert owners[session] != caller
        else:
            assert owners.setdefault(session, caller) == caller


def test_sessions_are_remembered_in_bounded_memory() -> None:
    sessions = PageSessions(most=10)
    for number in range(1000):
        sessions.check(str(number), "key_1")
    assert len(sessions._owners) == 10


def test_two_callers_share_no_state(url: str, key: str, keys: Keys) -> None:
    """Each asks; neither session hears of the other's question."""
    with with_key(url, key) as one, with_key(url, keys.create("second")[1]) as two:
        event = events(one)["begin"]
        for client, session in ((one, "sessionone"), (two, "sessiontwo")):
            join(client, event, session)
        said = [heard(one, "sessionone"), heard(two, "sessiontwo")]
    assert "sessiontwo" not in said[0]
    assert "sessionone" not in said[1]
