"""Session fixtures for real models, the order of the tests, and a guard: no test reaches an address that is not loopback."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import hypothesis
import pytest

from tests.browser import CHROMIUM, NO_CHROMIUM
from tests.shared import NO_SHARED, SHARED_SEEDS

if TYPE_CHECKING:
    from rag.build import Dossier

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

PAGE = "tests/page/"

# No test fails for being slow on a busy machine, nor by chance: by day the examples are the same in every run, at night they are new ones.
hypothesis.settings.register_profile("day", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("night", deadline=None, database=None, print_blob=True)
httpx._config.DEFAULT_TIMEOUT_CONFIG.__init__(120)  # type: ignore[misc]  # 5 s where a test says nothing

_connect = socket.socket.connect


def _guarded_connect(self: socket.socket, address: Any) -> Any:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = str(address[0])
        local = host == "localhost" or ipaddress.ip_address(host.split("%")[0]).is_loopback
        if not local:
            raise OSError(f"a test tried to reach {host}: only loopback is allowed")
    return _connect(self, address)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nightly", action="store_true", help="run what takes hours: more kills, more fuzz, longer loads")
    parser.addoption("--need-chromium", action="store_true", help="end at once where Chromium is not installed")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("night" if config.getoption("--nightly") else "day")
    if config.getoption("--need-chromium") and CHROMIUM is None:
        raise pytest.UsageError(NO_CHROMIUM)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say at the start what this machine lacks."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or hasattr(session.config, "workerinput"):
        return
    for line in [NO_CHROMIUM] * (CHROMIUM is None) + [NO_SHARED] * (not SHARED_SEEDS.is_dir()):
        terminal.write_line(line)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is long begins first, so that at the end no worker waits for another; the rest of the order stays."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not item.nodeid.startswith(PAGE), item.path not in slow))
    if config.getoption("--nightly"):
        return
    only_at_night = pytest.mark.skip(reason="only with --nightly (make nightly)")
    for item in items:
        if item.get_closest_marker("nightly"):
            item.add_marker(only_at_night)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """`--dist loadfile` with one more rule: the tests of the page share a server and a browser, and so a worker."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return PAGE if nodeid.startswith(PAGE) else str(super()._split_scope(nodeid))

    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def nightly(pytestconfig: pytest.Config) -> bool:
    """Is this the long run? A test that is shortened by day takes its counts from this."""
    return bool(pytestconfig.getoption("--nightly"))


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """Nothing leaves the machine, in any test."""
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own DOSSIER_* variables do not change a test."""
    for name in list(os.environ):
        if name.startswith("DOSSIER_") and name != "DOSSIER_SHARED":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def embedder():  # type: ignore[no-untyped-def]
    """The packaged embedder."""
    from index.embed import open_embedder

    return open_embedder()


@pytest.fixture(scope="session")
def reader():  # type: ignore[no-untyped-def]
    """The packaged reader."""
    from rag.reading.reader import EncoderReader

    return EncoderReader()


HARBOUR = """---
title: Harbour strike ends after nine days
publisher: The Tarn Courier
author: Ilse Brandt
published: 2021-05-06
kind: report
---
Dock workers in Tarn voted on 4 May to end their strike. The vote followed nine days of talks in the town hall.

Union secretary Oskar Lindqvist said that 310 members had voted in favour. The port authority will pay a bonus of 2.4 million crowns.

Mayor Petra Vance called the agreement a relief for the whole coast. She expects the ferries to run again from 8 May.
"""
FERRIES = """---
title: Ferries sail again
publisher: Northern Post
author: Jonas Reed
published: 2021-05-10
kind: analysis
---
The ferries between Tarn and Eskil left the quay again on 9 May, one day later than the mayor had expected.

Captain Maria Solberg steered the first crossing. The company counted 1,200 passengers on that day.

Fares rise by four per cent in June because of the cost of fuel.
"""
BREAD = "A history of bread\n\nBread is baked from flour, water and salt. Bakers in the valley have used rye since the fourteenth century.\n"


@pytest.fixture(scope="session")
def harbour_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three invented documents: two dated articles of different outlets, one note without a date."""
    folder = tmp_path_factory.mktemp("harbour")
    for name, text in (("harbour.md", HARBOUR), ("ferries.md", FERRIES), ("bread.txt", BREAD)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def harbour_dossier(tmp_path_factory: pytest.TempPathFactory, harbour_files: Path) -> Iterator[Dossier]:
    """The real thing over the harbour files: SQLite, Chroma, tantivy, packaged embedder and reader. Do not change it."""
    from index.files import find_files
    from rag.build import open_dossier
    from rag.settings import load_settings

    with open_dossier(load_settings(data=tmp_path_factory.mktemp("data"))) as dossier:
        found = find_files([harbour_files], max_files=10)
        dossier.collection(create=True).ingest(found.files, roots=found.roots, refusals=found.refusals)
        yield dossier
