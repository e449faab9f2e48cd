"""Hostile files through the real route: sent to a real server, read by its parser child, refused with a reason."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

import index.sandbox
from index.files import SourceFile
from rag.build import Dossier, open_dossier
from rag.settings import Settings
from tests.bombs import Bomb, corpus
from tests.documents import FIRST, SECOND, pdf_bytes
from tests.fakes_page import served

pytestmark = pytest.mark.slow

MOST_GROWTH_BYTES = 50_000_000
PARCEL_BYTES = 5_000_000
WAIT_S = 600


@dataclass(frozen=True)
class House:
    """A real server over a real Dossier with one document in it."""

    dossier: Dossier
    url: str

    def send(self, files: Sequence[tuple[str, Path]]) -> dict[str, Any]:
        """Send files as any client would; the report of the job that took them."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=WAIT_S) as client:
            opened = [("file", (name, path.open("rb"))) for name, path in files]
            job = client.post("/v1/documents", files=opened).raise_for_status().json()
            for _, (_, file) in opened:
                file.close()
            waits = iter(range(WAIT_S * 10))
            while job["status"] not in ("done", "failed"):
                assert next(waits, None) is not None, "the job hangs"
                time.sleep(0.1)
                job = client.get(f"/v1/jobs/{job['id']}").raise_for_status().json()
        assert job["status"] == "done", job["error"]
        report: dict[str, Any] = job["report"]
        return report

    def texts(self) -> str:
        return "\n".join(one.text for one in self.dossier.collection().documents())

    def answers(self) -> bool:
        asked = {"question": "When will the ferry run again?"}
        answer = httpx.post(f"{self.url}/v1/answer", json=asked, timeout=WAIT_S).raise_for_status().json()
        return "spring" in answer["text"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, nightly: bool) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("bombs")
    with pytest.MonkeyPatch.context() as patch:
        if not nightly:  # a bomb that only the limit stops takes its whole time
            patch.setattr("index.sandbox.ParserLimits", partial(index.sandbox.ParserLimits, cpu_s=2))
        dossier = open_dossier(Settings(data=folder / "data"))
        dossier.warm_up()
        with served(dossier) as url:
            house = House(dossier, url)
            (folder / "good.pdf").write_bytes(pdf_bytes([FIRST, SECOND]))
            assert len(house.send([("good.pdf", folder / "good.pdf")])["added"]) == 1
            yield house
        dossier.close()


def memory_bytes(name: str) -> int:
    """A figure of this process's memory as Linux tells it: VmRSS now, VmHWM at its highest since `forget_peak`."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def parcels(paths: Sequence[Path]) -> Iterator[list[tuple[str, Path]]]:
    parcel: list[tuple[str, Path]] = []
    for path in paths:
        if parcel and sum(one.stat().st_size for _, one in parcel) + path.stat().st_size > PARCEL_BYTES:
            yield parcel
            parcel = []
        parcel.append((path.name, path))
    yield parcel


def written(folder: Path, bombs: Sequence[Bomb]) -> list[Path]:
    paths = []
    for bomb in bombs:
        path = folder / bomb.name
        path.write_bytes(bomb.make())
        paths.append(path)
    return paths


def by_day(bombs: Sequence[Bomb]) -> list[Bomb]:
    """Of each number of the list and each type of file the first two."""
    seen = Counter[tuple[str, str]]()
    chosen = []
    for bomb in bombs:
        kind = (bomb.case, Path(bomb.name).suffix)
        seen[kind] += 1
        if seen[kind] <= 2:
            chosen.append(bomb)
    return chosen


def test_every_bomb_is_refused_with_a_reason_and_the_server_lives_on_as_small_as_before(
    house: House, tmp_path: Path, nightly: bool
) -> None:
    bombs = list(corpus()) if nightly else by_day(list(corpus()))
    paths = written(tmp_path, bombs)
    assert house.answers()
    gc.collect()
    before = memory_bytes("VmRSS")
    forget_peak()
    refused: dict[str, str] = {}
    reasons: list[str] = []
    for parcel in parcels(paths):
        for one in house.send(parcel)["refused"]:
            refused[one["source"].removeprefix("upload/").partition("/")[0]] = one["code"]
            reasons.append(one["reason"])
    grown = memory_bytes("VmHWM") - before
    wrong = {
        f"{bomb.case} {bomb.name}": refused.get(bomb.name, "read")
        for bomb in bombs
        if refused.get(bomb.name, "read") not in (bomb.codes or ("read",))
    }
    print(
        f"{len(bombs)} files, {len(refused)} refused, {grown / 1e6:.0f} MB more at the most,", Counter(refused.values())
    )
    assert wrong == {}
    assert all(reason.endswith((".", ".}")) and "Traceback" not in reason for reason in reasons)
    assert grown <= MOST_GROWTH_BYTES
    texts = house.texts()
    assert "root:" not in texts and "haha" not in texts
    assert house.answers()


def test_f3_a_file_that_is_cut_off_leaves_its_earlier_version_in_place(house: House, tmp_path: Path) -> None:
    whole = pdf_bytes([FIRST + " A fourth boat was ordered in Tarn."])
    path = tmp_path / "news.pdf"
    path.write_bytes(whole)
    assert len(house.send([("news.pdf", path)])["added"]) == 1
    path.write_bytes(whole[: len(whole) // 2])
    report = house.send([("news.pdf", path)])
    assert [(one["source"], one["code"]) for one in report["refused"]] == [("upload/news.pdf", "parse_error")]
    assert "A fourth boat" in house.texts().replace("\n", " ")


def test_f24_a_file_that_the_disk_does_not_give_up_holds_up_no_other(house: House, tmp_path: Path) -> None:
    good = tmp_path / "quay.txt"
    good.write_text("The quay of Tarn is 400 metres long.")
    report = house.dossier.collection().ingest(
        [SourceFile("/mem.txt", Path("/proc/self/mem"), "mem.txt"), SourceFile("/quay.txt", good, "quay.txt")]
    )
    assert [(one.source, one.code) for one in report.refused] == [("/mem.txt", "unreadable")]
    assert len(report.added) == 1


def test_f26_a_byte_too_many_is_refused_at_the_door(house: House, tmp_path: Path) -> None:
    large = tmp_path / "large.txt"
    with large.open("wb") as file:
        file.truncate(house.dossier.settings.max_file_bytes + 1)
    with large.open("rb") as file:
        response = httpx.post(f"{house.url}/v1/documents", files=[("file", ("large.txt", file))], timeout=WAIT_S)
    assert (response.status_code, response.json()["type"].rsplit(":")[-1]) == (413, "file-too-large")
    found = house.dossier.collection().ingest([SourceFile("/large.txt", large, "large.txt")])
    assert [one.code for one in found.refused] == ["too_large"]
    assert house.answers()
