"""The time of which a sentence or a question speaks."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag.facts.periods
from rag.facts.periods import LONGEST, fit, period_asked, periods


def interval(text: str, published: str | None = None) -> tuple[str | None, str | None]:
    (found,) = periods(text, published)
    return found.first, found.last


def asked(question: str, text: str) -> float:
    wanted = period_asked(question)
    assert wanted is not None
    return fit(wanted, periods(text))


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(rag.facts.periods).failed == 0


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("in 2010", "2010-01-01", "2010-12-31"),
        ("in May 2010", "2010-05-01", "2010-05-31"),
        ("on 29 February 2012", "2012-02-29", "2012-02-29"),
        ("from 2009 to 2012", "2009-01-01", "2012-12-31"),
        ("from Oct. 2009 until March 2010", "2009-10-01", "2010-03-31"),
        ("from May to June 2009", "2009-05-01", "2009-06-30"),
        ("from December to March 2009", "2008-12-01", "2009-03-31"),
        ("between May 2009 and 2011", "2009-05-01", "2011-12-31"),
        ("3 May 2009 - 4 June 2010", "2009-05-03", "2010-06-04"),
        ("from 3 to 5 May 2009", "2009-05-03", "2009-05-05"),
        ("(1998-2003)", "1998-01-01", "2003-12-31"),
        ("( 1998 – 2003 )", "1998-01-01", "2003-12-31"),
        ("2001-04 at the mill", "2001-01-01", "2004-12-31"),
        ("1999-00 at the mill", "1999-01-01", "2000-12-31"),
        ("during the 2009-10 season", "2009-07-01", "2010-06-30"),
        ("in 2009/10", "2009-07-01", "2010-06-30"),
        ("since 2011", "2011-01-01", None),
        ("from 2011", "2011-01-01", None),
        ("from 2011 onwards", "2011-01-01", None),
        ("1996-present", "1996-01-01", None),
        ("(2012-)", "2012-01-01", None),
        ("after 2010", "2011-01-01", None),
        ("until 2014", None, "2014-12-31"),
        ("before March 2005", None, "2005-02-28"),
        ("in late 2008", "2008-09-01", "2008-12-31"),
        ("in the summer of 2009", "2009-06-01", "2009-08-31"),
        ("in the 1990s", "1990-01-01", "1999-12-31"),
        ("in the '90s", "1990-01-01", "1999-12-31"),
        ("early 1980s", "1980-01-01", "1983-05-01"),
        ("in the 19th century", "1801-01-01", "1900-12-31"),
        ("as of 3 May 2010", "2010-05-03", "2010-05-03"),
    ],
)
def test_a_time_in_words_is_an_interval(text: str, first: str | None, last: str | None) -> None:
    assert interval(text) == (first, last)


@pytest.mark.parametrize(
    ("text", "published", "first"),
    [
        ("as of 3 May", "2025-06-01", "2025-05-03"),
        ("on 28 December", "2026-01-02", "2025-12-28"),
        ("next Tuesday", "2025-11-16", "2025-11-18"),
        ("yesterday", "2025-11-16", "2025-11-15"),
    ],
)
def test_what_a_date_leaves_out_is_counted_from_publication(text: str, published: str, first: str) -> None:
    assert interval(text, published) == (first, first)


def test_without_publication_a_month_has_the_year_named_before_it() -> None:
    found = periods("In May 2009 he came, in June he left. On 3 May he was back.")
    assert [period.first for period in found] == ["2009-05-01", "2009-06-01", "2009-05-03"]
    assert periods("on 3 May, and next Tuesday") == ()


@pytest.mark.parametrize(
    "text",
    [
        "31 November 2009",
        "30 February",
        "05/06/07",
        "year 0",
        "9999",
        "2000 people",
        "$1999",
        "next Tuesday",
        "2010-05",
    ],
)
def test_what_is_no_date_is_no_period(text: str) -> None:
    assert periods(text) == ()


def test_a_period_stands_where_its_words_do() -> None:
    text = "She taught in Sel from 2001 to 2004, then in Lom until June 2010."
    assert [text[p.span.start : p.span.end] for p in periods(text)] == ["from 2001 to 2004", "until June 2010"]


@pytest.mark.parametrize(
    ("question", "as_of", "expected"),
    [
        ("What team did he play for in 2007?", None, ("2007-01-01", "2007-12-31")),
        ("Who ran the mill of 1890 from 1920 to May 1922?", None, ("1920-01-01", "1922-05-31")),
        ("Who was mayor of the 1990 city in 2007?", None, ("2007-01-01", "2007-12-31")),
        ("Who was mayor in 2007?", "2020-01-01", ("2007-01-01", "2007-12-31")),
        ("Who is mayor?", "2020-01-02", ("2020-01-02", "2020-01-02")),
        ("Who was mayor on 3 May?", "2020-06-02", ("2020-05-03", "2020-05-03")),
    ],
)
def test_a_question_names_its_time_or_has_that_of_the_asker(
    question: str, as_of: str | None, expected: tuple[str, str]
) -> None:
    found = period_asked(question, as_of)
    assert found is not None
    assert (found.first, found.last) == expected


def test_most_questions_name_no_time() -> None:
    assert period_asked("Who steered the first crossing?") is None
    assert period_asked("Who was mayor on 31 November?", "not a date") is None


@pytest.mark.parametrize(
    ("question", "better", "worse"),
    [
        ("in 2007", "from 2005 to 2008", "from 2008 to 2012"),
        ("in 2007", "since 2005", "since 2009"),
        ("in 2007", "in 2007", "in the 2000s"),
        ("in May 2007", "in 2007", "in 2006"),
        ("from 2005 to 2008", "from 2005 to 2008", "from 2000 to 2010"),
        ("from 2005 to 2008", "from 2004 to 2008", "from 2007 to 2012"),
        ("before 2005", "until 2004", "since 2005"),
        ("after 2005", "from 2005 to 2009", "until 2004"),
        ("in 2007", "in 2008", "in 2012"),
    ],
)
def test_the_period_that_holds_at_the_time_fits_better(question: str, better: str, worse: str) -> None:
    assert asked(question, better) > asked(question, worse)


def test_the_same_period_fits_best_and_a_far_one_not_at_all() -> None:
    assert asked("from May 2005 to 2008", "from May 2005 to 2008") == 1.0
    assert asked("in 2007", "in 1907") == 0.0
    assert asked("in 2007", "It rained.") == 0.0


_WORDS = st.sampled_from(
    "from to until since between and before after 2009 1998-2003 2009-10 May 31 November 0 9999 05/06/07 1990s '90s early "
    "late next Tuesday tomorrow 3-5 (2012-) present , ; .".split()
)
_DATES = st.sampled_from([None, "2025", "2025-11", "2025-11-04", "0001-01-01", "9999-12-31"])


@given(st.one_of(st.text(max_size=300), st.lists(_WORDS, max_size=80).map(" ".join)), _DATES)
def test_any_text_has_periods_in_order_whose_ends_are_days(text: str, published: str | None) -> None:
    found = periods(text, published)
    ends = [end for period in found for end in (period.first, period.last) if end]
    assert all(rag.facts.periods.day_number(end) > 0 for end in ends)
    assert all(period.first or period.last for period in found)
    assert all(p.first <= p.last for p in found if p.first and p.last)
    assert [p.span for p in found] == sorted(p.span for p in found)
    assert all(0 <= p.span.start < p.span.end <= len(text) for p in found)
    wanted = period_asked(text, published)
    assert wanted is None or 0.0 <= fit(wanted, found) <= 1.0


def test_a_question_full_of_dates_is_read_up_to_its_limit() -> None:
    assert len(periods("from 2009 to 2012, " * 1000)) < LONGEST / 19 + 1
    assert period_asked("until 2014 and " * 260) is not None
