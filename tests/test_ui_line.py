"""Uploads take turns: the small before the large, callers and collections one after another, and nobody waits for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.files import SourceFile
from ui.line import MOST_PASSED, PART_BYTES, PART_FILES, SMALL_BYTES, WAITING, WAITING_PER_CALLER, Line, in_parts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def _files(folder: Path, *sizes: int) -> list[SourceFile]:
    found = []
    for number, size in enumerate(sizes):
        path = folder / f"{len(list(folder.iterdir()))}-{number}"
        with path.open("wb") as stream:
            stream.truncate(size)
        found.append(SourceFile(path.name, path, path.name))
    return found


def _order(line: Line[str], count: int) -> list[str]:
    """Whose turn it is, one part after another, with one worker."""
    order = []
    for _ in range(count):
        place = line.next()
        assert place is not None
        place.parts.pop(0)
        place.sizes.pop(0)
        order.append(place.job)
        line.back(place)
    return order


def test_small_uploads_of_one_caller_go_before_a_large_one(folder: Path) -> None:
    line: Line[str] = Line()
    for name, size in (("large", 900_000), ("small", 10), ("middle", 5_000)):
        assert line.join(name, ("key", None), _files(folder, size))
    assert _order(line, 3) == ["small", "middle", "large"]


def test_callers_and_collections_take_turns_whatever_each_of_them_sends(folder: Path) -> None:
    line: Line[str] = Line()
    for number in range(3):
        line.join(f"a{number}", ("a", None), _files(folder, 100))
    line.join("b", ("b", None), _files(folder, 50_000))
    line.join("c", ("a", "other"), _files(folder, 60_000))
    assert _order(line, 5) == ["a0", "b", "c", "a1", "a2"]


def test_a_large_upload_goes_in_by_parts_and_others_come_between(folder: Path) -> None:
    line: Line[str] = Line()
    line.join("large", ("a", None), _files(folder, *[PART_BYTES] * 3))
    assert _order(line, 1) == ["large"]
    line.join("small", ("b", None), _files(folder, 10))
    assert _order(line, 3) == ["small", "large", "large"]


def test_a_large_upload_is_not_passed_for_ever(folder: Path) -> None:
    line: Line[str] = Line()
    line.join("large", ("a", None), _files(folder, 900_000))
    order = []
    for _ in range(MOST_PASSED + 2):
        line.join("small", ("a", None), _files(folder, 10))
        order += _order(line, 1)
    assert order.index("large") == MOST_PASSED


def test_one_worker_takes_only_what_is_small(folder: Path) -> None:
    line: Line[str] = Line()
    line.join("large", ("a", None), _files(folder, SMALL_BYTES + 1))
    line.join("small", ("b", None), _files(folder, SMALL_BYTES))
    small = line.next(small=True)
    assert small is not None
    assert small.job == "small"
    line.close()
    assert line.next(small=True) is None, "what is large is not for it"
    large = line.next()
    assert large is not None
    assert large.job == "large"
    large.parts.clear()
    line.back(large)
    assert line.next() is None


def test_one_caller_does_not_fill_the_line(folder: Path) -> None:
    line: Line[str] = Line()
    files = _files(folder, 1)
    joined = [line.join("one", ("a", None), files) for _ in range(WAITING_PER_CALLER + 5)]
    assert joined.count(True) == WAITING_PER_CALLER
    others = [line.join("other", (f"b{number}", None), files) for number in range(WAITING)]
    assert others.count(True) == WAITING - WAITING_PER_CALLER


def test_parts_are_bounded_in_bytes_and_files_and_hold_every_file_in_order(folder: Path) -> None:
    files = _files(folder, *[10] * (PART_FILES + 1), PART_BYTES, 5, 3 * PART_BYTES)
    parts, sizes = in_parts(files)
    assert [one for part in parts for one in part] == files
    assert [len(part) for part in parts] == [PART_FILES, 1, 1, 1, 1]
    assert sum(sizes) == sum(one.path.stat().st_size for one in files)
    assert in_parts([]) == ([[]], [0])
