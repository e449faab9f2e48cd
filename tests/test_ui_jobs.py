"""Uploads over real HTTP: one job each, names of ours on disk, nothing left behind, a bounded queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import StorageFailed
from index.values import IngestReport
from rag.views import MAX_NAME_CHARS, JobView, shown_name
from tests.fakes_ui import FakeDossier, serving
from ui.access.caller import LOCAL, Caller, acting_as
from ui.jobs import UPLOADS, Jobs, Upload, UploadFolder
from ui.line import PART_FILES
from ui.problems import Problem

TEXT = b"The lighthouse at Orm was lit in 1911."


@pytest.fixture
def dossier(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path / "data", max_file_bytes=50_000)


@pytest.fixture
def client(dossier: FakeDossier) -> Iterator[httpx.Client]:
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
        yield client


@pytest.fixture
def local() -> Iterator[None]:
    """Someone on this machine."""
    with acting_as(LOCAL):
        yield


def finished(client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    while job["status"] in ("queued", "running"):
        job = client.get(f"/v1/jobs/{job['id']}").json()
    return job


def left(dossier: FakeDossier) -> list[Path]:
    return list((dossier.settings.data / UPLOADS).rglob("*"))


def test_an_uploaded_file_is_a_document_under_its_name(client: httpx.Client, dossier: FakeDossier) -> None:
    response = client.post("/v1/documents", files={"file": ("lighthouse.txt", TEXT)})
    job = finished(client, response.json())
    assert (response.status_code, job["status"], len(job["report"]["added"])) == (202, "done", 1)
    last = dossier.collection().documents()[-1]
    assert (last.text, last.sources) == (TEXT.decode(), ("upload/lighthouse.txt",))


def test_several_files_keep_the_keys_they_are_given(client: httpx.Client, dossier: FakeDossier) -> None:
    files = [("file", ("a.txt", b"One thing.")), ("file", ("b.txt", b"Another thing."))]
    keys = ["/notes/a.txt", "/notes/b.txt"]
    finished(client, client.post("/v1/documents", files=files, data={"source": keys}).json())
    assert [one.sources for one in dossier.collection().documents()][-2:] == [(key,) for key in keys]


def test_a_refused_file_is_named_with_its_reason_and_the_others_go_in(client: httpx.Client) -> None:
    files = [("file", ("good.txt", b"A good one.")), ("file", ("bad.txt", b"BAD"))]
    report = finished(client, client.post("/v1/documents", files=files).json())["report"]
    assert len(report["added"]) == 1
    assert report["refused"] == [{"source": "upload/bad.txt", "code": "parse_error", "reason": "it says BAD"}]


def test_bytes_lie_under_a_name_of_ours_and_are_gone_afterwards(client: httpx.Client, dossier: FakeDossier) -> None:
    finished(client, client.post("/v1/documents", files={"file": ("../../lighthouse.TXT", TEXT)}).json())
    path = dossier.collection().paths[-1]
    assert path.is_relative_to(dossier.settings.data / UPLOADS)
    assert (path.suffix, "lighthouse" in str(path)) == (".txt", False)
    while left(dossier):  # the job is done a moment before its folder is gone
        pass
    assert (dossier.settings.data / UPLOADS).stat().st_mode & 0o077 == 0


HOSTILE = {
    "../../etc/cron.d/x": "x",
    "/etc/passwd": "passwd",
    "..\\..\\windows\\win.ini": "win.ini",
    "..": "unnamed",
    "": "unnamed",
    "\u202egpj.exe": "gpj.exe",
    "a\r\nSet-Cookie: x.txt": "aSet-Cookie: x.txt",
    "<img src=x onerror=alert(1)>.pdf": "<img src=x onerror=alert(1)>.pdf",
    "a" * 5000 + ".txt": "a" * 251 + ".txt",
    "CON": "CON",
    "\0": "unnamed",
}


@pytest.mark.parametrize(("name", "shown"), HOSTILE.items())
def test_a_hostile_name_is_shown_harmless(name: str, shown: str) -> None:
    assert shown_name(name) == shown


@given(st.text(st.characters(codec=None), max_size=400))
def test_every_shown_name_is_one_short_visible_word_without_a_folder(name: str) -> None:
    shown = shown_name(name)
    assert 0 < len(shown) <= MAX_NAME_CHARS
    assert "/" not in shown
    assert "\\" not in shown
    assert shown.encode("utf-8")
    assert shown_name(shown) == shown


@pytest.mark.parametrize("name", ["../../etc/cron.d/x.txt", "x" * 3000 + ".txt", "%2e%2e%2fx.txt", "\u202etxt.exe"])
def test_a_hostile_name_writes_nothing_elsewhere(client: httpx.Client, dossier: FakeDossier, name: str) -> None:
    job = finished(client, client.post("/v1/documents", files={"file": (name, TEXT)}).json())
    assert job["status"] == "done"
    outside = [
        path for path in dossier.settings.data.parent.rglob("*") if not path.is_relative_to(dossier.settings.data)
    ]
    assert outside == []


def test_a_file_over_the_limit_is_refused_at_once(client: httpx.Client, dossier: FakeDossier) -> None:
    response = client.post("/v1/documents", files={"file": ("big.txt", b"x" * 50_001)})
    assert (response.status_code, response.json()["type"]) == (413, "urn:dossier:problem:file-too-large")
    assert len(dossier.collection().held) == 2
    assert client.post("/v1/documents", files={"file": ("fits.txt", b"x" * 50_000)}).status_code == 202


def multipart(*parts: bytes) -> dict[str, Any]:
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"
    return {"content": body, "headers": {"Content-Type": "multipart/form-data; boundary=edge"}}


FILE = b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello'
BOMBS = {
    "no parts": multipart(),
    "no file": multipart(b'Content-Disposition: form-data; name="source"\r\n\r\na'),
    "a file that is a field": multipart(b'Content-Disposition: form-data; name="file"\r\n\r\n' + b"x" * 100_000),
    "many fields": multipart(*[b'Content-Disposition: form-data; name="source"\r\n\r\na'] * 1500),
    "many files": multipart(*[b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\n'] * 1500),
    "a long part header": multipart(b"X-Long: " + b"a" * 20_000 + b"\r\n" + FILE),
    "many part headers": multipart(b"X: y\r\n" * 100 + FILE),
    "no name": multipart(b"Content-Disposition: form-data\r\n\r\nx"),
    "more keys than files": multipart(FILE, *[b'Content-Disposition: form-data; name="source"\r\n\r\na'] * 2),
    "an empty key": multipart(FILE, b'Content-Disposition: form-data; name="source"\r\n\r\n'),
    "a key with NUL": multipart(FILE, b'Content-Disposition: form-data; name="source"\r\n\r\na\0b'),
    "a collection that cannot be": multipart(FILE, b'Content-Disposition: form-data; name="collection"\r\n\r\n../x'),
    "no boundary": {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
    "a boundary that does not occur": {
        "content": b"x" * 100,
        "headers": {"Content-Type": "multipart/form-data; boundary=q"},
    },
    "a long boundary": {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=" + "b" * 5000}},
}


@pytest.mark.parametrize("request_", BOMBS.values(), ids=BOMBS.keys())
def test_a_multipart_bomb_is_refused_and_leaves_nothing(
    client: httpx.Client, dossier: FakeDossier, request_: dict[str, Any]
) -> None:
    response = client.post("/v1/documents", **request_)
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert left(dossier) == []
    assert len(dossier.collection().held) == 2


# Starlette drops an unfinished part without closing it; it is freed at once, with a ResourceWarning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_upload_that_breaks_off_is_refused(client: httpx.Client, dossier: FakeDossier) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    response = client.post("/v1/documents", content=b"--edge\r\n" + FILE, headers=headers)
    assert 400 <= response.status_code < 500
    assert left(dossier) == []


def test_a_failed_job_says_so_without_a_path_and_the_next_one_runs(client: httpx.Client, dossier: FakeDossier) -> None:
    dossier.collection().fail = lambda: StorageFailed("/home/someone/full: no space left")
    failed = finished(client, client.post("/v1/documents", files={"file": ("a.txt", TEXT)}).json())
    dossier.collection().fail = lambda: RuntimeError("/home/someone/secret")
    broken = finished(client, client.post("/v1/documents", files={"file": ("a.txt", TEXT)}).json())
    dossier.collection().fail = None
    done = finished(client, client.post("/v1/documents", files={"file": ("a.txt", TEXT)}).json())
    assert [job["status"] for job in (failed, broken, done)] == ["failed", "failed", "done"]
    assert failed["error"].startswith("storage-failed: ")
    assert broken["error"].startswith("error: ")
    assert "someone" not in failed["error"] + broken["error"]


@pytest.mark.parametrize("name", ["job_0", "../x", "a" * 5000])
def test_an_unknown_job_is_missing(client: httpx.Client, name: str) -> None:
    assert client.get(f"/v1/jobs/{name}").status_code == 404


def test_a_full_queue_says_when_to_come_back(dossier: FakeDossier) -> None:
    dossier.collection().gate = gate = threading.Event()
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False) as client:
        codes = [client.post("/v1/documents", files={"file": ("a.txt", TEXT)}) for _ in range(20)]
        gate.set()
        refused = [one for one in codes if one.status_code == 503]
        jobs = [finished(client, one.json()) for one in codes if one.status_code == 202]
    assert 1 <= len(refused) <= 4
    assert all(one.headers["retry-after"] == "5" for one in refused)
    assert {job["status"] for job in jobs} == {"done"}


def test_a_long_upload_of_one_holds_up_nobody_else(dossier: FakeDossier) -> None:
    """Two of one caller are held back inside the collection, as hostile ones are; a small one goes in beside them."""
    gate = dossier.collection().gate = threading.Event()
    folders = UploadFolder(dossier.settings.data)
    jobs = Jobs(dossier)
    jobs.start()

    def submit(caller: Caller, size: int) -> str:
        folder = folders.new()
        path = folder / "a.txt"
        path.write_bytes(b"x" * size)
        with acting_as(caller):
            return jobs.submit(None, folder, [Upload("upload/a.txt", path, "a.txt")]).id

    def status(caller: Caller, job: str) -> JobView:
        with acting_as(caller):
            return jobs.view(job)

    hostile, other = Caller("key_1"), Caller("key_2")
    held = [submit(hostile, 100_000) for _ in range(3)]
    while [status(hostile, one).status for one in held].count("running") < 2:
        pass
    dossier.collection().gate = None  # what is let in from here on is not held back
    small = submit(other, 100)
    while status(other, small).status != "done":
        pass
    assert [status(hostile, one).status for one in held].count("running") == 2
    gate.set()
    while any(status(hostile, one).status != "done" for one in held):
        pass
    assert jobs.close()


def test_an_upload_in_parts_is_one_job_with_one_report(dossier: FakeDossier) -> None:
    names = [f"{number}.txt" for number in range(PART_FILES + 3)]
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
        files = [("file", (name, f"Text {name}".encode())) for name in names]
        job = finished(client, client.post("/v1/documents", files=files).json())
    assert job["status"] == "done"
    assert len(job["report"]["added"]) == len(names)
    assert job["remaining_s"] is None


@pytest.mark.usefixtures("local")
def test_a_job_says_how_long_it_takes_at_its_pace(dossier: FakeDossier, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("ui.jobs.time.monotonic", lambda: now[0])
    said: list[float | None] = []
    folder = UploadFolder(dossier.settings.data).new()
    path = folder / "a.txt"
    path.write_bytes(b"x" * 1000)
    jobs = Jobs(dossier)

    class Slow:
        def ingest(self, files: object, *, progress: Callable[[str, int, int], None]) -> IngestReport:
            for stage, done, total, at in (
                ("read", 1, 2, 110.0),
                ("encode", 1, 2, 120.0),
                ("read", 2, 2, 130.0),
                ("encode", 3, 4, 140.0),
            ):
                now[0] = at
                progress(stage, done, total)
                said.append(jobs.view(job.id).remaining_s)
            return IngestReport(added=("a", "b"))

    monkeypatch.setattr(dossier, "collection", lambda name=None, create=False: Slow())
    job = jobs.submit(None, folder, [Upload(f"upload/{name}", path, name) for name in ("a.txt", "b.txt")])
    jobs.start()
    assert jobs.close()
    assert said == [None, 60.0, 30.0, 13.3], "a quarter after 20 s, half after 30 s, three quarters after 40 s"
    assert jobs.view(job.id).remaining_s is None


@pytest.mark.usefixtures("local")
def test_closing_fails_what_waits_and_frees_every_folder(dossier: FakeDossier) -> None:
    folder = UploadFolder(dossier.settings.data)
    dossier.collection().gate = gate = threading.Event()
    jobs = Jobs(dossier)
    jobs.start()
    views = [jobs.submit(None, folder.new(), []) for _ in range(5)]
    closer = threading.Thread(target=jobs.close)
    closer.start()
    gate.set()
    closer.join(30)
    assert {jobs.view(one.id).status for one in views} <= {"done", "failed"}
    assert left(dossier) == []
    with pytest.raises(Problem, match="going down"):
        jobs.submit(None, folder.new(), [])


@pytest.mark.usefixtures("local")
def test_only_the_latest_finished_jobs_are_remembered(dossier: FakeDossier) -> None:
    folder = UploadFolder(dossier.settings.data)
    jobs = Jobs(dossier, most_kept=3)
    jobs.start()
    views = []
    for _ in range(6):
        views.append(jobs.submit(None, folder.new(), []))
        while jobs.view(views[-1].id).status != "done":
            pass
    jobs.close()
    with pytest.raises(Problem, match="forgotten"):
        jobs.view(views[0].id)
    assert jobs.view(views[-1].id).status == "done"


def test_what_a_killed_server_left_is_removed_at_the_start(tmp_path: Path) -> None:
    stale = tmp_path / UPLOADS / "old"
    stale.mkdir(parents=True)
    (stale / "secret.txt").write_text("left behind")
    UploadFolder(tmp_path)
    assert not stale.exists()


def test_a_link_in_place_of_the_upload_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / UPLOADS).symlink_to(tmp_path / "precious")
    with pytest.raises(StorageFailed):
        UploadFolder(tmp_path / "data").new()
    assert [one.name for one in (tmp_path / "precious").iterdir()] == ["file"]


def test_upload_paths_hold_in_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert UploadFolder(Path("data")).new().is_absolute()
