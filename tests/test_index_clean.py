import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.clean import join_drop_caps, normalise
from index.page import read_page

STORY = (
    "The ferry between Harrow Point and the islands will run again from spring, the harbour board said after a long meeting. "
    "Two of its three boats have new engines. The third will be sold, and no buyer has been named so far."
)
MORE = "Islanders had waited for the decision since the autumn storms, when the old pier was lost and the mail came by helicopter."


def body_of(text):
    page = read_page(text)
    return "\n".join(text[span.start : span.end] for span in page.body)


def test_newlines_become_one_kind():
    assert normalise("a\r\nb\rc\u2028d\x0ce") == ("a\nb\nc\nd\ne", [])


@pytest.mark.parametrize(
    ("raw", "text", "note"),
    [
        ("a\x00b\x07c", "abc", "removed 2 control characters"),
        ("\ufeffa\u200bb\u00adc", "abc", "removed 3 zero-width characters"),
        ("user\u202egpj.exe", "usergpj.exe", "removed 1 direction-changing character"),
        ("a\U000e0041\U000e0042", "a", "removed 2 tag characters"),
        ("a\ud800b", "a\ufffdb", "replaced 1 lone surrogate"),
    ],
)
def test_what_a_reader_cannot_see_is_removed_and_counted(raw, text, note):
    assert normalise(raw) == (text, [note])


def test_joiners_that_shape_letters_stay():
    persian = "می\u200cخواهم"
    assert normalise(persian) == (persian, [])
    assert normalise("in\u200cvisible")[0] == "invisible"


def test_characters_are_not_recomposed():
    assert normalise("e\u0301")[0] == "e\u0301"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_normalising_twice_changes_nothing_more(text):
    once, _ = normalise(text)
    assert normalise(once) == (once, [])


@pytest.mark.parametrize(
    ("split_up", "joined"),
    [
        (
            "N\n\neighbours of the old mill have asked the council for a wall.",
            "Neighbours of the old mill have asked the council for a wall.",
        ),
        (
            "Title\n\nT\nhe council met on the first day of the week to hear the plan.",
            "Title\n\nThe council met on the first day of the week to hear the plan.",
        ),
        (
            "“W\n\ne shall rebuild the pier,” the harbour board said at noon.",
            "“We shall rebuild the pier,” the harbour board said at noon.",
        ),
        (
            "I\n\nn the first week of spring the ferry will run again to all islands.",
            "In the first week of spring the ferry will run again to all islands.",
        ),
        (
            "A\n\nfter the storm the council met and heard from the engineers.",
            "After the storm the council met and heard from the engineers.",
        ),
        (
            "A\n\nferry is to run again from spring, and the ferry has new engines.",
            "A ferry is to run again from spring, and the ferry has new engines.",
        ),
        (
            "N eighbours of the mill want a wall. The neighbours have asked for it.",
            "Neighbours of the mill want a wall. The neighbours have asked for it.",
        ),
    ],
)
def test_a_letter_set_apart_by_layout_is_joined_to_its_word(split_up, joined):
    assert join_drop_caps(split_up) == (joined, ["joined 1 drop cap"])


@pytest.mark.parametrize(
    "text",
    [
        "A\nthe first answer, which is long enough to be taken for a paragraph\nB\nthe second answer, which is just as long as the first one",
        "X\nshort",
        "E coli was found in the water of the well, and the water was closed.",
        "Vitamin\n\nC\n\nIs found in fruit and in most green leaves, and the body needs it.",
        "i\nn lower case nothing is joined, because no layout sets such letters apart.",
    ],
)
def test_letters_that_stand_alone_for_a_reason_stay(text):
    assert join_drop_caps(text) == (text, [])


def test_clean_prose_is_body_from_end_to_end():
    text = f"{STORY}\n\n{MORE}\n\nShare prices fell, comments on the sale were few, and an advertisement for the boat drew no reply."
    assert body_of(text) == text


@pytest.mark.parametrize(
    "paragraph",
    [
        "Share this burden with others, the board told the islanders, and it will be lighter for everyone who lives here.",
        "Comments on the plan may be sent to the board until the first of May.",
        "The advertisement on the pier was lost in the storm as well.",
        "Disclaimer of liability is not what the islanders want, their speaker said.",
        "By Monday the boats must be in the water, or the season is lost.",
        "About thirty articles of the statute were changed that day.",
    ],
)
def test_a_paragraph_that_mentions_debris_is_kept(paragraph):
    text = "\n\n".join([STORY, paragraph, MORE])
    assert body_of(text) == text


@pytest.mark.parametrize(
    "debris",
    [
        "Advertisement",
        "ADVERTISEMENT",
        "Story continues below advertisement",
        "Share this article on Facebook",
        "Share\nTweet\nEmail\n12 Comments",
        "Read more: Board names new chair",
        "Subscribe to our daily newsletter",
        "Follow us on Twitter and Facebook",
        "© 2024 The Harrow Courier. All rights reserved.",
    ],
)
def test_debris_between_paragraphs_is_not_body_but_stays_in_the_text(debris):
    text = "\n\n".join([STORY, debris, MORE])
    assert body_of(text) == f"{STORY}\n{MORE}"


def test_a_comment_form_at_the_end_is_not_body():
    text = f"{STORY}\n\n{MORE}\n\nBe the first to comment\n\nLeave a Reply\n\nYour email address will not be published.\n\n\n*"
    assert body_of(text) == f"{STORY}\n\n{MORE}"


def test_a_disclaimer_at_the_end_is_not_body_even_when_it_is_cut_off():
    text = f"{STORY}\n{MORE}\nDisclaimer: This article was generated in part using artificial intelligence and may contain errors. Readers should check it before relying on"
    assert body_of(text) == f"{STORY}\n{MORE}"


def test_a_disclaimer_clause_inside_a_long_document_is_text():
    clauses = [f"Clause {number}. {MORE}" for number in range(40)]
    clauses[12] = f"Disclaimer: {STORY}"
    text = "\n\n".join(clauses)
    assert body_of(text) == text


def test_a_bullet_on_its_own_line_stays_in_the_body():
    text = f"{STORY}\n-\nNew engines for two boats.\n-\nA new pier.\n{MORE}"
    assert body_of(text) == text


def test_a_list_without_prose_keeps_every_line():
    text = "Shopping\nBy Ann Lee\n3 May 2020\nMilk\nEggs"
    assert body_of(text) == text


def test_a_chronicle_is_not_dated_by_its_first_entry():
    text = "\n".join(f"{day} May 2020\n{MORE}" for day in (1, 2, 3, 4))
    assert body_of(text) == text


@given(
    st.lists(
        st.sampled_from(
            [
                STORY,
                MORE,
                "Share",
                "3 May 2020",
                "By Ann Lee",
                "*",
                "|",
                "",
                "Leave a Reply",
                "5 Views",
                "Heading",
                "Disclaimer: no.",
                "Home",
            ]
        ),
        max_size=25,
    )
)
def test_body_spans_are_ordered_disjoint_stripped_and_never_empty_for_text(lines):
    text = "\n".join(lines)
    page = read_page(text)
    last = 0
    for span in page.body:
        piece = text[span.start : span.end]
        assert last <= span.start < span.end <= len(text)
        assert piece == piece.strip()
        last = span.end
    assert bool(page.body) == bool(text.strip())
    if STORY in lines:
        assert STORY in body_of(text)
