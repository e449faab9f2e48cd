from datetime import date

import pytest

from index.clean import join_drop_caps
from index.load import parse_file
from index.page import read_page
from index.provenance import from_file_name, from_front_matter, from_page, merge, split_site_name
from index.values import Provenance, Published
from tests.shared import SHARED_SEEDS, needs_shared

STORY = (
    "The ferry between Harrow Point and the islands will run again from spring, the harbour board said after a long meeting on Friday. "
    "Two of its three boats have new engines. The third will be sold, and no buyer has been named so far by the board."
)
MORE = "Islanders had waited for the decision since the storms of November 6, when the old pier was lost and the mail came by helicopter."


def said_by(*lines, between="\n"):
    text, _ = join_drop_caps(between.join(lines))
    return from_page(text, read_page(text))


def test_front_matter_says_everything():
    fields = {
        "title": "Ferry returns",
        "publisher": "Harrow Courier",
        "author": ["Ann Lee", "Bo Ek"],
        "published": date(2024, 3, 1),
        "kind": "Report",
    }
    assert from_front_matter(fields) == Provenance(
        "Ferry returns", "Harrow Courier", "Ann Lee, Bo Ek", Published("2024-03-01", "day", "front matter"), "report"
    )


@pytest.mark.parametrize("stamp", ["soon", "05/06", True, None, {"a": 1}, "31 November 2024"])
def test_front_matter_without_a_true_date_gives_none(stamp):
    assert from_front_matter({"published": stamp}).published is None


def test_front_matter_knows_months_and_years():
    assert from_front_matter({"published": "November 2024"}).published == Published("2024-11", "month", "front matter")
    assert from_front_matter({"published": 2024}).published == Published("2024", "year", "front matter")


def test_a_page_title_with_the_sites_name_glued_on_is_taken_apart():
    said = said_by(
        "Ferry to the islands runs again from spring, harbour board says: HB Coastal News HD",
        "Ferry Runs Again in Spring: HB Speaker Names New Engines for Islands’ Boats",
        STORY + " The HB speaker did not say more.",
        MORE,
    )
    assert said == Provenance(
        title="Ferry to the islands runs again from spring, harbour board says: HB", publisher="Coastal News HD"
    )


def test_a_site_name_is_also_found_with_blank_lines_between():
    said = said_by(
        "Harbour board hopes for ‘calm’ spring ferry season Island Herald",
        "\u00a0",
        "Board Hopes for Calm Ferry Season in Spring",
        STORY,
        MORE,
        between="\n\n",
    )
    assert (said.title, said.publisher) == ("Harbour board hopes for ‘calm’ spring ferry season", "Island Herald")


def test_a_headline_that_ends_in_an_outlets_word_is_left_whole_without_a_second_headline():
    said = said_by("Harbour board visits the Island Herald", STORY, MORE, between="\n\n")
    assert (said.title, said.publisher) == ("Harbour board visits the Island Herald", None)


def test_a_share_bar_names_the_site_and_the_date_line_the_day():
    said = said_by(
        "A Slow Tide: The Islands' Long Wait for a Ferry",
        "Share- Tidewatch",
        "- March 10, 2024",
        "- 0 Comments",
        "- 3 minutes read",
        "- 13 Views",
        STORY,
        MORE,
    )
    assert said == Provenance(
        "A Slow Tide: The Islands' Long Wait for a Ferry",
        "Tidewatch",
        None,
        Published("2024-03-10", "day", "dateline"),
        None,
    )


def test_kicker_title_byline_and_date_are_told_apart():
    said = said_by(
        "Harbour affairs",
        "",
        "Ferry talks end even as repairs continue on the pier",
        "",
        "By Ann Lee",
        "|",
        "March 16, 2024",
        "",
        "",
        "N",
        "",
        "eighbours of the pier have asked for a wall. " + STORY,
        "",
        MORE,
    )
    assert said == Provenance(
        "Ferry talks end even as repairs continue on the pier",
        None,
        "Ann Lee",
        Published("2024-03-16", "day", "dateline"),
        None,
    )


def test_byline_and_date_may_share_a_line():
    said = said_by(
        "Ferry returns in spring",
        "BY ANN LEE | Published: 3 May 2020, 10:30 AM | 5 min read",
        STORY,
        MORE,
        between="\n\n",
    )
    assert (said.author, said.published) == ("Ann Lee", Published("2020-05-03", "day", "dateline"))


def test_an_update_is_not_the_publication():
    assert said_by("Ferry returns in spring", "By Ann Lee", "Updated: 3 May 2020", STORY, MORE).published is None


def test_a_note_about_the_author_at_the_end_names_them():
    said = said_by(
        "Why Does the Ferry Stay Away?",
        STORY,
        MORE,
        "About Ann Lee 7 Articles",
        "Ann Lee is a researcher at the Harbour Institute.",
        "Be the first to comment",
        between="\n\n",
    )
    assert (said.title, said.author, said.published) == ("Why Does the Ferry Stay Away?", "Ann Lee", None)


@pytest.mark.parametrize(
    "line",
    [
        "The meeting was on Friday.",
        "It was decided this month.",
        "The storm of November 6 took the pier.",
        "In October 2023 it was rebuilt.",
    ],
)
def test_a_day_in_the_running_text_is_an_event_and_no_publication(line):
    assert said_by("Ferry returns in spring", STORY, line, MORE, between="\n\n").published is None


def test_a_dateline_in_front_of_the_first_sentence_counts():
    said = said_by("Ferry returns in spring", f"HARROW POINT, 3 May 2020 (Coastwire) — {STORY}", MORE, between="\n\n")
    assert said.published == Published("2020-05-03", "day", "dateline")


def test_published_in_at_the_end_names_outlet_and_day():
    said = said_by("Ferry returns in spring", STORY, MORE, "Published in Harrow Courier, May 3rd, 2020", between="\n\n")
    assert (said.publisher, said.published) == ("Harrow Courier", Published("2020-05-03", "day", "dateline"))


def test_an_outlet_that_asks_the_questions_published_the_interview():
    said = said_by(
        "Ferry returns in spring",
        STORY,
        "To learn more, The Herald on Monday spoke to the harbour master.",
        "THM asked her when the pier would be ready.",
        MORE,
        between="\n\n",
    )
    assert said.publisher == "The Herald on Monday"


@pytest.mark.parametrize(
    "lines",
    [
        ("The harbour master told The Herald on Monday that she was tired.", "The Herald on Monday printed it."),
        ("The Herald on Monday spoke to the harbour master last year.", "Nothing came of it."),
        ("Ann Lee spoke to the harbour master.", "Ann Lee asked her when the pier would be ready."),
    ],
)
def test_an_outlet_that_is_only_mentioned_is_not_the_publisher(lines):
    assert said_by("Ferry returns in spring", STORY, *lines, MORE, between="\n\n").publisher is None


def test_a_text_that_says_a_machine_helped_is_machine_assisted():
    said = said_by(
        "Ferry returns in spring",
        STORY,
        MORE,
        "Disclaimer: This article was generated in part using artificial intelligence and may contain errors.",
    )
    assert said.kind == "machine-assisted"


def test_a_report_about_machines_that_write_is_not_machine_assisted():
    quote = "“This article was generated by artificial intelligence,” said a note under the paper’s ferry story, and readers complained."
    assert said_by("Ferry returns in spring", STORY, quote, MORE, between="\n\n").kind is None


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (("Opinion", "The ferry must come back to the islands", "By Ann Lee"), "opinion"),
        (("Opinion: The ferry must come back",), "opinion"),
        (("Analysis", "Who pays for the ferry to the islands", "3 May 2020"), "analysis"),
        (("Who pays for the ferry to the islands", "3 May 2020"), None),
    ],
)
def test_opinion_and_analysis_count_only_when_the_page_says_so(lines, kind):
    assert said_by(*lines, STORY, MORE, between="\n\n").kind == kind


def test_the_authors_own_views_are_opinion():
    assert (
        said_by(
            "Ferry returns in spring",
            STORY,
            MORE,
            "The views expressed in this article are the author’s own.",
            between="\n\n",
        ).kind
        == "opinion"
    )


@pytest.mark.parametrize(
    ("title", "taken_apart"),
    [
        ("Rain stops play | The Valley Herald", ("Rain stops play", "The Valley Herald")),
        ("Rain stops play - Valley News", ("Rain stops play", "Valley News")),
        ("Rain stops play - again", ("Rain stops play - again", None)),
    ],
)
def test_a_site_name_behind_a_bar_is_split_off(title, taken_apart):
    assert split_site_name(title) == taken_apart


@pytest.mark.parametrize(
    ("name", "title", "stamp"),
    [
        ("2024-03-01-ferry-returns.txt", "ferry returns", "2024-03-01"),
        ("ferry_returns_2024-03.txt", "ferry returns", "2024-03"),
        ("000_dbb69bf92b358817.txt", None, None),
        ("report.txt", "report", None),
        ("2024-13-45.txt", None, None),
    ],
)
def test_a_file_name_is_the_last_resort(name, title, stamp):
    said = from_file_name(name)
    assert (said.title, said.published.date if said.published else None) == (title, stamp)


def test_the_first_that_says_something_wins():
    assert merge(Provenance(title="A"), Provenance(title="B", author="C")) == Provenance(title="A", author="C")


@needs_shared
@pytest.mark.parametrize(
    ("prefix", "publisher", "author", "published", "kind"),
    [
        ("000", "Azad News HD", None, None, None),
        ("001", "Nishadil", None, Published("2025-11-10", "day", "dateline"), "machine-assisted"),
        ("002", "The News on Sunday", "Mariam Khan", Published("2025-11-16", "day", "dateline"), None),
        ("003", "Azad News HD", None, None, None),
        ("004", None, "Faiza Abid", None, None),
    ],
)
def test_the_original_articles_come_out_right(prefix, publisher, author, published, kind):
    (path,) = SHARED_SEEDS.glob(f"{prefix}_*.txt")
    said = parse_file(path, path.name, max_bytes=1_000_000).provenance
    assert (said.publisher, said.author, said.published, said.kind) == (publisher, author, published, kind)
    assert said.title and "Azad" not in said.title and len(said.title.split()) >= 5


@needs_shared
def test_the_original_articles_keep_their_text_and_lose_their_frame():
    for path in sorted(SHARED_SEEDS.glob("*.txt")):
        parsed = parse_file(path, path.name, max_bytes=1_000_000)
        body = "\n".join(parsed.text[span.start : span.end] for span in parsed.body)
        assert len(body) > 0.8 * len(parsed.text)
        for frame in (
            "Azad News",
            "Views\n",
            "minutes read",
            "Be the first to comment",
            "Leave a Reply",
            "Disclaimer",
            "7 Articles",
            "By Mariam",
        ):
            assert frame not in body
        assert not any(line.strip() in ("N", "|", "*") for line in body.splitlines())
