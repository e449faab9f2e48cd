"""The rows of a report over a real Dossier: its stages, the route without one of them, peers that are not installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.observe import RERANKED, ROWS
from eval.peers.ask import PeerUnusable
from eval.rows import (
    KNOWN_ROWS,
    PEER_ROWS,
    SWITCHED_OFF,
    RememberingReader,
    installed_peers,
    own_collection,
    row_rankers,
)
from index.files import find_files
from rag.build import Dossier, open_dossier
from rag.settings import load_settings
from tests.eval_fakes import KnownReader
from tests.fakes import WordHashEmbedder

QUESTION = "Who is the secretary of the union, and who steered the first crossing according to the Northern Post?"


def rankers(dossier: Dossier, rows: tuple[str, ...], folder: Path):  # type: ignore[no-untyped-def]
    collection = dossier.collection()
    return row_rankers(dossier, collection, collection.documents, [QUESTION], rows=rows, folder=folder)


def test_every_row_of_our_own_ranks_the_same_passages_in_its_own_way(harbour_dossier: Dossier, tmp_path: Path) -> None:
    rows = (*ROWS, *SWITCHED_OFF)
    made = rankers(harbour_dossier, rows, tmp_path)
    assert tuple(made) == rows
    found = {row: rank(QUESTION, 10, None) for row, rank in made.items()}
    known = {document.id for document in harbour_dossier.collection().documents()}
    assert all(passages and {one.document_id for one in passages} <= known for passages in found.values())
    scores = {row: [round(one.score, 6) for one in passages] for row, passages in found.items()}
    for row in SWITCHED_OFF:
        assert scores[row] != scores[RERANKED], row


def test_a_passage_is_read_once_for_all_rows_of_a_question() -> None:
    inner = KnownReader({"Lindqvist": 2.0, "Solberg": 1.0})
    reader = RememberingReader(inner)
    first = reader.read("Who?", ["Lindqvist left.", "Solberg came.", "Lindqvist left."], titles=["A", None, "A"])
    again = reader.read("Who?", ["Solberg came.", "Nobody."])
    assert [reading.answers for reading in first] == [2.0, 1.0, 2.0]
    assert [reading.answers for reading in again] == [1.0, -5.0]
    assert [(passages, titles) for _, passages, titles in inner.asked] == [
        (("Lindqvist left.", "Solberg came."), ("A", None)),
        (("Nobody.",), (None,)),
    ]
    reader.read("What?", ["Solberg came."])
    assert len(inner.asked) == 3


def test_peers_are_asked_for_only_where_they_are_installed(
    harbour_dossier: Dossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert installed_peers() == () and set(PEER_ROWS) <= set(KNOWN_ROWS)
    with pytest.raises(PeerUnusable, match="Run: python -m eval"):
        rankers(harbour_dossier, ("lexical", "txtai"), tmp_path)


def test_a_collection_made_for_measuring_is_embedded_again_when_the_embedder_changed(
    tmp_path: Path, harbour_files: Path
) -> None:
    for embedder in (WordHashEmbedder(), WordHashEmbedder("other", 32)):
        with open_dossier(load_settings(data=tmp_path / "data")) as dossier:
            dossier.embedder = embedder
            collection = own_collection(dossier, "measured")
            found = find_files([harbour_files], max_files=10)
            collection.ingest(found.files, roots=found.roots)
            assert len(collection.search_dense(embedder.embed_query("ferries"), 3)) == 3
