"""Questions that are no facts, asked of real collections: a summary, and what is known of the documents themselves."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.files import SourceFile
from rag.answerers.catalogue import long_date
from rag.answerers.digest import SENTENCES, spread
from rag.build import Dossier, open_dossier
from rag.query.kind import KindClassifier
from rag.settings import Settings
from rag.values import Answer
from tests.fakes import WordHashEmbedder

FILES = {
    "kiln-manual.md": """---
title: Kiln K4, user manual
author: Workshop Services
date: 2025-03-02
---
# Kiln K4

The kiln K4 fires up to 1,250 degrees. It holds 60 litres and weighs 140 kilograms.

## Safety

Nobody opens the door above 80 degrees. Gloves hang to the left of the control panel. The exhaust fan must run during every firing.

## Firing

A glaze firing takes nine hours. The program is chosen on the panel and started with the green key. Cones are placed on the middle shelf.

## Care

The thermocouple is changed once a year. Cracks in the bricks are sealed with kiln cement.
""",
    "studio-rules.md": """---
title: Studio rules
publisher: Potters' Guild
date: 2024-11-20
---
# Studio rules

The studio is open from 9 to 21. Members clean their wheel before they leave. Clay is paid for by weight at the end of the month.

Guests are welcome on the first Saturday of a month. Dogs stay outside.
""",
    "price-list.md": """---
title: Price list 2025
date: 2025-01-15
---
# Price list 2025

A bag of stoneware clay costs 14 euros. Renting a shelf costs 8 euros a month. A firing costs 2 euros a kilogram.
""",
}


@pytest.fixture(scope="module")
def pottery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dossier]:
    folder = tmp_path_factory.mktemp("pottery")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    dossier = open_dossier(Settings(data=folder / "data"))
    sources = [SourceFile(str(folder / name), folder / name, name) for name in FILES]
    dossier.collection(create=True).ingest(sources)
    yield dossier
    dossier.close()


def ask(dossier: Dossier, question: str) -> Answer:
    answer = dossier.pipeline().answer(question)
    texts = {one.id: one.text for one in dossier.collection().documents()}
    for citation in answer.citations:
        assert texts[citation.document_id][citation.start : citation.end] == citation.quote
    return answer


def titles(answer: Answer) -> set[str | None]:
    return {citation.title for citation in answer.citations}


def test_a_summary_of_one_document_quotes_only_it_and_goes_over_its_parts(pottery: Dossier) -> None:
    answer = ask(pottery, "Summarise the kiln manual.")
    assert (answer.kind, answer.verdict, answer.short) == ("summary", "answered", "")
    assert titles(answer) == {"Kiln K4, user manual"} and 4 <= len(answer.statements) <= SENTENCES
    assert "1,250" in answer.text and ("door" in answer.text or "fan" in answer.text)
    starts = [citation.start for citation in answer.citations]
    assert starts == sorted(starts) and all(one.status == "verified" for one in answer.statements)


def test_a_summary_of_everything_quotes_every_document(pottery: Dossier) -> None:
    assert len(titles(ask(pottery, "Give me a summary of all the documents."))) == 3


def test_what_a_document_is_about_is_a_summary(pottery: Dossier) -> None:
    answer = ask(pottery, "What is the document with the studio rules about?")
    assert answer.kind == "summary" and titles(answer) == {"Studio rules"}


def test_the_date_of_a_document_is_known_without_being_in_a_sentence(pottery: Dossier) -> None:
    answer = ask(pottery, "When was the price list published?")
    assert (answer.kind, answer.short) == ("about", "15 January 2025") and titles(answer) == {"Price list 2025"}


def test_the_author_of_a_document(pottery: Dossier) -> None:
    assert ask(pottery, "Who wrote the kiln manual?").short == "Workshop Services"


def test_documents_are_counted_and_listed(pottery: Dossier) -> None:
    answer = ask(pottery, "How many documents are there?")
    assert answer.short == "3" and set(answer.items) == {"Kiln K4, user manual", "Studio rules", "Price list 2025"}
    assert ask(pottery, "Which document is the oldest?").short == "Studio rules"


def test_what_is_not_known_of_a_document_is_not_made_up(pottery: Dossier) -> None:
    answer = ask(pottery, "Who wrote the studio rules?")
    assert "Workshop" not in answer.short


def test_a_fact_is_still_read(pottery: Dossier) -> None:
    answer = ask(pottery, "How much does a bag of stoneware clay cost?")
    assert answer.kind in ("fact", "count") and "14 euros" in (answer.short or answer.text)


def test_small_talk_is_told_what_can_be_asked(pottery: Dossier) -> None:
    answer = ask(pottery, "hello there")
    assert answer.kind == "chat" and answer.text.startswith("Ask me") and not answer.citations


def test_an_empty_collection_has_nothing_to_summarise(tmp_path: Path) -> None:
    dossier = open_dossier(Settings(data=tmp_path))
    dossier.collection(create=True)
    try:
        assert dossier.pipeline().answer("Summarise everything.").verdict == "not_stated"
    finally:
        dossier.close()


def test_a_digest_does_not_repeat_itself() -> None:
    vectors = np.array([[1, 0], [1, 0], [0.6, 0.8]], dtype=np.float32)
    assert spread(np.array([1.0, 0.99, 0.8], dtype=np.float32), vectors, 2) == [0, 2]
    assert spread(np.array([], dtype=np.float32), vectors[:0], 3) == []


def test_with_another_embedder_every_question_is_a_fact() -> None:
    assert KindClassifier(WordHashEmbedder()).of("Summarise the manual.").kind == "fact"


def test_dates_are_written_as_far_as_they_are_known() -> None:
    from index.values import Published

    assert long_date(Published("2025", "year", "file name")) == "2025"
