"""The gate on a real collection: the same questions, a retriever that works and retrievers that were broken on purpose."""

from __future__ import annotations

import random

import pytest

from eval.compare import compare
from eval.gold import load_gold
from eval.observe import DENSE, FUSED, LEXICAL, RERANKED, standard_rankers
from eval.report import add_comparison, build_report
from eval.run import run_gold
from index.directory import DataDirectory
from rag.values import Hit
from tests.eval_fakes import FakePipeline
from tests.fakes import WordHashEmbedder
from tests.storage import PlainParser, article, sentence, split_lines, write
from tests.test_eval_gold import write as write_gold

DOCUMENTS, LINES = 30, 4


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gate")
    files = write(folder / "texts", {f"page{number}.txt": article(number, LINES) for number in range(DOCUMENTS)})
    with DataDirectory.own(folder / "data", parser=PlainParser(), splitter=split_lines) as data:
        opened = data.collection("default", WordHashEmbedder(), create=True)
        opened.ingest(files)
        yield opened


class Fused:
    """Lexical and dense hits in turn, as found, or in the order that `broken` makes of all that were found."""

    def __init__(self, collection, broken=None):
        self.collection, self.broken, self.embedder = collection, broken, WordHashEmbedder()

    def retrieve(self, query, top_k, *, filters=None):
        lexical = self.collection.search_lexical(query, 60, filters=filters)
        dense = self.collection.search_dense(self.embedder.embed_query(query), 60, filters=filters)
        found = list(dict.fromkeys(chunk_id for pair in zip(lexical, dense, strict=False) for chunk_id, _ in pair))
        if self.broken:
            found = self.broken(found)
        chunks = self.collection.chunks(found[:top_k])
        return [Hit(chunk, rank, 1 / rank) for rank, chunk in enumerate(chunks.values(), start=1)]


class Route(FakePipeline):
    """Answers as the fake does; retrieval is real, and its whole route is the fused ranking."""

    def __init__(self, collection, retriever):
        super().__init__(collection)
        self._retriever = retriever

    @property
    def retriever(self):
        return self._retriever

    def search(self, query, *, top_k=10, filters=None):
        return self._retriever.retrieve(query, top_k, filters=filters)


def shuffled(found):
    return random.Random(7).sample(found, len(found))


def report_of(collection, tmp_path, broken=None):
    tmp_path.mkdir(exist_ok=True)
    questions = [
        {
            "id": f"g{number}", "kind": "fact", "question": f"What does the registry say of entry k{number * 1_000}?",
            "answers": [f"k{number * 1_000}"],
            "evidence": [{"document": f"page{number}.txt", "quote": sentence(number * 1_000)}],
        }
        for number in range(DOCUMENTS)
    ]  # fmt: skip
    cases = load_gold(write_gold(tmp_path, *questions), collection.documents())
    route = Route(collection, Fused(collection, broken))
    rankers = standard_rankers(
        route, collection, WordHashEmbedder(), collection.documents, rows=(LEXICAL, DENSE, FUSED, RERANKED)
    )
    name = broken.__name__ if broken else "whole"
    observed = run_gold(route, collection, cases, rankers=rankers, settings_hash=name, out=tmp_path)
    return build_report(observed, {"commit": "c0ffee", "settings_hash": name, "gold": "gold.jsonl", "versions": {}})


def backwards(found):
    return found[::-1]


@pytest.mark.parametrize("broken", [shuffled, backwards])
def test_the_gate_fails_on_a_deliberately_broken_retriever(collection, tmp_path, broken):
    good = report_of(collection, tmp_path / "good")
    bad = report_of(collection, tmp_path / "bad", broken)
    fell = {change.key for change in add_comparison(bad, good, compare(bad, good))}
    assert {"passages/fused/nDCG@10", "passages/fused/Recall@10"} <= fell
    assert {"passages/reranked/nDCG@10", "passages/reranked/Recall@10"} <= fell
    assert not bad["comparison"]["passed"]
    assert not {key for key in fell if "lexical" in key or "dense" in key}


def test_the_gate_holds_when_the_same_retriever_runs_again(collection, tmp_path):
    good = report_of(collection, tmp_path / "good")
    again = report_of(collection, tmp_path / "again")
    assert add_comparison(again, good, compare(again, good)) == []
    assert again["comparison"]["passed"]


def test_a_reranker_that_only_spoils_the_order_is_caught_by_its_own_row(collection, tmp_path):
    good = report_of(collection, tmp_path / "good")
    spoiled = report_of(collection, tmp_path / "spoiled", backwards)
    for case, whole in zip(spoiled["cases"], good["cases"], strict=True):
        fused = {key: share for key, share in whole["shares"].items() if "/fused/" in key}
        case["shares"] = {**case["shares"], **fused}
    fell = {change.key for change in compare(spoiled, good) if change.fell}
    assert "passages/reranked/nDCG@10" in fell
    assert "passages/fused/nDCG@10" not in fell
