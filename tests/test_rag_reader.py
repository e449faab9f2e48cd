import itertools
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import ModelUnavailable
from rag.reading.onnx import OnnxForward
from rag.reading.reader import EncoderReader

PASSAGE = "The delegations met in Lisbon on 4 May 2031. The Danish envoy said that 42 ships had been released."


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Where did the delegations meet?", "Lisbon"),
        ("How many ships had been released?", "42"),
        ("When did the delegations meet?", "4 May 2031"),
    ],
)
def test_the_reader_finds_the_span(reader: EncoderReader, question: str, answer: str) -> None:
    best = reader.read(question, [PASSAGE])[0].spans[0]
    assert answer in PASSAGE[best.start : best.end]


def test_a_passage_that_answers_scores_above_one_that_does_not(reader: EncoderReader) -> None:
    there, elsewhere = reader.read(
        "How many ships had been released?", [PASSAGE, "Bread is baked from flour, water and salt."]
    )
    assert there.answers > elsewhere.answers
    assert there.spans[0].score > elsewhere.spans[0].score


def test_spans_of_one_passage_do_not_overlap(reader: EncoderReader) -> None:
    spans = sorted((span.start, span.end) for span in reader.read("What happened?", [PASSAGE], spans=5)[0].spans)
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans))


def test_an_answer_at_the_end_of_a_long_passage_is_found(reader: EncoderReader) -> None:
    passage = "Nothing of note was said about the weather that day. " * 150 + "The treaty was signed by Queen Ingrid."
    best = reader.read("Who signed the treaty?", [passage])[0].spans[0]
    assert "Ingrid" in passage[best.start : best.end]


def test_a_passage_reads_the_same_alone_and_in_a_batch(reader: EncoderReader) -> None:
    alone = reader.read("Where did the delegations meet?", [PASSAGE])[0].spans[0]
    batched = reader.read("Where did the delegations meet?", ["Short.", PASSAGE, "The sea is wide. " * 60])[1].spans[0]
    assert (batched.start, batched.end) == (alone.start, alone.end)


def test_an_empty_passage_has_no_span(reader: EncoderReader) -> None:
    assert reader.read("Where?", ["", PASSAGE])[0].spans == ()


def test_a_question_longer_than_the_window_is_read(reader: EncoderReader) -> None:
    assert reader.read("where " * 3000, [PASSAGE])[0].spans


@settings(max_examples=25, deadline=None)
@given(question=st.text(max_size=80), passage=st.text(max_size=200))
def test_any_text_gives_spans_inside_the_passage(reader: EncoderReader, question: str, passage: str) -> None:
    for span in reader.read(question, [passage], spans=3)[0].spans:
        assert 0 <= span.start < span.end <= len(passage)


def test_threads_that_share_the_reader_agree(reader: EncoderReader) -> None:
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


def test_a_missing_reader_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="DOSSIER_READER"):
        EncoderReader(str(tmp_path)).read("Where?", [PASSAGE])


def test_weights_with_another_hash_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"not the weights")
    forward = OnnxForward(tmp_path, sha256="0" * 64)
    with pytest.raises(ModelUnavailable, match="sha256"):
        forward(*(np.zeros((1, 4), dtype=np.int64),) * 3)


def test_a_title_is_read_but_no_answer_lies_in_it(reader: EncoderReader) -> None:
    passage = "He resigned on Friday."
    (reading,) = reader.read("Who resigned?", [passage], titles=["The minister Karl Brandt"], spans=3)
    assert all(0 <= span.start < span.end <= len(passage) for span in reading.spans)


def test_a_statement_that_the_passage_makes_has_more_support_than_one_that_it_does_not(reader: EncoderReader) -> None:
    there, elsewhere = reader.relations(
        "42 ships had been released.", [PASSAGE, "Bread is baked from flour and water."]
    )
    assert 0.0 <= elsewhere.support < 0.5 < there.support <= 1.0
    assert there.support + there.refute + there.neither == pytest.approx(1.0)


def test_a_changed_number_is_a_contradiction(reader: EncoderReader) -> None:
    said, changed = (
        reader.relations(f"The dose is {dose} mg a day.", ["The dose is 5 mg a day."])[0] for dose in (5, 50)
    )
    assert said.support > 0.5 > said.refute and changed.refute > changed.support


def test_the_headline_check_prefers_the_span_that_answers(reader: EncoderReader) -> None:
    text = "The bridge was opened by Ida Moss on 3 May 2019."
    spans = [(text, text.index(words), text.index(words) + len(words)) for words in ("Ida Moss", "3 May 2019")]
    who, when = reader.right("Who opened the bridge?", spans)
    assert who > when
    who, when = reader.right("When was the bridge opened?", spans)
    assert when > who
