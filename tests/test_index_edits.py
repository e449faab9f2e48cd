"""What a person says of a document: a new revision, laid over later ones of the file, and taken back without a trace."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.collection import Collection
from index.directory import DataDirectory
from index.edits import FIELDS, MAX_CHARS, Edit
from index.errors import ModelChanged, UnknownDocument
from index.files import SourceFile
from index.heading import heading_of, passage_text
from index.pieces import files_holding
from index.protocols import Vectors
from index.values import Document, ParsedFile, Provenance, Published, Span
from tests.fakes import WordHashEmbedder
from tests.storage import PlainParser, article, found_by_own_words, offered, own, split_lines, write

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        texts = {
            "a.txt": article(1, title="Report 1", publisher="North Post", date="2020-03-01"),
            "b.txt": article(2, title="Report 2"),
        }
        collection.ingest(write(tmp_path / "files", texts))
        yield collection


def _titled(collection: Collection, title: str) -> Document:
    return next(one for one in collection.documents() if one.provenance.title == title)


def test_a_corrected_document_is_a_new_revision_and_the_old_one_is_gone(collection: Collection) -> None:
    old, other = _titled(collection, "Report 1"), _titled(collection, "Report 2")
    new_id = collection.edit(old.id, publisher="The Unheard Gazette", published="2021-05")
    new = collection.document(new_id)
    assert {one.id for one in collection.documents()} == {new_id, other.id}
    assert new.provenance == Provenance(
        "Report 1", "The Unheard Gazette", None, Published("2021-05", "month", "edited")
    )
    assert (new.text, new.sources, new.chunk_count, new.media_type) == (
        old.text, old.sources, old.chunk_count, old.media_type,
    )  # fmt: skip
    with pytest.raises(UnknownDocument):
        collection.document(old.id)
    hits = collection.chunks([chunk for chunk, _ in collection.search_lexical("Unheard Gazette", 3)])
    assert {chunk.document_id for chunk in hits.values()} == {new_id}
    assert all(ways == {"lexical", "dense"} for ways in found_by_own_words(collection, WordHashEmbedder()).values())


def test_only_what_stands_under_a_new_heading_is_embedded_and_its_spans_stay(collection: Collection) -> None:
    embedder: WordHashEmbedder = collection._embedder  # type: ignore[assignment]
    old = _titled(collection, "Report 1")
    spans = [(one.start, one.end) for one in collection.passages(old.id)]
    embedder.embedded.clear()
    new_id = collection.edit(old.id, author="Ilse Brandt")  # no part of the heading
    assert embedder.embedded == []
    new_id = collection.edit(new_id, title="Another name")
    assert len(embedder.embedded) == old.chunk_count
    assert [(one.start, one.end) for one in collection.passages(new_id)] == spans


@pytest.mark.parametrize(("date", "precision"), [("2019", "year"), ("2019-02", "month"), ("2019-02-28", "day")])
def test_a_date_is_as_precise_as_it_is_long(collection: Collection, date: str, precision: str) -> None:
    new_id = collection.edit(_titled(collection, "Report 2").id, published=date)
    assert collection.document(new_id).provenance.published == Published(date, precision, "edited")  # type: ignore[arg-type]


def test_a_blank_says_that_nobody_knows_and_none_asks_the_file_again(collection: Collection) -> None:
    old = _titled(collection, "Report 1")
    blank = collection.edit(old.id, title="", publisher="", author="", published="")
    assert collection.document(blank).provenance == Provenance()
    dated = collection.edit(blank, published=None)
    assert collection.document(dated).provenance == Provenance(published=old.provenance.published)
    assert collection.edited(dated) == Edit(title="", publisher="", author="")
    assert collection.edit(dated, title=None, publisher=None, author=None) == old.id
    assert collection.edited(old.id) == Edit()
    assert collection.document(old.id).provenance == old.provenance
    with collection.catalogue.reading() as connection:
        assert connection.execute("SELECT count(*) FROM edits").fetchone() == (0,)


@pytest.mark.parametrize("fields", [{"author": "Ilse Brandt"}, {"title": "Report 1"}, {"title": None}, {}])
def test_the_same_correction_twice_writes_nothing(collection: Collection, fields: dict[str, str | None]) -> None:
    first = collection.edit(_titled(collection, "Report 1").id, **fields)
    writes = collection.catalogue._writer.total_changes
    assert collection.edit(first, **fields) == first
    assert collection.catalogue._writer.total_changes == writes


def test_indexing_again_changes_nothing_and_a_changed_file_is_corrected_again(
    tmp_path: Path, collection: Collection
) -> None:
    first = collection.edit(_titled(collection, "Report 1").id, publisher="Gazette", published="")
    again = collection.ingest(offered(tmp_path / "files"), roots=[str(tmp_path / "files")])
    assert (again.unchanged, again.replaced, again.embedded_chunks) == (2, (), 0)
    assert first in {one.id for one in collection.documents()}
    write(
        tmp_path / "files", {"a.txt": article(9, title="Report 1, revised", publisher="South Post", date="2020-04-01")}
    )
    report = collection.ingest(offered(tmp_path / "files"))
    revised = collection.document(report.replaced[0])
    assert revised.provenance == Provenance("Report 1, revised", "Gazette")
    taken_back = collection.document(collection.edit(revised.id, publisher=None, published=None))
    assert taken_back.provenance == Provenance(
        "Report 1, revised", "South Post", None, Published("2020-04-01", "day", "front matter")
    )


def test_every_source_of_a_document_is_corrected(tmp_path: Path, collection: Collection) -> None:
    (tmp_path / "files" / "copy.txt").write_bytes((tmp_path / "files" / "a.txt").read_bytes())
    collection.ingest(offered(tmp_path / "files"))
    new_id = collection.edit(_titled(collection, "Report 1").id, author="Ilse Brandt")
    assert len(collection.document(new_id).sources) == 2
    (tmp_path / "files" / "a.txt").unlink()
    collection.ingest(offered(tmp_path / "files"), roots=[str(tmp_path / "files")])
    assert collection.edited(new_id) == Edit(author="Ilse Brandt")


def test_a_correction_goes_with_its_document_and_does_not_wait_for_its_name(
    tmp_path: Path, collection: Collection
) -> None:
    old = _titled(collection, "Report 1")
    collection.remove(collection.edit(old.id, author="Ilse Brandt"))
    collection.ingest(offered(tmp_path / "files"))
    assert _titled(collection, "Report 1").id == old.id


def test_an_erased_document_takes_its_correction_along(collection: Collection) -> None:
    new_id = collection.edit(_titled(collection, "Report 1").id, publisher="The Unheard Gazette")
    assert files_holding(collection.directory, [b"The Unheard Gazette"])
    collection.erase(new_id)
    assert not files_holding(collection.directory, [b"The Unheard Gazette"])


def test_a_kept_answer_knows_that_what_it_cites_is_gone(collection: Collection) -> None:
    old = _titled(collection, "Report 1")
    cited = {"document_id": old.id, "number": 1}
    content = {"id": "ans_1", "question": "?", "query": "?", "citations": [cited], "evidence": []}
    collection.answers.keep(content, {}, thread=None, sequence=collection.answers.seen(), most=9)
    collection.edit(old.id, author="Ilse Brandt")
    assert collection.answers.answer("ans_1").removed == (old.id,)
    collection.edit(_titled(collection, "Report 1").id, author=None)
    assert collection.answers.answer("ans_1").removed == ()


@pytest.mark.parametrize(
    "fields",
    [{"published": "2020-02-30"}, {"published": "20-02-2020"}, {"published": "2020-2-3"}, {"published": "May 2020"}, {"published": "1700"},
     {"published": "9999-01-01"}, {"published": "٢٠٢٠"}, {"title": "x" * (MAX_CHARS + 1)}, {"author": "a\0b"}, {"author": "a\x9bb"},
     {"publisher": "\ud83d"}, {"kind": "report"}, {"text": "x"}],
)  # fmt: skip
def test_what_cannot_be_known_of_a_document_is_refused(collection: Collection, fields: dict[str, str]) -> None:
    before = collection.catalogue.sequence
    with pytest.raises(ValueError, match="must be"):
        collection.edit(_titled(collection, "Report 1").id, **fields)
    assert collection.catalogue.sequence == before


def test_a_correction_of_no_document_is_refused(collection: Collection) -> None:
    with pytest.raises(UnknownDocument):
        collection.edit("doc_x", title="y")
    with pytest.raises(UnknownDocument):
        collection.edited("doc_x")


def test_white_space_in_a_correction_is_one_space(collection: Collection) -> None:
    new_id = collection.edit(_titled(collection, "Report 2").id, title="  A\tname\n of it ", published=" 2020 ")
    assert collection.edited(new_id) == Edit(title="A name of it", published="2020")


def test_chunks_that_a_longer_heading_pushes_past_the_model_are_cut_anew(tmp_path: Path) -> None:
    embedder = WordHashEmbedder()
    embedder.max_tokens = 64
    with DataDirectory.own(tmp_path / "data", parser=PlainParser()) as data:
        collection = data.collection("default", embedder, create=True)
        collection.ingest(write(tmp_path / "files", {"a.txt": article(3, 12)}))
        [old] = collection.documents()
        new = collection.document(collection.edit(old.id, title="Many words " * 12))
        passages = collection.passages(new.id)
        head = heading_of(new.provenance)
        assert new.chunk_count > old.chunk_count
        assert max(embedder.count_tokens([passage_text(head, one.text) for one in passages])) <= embedder.max_tokens
        assert all(new.text[one.start : one.end] == one.text for one in passages)
        assert all(before.end <= after.start for before, after in pairwise(passages))


def test_a_failing_encoder_leaves_the_document_as_it_was(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = _titled(collection, "Report 1")

    def fail(texts: Sequence[str]) -> Vectors:
        raise RuntimeError("no memory")

    monkeypatch.setattr(collection._embedder, "embed_passages", fail)
    with pytest.raises(RuntimeError):
        collection.edit(old.id, title="New")
    assert collection.document(old.id) == old
    assert collection.edited(old.id) == Edit()


def test_under_another_model_a_correction_waits_for_the_vectors(tmp_path: Path) -> None:
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(write(tmp_path / "files", {"a.txt": article(1)}))
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder("other"))
        with pytest.raises(ModelChanged):
            collection.edit(collection.documents()[0].id, title="New")


def test_a_correction_during_an_ingest_of_the_same_file_is_not_lost(
    tmp_path: Path, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = collection._embedder.embed_passages
    write(tmp_path / "files", {"a.txt": article(9, title="Report 1", publisher="South Post")})

    def corrected_meanwhile(texts: Sequence[str]) -> Vectors:
        monkeypatch.setattr(collection._embedder, "embed_passages", embed)
        collection.edit(_titled(collection, "Report 1").id, publisher="Gazette")
        return embed(texts)

    monkeypatch.setattr(collection._embedder, "embed_passages", corrected_meanwhile)
    report = collection.ingest(offered(tmp_path / "files"))
    revised = _titled(collection, "Report 1")
    assert (revised.provenance.publisher, report.replaced) == ("Gazette", (revised.id,))
    assert revised.text.startswith("title: Report 1\npublisher: South Post")


def test_a_crash_after_the_transaction_is_made_good_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(write(tmp_path / "files", {"a.txt": article(1, title="Report 1")}))
        monkeypatch.setattr(collection._generations, "catch_up", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            collection.edit(collection.documents()[0].id, title="New")
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder())
        assert [one.provenance.title for one in collection.documents()] == ["New"]
        assert list(found_by_own_words(collection, WordHashEmbedder()).values()) == [{"lexical", "dense"}]


_EDITS_UNTIL_KILLED = """
import sys
from pathlib import Path
from tests.fakes import WordHashEmbedder
from tests.storage import own
with own(Path(sys.argv[1])) as data:
    collection = data.collection("default", WordHashEmbedder())
    number = 0
    while True:
        for document in collection.documents():
            collection.edit(document.id, title=f"Title {number}", author=f"Author {number}")
        number += 1
        print(number, flush=True)
"""


def test_a_kill_at_any_moment_leaves_each_document_whole_in_one_revision(tmp_path: Path, nightly: bool) -> None:
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(write(tmp_path / "files", {f"{n}.txt": article(n, title=f"Report {n}") for n in range(3)}))
        texts = sorted(one.text for one in collection.documents())
    chance = random.Random(7)
    for _ in range(60 if nightly else 1):
        process = subprocess.Popen(
            [sys.executable, "-c", _EDITS_UNTIL_KILLED, str(tmp_path / "data")], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 5)):
            process.stdout.readline()
        for _ in range(chance.randrange(40_000)):
            pass  # anywhere within the next round
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with own(tmp_path / "data") as data:
            collection = data.collection("default", WordHashEmbedder())
            documents = collection.documents()
            assert sorted(one.text for one in documents) == texts
            for one in documents:
                edit = collection.edited(one.id)
                assert (one.provenance.title, one.provenance.author) == (edit.title, edit.author)
                assert (edit.title or "").split()[-1] == (edit.author or "").split()[-1]
            assert all(
                ways == {"lexical", "dense"} for ways in found_by_own_words(collection, WordHashEmbedder()).values()
            )


# Any sequence, held against a dictionary


class NamingParser:
    """The text is the file's; the title is the first letter of its name, so files with one text may say different things."""

    def parse(self, path: Path, name: str) -> ParsedFile:
        text = path.read_text()
        return ParsedFile(text, "text/plain", said_by(name, text), (Span(0, len(text)),))

    def close(self) -> None:
        """Nothing to end."""


def said_by(name: str, text: str) -> Provenance:
    return Provenance(
        title=name[0], publisher=f"Publisher {text[-2]}", published=Published("2020", "year", "file name")
    )


NAMES = ("a1", "a2", "b1")
values = st.sampled_from([None, "", "a", "b", "2020", "2019-05"])
corrections = st.dictionaries(st.sampled_from(FIELDS), values, max_size=2).filter(
    lambda fields: fields.get("published") not in ("a", "b")
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(NAMES), st.integers(0, 1)),
        st.tuples(st.just("drop"), st.sampled_from(NAMES), st.none()),
        st.tuples(st.just("remove"), st.sampled_from(NAMES), st.none()),
        st.tuples(st.just("edit"), st.sampled_from(NAMES), corrections),
    ),
    max_size=8,
)


class Model:
    """Sources by name: the text of each, and what was set by hand; documents are what falls together."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.edits: dict[str, Edit] = {}

    def documents(self) -> dict[tuple[str, Provenance], set[str]]:
        found: dict[tuple[str, Provenance], set[str]] = {}
        for name, text in self.texts.items():
            known = self.edits.get(name, Edit()).over(said_by(name, text))
            found.setdefault((text, known), set()).add(name)
        return found

    def together(self, name: str) -> set[str]:
        return next((names for names in self.documents().values() if name in names), set())

    def forget(self, names: set[str]) -> None:
        for name in names:
            self.texts.pop(name)
            self.edits.pop(name, None)


@settings(max_examples=15)
@given(steps=steps)
def test_any_sequence_of_edits_ingests_and_removals_ends_where_the_files_and_the_corrections_say(
    steps: list[tuple[str, str, object]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        files.mkdir()
        with DataDirectory.own(Path(folder) / "data", parser=NamingParser(), splitter=split_lines) as data:
            collection = data.collection("default", WordHashEmbedder(), create=True)
            model = Model()
            for kind, name, value in steps:
                _step(collection, model, files, kind, name, value)
                found = {
                    (one.text, one.provenance): {Path(source).name for source in one.sources}
                    for one in collection.documents()
                }
                assert found == model.documents()
            writes = collection.catalogue.sequence
            kept = [SourceFile(str(files / name), files / name, name) for name in model.texts]
            assert collection.ingest(kept).unchanged == len(kept)
            assert collection.catalogue.sequence == writes
            assert all(
                ways == {"lexical", "dense"} for ways in found_by_own_words(collection, WordHashEmbedder()).values()
            )


def _step(collection: Collection, model: Model, files: Path, kind: str, name: str, value: object) -> None:
    held = next((one for one in collection.documents() if str(files / name) in one.sources), None)
    if kind == "write":
        text = article(int(value), 2) + f"{value}\n"  # type: ignore[call-overload]
        (files / name).write_text(text)
        model.texts[name] = text
        collection.ingest([SourceFile(str(files / name), files / name, name)])
    elif held is None:
        return
    elif kind == "drop":
        model.forget({name})
        kept = [SourceFile(str(files / one), files / one, one) for one in model.texts]
        collection.ingest(kept, roots=[str(files)])
    elif kind == "remove":
        model.forget(model.together(name))
        collection.remove(held.id)
    else:
        fields: dict[str, str | None] = value  # type: ignore[assignment]
        together = model.together(name)
        for one in together:
            model.edits[one] = replace(model.edits.get(one, Edit()), **fields)
        new_id = collection.edit(held.id, **fields)
        assert min(together) in {Path(source).name for source in collection.document(new_id).sources}
