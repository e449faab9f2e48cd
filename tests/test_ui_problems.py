"""One table from error to problem document; nothing of an unforeseen error is shown."""

from __future__ import annotations

import json

import pytest

import index.errors as errors
from index.errors import DossierError
from ui.problems import PROBLEMS, Problem, busy, of_error, unexpected


def all_errors(base: type[DossierError]) -> list[type[DossierError]]:
    return [base, *(deeper for one in base.__subclasses__() for deeper in all_errors(one))]


def test_every_error_of_the_index_has_a_place_in_the_table() -> None:
    ours = [
        one
        for one in all_errors(DossierError)
        if one.__module__ == errors.__name__ and one not in (errors.FileRefused, errors.BackupRefused)
    ]
    assert len(ours) > 8
    assert {one.code for one in ours} <= set(PROBLEMS)


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_is_a_whole_document(code: str) -> None:
    problem = Problem(code, "Said so.")
    content = json.loads(bytes(problem.response().body))
    assert content == {
        "type": f"urn:dossier:problem:{code}",
        "title": PROBLEMS[code][1],
        "status": PROBLEMS[code][0],
        "detail": "Said so.",
    }
    assert problem.response().media_type == "application/problem+json"


@pytest.mark.parametrize(
    "error",
    [errors.StorageFailed, errors.ModelUnavailable, errors.DirectoryOwned, errors.SettingInvalid, errors.ModelChanged],
)
def test_messages_that_may_hold_paths_are_not_shown(error: type[DossierError]) -> None:
    problem = of_error(error("/home/someone/x is broken"))
    assert "someone" not in str(problem.content())
    assert "dossier " in str(problem.detail)


def test_what_the_caller_named_is_shown() -> None:
    assert of_error(errors.UnknownDocument("There is no 'x'.")).detail == "There is no 'x'."


def test_an_unknown_code_is_a_plain_error() -> None:
    class Strange(DossierError):
        code = "strange"

    assert of_error(Strange("secret")).code == "error"


def test_two_unforeseen_errors_have_two_ids(caplog: pytest.LogCaptureFixture) -> None:
    first, second = unexpected(RuntimeError("one")), unexpected(RuntimeError("two"))
    assert first.detail != second.detail
    assert "RuntimeError: one" in caplog.text
    assert "one" not in first.detail


def test_busy_says_when_to_come_back() -> None:
    assert busy("Full.", retry_after_s=5).response().headers["retry-after"] == "5"


@pytest.mark.parametrize("code", sorted(code for code, (status, _) in PROBLEMS.items() if status == 503))
def test_whoever_is_sent_away_for_now_is_told_when_to_come_back(code: str) -> None:
    assert int(Problem(code, "Later.").response().headers["retry-after"]) >= 1
    assert Problem(code, "Later.", headers={"Retry-After": "30"}).response().headers["retry-after"] == "30"
