from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.numbers.chunking import (
    SET,
    Overlap,
    Piece,
    asked_of,
    dense_search,
    llama_index_chunker,
    measure_chunking,
    our_chunker,
    overlap,
)
from eval.numbers.corpus import ingested
from eval.sets.cases import EvaluationSet, SetDocument
from eval.sets.lines import SetInvalid
from eval.sets.read import read_set
from index.values import Span
from tests.eval_sets import write_lines
from tests.fakes import WordHashEmbedder
from tests.shared import SHARED_DATA, needs_shared

places = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: ("a", pair[0], sum(pair))), min_size=1
)


def test_overlapping_chunks_count_once_in_the_union_and_twice_in_the_published_iou() -> None:
    # Gold 10-20. Retrieved 0-12 and 8-15 of the document, 0-5 of another: union 15 + 5, shared 10-15.
    found = overlap([("a", 0, 12), ("a", 8, 15), ("b", 0, 5)], [("a", 10, 20)])
    assert found == Overlap(recall=5 / 10, precision=5 / 20, iou=5 / 25, iou_counting_overlaps=5 / 29)


def test_gold_spans_that_overlap_count_once_and_a_passage_of_another_document_shares_nothing() -> None:
    assert overlap([("a", 0, 20)], [("a", 0, 8), ("a", 4, 10)]).recall == 1.0
    assert overlap([("a", 0, 20)], [("a", 0, 8), ("a", 4, 10)]).precision == 0.5
    assert overlap([("b", 0, 20)], [("a", 0, 8)]) == Overlap(0.0, 0.0, 0.0, 0.0)


def test_nothing_retrieved_scores_0_and_nothing_wanted_is_an_error() -> None:
    assert overlap([], [("a", 0, 8)]) == Overlap(0.0, 0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="gold must hold 1 or more characters"):
        overlap([("a", 0, 3)], [("a", 4, 4)])


@given(places, places)
def test_the_measures_equal_counting_characters_one_by_one(
    retrieved: list[tuple[str, int, int]], gold: list[tuple[str, int, int]]
) -> None:
    have, want = ({c for _, start, end in given for c in range(start, end)} for given in (retrieved, gold))
    found = overlap(retrieved, gold)
    assert found.recall == pytest.approx(len(have & want) / len(want))
    assert found.precision == pytest.approx(len(have & want) / len(have))
    assert found.iou == pytest.approx(len(have & want) / len(have | want))
    assert found.iou_counting_overlaps <= found.iou


TEXT = "\n\n".join(
    f"Chapter {n} is about the {word}. The {word} of Orba was counted {n * 7} times. Nobody had seen a {word} like it."
    for n, word in enumerate(("mill", "ferry", "bridge", "harbour", "tower", "library", "market", "dam"), start=1)
)


def _write(folder: Path) -> Path:
    start = TEXT.index("The ferry of Orba")
    gold = {"text": TEXT[start : start + 40], "start": start, "end": start + 40}
    line = {"_id": "q1", "text": "How often was the ferry of Orba counted?", "doc_id": "book", "references": [gold]}
    write_lines(folder / "dev" / "corpus.jsonl.gz", [{"_id": "book", "title": "Book", "text": TEXT}])
    write_lines(folder / "dev" / "queries.jsonl.gz", [line])
    return folder


def test_a_question_without_a_gold_span_and_a_span_outside_the_document_are_named(tmp_path: Path) -> None:
    folder = _write(tmp_path)
    line = {"_id": "q2", "text": "?", "doc_id": "book", "references": []}
    write_lines(folder / "dev" / "queries.jsonl.gz", [line])
    with pytest.raises(SetInvalid, match="question 'q2' has no gold span"):
        asked_of(read_set(folder), folder)
    outside = [{"text": "beyond", "start": len(TEXT), "end": len(TEXT) + 6}]
    write_lines(folder / "dev" / "queries.jsonl.gz", [{**line, "references": outside}])
    with pytest.raises(SetInvalid, match="'beyond' does not stand at"):
        read_set(folder)


def test_our_chunks_stand_at_their_spans_and_llama_index_covers_the_text() -> None:
    for chunk in (our_chunker(WordHashEmbedder()), llama_index_chunker(40, 10)):
        pieces = chunk(TEXT)
        assert len(pieces) > 1
        assert all(TEXT[piece.span.start : piece.span.end] == piece.text for piece in pieces)
        held = {place for piece in pieces for place in range(piece.span.start, piece.span.end)}
        assert (min(held), max(held)) == (0, len(TEXT) - 1)
        assert not "".join(char for place, char in enumerate(TEXT) if place not in held).strip()


def test_the_nearest_chunk_is_found_first() -> None:
    documents = [SetDocument("a", "", "the ferry of Orba"), SetDocument("b", "", "bread is baked")]
    search, count = dense_search(documents, lambda text: [Piece(Span(0, len(text)), text)], WordHashEmbedder())
    assert count == 2
    assert search("the ferry of Orba?")[0] == ("a", 0, 17)


def test_rows_stand_side_by_side_with_the_difference_on_the_same_questions(tmp_path: Path) -> None:
    _write(tmp_path / SET)
    measured = measure_chunking(tmp_path, WordHashEmbedder(), hybrid=False)
    rows = measured["rows"]
    assert list(rows) == ["ours", "llama-index default", "llama-index 256"]
    # The whole text is one chunk of llama-index: all of the gold, and much else.
    assert rows["llama-index default"]["chunks"] == 1
    assert rows["llama-index default"]["recall"]["value"] == 1.0
    assert rows["llama-index default"]["iou"]["value"] == pytest.approx(40 / len(TEXT))
    assert measured["ours_against"]["llama-index default"]["iou"]["delta"] == pytest.approx(
        rows["ours"]["iou"]["value"] - 40 / len(TEXT)
    )


def test_the_whole_route_is_a_row_with_the_gold_where_it_stands_after_the_ingest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.build.open_embedder", lambda name: WordHashEmbedder())
    _write(tmp_path / SET)
    row = measure_chunking(tmp_path, WordHashEmbedder())["rows"]["ours, whole route"]
    assert row["recall"]["value"] == 1.0


def test_a_corpus_goes_through_the_product_and_comes_back_by_its_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.build.open_embedder", lambda name: WordHashEmbedder())
    documents = (
        SetDocument("x1", 'A "mill": burned', "The mill in Orba burned down in 2019. Jon Ask rebuilt it."),
        SetDocument("x2", "", "The port of Sel opened on 18 October, and the ferry ran again."),
    )
    with ingested(EvaluationSet("two", documents, (), "")) as (dossier, indexed):
        assert sorted(indexed.ids.values()) == ["x1", "x2"]
        assert indexed.stored["x1"].provenance.title == 'A "mill": burned'
        bare = {indexed.ids[document.id]: document.text for document in indexed.bare_documents()}
        assert bare == {document.id: document.text for document in documents}
        hit = dossier.pipeline().search("Who rebuilt the mill?", top_k=1)[0]
        assert "Jon Ask" in hit.chunk.text


def test_a_document_that_cannot_be_ingested_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.build.open_embedder", lambda name: WordHashEmbedder())
    documents = (SetDocument("e1", "", " "), SetDocument("e2", "", "Bread."))
    with (
        pytest.raises(SetInvalid, match="document e1: It holds no text"),
        ingested(EvaluationSet("empty", documents, (), "")),
    ):
        pytest.fail("an empty document was taken in")


@needs_shared
@pytest.mark.slow
def test_the_real_set_is_measured_on_three_questions(request: pytest.FixtureRequest, nightly: bool) -> None:
    embedder = request.getfixturevalue("embedder") if nightly else WordHashEmbedder()
    measured = measure_chunking(SHARED_DATA, embedder, limit=3, hybrid=nightly)
    assert measured["n"] == 3
    assert len(measured["rows"]) == (4 if nightly else 3)
    assert all(0 < row["recall"]["value"] <= 1 and row["chunks"] > 10 for row in measured["rows"].values())
