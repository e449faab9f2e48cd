"""The quickstart peer finds what llama-index finds, at exact places; other peers are asked through real files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llama_index.core import Document as SourceDocument
from llama_index.core import VectorStoreIndex, constants
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.utils import get_tokenizer

from eval.observe import Ranker
from eval.peers.ask import ROWS, PeerRows, PeerUnusable, ask_peer, peer_rows, read_rankings
from eval.peers.install import ENVIRONMENT, INSTALL, LOCK, install, python_of
from eval.peers.quickstart import QUICKSTART_TOP_K, locate_chunks, passes, quickstart_ranker
from eval.peers.runner import lines
from index.collection import Collection
from index.embed import packaged_folder
from index.values import Document, Filters, Provenance, Span
from tests.fakes import WordHashEmbedder
from tests.peer_stub import ROW
from tests.storage import article, own, sentence, write

STUB = Path(__file__).with_name("peer_stub.py")
REPEATED = "The ferry sails at noon. The mill is closed. Nobody was hurt. "


def document(name: str, text: str, **provenance: Any) -> Document:
    return Document(name, text, "text/plain", Provenance(**provenance), (), (name,), name, 1, "2025-01-01")


def long_text(seed: int, sentences: int = 400) -> str:
    """Several chunks long; every third part is said again and again."""
    parts = (sentence(seed * 1_000 + number) if number % 3 else REPEATED for number in range(sentences))
    return " ".join(parts)


CORPUS = [document("long", long_text(1)), *(document(f"d{number}", sentence(number)) for number in range(8))]


def tokens(text: str) -> int:
    return len(get_tokenizer()(text))


# The quickstart: llama-index's defaults


def test_the_reader_gets_as_many_passages_as_llama_index_hands_on_by_default() -> None:
    assert constants.DEFAULT_SIMILARITY_TOP_K == QUICKSTART_TOP_K


def test_chunks_are_verbatim_at_their_place_where_sentences_repeat() -> None:
    text = CORPUS[0].text
    found = quickstart_ranker(CORPUS, WordHashEmbedder())("ferry", 100, None)
    spans = sorted((p.start, p.end) for p in found if p.document_id == "long")
    assert [text[start:end] for start, end in spans] == SentenceSplitter().split_text(text)
    assert len(spans) > 3


def test_a_short_document_is_one_passage() -> None:
    found = quickstart_ranker(CORPUS, WordHashEmbedder())(sentence(3), 1, None)
    assert [(p.document_id, p.start, p.end) for p in found] == [("d3", 0, len(sentence(3)))]


SAID = st.lists(st.sampled_from([*REPEATED.split(". "), "It cost 2.5 million.\n\n\n", "Late,\n", "Ja."]), min_size=1)
SIZES = st.tuples(st.sampled_from([20, 40]), st.sampled_from([0, 5, 15]))


def places(text: str, size: int, overlap: int) -> tuple[list[str], list[Span]]:
    chunks = SentenceSplitter(chunk_size=size, chunk_overlap=overlap).split_text(text)
    found = locate_chunks(text, chunks, overlap=overlap, count_tokens=tokens)
    return chunks, [span for span in found if span is not None]


@settings(max_examples=150, deadline=None)
@given(said=SAID, times=st.integers(1, 5), sizes=SIZES)
def test_chunks_of_a_text_that_only_repeats_itself_are_verbatim_and_in_order(
    said: list[str], times: int, sizes: tuple[int, int]
) -> None:
    text = ". ".join(said * times)
    chunks, spans = places(text, *sizes)
    assert [text[span.start : span.end] for span in spans] == chunks
    assert all(before.start <= after.start and before.end <= after.end for before, after in pairwise(spans))


@settings(max_examples=150, deadline=None)
@given(said=SAID, sizes=SIZES)
def test_consecutive_chunks_leave_no_gap(said: list[str], sizes: tuple[int, int]) -> None:
    text = " ".join(f"{part} Entry {number} is new." for number, part in enumerate(said))
    chunks, spans = places(text, *sizes)
    assert [text[span.start : span.end] for span in spans] == chunks
    assert all(not text[before.end : after.start].strip() for before, after in pairwise(spans))
    assert not text[: spans[0].start].strip() and not text[spans[-1].end :].strip()


def test_a_chunk_that_is_not_verbatim_has_no_place_and_those_after_it_do() -> None:
    chunks = ["One is here.", "Two was changed.", "Three is here."]
    found = locate_chunks("One is here. Two is. Three is here.", chunks, overlap=0, count_tokens=tokens)
    assert found == [Span(0, 12), None, Span(21, 35)]


class OurVectors(BaseEmbedding):
    """The same embedder behind llama-index's own interface."""

    def _get_text_embedding(self, text: str) -> list[float]:
        return [float(value) for value in WordHashEmbedder().embed_passages([text])[0]]

    def _get_query_embedding(self, query: str) -> list[float]:
        return [float(value) for value in WordHashEmbedder().embed_query(query)]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


@pytest.mark.parametrize("query", ["the ferry sails", sentence(5), sentence(1_100), "Report on mills"])
def test_the_ranking_is_the_one_that_llama_index_itself_gives(query: str) -> None:
    corpus = [*CORPUS, document("titled", "It closed in spring.", title="Report on mills")]
    index = VectorStoreIndex.from_documents(
        [
            SourceDocument(text=d.text, id_=d.id, metadata={"title": d.provenance.title} if d.provenance.title else {})
            for d in corpus
        ],
        embed_model=OurVectors(),
    )
    theirs = index.as_retriever(similarity_top_k=6).retrieve(query)
    ours = quickstart_ranker(corpus, WordHashEmbedder())(query, 6, None)
    texts = {d.id: d.text for d in corpus}
    assert [(p.document_id, texts[p.document_id][p.start : p.end]) for p in ours] == [
        (hit.node.ref_doc_id, hit.node.get_content()) for hit in theirs
    ]
    assert np.allclose([p.score for p in ours], [hit.score for hit in theirs], atol=1e-5)


def test_a_title_is_embedded_above_a_text_that_does_not_open_with_it() -> None:
    embedder = WordHashEmbedder()
    corpus = [document("a", "It closed.", title="Mills"), document("b", "# Ferries\n\nIt sails.", title="Ferries")]
    quickstart_ranker(corpus, embedder)("mills", 2, None)
    assert embedder.embedded == ["title: Mills\n\nIt closed.", "# Ferries\n\nIt sails."]


def test_nothing_is_embedded_before_the_first_query_nor_twice() -> None:
    embedder = WordHashEmbedder()
    rank = quickstart_ranker(CORPUS, embedder)
    assert embedder.embedded == []
    rank("ferry", 2, None)
    once = len(embedder.embedded)
    rank("mill", 2, None)
    assert len(embedder.embedded) == once > 0


def test_a_corpus_without_words_gives_no_passage() -> None:
    assert quickstart_ranker([], WordHashEmbedder())("ferry", 2, None) == ()
    assert quickstart_ranker([document("blank", " \n")], WordHashEmbedder())("ferry", 2, None) == ()


def test_a_ranking_of_no_passage_is_a_wrong_argument() -> None:
    with pytest.raises(ValueError, match="top_k must be 1 or more, got 0"):
        quickstart_ranker(CORPUS, WordHashEmbedder())("ferry", 0, None)


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """A real collection of what each publisher said at each date, precise or not."""
    folder = tmp_path_factory.mktemp("dated")
    fronts = [
        {name: value for name, value in (("publisher", publisher), ("date", date)) if value}
        for publisher in (None, "Post", "post ", "Gazette")
        for date in (None, "2025", "2025-03", "2025-03-09", "2024-12-31")
    ]
    texts = {f"{number}.txt": article(number, 1, **front) for number, front in enumerate(fronts)}
    data = own(folder / "data")
    collection = data.collection("dated", WordHashEmbedder(), create=True)
    collection.ingest(write(folder / "texts", texts))
    yield collection
    collection.close()
    data.close()


@pytest.mark.parametrize("publisher", [None, "POST", "Herald"])
@pytest.mark.parametrize("since", [None, "2025", "2025-03-10"])
@pytest.mark.parametrize("until", [None, "2024", "2025-03", "2025-03-08"])
def test_filters_leave_a_peer_the_documents_that_they_leave_us(
    dated: Collection, publisher: str | None, since: str | None, until: str | None
) -> None:
    filters = Filters(publisher, since, until)
    ours = dated.chunks([name for name, _ in dated.search_lexical("registry entry", 100, filters=filters)])
    left = {found.id for found in dated.documents() if passes(found, filters)}
    assert left == {chunk.document_id for chunk in ours.values()}


# Peers in an environment of their own, asked through files


ASKED = ["When does the ferry sail?", "Who closed the mill?"]
TEXTS = [
    document("ferry", "the ferry will sail at noon", title="Harbour news", publisher="Post"),
    document("mill", "the mill was closed\u2028by its \x85 owner\r\nwho sold it", publisher="Gazette"),
]


def ask(folder: Path, peer: str = "works", *, questions: list[str] = ASKED, timeout_s: float = 60.0) -> PeerRows:
    return ask_peer(
        peer,
        TEXTS,
        questions,
        model=Path("model"),
        folder=folder,
        python=Path(sys.executable),
        runner=STUB,
        rows=(ROW,),
        timeout_s=timeout_s,
    )


def found(rank: Ranker, question: str, filters: Filters | None = None) -> list[str]:
    return [passage.document_id for passage in rank(question, 10, filters)]


def test_a_peer_is_asked_in_a_process_and_its_rankings_come_back_as_a_row(tmp_path: Path) -> None:
    rows = ask(tmp_path)
    assert found(rows.rankers[ROW], ASKED[0]) == ["ferry", "mill"]
    assert found(rows.rankers[ROW], ASKED[1]) == ["mill", "ferry"]
    assert rows.versions == {"stub": "1.0", "model": "model"}
    assert rows.rankers[ROW](ASKED[0], 1, None) == rows.rankers[ROW](ASKED[0], 2, None)[:1]


def test_offsets_are_in_the_document_and_not_in_the_title_that_a_peer_read_above_it(tmp_path: Path) -> None:
    spans = {p.document_id: (p.start, p.end) for p in ask(tmp_path).rankers[ROW](ASKED[0], 10, None)}
    assert spans == {text.id: (0, len(text.text)) for text in TEXTS}


def test_a_filter_leaves_out_passages_of_a_peer(tmp_path: Path) -> None:
    assert found(ask(tmp_path).rankers[ROW], ASKED[0], Filters(publisher="gazette")) == ["mill"]


def test_a_question_that_the_peer_was_not_asked_is_a_wrong_argument(tmp_path: Path) -> None:
    rank = ask(tmp_path).rankers[ROW]
    with pytest.raises(ValueError, match="query must be one that row 'shared words' was made for, got 'Why'"):
        rank("Why", 2, None)


def test_the_same_job_runs_once_and_a_changed_one_again(tmp_path: Path) -> None:
    first, again = ask(tmp_path), ask(tmp_path)
    assert (tmp_path / "runs.txt").read_text() == "run\n"
    assert again.rankers[ROW](ASKED[0], 5, None) == first.rankers[ROW](ASKED[0], 5, None)
    ask(tmp_path, questions=[*ASKED, "Who sold it?"])
    assert (tmp_path / "runs.txt").read_text() == "run\nrun\n"


def test_a_job_whose_rankings_are_gone_runs_again(tmp_path: Path) -> None:
    ask(tmp_path)
    (tmp_path / "rankings.jsonl").unlink()
    assert found(ask(tmp_path).rankers[ROW], ASKED[0]) == ["ferry", "mill"]


def test_a_corpus_without_words_is_not_given_to_a_peer(tmp_path: Path) -> None:
    rows = ask_peer("txtai", [document("blank", " \n")], ASKED, model=Path("m"), folder=tmp_path, python=Path("none"))
    assert {row: rank(ASKED[0], 10, None) for row, rank in rows.rankers.items()} == {"txtai": (), "txtai hybrid": ()}


@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        ("fails", "ended with exit code 1. Its last words: the model folder is empty"),
        ("stops early", "ended without rankings.jsonl and done.json for this job. It said nothing."),
    ],
)
def test_a_peer_that_fails_is_named_with_its_last_words(tmp_path: Path, peer: str, reason: str) -> None:
    with pytest.raises(PeerUnusable, match=f"Peer '{peer}' {reason}"):
        ask(tmp_path, peer)


def test_a_peer_that_never_ends_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(PeerUnusable, match="Peer 'hangs' took longer than 1 s"):
        ask(tmp_path, "hangs", timeout_s=1.0)


def test_a_peer_that_is_not_installed_is_a_reason_in_each_of_its_rows(tmp_path: Path) -> None:
    rows = peer_rows(TEXTS, ASKED, model=Path("model"), folder=tmp_path, environment=tmp_path / "nowhere")
    assert rows.rankers == {}
    assert set(rows.absent) == {row for names in ROWS.values() for row in names}
    assert rows.absent["txtai"] == f"Peer 'txtai' is not installed in {tmp_path / 'nowhere'}. Run: {INSTALL}"


GOOD: dict[str, Any] = {"row": ROW, "query_id": "0", "passages": [["mill", 0, 4, 1.0]]}


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ("{", "JSONDecodeError"),
        ("[]", "TypeError"),
        ({"row": "another"}, "KeyError: 'another'"),
        ({"query_id": "2"}, "query 2 is unknown or there twice"),
        ({"query_id": "0"}, "query 0 is unknown or there twice"),
        ({"passages": [["nobody's", 0, 4, 1.0]]}, 'KeyError: "nobody\'s"'),
        ({"passages": [["mill", 0, 4]]}, "not enough values"),
        ({"passages": [["mill", 0, 4_000, 1.0]]}, "does not stand in its document"),
        ({"passages": [["mill", 4, 0, 1.0]]}, "does not stand in its document"),
        ({"passages": [["mill", 0, 4, float("nan")]]}, "does not stand in its document"),
        ({"passages": [["mill", 0, 4, "high"]]}, "TypeError"),
    ],
)
def test_a_line_that_is_not_a_ranking_is_named(tmp_path: Path, second: str | dict[str, Any], reason: str) -> None:
    changed = second if isinstance(second, str) else json.dumps(GOOD | {"query_id": "1"} | second)
    (tmp_path / "rankings.jsonl").write_text(f"{json.dumps(GOOD)}\n{changed}\n")
    with pytest.raises(
        PeerUnusable, match=r"rankings.jsonl line 2 is not a ranking: .*Delete .* and run again"
    ) as raised:
        read_rankings(tmp_path / "rankings.jsonl", TEXTS, rows=(ROW,), queries=2)
    assert reason in str(raised.value)


def test_a_query_without_a_ranking_is_named(tmp_path: Path) -> None:
    (tmp_path / "rankings.jsonl").write_text(json.dumps(GOOD) + "\n")
    with pytest.raises(PeerUnusable, match="has no ranking of row 'shared words' for query 1"):
        read_rankings(tmp_path / "rankings.jsonl", TEXTS, rows=(ROW,), queries=2)


def test_a_text_with_other_line_separators_is_one_line_to_a_peer(tmp_path: Path) -> None:
    ask(tmp_path)
    assert [line["text"] for line in lines(tmp_path / "documents.jsonl")] == [
        "Harbour news\nthe ferry will sail at noon",
        TEXTS[1].text,
    ]


def test_an_environment_with_the_locked_versions_stays_as_it_is(tmp_path: Path) -> None:
    python = python_of(tmp_path)
    python.parent.mkdir(parents=True)
    python.write_text("an interpreter")
    (tmp_path / "installed.lock").write_bytes(LOCK.read_bytes())
    assert install(tmp_path) == python
    assert python.read_text() == "an interpreter"


@pytest.mark.slow
@pytest.mark.skipif(not python_of(ENVIRONMENT).exists(), reason=f"the peers are not installed; run: {INSTALL}")
@pytest.mark.parametrize("peer", sorted(ROWS))
def test_a_real_peer_finds_the_passage_in_every_row(tmp_path: Path, peer: str) -> None:
    corpus = [*CORPUS, document("titled", "It closed in spring, its owner said.", title="The mill of Quell")]
    question = "What did the owner of the mill in Quell say?"
    asked = ["select a ferry", question]
    rows = peer_rows(corpus, asked, model=packaged_folder(), folder=tmp_path, peers=[peer])
    assert rows.absent == {} and set(rows.rankers) == set(ROWS[peer])
    texts = {text.id: len(text.text) for text in corpus}
    for rank in rows.rankers.values():
        passages = rank(question, 10, None)
        assert "titled" in {passage.document_id for passage in passages}
        assert all(0 <= passage.start < passage.end <= texts[passage.document_id] for passage in passages)
