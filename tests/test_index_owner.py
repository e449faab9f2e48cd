"""One process owns a data directory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import DirectoryOwned, StorageFailed
from index.owner import FILE_NAME, OwnerLock, read_owner

ROOT = Path(__file__).resolve().parent.parent
HOLD = """
import sys
from pathlib import Path
from index.owner import OwnerLock
lock = OwnerLock(Path(sys.argv[1]))
if len(sys.argv) > 2:
    lock.announce(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


def _holder(directory: Path, *url: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory), *url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    process.wait()


def test_a_second_process_is_refused_with_the_owner_and_what_to_do(tmp_path: Path) -> None:
    process = _holder(tmp_path)
    try:
        with pytest.raises(DirectoryOwned) as refused:
            OwnerLock(tmp_path)
        assert str(process.pid) in str(refused.value)
        assert f"kill {process.pid}" in str(refused.value)
        assert "since 20" in str(refused.value)
        assert refused.value.url is None
    finally:
        _end(process)


def test_the_owners_address_is_told_to_others(tmp_path: Path) -> None:
    process = _holder(tmp_path, "http://127.0.0.1:7860")
    try:
        owner = read_owner(tmp_path)
        assert owner is not None
        assert (owner.pid, owner.url) == (process.pid, "http://127.0.0.1:7860")
        with pytest.raises(DirectoryOwned) as refused:
            OwnerLock(tmp_path)
        assert refused.value.url == "http://127.0.0.1:7860"
    finally:
        _end(process)


def test_a_killed_owner_owns_nothing(tmp_path: Path) -> None:
    _end(_holder(tmp_path, "http://127.0.0.1:7860"))
    assert read_owner(tmp_path) is None
    OwnerLock(tmp_path).close()


def test_the_same_process_cannot_own_a_directory_twice(tmp_path: Path) -> None:
    lock = OwnerLock(tmp_path)
    try:
        with pytest.raises(DirectoryOwned, match=str(os.getpid())):
            OwnerLock(tmp_path)
    finally:
        lock.close()
    OwnerLock(tmp_path).close()


def test_a_shorter_announcement_leaves_no_rest_of_a_longer_one(tmp_path: Path) -> None:
    lock = OwnerLock(tmp_path)
    try:
        lock.announce("http://127.0.0.1:7860/" + "a" * 200)
        lock.announce("http://127.0.0.1:1")
        assert json.loads((tmp_path / FILE_NAME).read_text())["url"] == "http://127.0.0.1:1"
    finally:
        lock.close()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff\xfe", b"\0" * 4096])
def test_a_lock_file_that_says_nothing_is_still_a_lock(tmp_path: Path, content: bytes) -> None:
    lock = OwnerLock(tmp_path)
    try:
        (tmp_path / FILE_NAME).write_bytes(content)
        owner = read_owner(tmp_path)
        assert owner is not None
        assert owner.pid == 0
    finally:
        lock.close()


def test_nobody_owns_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert read_owner(tmp_path / "absent") is None


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("keep")
    (tmp_path / FILE_NAME).symlink_to(victim)
    with pytest.raises(StorageFailed):
        OwnerLock(tmp_path)
    assert victim.read_text() == "keep"


def test_a_place_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageFailed, match="taken"):
        OwnerLock(tmp_path / "taken")


def test_a_lock_whose_file_was_deleted_is_still_held(tmp_path: Path) -> None:
    process = _holder(tmp_path, "http://127.0.0.1:7860")
    try:
        (tmp_path / FILE_NAME).unlink()
        with pytest.raises(DirectoryOwned, match="in use by process"):
            OwnerLock(tmp_path)
        assert read_owner(tmp_path) is not None
    finally:
        _end(process)
    OwnerLock(tmp_path).close()
