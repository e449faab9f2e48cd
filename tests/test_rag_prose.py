"""The text of an answer: who says it leads each sentence."""

from index.values import Chunk, Document, Provenance, Published
from rag.answer.findings import Findings
from rag.answer.prose import sources_of, text_of
from rag.gate.verify import VerifiedStatement
from rag.values import Evidence, Hit, Quote, Statement


def evidence(number: int, text: str, title: str) -> Evidence:
    said = Provenance(title=title, publisher="Harbour Post", published=Published("2025-03-04", "day", "dateline"))
    document = Document(f"d{number}", text, "text/plain", said, (), ("a.txt",), f"d{number}", 1, "")
    return Evidence(number, Hit(Chunk(f"c{number}", document.id, 0, 0, len(text), text), number, 1.0), document)


def prose(*found: Evidence) -> str:
    shown = tuple(
        VerifiedStatement(item.document.text, (Quote(item.number, 0, len(item.document.text)),), "verified", {})
        for item in found
    )
    statements = [Statement(text=one.text, citations=(n,), status="verified") for n, one in enumerate(shown, start=1)]
    return text_of(statements, sources_of(Findings(shown), found), ())


def test_a_sentence_says_whose_it_is_and_whom_it_quotes() -> None:
    said = prose(evidence(1, "Mayor Ada Rahn said that the bridge is safe.", "Bridges"))
    assert said == "Harbour Post (4 March 2025), quoting Ada Rahn: Mayor Ada Rahn said that the bridge is safe. [1]"


def test_two_documents_of_one_outlet_and_day_are_told_apart_by_their_titles() -> None:
    said = prose(evidence(1, "It cost 4 million.", "Bridges"), evidence(2, "It cost 9 million.", "Tunnels"))
    assert "Harbour Post (4 March 2025), “Bridges”: It cost 4 million. [1]" in said
    assert "Harbour Post (4 March 2025), “Tunnels”: It cost 9 million. [2]" in said


def test_what_is_missing_ends_the_text() -> None:
    assert (
        text_of((), (), ("When did it close?", "Who paid?")) == "The documents don't say: When did it close?; Who paid?"
    )
