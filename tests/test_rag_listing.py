"""Lists that are shown whole, and the nearest passages where more than a bare value is asked for; over a real collection."""

from collections.abc import Iterator

import pytest

from index.files import find_files
from rag.answer.findings import find
from rag.answer.prose import NEAREST_SAY
from rag.build import Dossier, open_dossier
from rag.gate.verify import VerifiedStatement
from rag.settings import Settings
from rag.values import Answer, Quote

FILES = {
    "fan.md": """# Exhaust fan, notes for members

## When the fan stops

1. Switch off every kiln at the red lever.
2. Open both roof windows.
3. Telephone the warden on 4471.

The warden decides whether a firing may be finished.

## Duties of the evening helper

- Sweep the glaze room
- Count the tools
- Lock the yard gate
- Write the log

The helper is paid 12 crowns an evening.
""",
    "shelf.txt": "Shelves are let by the month. A shelf costs 8 crowns. Whoever leaves gives the key back to the warden.\n",
}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dossier]:
    folder = tmp_path_factory.mktemp("studio")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    with open_dossier(Settings(data=folder / "data")) as dossier:
        dossier.collection(create=True).ingest(find_files([folder / name for name in FILES], max_files=9).files)
        yield dossier


def ask(dossier: Dossier, question: str) -> Answer:
    return dossier.pipeline().answer(question)


def test_steps_are_shown_whole_and_in_order_under_their_heading(studio: Dossier) -> None:
    answer = ask(studio, "What are the steps when the exhaust fan stops?")
    assert answer.kind in ("howto", "list") and not answer.short
    assert [item.split(" ", 1)[1][:10] for item in answer.items] == ["Switch off", "Open both ", "Telephone "]
    assert "When the fan stops" in answer.text and "paid 12 crowns" not in answer.text
    assert all(one.status == "verified" for one in answer.statements)


def test_how_many_items_a_list_has_is_counted_and_the_items_are_shown(studio: Dossier) -> None:
    answer = ask(studio, "How many duties does the evening helper have?")
    assert answer.short == "4" and len(answer.items) == 4
    assert "Lock the yard gate" in answer.items


def test_a_list_of_thousands_of_items_is_not_shown(studio: Dossier, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("long")
    items = "\n".join(f"- Tool number {n} of the workshop" for n in range(2_000))
    (folder / "tools.md").write_text(f"# Tools of the workshop\n\n{items}\n", encoding="utf-8")
    with open_dossier(Settings(data=folder / "data")) as dossier:
        dossier.collection(create=True).ingest(find_files([folder / "tools.md"], max_files=9).files)
        assert len(ask(dossier, "List the tools of the workshop.").items) <= 30


def test_under_the_threshold_the_nearest_is_shown_only_where_it_may_be() -> None:
    statement = VerifiedStatement("The yard is locked.", (Quote(1, 0, 19),), "verified", {})
    refused = find([], [statement], [], 0.2, 0.38)
    assert not refused.statements and refused.nearness == "nothing"
    quoted = find([], [statement], [], 0.2, 0.38, quoted_from=0.08)
    assert quoted.statements == (statement,) and quoted.nearest
    assert not find([], [statement], [], 0.05, 0.38, quoted_from=0.08).statements
    assert not find([], [statement], [], 0.5, 0.38, quoted_from=0.08).nearest


def test_what_is_only_near_has_no_headline_and_says_so(studio: Dossier) -> None:
    found = [ask(studio, q) for q in ("Is the warden asked before a firing is finished?", "why is the yard locked")]
    for answer in found:
        if answer.text.startswith(NEAREST_SAY):
            assert not answer.short and answer.citations
