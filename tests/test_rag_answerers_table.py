"""Cells looked up by row and head, over a real collection of tables in several formats."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from index.files import find_files
from index.outline import row_at
from index.values import Span
from rag.answerers.table.values import value_of
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


RANGES = """# Night work

| Years of service | Nights off | Bonus |
|---|---|---|
| up to 2 years | 1 | 40 |
| 3 to 6 years | 3 | 65 |
| over 6 years | 5 | 90 |
"""
DOSES = "weight_from_kg,weight_to_kg,morning_ml\n10,14,3\n15,24,5\n25,40,8\n"
ORDERS = """Order;Customer;Total
70-1;Reed Marina;120,50
70-2;Reed Marina;80,00
70-3;Hoff Yard;310,25
70-4;Reed Marina;99,50
"""


@pytest.fixture(scope="module")
def sums(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dossier]:
    folder = tmp_path_factory.mktemp("sums")
    texts = {"night-work.md": RANGES, "doses.csv": DOSES, "orders.csv": ORDERS}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    with open_dossier(Settings(data=folder / "data")) as dossier:
        dossier.collection(create=True).ingest(find_files([folder / name for name in texts], max_files=9).files)
        yield dossier


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("How many nights off after 4 years of service?", "3"),
        ("What bonus do I get with 9 years of service?", "90"),
        ("How many ml in the morning for a child of 20 kg weight?", "5"),
        ("Which order has the highest total?", "70-3 (310,25)"),
        ("Which order had the lowest total?", "70-2 (80,00)"),
        ("What is the sum of the total column for Reed Marina?", "300"),
        ("How many orders did Reed Marina place?", "3"),
    ],
)
def test_ranges_extremes_sums_and_counts_come_from_the_rows(sums: Dossier, question: str, short: str) -> None:
    answer = ask(sums, question)
    assert answer.short == short
    assert answer.citations and all(one.status == "verified" for one in answer.statements)


def test_a_number_that_lies_in_no_range_has_no_row(sums: Dossier) -> None:
    assert ask(sums, "How many ml in the morning for a child of 55 kg weight?").short not in ("3", "5", "8")


def test_numbers_are_read_as_they_are_written() -> None:
    assert value_of("20.115,75 kg").number == Decimal("20115.75")
    assert value_of("-").number is None and value_of("12 to 14").number is None
    assert value_of("below 15 ml").holds(Decimal(3)) and not value_of("below 15 ml").holds(Decimal(16))
    assert value_of("65 or older").holds(Decimal(80)) and value_of("over EUR 80,000").holds(Decimal(90000))
