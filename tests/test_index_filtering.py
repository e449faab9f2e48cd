"""Filters by metadata, tag, source and document: exact over any number of documents, in both searches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from index.collection import Collection
from index.files import SourceFile
from index.metadata import checked
from index.values import Condition, Filters
from rag.filters import conditions_of, filters_as_json, filters_of
from tests.fakes import WordHashEmbedder
from tests.storage import own

ABOUT: dict[str, dict[str, object]] = {
    "/papers/a.txt": {"status": "Final", "pages": 12, "due": "2025-03-04", "tags": ["board", "quay"]},
    "/papers/b.txt": {"status": "draft", "pages": 120, "due": "2025-04", "tags": ["board"]},
    "/papers/deep/c.txt": {"status": ["final", "void"], "pages": "none", "due": "2024"},
    "/papersaurus/d.txt": {"from": ["Ilse Brandt <ilse@tarn.example>"]},
    "https://tarn.example/e": {},
}
DATES = {"/papers/a.txt": "2025-03-04", "/papers/b.txt": "2025", "/papers/deep/c.txt": "2024-11"}


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    folder = tmp_path_factory.mktemp("filters")
    files = []
    for number, (source, about) in enumerate(ABOUT.items()):
        path = folder / f"{number}.txt"
        date = f"date: {DATES[source]}\n" if source in DATES else ""
        path.write_text(f"{date}The ferry number {number} sails from the old harbour.\n")
        files.append(SourceFile(source, path, path.name, metadata=checked(about)))
    with own(folder / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(files)
        yield collection


def _sources(collection: Collection, filters: Filters) -> set[str]:
    return {collection.document(one).sources[0][-5:].strip("/") for one in collection.matching(filters)}


@pytest.mark.parametrize(
    ("asked", "passing"),
    [
        ({"metadata": {"status": "FINAL"}}, {"a.txt", "c.txt"}),
        ({"metadata": {"Status": ["draft", "void"]}}, {"b.txt", "c.txt"}),
        ({"metadata": {"pages": 12}}, {"a.txt"}),
        ({"metadata": {"pages": "12"}}, {"a.txt"}),
        ({"metadata": {"pages": {"min": 12}}}, {"a.txt", "b.txt"}),
        ({"metadata": {"pages": {"min": 12.5, "max": 500}}}, {"b.txt"}),
        ({"metadata": {"due": {"min": "2025-04"}}}, {"b.txt"}),
        ({"metadata": {"due": {"min": "2025-04-20"}}}, {"b.txt"}),
        ({"metadata": {"due": {"max": "2025-03"}}}, {"a.txt", "c.txt"}),
        ({"metadata": {"due": {"min": "2025-03-04", "max": "2025-03-04"}}}, {"a.txt"}),
        ({"metadata": {"from": {"contains": "ILSE@tarn"}}}, {"d.txt"}),
        ({"metadata": {"status": "final", "pages": {"max": 20}}}, {"a.txt"}),
        ({"metadata": {"nothing": "x"}}, set()),
        ({"tags": ["Board"]}, {"a.txt", "b.txt"}),
        ({"tags": ["board", "quay"]}, {"a.txt"}),
        ({"sources": ["/papers"]}, {"a.txt", "b.txt", "c.txt"}),
        ({"sources": ["/papers/"], "tags": ["quay"]}, {"a.txt"}),
        ({"sources": ["/papers/deep", "https://tarn.example"]}, {"c.txt", "ple/e"}),
        ({"sources": ["/papers/a.txt"]}, {"a.txt"}),
        ({"sources": ["/papers/%"]}, set()),
        ({"documents": ["doc_none"]}, set()),
        ({"since": "2025"}, {"a.txt", "b.txt"}),
        ({"since": "2025", "tags": ["quay"]}, {"a.txt"}),
    ],
)  # fmt: skip
def test_exactly_the_documents_that_pass_are_searched(
    collection: Collection, asked: dict[str, object], passing: set[str]
) -> None:
    filters = filters_of(asked)
    assert _sources(collection, filters) == passing
    vector = WordHashEmbedder().embed_query("ferry harbour")
    for hits in (
        collection.search_dense(vector, 50, filters=filters),
        collection.search_lexical("ferry harbour", 50, filters=filters),
    ):
        found = collection.chunks([chunk for chunk, _ in hits])
        assert {one.document_id for one in found.values()} == set(collection.matching(filters))


def test_documents_are_named_by_id(collection: Collection) -> None:
    wanted = [one.id for one in collection.documents()[:2]]
    assert set(collection.matching(Filters(documents=(*wanted, "doc_none")))) == set(wanted)


@pytest.mark.parametrize(
    ("filters", "left_out"),
    [
        (Filters(), 0),
        (Filters(since="2025"), 2),
        (Filters(until="2020"), 2),
        (Filters(since="2025", sources=("/papersaurus",)), 1),
        (Filters(tags=("board",), since="2025"), 0),
    ],
)
def test_undated_documents_that_a_date_leaves_out_are_counted(
    collection: Collection, filters: Filters, left_out: int
) -> None:
    assert collection.undated(filters) == left_out


def test_a_change_of_metadata_alone_changes_what_passes(collection: Collection) -> None:
    one = collection.matching(Filters(sources=("https://tarn.example",)))[0]
    filters = filters_of({"metadata": {"status": "kept"}})
    assert collection.matching(filters) == []
    collection.edit(one, metadata={"status": "kept"})
    assert collection.matching(filters) == [one]
    collection.edit(one, metadata=None)
    assert collection.matching(filters) == []


@pytest.mark.parametrize(
    "metadata",
    [{"a": []}, {"a": None}, {"a": True}, {"a": ""}, {"a": {}}, {"a": {"$or": 1}}, {"a": {"min": "soon"}}, {"a": {"min": 1, "max": "2025"}},
     {"a": {"contains": 3}}, {"a": {"min": True}}, {"a": [["b"]]}, {"": "b"}, {"a": "b", "A": "c"}, {"a": float("inf")}, {"a": {"min": "2025-13"}}],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_refused(metadata: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="metadata"):
        conditions_of(metadata)


def test_filters_are_kept_and_read_back() -> None:
    asked = {
        "publisher": "Tarn Courier",
        "since": "2025",
        "tags": ["a", "b"],
        "sources": ["/papers"],
        "documents": ["doc_1"],
        "metadata": {"pages": {"min": 1, "max": 9}, "status": ["x", "y"], "from": {"contains": "ilse"}, "due": "2025"},
    }
    filters = filters_of(asked)
    assert filters_as_json(filters) == asked
    assert filters_of(filters_as_json(filters)) == filters and hash(filters)
    assert not filters_of({}) and filters_as_json(Filters()) == {}
    assert replace(filters, metadata=()).metadata != (Condition("due", any_of=("2025",)),)
