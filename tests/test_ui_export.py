"""Answers as files: everything that proves them is in, nothing that a document says becomes markup or a formula."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from index.redaction import ERASED, stripped, without_document
from rag.replay import KeptAnswer
from rag.values import Answer, Citation, Conflict, EvidenceView, FiltersView, Position, Statement
from ui.export import Format, export_answer
from ui.export.markdown import escaped
from ui.export.rows import inert
from ui.terminal import printable

TALKS = "The talks ended\non 7 May without agreement."
HOSTILE = '=HYPERLINK("http://x.example") | [a](http://x.example) ![b](c.png) <img src=x> **b** `c` [^1]\n# h'


def cited(number: int, quote: str, **more: Any) -> Citation:
    same: dict[str, Any] = {
        "document_id": f"doc_{number}", "chunk_id": f"chk_{number}", "title": f"Headline {number}", "publisher": "Tarn Courier",
        "author": "I. Brandt", "kind": "report", "published": "2025-05", "published_precision": "month",
        "published_source": "json-ld", "uri": f"upload/{number}.pdf", "start": 10, "end": 10 + len(quote), "page": 3,
    }  # fmt: skip
    return Citation(**(same | more), number=number, quote=quote)


def kept(first: str = TALKS, **more: Any) -> KeptAnswer:
    positions = (
        Position(value="7 May", citations=(1,), publisher="Tarn Courier", published="2025-05", origins=2, documents=3),
        Position(value="9 May", citations=(2,), publisher="North Post", standing="expected", outvoted=True),
    )
    answer = Answer(
        id="ans_1",
        question="When did they end?",
        query="When did the talks end?",
        rewritten_by="rule",
        verdict="conflicting",
        text="7 May [1] 9 May [2]",
        short="7 May / 9 May",
        confidence=0.8,
        statements=(
            Statement(text=first, citations=(1,), status="verified", attribution="Tarn Courier (May 2025)"),
            Statement(text="They end on 9 May.", citations=(2,), status="weak"),
        ),
        citations=(
            cited(1, first),
            cited(2, "They end on 9 May.", document_id="doc_2", publisher=None, published=None),
        ),
        conflicts=(Conflict(about="When did the talks end", kind="date", positions=positions),),
        timeline=positions[:1],
        evidence=tuple(
            EvidenceView(chunk_id="c", document_id=f"doc_{n}", number=n, rank=n, score=1.0, start=0, end=9, text=text)
            for n, text in ((1, first), (2, "They end on 9 May."))
        ),
        filters=FiltersView(publisher="Tarn Courier", since="2025", detected=True),
        answered_by="extractive",
        settings_hash="0123456789ab",
        generation="gen_1",
    )
    return KeptAnswer(asked_at="2025-11-16T10:00:00+00:00", answer=answer.model_copy(update=more))


def erased(number: int) -> KeptAnswer:
    """The same after one of its documents was erased."""
    content = without_document(kept().answer.model_dump(mode="json"), f"doc_{number}")
    return kept().model_copy(update={"answer": Answer.model_validate(content), "erased": (f"doc_{number}",)})


def written(answer: KeptAnswer, form: Format) -> str:
    """The text of an export as a reader of its format sees it."""
    content = export_answer(answer, form).content
    if form != "docx":
        return content.decode("utf-8-sig")
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([one.text for one in document.paragraphs] + cells)


PROOF = (
    "When did they end?", "The sources disagree", "7 May", "9 May", "North Post", "Tarn Courier", "I. Brandt", "Headline 1",
    "May 2025", "as its metadata says", "page 3", "characters 10 to", "doc_1", "upload/1", "When did the talks end",
    "rewritten by rule", "only Tarn Courier", "0123456789ab", "gen_1", "2025-11-16T10:00:00+00:00", "expected", "outvoted",
    "3 documents of 2 independent reports", "undated", "outlet not stated", "only in part",
)  # fmt: skip


@pytest.mark.parametrize("form", ["markdown", "docx"])
@pytest.mark.parametrize("part", PROOF)
def test_a_reader_finds_what_proves_the_answer(form: Format, part: str) -> None:
    assert part in written(kept(), form).replace("\\", "")


def test_markdown_has_a_footnote_for_each_citation_and_each_is_called() -> None:
    text = written(kept(), "markdown")
    assert "The talks ended on 7 May without agreement.[^1]" in text
    assert (
        "\n[^1]: Tarn Courier, I. Brandt, Headline 1, report, May 2025 (day not known, as its metadata says). “The talks"
        in text
    )
    assert "\n[^2]: " in text and "| 2 origins[^" not in text


def test_csv_has_one_row_for_each_citation_with_the_exact_quote() -> None:
    rows = list(csv.DictReader(io.StringIO(written(kept(), "csv"), newline="")))
    assert [(row["number"], row["quote"], row["page"]) for row in rows] == [
        ("1", TALKS, "3"),
        ("2", "They end on 9 May.", "3"),
    ]
    assert rows[0]["statements"] == TALKS and rows[0]["published_source"] == "json-ld"


def test_json_is_the_kept_answer_again() -> None:
    assert KeptAnswer.model_validate_json(written(kept(), "json")) == kept()


@pytest.mark.parametrize("form", ["markdown", "docx", "csv", "json"])
def test_an_erased_document_has_left_every_form_and_it_says_so(form: Format) -> None:
    text = written(erased(1), form)
    assert "ended" not in text and "Headline 1" not in text
    assert "erased" in text and "Headline 2" in text and "They end on 9 May." in text.replace("\\", "")


@pytest.mark.parametrize("form", ["markdown", "docx", "csv"])
def test_a_removed_document_is_still_quoted_and_marked(form: Format) -> None:
    text = written(kept().model_copy(update={"removed": ("doc_1",)}), form)
    assert "without agreement" in text and "removed" in text


@pytest.mark.parametrize("form", ["markdown", "docx", "csv", "json"])
def test_an_answer_that_is_not_stated_shows_what_came_nearest(form: Format) -> None:
    bare: dict[str, Any] = {"verdict": "not_stated", "statements": (), "citations": (), "conflicts": (), "timeline": ()}
    text = written(kept(**bare, text="The documents don't say.", short="", missing=("the date",)), form)
    assert "The documents don't say." in text.replace("\\", "") or form == "csv"
    assert "When did they end?" in text
    if form in ("markdown", "docx"):
        assert "Nearest passages" in text and "without agreement" in text and "Not found: the date" in text


RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def test_no_markup_of_a_document_reaches_a_markdown_reader() -> None:
    answer = kept(HOSTILE, question=HOSTILE, short=HOSTILE)
    tokens = RENDERER.parse(written(answer, "markdown"))
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds == {"text", "strong_open", "strong_close"}
    assert [token.type for token in tokens].count("table_open") == 2
    assert not {"html_block", "fence", "blockquote_open"} & {token.type for token in tokens}
    headings = [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]
    assert len(headings) == 5


@given(st.text() | st.text("#-+=>*_~`|[]()!<&:.1 \t\nw@/\\$^", max_size=40))
def test_escaped_text_is_read_as_that_text_and_nothing_else(text: str) -> None:
    tokens = RENDERER.parse(escaped(text))
    shown = " ".join(printable(text).split())
    assert [token.type for token in tokens] == (["paragraph_open", "inline", "paragraph_close"] if shown else [])
    for token in tokens[1:2]:
        assert {child.type for child in token.children or ()} == {"text"}
        assert "".join(child.content for child in token.children or ()) == shown


@given(st.text() | st.from_regex(r"[\s\u200b\ufeff]*[=+\-@\uff1d\uff20\ufe62].*", fullmatch=True))
def test_no_cell_begins_as_a_formula(text: str) -> None:
    shown = inert(text)
    assert shown.lstrip()[:1] not in tuple("=+-@") and shown[:1] not in tuple("\t\r\n")
    assert shown.removeprefix("'") in (text.replace("\0", "\ufffd"), text.removeprefix("'"))


@settings(max_examples=20)
@given(st.text(), st.text())
def test_any_text_of_a_document_gives_a_file_that_opens(quote: str, title: str) -> None:
    answer = kept(quote, question=title or "?")
    assert docx.Document(io.BytesIO(export_answer(answer, "docx").content)).paragraphs
    assert len(list(csv.DictReader(io.StringIO(written(answer, "csv"), newline="")))) == 2


@pytest.mark.parametrize(
    ("form", "name"), [("markdown", "ans_1.md"), ("docx", "ans_1.docx"), ("csv", "ans_1.csv"), ("json", "ans_1.json")]
)
def test_a_file_is_named_by_its_answer(form: Format, name: str) -> None:
    assert export_answer(kept(), form).name == name


def test_a_whole_stripped_answer_can_be_exported() -> None:
    content = stripped(kept().answer.model_dump(mode="json"), question=ERASED)
    answer = kept().model_copy(update={"answer": Answer.model_validate(content), "erased": ("doc_1", "doc_2")})
    for form in ("markdown", "docx", "csv"):
        assert "talks" not in written(answer, form)
    assert json.loads(written(answer, "json"))["answer"]["text"] == ERASED
