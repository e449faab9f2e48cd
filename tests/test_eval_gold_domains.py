"""The corpora in eval/gold: every line is valid, every quote stands in its file, and the answers stand in the quotes.

What is wrong is named by domain and line only, so that a failing test says nothing of a sealed domain.
"""

from collections import Counter
from functools import cache

import pytest

from eval.classes import shows
from eval.domains.read import find_domains, load_cases
from eval.gold import KINDS
from eval.origin import ROOT
from index.load import parse_file
from index.values import Document

DOMAINS = {domain.name: domain for domain in find_domains(ROOT / "eval" / "gold")}
IN_QUOTES = ("fact", "time", "definition", "why")
"""Kinds whose answer is words of the documents, not a sum, a choice or a property of a file."""


@cache
def documents(name):
    return {
        path.name: Document(
            f"d-{path.name}", parsed.text, "text/plain", parsed.provenance, (), (str(path),), path.name, 1, "2025-01-01"
        )
        for path in sorted(DOMAINS[name].files.iterdir())
        if (parsed := parse_file(path, path.name, max_bytes=1_000_000))
    }


def faulty(name, is_fault):
    cases = [located.case for located in load_cases(DOMAINS[name], documents(name).values())]
    return [f"{name} line {case.line}" for case in cases if is_fault(case)]


def whole_text(name, case):
    return " ".join(documents(name)[item.document].text for item in case.evidence)


def test_there_are_open_and_sealed_domains_and_every_kind_is_asked_in_both():
    for sealed in (True, False):
        names = [name for name, domain in DOMAINS.items() if domain.sealed is sealed]
        assert len(names) == 3
        asked = Counter(
            located.case.kind for name in names for located in load_cases(DOMAINS[name], documents(name).values())
        )
        assert set(asked) == set(KINDS)


@pytest.mark.parametrize("name", DOMAINS)
def test_files_are_few_mixed_and_all_quoted_from(name):
    suffixes = {path.suffix for path in DOMAINS[name].files.iterdir()}
    assert 6 <= len(documents(name)) <= 9
    assert suffixes <= {".md", ".txt", ".csv", ".html", ".eml", ".json"}
    assert len(suffixes) >= 4
    quoted = {
        item.document
        for located in load_cases(DOMAINS[name], documents(name).values())
        for item in located.case.evidence
    }
    assert quoted == set(documents(name))


@pytest.mark.parametrize("name", DOMAINS)
def test_a_third_of_the_questions_sets_a_trap(name):
    traps = ("conflict", "unanswerable", "near_unanswerable")
    cases = [located.case for located in load_cases(DOMAINS[name], documents(name).values())]
    alike = [case for case in cases if case.not_in_headline and case.kind != "yesno"]
    assert (len(alike) + sum(case.kind in traps for case in cases)) * 3 >= len(cases) >= 24


@pytest.mark.parametrize("name", DOMAINS)
def test_every_quote_is_given_and_stands_in_its_file(name):
    assert faulty(name, lambda case: any(item.quote is None for item in case.evidence)) == []


@pytest.mark.parametrize("name", DOMAINS)
def test_answers_items_and_positions_stand_in_the_evidence(name):
    def is_fault(case):
        quotes = " | ".join(item.quote for item in case.evidence)
        return (
            (case.kind in IN_QUOTES and case.answers and not shows(quotes, case.answers))
            or not all(shows(whole_text(name, case), forms) for forms in case.items)
            or not all(shows(quotes, forms) for forms in case.positions)
        )

    assert faulty(name, is_fault) == []


@pytest.mark.parametrize("name", DOMAINS)
def test_no_accepted_form_holds_what_the_headline_may_not_hold(name):
    assert faulty(name, lambda case: any(shows(form, case.not_in_headline) for form in case.answers)) == []
