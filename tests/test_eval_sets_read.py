import gzip
import json
import re

import pytest

from eval.sets.read import NoSet, SetInvalid, find_sets, read_set
from index.values import Span
from tests.eval_sets import DOCUMENTS, document, query, write_set
from tests.shared import SHARED_DATA, needs_shared


def problems_of(folder):
    with pytest.raises(SetInvalid) as error:
        read_set(folder)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize("compressed", [True, False])
def test_a_set_is_read_whole(tmp_path, compressed):
    found = read_set(write_set(tmp_path / "small", compressed=compressed))
    assert (found.name, len(found.documents), len(found.queries)) == ("small", DOCUMENTS, 13)
    assert found.documents[0].publisher == "The Courier #0"
    assert (found.documents[0].author, found.documents[1].author) == ("A. Lee: clerk", None)
    assert found.documents[1].published == "2021-05-02"
    first = found.queries[0]
    text = found.documents[0].text
    assert first.relevant == {"d0"}
    assert [text[span.start : span.end] for span in first.spans] == list(first.answers)


def test_questions_that_nothing_answers_are_not_searched_but_kept(tmp_path):
    found = read_set(write_set(tmp_path))
    assert [item.id for item in found.queries if item not in found.searched] == ["q99"]
    assert not found.queries[-1].answerable


def test_test_ids_mark_their_questions(tmp_path):
    assert [item.id for item in read_set(write_set(tmp_path)).queries if item.test] == ["q1", "q2", "q99"]


def test_a_corpus_may_lie_in_the_part_and_another_part_may_be_read(tmp_path):
    write_set(tmp_path)
    (tmp_path / "dev").rename(tmp_path / "kept")
    (tmp_path / "corpus.jsonl.gz").rename(tmp_path / "kept" / "corpus.jsonl.gz")
    assert len(read_set(tmp_path, "kept").documents) == DOCUMENTS
    with pytest.raises(NoSet, match=r"it has no corpus\.jsonl"):
        read_set(tmp_path)


def test_references_are_wanted_together_and_name_the_document(tmp_path):
    text = document(0)["text"]
    references = [{"text": text[a:b], "start": a, "end": b} for a, b in ((0, 10), (20, 25))]
    asked = {"_id": "r1", "text": "What?", "doc_id": "d0", "references": references}
    write_set(tmp_path, queries=[asked], test_ids=[])
    (tmp_path / "dev" / "qrels.jsonl.gz").unlink()
    (only,) = read_set(tmp_path).queries
    assert only.references == (Span(0, 10), Span(20, 25))
    assert only.relevant == {"d0"}


def test_another_content_has_another_digest(tmp_path):
    one, same = (read_set(write_set(tmp_path / name, compressed=name == "a")).digest for name in "ab")
    other = read_set(write_set(tmp_path / "c", test_ids=["q1"])).digest
    assert one != other
    assert one == read_set(tmp_path / "a").digest
    assert same != one  # the files have other names


BAD_DOCUMENTS = {
    "{": "not JSON",
    "[1]": "a JSON object is needed, got list",
    '{"title": "t", "text": "x"}': "field '_id' is missing",
    '{"_id": " ", "text": "x"}': "field '_id' is blank",
    '{"_id": "n", "title": "t"}': "field 'text' is missing",
    '{"_id": "n", "text": 5}': "field 'text' must be a string, got int",
    '{"_id": "n", "text": "\\ud800"}': "lone surrogate",
    '{"_id": "d0", "text": "again"}': "the id 'd0' is already used",
    '{"_id": "n", "text": "x", "author": ["a"]}': "field 'author' must be a string, got list",
    "[" * 100_000: "not JSON",
}


@pytest.mark.parametrize(("line", "reason"), BAD_DOCUMENTS.items(), ids=range(len(BAD_DOCUMENTS)))
def test_a_wrong_document_is_named_by_file_and_line(tmp_path, line, reason):
    good = [document(number) for number in range(DOCUMENTS)]
    found = problems_of(write_set(tmp_path, corpus=[good[0], "", line, *good[1:]], distractors=[]))
    assert found[0].startswith("corpus.jsonl.gz line 3: ")
    assert reason in found[0]
    assert len(found) == 1


BAD_QUERIES = {
    "field 'text' is blank": {"text": ""},
    "there is no document 'd77'": {"doc_id": "d77"},
    "field 'answerable' must be true or false": {"answerable": "yes"},
    "field 'answers' must be a list": {"answers": "one"},
    "field 'answers' must be a string": {"answers": [1]},
    "field 'spans' must be a list": {"spans": {}},
    "needs 'text' and a 'start' of 0 or more": {"spans": [{"text": "said", "start": -1}]},
    "'said' does not stand at 0 of its document": {"spans": [{"text": "said", "start": 0}]},
    "does not stand at 0 of its document": {"doc_id": None, "spans": [{"text": "The", "start": 0}]},
    "ends at 9": {"references": [{"text": "The", "start": 0, "end": 9}]},
}


@pytest.mark.parametrize(("reason", "change"), BAD_QUERIES.items(), ids=range(len(BAD_QUERIES)))
def test_a_wrong_question_is_named_by_file_and_line(tmp_path, reason, change):
    asked = [query(0), {**query(1), **change}]
    write_set(tmp_path, queries=asked, qrels=[], test_ids=[])
    (found,) = problems_of(tmp_path)
    assert found.startswith("dev/queries.jsonl.gz line 2: ")
    assert reason in found


def test_wrong_judgements_and_test_ids_are_named(tmp_path):
    judged = [
        {"query_id": "q77", "doc_id": "d1", "score": 1},
        {"query_id": "q1", "doc_id": "d77", "score": 1},
        {"query_id": "q1", "doc_id": "d1", "score": "high"},
        {"query_id": "q1", "doc_id": "d1", "score": 0},
    ]
    found = problems_of(write_set(tmp_path, qrels=judged, test_ids=["q1", "q77"]))
    assert found == [
        "dev/qrels.jsonl.gz line 1: there is no question 'q77'",
        "dev/qrels.jsonl.gz line 2: there is no document 'd77'",
        "dev/qrels.jsonl.gz line 3: field 'score' must be a number",
        "dev/test_ids.txt line 2: there is no question 'q77'",
    ]


def test_a_judgement_of_0_makes_nothing_relevant(tmp_path):
    write_set(tmp_path, qrels=[{"query_id": "q1", "doc_id": "d1", "score": 0}])
    assert read_set(tmp_path).searched == ()


@pytest.mark.parametrize(
    "content", [b"no gzip at all", gzip.compress(b'{"_id": "a", "text": "t"}\n' * 9, mtime=0)[:-12]]
)
def test_a_damaged_file_is_named(tmp_path, content):
    (write_set(tmp_path) / "corpus.jsonl.gz").write_bytes(content)
    assert any(re.match(r"corpus\.jsonl\.gz line \d+: ", problem) for problem in problems_of(tmp_path))


def test_a_file_that_is_not_utf_8_is_named(tmp_path):
    write_set(tmp_path, compressed=False)
    (tmp_path / "corpus.jsonl").write_bytes(b'{"_id": "a", "text": "\xff"}\n')
    assert "cannot be read further" in problems_of(tmp_path)[0]


def test_an_endless_line_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("eval.sets.lines.MAX_LINE_CHARS", 1_000)
    write_set(tmp_path, corpus=[json.dumps({"_id": "a", "text": "x" * 5_000})], distractors=[], queries=[], qrels=[])
    assert "at most 1,000 characters a line" in problems_of(tmp_path)[0]


def test_an_empty_corpus_is_named(tmp_path):
    write_set(tmp_path, corpus=[], distractors=[], queries=[{"_id": "q1", "text": "What?"}], qrels=[], test_ids=[])
    assert problems_of(tmp_path) == ["corpus.jsonl.gz: it holds no document"]


def test_many_problems_are_counted_and_the_first_are_named(tmp_path):
    write_set(tmp_path, corpus=["{}"] * 80)
    with pytest.raises(SetInvalid, match=r"has \d+ problems:\n  corpus\.jsonl\.gz line 1: (?s:.*)and \d+ more"):
        read_set(tmp_path)


def test_a_folder_of_sets_gives_its_sets_and_other_folders_none(tmp_path):
    write_set(tmp_path / "b")
    write_set(tmp_path / "a", compressed=False)
    (tmp_path / "notes").mkdir()
    assert [path.name for path in find_sets(tmp_path)] == ["a", "b"]
    assert find_sets(tmp_path / "a") == [tmp_path / "a"]
    with pytest.raises(NoSet, match=r"notes is no set and holds none: a set has corpus\.jsonl"):
        find_sets(tmp_path / "notes")


@needs_shared
@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the public sets are not at hand")
def test_every_public_set_is_read_without_a_problem():
    found = {path.name: read_set(path) for path in find_sets(SHARED_DATA)}
    counts = {name: (len(item.documents), len(item.searched)) for name, item in found.items()}
    assert counts["scifact"] == (5183, 809)
    assert counts["squad2_dev"] == (904, 1584)
    assert counts["multihop_rag_500"] == (438, 214)
    assert counts["chroma_chunking"] == (3, 276)
    assert all(item.searched for item in found.values())
    assert sum(item.test for item in found["squad2_dev"].queries) == 1820
