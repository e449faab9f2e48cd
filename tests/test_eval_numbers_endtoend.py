from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from eval.numbers.corpus import pooled
from eval.numbers.endtoend import Drafted, best_of, draft, quickstart_route, score_chats, score_routes
from eval.numbers.questions import Question
from eval.observe import Passage
from eval.sets.cases import SetDocument, SetQuery
from index.values import Document, Filters, Provenance, Span
from rag.values import Answer, Citation, Conflict, Position
from tests.eval_fakes import KnownReader
from tests.eval_sets import write_lines, write_passages
from tests.shared import needs_shared

if TYPE_CHECKING:
    from rag.build import Dossier

MILL = "The mill in Orba burned down in 2019. Jon Ask rebuilt it with 40 workers."
PORT = "The port of Sel opened on 18 October."


def _document(identifier: str, text: str, title: str) -> Document:
    return Document(identifier, text, "text/markdown", Provenance(title), (), (), identifier, 1, "2025-01-01")


def _question(number: int, text: str, *answers: str) -> Question:
    query = SetQuery(f"q{number}", text, answers, (Span(0, 1),), answerable=bool(answers), doc_id="d")
    return Question(query, SetDocument("d", "", ""))


def _answer(short: str, *, text: str = "", verdict: str = "answered", conflicts: tuple[Conflict, ...] = ()) -> Answer:
    quote = Citation(number=1, document_id="d", chunk_id="c", quote=text, start=0, end=len(text))
    return Answer(
        id="a",
        question="?",
        query="?",
        verdict=verdict,  # type: ignore[arg-type]
        text=text,
        short=short,
        confidence=0.5,
        citations=(quote,) if verdict != "not_stated" else (),
        conflicts=conflicts,
        answered_by="extractive",
        settings_hash="s",
        generation="g",
    )


@dataclass
class Ranker:
    """Always the same passages."""

    passages: tuple[Passage, ...]
    asked: list[int] = field(default_factory=list)

    def __call__(self, query: str, top_k: int, filters: Filters | None = None) -> tuple[Passage, ...]:
        self.asked.append(top_k)
        return self.passages[:top_k]


def test_the_peer_reads_its_two_passages_and_shows_the_span_of_the_one_that_answers_best() -> None:
    ranker = Ranker((Passage("m", 0, 37, 0.9), Passage("p", 0, len(PORT), 0.8), Passage("m", 38, len(MILL), 0.7)))
    reader = KnownReader({"Jon Ask": 9.0, "2019": 1.0, "18 October": 3.0})
    route = quickstart_route(ranker, [_document("m", MILL, "Mills"), _document("p", PORT, "Ports")], reader)
    # Jon Ask stands in the third passage, which the peer does not hand on.
    assert route("Who?") == "18 October"
    assert ranker.asked == [2]
    assert reader.asked == [("Who?", (MILL[:37], PORT), ("Mills", "Ports"))]


def test_a_passage_without_a_place_or_a_span_is_passed_over() -> None:
    ranker = Ranker((Passage("m", 0, 0, 0.9), Passage("p", 0, len(PORT), 0.8)))
    documents = [_document("m", MILL, "Mills"), _document("p", PORT, "Ports")]
    assert quickstart_route(ranker, documents, KnownReader({"18": 1.0}))("When?") == "18"
    assert quickstart_route(ranker, documents, KnownReader({}))("When?") == ""
    assert best_of([]) == ""


def test_what_is_refused_scores_0_as_shown_and_counts_as_a_draft() -> None:
    questions = [("a", _question(1, "Who?", "Jon Ask")), ("b", _question(2, "When?", "in 2019", "2019"))]
    drafts = {"Who?": Drafted("Ask", True, _answer("Ask")), "When?": Drafted("2019", False, _answer("2019"))}
    found = score_routes(questions, lambda question: "" if question == "Who?" else "2019 or so", drafts.__getitem__)
    rows = found["rows"]
    # Draft: F1 of "Ask" against "Jon Ask" is 2/3, "2019" is exact. Shown: the second is refused.
    assert rows["ours, best draft"]["f1"]["value"] == pytest.approx((2 / 3 + 1) / 2)
    assert rows["ours, best draft"]["em"]["value"] == 0.5
    assert rows["ours, as shown"]["f1"]["value"] == pytest.approx(1 / 3)
    # The peer: nothing for the first; "2019 or so" shares one of three tokens with "2019", all of it: 1/2; with "in 2019" 2/5.
    assert rows["quickstart"]["f1"]["value"] == pytest.approx(0.25)
    assert rows["quickstart"]["sets"]["b"]["f1"]["value"] == pytest.approx(0.5)
    assert found["gain"]["f1"]["value"] == pytest.approx((2 / 3 + 1) / 2 - 0.25)
    assert found["refused_share"] == 0.5


def _chat(answer: str, *, answerable: bool = True, kind: str = "Single", text: str = "Who?") -> SetQuery:
    return SetQuery("l", text, (answer,), answerable=answerable, kind=kind)


def test_chats_are_right_when_shown_word_for_word_wrong_when_not_and_refused_else() -> None:
    chats = [
        _chat("HaileyJohnson"),
        _chat("Yes", text="Question: Was it fair?"),
        _chat("Chae & Yuriko"),
        _chat("27 days"),
        _chat("Insufficient information", answerable=False, kind="Null"),
        _chat("Insufficient information", answerable=False, kind="Null"),
    ]
    answers = [
        _answer("HaileyJohnson", text="HaileyJohnson: the bread is here."),
        _answer("fair", text="It was fair."),
        _answer("Yuriko", text="Yuriko: I met Chae."),
        _answer("", verdict="not_stated", text="The documents don't say: 27 days."),
        _answer("", verdict="not_stated"),
        _answer("Lom", text="In Lom."),
    ]
    asked: list[str] = []
    replies = iter(answers)

    def ask(question: str) -> Answer:
        asked.append(question)
        return next(replies)

    found = score_chats(chats, ask)
    assert asked[1] == "Was it fair?"
    assert found["right"]["value"] == pytest.approx(2 / 6)
    assert found["wrong"]["value"] == pytest.approx(3 / 6)
    assert found["refused"]["value"] == pytest.approx(1 / 6)
    # Of the four with an answer, two show every part of it.
    assert found["contained_parts"]["value"] == pytest.approx(2 / 4)
    assert found["contained_parts"]["n"] == 4
    assert found["types"]["Null"]["right"]["value"] == 0.5


def test_the_answer_may_stand_in_a_position_of_a_conflict() -> None:
    conflict = Conflict(
        about="cost", positions=(Position(value="40", citations=(1,)), Position(value="60", citations=(2,)))
    )
    found = score_chats([_chat("60")], lambda question: _answer("40", verdict="conflicting", conflicts=(conflict,)))
    assert found["right"]["value"] == 1.0


def test_pooled_corpora_hold_each_id_and_each_text_once_with_the_distractors(tmp_path: Path) -> None:
    asked = [{"_id": "q", "text": "Who?"}]
    write_passages(tmp_path / "a", {"x": MILL, "y": PORT}, asked)
    write_lines(tmp_path / "a" / "distractors.jsonl.gz", [{"_id": "z", "title": "Z", "text": "Bread."}])
    write_passages(tmp_path / "b", {"x": "Another mill.", "w": "Salt."}, asked)
    write_lines(tmp_path / "b" / "distractors.jsonl.gz", [{"_id": "v", "title": "Y", "text": PORT}])
    found = pooled([tmp_path / "a", tmp_path / "b"]).documents
    assert [(item.id, item.text) for item in found] == [("x", MILL), ("y", PORT), ("z", "Bread."), ("w", "Salt.")]


QUESTIONS = (
    "How many members voted in favour?",
    "Who steered the first crossing?",
    "Who won the chess match in Reykjavik?",
)


def _shown(dossier: Dossier, questions: Sequence[str]) -> list[tuple[bool, str]]:
    return [(a.verdict != "not_stated", a.short) for a in map(dossier.pipeline().answer, questions)]


def test_a_draft_is_shown_exactly_when_the_pipeline_shows_it(harbour_dossier: Dossier) -> None:
    drafts = [draft(harbour_dossier.pipeline(), question) for question in QUESTIONS]
    shown = _shown(harbour_dossier, QUESTIONS)
    assert [(drafted.shown, drafted.short if drafted.shown else "") for drafted in drafts] == shown
    assert drafts[0].short == "310"


def test_at_the_highest_threshold_every_draft_remains_and_none_is_shown(harbour_dossier: Dossier) -> None:
    pipeline = harbour_dossier.pipeline()
    strict = replace(pipeline, settings=pipeline.settings.model_copy(update={"answer_threshold": 1.0}))
    drafts = [draft(strict, question) for question in QUESTIONS]
    assert [drafted.short for drafted in drafts] == [draft(pipeline, question).short for question in QUESTIONS]
    assert not any(drafted.shown for drafted in drafts)


@needs_shared
@pytest.mark.slow
def test_three_questions_of_each_set_are_asked_of_both_routes(reader, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Over a few passages of each set, so that the test embeds little."""
    from eval.numbers.endtoend import SETS, measure_endtoend
    from eval.sets.lines import read_lines
    from tests.shared import SHARED_DATA

    for name in SETS:
        folder = SHARED_DATA / name / "dev"
        corpus = read_lines(folder / "corpus.jsonl.gz", {"_id": str})
        asked = [q for q in read_lines(folder / "queries.jsonl.gz", {"doc_id": str}) if q["answerable"]][:3]
        wanted = {q["doc_id"] for q in asked}
        kept = [line for line in corpus if line["_id"] in wanted] + [
            line for line in corpus if line["_id"] not in wanted
        ][:10]
        write_lines(tmp_path / name / "dev" / "corpus.jsonl.gz", kept)
        write_lines(tmp_path / name / "dev" / "queries.jsonl.gz", asked)
    found = measure_endtoend(tmp_path, reader, limit=3)
    assert found["n"] == 9
    assert all(0 < row["f1"]["value"] <= 1 for row in (found["rows"]["ours, best draft"], found["rows"]["quickstart"]))
