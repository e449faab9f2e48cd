"""The page's markup: what it says, and that no text in it is ever read as markup."""

import html
import io
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from index.values import Span
from rag.values import Answer, Citation, Conflict, DegradedReason, EvidenceView, FiltersView, Position, Statement
from tests.fakes_page import make_document
from ui.command.show.answer import show_answer
from ui.page.ask.answer_view import answer_view
from ui.page.ask.filters_view import filters_view
from ui.page.ask.live import SoFar
from ui.page.ask.live_view import ended_view, live_view
from ui.page.ask.source_view import AROUND_CHARS, source_view
from ui.page.documents.list_view import documents_view
from ui.page.header_view import examples_view, header_view
from ui.page.markup import block, escape, fill
from ui.page.proof_view import excerpt
from ui.page.said import said_view
from ui.words import date_with_source

TAG = re.compile(r"<[^>]*>")
HOSTILE = "</script><img src=x onerror=alert(1)>${1+1}`{{x}}` **b** [a](//h) ![i](//h) $$x$$ \n\n# h\n\n```mermaid\n"


def shown(markup: str) -> str:
    """What a reader sees: tags away, entities resolved."""
    return html.unescape(TAG.sub("", re.sub(r"<i hidden>.*?</i>", "", markup)))


def make_citation(number: int = 1, **given: object) -> Citation:
    values = {
        "number": number,
        "document_id": f"doc_{number}",
        "chunk_id": "c",
        "title": "A title",
        "publisher": "The Harbour Post",
        "published": "2025-03-04",
        "published_precision": "day",
        "published_source": "dateline",
        "quote": "Otto Lind built it.",
        "start": 5,
        "end": 24,
    }
    return Citation(**{**values, **given})


def make_answer(**given: object) -> Answer:
    values = {
        "id": "ans_1",
        "question": "Who built it?",
        "query": "Who built it?",
        "verdict": "answered",
        "text": "Otto Lind built it. [1]",
        "short": "Otto Lind",
        "confidence": 0.9,
        "statements": (Statement(text="Otto Lind built it.", citations=(1,), status="verified"),),
        "citations": (make_citation(),),
        "answered_by": "extractive",
        "settings_hash": "0",
        "generation": "g",
    }
    return Answer(**{**values, **given})


@given(st.text())
def test_escaped_text_reads_as_the_text_that_was_given(text: str) -> None:
    expected = "".join(
        one if one in "\n\t\r\f" or not ("\x00" <= one < " " or "\x7f" <= one < "\xa0") else "\ufffd" for one in text
    )
    assert html.unescape(escape(text)) == expected


@given(st.text(alphabet="<>&\"'`*_{}[]()#|~$\\=^@!:\n\t ab1"))
def test_escaped_text_holds_no_character_that_means_something_to_html_markdown_or_a_template(text: str) -> None:
    left = re.sub(r"&#\d+;", "", escape(text))
    assert not set(left) & set("<>&\"'`*_{}[]()#|~$\\=^@!:\n\t")


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    assert escape("a\ud800b") == "a\ufffdb"


def test_a_template_is_not_filled_twice() -> None:
    assert fill("<p>{a}{b}</p>", a="{b}", b="x") == "<p>&#123;b&#125;x</p>"


def test_a_component_value_is_one_line() -> None:
    markup = block(fill("<p>\n{text}</p>", text="a\n\nb\u2028c\rd\x0b"))
    assert markup == '<div class="dossier "><p> a&#10;&#10;b&#8232;c&#13;d\ufffd</p></div>'
    assert markup.splitlines() == [markup]


def test_an_answer_shows_its_verdict_its_short_form_and_its_text() -> None:
    words = shown(answer_view(make_answer()))
    assert "Answered" in words
    assert "Otto Lind" in words
    assert "Otto Lind built it." in words


def test_a_citation_shows_outlet_author_kind_date_page_title_and_quote() -> None:
    citation = make_citation(author="Ada Quill", kind="report", page=3)
    words = shown(answer_view(make_answer(citations=(citation,))))
    assert "The Harbour Post · Ada Quill · report · 4 March 2025 (as its dateline says) · page 3" in words
    assert "A title" in words
    assert "Otto Lind built it." in words


def test_a_number_in_the_text_carries_the_place_it_cites() -> None:
    assert "<i hidden>doc&#95;1 5 24</i>" in answer_view(make_answer())


def test_a_statement_never_shows_a_number_without_a_citation() -> None:
    answer = make_answer(statements=(Statement(text="It is [7] so.", citations=(1, 7), status="verified"),))
    assert answer_view(answer).count('class="chip"') == 1


def test_doubt_about_a_statement_is_said_in_words() -> None:
    weak = Statement(text="Perhaps.", citations=(1,), status="weak")
    assert "only in part" in shown(answer_view(make_answer(statements=(weak,))))
    bare = Statement(text="Surely.", citations=(), status="unsupported")
    assert "No source was found" in shown(answer_view(make_answer(statements=(bare,))))


def test_a_conflict_lays_every_position_beside_the_other_with_its_outlet_and_date() -> None:
    conflict = Conflict(
        about="year built",
        positions=(
            Position(value="1911", citations=(1,), publisher="The Harbour Post", published="2025-03-04"),
            Position(value="1912", citations=(2,), publisher="The Archive", published="2024"),
        ),
    )
    answer = make_answer(verdict="conflicting", conflicts=(conflict,), citations=(make_citation(1), make_citation(2)))
    words = shown(answer_view(answer))
    parts = ("The sources disagree", "1911", "The Harbour Post · 4 March 2025", "1912", "The Archive · 2024")
    order = [words.index(part) for part in parts]
    assert order == sorted(order)
    assert "Otto Lind" not in words[: order[-1]].replace("Otto Lind built it.", "")


def test_several_conflicts_each_say_what_they_are_about() -> None:
    position = Position(value="1911", citations=(1,))
    conflicts = (Conflict(about="year built", positions=(position,)), Conflict(about="its cost", positions=(position,)))
    words = shown(answer_view(make_answer(verdict="conflicting", conflicts=conflicts)))
    assert "year built" in words
    assert "its cost" in words


def test_what_is_not_stated_comes_with_the_nearest_passages() -> None:
    near = EvidenceView(
        chunk_id="c",
        document_id="doc_9",
        number=1,
        rank=1,
        score=0.1,
        publisher="The Harbour Post",
        start=3,
        end=9,
        text="near words",
    )
    text = "The documents don't say. Searched 4 passages."
    markup = answer_view(
        make_answer(verdict="not_stated", short="", statements=(), citations=(), evidence=(near,), text=text)
    )
    words = shown(markup)
    assert words.count("documents don") == 1
    assert "Searched 4 passages." in words
    assert "near words" in words
    assert "<i hidden>doc&#95;9 3 9</i>" in markup


def test_filters_that_narrowed_the_search_are_shown_each_with_a_way_to_do_without() -> None:
    view = answer_view(make_answer(filters=FiltersView(publisher="The Harbour Post", since="2025-01")))
    assert "only The Harbour Post: ask again without it" in shown(view)
    assert "from January 2025: ask again without it" in shown(view)
    assert "<i hidden>publisher</i>" in view
    assert "<i hidden>since</i>" in view
    assert "as the question asks" not in view
    found = FiltersView(publisher="The Harbour Post", detected=True)
    assert "as the question asks" in shown(answer_view(make_answer(filters=found)))


def test_a_terminal_says_what_the_question_restricted() -> None:
    found = FiltersView(publisher="The Harbour Post", since="2025-01", detected=True)
    console = Console(file=io.StringIO(), width=200)
    show_answer(console, make_answer(filters=found))
    assert console.file.getvalue().startswith(
        "Searched as the question asks: only The Harbour Post, from January 2025.\n"
    )


def test_why_a_passage_ranks_is_shown_with_both_ranks_and_scores() -> None:
    passage = EvidenceView(
        chunk_id="c",
        document_id="d",
        number=1,
        rank=1,
        score=0.0325,
        dense_rank=2,
        signals={"dense_score": 0.71},
        start=0,
        end=5,
        text="words",
    )
    words = shown(answer_view(make_answer(evidence=(passage,))))
    assert "0.0325" in words
    assert "#2 (0.71)" in words
    assert "–" in words


def test_a_degraded_answer_says_so() -> None:
    assert "stood in" in shown(answer_view(make_answer(degraded=True)))
    why = DegradedReason(code="rate-limited", message=f"Asked too often. {HOSTILE}")
    said = answer_view(make_answer(degraded=True, degraded_reason=why))
    assert "Asked too often." in shown(said) and "stood in" in shown(said)
    assert_inert(said)


def test_the_extractive_answer_stands_until_the_model_has_written() -> None:
    so_far = SoFar(draft=make_answer(short="4 May"), writing=f"llama3.2 {HOSTILE}")
    under_way = live_view("When?", so_far)
    assert "llama3.2" in shown(under_way) and "is writing …" in shown(under_way) and "4 May" in shown(under_way)
    assert "4 May" in shown(ended_view("When?", so_far, "Stopped", again=True))
    assert_inert(under_way)


@pytest.mark.parametrize("field", ["text", "short", "title", "publisher", "author", "kind", "quote", "uri"])
def test_hostile_text_in_any_field_of_an_answer_is_inert(field: str) -> None:
    if field == "text":
        answer = make_answer(statements=(Statement(text=HOSTILE, citations=(1,), status="verified"),))
    elif field == "short":
        answer = make_answer(short=HOSTILE)
    else:
        answer = make_answer(citations=(make_citation(**{field: HOSTILE}),))
    assert_inert(answer_view(answer))


def test_hostile_text_in_a_document_is_inert() -> None:
    document = make_document(HOSTILE * 3, title=HOSTILE, publisher=HOSTILE, source=HOSTILE)
    for markup in (
        source_view(document, 4, 60),
        documents_view([document]),
        header_view([document]),
        examples_view([HOSTILE]),
        said_view(HOSTILE),
    ):
        assert_inert(markup)


def assert_inert(markup: str) -> None:
    text = TAG.sub("", markup)
    assert not set(re.sub(r"&(#\d+|nbsp);", "", text)) & set("<>`*{}[]$\n")
    assert not re.search(r"<(img|script|iframe|a|form|style|svg)\b|\son\w+=", markup)


@given(st.text(min_size=1), st.data())
def test_the_marked_words_are_the_quoted_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = re.search(r"<mark[^>]*>(.*?)</mark>", source_view(make_document(text), start, end))
    assert found is not None
    assert found.group(1) == escape(text[start:end])


@given(st.text())
def test_the_source_shows_the_whole_of_a_short_text(text: str) -> None:
    found = re.search(r'<div class="words">(.*?)</div>', source_view(make_document(text)))
    assert found is not None
    assert TAG.sub("", found.group(1)) == escape(text)


def test_a_long_text_is_shown_around_the_quote_with_a_way_to_the_rest() -> None:
    document = make_document("word " * 100_000)
    markup = source_view(document, 250_000, 250_004)
    assert len(markup) < 3 * AROUND_CHARS
    assert f"Earlier text<i hidden>{document.id} {250_000 - 2 * AROUND_CHARS} " in markup
    assert "Later text" in markup


def test_a_range_outside_the_text_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="start and end must lie in the text"):
        source_view(make_document("short"), 3, 99)


def test_front_matter_is_shown_apart_from_the_prose() -> None:
    markup = source_view(make_document("---\ntitle: x\n---\n\nProse."), 18, 23)
    assert '<span class="matter">---&#10;title&#58; x&#10;---&#10;</span>' in markup


def test_a_date_says_how_much_of_it_is_known_and_how() -> None:
    assert date_with_source("2025-03-04", "day", "dateline") == "4 March 2025 (as its dateline says)"
    assert date_with_source("2025-03", "month", "file name") == "March 2025 (day not known, as its file name says)"
    assert date_with_source("2025", "year", None) == "2025 (month not known)"
    assert date_with_source(None, None, None) == "undated"


def test_a_passage_is_cut_between_words() -> None:
    assert excerpt("one two\n three four", 10) == "one two …"


def test_who_says_it_leads_a_sentence_once() -> None:
    said = tuple(
        Statement(text=f"Sentence {number}.", attribution=who, citations=(number,), status="verified")
        for number, who in ((1, "The Harbour Post (4 March 2025), quoting Otto Lind"), (2, "Tarn Courier (undated)"))
    )
    view = shown(answer_view(make_answer(statements=said, citations=(make_citation(1), make_citation(2)))))
    assert "The Harbour Post (4 March 2025), quoting Otto Lind: Sentence 1." in view
    assert "Tarn Courier (undated): Sentence 2." in view


def test_a_position_says_how_many_stand_behind_it() -> None:
    backed = Position(value="40", citations=(1,), documents=3, origins=2)
    alone = Position(value="50", citations=(1,), outvoted=True)
    view = shown(
        answer_view(make_answer(verdict="conflicting", conflicts=(Conflict(about="it", positions=(backed, alone)),)))
    )
    assert "3 documents, 2 independent reports" in view
    assert "one report against several" in view


def test_an_expectation_on_the_timeline_is_marked_as_one() -> None:
    points = (
        Position(value="without agreement", citations=(1,), published="2025-03-04"),
        Position(value="an agreement", citations=(1,), published="2025-03-01", standing="expected"),
    )
    answer = make_answer(timeline=points)
    assert "expected then" in shown(answer_view(answer))
    console = Console(file=io.StringIO(), width=200)
    show_answer(console, answer)
    assert "2025-03-01: an agreement [1] expected then" in console.file.getvalue()


def test_what_is_missing_of_a_question_is_said() -> None:
    assert "Not in the documents: When did it close?" in shown(
        answer_view(make_answer(verdict="partial", missing=("When did it close?",)))
    )


def test_a_kept_answer_can_be_fetched_as_a_file_and_a_follow_up_says_what_was_asked() -> None:
    answer = make_answer(query="Who built the bridge in Tarn?", rewritten_by="rule")
    assert 'href="v1/answers/ans_1/export?format=docx"' in answer_view(answer, kept=True)
    assert "href" not in answer_view(answer)
    assert "Asked as: Who built the bridge in Tarn?" in shown(answer_view(answer))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "One source says so: The Harbour Post. High confidence."),
        ({"confidence": 0.6}, "Fair confidence."),
        ({"confidence": 0.2}, "Low confidence: read the quotes."),
        ({"citations": (make_citation(1), make_citation(2))}, "2 documents of The Harbour Post say so."),
        (
            {"citations": (make_citation(1), make_citation(2, publisher="Tarn Courier"))},
            "2 outlets say so, in 2 documents.",
        ),
        ({"citations": (make_citation(1, publisher=None),)}, "1 document says so."),
        ({"verdict": "partial"}, "The rest of the question is not in the documents."),
    ],
)
def test_a_verdict_comes_with_its_reason_and_confidence_in_words(given: dict[str, object], why: str) -> None:
    assert why in shown(answer_view(make_answer(**given)))


def test_a_refusal_says_what_came_near_and_nothing_of_confidence() -> None:
    refused = {
        "verdict": "not_stated",
        "statements": (),
        "citations": (),
        "short": "",
        "text": "The documents don't say. No.",
    }
    assert "answers this surely enough" in shown(answer_view(make_answer(**refused)))
    assert "onfidence" not in shown(answer_view(make_answer(**refused)))
    assert "without a date" in shown(answer_view(make_answer(**refused, filters=FiltersView(since="2025"))))


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        (("2025-03-04",), "Source of 4 March 2025."),
        (("2024-11", "2025-03-04"), "Sources of November 2024 to 4 March 2025."),
        (("2024-11", None), "Source of November 2024; 1 source without a date; it is more than a year old."),
        (("2020", "2021"), "Sources of 2020 to 2021; the newest is more than a year old."),
    ],
)
def test_the_dates_of_the_sources_are_said_and_whether_they_are_old(dates: tuple[str | None, ...], said: str) -> None:
    citations = tuple(make_citation(number, published=one) for number, one in enumerate(dates, start=1))
    assert said in shown(answer_view(make_answer(citations=citations), today=date(2025, 12, 1)))


def test_a_position_carries_its_quote_and_the_newest_comes_first() -> None:
    positions = (
        Position(value="1910", citations=(1,), publisher="The Archive"),
        Position(value="1911", citations=(1,), publisher="The Archive", published="2024"),
        Position(value="1912", citations=(1,), publisher="The Harbour Post", published="2025-03-04"),
    )
    answer = make_answer(verdict="conflicting", conflicts=(Conflict(about="year", positions=positions),))
    view = shown(answer_view(answer))
    assert view.index("1912") < view.index("1911") < view.index("1910")
    assert view.count("Otto Lind built it.") >= 3


def test_what_is_made_shows_what_is_read_and_what_has_passed() -> None:
    passage = EvidenceView(
        chunk_id="c",
        document_id="d",
        number=1,
        rank=1,
        score=1,
        publisher="The Harbour Post",
        start=0,
        end=5,
        text="words",
    )
    reading = SoFar(evidence=(passage, passage))
    assert "Searching the documents" in shown(live_view("Who?", SoFar()))
    assert "other questions are answered first" in shown(live_view("Who?", SoFar(waiting=True)))
    assert "Reading 2 passages" in shown(live_view("Who?", reading))
    assert live_view("Who?", reading).count("The Harbour Post") == 1
    passed = SoFar(
        evidence=(passage,),
        statements=(Statement(text="Otto Lind built it.", citations=(1,), status="verified"),),
        citations={1: make_citation()},
    )
    assert "Otto Lind built it." in shown(live_view("Who?", passed))
    assert "Otto Lind built it." in shown(ended_view("Who?", passed, "Stopped", again=True))
    assert_inert(live_view(HOSTILE, reading))


def test_the_filters_name_every_outlet_once_and_nothing_without_documents() -> None:
    documents = [
        make_document("a", publisher=HOSTILE),
        make_document("b", publisher=HOSTILE),
        make_document("c", publisher=None),
    ]
    assert filters_view([]) == ""
    assert filters_view(documents).count("<option") == 2
    assert_inert(re.sub(r"<(select|input)[^>]*>", "", filters_view(documents)))


@given(st.text(alphabet="# \nab", max_size=60), st.data())
def test_headings_and_other_quotes_change_no_character_of_the_text(text: str, data: st.DataObject) -> None:
    ends = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4)))
    first, other = Span(ends[0], ends[1]), Span(ends[2], ends[3])
    found = re.search(
        r'<div class="words">(.*?)</div>', source_view(make_document(text), first.start, first.end, [other])
    )
    assert found is not None
    assert html.unescape(TAG.sub("", found.group(1))) == text


def test_the_quotes_of_one_document_lead_to_each_other() -> None:
    document = make_document("One two three four five.")
    view = source_view(document, 4, 7, [Span(14, 18), Span(5, 10), Span(0, 3)])
    assert "Quote 2 of 3" in view
    assert f"Previous quote<i hidden>{document.id} 0 3</i>" in view
    assert f"Next quote<i hidden>{document.id} 14 18</i>" in view
    assert "Quote" not in source_view(document, 4, 7)


def test_a_heading_in_an_excerpt_has_no_hashes() -> None:
    assert excerpt("## What was tried\nTalks.") == "What was tried – Talks."
