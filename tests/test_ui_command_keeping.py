"""Commands over kept answers: listed, asked again, exported, judged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Invoke, invoking, one_line
from tests.fakes_ui import FakeDossier


@pytest.fixture
def dossier(tmp_path: Path) -> FakeDossier:
    return FakeDossier(tmp_path / "data")


@pytest.fixture
def invoke(dossier: FakeDossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    monkeypatch.chdir(tmp_path)
    with invoking(dossier) as invoke:
        yield invoke


def asked(invoke: Invoke, question: str, *more: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(invoke("ask", question, "--json", *more).stdout)
    return answer


def test_kept_answers_are_listed_newest_first(invoke: Invoke) -> None:
    first, second = (
        asked(invoke, question)["id"] for question in ("When did the harbour reopen?", "Who invented paper?")
    )
    listed = invoke("answers").stdout.splitlines()
    assert [line.split()[0] for line in listed[:-1]] == [second, first]
    assert "When did the harbour reopen?  ->  The harbour of Tarn reopened on 4 May." in listed[1]
    assert listed[-1] == "2 answers"
    found = json.loads(invoke("answers", "--limit", "1", "--json").stdout)
    assert (found["total"], [one["id"] for one in found["answers"]]) == (2, [second])


def test_a_conversation_goes_on_by_its_id_and_shows_what_was_searched(invoke: Invoke) -> None:
    thread = asked(invoke, "When did the harbour reopen?", "--thread", "new")["thread"]
    result = invoke("ask", "And the market?", "--thread", thread)
    assert re.match(r"Searched as: .*market.*harbour", result.stdout)
    assert result.stdout.endswith(f"dossier ask --thread {thread} QUESTION\n")
    unknown = invoke("ask", "And the market?", "--thread", "thr_x")
    assert (unknown.exit_code, one_line(unknown.stderr), "--thread new" in unknown.stderr) == (1, True, True)


def test_a_replay_says_that_nothing_changed_or_what_did(invoke: Invoke, dossier: FakeDossier) -> None:
    answer = asked(invoke, "When did the harbour reopen?")
    assert invoke("replay", answer["id"]).stdout.startswith("When did the harbour reopen?\nNothing changed.\n")
    dossier.collection().held.clear()
    told = invoke("replay", answer["id"]).stdout
    assert "  verdict: was answered, is not stated\n" in told
    assert "  - The harbour of Tarn reopened on 4 May.\n  - source: Tarn Courier, 2024-05-06, A note\n" in told
    assert json.loads(invoke("replay", answer["id"], "--json").stdout)["changes"]["changed"] is True
    assert invoke("answers").stdout.endswith("1 answers\n")
    assert invoke("replay", answer["id"], "--keep").exit_code == 0
    assert invoke("answers").stdout.endswith("2 answers\n")


def test_changes_are_told_with_how_many_answers_they_are_of(invoke: Invoke) -> None:
    asked(invoke, "When did the harbour reopen?")
    assert invoke("changes").stdout == "0 changed of 0 since which documents came or went.\n"
    assert json.loads(invoke("changes", "--json").stdout) == {"outdated": 0, "changed": []}


@pytest.mark.parametrize(("form", "suffix"), [("markdown", "md"), ("docx", "docx"), ("csv", "csv"), ("json", "json")])
def test_an_answer_is_exported_to_a_file(invoke: Invoke, tmp_path: Path, form: str, suffix: str) -> None:
    answer = asked(invoke, "When did the harbour reopen?")
    out = tmp_path / f"out.{suffix}"
    assert invoke("export", answer["id"], "--format", form, "--out", str(out)).stdout == f"Wrote {out}.\n"
    assert out.stat().st_size > 200
    invoke("export", answer["id"], "--format", form)
    assert (tmp_path / f"{answer['id']}.{suffix}").is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "ans_x"),
        ("replay", "ans_x"),
        ("replay", "../../etc"),
        ("export", ""),
        ("export", "ans_x", "--format", "pdf"),
    ],
)
def test_an_answer_that_does_not_exist_is_one_line_and_exit_1(
    invoke: Invoke, tmp_path: Path, arguments: list[str]
) -> None:
    before = set(tmp_path.iterdir())
    result = invoke(*arguments)
    assert (result.exit_code, one_line(result.stderr), set(tmp_path.iterdir())) == (1, True, before)


def test_feedback_is_listed_and_its_gold_cases_are_a_file(invoke: Invoke, dossier: FakeDossier, tmp_path: Path) -> None:
    answer = asked(invoke, "When did the harbour reopen?")
    case = {"id": "gold_1", "kind": "fact", "question": "When?", "answers": ["4 May"]}
    dossier.collection().feedback.add(
        answer["id"], "bad", caller="local", reasons=("wrong_answer",), comment="Not \x1b[2J so.", gold=case
    )
    told = invoke("feedback").stdout
    assert f"{answer['id']}  bad: wrong answer  (a gold case)\n" in told
    assert told.endswith("1 judgements\n") and "\x1b" not in told
    assert json.loads(invoke("feedback", "--json").stdout)["total"] == 1
    assert json.loads(invoke("gold").stdout) == case
    assert invoke("gold", "--out", "gold.jsonl").stdout.startswith("Wrote 1 cases to gold.jsonl.")
    assert json.loads((tmp_path / "gold.jsonl").read_text()) == case
