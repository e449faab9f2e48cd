from collections.abc import Sequence

from index.values import Chunk, Document, Provenance
from rag.question.analyse import Query, analyse
from rag.search.rerank import Reranker
from rag.values import Evidence, Hit, Reading, SpanAnswer


class GivenReader:
    """Reads what it was told to, by passage."""

    def __init__(self, answers: dict[str, float]) -> None:
        self.answers = answers
        self.calls = 0

    def read(
        self, question: str, passages: Sequence[str], *, titles: Sequence[str | None] = (), spans: int = 1
    ) -> list[Reading]:
        self.calls += 1
        return [Reading(self.answers[passage], (SpanAnswer(0, 1, 1.0),)[:spans]) for passage in passages]


def evidence(*passages: tuple[str, float], publisher: str | None = None) -> list[Evidence]:
    return [
        Evidence(
            number,
            Hit(Chunk(f"c{number}", f"d{number}", 0, 0, len(text), text), number, score),
            Document(
                f"d{number}",
                text,
                "text/plain",
                Provenance(publisher=publisher if number == 2 else None),
                (),
                (f"d{number}",),
                f"d{number}",
                1,
                "",
            ),
        )
        for number, (text, score) in enumerate(passages, start=1)
    ]


def test_of_two_near_passages_the_one_that_answers_comes_first() -> None:
    found = Reranker(GivenReader({"near": -4.0, "right": 4.0})).rerank(
        Query("Who?"), evidence(("near", 0.7), ("right", 0.65))
    )
    assert [item.hit.chunk.text for item in found] == ["right", "near"]
    assert [(item.number, item.hit.rank, item.hit.rerank_score) for item in found] == [(1, 1, 4.0), (2, 2, -4.0)]
    assert found[0].hit.score > found[1].hit.score


def test_the_reader_does_not_lift_what_the_search_put_far_below() -> None:
    found = Reranker(GivenReader({"best": -1.0, "far": 6.0})).rerank(
        Query("Who?"), evidence(("best", 1.2), ("far", 0.2))
    )
    assert found[0].hit.chunk.text == "best"


def test_one_pass_gives_order_and_spans() -> None:
    reader = GivenReader({"a": 0.0, "b": 1.0})
    found = Reranker(reader).rerank(Query("Who?"), evidence(("a", 0.5), ("b", 0.5)))
    assert reader.calls == 1 and all(item.reading and item.reading.spans for item in found)


def test_an_outlet_that_the_question_names_is_a_signal_that_shows() -> None:
    query = analyse("What did the Tarn Courier write?", publishers=["The Tarn Courier"])
    reader = GivenReader({"a": 0.0, "b": 0.0})
    found = Reranker(reader).rerank(query, evidence(("a", 0.52), ("b", 0.5), publisher="The Tarn Courier"))
    assert found[0].hit.chunk.text == "b" and found[0].hit.signals["outlet_named"] == 1.0
    off = Reranker(reader, by_signals=False).rerank(
        query, evidence(("a", 0.52), ("b", 0.5), publisher="The Tarn Courier")
    )
    assert off[0].hit.chunk.text == "a"


def test_with_everything_off_the_order_of_the_search_stays_and_the_passages_are_read() -> None:
    found = Reranker(GivenReader({"a": -9.0, "b": 9.0}), by_reader=False, by_signals=False).rerank(
        Query("Who?"), evidence(("a", 0.1), ("b", 0.9))
    )
    assert [item.hit.chunk.text for item in found] == ["a", "b"] and found[0].reading is not None


def test_another_scorer_takes_the_readers_place_in_the_order_only() -> None:
    reader, scorer = GivenReader({"a": 9.0, "b": -9.0}), GivenReader({"a": -9.0, "b": 9.0})
    found = Reranker(reader, scorer).rerank(Query("Who?"), evidence(("a", 0.5), ("b", 0.5)))
    assert found[0].hit.chunk.text == "b" and found[0].hit.rerank_score == 9.0
    assert found[0].reading == Reading(-9.0, (SpanAnswer(0, 1, 1.0),))
