import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import LONGEST_AROUND, sentence_spans, sentences_around
from index.values import Span


def sentences(text):
    return [text[span.start : span.end] for span in sentence_spans(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["Gen. Rao met Dr. Ines Vale at the U.S. Embassy on Nov. 16.", "Then he left."],
        ["The envoy went to the U.S.", "The talks ended."],
        ["Mr. J. K. Smith paid $1.5 million for No. 5.", "It was cheap."],
        ["He said no.", "She agreed."],
        ["“We hope,” he said.", "“It works.”", "Nobody spoke."],
        ['"Is it over?" she asked.', '"It is!"', "He nodded."],
        ["He paused… and went on.", "The rest is known."],
        ["President Vale …", "The issue is open."],
        ["It rose 2.5 per cent to 10,000.75 points.", "Nobody knew why."],
        ["See fig. 3 and pp. 4-9 of the report.", "It is long."],
        ["The price (see Sec. 4) fell.", "(Nobody sold.)", "It rose."],
        ["Really?!", "Yes."],
        ["He works for Acme Inc. in Oslo.", "She does not."],
    ],
)
def test_sentences_end_where_a_reader_ends_them(expected):
    assert sentences(" ".join(expected)) == expected


def test_a_blank_line_always_ends_a_sentence():
    assert sentences("no end here\n\nnor here") == ["no end here", "nor here"]


def test_a_heading_is_a_sentence_of_its_own():
    text = "The Valley’s Role\nThe valley feeds the towns below it, and it has done so since the first mill was built beside the river two centuries ago, as the records show."
    assert sentences(text)[0] == "The Valley’s Role"


def test_lines_wrapped_at_a_width_are_one_paragraph():
    text = (
        "The committee met on the first day of the week and heard from the\n"
        "engineers about the state of the bridge. It then voted to close\n"
        "the road to lorries until spring. Nobody objected to the vote at\n"
        "that time."
    )
    assert [sentence.replace("\n", " ") for sentence in sentences(text)] == [
        "The committee met on the first day of the week and heard from the engineers about the state of the bridge.",
        "It then voted to close the road to lorries until spring.",
        "Nobody objected to the vote at that time.",
    ]


def test_items_of_a_list_are_apart_and_keep_their_marks():
    assert sentences("Three points:\n1. Clean water\n2. New roads\n- A bridge") == [
        "Three points:",
        "1. Clean water",
        "2. New roads",
        "- A bridge",
    ]


def test_a_bullet_on_a_line_of_its_own_belongs_to_the_line_below():
    assert sentences("Areas:\n-\nClean water for all.\n-\nNew roads.") == [
        "Areas:",
        "-\nClean water for all.",
        "-\nNew roads.",
    ]


def test_full_width_marks_end_sentences_without_a_space():
    assert sentences("今天下雨。我们不去！好吗？") == ["今天下雨。", "我们不去！", "好吗？"]


def test_a_range_of_the_text_gives_offsets_of_the_whole_text():
    text = "One. Two. One. Two."
    spans = sentence_spans(text, 10, 19)
    assert [(span.start, span.end) for span in spans] == [(10, 14), (15, 19)]


PIECES = st.lists(
    st.sampled_from(
        [
            "Dr. ",
            "He left. ",
            "No. 5 ",
            "U.S. ",
            "\n",
            "\n\n",
            "“Yes.” ",
            "… ",
            "- ",
            "1. ",
            "word ",
            "Word ",
            "?! ",
            "a" * 50,
            "\t",
            "\u00a0",
            "。",
            "I. ",
        ]
    ),
    max_size=40,
)


@given(st.one_of(st.text(max_size=300), PIECES.map("".join)))
def test_sentences_are_ordered_disjoint_and_hold_every_visible_character(text):
    spans = sentence_spans(text)
    covered = set()
    last = 0
    for span in spans:
        assert last <= span.start < span.end <= len(text)
        piece = text[span.start : span.end]
        assert piece == piece.strip()
        covered.update(range(span.start, span.end))
        last = span.end
    assert all(index in covered for index, character in enumerate(text) if not character.isspace())


def test_the_neighbours_of_a_span_are_whole_sentences():
    text = "One came. Two came. Three came. Four came. Five came."
    middle = Span(text.index("Three"), text.index("Three") + 11)
    around = sentences_around(text, middle, 1)
    assert [text[span.start : span.end] for span in around] == ["Two came. ", " Four came."]
    assert sentences_around(text, middle, 9) == (Span(0, middle.start), Span(middle.end, len(text)))
    assert sentences_around(text, middle, 0) == (Span(middle.start, middle.start), Span(middle.end, middle.end))
    assert sentences_around(text, Span(0, len(text)), 3) == (Span(0, 0), Span(len(text), len(text)))


def test_the_neighbours_in_a_text_without_sentences_are_bounded():
    text = "word " * 100_000
    before, after = sentences_around(text, Span(250_000, 250_004), 2)
    assert before.end - before.start <= 2 * LONGEST_AROUND
    assert after.end - after.start <= 2 * LONGEST_AROUND
