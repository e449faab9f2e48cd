import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import FileRefused
from index.sentences import sentence_spans
from index.split import MAX_CHUNKS, split
from index.values import Span
from tests.fakes import WordHashEmbedder

count_tokens = WordHashEmbedder().count_tokens


def chunks(text, body=None, *, max_tokens=256, target_chars=600):
    body = [Span(0, len(text))] if body is None else body
    return split(text, body, count_tokens=count_tokens, max_tokens=max_tokens, target_chars=target_chars)


def test_a_short_text_is_one_chunk():
    assert chunks("  One sentence. Another.\n") == [Span(2, 24)]


def test_chunks_end_with_paragraphs_when_these_fit():
    paragraph = "The mill stands by the river and has done so for long. " * 6
    text = "\n\n".join([paragraph.strip()] * 4)
    assert [text[span.start : span.end] for span in chunks(text, target_chars=400)] == [paragraph.strip()] * 4


def test_small_paragraphs_share_a_chunk():
    text = "\n\n".join(f"Paragraph {number} is short." for number in range(10))
    assert len(chunks(text, target_chars=600)) == 1


def test_a_heading_goes_with_what_follows_it():
    body = "The mill stands by the river and has done so for long. " * 9
    text = f"{body.strip()}\n\nThe bridge\n\n{body.strip()}"
    first, second = (text[span.start : span.end] for span in chunks(text, target_chars=500))
    assert first == body.strip()
    assert second.startswith("The bridge\n\nThe mill")


def test_no_chunk_crosses_a_gap_in_the_body():
    text = "First part. Share this. Second part."
    body = [Span(0, 11), Span(24, 36)]
    assert chunks(text, body) == body


def test_a_sentence_too_long_for_the_model_is_cut_at_a_clause():
    text = "the first thing " * 20 + "happened, " + "and the second thing " * 20 + "followed."
    spans = chunks(text, max_tokens=100)
    assert all(count <= 100 for count in count_tokens([text[span.start : span.end] for span in spans]))
    assert any(text[span.start : span.end].endswith("happened,") for span in spans)


def test_a_text_without_spaces_is_cut_hard():
    text = "一" * 5000
    spans = split(text, [Span(0, 5000)], count_tokens=lambda texts: [len(item) + 2 for item in texts], max_tokens=256)
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert max(span.end - span.start for span in spans) <= 254


def test_more_chunks_than_allowed_are_refused():
    text = "\n".join(["word " * 60] * (MAX_CHUNKS + 10))
    body = [Span(at * 301, at * 301 + 299) for at in range(MAX_CHUNKS + 10)]
    with pytest.raises(FileRefused) as refused:
        chunks(text, body)
    assert refused.value.code == "too_complex"


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="max_tokens"):
        chunks("text", max_tokens=2)
    with pytest.raises(ValueError, match="target_chars"):
        chunks("text", target_chars=0)


def test_tokens_are_counted_in_few_batches():
    calls = []

    def counting(texts):
        calls.append(len(texts))
        return count_tokens(texts)

    text = "The mill stands by the river. " * 500
    split(text, [Span(0, len(text))], count_tokens=counting, max_tokens=256)
    assert len(calls) == 1


REPEATED = st.lists(
    st.sampled_from(
        ["Same sentence here. ", "Same sentence here.\n", "\n\n", "Heading\n", "other ", "x" * 700, "a, b; c "]
    ),
    max_size=60,
).map("".join)


@given(st.one_of(st.text(max_size=500), REPEATED), st.integers(8, 60), st.integers(1, 400), st.data())
def test_chunks_are_exact_ordered_disjoint_and_hold_every_sentence_of_the_body(text, max_tokens, target_chars, data):
    cut = data.draw(st.integers(0, len(text)))
    gap = data.draw(st.integers(0, 5))
    body = [span for span in (Span(0, cut), Span(min(cut + gap, len(text)), len(text))) if span.start < span.end]
    spans = chunks(text, body, max_tokens=max_tokens, target_chars=target_chars)
    last = 0
    for span in spans:
        piece = text[span.start : span.end]
        assert last <= span.start < span.end <= len(text)
        assert piece == piece.strip()
        assert count_tokens([piece])[0] <= max_tokens
        assert any(part.start <= span.start and span.end <= part.end for part in body)
        last = span.end
    held = {index for span in spans for index in range(span.start, span.end)}
    wanted = {
        index
        for part in body
        for sentence in sentence_spans(text, part.start, part.end)
        for index in range(sentence.start, sentence.end)
    }
    assert {index for index in wanted - held if not text[index].isspace()} == set()
