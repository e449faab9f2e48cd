from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.dates import dates_in, parse_date, published, published_by_header
from index.values import Published

TODAY = date(2026, 1, 15)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("16 November 2025", ("2025-11-16", "day")),
        ("November 16, 2025", ("2025-11-16", "day")),
        ("Nov. 16, 2025", ("2025-11-16", "day")),
        ("November 16th, 2025", ("2025-11-16", "day")),
        ("the 16th", None),
        ("16-Nov-2025", ("2025-11-16", "day")),
        ("Sunday, 16 Nov 2025 10:30 AM", ("2025-11-16", "day")),
        ("2025-11-16", ("2025-11-16", "day")),
        ("2025-11-16T23:30:00.125-05:00", ("2025-11-16", "day")),
        ("2025-11-16T23:30:00Z", ("2025-11-16", "day")),
        ("16/11/2025", ("2025-11-16", "day")),
        ("11/16/2025", ("2025-11-16", "day")),
        ("16.11.2025", ("2025-11-16", "day")),
        ("05/05/2025", ("2025-05-05", "day")),
        ("November 2025", ("2025-11", "month")),
        ("2025-11", ("2025-11", "month")),
        ("2025", ("2025", "year")),
    ],
)
def test_a_date_is_read_as_it_is_written(written, read):
    assert parse_date(written, today=TODAY) == read


def test_a_day_and_month_that_could_be_swapped_leave_only_the_year():
    assert parse_date("05/06/2025", today=TODAY) == ("2025", "year")


@pytest.mark.parametrize(
    "written",
    [
        "31 November 2025",
        "29 February 2025",
        "2025-13-01",
        "00/00/2025",
        "1799-12-31",
        "17 January 2026",
        "2031",
        "May",
        "Friday",
        "this month",
        "November 6",
        "12",
        "1234567",
        "",
        "5 Maybe 2020",
    ],
)
def test_what_is_no_date_or_cannot_be_is_not_read(written):
    assert parse_date(written, today=TODAY) is None


def test_tomorrow_is_allowed_because_the_earth_is_round():
    assert parse_date("2026-01-16", today=TODAY) == ("2026-01-16", "day")


def test_dates_in_a_text_are_found_where_they_stand():
    text = "Signed 5 May 2020, amended 31 November 2021, in force since June 2022."
    assert [(text[start:end], found, precision) for start, end, found, precision in dates_in(text, today=TODAY)] == [
        ("5 May 2020", "2020-05-05", "day"),
        ("June 2022", "2022-06", "month"),
    ]


def test_the_date_header_of_a_mail_keeps_the_senders_day():
    assert published_by_header("Mon, 10 Nov 2025 01:00:00 +0500", today=TODAY) == Published(
        "2025-11-10", "day", "header"
    )
    assert published_by_header("yesterday", today=TODAY) is None


def test_published_names_its_source():
    assert published("3 May 2020", "dateline") == Published("2020-05-03", "day", "dateline")
    assert published("soon", "dateline") is None


@given(
    st.dates(min_value=date(1800, 1, 1), max_value=TODAY),
    st.sampled_from(["%d %B %Y", "%B %d, %Y", "%b %d, %Y", "%Y-%m-%d", "%Y/%m/%d"]),
)
def test_every_day_survives_every_unambiguous_form(day, form):
    assert parse_date(day.strftime(form).replace(" 0", " "), today=TODAY) == (day.isoformat(), "day")


@given(st.text(max_size=100))
def test_any_text_is_answered_without_an_error(text):
    parse_date(text, today=TODAY)
    list(dates_in(text, today=TODAY))
