"""A question taken apart: outlets, what it restricts, its parts and its facts."""

from __future__ import annotations

import doctest
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rag.question.analyse
import rag.question.names
import rag.question.outlets
import rag.question.restrict
import rag.question.split
from index.values import Filters
from rag.question.analyse import Query, analyse
from rag.question.split import MAX_PARTS

OUTLETS = [
    "The Age",
    "Time",
    "The Nation",
    "Fortune",
    "Wired",
    "Science",
    "The Hindu",
    "The Harbour on Sunday",
    "Quayside",
    "Valley News HD",
    "BrightWire",
    "PortSports.com",
    "VNBC | World Business Leader",
    "The Morning Ledger - Life",
    "The Morning Ledger - Sport",
    "Business Today",
]
TODAY = date(2026, 1, 15)


def ask(question: str) -> Query:
    return analyse(question, publishers=OUTLETS, today=TODAY)


@pytest.mark.parametrize(
    "module",
    [rag.question.analyse, rag.question.outlets, rag.question.names, rag.question.restrict, rag.question.split],
    ids=lambda module: module.__name__,
)
def test_examples_in_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What did The Harbour on Sunday report about the ferry?", ["The Harbour on Sunday"]),
        ("What did Harbour on Sunday report about the ferry?", ["The Harbour on Sunday"]),
        ("harbour on sunday: why did the ferry sink", ["The Harbour on Sunday"]),
        ("What does THS say about the ferry?", ["The Harbour on Sunday"]),
        ("quayside: who owns the ferry", ["Quayside"]),
        ("Who does Quayside's editor blame?", ["Quayside"]),
        ("According to Valley News, who won?", ["Valley News HD"]),
        ("Which ferries do both Valley News HD articles name?", ["Valley News HD"]),
        ("What did Bright Wire write?", ["BrightWire"]),
        ("What did Port Sports say of the match?", ["PortSports.com"]),
        ("As reported by VNBC, what fell?", ["VNBC | World Business Leader"]),
        ("In the Morning Ledger, who sang?", ["The Morning Ledger - Life", "The Morning Ledger - Sport"]),
        ("What does The Morning Ledger - Sport say?", ["The Morning Ledger - Sport"]),
        ("Does the article from The Age agree?", ["The Age"]),
        ("Did The Age's view change?", ["The Age"]),
        ("according to the age, who won", ["The Age"]),
        ("Who does Time say was first?", ["Time"]),
        ("Is it true, as reported in Fortune?", ["Fortune"]),
        ("Who sank it, according to Fortune, Wired and BrightWire?", ["Fortune", "Wired", "BrightWire"]),
        ("Do the 'Fortune' and 'Wired' articles agree?", ["Fortune", "Wired"]),
        ("Which firm was covered by sources including Quayside, Science, and Wired?", ["Quayside", "Science", "Wired"]),
        ("Does the Business Today report mention tin?", ["Business Today"]),
        ("What does The Hindu think of it?", ["The Hindu"]),
    ],
)
def test_an_outlet_that_is_named_is_found(question: str, named: list[str]) -> None:
    assert list(ask(question).publishers) == named


@pytest.mark.parametrize(
    "question",
    [
        "What is the age of the oldest ferry?",
        "Who wrote the Age of Empires manual?",
        "What time does the ferry leave?",
        "Time flies, but why?",
        "Who owns Time Warner?",
        "Is the Fortune 500 a list?",
        "Who made a fortune in tin?",
        "Who founded the Nation of Islam?",
        "Which nation has the most ferries?",
        "What do Hindu priests wear?",
        "Is the building wired for fire alarms?",
        "Which magazine is older, Guitar Monthly or Science Weekly?",
        "What did business today look like to a visitor from Rome in 1900?",
        "What did he say on Sunday in the harbour?",
        "Which outlets other than Quayside covered the strike?",
        "What is the ths abbreviation for?",
        "",
        "?",
    ],
)
def test_an_ordinary_word_is_no_outlet(question: str) -> None:
    assert ask(question).publishers == ()


@pytest.mark.parametrize(
    ("question", "filters"),
    [
        ("According to Quayside, who owns the ferry?", Filters("Quayside")),
        ("Who owns the ferry, according to the Quayside piece on the strike?", Filters("Quayside")),
        ("What did Quayside report about the strike?", Filters("Quayside")),
        ("What reason is given in Quayside's article?", Filters("Quayside")),
        ("Which parts do both Valley News HD articles name?", Filters("Valley News HD")),
        ("Who, as reported by BrightWire, sold the docks?", Filters("BrightWire")),
        ("What do articles published in November 2025 say about tin?", Filters(None, "2025-11", "2025-11")),
        ("Which articles published after 10 November 2025 mention tin?", Filters(None, "2025-11-11")),
        ("Which articles published after November 2025 mention tin?", Filters(None, "2025-12")),
        ("Which articles published after 31 December 2024 mention tin?", Filters(None, "2025-01-01")),
        ("What do reports published since 2024 say?", Filters(None, "2024")),
        ("articles published before 1 March 2024", Filters(None, None, "2024-02-29")),
        ("news between 3 May 2024 and 6 May 2024 about tin", Filters(None, "2024-05-03", "2024-05-06")),
        ("articles published up to 3 May 2024", Filters(None, None, "2024-05-03")),
        ("news from yesterday about the ferry", Filters(None, "2026-01-14", "2026-01-14")),
        ("articles from last week about rain", Filters(None, "2026-01-05", "2026-01-11")),
        ("articles published in the last 3 days", Filters(None, "2026-01-12", "2026-01-15")),
        ("headlines from last month", Filters(None, "2025-12", "2025-12")),
        ("What was reported on 16 November?", Filters(None, "2025-11-16", "2025-11-16")),
        ("What was reported on 3 January?", Filters(None, "2026-01-03", "2026-01-03")),
        ("On 10 May 2025, what did Quayside report?", Filters("Quayside", "2025-05-10", "2025-05-10")),
        (
            "According to the Quayside article published on May 7, 2025, who won?",
            Filters("Quayside", "2025-05-07", "2025-05-07"),
        ),
        ("In Quayside's May 7, 2025 report, who won?", Filters("Quayside", "2025-05-07", "2025-05-07")),
    ],
)
def test_a_question_that_restricts_in_so_many_words_sets_a_filter(question: str, filters: Filters) -> None:
    query = ask(question)
    assert query.filters == filters


@pytest.mark.parametrize(
    "question",
    [
        "When was the truce signed on October 19?",
        "What happened in 2021?",
        "How many deaths were reported in 2021?",
        "Which novel published in 1925 won the prize?",
        "What did the council reports published in 2021 by the harbour board say?",
        "Which study published in Tin Review in 2021 found it?",
        "What does the 2021 report of the harbour board say?",
        "coverage of the 2021 elections",
        "Who owns Quayside?",
        "Where does the Quayside journalist live?",
        "Did Quayside on November 10 already know of it?",
        "What did Quayside publish before it was sold to Acme?",
        "According to Quayside and BrightWire, who won?",
        "According to the Ostria Herald and the Quayside article, who won?",
        "Considering an article by Quayside and another by the Tin Post, who won?",
        "Considering a Quayside article and a Tin Post report, who won?",
        "Unlike Quayside, what does BrightWire say?",
        "Between the Quayside report published on May 7, 2025 and the BrightWire report, did it change?",
        "articles published on 31 November 2025",
        "articles published between 5 May 2025 and 3 May 2025",
        "What is the latest on the ferry?",
    ],
)
def test_what_is_merely_talked_about_sets_no_filter(question: str) -> None:
    assert not ask(question).filters


def test_a_date_of_one_of_two_reports_is_no_filter_but_their_outlet_is() -> None:
    query = ask("After the BrightWire article published on May 7, 2025, did its view of tin change?")
    assert query.filters == Filters("BrightWire")


def test_words_that_need_today_restrict_nothing_without_it() -> None:
    for question in ("news from yesterday about the ferry", "What was reported on 16 November?"):
        assert not analyse(question, publishers=OUTLETS).filters


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who said it first, and what did Bo reply?", ["Who said it first", "what did Bo reply"]),
        (
            "What does Quayside say about tin and what does BrightWire say about rain?",
            ["What does Quayside say about tin", "what does BrightWire say about rain"],
        ),
        ("Compare Ostria with Velland on trade.", ["Ostria on trade", "Velland on trade"]),
        ("Compare the fees of Acme with those of Bolt", ["the fees of Acme", "the fees of Bolt"]),
        ("What is the difference between a truce and a ceasefire?", ["a truce", "a ceasefire"]),
        ("How does Ostria differ from Velland in terms of law?", ["Ostria in terms of law", "Velland in terms of law"]),
        (
            "Between the article from Quayside about tin and the report by BrightWire about rain, which is longer?",
            [
                "the article from Quayside about tin, which is longer",
                "the report by BrightWire about rain, which is longer",
            ],
        ),
        ("Did Ann call Bo before she met Cy?", ["Did Ann call Bo", "she met Cy (Ann, Bo)"]),
        ("Did the talks fail before the truce was signed?", ["Did the talks fail", "the truce was signed"]),
        ("Which came first, the rounds or the truce?", ["the rounds", "the truce"]),
        ("Who was born earlier, Ada Rahn or Bo Lind?", ["Ada Rahn", "Bo Lind"]),
        (
            "What do both Ada Rahn and Bo Lind say about tin?",
            ["What do Ada Rahn say about tin", "What do Bo Lind say about tin"],
        ),
        (
            "Which measures are both on the list and in the plan?",
            ["Which measures are on the list", "Which measures are in the plan"],
        ),
        ("Who leads Ostria? When did it join?", ["Who leads Ostria", "When did Ostria join"]),
        ("where is velm and what is its use", ["where is velm", "what is its use (velm)"]),
        (
            "Does the Quayside article say tin rose, while the BrightWire article claims that it fell?",
            ["Does the Quayside article say tin rose", "the BrightWire article claims that it fell"],
        ),
        (
            "How many days passed between Ann asking Bo about rain and Bo telling Cy about it?",
            ["Ann asking Bo about rain", "Bo telling Cy about it"],
        ),
    ],
)
def test_a_question_that_asks_two_things_is_split(question: str, parts: list[str]) -> None:
    assert [part.rstrip(".") for part in ask(question).parts] == parts


@pytest.mark.parametrize(
    "question",
    [
        "What are the terms and conditions?",
        "How much is trade between Ostria and Velland worth?",
        "What are the differences between Ostria and Velland over the border about?",
        "Is Trinidad and Tobago a member of the league?",
        "When and where was the treaty signed?",
        "Who is the woman who wrote it and who led the strike?",
        "Which firm released a model, and is involved in two trials?",
        "Who cooks and does the dishes?",
        "Did he resign after 2020?",
        "Did the game start after the rain?",
        "What was it meant to settle, before the other side backed away?",
        "What do Ann and Bo eat and drink?",
        "Tin is mined in Ostria, Velland and which other country?",
        "Who found the wreck and when?",
        "Who sank the ferry, as reported by Quayside and BrightWire?",
        "How do the two methods compare with each other?",
        'Who wrote "What is it? And why does it hurt?" in 1950?',
        "Do both articles mention tin?",
        "Ostria hoped for a good outcome. What came of that?",
        "Who?",
        "",
    ],
)
def test_a_question_that_asks_one_thing_is_not_split(question: str) -> None:
    assert ask(question).parts == ()


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Did Ada Rahn meet the WHO in Velm?", ("Ada Rahn", "WHO", "Velm")),
        ("What did LiHua's landlord say?", ("LiHua",)),
        ("Besides Ostria and Velland, who pays?", ("Ostria", "Velland")),
        ("Name the man who met Bo.", ("Bo",)),
        ("Name the man.", ()),
        ("Rahn was employed by which club?", ("Rahn",)),
        ("who leads the wto", ()),
        ("WHO LEADS THE COUNCIL?", ()),
        ("According to Quayside, who is Ada?", ("Ada",)),
        ("On Friday, what did I say?", ()),
    ],
)
def test_names_are_found_without_the_words_that_open_a_question(question: str, found: tuple[str, ...]) -> None:
    assert ask(question).names == found


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What happened on October 18?", [(None, 10, 18)]),
        ("What was said in November 2025?", [(2025, 11, None)]),
        ("Who spoke on 16/11/2025?", [(2025, 11, 16)]),
        ("Who won in 2021?", [(2021, None, None)]),
        ("What did they eat on 20260514?", [(2026, 5, 14)]),
        ("What is in 20260514_20:00?", [(2026, 5, 14)]),
        ("Is 20269914 a prime?", []),
        ("May I ask?", []),
    ],
)
def test_dates_keep_the_precision_they_are_stated_with(
    question: str, found: list[tuple[int | None, int | None, int | None]]
) -> None:
    assert [(each.year, each.month, each.day) for each in ask(question).dates] == found


def test_a_date_written_together_is_no_number() -> None:
    assert [int(number.number) for number in ask("Did 3 people meet on 20260514?").numbers] == [3]


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ('Who said "stay firm"?', ("stay firm",)),
        ("Who said «stay firm» and “go on.”?", ("stay firm", "go on")),
        ("Who sang 'Tin Drum' at Ann's party?", ("Tin Drum",)),
        ("Does 'Quayside' say so?", ()),
        ('What is "..."?', ()),
        ("Didn't Ann's aunt call?", ()),
    ],
)
def test_quoted_phrases_are_taken_and_quoted_outlets_are_not(question: str, quoted: tuple[str, ...]) -> None:
    assert ask(question).quoted == quoted


@pytest.mark.parametrize(
    ("question", "latest"),
    [
        ("What is the latest on the ferry?", True),
        ("Who is currently mayor?", True),
        ("What is the most recent figure?", True),
        ("Who is the current mayor?", True),
        ("What is the state as of now?", True),
        ('Who wrote "The Latest News from Velm"?', False),
        ("How strong is an electric current in copper?", False),
        ("By when, at the latest, must we leave?", False),
        ("Where do ocean currents meet?", False),
    ],
)
def test_a_question_for_the_latest_says_so(question: str, latest: bool) -> None:
    assert ask(question).latest is latest


@pytest.mark.parametrize(
    "question",
    [
        "articles published after 2025-00-10",
        "articles published after 31 December 2999",
        "What do reports dated 2025-13-45 say?",
        "news from 2025.99",
    ],
)
def test_half_of_a_date_that_does_not_exist_restricts_nothing(question: str) -> None:
    assert not analyse(question, publishers=OUTLETS, today=date(2026, 11, 21)).filters


def test_as_of_a_date_is_a_hint_and_no_filter() -> None:
    query = ask("As of 10 November 2025, where did Ostria stand?")
    assert query.as_of == "2025-11-10"
    assert not query.filters


@given(question=st.text(max_size=400), publishers=st.lists(st.text(max_size=30), max_size=5), today=st.dates())
def test_no_question_fails(question: str, publishers: list[str], today: date) -> None:
    check(analyse(question, publishers=publishers, today=today))


FRAGMENTS = st.sampled_from(
    [*OUTLETS, "between the article from", "both", "and", "or", "before", "after", "while", "what did", "who", "?", ",", "'", '"',
     "published", "on", "16 November 2025", "articles", "the report", "compare", "first", "is", "did", "asking", "20251016", "1,000,000",
     "yesterday", "as of", "latest", "Ada Rahn", "he said"]
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(FRAGMENTS, max_size=500))
def test_a_question_of_any_length_gives_few_parts_that_say_something(fragments: list[str]) -> None:
    check(ask(" ".join(fragments)[:4000]))


def check(query: Query) -> None:
    assert len(query.parts) in (0, 2, 3, MAX_PARTS)
    assert all(part.strip() for part in query.parts)
    assert all(phrase.strip() for phrase in query.quoted)
    assert all(name.strip() for name in query.names)
    assert len("".join(query.parts)) <= MAX_PARTS * (2 * len(query.text) + 100)
