import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import FileRefused
from index.load import SUFFIXES, parse_file
from tests.documents import FIRST, SECOND, pdf_bytes, zip_bytes

MAX_BYTES = 25 * 1024 * 1024


def load(folder, name, content):
    path = folder / "content"
    path.write_bytes(content)
    return parse_file(path, name, max_bytes=MAX_BYTES)


def refusal(folder, name, content):
    with pytest.raises(FileRefused) as refused:
        load(folder, name, content)
    assert str(refused.value).endswith((".", ".}"))
    return refused.value.code


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_an_empty_file_is_refused_in_every_format(tmp_path, suffix):
    assert refusal(tmp_path, f"a{suffix}", b"") == "empty"


@pytest.mark.parametrize("suffix", [".txt", ".md", ".csv", ".html"])
def test_white_space_alone_is_no_text(tmp_path, suffix):
    content = b"<html><body>  </body></html>" if suffix == ".html" else b" \n\t \r\n"
    assert refusal(tmp_path, f"a{suffix}", content) == "no_text"


@pytest.mark.parametrize("name", ["a.exe", "a.pkl", "a.zip", "a.txt.pt", "a.npy"])
def test_a_type_that_is_not_listed_is_refused(tmp_path, name):
    assert refusal(tmp_path, name, b"text") == "bad_type"


TEXT_SUFFIXES = frozenset(
    ".txt .text .md .markdown .csv .tsv .json .jsonl .ndjson .yaml .yml .toml .xml .rss .atom .ipynb".split()
)
"""Of formats that are told by their parsers: what is no such text is a parse error."""


@pytest.mark.parametrize("suffix", sorted(SUFFIXES - TEXT_SUFFIXES))
def test_plain_words_under_another_name_are_refused(tmp_path, suffix):
    assert refusal(tmp_path, f"a{suffix}", b"hello, these are plain words") == "bad_type"


@pytest.mark.parametrize("suffix", [".txt", ".md", ".csv", ".html", ".eml"])
@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00" + bytes(100),
        b"\x7fELF" + bytes(100),
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        b"\x80\x04\x95\x10\x00 pickle",
        b"\x93NUMPY\x01\x00",
        b"SQLite format 3\x00",
        bytes(range(256)) * 20,
    ],
)
def test_binary_content_under_the_name_of_text_is_refused(tmp_path, suffix, content):
    assert refusal(tmp_path, f"a{suffix}", content) == "bad_type"


@given(st.binary(min_size=200, max_size=2000))
def test_random_bytes_are_read_whole_or_refused(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("random")
    try:
        parsed = load(folder, "a.txt", content)
    except FileRefused as refused:
        assert refused.code in ("bad_type", "bad_encoding", "no_text")
    else:
        assert parsed.text.encode("utf-8")


def test_files_that_are_two_formats_at_once_are_refused(tmp_path):
    pdf = pdf_bytes([FIRST])
    archive = zip_bytes({"a.txt": b"text"})
    page = b"<html><body><p>" + FIRST.encode() + b"</p></body></html>"
    assert refusal(tmp_path, "a.pdf", pdf + archive) == "bad_type"
    assert refusal(tmp_path, "a.pdf", pdf[:9] + page + pdf[9:]) == "bad_type"
    assert refusal(tmp_path, "a.html", b"<!-- %PDF-1.4 -->" + page) == "bad_type"
    assert refusal(tmp_path, "a.html", page + archive) == "bad_type"
    assert refusal(tmp_path, "a.txt", FIRST.encode() + archive) == "bad_type"
    assert refusal(tmp_path, "a.txt", page) == "bad_type"


def test_a_file_larger_than_allowed_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"a" * 11)
    with pytest.raises(FileRefused) as refused:
        parse_file(path, "a.txt", max_bytes=10)
    assert refused.value.code == "too_large"
    assert parse_file(path, "a.txt", max_bytes=11).text == "a" * 11


def test_only_regular_files_are_opened(tmp_path):
    target = tmp_path / "target.txt"
    target.write_text(FIRST)
    link, pipe, folder = tmp_path / "link.txt", tmp_path / "pipe.txt", tmp_path / "folder.txt"
    link.symlink_to(target)
    os.mkfifo(pipe)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.txt"))
        for path in (link, pipe, folder, tmp_path / "s.txt"):
            with pytest.raises(FileRefused) as refused:
                parse_file(path, path.name, max_bytes=MAX_BYTES)
            assert refused.value.code == "not_regular"


def test_a_missing_file_and_an_impossible_path_are_missing(tmp_path):
    for path in (
        tmp_path / "gone.txt",
        tmp_path / "a.txt" / "b.txt",
        tmp_path / ("n" * 5000 + ".txt"),
        tmp_path / "nul\x00.txt",
    ):
        with pytest.raises(FileRefused) as refused:
            parse_file(path, "a.txt", max_bytes=MAX_BYTES)
        assert refused.value.code == "missing"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/x.txt",
        "/etc/passwd.txt",
        "CON.txt",
        "a\r\nb.txt",
        "<img onerror=x>.txt",
        "x" * 5000 + ".txt",
        "\u202egpj.txt",
    ],
)
def test_a_name_is_never_a_path(tmp_path, name):
    parsed = load(tmp_path, name, FIRST.encode())
    assert parsed.text == FIRST
    assert parsed.body[0].start == 0


def test_more_text_than_allowed_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("index.load.MAX_TEXT_CHARS", 50)
    assert refusal(tmp_path, "a.txt", FIRST.encode()) == "too_complex"


def test_one_line_of_many_megabytes_is_read(tmp_path):
    parsed = load(tmp_path, "a.txt", b"word " * 1_000_000)
    assert len(parsed.body) == 1


def test_repairs_are_told_and_offsets_point_at_the_stored_text(tmp_path):
    parsed = load(tmp_path, "a.txt", f"\ufeff{FIRST}\r\n\u202e{SECOND}\x00".encode())
    assert parsed.text == f"{FIRST}\n{SECOND}"
    assert set(parsed.notes) == {"removed 1 control character", "removed 1 direction-changing character"}
    assert [parsed.text[span.start : span.end] for span in parsed.body] == [f"{FIRST}\n{SECOND}"]
