"""The documents on the page: what is in here, the list and what narrows it, and what the tab does with what it is sent."""

import dataclasses
import html
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.values import Document, Published
from tests.fakes_page import MemoryDossier, make_document
from ui.access.caller import LOCAL, Caller, acting_as
from ui.page.choices import Choices, chosen
from ui.page.documents.contents_view import contents_view
from ui.page.documents.list_view import PAGE_ROWS, documents_view, drop_view, finding_view
from ui.page.documents.listing import Listing, listing, select
from ui.page.documents.periods import timeline
from ui.page.documents.tab import DocumentsActions
from ui.page.header_view import header_view, welcome_view
from ui.page.settings.view import model_in_words, settings_view
from ui.problems import Problem

TEXT = "The harbour opened in 1902. Otto Lind built the bridge in 1911."
HOSTILE = "<img src=x onerror=alert(1)> \"q\" 'a' `b` ${c} {{d}} \n\n# e [f](g)"


def dated(day: str | None, *, title: str = "T", publisher: str | None = "The Harbour Post", **more: Any) -> Document:
    document = make_document(f"{title} {day}", title=title, publisher=publisher, **more)
    precision: Any = {10: "day", 7: "month", 4: "year"}.get(len(day or ""))
    published = Published(day, precision, "dateline") if day else None
    return dataclasses.replace(document, provenance=dataclasses.replace(document.provenance, published=published))


def shown(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", markup))


@pytest.fixture
def document() -> Document:
    return make_document(TEXT, title="A harbour and its bridge")


@pytest.fixture
def actions(tmp_path: Path, document: Document) -> DocumentsActions:
    return DocumentsActions(MemoryDossier(tmp_path / "data", [document]))


@pytest.fixture(autouse=True)
def local() -> Iterator[None]:
    with acting_as(LOCAL):
        yield


# The list


def test_the_list_shows_every_document_once_over_its_pages() -> None:
    documents = [make_document(f"text {number}", title=f"Title {number:03}") for number in range(PAGE_ROWS + 3)]
    first, second = documents_view(documents), documents_view(documents, Listing(page=1))
    assert first.count('class="document"') == PAGE_ROWS
    assert second.count('class="document"') == 3
    assert documents_view(documents, Listing(page=99)) == second


def test_a_near_duplicate_names_the_document_it_repeats() -> None:
    first = make_document("one", title="The first")
    copy = dataclasses.replace(make_document("two", title="A copy"), origin=first.id)
    assert "Nearly the same as “The first”" in shown(documents_view([first, copy]))
    assert "1 document repeats another" in shown(contents_view([first, copy]))
    assert select([first, copy], Listing(copies=True)) == [copy]


def test_a_row_says_how_its_date_is_known_and_how_much_text_there_is() -> None:
    row = shown(documents_view([dated("2025-11")]))
    assert "November 2025 (day not known, as its dateline says)" in row
    assert "1 passage" in row
    assert "9 characters" in row


def test_a_document_without_a_date_is_flagged_with_a_way_to_set_one() -> None:
    assert "No date." in shown(documents_view([dated(None)]))
    assert "Set a date" in shown(documents_view([dated(None)]))
    assert "Set a date" not in shown(documents_view([dated("2025-11-16")]))


def test_a_row_offers_each_field_as_it_is_with_a_label() -> None:
    row = documents_view([dated("2025-11-16", title='A "quoted" title')])
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', row))
    assert {name: html.unescape(value) for name, value in fields.items()} == {
        "title": 'A "quoted" title',
        "publisher": "The Harbour Post",
        "author": "Ada Quill",
        "published": "2025-11-16",
    }
    assert all(label in shown(row) for label in ("Title", "Outlet", "Author", "Published"))


def test_whoever_may_only_read_is_offered_nothing_that_writes(tmp_path: Path) -> None:
    actions = DocumentsActions(MemoryDossier(tmp_path / "data", [dated(None)]))
    with acting_as(Caller("reader", may_write=False)):
        adding, _, listed = actions.overview("", "")
    assert "may read these documents, not change them" in shown(adding)
    assert not re.search(r"<input|>Edit|>Remove|Set a date", listed)


def test_hostile_text_in_a_document_is_inert_in_every_part_of_the_tab() -> None:
    document = make_document(HOSTILE, title=HOSTILE, publisher=HOSTILE, source=HOSTILE)
    document = dataclasses.replace(document, notes=(HOSTILE,))
    wanted = Listing(find=HOSTILE.replace("\n", " ")[:200])
    for markup in (
        documents_view([document]),
        documents_view([document], wanted),
        contents_view([document]),
        header_view([document], ["a", HOSTILE], HOSTILE),
    ):
        assert not set(re.sub(r"&#\d+;", "", re.sub(r"<[^<>]*>", "", markup))) & set("<>`*{}[]$\n")
        assert not re.search(r"<(img|script|iframe|a|form|style|svg)\b|<[^>]*\son\w+=", markup)


# What narrows it


def test_the_search_box_finds_words_in_title_outlet_author_and_file_name() -> None:
    bridge = dated("2025-11-16", title="The Bridge", source="upload/span.txt")
    ferry = dated("2024-11-16", title="A ferry", publisher="Coast Weekly")
    for words, found in {
        "bridge": [bridge],
        "COAST": [ferry],
        "span.txt": [bridge],
        "ada": [bridge, ferry],
        "ada ferry": [ferry],
        "zebra": [],
    }.items():
        assert select([bridge, ferry], Listing(find=words)) == found


@given(st.lists(st.sampled_from([None, "2025", "2025-11", "2025-11-16", "2024-02-29", "1911"]), max_size=8), st.data())
def test_narrowing_keeps_only_what_was_asked_for_and_order_only_orders(
    days: list[str | None], data: st.DataObject
) -> None:
    documents = [dated(day, title=f"T{number}") for number, day in enumerate(days)]
    order = data.draw(st.sampled_from(["newest", "oldest", "outlet", "title", "added"]))
    everything = select(documents, Listing(order=order))
    assert sorted(one.id for one in everything) == sorted(one.id for one in documents)
    dates = [one.provenance.published.date for one in everything if one.provenance.published]
    if order in ("newest", "oldest"):
        assert dates == sorted(dates, reverse=order == "newest")
        assert all(one.provenance.published is None for one in everything[len(dates) :])
    undated = select(documents, Listing(undated=True))
    assert len(undated) == len(documents) - len(dates)
    november = select(documents, Listing(since="2025-11", until="2025-11"))
    assert [one.provenance.published.date[:7] for one in november if one.provenance.published] == ["2025-11"] * len(
        november
    )


def test_what_narrows_the_list_is_said_with_the_way_back() -> None:
    text = shown(documents_view([dated("2025-11-16"), dated("2024-01-02")], Listing(since="2025-11", until="2025-11")))
    assert "1 of 2 documents: November 2025" in text
    assert "Show all" in text
    nothing = shown(documents_view([dated("2025-11-16")], Listing(find="zebra")))
    assert "0 of 1 document: “zebra”" in nothing
    assert "No document is like that." in nothing


@pytest.mark.parametrize(
    "command",
    ["x", "[]", "7", '{"page": -1}', '{"page": "0"}', '{"order": "worst"}', '{"since": "yesterday"}', '{"more": 1}', "{" * 3000, '{"find": "' + "x" * 201 + '"}', 3, "\ud800"],
)  # fmt: skip
def test_only_a_view_of_the_list_can_be_asked_for(actions: DocumentsActions, command: Any) -> None:
    assert "alarm" in actions.turn(command, "")
    with pytest.raises(Problem):
        listing(command)


def test_the_list_is_turned_and_narrowed_by_what_its_buttons_send(actions: DocumentsActions) -> None:
    assert "A harbour" in actions.turn(json.dumps({"page": 0, "order": "title", "find": "harbour"}), "")
    assert "A harbour" not in actions.turn(json.dumps({"undated": True}), "")


# What is in here


@given(
    st.lists(
        st.dates(date(1800, 1, 1), date(2026, 12, 31))
        .map(str)
        .flatmap(lambda day: st.sampled_from([day, day[:7], day[:4]])),
        min_size=1,
        max_size=30,
    )
)
def test_every_date_is_in_one_bar_or_counted_as_too_coarse(dates: list[str]) -> None:
    found = timeline(dates)
    assert sum(one.count for one in found.periods) + found.coarser == len(dates)
    assert len(found.periods) <= 62
    for before, after in zip(found.periods, found.periods[1:], strict=False):
        assert before.until < after.since


def test_a_bar_holds_the_documents_that_its_button_lists() -> None:
    documents = [dated("2025-11-16", title="a"), dated("2025-09-02", title="b"), dated("2025-11", title="c")]
    text = contents_view(documents)
    assert 'title="1 document&#44; ' in text or 'title="1 document, ' in text
    for since, until, number in (("2025-11-10", "2025-11-16", 1), ("2025-09-01", "2025-09-07", 1)):
        assert len(select(documents, Listing(since=since, until=until))) == number


def test_what_is_in_here_counts_documents_reports_outlets_authors_and_undated() -> None:
    documents = [
        dated("2025-11-16", title="a"),
        dated(None, title="b"),
        dated("2024", title="c", publisher="Coast Weekly"),
    ]
    text = " ".join(shown(contents_view(documents)).split())
    for part in (
        "3 documents",
        "3 independent reports",
        "2024 – 16 November 2025 published",
        "1 without a date",
        "2 outlets",
        "The Harbour Post 2 documents",
        "1 author: Ada Quill",
    ):
        assert part in text


# Without documents, and in the head


def test_an_empty_collection_says_how_to_add_documents() -> None:
    for markup in (welcome_view([]), documents_view([])):
        assert "dossier index FOLDER" in shown(markup)
    assert contents_view([]) == ""


def test_the_place_for_files_says_how_large_they_may_be() -> None:
    assert "up to 25 MB a file" in shown(drop_view(25 * 1024 * 1024))
    assert "<i hidden>26214400</i>" in drop_view(25 * 1024 * 1024)
    assert "Find by title" in shown(finding_view())


def test_other_collections_are_offered_only_when_there_are_some() -> None:
    assert "<select" not in header_view([], ["default"], "default")
    assert '<option value="b" selected>' in header_view([], ["a", "b"], "b")


# What was chosen in the browser


def test_no_choice_is_the_usual_and_a_choice_reaches_the_question() -> None:
    assert chosen("") == Choices()
    assert chosen('{"collection": "press", "strictness": "strict", "llm": false, "read": 5}').manner.read == 5


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        '{"read": 0}',
        '{"read": 21}',
        '{"strictness": "none"}',
        '{"llm": "no"}',
        '{"more": 1}',
        "x" * 2000,
        7,
        "\ud800",
    ],
)
def test_what_is_no_choice_is_refused(actions: DocumentsActions, text: Any) -> None:
    with pytest.raises(Problem):
        chosen(text)
    assert "alarm" in actions.turn("", text)


def test_a_collection_that_is_not_there_is_empty_not_an_error(actions: DocumentsActions) -> None:
    assert "dossier index FOLDER" in shown(actions.turn("", '{"collection": "../etc"}'))


# Settings


def test_strictness_is_told_as_shares_of_right_answers(tmp_path: Path) -> None:
    text = shown(settings_view(MemoryDossier(tmp_path).settings, has_llm=False))
    shares = [int(number) for number in re.findall(r"Answers (\d+) of 100", text)]
    assert shares == sorted(shares, reverse=True)
    assert len(set(shares)) == 3
    assert "None is set" in text


@pytest.mark.parametrize(
    ("address", "name", "place"),
    [
        ("openai+http://127.0.0.1:8080/v1?model=m", "m", "on this machine"),
        ("anthropic+https://user:secret@models.example?model=small", "small", "leave this machine for models.example."),
        ("llama:///models/tiny.gguf", "tiny.gguf", "nothing leaves it"),
        ("llama://qwen2.5-coder-1.5b", "qwen2.5-coder-1.5b", "nothing leaves it"),
    ],
)
def test_a_language_model_is_named_with_where_passages_go_and_no_secret(address: str, name: str, place: str) -> None:
    said = model_in_words(address)
    assert said[0] == name
    assert place in said[1]
    assert "secret" not in said[1]
