from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from eval.lines import SetUnusable, read_ids, read_lines, sample
from tests.eval_sets import write_lines

FIELDS = {"_id": str, "answerable": bool}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", r"line 2: not JSON"),
        ("[1]", "line 2: must be an object, got list"),
        ('{"_id": "b"}', "line 2: 'answerable' is missing"),
        ('{"_id": 7, "answerable": true}', "line 2: '_id' must be str, got int"),
        ('{"_id": "b", "answerable": 1}', "line 2: 'answerable' must be bool, got int"),
    ],
)
def test_a_malformed_line_is_named_with_its_file_and_number(tmp_path: Path, line: str, reason: str) -> None:
    path = write_lines(tmp_path / "queries.jsonl.gz", [{"_id": "a", "answerable": True}, line])
    with pytest.raises(SetUnusable, match=reason) as caught:
        read_lines(path, FIELDS)
    assert str(path) in str(caught.value)


def test_a_missing_file_a_cut_one_and_one_of_another_encoding_are_named(tmp_path: Path) -> None:
    with pytest.raises(SetUnusable, match=r"No file .*nowhere"):
        read_lines(tmp_path / "nowhere.jsonl.gz", FIELDS)
    whole = gzip.compress(b'{"_id": "a", "answerable": true}\n' * 50)
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SetUnusable, match="cannot be read"):
        read_lines(tmp_path / "cut.jsonl.gz", FIELDS)
    (tmp_path / "latin.jsonl").write_bytes('\n{"_id": "é"}'.encode("latin-1"))
    with pytest.raises(SetUnusable, match="line 2: not UTF-8"):
        read_lines(tmp_path / "latin.jsonl", FIELDS)


def test_blank_lines_are_read_over_and_still_counted(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.jsonl.gz", ["", {"_id": "a", "answerable": True}, "", "{"])
    with pytest.raises(SetUnusable, match="line 4"):
        read_lines(path, FIELDS)


def test_a_sample_is_the_same_each_time_keeps_the_order_and_holds_no_item_twice() -> None:
    items = list(range(500))
    drawn = sample(items, 40)
    assert drawn == sample(items, 40) == sorted(set(drawn))
    assert len(drawn) == 40
    assert sample(items, 40, seed=1) != drawn
    assert sample(items, None) == sample(items, 500) == items


def test_a_limit_of_0_is_refused() -> None:
    with pytest.raises(ValueError, match="limit must be 1 or more, got 0"):
        sample([1], 0)


def test_ids_are_one_a_line_and_none_where_there_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "test_ids.txt").write_text("a\n\nb\n")
    assert read_ids(tmp_path / "test_ids.txt") == {"a", "b"}
    assert read_ids(tmp_path / "other.txt") is None
