"""Commands over documents and collections."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.settings import Settings
from tests.commands import Invoke, invoking, one_line
from tests.fakes_ui import FakeDossier
from ui.offered import files_under


@pytest.fixture
def dossier(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path / "data")


@pytest.fixture
def invoke(dossier: FakeDossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    monkeypatch.chdir(tmp_path)
    with invoking(dossier) as invoke:
        yield invoke


def test_documents_can_be_listed_removed_and_erased(invoke: Invoke, dossier: FakeDossier) -> None:
    first, second = (one["id"] for one in json.loads(invoke("documents", "--json").stdout)["documents"])
    assert invoke("documents").stdout.endswith("2 documents\n")
    assert invoke("remove", first).stdout == f"Removed {first}.\n"
    assert invoke("erase", second).exit_code == 0
    assert (dossier.collection().held, dossier.collection().erased) == ({}, [second])


def test_index_exits_0_when_all_went_in_and_says_what_it_did(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A good note.")
    result = invoke("index", "a.txt")
    assert result.exit_code == 0
    assert "1 added, 0 replaced, 0 removed, 0 unchanged (not embedded again), 0 refused" in result.stdout
    assert "1 chunks embedded, 0 reused" in result.stdout
    assert result.stderr == ""


def test_index_exits_3_when_some_were_refused_and_says_why(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A good note.")
    (tmp_path / "b.txt").write_text("BAD")
    result = invoke("index", "a.txt", "b.txt", "--json")
    assert result.exit_code == 3
    assert result.stderr == f"{tmp_path / 'b.txt'}: parse_error: it says BAD\n"
    assert json.loads(result.stdout)["refused"][0]["code"] == "parse_error"


@pytest.mark.parametrize("name", [".dossier", "data", "deep/er"])
def test_the_own_data_directory_is_neither_a_document_nor_a_refusal(tmp_path: Path, name: str) -> None:
    data = tmp_path / name
    data.mkdir(parents=True)
    (data / "catalogue.txt").write_text("not a document")
    (data / "upload.bin").write_bytes(b"\0")
    (tmp_path / "note.txt").write_text("a document")
    (tmp_path / ".env").write_text("KEY=1")
    found = files_under([tmp_path], Settings(data=data))
    assert [one.name for one in found.files] == ["note.txt"]
    assert [one.code for one in found.refusals] == ["hidden"]


def test_index_exits_1_when_nothing_went_in(invoke: Invoke) -> None:
    result = invoke("index", "nowhere.txt")
    assert result.exit_code == 1
    assert "missing" in result.stderr


def test_what_is_known_of_a_document_is_corrected_and_taken_back(invoke: Invoke, dossier: FakeDossier) -> None:
    first = json.loads(invoke("documents", "--json").stdout)["documents"][0]["id"]
    told = invoke("edit", first, "--date", "1999-01", "--publisher", "Northern Post").stdout
    assert "Northern Post, I. Brandt, January 1999 (day not known, set by hand)" in told
    now = next(one for one in dossier.collection().documents() if one.provenance.publisher == "Northern Post")
    assert json.loads(invoke("edit", now.id, "--title", "", "--json").stdout)["title"] is None


@pytest.mark.parametrize("options", [(), ("--undo", "--title", "x")])
def test_a_correction_that_says_nothing_or_two_things_is_a_wrong_call(invoke: Invoke, options: tuple[str, ...]) -> None:
    assert invoke("edit", "x", *options).exit_code == 2


@pytest.mark.parametrize("options", [("--date", "9999"), ("--date", "soon"), ("--title", "x" * 1000)])
def test_a_correction_that_cannot_be_is_one_line(invoke: Invoke, options: tuple[str, ...]) -> None:
    first = json.loads(invoke("documents", "--json").stdout)["documents"][0]["id"]
    result = invoke("edit", first, *options)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)


def test_collections_are_made_listed_and_removed_only_when_it_is_meant(invoke: Invoke, dossier: FakeDossier) -> None:
    assert invoke("collections", "create", "spare").exit_code == 0
    assert invoke("collections").stdout.splitlines() == [
        f"{'default':24} 2 documents, 2 chunks  (the usual one)",
        f"{'spare':24} 0 documents, 0 chunks",
    ]
    assert invoke("collections", "remove", "spare").exit_code == 1  # nobody said yes
    assert dossier.names() == ["default", "spare"]
    assert invoke("collections", "remove", "spare", "--yes").stdout == "Removed spare.\n"
    assert [one["name"] for one in json.loads(invoke("collections", "--json").stdout)["collections"]] == ["default"]


@pytest.mark.parametrize(
    "arguments", [("create", "default"), ("create", "../x"), ("create", "A"), ("remove", "none", "--yes")]
)
def test_a_collection_that_cannot_be_is_one_line(invoke: Invoke, arguments: tuple[str, ...]) -> None:
    result = invoke("collections", *arguments)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)


def test_documents_are_a_table_on_a_terminal(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    heading = invoke("documents").stdout.splitlines()[0]
    assert [word for word in ("id", "published", "outlet", "title", "chunks") if word in heading] == heading_words(
        heading
    )


def heading_words(line: str) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", line).split()
