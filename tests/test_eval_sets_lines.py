from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from eval.sets.lines import NoSet, SetInvalid, read_lines
from tests.eval_sets import write_lines

FIELDS = {"_id": str, "answerable": bool}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", r"line 2: not JSON"),
        ("[1]", "line 2: a JSON object is needed, got list"),
        ('{"_id": "b"}', "line 2: field 'answerable' is missing"),
        ('{"_id": 7, "answerable": true}', "line 2: field '_id' must be str, got int"),
        ('{"_id": "b", "answerable": 1}', "line 2: field 'answerable' must be bool, got int"),
    ],
)
def test_a_malformed_line_is_named_with_its_file_and_number(tmp_path: Path, line: str, reason: str) -> None:
    path = write_lines(tmp_path / "queries.jsonl.gz", [{"_id": "a", "answerable": True}, line])
    with pytest.raises(SetInvalid, match=f"queries.jsonl.gz {reason}") as caught:
        read_lines(path, FIELDS)
    assert str(tmp_path) in str(caught.value)


def test_a_missing_file_a_cut_one_and_one_of_another_encoding_are_named(tmp_path: Path) -> None:
    with pytest.raises(NoSet, match=r"No file .*nowhere"):
        read_lines(tmp_path / "nowhere.jsonl.gz", FIELDS)
    whole = gzip.compress(b'{"_id": "a", "answerable": true}\n' * 50)
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SetInvalid, match="cannot be read"):
        read_lines(tmp_path / "cut.jsonl.gz", FIELDS)
    (tmp_path / "latin.jsonl").write_bytes('\n{"_id": "é"}'.encode("latin-1"))
    with pytest.raises(SetInvalid, match="utf-8"):
        read_lines(tmp_path / "latin.jsonl", FIELDS)


def test_blank_lines_are_read_over_and_still_counted(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.jsonl.gz", ["", {"_id": "a", "answerable": True}, "", "{"])
    with pytest.raises(SetInvalid, match="line 4"):
        read_lines(path, FIELDS)
