import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.gold import GoldInvalid, load_gold, locate, read_gold
from index.values import Span
from tests.eval_fakes import TEXTS, MemoryCorpus

FACT = {
    "id": "g1", "kind": "fact", "question": "When did the harbour open?", "answers": ["18 October"],
    "evidence": [{"document": "harbour.md", "quote": "opened on 18 October"}], "filters": {},
}  # fmt: skip
CONFLICT = {
    "id": "g2", "kind": "conflict", "question": "What did it cost?", "positions": [["1.7 million"], ["2 million"]],
    "evidence": [{"document": "harbour.md", "quote": "It cost 1.7 million crowns."}, {"document": "bridge.md"}],
}  # fmt: skip
UNANSWERABLE = {"id": "g3", "kind": "unanswerable", "question": "Who won?"}


def write(tmp_path, *lines):
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    return path


def problems_of(tmp_path, *lines):
    with pytest.raises(GoldInvalid) as error:
        load_gold(write(tmp_path, *lines), MemoryCorpus().documents())
    return error.value.problems


def test_a_good_file_is_read_and_tied_to_spans(tmp_path):
    located = load_gold(write(tmp_path, FACT, "", CONFLICT, UNANSWERABLE), MemoryCorpus().documents())
    assert [item.case.id for item in located] == ["g1", "g2", "g3"]
    assert [item.case.line for item in located] == [1, 3, 4]
    evidence = located[0].evidence[0]
    assert TEXTS["harbour.md"][evidence.spans[0].start : evidence.spans[0].end] == "opened on 18 October"
    assert located[1].document_ids == {"d-harbour.md", "d-bridge.md"}
    assert len(located[1].quotes) == 1
    assert not located[2].case.answerable


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "facts"}, "unknown kind 'facts'; known are fact, yesno, multi, list"),
        ({"kind": None}, "'kind' is missing"),
        ({"question": None}, "'question' is missing"),
        ({"question": "  "}, "'question' must be text that is not blank"),
        ({"id": 7}, "'id' must be text that is not blank, got 7"),
        ({"answers": []}, "'answers' is missing or empty"),
        ({"answers": "18 October"}, "'answers' must be a list of texts"),
        ({"answers": [""]}, "'answers' must be a list of texts"),
        ({"evidence": []}, "'evidence' is missing or empty"),
        ({"evidence": ["harbour.md"]}, "'evidence' must be a list of objects"),
        ({"evidence": [{"quote": "x"}]}, "'evidence[].document' must be a file name or an id"),
        ({"evidence": [{"document": "harbour.md", "quote": ""}]}, "'evidence[].quote' must be text"),
        ({"evidence": [{"document": "nowhere.md"}]}, "document 'nowhere.md' is not in the collection"),
        (
            {"evidence": [{"document": "harbour.md", "quote": "opened on 19 October"}]},
            "harbour.md does not say 'opened on 19 October'",
        ),
        ({"positions": [["a"], ["b"]]}, "'positions' belong to the kind conflict, not fact"),
        ({"kind": "conflict", "positions": [["a"]]}, "a conflict needs 2 or more 'positions', got 1"),
        ({"kind": "conflict", "positions": [["a"], []]}, "'positions' holds an empty position"),
        ({"kind": "unanswerable"}, "an unanswerable question has no 'answers'"),
        (
            {"filters": {"where": "x"}},
            "'filters' may hold as_of, documents, metadata, publisher, since, sources, tags, until",
        ),
        ({"filters": {"tags": "board"}}, "'filters' must list texts in tags, sources and documents"),
        ({"filters": {"metadata": {"a": {"or": 1}}}}, "'filters' cannot be: metadata 'a' must be a value"),
        ({"filters": {"metadata": "a"}}, "'filters' cannot be"),
        ({"kind": "near_unanswerable"}, "an unanswerable question has no 'answers'"),
        ({"kind": "unanswerable", "answers": [], "items": [["a"]]}, "an unanswerable question has no 'items'"),
        ({"items": ["a"]}, "'items' must be a list of texts"),
        ({"items": [["a"], []]}, "'items' holds an empty item"),
        ({"items": [["a"]], "min_items": 2}, "'min_items' must be a number from 1 to the number of 'items' (1), got 2"),
        ({"items": [["a"]], "min_items": True}, "'min_items' must be a number"),
        ({"not_in_headline": "19 October"}, "'not_in_headline' must be a list of texts"),
        ({"filters": {"since": 2025}}, "'filters' must hold texts"),
    ],
)
def test_each_fault_is_named_with_its_line(tmp_path, change, reason):
    problems = problems_of(tmp_path, UNANSWERABLE, {**FACT, **change})
    assert any(str(problem).startswith("line 2") and reason in str(problem) for problem in problems), problems


def test_items_stand_for_answers_and_a_near_miss_may_say_where_it_stands(tmp_path):
    many = {
        **FACT,
        "id": "g4",
        "kind": "list",
        "answers": [],
        "items": [["18 October"], ["Mira Tolle", "Tolle"]],
        "min_items": 1,
    }
    near = {"id": "g5", "kind": "near_unanswerable", "question": "When did it close?", "evidence": FACT["evidence"]}
    located = load_gold(write(tmp_path, {**many, "not_in_headline": ["2019"]}, near), MemoryCorpus().documents())
    case = located[0].case
    assert (case.items, case.min_items, case.not_in_headline) == (
        (("18 October",), ("Mira Tolle", "Tolle")),
        1,
        ("2019",),
    )
    assert not located[1].case.answerable


@pytest.mark.parametrize(
    ("line", "reason"), [("{", "not JSON"), ("[1]", "a JSON object is needed, got list"), ("[" * 60_000, "not JSON")]
)
def test_a_line_that_is_no_object_is_named(tmp_path, line, reason):
    assert reason in str(problems_of(tmp_path, FACT, line)[0])


def test_a_line_too_long_is_refused_unread(tmp_path):
    assert "at most 100000 are read" in str(problems_of(tmp_path, '{"id": "' + "x" * 100_000 + '"}')[0])


def test_a_second_use_of_an_id_names_the_first(tmp_path):
    assert str(problems_of(tmp_path, FACT, FACT)[0]) == "line 2 (g1): the id is already used in line 1"


def test_all_problems_come_at_once_in_the_order_of_lines(tmp_path):
    wrong_document = {**FACT, "id": "g9", "evidence": [{"document": "nowhere.md"}]}
    assert [problem.line for problem in problems_of(tmp_path, wrong_document, "{", {**FACT, "answers": []})] == [
        1,
        2,
        3,
    ]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe\x00"])
def test_an_empty_or_binary_file_is_refused_with_its_name(tmp_path, content):
    path = tmp_path / "gold.jsonl"
    path.write_bytes(content)
    with pytest.raises(GoldInvalid, match=r"gold\.jsonl has 1 problem"):
        read_gold(path)


def test_a_missing_file_is_refused_with_the_command_that_mends_it(tmp_path):
    with pytest.raises(GoldInvalid, match="dossier eval"):
        read_gold(tmp_path / "none.jsonl")


def test_unknown_fields_and_a_mark_at_the_start_are_read_over(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text("\ufeff" + json.dumps({**FACT, "note": "why", "hard": True}))
    assert len(load_gold(path, MemoryCorpus().documents())) == 1


def test_a_document_is_named_by_id_by_file_name_or_by_path(tmp_path):
    for name in ("d-harbour.md", "harbour.md", "papers/harbour.md", "/papers/harbour.md"):
        assert load_gold(write(tmp_path, {**FACT, "evidence": [{"document": name}]}), MemoryCorpus().documents())[
            0
        ].document_ids == {"d-harbour.md"}


def test_a_name_of_two_documents_is_a_problem(tmp_path):
    documents = [*MemoryCorpus().documents(), *MemoryCorpus({"old/harbour.md": "Another text."}).documents()]
    cases, _ = read_gold(write(tmp_path, FACT))
    located, problems = locate(cases, documents)
    assert located == []
    assert "names 2 documents; give more of its path" in str(problems[0])


def test_a_quote_may_be_wrapped_otherwise_and_stands_at_every_place(tmp_path):
    corpus = MemoryCorpus({"a.md": "It cost\n1.7 million. He repeated: It cost 1.7  million."})
    case = {**FACT, "evidence": [{"document": "a.md", "quote": "It cost 1.7 million."}]}
    spans = load_gold(write(tmp_path, case), corpus.documents())[0].evidence[0].spans
    assert spans == (Span(0, 20), Span(34, 55))


def test_an_edited_case_has_another_digest(tmp_path):
    first, second = (
        read_gold(write(tmp_path, {**FACT, "answers": [form]}))[0][0] for form in ("18 October", "Oct. 18")
    )
    assert first.digest != second.digest


@given(st.text(max_size=200))
def test_any_line_is_a_case_or_a_problem(tmp_path_factory, line):
    path = tmp_path_factory.mktemp("gold") / "gold.jsonl"
    path.write_text(line + "\n" + json.dumps(FACT), encoding="utf-8", errors="replace")
    cases, problems = read_gold(path)
    assert len(cases) == 1
    assert bool(problems) == bool([part for part in path.read_text(encoding="utf-8").split("\n")[:-1] if part.strip()])
