"""Cells looked up by row and head, over a real collection of tables in several formats."""

from collections.abc import Iterator

import pytest

from index.files import find_files
from index.outline import row_at
from index.values import Span
from rag.build import Dossier, open_dossier
from rag.settings import Settings
from rag.values import Answer

HTML = """<html><body><h1>Kiln hire</h1><table>
<tr><th>Kiln</th><th>Weekday fee</th><th>Weekend fee</th><th>Key holder</th></tr>
<tr><td>Small raku kiln</td><td>18</td><td>25</td><td>Orla Venn</td></tr>
<tr><td>Large raku kiln</td><td>30</td><td>44</td><td>Bo Ruck</td></tr></table></body></html>"""
CSV = "Glasur;Preis (EUR);Lager\nSeladon;12,40;8\nTenmoku;9,10;31\n"
MARKDOWN = "# Shifts 2025\n\n| Week | Fires the kiln | Cleans |\n|---|---|---|\n| 3-9 March | Orla Venn | Bo Ruck |\n| 10-16 March | Ida Moss | Orla Venn |\n"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dossier]:
    folder = tmp_path_factory.mktemp("tables")
    for name, text in (("hire.html", HTML), ("glasuren.csv", CSV), ("shifts.md", MARKDOWN)):
        (folder / name).write_text(text, encoding="utf-8")
    with open_dossier(Settings(data=folder / "data")) as dossier:
        dossier.collection(create=True).ingest(
            find_files([folder / n for n in ("hire.html", "glasuren.csv", "shifts.md")], max_files=9).files
        )
        yield dossier


def ask(dossier: Dossier, question: str) -> Answer:
    return dossier.pipeline().answer(question)


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("What is the weekend fee of the large raku kiln?", "44"),
        ("weekday fee small raku kiln", "18"),
        ("Who is the key holder of the small raku kiln?", "Orla Venn"),
        ("Was ist der Preis der Glasur Tenmoku?", "9,10"),
        ("Who cleans in the week 10-16 March?", "Orla Venn"),
    ],
)
def test_the_cell_of_the_row_and_the_head_that_are_named_is_the_answer(
    tables: Dossier, question: str, cell: str
) -> None:
    answer = ask(tables, question)
    assert answer.short == cell and answer.verdict == "answered"
    assert cell in answer.citations[0].quote and all(one.status == "verified" for one in answer.statements)


def test_a_row_that_the_table_does_not_hold_gives_no_cell(tables: Dossier) -> None:
    assert ask(tables, "What is the weekend fee of the gas kiln?").short not in ("25", "44")
    assert ask(tables, "What was the weekend fee of the large raku kiln in 2019?").short != "44"


def test_a_line_of_prose_is_no_row() -> None:
    text = "The fee is due in May: nobody pays later; the rest is free."
    assert row_at(text, Span(0, len(text))) is None
