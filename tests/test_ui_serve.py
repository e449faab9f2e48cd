"""One server process: where it may listen, who is cut off, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from index.errors import SettingInvalid
from rag.settings import Settings, load_settings
from tests.fakes_ui import FakeDossier, serving
from ui.access.keys import Keys
from ui.connections import _first_to_leave
from ui.serve import PortInUse, address, bind, serve

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")},
    "PYTHONPATH": str(ROOT),
    "PYTHONUNBUFFERED": "1",
}
FAKE_SERVER = """
import sys
from pathlib import Path
from tests.fakes_ui import FakeDossier
from ui.http.app import create_app
from ui.serve import bind, run

class Told(FakeDossier):
    def close(self):
        print("closed", flush=True)

dossier = Told(Path(sys.argv[1]))
run(dossier, bind("127.0.0.1", 0), app=create_app(dossier))
print("over", dossier.data.url, flush=True)
"""


PUBLIC_SERVER = """
import sys
from pathlib import Path
from tests.fakes_ui import FakeDossier
from ui.access.keys import Keys
from ui.connections import _first_to_leave
from ui.serve import bind, run

data = Path(sys.argv[1])
run(FakeDossier(data), bind("0.0.0.0", 0, Keys(data)))
"""


@contextmanager
def process(*args: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, *args], cwd=cwd, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


def free_port() -> int:
    with bind("127.0.0.1", 0) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.example.org"])
def test_a_public_address_is_refused_while_no_key_is_in_use(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingInvalid, match=r"no key is in use\. Run: dossier keys create --name NAME"):
        serve(Settings(data=tmp_path / "data", host=host))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("spoil", ["revoked", "expired"])
def test_a_key_that_opens_nothing_does_not_open_a_public_address(tmp_path: Path, spoil: str) -> None:
    keys = Keys(tmp_path)
    if spoil == "revoked":
        keys.revoke(keys.create("desk")[0].id)
    else:
        Keys(tmp_path, clock=lambda: datetime(2020, 1, 1, tzinfo=UTC)).create("desk", lasts=timedelta(days=1))
    with pytest.raises(SettingInvalid, match="no key is in use"):
        bind("0.0.0.0", 0, keys)


@pytest.mark.parametrize("host", ["", " "])
def test_no_address_is_not_every_address(tmp_path: Path, host: str) -> None:
    keys = Keys(tmp_path)
    keys.create("desk")
    with pytest.raises(SettingInvalid):
        bind(host, 0, keys)


@pytest.mark.slow
def test_a_public_address_opens_with_a_key_and_asks_everybody_for_one(tmp_path: Path) -> None:
    _, text = Keys(tmp_path).create("desk")
    with process("-c", PUBLIC_SERVER, str(tmp_path), cwd=tmp_path) as child:
        assert child.stdout is not None
        said = child.stdout.readline()
        url = said.split()[3]
        paths = ("/", "/v1/documents", "/readyz", "/openapi.json", "/config")
        without = [httpx.get(url + path, trust_env=False).status_code for path in paths]
        key = {"Authorization": f"Bearer {text}"}
        named = httpx.get(f"{url}/v1/documents", headers={**key, "Host": "any.example"}, trust_env=False).status_code
        forwarded = httpx.get(f"{url}/livez", headers={"X-Forwarded-For": "127.0.0.1"}, trust_env=False).status_code
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)
    assert "asks for a key" in said
    assert url.startswith("http://127.0.0.1:")
    assert without == [401] * 5
    assert (named, forwarded) == (200, 200)


def test_a_port_in_use_is_named_with_the_option_that_mends_it(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(
            PortInUse, match=rf"Port {port} on 127\.0\.0\.1 is in use\. Run: dossier serve --port {port + 1}"
        ):
            serve(Settings(data=tmp_path / "data", port=port))
    assert not (tmp_path / "data").exists()


def test_names_of_the_server_are_read_as_a_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOSSIER_HOSTS", "dossier.example, Notes.example")
    assert load_settings().hosts == ("dossier.example", "Notes.example")
    monkeypatch.delenv("DOSSIER_HOSTS")
    monkeypatch.chdir(tmp_path)
    Path("dossier.toml").write_text('hosts = ["a.example"]')
    assert load_settings().hosts == ("a.example",)


def test_an_address_is_one_that_a_browser_takes() -> None:
    with bind("localhost", 0) as listener:
        assert address(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_connection_that_sends_no_headers_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.connections.HEADER_WAIT_S", 0.2)
    with serving(FakeDossier(tmp_path)) as url:
        parts = urlsplit(url)
        for sent in (b"", b"GET /livez HTTP/1.1\r\nHost: loc"):
            with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as link:
                link.sendall(sent)
                assert link.recv(1000) == b""
        assert httpx.get(f"{url}/livez", trust_env=False).status_code == 200


def _said(url: str, link: socket.socket) -> bytes:
    link.sendall(f"GET /livez HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n\r\n".encode())
    return link.recv(12)


@pytest.mark.skipif(sys.platform != "linux", reason="comes from other addresses of this machine")
def test_whoever_keeps_connections_open_and_silent_closes_the_door_to_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.connections.MOST_CONNECTIONS", 20)
    with serving(FakeDossier(tmp_path)) as url, ExitStack() as links:
        place = (urlsplit(url).hostname or "", urlsplit(url).port or 0)

        def opened(source: str) -> socket.socket:
            return links.enter_context(socket.create_connection(place, timeout=30, source_address=(source, 0)))

        silent = [opened("127.0.0.2") for _ in range(60)]
        for one in silent[::2]:
            with suppress(OSError):
                one.sendall(b"GET /livez HT")
        for _ in range(3):
            assert _said(url, opened("127.0.0.4")) == b"HTTP/1.1 200"
        assert _said(url, opened("127.0.0.2")) == b"HTTP/1.1 200", "not even to themselves"


def test_the_one_to_leave_is_of_the_client_with_the_most_idle_connections_and_has_waited_longest() -> None:
    @dataclass
    class Idle:
        client: tuple[str, int] | None
        _since: float

    many = [Idle(("a", 1), 3.0), Idle(("a", 2), 2.0), Idle(("a", 3), 4.0)]
    assert _first_to_leave([Idle(("b", 1), 0.0), *many, Idle(None, 1.0)]) is many[1]  # type: ignore[list-item]
    assert _first_to_leave([]) is None


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_the_data_closed(tmp_path: Path, name: signal.Signals) -> None:
    with process("-c", FAKE_SERVER, str(tmp_path), cwd=tmp_path) as child:
        assert child.stdout is not None
        url = child.stdout.readline().split()[3]
        assert httpx.get(f"{url}/livez", trust_env=False).status_code == 200
        child.send_signal(name)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (0, f"closed\nover {url}\n", "")


def test_serving_on_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0) as listener:
        port = str(listener.getsockname()[1])
        with process("-m", "ui", "serve", "--port", port, cwd=tmp_path) as child:
            out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (1, "")
    assert err.count("\n") == 1
    assert "--port" in err


@pytest.mark.slow
def test_the_whole_route_through_one_server_and_the_command_line(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "harbour.txt").write_text(
        "Harbour of Tarn reopens\n\nThe harbour of Tarn reopened on 4 May after two winters of work. "
        "Its master, Ilse Brandt, counted 31 ships on the first day."
    )
    (notes / "market.txt").write_text(
        "The market hall\n\nThe market hall of Orm burned in 1987. It was rebuilt within two years."
    )

    def dossier(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ui", *args]
        return subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=200)

    assert dossier("index", "notes").returncode == 0
    with process("-m", "ui", "serve", "--port", str(free_port()), cwd=tmp_path) as child:
        assert child.stdout is not None
        url = child.stdout.readline().split()[3]
        with httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
            answer = client.post("/v1/answer", json={"question": "On what date did the harbour of Tarn reopen?"}).json()
            cited = answer["citations"][0]
            text = client.get(f"/v1/documents/{cited['document_id']}/text").json()["text"]
            page = client.get("/")
        (notes / "market.txt").unlink()
        (notes / "mill.txt").write_text(
            "The mill\n\nThe mill of Orm ground its last flour in 1932, said the miller Jonas Weir."
        )
        indexed = dossier("index", "notes")
        asked = dossier("ask", "In what year did the mill of Orm grind its last flour?")
        listed = dossier("documents")
        refused = dossier("ask", "Who won the 2022 World Cup?")
        child.send_signal(signal.SIGTERM)
        _, err = child.communicate(timeout=60)
    assert (answer["verdict"], text[cited["start"] : cited["end"]]) == ("answered", cited["quote"])
    assert "4 May" in answer["short"]
    assert "text/html" in page.headers["content-type"]
    assert "1 added, 0 replaced, 1 removed, 1 unchanged" in indexed.stdout
    assert "1932" in asked.stdout
    assert "2 documents" in listed.stdout
    assert refused.stdout.startswith("The documents don")
    assert [one.returncode for one in (indexed, asked, listed, refused)] == [0, 0, 0, 0]
    assert (child.returncode, "Traceback" in err) == (0, False)
    assert dossier("documents").stdout.endswith("2 documents\n")
