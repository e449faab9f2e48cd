from index.errors import UnknownDocument
from index.values import Chunk, Document, Provenance
from rag.search.select import select_evidence
from rag.values import Hit


class Shelf:
    """Documents by id; just what select_evidence asks of a corpus."""

    def __init__(self, *documents: Document) -> None:
        self.held = {document.id: document for document in documents}

    def document(self, document_id: str) -> Document:
        if document_id not in self.held:
            raise UnknownDocument(document_id)
        return self.held[document_id]


def paper(name: str, text: str, origin: str | None = None) -> Document:
    return Document(name, text, "text/plain", Provenance(), (), (name,), origin or name, 1, "")


def hit(document: Document, rank: int, start: int = 0, end: int | None = None) -> Hit:
    end = len(document.text) if end is None else end
    return Hit(
        Chunk(f"{document.id}:{start}", document.id, start, start, end, document.text[start:end]), rank, 1 / rank
    )


def test_evidence_keeps_the_order_of_rank_and_is_numbered_from_one() -> None:
    papers = [paper(f"d{n}", f"text number {n}") for n in range(4)]
    chosen = select_evidence([hit(p, n + 1) for n, p in enumerate(papers)], Shelf(*papers), limit=3, per_document=2)
    assert [(e.number, e.document.id) for e in chosen] == [(1, "d0"), (2, "d1"), (3, "d2")]


def test_no_document_gives_more_than_its_share() -> None:
    long, other = paper("long", "abcdefghij" * 10), paper("other", "zzz")
    hits = [hit(long, n + 1, n * 10, n * 10 + 10) for n in range(5)] + [hit(other, 6)]
    chosen = select_evidence(hits, Shelf(long, other), limit=10, per_document=2)
    assert [e.document.id for e in chosen] == ["long", "long", "other"]


def test_a_reprint_is_one_source() -> None:
    text = "The council voted nine to three for the new bridge on Monday evening."
    first, reprint = paper("first", text), paper("reprint", text + " Agencies.", origin="first")
    chosen = select_evidence([hit(first, 1), hit(reprint, 2)], Shelf(first, reprint), limit=10, per_document=4)
    assert [e.document.id for e in chosen] == ["first"]


def test_a_reprint_that_adds_something_stays() -> None:
    first = paper("first", "The council voted nine to three for the new bridge on Monday evening.")
    added = paper("added", "Opponents have announced an appeal to the regional court in Eskil.", origin="first")
    chosen = select_evidence([hit(first, 1), hit(added, 2)], Shelf(first, added), limit=10, per_document=4)
    assert len(chosen) == 2


def test_a_document_removed_since_the_search_is_left_out() -> None:
    here, gone = paper("here", "still here"), paper("gone", "no longer here")
    chosen = select_evidence([hit(gone, 1), hit(here, 2)], Shelf(here), limit=10, per_document=4)
    assert [(e.number, e.document.id) for e in chosen] == [(1, "here")]
