from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.collection import Collection
from index.values import Chunk, Document, Filters, Provenance, Published, Span
from rag.build import Dossier
from rag.coverage.mentions import find_mentions, phrase_of
from rag.coverage.sought import how_to_read
from rag.coverage.survey import MOST_DOCUMENTS, Surveyor
from rag.coverage.table import Coverage
from rag.reading.extract import ExtractiveAnswerer
from rag.settings import Settings
from rag.values import Reading, SpanAnswer
from tests.fakes import WordHashEmbedder
from tests.fakes_shelf import ListShelf
from tests.storage import article, own, write

MENTIONS = (
    "The Harbour Office opened at nine.",
    "“Harbour Office” stood on the door.",
    "Nobody saw the Harbour Office’s books.",
    "He wrote to the HARBOUR OFFICE twice.",
    "It was a Harbour-Office matter.",
    "The letter went to the Harbour\nOffice by boat.",
)
DECOYS = (
    "A harbour officer came.",
    "The office of the harbour is shut.",
    "He left the harbour. Office hours are over.",
    "Harbours and offices were painted.",
)


class PriceReader:
    """Finds "N crowns" in passages that speak of the bridge; everything else is no answer."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def read(
        self, question: str, passages: Sequence[str], *, titles: Sequence[str | None] = (), spans: int = 1
    ) -> list[Reading]:
        self.calls.append(len(passages))
        return [self._read(passage) for passage in passages]

    def _read(self, passage: str) -> Reading:
        at = passage.find("bridge cost ")
        if at < 0:
            return Reading(-6.0, (SpanAnswer(0, min(8, len(passage)), -8.0),))
        start = at + len("bridge cost ")
        return Reading(5.0, (SpanAnswer(start, passage.index(" crowns", start) + len(" crowns"), 9.0),))


def surveyor(shelf, reader=None) -> Surveyor:
    return Surveyor(shelf, WordHashEmbedder(), reader or PriceReader(), ExtractiveAnswerer(), Settings())


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with own(tmp_path / "data") as data:
        yield data.collection("default", WordHashEmbedder(), create=True)


def fill(collection: Collection, tmp_path: Path, texts: dict[str, str]) -> dict[str, str]:
    """Ingest texts; the document id of each name."""
    collection.ingest(write(tmp_path / "in", texts))
    return {Path(one.sources[0]).name: one.id for one in collection.documents()}


def by_name(found: Coverage, ids: dict[str, str]):
    rows = {row.document_id: row for row in found.documents}
    return {name: rows[document_id] for name, document_id in ids.items()}


def assert_verbatim(found: Coverage, collection) -> None:
    for row in found.documents:
        text = collection.document(row.document_id).text
        assert (row.quote is None) == (row.status == "silent")
        if row.quote is not None:
            assert text[row.start : row.end] == row.quote and row.value in row.quote
        assert all(text[start:end] for start, end in row.places)


# A phrase is counted


def test_every_mention_in_thirty_documents_is_counted_and_nothing_else(collection, tmp_path):
    texts, truth = {}, {}
    for number in range(30):
        kinds = [MENTIONS[place % len(MENTIONS)] for place in range(number % 4)] + [DECOYS[number % len(DECOYS)]]
        name = f"d{number:02}.txt"
        texts[name] = article(number, lines=2, title=f"Harbour Office {number}") + "\n".join(kinds) + "\n"
        truth[name] = number % 4
    ids = fill(collection, tmp_path, texts)
    found = surveyor(collection).cover("How many documents mention the Harbour Office?")
    rows = by_name(found, ids)
    assert {name: row.mentions for name, row in rows.items()} == truth
    assert {name: row.status for name, row in rows.items()} == {
        name: "says" if count else "silent" for name, count in truth.items()
    }
    assert (found.says.documents, found.silent.documents, found.mentions) == (22, 8, sum(truth.values()))
    assert found.text == '22 of 30 documents (22 origins) mention "Harbour Office", 43 times in all.'
    assert all(len(row.places) == row.mentions and row.read == row.passages for row in rows.values())
    assert_verbatim(found, collection)


def test_copies_of_one_report_are_one_origin(collection, tmp_path):
    report = article(1, lines=12) + "The Harbour Office paid.\n"
    ids = fill(collection, tmp_path, {"a.txt": report, "b.txt": report + "Reprinted.\n", "c.txt": article(2)})
    found = surveyor(collection).cover('"Harbour Office"')
    assert len(ids) == 3
    assert (found.says.documents, found.says.origins) == (2, 1)
    assert "2 of 3 documents (1 origin)" in found.text


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("doha", "Doha, DOHA and Dóha’s; dohas and Dohan.", ["Doha", "DOHA", "Dóha’s"]),
        ("US", "The US told us of the U.S. plan.", ["US", "U.S"]),
        ("us", "The US told us.", ["US", "us"]),
        ("26 million", "2.6 million, 26 million and 26,000,000.", ["26 million"]),
        ("1,700,000", "1700000 or 1,700,000 but not 11,700,000.", ["1700000", "1,700,000"]),
        ("Dr Rahn", "Dr. Rahn met a Dr. Rahn asked.", ["Dr. Rahn", "Dr. Rahn"]),
        ("Rahn Kazan", "It was Rahn. Kazan left. Rahn, Kazan; Rahn: Kazan.", []),
        ("ja ja ja", "ja ja ja ja ja", ["ja ja ja"]),
        ("港口", "老港口和新港口。", ["港口", "港口"]),
        ("ﬁsh", "fish", ["fish"]),
    ],
)
def test_a_mention_is_the_phrase_word_by_word(phrase, text, found):
    looked_for = phrase_of(phrase)
    assert looked_for is not None
    spans = find_mentions(looked_for, text, [Span(0, len(text))])
    assert [text[span.start : span.end] for span in spans] == found


def test_what_is_not_searched_is_not_counted():
    text = "Share Doha now.\nDoha it was.\nDoha ads"
    assert list(find_mentions(phrase_of("Doha"), text, [Span(16, 28)])) == [Span(16, 20)]


@given(st.lists(st.sampled_from(["Ada", "Rahn", "ada", ".", ",", " ", "\n", "-", "“", "İ", "ß"]), max_size=40))
def test_a_mention_always_holds_the_words_of_the_phrase(pieces):
    text = "".join(pieces)
    spans = list(find_mentions(phrase_of("Ada Rahn"), text, [Span(0, len(text))]))
    assert all(phrase_of(text[span.start : span.end]).words == ("ada", "rahn") for span in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))


@pytest.mark.parametrize(
    ("asked", "reading", "query"),
    [
        ("the Harbour Office", "mention", "Harbour Office"),
        ("“the Harbour Office”", "mention", "the Harbour Office"),
        ("Which articles mention Ada Rahn?", "mention", "Ada Rahn"),
        ("How many of the documents contain the word 'ferry'?", "mention", "ferry"),
        ("What does each document say about the ferry?", "mention", "ferry"),
        ("What does each document say about how many came?", "question", "how many came?"),
        ("How many came?", "question", "How many came?"),
        ("In what year did it burn?", "question", "In what year did it burn?"),
        ("the ferry, is it safe?", "question", "the ferry, is it safe?"),
    ],
)
def test_what_is_asked_tells_whether_it_is_counted_or_read(asked, reading, query):
    sought = how_to_read(asked)
    assert (sought.reading, sought.query) == (reading, query)


def test_the_caller_may_say_how_it_is_taken():
    assert how_to_read("Who said it", "mention").query == "Who said it"
    assert how_to_read("ferry prices", "question").reading == "question"


def test_nothing_to_look_for_is_refused(collection):
    with pytest.raises(ValueError, match="word to look for"):
        surveyor(collection).cover("“—”")


# A question is read


def prices(**per_name: int | None) -> dict[str, str]:
    """Documents that each give the bridge's price, or say nothing of it."""
    return {
        f"{name}.txt": article(seed, lines=3)
        + (f"The bridge cost {price} crowns, the town hall of {name} said.\n" if price else "")
        for seed, (name, price) in enumerate(per_name.items(), start=1)
    }


def test_each_document_says_contradicts_or_is_silent(collection, tmp_path):
    ids = fill(collection, tmp_path, prices(arlen=400, borvik=400, caldera=900, dunmore=None))
    found = surveyor(collection).cover("How many crowns did the bridge cost?")
    rows = by_name(found, ids)
    assert {name: (row.status, row.value) for name, row in rows.items()} == {
        "arlen.txt": ("says", "400 crowns"),
        "borvik.txt": ("says", "400 crowns"),
        "caldera.txt": ("contradicts", "900 crowns"),
        "dunmore.txt": ("silent", None),
    }
    assert [(one.value, one.documents, one.outvoted) for one in found.positions] == [
        ("400 crowns", 2, False),
        ("900 crowns", 1, True),
    ]
    numbers = {row.number: row for row in found.documents}
    assert all("crowns" in numbers[number].quote for one in found.positions for number in one.citations)
    assert found.text.startswith("3 of 4 documents (3 origins) say something that answers. 1 of them holds a value")
    assert_verbatim(found, collection)


def test_two_values_held_by_as_many_contradict_each_other(collection, tmp_path):
    fill(collection, tmp_path, prices(arlen=400, borvik=900))
    found = surveyor(collection).cover("How many crowns did the bridge cost?")
    assert (found.says.documents, found.contradicts.documents) == (0, 2)


def test_a_copy_with_another_figure_does_not_outvote_its_origin(collection, tmp_path):
    body = article(1, lines=14)
    texts = {
        "a.txt": body + "The bridge cost 400 crowns.\n",
        "b.txt": body + "The bridge cost 400 crowns.\nReprint.\n",
        "c.txt": article(2) + "The bridge cost 900 crowns.\n",
    }
    fill(collection, tmp_path, texts)
    found = surveyor(collection).cover("How many crowns did the bridge cost?")
    assert [(one.documents, one.origins) for one in found.positions] == [(2, 1), (1, 1)]
    assert found.contradicts.documents == 3


def test_silence_is_only_said_of_what_was_read(collection, tmp_path):
    fill(collection, tmp_path, prices(arlen=400, borvik=None))
    reader = PriceReader()
    found = surveyor(collection, reader).cover("How many crowns did the bridge cost?", per_document=2)
    assert [(row.passages, row.searched, row.read) for row in found.documents] == [(4, 4, 2), (3, 3, 2)]
    assert (found.passages, found.searched, found.read) == (7, 7, 4)
    assert "4 of 7 passages were read" in found.text
    assert sum(reader.calls) == 4


def test_only_documents_that_pass_the_filters_count(collection, tmp_path):
    texts = {
        name: article(seed, title=name, publisher=outlet, date=date) + "Doha was named.\n"
        for seed, (name, outlet, date) in enumerate(
            [("a.txt", "Herald", "2024-01-02"), ("b.txt", "Herald", "2025-01-02"), ("c.txt", "Post", "2025-03-04")]
        )
    }
    fill(collection, tmp_path, texts)
    found = surveyor(collection).cover("Doha", filters=Filters(publisher="Herald", since="2025"))
    assert [row.title for row in found.documents] == ["b.txt"]
    assert (found.filters.publisher, found.filters.since) == ("Herald", "2025")


def many(count: int, gone: Sequence[str] = ()) -> ListShelf:
    """A shelf of many one-line documents, each with another price."""
    said = Provenance(published=Published("2025-01-01", "day", "dateline"))
    texts = [f"The bridge cost {n} crowns." for n in range(count)]
    return ListShelf(
        [Document(f"d{n}", text, "text/plain", said, (), (f"{n}",), f"d{n}", 1, "") for n, text in enumerate(texts)],
        gone,
    )


def test_the_thousand_newest_are_covered_and_the_rest_are_said():
    shelf = many(MOST_DOCUMENTS + 3)
    told: list[tuple[str, int, int]] = []
    found = surveyor(shelf).cover("bridge", progress=lambda *step: told.append(step))
    assert (len(found.documents), found.left_out, found.mentions) == (1_000, 3, 1_000)
    assert found.text.endswith("3 documents more were not looked at.")
    assert told[-1] == ("read", 1_000, 1_000)


def test_many_documents_are_read_a_few_at_a_time():
    reader = PriceReader()
    found = surveyor(many(50), reader).cover("How many crowns did the bridge cost?")
    assert sum(reader.calls) == 50 and max(reader.calls) <= 32
    assert sum(one.documents for one in found.positions) == 50


def test_without_a_bound_a_large_collection_reads_fewer_passages_of_each_document():
    counts = []
    for documents in (2, 1_000):
        shelf = many(documents)
        shelf.passages = lambda name, of=shelf: [  # type: ignore[method-assign]
            Chunk(f"{name}/{n}", name, n, 0, 8, "The brid") for n in range(6) if name in of.held
        ]
        reader = PriceReader()
        surveyor(shelf, reader).cover("How many crowns did the bridge cost?")
        counts.append(sum(reader.calls) // documents)
    assert counts == [4, 2]


def test_a_document_that_was_removed_meanwhile_is_silent():
    shelf = many(2, gone=("d1",))
    for asked in ("bridge", "How many crowns did the bridge cost?"):
        row = surveyor(shelf).cover(asked).documents[1]
        assert (row.status, row.searched, row.read) == ("silent", 0, 0)


def test_an_empty_collection_says_so(collection):
    for asked in ("bridge", "Who came?"):
        found = surveyor(collection).cover(asked)
        assert found.documents == () and found.text == "There is no document to look at."


@pytest.mark.parametrize("most", [0, 11])
def test_passages_per_document_have_a_bound(collection, most):
    with pytest.raises(ValueError, match="per_document"):
        surveyor(collection).cover("Who came?", per_document=most)


def test_the_real_reader_finds_who_says_it_and_who_does_not(harbour_dossier: Dossier):
    found = harbour_dossier.surveyor().cover("How many passengers were counted?")
    assert {row.title: row.status for row in found.documents} == {
        "Ferries sail again": "says",
        "Harbour strike ends after nine days": "silent",
        "A history of bread": "silent",
    }
    said = next(row for row in found.documents if row.status == "says")
    assert said.value == "1,200 passengers" or "1,200" in said.value
    assert said.attribution == "Northern Post (analysis, 10 May 2021)"
    assert_verbatim(found, harbour_dossier.collection())
