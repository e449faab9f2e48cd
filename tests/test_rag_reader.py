import itertools
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import ModelUnavailable
from rag.reader import OnnxReader

PASSAGE = "The delegations met in Lisbon on 4 May 2031. The Danish envoy said that 42 ships had been released."


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Where did the delegations meet?", "Lisbon"),
        ("How many ships had been released?", "42"),
        ("When did the delegations meet?", "4 May 2031"),
    ],
)
def test_the_reader_finds_the_span(reader: OnnxReader, question: str, answer: str) -> None:
    best = reader.read(question, [PASSAGE])[0][0]
    assert answer in PASSAGE[best.start : best.end]


def test_a_passage_that_answers_scores_above_one_that_does_not(reader: OnnxReader) -> None:
    there, elsewhere = reader.read(
        "How many ships had been released?", [PASSAGE, "Bread is baked from flour, water and salt."]
    )
    assert there[0].score > elsewhere[0].score


def test_spans_of_one_passage_do_not_overlap(reader: OnnxReader) -> None:
    spans = sorted((span.start, span.end) for span in reader.read("What happened?", [PASSAGE], spans=5)[0])
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans))


def test_an_answer_at_the_end_of_a_long_passage_is_found(reader: OnnxReader) -> None:
    passage = "Nothing of note was said about the weather that day. " * 150 + "The treaty was signed by Queen Ingrid."
    best = reader.read("Who signed the treaty?", [passage])[0][0]
    assert "Ingrid" in passage[best.start : best.end]


def test_a_passage_reads_the_same_alone_and_in_a_batch(reader: OnnxReader) -> None:
    alone = reader.read("Where did the delegations meet?", [PASSAGE])[0][0]
    batched = reader.read("Where did the delegations meet?", ["Short.", PASSAGE, "The sea is wide. " * 60])[1][0]
    assert (batched.start, batched.end) == (alone.start, alone.end)


def test_an_empty_passage_has_no_span(reader: OnnxReader) -> None:
    assert reader.read("Where?", ["", PASSAGE])[0] == []


def test_a_question_longer_than_the_window_is_read(reader: OnnxReader) -> None:
    assert reader.read("where " * 3000, [PASSAGE])[0]


@settings(max_examples=25, deadline=None)
@given(question=st.text(max_size=80), passage=st.text(max_size=200))
def test_any_text_gives_spans_inside_the_passage(reader: OnnxReader, question: str, passage: str) -> None:
    for span in reader.read(question, [passage], spans=3)[0]:
        assert 0 <= span.start < span.end <= len(passage)


def test_threads_that_share_the_reader_agree(reader: OnnxReader) -> None:
    expected = reader.read("Where did the delegations meet?", [PASSAGE])
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(reader.read("Where did the delegations meet?", [PASSAGE])))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


def test_a_missing_reader_names_the_setting(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelUnavailable, match="DOSSIER_READER"):
        OnnxReader(str(tmp_path)).read("Where?", [PASSAGE])


def test_weights_with_another_hash_are_refused(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "model.onnx").write_bytes(b"not the weights")
    packaged = OnnxReader()
    monkeypatch.setattr(packaged, "_folder", tmp_path)
    with pytest.raises(ModelUnavailable, match="sha256"):
        _ = packaged._session
