import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.files import find_files


def codes(found):
    return {Path(refusal.source).name: refusal.code for refusal in found.refusals}


def test_folders_are_walked_in_the_same_order_every_time(tmp_path):
    for name in ("b/2.txt", "b/1.md", "a/z.csv", "c.pdf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    found = find_files([tmp_path], max_files=100)
    assert [str(file.path.relative_to(tmp_path)) for file in found.files] == ["a/z.csv", "b/1.md", "b/2.txt", "c.pdf"]
    assert [file.source for file in found.files] == [str(file.path) for file in found.files]
    assert [file.name for file in found.files] == ["z.csv", "1.md", "2.txt", "c.pdf"]
    assert found.roots == (str(tmp_path),)
    assert found.refusals == ()


def test_everything_that_is_left_out_is_named_with_its_reason(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("x")
    folder = tmp_path / "folder"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config.txt").write_text("x")
    (folder / ".env").write_text("x")
    (folder / "program.exe").write_text("x")
    (folder / "bare").write_text("x")
    (folder / "good.txt").write_text("x")
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "linked").symlink_to(outside)
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "s.txt"))
        found = find_files([folder, tmp_path / "gone"], max_files=100)
    assert [file.name for file in found.files] == ["bare", "good.txt"]
    assert codes(found) == {
        ".git": "hidden",
        ".env": "hidden",
        "program.exe": "bad_type",
        "link.txt": "not_regular",
        "linked": "not_regular",
        "pipe.txt": "not_regular",
        "s.txt": "not_regular",
        "gone": "missing",
    }
    assert all(refusal.reason.endswith(".") for refusal in found.refusals)
    assert found.roots == (str(folder),)


def test_a_link_given_by_name_is_not_followed(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.txt").symlink_to(tmp_path / "a.txt")
    found = find_files([tmp_path / "b.txt"], max_files=10)
    assert (found.files, codes(found)) == ((), {"b.txt": "not_regular"})


def test_a_file_that_is_reached_twice_is_listed_once(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("x")
    monkeypatch.chdir(tmp_path)
    found = find_files([tmp_path, "a.txt", "./../" + tmp_path.name + "/a.txt"], max_files=10)
    assert [file.name for file in found.files] == ["a.txt"]


def test_files_beyond_the_most_allowed_are_refused_and_their_folder_is_not_whole(tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("x")
    found = find_files([tmp_path], max_files=3)
    assert [file.name for file in found.files] == ["0.txt", "1.txt", "2.txt"]
    assert codes(found) == {"3.txt": "quota", "4.txt": "quota"}
    assert found.roots == ()


def test_no_more_than_a_thousand_files_beyond_are_named(tmp_path):
    for number in range(1_100):
        (tmp_path / f"{number:04}.txt").touch()
    found = find_files([tmp_path], max_files=1)
    assert len(found.refusals) == 1_002
    assert found.refusals[-1].source == str(tmp_path)


def test_a_name_that_is_no_utf_8_is_refused_and_can_be_printed(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    found = find_files([tmp_path], max_files=10)
    assert [refusal.code for refusal in found.refusals] == ["unreadable"]
    assert found.refusals[0].source.encode("utf-8").endswith(b"caf\\udce9.txt")


def test_a_very_deep_folder_needs_no_recursion(tmp_path):
    folder = tmp_path
    for _ in range(400):
        folder = folder / "d"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("x")
    assert [file.name for file in find_files([tmp_path], max_files=10).files] == ["a.txt"]


def test_max_files_below_one_is_a_wrong_argument():
    with pytest.raises(ValueError, match="max_files"):
        find_files([], max_files=0)


@given(st.text(max_size=300))
def test_any_name_that_does_not_exist_is_missing_or_unreadable(name):
    found = find_files([f"/nonexistent/{name}"], max_files=10)
    assert found.files == ()
    assert all(refusal.code in ("missing", "unreadable") for refusal in found.refusals)
    assert len(found.refusals) == 1
