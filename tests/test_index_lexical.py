"""Lexical search: any text is a query, numbers are kept, deletions and filters hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.lexical import MAX_QUERY_CHARS, LexicalIndex

TEXTS = {
    "c1": "About 1.7 million people crossed the border; the province hosts 2,600 of them.",
    "c2": "Trade was worth $6 billion in 2024, the ministry's figures show.",
    "c3": "The ferries were running again after the ceasefire was signed in Norvale on October 18th.",
    "c4": "Café owners in Borvik said nothing about the G20 summit.",
    "c5": "The border talks failed; the talks about the border go on.",
}


@pytest.fixture
def index(tmp_path: Path) -> LexicalIndex:
    lexical = LexicalIndex(tmp_path / "lexical")
    lexical.apply(
        (), list(TEXTS), [f"d{name}" for name in TEXTS], ["Harbour news", "", "", "", ""], list(TEXTS.values())
    )
    return lexical


def _ids(index: LexicalIndex, query: str, **options: list[str]) -> list[str]:
    return [chunk_id for chunk_id, _ in index.search(query, 10, **options)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("1.7 million", "c1"),
        ("How many: 2,600?", "c1"),
        ("2600", "c1"),
        ("$6", "c2"),
        ("6 billion dollars", "c2"),
        ("ministry", "c2"),
        ("What ferry runs after a ceasefire?", "c3"),
        ("october 18", "c3"),
        ("cafe", "c4"),
        ("g20", "c4"),
        ("harbour", "c1"),
        ('"talks failed"', "c5"),
    ],
)
def test_words_and_numbers_are_found(index: LexicalIndex, query: str, first: str) -> None:
    assert _ids(index, query)[0] == first


def test_words_that_every_question_has_do_not_count(index: LexicalIndex) -> None:
    assert _ids(index, "What was it that they said about the summit?") == ["c4"]


def test_a_question_of_nothing_but_such_words_is_still_searched(index: LexicalIndex) -> None:
    assert "c5" in _ids(index, "what about the")


def test_a_quoted_phrase_ranks_above_the_same_words_apart(tmp_path: Path) -> None:
    lexical = LexicalIndex(tmp_path)
    lexical.apply((), ["a", "b"], ["a", "b"], ["", ""], ["red green blue blue red", "green blue red yellow pink"])
    assert _ids(lexical, "blue red yellow")[0] == "b"
    assert _ids(lexical, "“red green”")[0] == "a"


def test_scores_fall_and_ties_are_in_id_order(index: LexicalIndex) -> None:
    hits = index.search("border talks people", 10)
    assert hits == sorted(hits, key=lambda hit: (-hit[1], hit[0]))
    assert all(score > 0 for _, score in hits)


def test_a_deleted_document_is_not_found(index: LexicalIndex) -> None:
    index.apply(["dc1"])
    assert "c1" not in _ids(index, "1.7 million people border")
    assert index.count() == 4
    assert sorted(index.ids()) == ["c2", "c3", "c4", "c5"]


def test_replacing_a_document_leaves_one_copy(index: LexicalIndex) -> None:
    for _ in range(3):
        index.apply(["dc2"], ["c2"], ["dc2"], [""], [TEXTS["c2"]])
    assert index.count() == 5
    assert _ids(index, "ministry") == ["c2"]


def test_a_filter_keeps_the_scores_of_what_passes(index: LexicalIndex) -> None:
    everything = dict(index.search("border talks people", 10))
    some = dict(index.search("border talks people", 10, documents=["dc5"]))
    assert some == {"c5": pytest.approx(everything["c5"])}
    assert index.search("border", 10, documents=[]) == []


def test_what_was_committed_is_there_after_reopening(tmp_path: Path, index: LexicalIndex) -> None:
    before = index.search("border talks", 10)
    index.close()
    again = LexicalIndex(tmp_path / "lexical")
    assert again.search("border talks", 10) == before


def test_a_search_sees_the_state_before_or_after_a_change(index: LexicalIndex) -> None:
    assert index.search("zebra", 5) == []
    index.apply((), ["z"], ["dz"], [""], ["zebra"])
    assert _ids(index, "zebra") == ["z"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=300))
def test_any_text_is_a_valid_query(index: LexicalIndex, query: str) -> None:
    for chunk_id, score in index.search(query, 3):
        assert chunk_id in TEXTS
        assert score > 0


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "\0",
        "AND OR NOT",
        'a"b',
        '""',
        "text:* AND (",
        "[1 TO 2]",
        "^2 ~3 \\",
        "\ud800 border",
        "x" * 100_000,
        "border " * 20_000,
        "'" * 500,
    ],
)
def test_no_query_has_syntax(index: LexicalIndex, query: str) -> None:
    assert len(index.search(query, 3)) <= 3


def test_a_very_long_question_keeps_its_rarest_words(index: LexicalIndex) -> None:
    noise = " ".join(f"word{number}" for number in range(500))
    assert _ids(index, f"{noise} ministry")[0] == "c2"
    assert len(f"{noise} ministry") < MAX_QUERY_CHARS
