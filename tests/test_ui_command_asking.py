"""Commands that ask, as a person and as a script meet them."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from rag.values import Answer, Citation, Conflict, Position, Statement
from tests.commands import Invoke, invoking
from tests.fakes_ui import HARBOUR, FakeDossier, document
from ui.command.show.answer import show_answer
from ui.terminal import printable


@pytest.fixture
def dossier(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path / "data")


@pytest.fixture
def invoke(dossier: FakeDossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    monkeypatch.chdir(tmp_path)
    with invoking(dossier) as invoke:
        yield invoke


def test_an_answer_is_printed_with_its_quote_and_where_it_comes_from(invoke: Invoke) -> None:
    result = invoke("ask", "When did the harbour reopen?")
    assert result.exit_code == 0
    assert result.stdout.startswith("The documents say:\nThe harbour of Tarn reopened on 4 May. [1]\n")
    assert "[1] \u201cThe harbour of Tarn reopened on 4 May.\u201d" in result.stdout
    assert "Tarn Courier, I. Brandt, 2024-05-06" in result.stdout
    assert document(HARBOUR, "x").id in result.stdout


def test_not_stated_is_an_answer_with_the_nearest_passages(invoke: Invoke) -> None:
    result = invoke("ask", "Who invented paper?")
    assert result.exit_code == 0
    assert result.stdout.startswith("The documents do not say.")
    assert "Nearest passages:" in result.stdout


def test_json_is_the_answer_object_and_nothing_else(invoke: Invoke, dossier: FakeDossier) -> None:
    result = invoke(
        "ask", "When did the harbour reopen?", "--json", "--as-of", "2024-06", "--publisher", "Tarn Courier"
    )
    answer = json.loads(result.stdout)
    assert (answer["verdict"], answer["citations"][0]["publisher"]) == ("answered", "Tarn Courier")
    assert dossier.pipeline().asked[-1][2] == "2024-06"


def test_search_says_why_each_passage_ranks(invoke: Invoke) -> None:
    assert re.match(
        r"1\. 0\.0164 \(dense 1, lexical 1\)  Tarn Courier, 2024-05-06, A note\n", invoke("search", "harbour").stdout
    )
    assert json.loads(invoke("search", "harbour", "--top-k", "1", "--json").stdout)["hits"][0]["text"] == HARBOUR
    assert invoke("search", "zebra").stdout == "No passage was found.\n"


def test_a_wrong_date_names_the_option(invoke: Invoke) -> None:
    assert "--as-of: " in invoke("ask", "x", "--as-of", "soon").stderr


def test_what_a_document_says_never_reaches_the_terminal_as_an_escape(invoke: Invoke, dossier: FakeDossier) -> None:
    made = document("Zebras \x1b]0;owned\x07 and \u202eslow [bold]zebras[/bold].", "/n/z", title="\x1b[2Jtitle")
    dossier.collection().held[made.id] = made
    for args in (("search", "zebras"), ("documents",), ("ask", "Are zebras slow?")):
        shown = invoke(*args).stdout
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    assert "[bold]" in invoke("search", "zebras").stdout


def test_printable_keeps_ordinary_text_of_any_language() -> None:
    text = "naïve\t日本語\nعربى co\u00adop 👩\u200d🌾 می\u200cخواهم"
    assert printable(text) == text


def on_terminal(show: Callable[[Console], None], *, width: int = 80, colour: bool = False) -> str:
    written = io.StringIO()
    console = Console(
        file=written, force_terminal=True, width=width, no_color=not colour, markup=False, highlight=False, emoji=False
    )
    show(console)
    return written.getvalue()


def answer_of(**more: Any) -> Answer:
    """An answer with a conflict of two positions."""
    citations = tuple(
        Citation(
            number=number,
            document_id=f"doc_{number}",
            chunk_id=f"doc_{number}:0",
            title="A note",
            publisher=publisher,
            published="2022-03-01",
            published_precision="day",
            published_source="front matter",
            quote=f"The blast hurt {value} people.",
            start=0,
            end=10,
        )
        for number, publisher, value in ((1, "Tarn Courier", 14), (2, "Northern Post", 19))
    )
    positions = tuple(
        Position(value=value, citations=(one.number,), publisher=one.publisher, published=one.published)
        for one, value in zip(citations, ("14", "19"), strict=True)
    )
    said = tuple(Statement(text=one.quote, citations=(one.number,), status="verified") for one in citations)
    values: dict[str, Any] = {
        "id": "ans_1",
        "question": "How many were hurt?",
        "query": "How many were hurt?",
        "verdict": "conflicting",
        "text": "The blast hurt 14 people. [1] The blast hurt 19 people. [2]",
        "short": "",
        "confidence": 0.9,
        "statements": said,
        "citations": citations,
        "conflicts": (Conflict(about="how many were hurt", positions=positions),),
        "answered_by": "extractive",
        "settings_hash": "0",
        "generation": "g1",
    }
    return Answer(**{**values, **more})


def test_on_a_terminal_positions_stand_side_by_side() -> None:
    shown = on_terminal(lambda console: show_answer(console, answer_of()))
    assert any("14" in line and "19" in line and "│" in line for line in shown.splitlines())
    assert "1 March 2022 (as its front matter says)" in shown


def test_on_a_terminal_the_bare_answer_stands_in_a_frame() -> None:
    shown = on_terminal(lambda console: show_answer(console, answer_of(verdict="answered", short="14", conflicts=())))
    frame = shown.splitlines()[1:4]
    assert [line[0] for line in frame] == ["╭", "│", "╰"] and "14" in frame[1]


@pytest.mark.parametrize("width", [30, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    shown = on_terminal(lambda console: show_answer(console, answer_of()), width=width)
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in shown.splitlines()) <= width


def test_a_title_leads_to_its_file_only_where_there_is_one_and_its_name_steers_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a \x1b]0;x\x07 note.txt"
    file.write_text("x")
    for uri, links in ((str(file), True), (str(tmp_path / "gone.txt"), False), ("upload/x.txt", False)):
        cited = answer_of().citations[0].model_copy(update={"uri": uri})
        shown = on_terminal(
            lambda console, cited=cited: show_answer(console, answer_of(citations=(cited,))), colour=True
        )
        assert ("]8;" in shown) == links
        assert "\x07" not in shown and "]0;x" not in shown
        assert not links or "%1B%5D0%3Bx%07" in shown


def test_without_colour_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, invoke: Invoke) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = invoke("ask", "When did the harbour reopen?").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    plain = invoke("ask", "When did the harbour reopen?").stdout
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", coloured)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", plain)


def test_no_color_is_an_option_too(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    assert invoke("--no-color", "documents").exit_code == 0
    assert os.environ["NO_COLOR"] == "1"


def test_one_question_may_be_asked_without_the_model_and_more_strictly(invoke: Invoke, dossier: FakeDossier) -> None:
    result = invoke("ask", "When did the harbour reopen?", "--no-llm", "--strictness", "strict", "--json")
    kept = dossier.collection().answers.answer(json.loads(result.stdout)["id"])
    assert (kept.asked["llm"], kept.asked["strictness"]) == (False, "strict")
    assert invoke("ask", "x", "--llm", "openai+http://127.0.0.1/v1?model=m", "--no-llm").exit_code == 2
