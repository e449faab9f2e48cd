"""Numbers, dates and names as values that compare."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag.facts.dates
import rag.facts.names
import rag.facts.quantities
import rag.facts.shares
import rag.facts.units
import rag.facts.wording
from rag.facts.dates import dates, expected_year, odd_dates
from rag.facts.names import names
from rag.facts.quantities import quantities
from rag.facts.wording import fold, holds_sequence, quoted_phrases, strip_markers, words


def numbers(text: str) -> list[tuple[float, str, str]]:
    return [(float(quantity.number), quantity.unit, quantity.bound) for quantity in quantities(text)]


def days(text: str) -> list[tuple[int | None, int | None, int | None]]:
    return [(date.year, date.month, date.day) for date in dates(text)]


@pytest.mark.parametrize(
    "module",
    [rag.facts.dates, rag.facts.names, rag.facts.quantities, rag.facts.shares, rag.facts.units, rag.facts.wording],
    ids=lambda module: module.__name__,
)
def test_examples_in_docstrings_hold(module: object) -> None:
    outcome = doctest.testmod(module)  # type: ignore[arg-type]
    assert outcome.failed == 0


@pytest.mark.parametrize(
    "text",
    ["1.7m", "1,700,000", "1.7 million", "1.7-million", "1\u202f700\u202f000", "1.700.000", "17,00,000", "17 lakh"],
)
def test_one_number_in_many_spellings_is_one_quantity(text: str) -> None:
    assert numbers(text) == [(1_700_000, "", "")]


@pytest.mark.parametrize(
    "text", ["$6bn", "6 billion dollars", "US$6 billion", "USD 6,000,000,000", "$6 billion", "six billion dollars"]
)
def test_one_sum_of_money_in_many_spellings_is_one_quantity(text: str) -> None:
    assert numbers(text) == [(6e9, "USD", "")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a dozen", [(12, "", "")]),
        ("dozens of", [(12, "", "many")]),
        ("half a million", [(500_000, "", "")]),
        ("half a dozen", [(6, "", "")]),
        ("a half-million refugees", [(500_000, "", "")]),
        ("a quarter of a million", [(250_000, "", "")]),
        ("two and a half million", [(2_500_000, "", "")]),
        ("2½ miles", [(2.5, "mile", "")]),
        ("two hundred and five thousand", [(205_000, "", "")]),
        ("twenty-five", [(25, "", "")]),
        ("two three", [(2, "", ""), (3, "", "")]),
        ("four per cent", [(4, "percent", "")]),
        ("12.5%", [(12.5, "percent", "")]),
        ("12.5 percentage points", [(12.5, "point", "")]),
        ("5 per cent points and 20 basis points", [(5, "point", ""), (20, "basis point", "")]),
        ("Rs 5,000 crore", [(5e10, "PKR", "")]),
        ("1.7", [(1.7, "", "")]),
        ("a six-day truce", [(6, "day", "")]),
        ("the second round", [(2, "ordinal", "")]),
        ("the 2nd round", [(2, "ordinal", "")]),
        ("more than 3 million refugees", [(3e6, "", "over")]),
        ("over $2 billion", [(2e9, "USD", "over")]),
        ("nearly 40 Ostrian soldiers", [(40, "", "about")]),
        ("minus -5 degrees", [(-5, "degree", "")]),
        ("no one and one of them", []),
        ("strain h1n1, the G7 and a4b44", []),
        ("an F-16 for Rs500", [(16, "", ""), (500, "PKR", "")]),
        ("in 2021", []),
        ("2021 people", [(2021, "person", "")]),
        ("on 4 July", []),
        ("٣ and 17 people", [(3, "", ""), (17, "person", "")]),
    ],
)
def test_numbers_are_read_as_a_person_reads_them(text: str, expected: list[tuple[float, str, str]]) -> None:
    assert numbers(text) == expected


def ranges(text: str) -> list[tuple[float, float | None, str]]:
    return [(float(q.number), None if q.upper is None else float(q.upper), q.unit) for q in quantities(text)]


@pytest.mark.parametrize(
    "text",
    [
        "2-3 million",
        "2 – 3 million",
        "between 2 and 3 million",
        "two to three million",
        "2 million to 3 million",
        "2m or 3m",
    ],
)
def test_a_range_in_many_spellings_is_one_quantity(text: str) -> None:
    assert ranges(text) == [(2e6, 3e6, "")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$2-3 million", [(2e6, 3e6, "USD")]),
        ("between $2 and $3 billion", [(2e9, 3e9, "USD")]),
        ("800,000 to 1 million people", [(800_000, 1e6, "person")]),
        ("5% to 10%", [(5, 10, "percent")]),
        ("ranging from 2 to 3 km", [(2, 3, "kilometer")]),
        ("rose from 2 to 3 million", [(2e6, None, ""), (3e6, None, "")]),
        ("a 2-3 defeat", [(2, None, ""), (3, None, "")]),
        ("a majority of 2 to 1", [(2, None, ""), (1, None, "")]),
        ("2 and 3 million", [(2, None, ""), (3e6, None, "")]),
        ("between 18 and 19 October", []),
    ],
)
def test_a_range_is_told_from_two_numbers(text: str, expected: list[tuple[float, float | None, str]]) -> None:
    assert ranges(text) == expected


@pytest.mark.parametrize(
    "text", ["1 in 5", "one in five", "one out of every five", "a fifth of", "one-fifth", "1/5", "20%", "⅕"]
)
def test_one_share_in_many_spellings_is_one_percentage(text: str) -> None:
    assert numbers(text) == [(20, "percent", "")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the first half of the year", [(1, "ordinal", "")]),
        ("half of the voters", [(50, "percent", "")]),
        ("9/11", [(9, "", ""), (11, "", "")]),
        ("the third of them", [(3, "ordinal", "")]),
        ("born 1 in 2010", [(1, "", "")]),
    ],
)
def test_what_only_looks_like_a_share_is_none(text: str, expected: list[tuple[float, str, str]]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    "text", ["18 October", "October 18", "Oct. 18", "18th of October", "OCTOBER 18TH", "the 18th October"]
)
def test_one_day_in_many_spellings_is_one_date(text: str) -> None:
    assert days(text) == [(None, 10, 18)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-18", [(2025, 10, 18)]),
        ("18/10/2025", [(2025, 10, 18)]),
        ("10/18/2025", [(2025, 10, 18)]),
        ("03/04/2025", []),
        ("18-19 October 2025", [(2025, 10, 18), (2025, 10, 19)]),
        ("From Oct. 18 to 20 November", [(None, 10, 18), (None, 11, 20)]),
        ("On October 18, 25 people died", [(None, 10, 18)]),
        ("in March", [(None, 3, None)]),
        ("May he march on", []),
        ("in May 2025", [(2025, 5, None)]),
        ("since 1999, 2,500 troops", [(1999, None, None)]),
        ("the 1990s", []),
        ("from 28 October to 3 November 2025", [(None, 10, 28), (2025, 11, 3)]),
        ("the 3rd, 3-5 October", [(None, 10, 3), (None, 10, 5)]),
        ("99 October", [(None, 10, None)]),
    ],
)
def test_dates_are_read_as_a_person_reads_them(
    text: str, expected: list[tuple[int | None, int | None, int | None]]
) -> None:
    assert days(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "31 November",
        "November 31",
        "31 November 2025",
        "31/11/2025",
        "2025-11-31",
        "30 February",
        "29 February 2025",
        "Feb. 29, 1900",
    ],
)
def test_a_day_that_does_not_exist_is_no_date_and_no_number(text: str) -> None:
    assert (days(text), quantities(text)) == ([], ())
    assert [odd.possible for odd in odd_dates(text)] == [False]


@pytest.mark.parametrize("text", ["29 February", "29 February 2024", "30-31 October"])
def test_a_day_that_exists_in_some_year_is_a_date(text: str) -> None:
    assert days(text)
    assert odd_dates(text) == ()


@pytest.mark.parametrize("text", ["05/06/07", "03/04/2025", "5.6.07", "18/10/25", "05-06-07"])
def test_a_date_that_reads_several_ways_is_only_what_is_written(text: str) -> None:
    assert (days(text), quantities(text)) == ([], ())
    assert [(odd.text, odd.possible) for odd in odd_dates(text)] == [(text, True)]


@pytest.mark.parametrize("text", ["version 1.2.3", "1.2.3.4", "24/7", "pages 10-12", "10/18/2025", "5/6 of"])
def test_what_is_no_date_reads_in_one_way(text: str) -> None:
    assert odd_dates(text) == ()


def test_names_are_runs_of_capitalised_words_without_dates() -> None:
    text = "On Friday, envoy Ada Rahn met Gen. Tovik in October. Marland's minister left the Ostria-Marland talks."
    assert [name.words for name in names(text)] == [
        ("on", "friday"),
        ("ada", "rahn"),
        ("gen", "tovik"),
        ("marland",),
        ("ostria", "marland"),
    ]
    assert [name.initial for name in names(text)] == [True, False, False, True, False]


@pytest.mark.parametrize(
    ("published", "year"), [("2025-11-16", 2025), ("2026-01-03", 2025), ("2026", 2026), ("2025-08", 2025)]
)
def test_a_date_without_a_year_is_in_the_year_nearest_to_the_publication(published: str, year: int) -> None:
    assert expected_year(10, 18, published) == year


def test_folding_keeps_every_offset() -> None:
    text = "“6–7”\u00a0٣ l’État"
    assert fold(text) == '"6-7"\u00a03 l\'État'
    assert len(fold(text)) == len(text)


def test_words_compare_without_accents_case_possessives_and_hyphens() -> None:
    assert words("Türkiye’s CEASE‑FIRE, U.S.") == ["turkiye", "cease", "fire", "us"]


def test_markers_go_and_other_brackets_stay() -> None:
    assert strip_markers("Signed [1], then [2, 3] broken [sic].") == "Signed, then broken [sic]."


def test_apostrophes_are_not_quotation_marks() -> None:
    assert quoted_phrases("Rahn's aide didn't say 'it's over' but “wait”.") == ["wait", "it's over"]


def test_a_phrase_is_found_only_as_neighbouring_words_in_order() -> None:
    assert holds_sequence(["a", "b", "c"], ["b", "c"])
    assert not holds_sequence(["a", "b", "c"], ["a", "c"])
    assert not holds_sequence(["ab", "c"], ["b", "c"])


@given(st.text(max_size=300))
def test_facts_of_any_text_lie_in_order_inside_it(text: str) -> None:
    for found in (quantities(text), dates(text), names(text)):
        spans = [fact.span for fact in found]
        assert all(0 <= span.start < span.end <= len(text) for span in spans)
        assert spans == sorted(spans)


@pytest.mark.parametrize(
    "unit",
    [
        "1,11",
        "0 000",
        "Oct 1-",
        "two ",
        "a'",
        '"',
        "[1",
        "Ab. ",
        "$",
        "1.000",
        "hundred and ",
        "1 to ",
        "March ",
        "1 in ",
        "half a ",
    ],
)
@pytest.mark.timeout(20)
def test_hostile_repetition_costs_no_more_than_its_length(unit: str) -> None:
    text = unit * 8_000
    assert len(quantities(text)) + len(dates(text)) + len(names(text)) + len(quoted_phrases(text)) <= 4 * len(text)
