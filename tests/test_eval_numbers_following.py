"""What a rewrite is worth is counted in documents found, beside the wording of a person and the question as it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from eval.numbers.following import (
    ASKED,
    HUMAN,
    OURS,
    FollowUp,
    conversation,
    measure_following,
    read_cast,
    read_chats,
    score_follow_ups,
    score_wording,
)
from eval.numbers.table import numbers_table
from eval.sets.lines import SetInvalid
from rag.conversation.follow_up import Turn
from tests.eval_sets import question, write_lines, write_passages

MILL = "The mill in Orba burned down in 2019. Jon Ask rebuilt it with 40 workers."
PORT = "The port of Sel opened on 18 October and is run by Mira Tolle."


def cast(number: int, history: Sequence[str], asked: str, rewrite: str, passage: str | None = None) -> dict[str, Any]:
    row = {"id": f"c{number}", "topic": "1", "history": list(history), "utterance": asked, "rewrite": rewrite}
    return row if passage is None else {**row, "passage": passage}


CAST = [
    cast(1, [], "Tell me about the mill in Orba.", "Tell me about the mill in Orba.", MILL),
    cast(2, ["Tell me about the mill in Orba."], "Who rebuilt it?", "Who rebuilt the mill in Orba?", MILL),
    cast(3, ["Tell me about the mill in Orba."], "Who runs the port?", "Who runs the port of Sel?", PORT),
    cast(4, ["Tell me about the mill in Orba."], "Where is Sel?", "Where is Sel?"),
]


def chat(said: Sequence[str], *, answerability: str = "ANSWERABLE", texts: Sequence[str] = (MILL,)) -> dict[str, Any]:
    turns = [{"role": "user", "text": text} for text in said]
    answered = [turn for one in turns for turn in (one, {"role": "agent", "text": "Yes."})][:-1]
    documents = [{"doc_id": text[:8], "title": None, "text": text} for text in texts]
    return {"id": "m", "conversation": answered, "documents": documents, "answerability": [answerability]}


def test_follow_ups_are_the_turns_with_a_history_and_each_passage_is_one_document(tmp_path: Path) -> None:
    follow_ups, documents = read_cast(write_lines(tmp_path / "examples.jsonl.gz", CAST))
    assert [turn.wordings[OURS] for turn in follow_ups] == [
        "Who rebuilt the mill in Orba?",
        "Who runs the port? (the mill in Orba)",
        "Where is Sel?",
    ]
    assert [(document.id, document.text) for document in documents] == [("c1", MILL), ("c3", PORT)]
    assert [turn.relevant for turn in follow_ups] == [{"c1"}, {"c3"}, set()]
    assert all(turn.kept for turn in follow_ups)


def test_only_earlier_user_turns_are_known_and_only_what_the_documents_answer_is_searched(tmp_path: Path) -> None:
    asked = ["Tell me about the mill in Orba.", "Who rebuilt it?"]
    rows = [
        chat(asked),
        chat(asked, answerability="UNANSWERABLE"),
        chat(asked[:1], texts=[PORT]),
        chat(asked, texts=[]),
    ]
    follow_ups, documents = read_chats(write_lines(tmp_path / "examples.jsonl.gz", rows))
    assert follow_ups == [
        FollowUp({ASKED: "Who rebuilt it?", OURS: "Who rebuilt the mill in Orba?"}, relevant=frozenset({MILL[:8]}))
    ]
    assert [document.text for document in documents] == [MILL, PORT]


@pytest.mark.parametrize(
    "row",
    [
        chat(["Why?"]) | {"conversation": ["Why?"]},
        chat(["Why?"]) | {"conversation": [{"role": "user", "text": 7}]},
        chat(["Why?"]) | {"documents": [{"text": "no id"}]},
    ],
)
def test_a_line_that_is_no_conversation_is_named(tmp_path: Path, row: dict[str, Any]) -> None:
    with pytest.raises(SetInvalid, match=r"examples\.jsonl\.gz line 1: "):
        read_chats(write_lines(tmp_path / "examples.jsonl.gz", [row]))
    with pytest.raises(SetInvalid, match="must be strings"):
        read_cast(write_lines(tmp_path / "cast.jsonl", [cast(1, [7], "Why?", "Why?")]))  # type: ignore[list-item]


def test_earlier_turns_are_rewritten_once_and_go_on_from_one_another() -> None:
    known: dict[tuple[str, ...], str] = {}
    said = ("What is chlorophyll?", "Why is it green?")
    assert conversation(said, known)[1] == Turn("Why is it green?", "Why is chlorophyll green?", "")
    known[said] = "as it was known"
    assert conversation(said, known)[1].query == "as it was known"


def test_a_rewrite_is_worth_its_share_of_what_the_persons_rewrite_finds() -> None:
    found = {"raw": ["b", "x"], "ours": ["x", "a", "b"], "human": ["a", "b"], "lost": ["x"]}
    turns = [
        FollowUp({ASKED: "raw", OURS: "ours", HUMAN: "human"}, relevant=frozenset({"a", "b"})),
        FollowUp({ASKED: "lost", OURS: "lost", HUMAN: "human"}, relevant=frozenset({"a"})),
    ]
    scored = score_follow_ups(turns, lambda query: found[query])
    assert [scored["rows"][name]["recall"]["value"] for name in (ASKED, OURS, HUMAN)] == [0.25, 0.5, 1.0]
    assert scored["rows"][OURS]["reciprocal_rank"]["value"] == 0.25
    assert scored["share_of_human"]["recall"][OURS]["value"] == 0.5
    assert scored["share_of_human"]["recall"][ASKED]["value"] == 0.25


def test_only_the_first_ten_documents_count() -> None:
    turn = FollowUp({ASKED: "q", OURS: "q", HUMAN: "q"}, relevant=frozenset({"d10"}))
    scored = score_follow_ups([turn], lambda query: [f"d{number}" for number in range(11)])
    assert scored["rows"][OURS]["recall"]["value"] == 0.0
    assert scored["share_of_human"]["recall"][OURS]["value"] is None


def test_words_that_the_rule_adds_count_where_a_person_added_them_too() -> None:
    turns = [
        FollowUp({ASKED: "Who rebuilt it?", OURS: "Who rebuilt the mill?", HUMAN: "Who rebuilt the mill in Orba?"}),
        FollowUp({ASKED: "Where is Sel?", OURS: "Where is Sel?", HUMAN: "Where is Sel?"}, kept=False),
    ]
    scored = score_wording(turns)
    assert scored["missing_words_added"]["value"] == 0.5
    assert scored["human_rewrites_left_alone"]["value"] == 0.5
    assert scored["rewritten"]["value"] == 0.5


def test_follow_ups_are_searched_in_a_real_collection(tmp_path: Path) -> None:
    write_lines(tmp_path / "cast_rewrite" / "dev" / "examples.jsonl.gz", CAST)
    write_lines(
        tmp_path / "mtrag_un" / "dev" / "examples.jsonl.gz",
        [chat(["Tell me about the mill in Orba.", "Who rebuilt it?"])],
    )
    for name in ("clapnq", "qed"):
        text = f"Nothing of that stands in {name}."
        write_passages(tmp_path / name, {name: text}, [question(1, "What stands there?", name, text, "Nothing")])
    result = measure_following(tmp_path)
    assert (result["n"], result["documents"], result["chats"]["n"]) == (2, 4, 1)
    assert result["rows"][HUMAN]["recall"]["value"] == 1.0
    table = numbers_table({"following": {"result": result}})
    assert (
        "| follow-ups: share of the Recall@10 with a person's rewrite | 2 | 100.0 [100.0, 100.0] | as asked " in table
    )
    assert "| follow-ups (mtrag_un) rewritten by rule: Recall@10 | 1 | 100.0" in table
