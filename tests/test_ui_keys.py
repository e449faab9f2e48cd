"""API keys: shown once, kept as hashes, checked by every request whatever the form they come in."""

from __future__ import annotations

import json
import socket
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from index.errors import StorageFailed, UnknownCollection
from tests.fakes_ui import FakeDossier, serving
from ui.access.keys import FILE_NAME, PREFIX, Keys, UnknownKey
from ui.access.limits import Limits
from ui.command.app import app
from ui.problems import Problem


class Clock:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> Iterator[Keys]:
    opened = Keys(tmp_path / "data", clock=clock)
    yield opened
    opened.close()


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


# The store


def test_a_key_is_256_random_bits_and_its_id_says_nothing_of_it(keys: Keys) -> None:
    made = [keys.create("desk") for _ in range(20)]
    texts = [text for _, text in made]
    assert all(text.startswith(PREFIX) and len(text) == len(PREFIX) + 43 for text in texts)
    assert len({*texts, *(key.id for key, _ in made)}) == 40
    assert not any(key.id[4:] in text for key, text in made)


def test_only_a_hash_lies_on_the_disk_and_only_the_owner_reads_it(keys: Keys) -> None:
    _, text = keys.create("desk")
    keys.presented(text)
    assert text[4:].encode() not in on_disk(keys.path.parent)
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.path.parent.glob(f"{FILE_NAME}*")} == {0o600}
    assert stat.S_IMODE(keys.path.parent.stat().st_mode) == 0o700


def test_the_file_survives_a_power_cut(keys: Keys) -> None:
    keys.create("desk")
    with sqlite3.connect(keys.path) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()


def test_a_key_opens_what_it_was_made_for(keys: Keys) -> None:
    key, text = keys.create("desk", collections=["b", "a", "b"], may_write=False)
    found = keys.presented(text)
    assert found is not None
    assert (found.id, found.caller().collections, found.caller().may_write) == (key.id, frozenset("ab"), False)
    assert found.caller().name == key.id


@given(st.text())
def test_no_other_text_is_a_key(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    keys = _shared(tmp_path_factory)
    assert keys.presented(text) is None
    assert keys.presented(PREFIX + text) is None


_SHARED: list[Keys] = []


def _shared(factory: pytest.TempPathFactory) -> Keys:
    if not _SHARED:
        _SHARED.append(Keys(factory.mktemp("shared")))
        _SHARED[0].create("desk")
    return _SHARED[0]


def test_a_key_is_over_at_its_end(keys: Keys, clock: Clock) -> None:
    _, text = keys.create("desk", lasts=timedelta(days=30))
    clock.now += timedelta(days=30, seconds=-1)
    assert keys.presented(text) is not None
    clock.now += timedelta(seconds=1)
    assert keys.presented(text) is None
    assert not keys.any_usable()


def test_a_key_that_another_process_revoked_is_over_at_once(keys: Keys, tmp_path: Path) -> None:
    key, text = keys.create("desk")
    assert keys.presented(text) is not None
    other = Keys(tmp_path / "data")
    assert other.revoke(key.id).state(datetime.now(UTC)) == "revoked"
    other.close()
    assert keys.presented(text) is None
    assert keys.living(key.id) is None


def test_the_keys_of_a_file_that_was_removed_are_over(keys: Keys) -> None:
    _, text = keys.create("desk")
    assert keys.presented(text) is not None
    for path in keys.path.parent.glob(f"{FILE_NAME}*"):
        path.unlink()
    assert keys.presented(text) is None
    assert keys.every() == []


def test_the_last_use_is_written_once_a_minute(keys: Keys, clock: Clock) -> None:
    key, text = keys.create("desk")
    began = clock.now
    for seconds in range(0, 180, 20):
        clock.now = began + timedelta(seconds=seconds)
        keys.presented(text)
        written = datetime.fromisoformat(keys.every()[0].used_at or "")
        assert written == began + timedelta(seconds=seconds - seconds % 60)
    assert keys.every()[0].id == key.id


def test_a_disk_that_cannot_be_written_keeps_nobody_out(keys: Keys, clock: Clock) -> None:
    _, text = keys.create("desk")
    holder = sqlite3.connect(keys.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert keys.presented(text) is not None
    holder.execute("ROLLBACK")
    holder.close()


def test_a_damaged_file_lets_nobody_in(keys: Keys) -> None:
    _, text = keys.create("desk")
    keys.close()
    for path in keys.path.parent.glob(f"{FILE_NAME}*"):
        path.unlink()
    keys.path.write_bytes(b"no database" * 1000)
    with pytest.raises(StorageFailed):
        keys.presented(text)


def test_a_link_in_the_place_of_the_file_is_not_followed(keys: Keys, tmp_path: Path) -> None:
    keys.path.parent.mkdir()
    keys.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageFailed):
        keys.create("desk")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("given_", "error"),
    [
        ({"name": " "}, ValueError),
        ({"name": "a\nb"}, ValueError),
        ({"name": "a" * 101}, ValueError),
        ({"name": "a", "collections": []}, ValueError),
        ({"name": "a", "collections": ["../a"]}, UnknownCollection),
        ({"name": "a", "lasts": timedelta()}, ValueError),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(keys: Keys, given_: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        keys.create(**given_)
    assert keys.every() == []


def test_an_unknown_key_cannot_be_revoked(keys: Keys) -> None:
    with pytest.raises(UnknownKey, match="dossier keys list"):
        keys.revoke("key_0")


# Headers: the same verdict for whatever is not one good key in one header


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> FakeDossier:
    return FakeDossier(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def usable(dossier: FakeDossier) -> str:
    return Keys(dossier.settings.data).create("desk")[1]


@pytest.fixture(scope="module")
def over(dossier: FakeDossier) -> dict[str, str]:
    """A key that was revoked, and one that has expired."""
    keys, long_ago = Keys(dossier.settings.data), Clock()
    long_ago.now = datetime(2020, 1, 1, tzinfo=UTC)
    gone, revoked = keys.create("gone")
    keys.revoke(gone.id)
    expired = Keys(dossier.settings.data, clock=long_ago).create("old", lasts=timedelta(days=1))[1]
    return {"revoked": revoked, "expired": expired}


@pytest.fixture(scope="module")
def public(dossier: FakeDossier, usable: str) -> Iterator[str]:
    """A server that asks everybody for a key."""
    with serving(dossier, alone=False) as url:
        yield url


@pytest.fixture(scope="module")
def private(dossier: FakeDossier, usable: str) -> Iterator[str]:
    """A server that only this machine reaches."""
    with serving(dossier) as url:
        yield url


def ask(url: str, *headers: tuple[str, str], path: str = "/v1/documents") -> httpx.Response:
    return httpx.get(f"{url}{path}", headers=list(headers), trust_env=False)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_a_usable_key_opens(public: str, usable: str, scheme: str) -> None:
    assert ask(public, ("Authorization", f"{scheme} {usable}")).status_code == 200


WRONG = {
    "none": [],
    "empty": [("Authorization", "")],
    "scheme only": [("Authorization", "Bearer")],
    "wrong": [("Authorization", "Bearer dsk_" + "A" * 43)],
    "revoked": [("Authorization", "Bearer REVOKED")],
    "expired": [("Authorization", "Bearer EXPIRED")],
    "no scheme": [("Authorization", "KEY")],
    "other scheme": [("Authorization", "Basic KEY")],
    "two words": [("Authorization", "Bearer KEY x")],
    "two spaces": [("Authorization", "Bearer  KEY")],
    "a comma": [("Authorization", "Bearer KEY, Bearer KEY")],
    "twice": [("Authorization", "Bearer KEY"), ("Authorization", "Bearer KEY")],
    "twice, one wrong": [("Authorization", "Bearer KEY"), ("Authorization", "Bearer x")],
    "another letter": [("Authorization", "Bearer KEYA")],
    "upper case": [("Authorization", "Bearer UPPER")],
    "its id": [("Authorization", "Bearer ID")],
    "sql": [("Authorization", "Bearer ' OR '1'='1")],
    "like": [("Authorization", "Bearer dsk_%")],
    "alg none": [("Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.")],
    "x-api-key": [("X-API-Key", "KEY")],
    "x-api-key beside": [("Authorization", "Bearer KEY"), ("X-API-Key", "other")],
    "x-api-key wrong, no other": [("X-API-Key", "other")],
    "long": [("Authorization", "Bearer " + "a" * 8000)],
    "the word none": [("Authorization", "Bearer none")],
    "the word none beside": [("Authorization", "Bearer none"), ("Authorization", "Bearer KEY")],
    "a cookie": [("Cookie", "dossier_session=KEY")],
    "a made-up cookie": [("Cookie", "dossier_session=" + "A" * 43)],
}


@pytest.mark.parametrize("form", WRONG)
def test_every_other_form_is_refused_in_the_same_words(
    public: str, dossier: FakeDossier, usable: str, over: dict[str, str], form: str
) -> None:
    named = {
        "KEY": usable,
        "REVOKED": over["revoked"],
        "EXPIRED": over["expired"],
        "UPPER": usable.upper(),
        "ID": Keys(dossier.settings.data).every()[0].id,
    }
    headers = []
    for name, value in WRONG[form]:
        for word, text in named.items():
            value = value.replace(word, text)
        headers.append((name, value))
    refused, plain = ask(public, *headers), ask(public)
    assert refused.status_code == 401
    assert refused.content == plain.content
    assert refused.headers["www-authenticate"] == 'Bearer realm="dossier"'
    assert refused.json()["type"] == "urn:dossier:problem:key-needed"
    assert dict(refused.headers) | {"date": ""} == dict(plain.headers) | {"date": ""}


def test_a_key_with_a_space_behind_it_is_refused(public: str, usable: str) -> None:
    parts = urlsplit(public)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=120) as link:
        link.sendall(
            f"GET /v1/documents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {usable} \t x\r\n\r\n".encode()
        )
        assert link.recv(1000).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("name", ["key", "api_key", "API_KEY", "token", "access_token", "authorization", "anything"])
@pytest.mark.parametrize("beside", [False, True])
def test_a_key_in_the_address_is_refused_even_beside_a_good_one(
    public: str, usable: str, name: str, beside: bool
) -> None:
    headers = [("Authorization", f"Bearer {usable}")] if beside else []
    assert ask(public, *headers, path=f"/v1/documents?{name}={usable}").status_code == 401


@pytest.mark.parametrize("form", ["wrong", "revoked", "twice", "x-api-key beside"])
def test_a_wrong_key_is_refused_even_where_none_is_needed(
    private: str, usable: str, over: dict[str, str], form: str
) -> None:
    headers = [(name, value.replace("KEY", usable).replace("REVOKED", over["revoked"])) for name, value in WRONG[form]]
    assert ask(private).status_code == 200
    assert ask(private, *headers).status_code == 401


def test_a_client_that_must_send_a_key_says_none_where_none_is_needed(private: str) -> None:
    assert ask(private, ("Authorization", "Bearer none")).status_code == 200
    assert ask(private, ("Authorization", "Bearer none"), ("X-Forwarded-For", "127.0.0.1")).status_code == 401


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto", "Via"]
)
def test_what_a_proxy_passed_on_needs_a_key_on_loopback_too(private: str, usable: str, header: str) -> None:
    assert ask(private, (header, "127.0.0.1")).status_code == 401
    assert ask(private, (header, "127.0.0.1"), ("Authorization", f"Bearer {usable}")).status_code == 200


def test_a_forwarded_address_opens_nothing(public: str) -> None:
    assert ask(public, ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Host", "localhost")).status_code == 401


def test_keys_can_be_required_on_loopback(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path, require_keys=True)
    _, text = Keys(tmp_path).create("desk")
    with serving(dossier) as url:
        assert ask(url).status_code == 401
        assert ask(url, path="/livez").status_code == 200
        assert ask(url, ("Authorization", f"Bearer {text}")).status_code == 200


def test_a_revoked_key_is_refused_at_once(dossier: FakeDossier, public: str) -> None:
    keys = Keys(dossier.settings.data)
    key, text = keys.create("short")
    bearer = ("Authorization", f"Bearer {text}")
    assert ask(public, bearer).status_code == 200
    keys.revoke(key.id)
    assert ask(public, bearer).status_code == 401


def test_no_key_reaches_the_log(
    public: str, usable: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    ask(public, ("Authorization", f"Bearer {usable}"))
    ask(public, ("Authorization", f"Bearer {usable}x"))
    ask(public, ("X-API-Key", usable), path=f"/v1/documents?key={usable}")
    theirs = ("httpx", "httpcore", "uvicorn.access")  # the client, and a log that the server has switched off
    said = [record.getMessage() for record in caplog.records if not record.name.startswith(theirs)]
    assert said
    assert usable[4:] not in "".join([*said, *capfd.readouterr()])


def test_a_gigabyte_without_a_key_is_refused_before_it_is_read(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path, require_keys=True, max_file_bytes=2**31)
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        while sent < 2**30:
            sent += 2**16
            yield b"x" * 2**16

    with serving(dossier) as url:
        try:
            refused = httpx.post(
                f"{url}/v1/documents",
                content=body(),
                headers={"Content-Type": "multipart/form-data; boundary=x"},
                trust_env=False,
            )
            assert refused.status_code == 401
        except httpx.TransportError:  # the server may close while the client still writes
            pass
    assert sent < 2**26
    assert dossier.collections["default"].paths == []
    assert not list((tmp_path / "uploads").glob("*"))


# Requests per minute


class Ticks:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.tuples(st.floats(0, 40), st.integers(1, 10)), max_size=60))
def test_no_minute_has_more_than_was_allowed(asked: list[tuple[float, int]]) -> None:
    ticks = Ticks()
    limits = Limits(3, clock=ticks)
    let_in: list[tuple[float, int]] = []
    for wait_s, cost in asked:
        ticks.now += wait_s
        try:
            limits.take("key_1", cost)
            let_in.append((ticks.now, cost))
        except Problem as problem:
            ticks.now += float((problem.headers or {})["Retry-After"])
            limits.take("key_1", cost)  # whoever waits as told is let in
            let_in.append((ticks.now, cost))
    for at, _ in let_in:
        assert sum(cost for then, cost in let_in if at - 60 < then <= at) <= 30


def test_one_key_does_not_use_up_what_another_has() -> None:
    limits = Limits(1, clock=Ticks())
    limits.take("key_1", 10)
    limits.take("key_2", 10)
    with pytest.raises(Problem):
        limits.take("key_1", 10)


def test_callers_are_remembered_in_bounded_memory() -> None:
    limits = Limits(1, clock=Ticks(), most_callers=10)
    for number in range(1000):
        limits.take(f"key_{number}", 10)
    assert len(limits._spent) == 10


def test_a_key_that_asks_too_much_is_told_when_to_come_back(tmp_path: Path) -> None:
    dossier = FakeDossier(tmp_path, requests_per_minute=2, require_keys=True)
    text = Keys(tmp_path).create("desk")[1]
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {text}"
        answers = [client.post("/v1/search", json={"query": "harbour"}) for _ in range(3)]
        listed = [client.get("/v1/documents").status_code for _ in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].json()["type"] == "urn:dossier:problem:too-many-requests"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert listed == [200] * 5


def test_who_needs_no_key_has_no_limit(tmp_path: Path) -> None:
    with serving(FakeDossier(tmp_path, requests_per_minute=1)) as url:
        asked = [httpx.post(f"{url}/v1/search", json={"query": "harbour"}, trust_env=False) for _ in range(3)]
    assert [one.status_code for one in asked] == [200, 200, 200]


# The command


def command(data: Path, *args: str) -> Result:
    return CliRunner().invoke(app, ["--data", str(data), "keys", *args], prog_name="dossier")


def test_a_key_is_made_listed_and_revoked_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    made = command(data, "create", "--name", "Desk 4", "--collection", "b", "--read-only", "--expires", "30d")
    text = made.stdout.strip()
    key = Keys(data).presented(text)
    assert key is not None
    assert (key.name, key.collections, key.may_write) == ("Desk 4", ("b",), False)
    assert datetime.fromisoformat(key.expires_at or "") - datetime.fromisoformat(key.created_at) == timedelta(days=30)
    assert "shown only now" in made.stderr
    listed = command(data, "list")
    assert key.id in listed.stdout
    assert "usable" in listed.stdout
    assert text not in listed.stdout
    assert command(data, "revoke", key.id).exit_code == 0
    assert json.loads(command(data, "list", "--json").stdout)[0]["state"] == "revoked"


def test_a_script_reads_the_key_and_what_is_known_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = json.loads(command(tmp_path / "data", "create", "--name", "a", "--json").stdout)
    assert Keys(tmp_path / "data").presented(made["key"]) is not None
    assert (made["collections"], made["may_write"], made["state"]) == (None, True, "usable")


@pytest.mark.parametrize(
    "args",
    [
        ("create", "--name", "a", "--expires", "soon"),
        ("create", "--name", "a", "--expires", "0d"),
        ("create", "--name", ""),
        ("create", "--name", "a", "--collection", "../x"),
        ("revoke", "key_0"),
    ],
)
def test_what_cannot_be_done_with_a_key_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    failed = command(tmp_path / "data", *args)
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.count("\n") == 1


def test_listing_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "dossier keys create" in command(tmp_path / "data", "list").stdout
    assert not (tmp_path / "data").exists()


def test_a_key_whose_row_was_changed_by_another_hand_opens_nothing_and_the_doctor_names_it(
    keys: Keys, tmp_path: Path
) -> None:
    reader, text = keys.create("reader", may_write=False)
    _, other = keys.create("other")
    with sqlite3.connect(keys.path) as raw:
        raw.execute("UPDATE keys SET may_write = 1 WHERE name = 'reader'")
    raw.close()
    assert keys.presented(text) is None
    assert keys.living(reader.id) is None
    assert keys.presented(other) is not None
    assert keys.damaged() == [reader.id]
    keys.revoke(reader.id)
    assert keys.damaged() == []
    assert keys.presented(text) is None


def test_keys_of_an_older_dossier_open_what_they_opened(keys: Keys) -> None:
    _, text = keys.create("old")
    keys.close()
    with sqlite3.connect(keys.path) as raw:
        raw.execute("DROP TABLE checksums")
    raw.close()
    assert keys.presented(text) is not None
    assert keys.damaged() == []
