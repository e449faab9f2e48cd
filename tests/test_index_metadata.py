"""Free metadata: what files say, what is given with them and what is set by hand, one over the other."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from docx import Document as WordDocument
from fpdf import FPDF

from index.collection import Collection
from index.directory import DataDirectory
from index.errors import UnknownDocument
from index.files import SourceFile
from index.load import parse_file
from index.metadata import LONGEST_TEXT, MOST_ITEMS, MOST_KEYS, checked, folded, readable
from index.sandbox import ParserProcess
from index.values import Document, ParsedFile
from tests.documents import FIRST, SECOND
from tests.fakes import WordHashEmbedder
from tests.storage import article, offered, own, split_lines, write


def _parsed(tmp_path: Path, name: str, content: bytes) -> ParsedFile:
    path = tmp_path / "content"
    path.write_bytes(content)
    return parse_file(path, name, max_bytes=10_000_000)


def _word() -> bytes:
    document = WordDocument()
    document.add_paragraph(FIRST)
    said = document.core_properties
    said.subject, said.category, said.keywords = "Ferries", "Minutes", "harbour; boats, spring"
    said.created, said.author = datetime(2025, 11, 16, 9, 30), "Ilse Brandt"
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def _pdf() -> bytes:
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    pdf.set_subject("Ferries")
    pdf.set_keywords("harbour, boats")
    pdf.set_creation_date(datetime(2025, 11, 16))
    pdf.add_page()
    pdf.multi_cell(0, 6, FIRST)
    return bytes(pdf.output())


def _mail() -> bytes:
    message = EmailMessage()
    message["From"] = "Ilse Brandt <ilse@tarn.example>"
    message["To"] = '"Weiss, Otto" <otto@tarn.example>, board@tarn.example'
    message["Cc"] = "=?utf-8?q?J=C3=B8rn?= <jorn@tarn.example>"
    message["Subject"] = "The third boat"
    message["Date"] = "Sun, 16 Nov 2025 09:30:00 +0100"
    message.set_content(SECOND)
    return bytes(message)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.md",
            f"---\ntitle: Ferries\nStatus: draft\npages: 12\nshare: 0.5\nvalid: 2025-11-16\nopen: true\ntags: [board, 2025]\nowner: {{name: Ilse}}\n---\n{FIRST}\n".encode(),
            {"status": "draft", "pages": 12, "share": 0.5, "valid": "2025-11-16", "open": "true", "tags": ("board", "2025"), "owner.name": "Ilse"},
        ),
        (
            "b.md",
            f'+++\ntitle = "Ferries"\nvalid = 2025-11-16\ntags = ["board"]\n[owner]\nname = "Ilse"\n+++\n{FIRST}\n'.encode(),
            {"valid": "2025-11-16", "tags": ("board",), "owner.name": "Ilse"},
        ),
        ("c.docx", _word(), {"subject": "Ferries", "category": "Minutes", "keywords": ("harbour", "boats", "spring"), "created": "2025-11-16"}),
        ("d.pdf", _pdf(), {"subject": "Ferries", "keywords": ("harbour", "boats"), "created": "2025-11-16"}),
        (
            "e.html",
            f'<html><head><title>F</title><meta name="description" content="On boats"><meta name="keywords" content="a, b"><meta property="article:tag" content="quay">'
            f'<meta name="department" content="Works"><meta name="viewport" content="width=1"><meta name="author" content="I. B."></head><body><p>{FIRST}</p></body></html>'.encode(),
            {"description": "On boats", "keywords": ("a", "b"), "tags": ("quay",), "department": "Works"},
        ),
        (
            "f.eml",
            _mail(),
            {
                "from": ("Ilse Brandt <ilse@tarn.example>",),
                "to": ('"Weiss, Otto" <otto@tarn.example>', "board@tarn.example"),
                "cc": ("Jørn <jorn@tarn.example>",),
                "subject": "The third boat",
                "date": "2025-11-16",
            },
        ),
        ("g.txt", FIRST.encode(), {}),
    ],
)  # fmt: skip
def test_a_file_says_what_it_says_of_itself(tmp_path: Path, name: str, content: bytes, said: dict[str, object]) -> None:
    found = dict(_parsed(tmp_path, name, content).metadata)
    known_as_well = {"modified", "last modified by", "comments", "revision", "producer", "creator"}
    assert {key: value for key, value in found.items() if key not in known_as_well} == said


def test_toml_front_matter_is_provenance_too_and_no_body(tmp_path: Path) -> None:
    parsed = _parsed(tmp_path, "a.md", f'+++\ntitle = "Ferries"\ndate = 2025-11-16\n+++\n{FIRST}\n'.encode())
    assert parsed.provenance.title == "Ferries"
    assert parsed.provenance.published and parsed.provenance.published.date == "2025-11-16"
    assert [parsed.text[one.start : one.end] for one in parsed.body] == [FIRST]


def test_metadata_comes_out_of_the_sandbox_as_it_went_in(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"---\ntags: [a, b]\npages: 12\n---\n{FIRST}\n")
    with ParserProcess() as parser:
        assert parser.parse(path, "a.md").metadata == {"tags": ("a", "b"), "pages": 12}


def test_a_file_with_too_much_of_it_goes_in_with_a_note(tmp_path: Path) -> None:
    fields = "".join(f"key{number}: value\n" for number in range(MOST_KEYS + 10))
    content = f"---\n{fields}long: {'x' * (LONGEST_TEXT + 9)}\n---\n{FIRST}\n"
    parsed = _parsed(tmp_path, "a.md", content.encode())
    assert len(parsed.metadata) == MOST_KEYS
    assert any(note.startswith("left out 1") for note in parsed.notes)
    kept, notes = readable({"long": "x" * (LONGEST_TEXT + 9), "1": "no name", "list": list(range(MOST_ITEMS + 1))})
    assert (kept["long"], len(kept["list"])) == ("x" * LONGEST_TEXT, MOST_ITEMS)  # type: ignore[arg-type]
    assert notes == ["left out 1 metadata field", "cut 2 metadata fields"]


@pytest.mark.parametrize(
    "fields",
    [{"": "x"}, {"1st": "x"}, {"a" * 65: "x"}, {"a\nb\0": "x"}, {"a": ""}, {"a": "x" * (LONGEST_TEXT + 1)}, {"a": "b\x1bc"}, {"a": None}, {"a": True},
     {"a": []}, {"a": ["x"] * (MOST_ITEMS + 1)}, {"a": [["x"]]}, {"a": {"b": "c"}}, {"a": float("nan")}, {"a": 10**15}, {"a": "\ud800"},
     {"A": "x", "a": "y"}, {f"k{number}": "v" for number in range(MOST_KEYS + 1)}],
)  # fmt: skip
def test_what_cannot_be_metadata_is_refused_by_name(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="metadata"):
        checked(fields)


def test_values_count_as_the_same_whatever_their_case_width_and_type() -> None:
    assert folded("ＡＢＣ  Straße") == folded("abc strasse")
    assert folded(12) == folded(12.0) == folded("12") != folded("012")


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with own(tmp_path / "data") as data:
        yield data.collection("default", WordHashEmbedder(), create=True)


def _given(files: list[SourceFile], **metadata: str) -> list[SourceFile]:
    return [replace(one, metadata=checked(metadata)) for one in files]


def _only(collection: Collection) -> Document:
    (document,) = collection.documents()
    return document


def test_what_is_given_lies_over_the_file_and_what_is_set_by_hand_over_both(tmp_path: Path) -> None:
    with DataDirectory.own(tmp_path / "data", parser=ParserProcess(), splitter=split_lines) as data:
        real = data.collection("default", WordHashEmbedder(), create=True)
        files = write(tmp_path / "files", {"a.md": f"---\nstatus: draft\narea: quay\n---\n{FIRST}\n"})
        real.ingest(_given(files, status="final", project="Harbour"))
        one = _only(real)
        assert one.metadata == {"area": "quay", "project": "Harbour", "status": "final"}
        assert real.edit(one.id, metadata={"status": "void", "area": "", "tags": "board"}) == one.id
        assert _only(real).metadata == {"project": "Harbour", "status": "void", "tags": ("board",)}
        (tmp_path / "files" / "a.md").write_text(f"---\nstatus: new\narea: mole\n---\n{SECOND}\n")
        real.ingest(offered(tmp_path / "files"))
        assert _only(real).metadata == {"project": "Harbour", "status": "void", "tags": ("board",)}
        real.edit(_only(real).id, metadata={"area": None})
        assert _only(real).metadata["area"] == "mole"
        real.edit(_only(real).id, metadata=None)
        assert _only(real).metadata == {"area": "mole", "project": "Harbour", "status": "final"}


def test_known_bytes_take_new_metadata_and_nothing_is_embedded(tmp_path: Path, collection: Collection) -> None:
    files = write(tmp_path / "files", {"a.txt": article(1)})
    collection.ingest(_given(files, project="Harbour"))
    before = _only(collection)
    report = collection.ingest(_given(files, project="Quay"))
    assert (report.unchanged, report.embedded_chunks, _only(collection).metadata) == (1, 0, {"project": "Quay"})
    assert _only(collection).id == before.id
    collection.ingest(files)  # nothing is said of it: what was said stays
    assert _only(collection).metadata == {"project": "Quay"}


def test_two_sources_of_one_document_say_it_together_until_one_goes(tmp_path: Path, collection: Collection) -> None:
    files = write(tmp_path / "files", {"a.txt": article(1), "b.txt": article(1)})
    first, second = (
        replace(files[0], metadata=checked({"tags": ["x"], "area": "quay"})),
        replace(files[1], metadata=checked({"tags": ["y", "x"], "area": "mole"})),
    )
    collection.ingest([first, second])
    assert _only(collection).metadata == {"area": "quay", "tags": ("x", "y")}
    files[0].path.unlink()
    collection.ingest([second], roots=[str(tmp_path / "files")])
    assert _only(collection).metadata == {"area": "mole", "tags": ("y", "x")}


def test_metadata_goes_with_its_document(tmp_path: Path, collection: Collection) -> None:
    collection.ingest(_given(write(tmp_path / "files", {"a.txt": article(1)}), project="Harbour"))
    one = _only(collection)
    collection.erase(one.id)
    with collection.catalogue.reading() as connection:
        assert connection.execute("SELECT count(*) FROM metadata").fetchone() == (0,)
    with pytest.raises(UnknownDocument):
        collection.edit(one.id, metadata={"a": "b"})


def test_an_edit_of_fields_and_metadata_is_one_and_a_wrong_one_changes_nothing(
    tmp_path: Path, collection: Collection
) -> None:
    collection.ingest(write(tmp_path / "files", {"a.txt": article(1)}))
    one = _only(collection)
    with pytest.raises(ValueError, match="metadata"):
        collection.edit(one.id, title="New", metadata={"a": {"b": "c"}})
    with pytest.raises(ValueError, match="published must be"):
        collection.edit(one.id, published="soon", metadata={"a": "b"})
    assert _only(collection) == one
    collection.edit(one.id, title="New", metadata={"a": "b"})
    assert (_only(collection).provenance.title, _only(collection).metadata) == ("New", {"a": "b"})
