"""The sample briefs are in our own words and complete, and the gold set quotes them exactly."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from eval.gold import read_gold
from tests.shared import SHARED_SEEDS, needs_shared

ROOT = Path(__file__).resolve().parents[1]
BRIEFS = sorted((ROOT / "seeds").glob("0*.md"))
GOLD = ROOT / "eval" / "gold" / "seeds.jsonl"

KINDS = {"report", "analysis", "opinion", "machine-assisted"}
SHARED_RUN_WORDS = 9
LONG_SENTENCE_CHARS = 90
LONGEST_QUOTATION_WORDS = 11
LEAST_OF_A_KIND = {"fact": 26, "multi": 8, "conflict": 8, "time": 8, "unanswerable": 14}
SMALL_WORDS = {"and", "the", "a", "in", "then", "of"}

SOURCES: dict[str, dict[str, str]] = {
    "000_dbb69bf92b358817.txt": {"publisher": "Azad News HD", "kind": "report"},
    "001_f9c1bf764bd4cb91.txt": {"publisher": "Nishadil", "published": "2025-11-10", "kind": "machine-assisted"},
    "002_2061cfa4f251eae2.txt": {
        "publisher": "The News on Sunday",
        "author": "Mariam Khan",
        "published": "2025-11-16",
        "kind": "report",
    },
    "003_335d2be2bc4aada0.txt": {"publisher": "Azad News HD", "kind": "analysis"},
    "004_3d7eaf6e210601aa.txt": {"author": "Faiza Abid", "kind": "opinion"},
}

FIGURES_AND_NAMES: dict[str, str] = {
    "000": "November 6|August 2021|1.7 million|1980s|$2 billion|CASA-1000|TAPI|APTTA|CPEC|BRI|UNAMA|OIC|Xinjiang|"
    "Tahir Hussain Andrabi|Noor Wali Mehsud|Mohammad Hassan Akhund|Hibatullah Akhundzada|General Syed Asim Munir|"
    "Dr. Huma Baqai|Rustam Shah Mohmand|Kunar|Nangarhar|Paktika|Khyber Pakhtunkhwa|Balochistan|Durand Line|on a Friday",
    "001": "November 10, 2025|Mumtaz Zahra Baloch|international partners|artificial intelligence|TTP|sovereign equality",
    "002": "October 18|November 16, 2025|Doha|Istanbul|Mariam Khan|Azaz Syed|Geo News|$6 billion|muhajireen|fatwa|"
    "Kandahar|Rawalpindi|Mullah Abdul Ghani Baradar|Mullah Yaqoob|Iran|Turkiye|Qatar|Erdoğan|Punjab|IBA Karachi",
    "003": "2,600-kilometre|over 3 million|August 2021|2022|over two years|hundreds of thousands|Zabihullah Mujahid|"
    "Noor Wali Mehsud|Torkham|Spin Boldak|Chaman|North Waziristan|Bajaur|Chitral|ISI|PPP|PTI|China|Russia|Iran|"
    "Qatar|millions every day|on a Tuesday",
    "004": "Faiza Abid|CASS|Lahore|October 2025|this month|three sessions|Qatar and Turkey|Jabhat al-Ribaat|JRA|"
    "Greater Afghanistan|Indian proxies|Kunar|Paktika|Nangarhar|layered deterrence|assets",
}


def parts_of(brief: Path) -> tuple[dict[str, Any], str]:
    """The front matter as a mapping, and the body."""
    _, front, body = brief.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+(?:[-'][a-z0-9]+)*", text.lower().replace("’", "'").replace("‘", "'"))


def unquoted(text: str) -> list[str]:
    """The pieces of a text outside its quotation marks; a run of words never spans a quotation."""
    return re.split(r'"[^"]*"|“[^”]*”', text)


def shared_runs(pieces: list[str], original: str, length: int) -> list[str]:
    """Every run of `length` words that stands both in a piece and in the original."""
    words = words_of(original)
    known = {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}
    found = []
    for piece in pieces:
        own = words_of(piece)
        runs = (tuple(own[start : start + length]) for start in range(len(own) - length + 1))
        found += [" ".join(run) for run in runs if run in known]
    return found


def gold_rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]


def quoted(row: dict[str, Any]) -> str:
    return "\n".join(evidence["quote"] for evidence in row["evidence"]).lower()


def test_there_is_one_brief_for_each_of_the_five_articles() -> None:
    assert [parts_of(brief)[0]["condenses"] for brief in BRIEFS] == list(SOURCES)


@pytest.mark.parametrize("brief", BRIEFS, ids=lambda brief: brief.name)
def test_front_matter_says_what_the_article_says_of_itself_and_no_more(brief: Path) -> None:
    front, _ = parts_of(brief)
    assert front.pop("title")
    condenses = front.pop("condenses")
    assert front["kind"] in KINDS
    assert {key: str(value) for key, value in front.items()} == SOURCES[condenses]


@pytest.mark.parametrize("brief", BRIEFS, ids=lambda brief: brief.name)
def test_the_figures_and_names_of_the_article_are_in_its_brief(brief: Path) -> None:
    front, body = parts_of(brief)
    expected = FIGURES_AND_NAMES[front["condenses"][:3]].split("|")
    assert [name for name in expected if name not in body] == []


def test_the_disagreements_are_left_standing_and_each_brief_knows_only_its_own_side() -> None:
    bodies = {parts_of(brief)[0]["condenses"][:3]: parts_of(brief)[1] for brief in BRIEFS}
    sides = {"1.7 million": "000", "3 million": "003", "$2 billion": "000", "$6 billion": "002"}
    sides |= {"Andrabi": "000", "Baloch ": "001", "November 6": "000", "October 18": "002"}
    for said, by in sides.items():
        assert [name for name, body in bodies.items() if said in body] == [by], said


@pytest.mark.parametrize("brief", BRIEFS, ids=lambda brief: brief.name)
def test_a_paragraph_is_one_line_so_that_quotes_are_contiguous(brief: Path) -> None:
    _, body = parts_of(brief)
    lines = body.strip("\n").split("\n")
    assert all(line == "" for line in lines[1::2])
    assert all(line.strip() for line in lines[0::2])


@pytest.mark.parametrize("brief", BRIEFS, ids=lambda brief: brief.name)
def test_direct_quotations_are_short(brief: Path) -> None:
    quotations = re.findall(r'"([^"]*)"', parts_of(brief)[1])
    assert [quotation for quotation in quotations if len(words_of(quotation)) > LONGEST_QUOTATION_WORDS] == []


def test_a_copied_run_is_found_across_case_and_punctuation_but_not_inside_a_quotation() -> None:
    original = "The mayor of the small town said that the old bridge would close."
    copied = "It is plain: THE MAYOR, of the small town, said that it was late."
    quoted_run = 'It is plain: "the mayor of the small town said that" was on a poster.'
    assert shared_runs(unquoted(copied), original, 8) == ["the mayor of the small town said that"]
    assert shared_runs(unquoted(quoted_run), original, 8) == []


@needs_shared
@pytest.mark.parametrize("brief", BRIEFS, ids=lambda brief: brief.name)
@pytest.mark.parametrize("article", SOURCES)
def test_no_run_of_nine_words_is_shared_with_an_article(brief: Path, article: str) -> None:
    original = (SHARED_SEEDS / article).read_text(encoding="utf-8")
    front, body = parts_of(brief)
    assert shared_runs([front["title"], *unquoted(body)], original, SHARED_RUN_WORDS) == []


@needs_shared
@pytest.mark.parametrize("article", SOURCES)
def test_no_long_sentence_of_an_article_stands_in_any_brief(article: str) -> None:
    original = (SHARED_SEEDS / article).read_text(encoding="utf-8")
    sentences = [
        piece for piece in re.split(r"(?<=[.!?])[”\"’]?\s+|\n+", original) if len(piece) >= LONG_SENTENCE_CHARS
    ]
    assert len(sentences) >= 10
    ours = " ".join(" ".join(words_of(parts_of(brief)[1])) for brief in BRIEFS)
    assert [sentence for sentence in sentences if " ".join(words_of(sentence)) in ours] == []


def test_the_gold_file_is_read_without_a_problem() -> None:
    cases, problems = read_gold(GOLD)
    assert problems == []
    assert len(cases) == len(gold_rows())


def test_gold_ids_count_up_and_questions_are_asked_once() -> None:
    rows = gold_rows()
    assert [row["id"] for row in rows] == [f"g{number:03d}" for number in range(1, len(rows) + 1)]
    assert len({row["question"].casefold() for row in rows}) == len(rows)


def test_every_kind_of_question_is_there_often_enough_and_no_other() -> None:
    kinds = [row["kind"] for row in gold_rows()]
    assert set(kinds) == set(LEAST_OF_A_KIND)
    assert {kind: kinds.count(kind) >= least for kind, least in LEAST_OF_A_KIND.items()} == dict.fromkeys(
        LEAST_OF_A_KIND, True
    )


def test_every_gold_quote_stands_in_the_body_of_the_brief_it_names() -> None:
    bodies = {brief.name: parts_of(brief)[1] for brief in BRIEFS}
    missing = [
        (row["id"], evidence["quote"])
        for row in gold_rows()
        for evidence in row["evidence"]
        if evidence["quote"] not in bodies[evidence["document"]]
    ]
    assert missing == []


def test_an_answer_to_a_fact_or_time_question_stands_in_its_evidence() -> None:
    rows = [row for row in gold_rows() if row["kind"] in {"fact", "time"}]
    assert [row["id"] for row in rows if not any(form.lower() in quoted(row) for form in row["answers"])] == []


def test_a_multi_question_has_two_passages_and_they_hold_the_words_of_an_answer() -> None:
    for row in (row for row in gold_rows() if row["kind"] == "multi"):
        assert len({(evidence["document"], evidence["quote"]) for evidence in row["evidence"]}) >= 2, row["id"]
        told = set(words_of(quoted(row))) | SMALL_WORDS
        assert any(set(words_of(form)) <= told for form in row["answers"]), row["id"]


def test_a_conflict_question_has_two_positions_that_each_stand_in_its_evidence() -> None:
    for row in (row for row in gold_rows() if row["kind"] == "conflict"):
        assert len(row["positions"]) >= 2, row["id"]
        assert all(any(form.lower() in quoted(row) for form in position) for position in row["positions"]), row["id"]


def test_an_unanswerable_question_has_neither_answer_nor_evidence() -> None:
    for row in (row for row in gold_rows() if row["kind"] == "unanswerable"):
        assert not row.get("answers") and not row.get("positions") and not row["evidence"], row["id"]
