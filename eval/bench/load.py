"""A crowd at two slots: `python -m eval.bench.load`. Who is not answered must be told so at once, and the server must not grow."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
import numpy as np
import typer

from eval.bench.crowd import Reply, crowd
from eval.gold import read_gold

SEEDS = Path("seeds")
GOLD = Path("eval/gold/seeds.jsonl")
WARM_UP_S = 15.0
LOOK_S = 0.25
START_S = 120.0
PATIENT, HASTY = "clients that wait as told", "clients that come back at once"


@dataclass(slots=True)
class Resources:
    """What a process uses, looked at again and again."""

    pid: int
    rss: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def look(self) -> None:
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        found = dict(line.split(":\t", 1) for line in status.splitlines())
        self.rss.append(int(found["VmRSS"].split()[0]) * 1024)
        self.threads.append(int(found["Threads"]))
        self.files.append(len(os.listdir(f"/proc/{self.pid}/fd")))  # noqa: PTH208

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look while something goes on."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(LOOK_S):
                self.look()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@contextmanager
def served(
    data: Path, *, paths: Sequence[Path] = (), **settings: object
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server of its own process over `paths`, ready to answer; its address and the process, which is then ended."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {"DATA": data.absolute(), "PORT": port, **{name.upper(): value for name, value in settings.items()}}
    environment = {**os.environ, **{f"DOSSIER_{name}": str(value) for name, value in given.items()}}
    command = [sys.executable, "-m", "ui"]
    if paths:
        subprocess.run([*command, "index", *map(str, paths)], env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    url = f"http://127.0.0.1:{port}"
    data.mkdir(parents=True, exist_ok=True)
    with (data / "server.log").open("w", encoding="utf-8") as log:
        child = subprocess.Popen([*command, "serve"], env=environment, stdout=log, stderr=log, text=True)  # noqa: S603
        try:
            _wait_until_ready(url, child)
            yield url, child
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _wait_until_ready(url: str, child: subprocess.Popen[str]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and child.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the server did not get ready")


def questions() -> list[str]:
    """Those of the gold set of seeds/."""
    return [case.question for case in read_gold(GOLD)[0]]


def bench_load(folder: Path, *, clients: int, seconds: float) -> dict[str, Any]:
    """Both kinds of crowd against one server over seeds/."""
    asked = questions()
    with served(folder / "load", paths=sorted(SEEDS.glob("[0-9]*.md"))) as (url, child):
        crowd(url, asked, clients=2, seconds=WARM_UP_S, patient=True)
        found: dict[str, Any] = {"clients": clients, "seconds": seconds}
        for name, patient in ((PATIENT, True), (HASTY, False)):
            used = Resources(child.pid)
            used.look()
            with used.watched():
                replies = crowd(url, asked, clients=clients, seconds=seconds, patient=patient)
            last = crowd(url, asked, clients=1, seconds=0.1, patient=True)
            found[name] = summary(replies, used) | {"answers_afterwards": all(one.status == 200 for one in last)}
    return found


def summary(replies: Sequence[Reply], used: Resources) -> dict[str, Any]:
    """Statuses, how soon refusals came, and how much the server grew."""
    refused = [one for one in replies if one.status in (429, 503)]
    times = [one.ms for one in refused] or [0.0]
    return {
        "statuses": dict(sorted(Counter(str(one.status) for one in replies).items())),
        "refusals_without_retry_after": sum(one.retry_after is None for one in refused),
        "refusal_ms": {
            name: round(float(np.percentile(times, share)), 2)
            for name, share in (("p50", 50), ("p99", 99), ("max", 100))
        },
        "answer_s_median": round(float(np.median([one.ms for one in replies if one.status == 200] or [0])) / 1000, 2),
        "rss_mib": {
            "before": used.rss[0] >> 20,
            "peak": max(used.rss) >> 20,
            "growth": max(used.rss) / used.rss[0] - 1,
        },
        "files": {"before": used.files[0], "peak": max(used.files), "after": used.files[-1]},
        "threads": {"before": used.threads[0], "peak": max(used.threads), "after": used.threads[-1]},
    }


def main(
    clients: Annotated[int, typer.Option(min=1, help="Clients at once.")] = 200,
    seconds: Annotated[float, typer.Option(min=1, help="How long each crowd asks.")] = 60,
) -> None:
    """Print what a crowd gets from two slots."""
    with tempfile.TemporaryDirectory(prefix="dossier-load-") as name:
        typer.echo(json.dumps(bench_load(Path(name), clients=clients, seconds=seconds), indent=1))


if __name__ == "__main__":
    typer.run(main)
