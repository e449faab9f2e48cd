"""Under load: everybody gets an answer or is told when to come back, the server does not grow, and it ends what it began."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from eval.bench.crowd import Reply, crowd
from eval.bench.load import HASTY, PATIENT, SEEDS, Resources, bench_load, questions, served
from tests.fakes_ui import FakeDossier, serving
from tests.test_ui_serve import ENVIRONMENT
from ui.slots import Slots

SOAK_S = 600.0
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SLOW_SERVER = """
import sys, threading
from pathlib import Path
from tests.fakes_ui import FakeDossier
from ui.http.app import create_app
from ui.serve import bind, guarded, run

class Gate:
    def wait(self, _):
        print("working", flush=True)
        threading.Event().wait(0.5)

dossier = FakeDossier(Path(sys.argv[1]))
dossier.pipeline().gate = Gate()
run(dossier, bind("127.0.0.1", 0), app=guarded(create_app(dossier), dossier.settings))
print("over", dossier.closed, flush=True)
"""


def check(replies: list[Reply]) -> None:
    assert {one.status for one in replies} <= {200, 429, 503}
    assert any(one.status == 200 for one in replies)
    assert all(1 <= int(one.retry_after or 0) <= 60 for one in replies if one.status != 200)


@pytest.mark.parametrize("patient", [True, False])
def test_a_crowd_is_answered_or_told_when_to_come_back_and_nothing_else(tmp_path: Path, patient: bool) -> None:
    slots = Slots(2, queue=4)
    with serving(FakeDossier(tmp_path), slots=slots) as url:
        with slots.one():  # one place is taken by something long
            check(crowd(url, ["When did the harbour reopen?"], clients=60, seconds=0.5, patient=patient))
        assert httpx.post(f"{url}/v1/answer", json={"question": "The harbour?"}).status_code == 200
    assert (slots.used, slots.waiting) == (0, 0)


@linux
def test_a_server_that_is_told_to_end_answers_what_it_began(tmp_path: Path) -> None:
    """A22."""
    found: list[int] = []

    def ask(url: str) -> None:
        found.append(httpx.post(f"{url}/v1/answer", json={"question": "The harbour?"}, timeout=60).status_code)

    with subprocess.Popen(
        [sys.executable, "-c", SLOW_SERVER, str(tmp_path)],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        url = child.stdout.readline().split()[3]
        asking = threading.Thread(target=ask, args=(url,))
        asking.start()
        assert child.stdout.readline() == "working\n"
        child.send_signal(signal.SIGTERM)
        asking.join(60)
        out, _ = child.communicate(timeout=60)
    assert (found, child.returncode, out) == ([200], 0, "over True\n")


@linux
@pytest.mark.nightly
def test_two_hundred_clients_at_two_slots(tmp_path: Path) -> None:
    """A23, R9. How soon refusals come is printed, not asserted: it is a matter of the machine."""
    found = bench_load(tmp_path, clients=200, seconds=60)
    for crowd_of in (PATIENT, HASTY):
        seen = found[crowd_of]
        print(crowd_of, seen)
        assert set(seen["statuses"]) <= {"200", "429", "503"}
        assert seen["refusals_without_retry_after"] == 0
        assert seen["rss_mib"]["growth"] <= 0.2
        assert seen["files"]["after"] <= seen["files"]["before"] + 5
        assert seen["answers_afterwards"]


@linux
@pytest.mark.nightly
def test_a_server_does_not_grow_over_minutes_of_mixed_work(tmp_path: Path) -> None:
    """R15. The second half of the time is held against the first: what is loaded once is loaded by then."""
    chance, asked = random.Random(5), questions()
    statuses: set[int] = set()
    with served(tmp_path, paths=sorted(SEEDS.glob("[0-9]*.md"))) as (url, child), httpx.Client(timeout=120) as client:
        used, end = Resources(child.pid), time.monotonic() + SOAK_S
        while time.monotonic() < end:
            question = chance.choice(asked)
            note = f"Note {chance.random()}: the mill of Orm ground its last flour in 1932."
            for method, path, given in (
                ("POST", "/v1/answer", {"json": {"question": question}}),
                ("POST", "/v1/answer", {"json": {"question": question, "stream": True}}),
                ("POST", "/v1/search", {"json": {"query": question}}),
                ("POST", "/v1/documents", {"files": {"file": ("note.txt", note.encode())}}),
                ("GET", "/v1/documents", {}),
                ("GET", "/", {}),
                ("GET", "/metrics", {}),
            ):
                statuses.add(client.request(method, f"{url}{path}", **given).status_code)  # type: ignore[arg-type]
            used.look()
    assert statuses <= {200, 202, 503}
    half = len(used.rss) // 2
    slope = np.polyfit(range(half), used.rss[half : 2 * half], 1)[0] * half / used.rss[half]
    print(f"resident memory over the second half: {slope:+.2%} of {used.rss[half] >> 20} MiB")
    assert slope <= 0.05
    assert max(used.files[half:]) <= max(used.files[:half]) + 5
    assert max(used.threads[half:]) <= max(used.threads[:half]) + 2
