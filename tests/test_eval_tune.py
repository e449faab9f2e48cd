"""`dossier eval GOLD.jsonl --tune`: a threshold for a target error, and an error that is not the one it was chosen for."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from eval import run
from eval.tune import NotTunable, Tried, choose, curve_of, describe, left_out, tried_of, tune
from index.errors import SettingInvalid
from index.files import find_files
from rag.build import open_dossier
from rag.settings import load_settings, write_setting
from tests.eval_fakes import TEXTS, FakePipeline, MemoryCorpus
from tests.test_eval_gold import write
from tests.test_eval_run import CASES, ask

tried = st.builds(
    Tried,
    confidence=st.sampled_from([-1.0, 0.0, 0.1, 0.2, 0.5, 0.8, 0.9]),
    right=st.booleans(),
    answerable=st.just(True),
) | st.builds(Tried, confidence=st.floats(0, 1), right=st.just(False), answerable=st.just(False))


@given(st.lists(tried, max_size=30), st.floats(0, 1))
def test_the_chosen_threshold_keeps_the_target_and_answers_most(items, target):
    points = curve_of(items)
    chosen = choose(points, target)
    for point in points:
        shown = [item for item in items if item.confidence >= point.threshold]
        assert (point.answered, point.wrong) == (len(shown), sum(not item.right for item in shown))
        assert point.refused_rightly == sum(not item.answerable and item.confidence < point.threshold for item in items)
        if point.risk <= target:
            assert chosen is not None
            assert point.answered <= chosen.answered
    assert chosen is None or chosen.risk <= target


@given(st.lists(tried, max_size=12), st.floats(0, 1))
def test_the_expected_error_counts_only_what_is_answered(items, target):
    wrong, answered = left_out(items, target)
    assert 0 <= wrong <= answered <= sum(item.confidence >= 0 for item in items)


def test_an_error_that_was_chosen_for_is_not_what_is_promised():
    items = [Tried(0.9, True, True), Tried(0.8, False, False), Tried(0.7, True, True), Tried(0.6, True, True)]
    tuned = tune(items, 0.25)
    assert (tuned.chosen.threshold, tuned.chosen.risk) == (0.6, 0.25)
    assert tuned.expected == (1, 1)  # only the wrong one is let in by a threshold that the others choose
    assert tuned.interval.low < 0.25 < tuned.interval.high == 1


def test_a_question_with_nothing_to_show_is_refused_at_every_threshold():
    tuned = tune([Tried(0.9, True, True), Tried(-1.0, False, True), Tried(-1.0, False, False)], 0.5)
    assert [(point.threshold, point.answered, point.refused_rightly) for point in tuned.curve] == [(0.9, 1, 1)]


def test_a_target_that_no_threshold_reaches_is_refused_with_what_can_be_reached():
    with pytest.raises(NotTunable, match=r"keeps the error at 10%: the lowest that these questions reach is 50%"):
        tune([Tried(0.9, False, False), Tried(0.8, True, True), Tried(0.1, False, False)], 0.1)


def test_the_curve_is_printed_with_the_chosen_threshold_and_what_to_expect():
    items = [Tried(0.9 - n / 100, n % 5 != 0 or n == 0, n % 5 != 0) for n in range(40)]
    text = describe(tune(items, 0.2))
    assert "40 questions, 8 of them without an answer." in text
    assert "| **0.51** | 40 | 7 | 17.5% | 0 |" in text
    assert "Error to expect of new questions like these: " in text
    assert text.count("\n|") <= 2 + 11


def test_what_was_said_is_right_wrong_or_nothing(tmp_path):
    pipeline = FakePipeline(MemoryCorpus())
    items = tried_of(ask(tmp_path, pipeline))
    by_id = {case["id"]: item for case, item in zip(CASES, items, strict=True)}
    assert by_id["g0"].right
    assert by_id["g5"] == Tried(-1.0, False, True)  # refused by the pipeline itself
    assert not by_id["g10"].right
    assert not by_id["g10"].answerable


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "answer_threshold = 0.5\n"),
        ('# mine\nport = 8000  # quiet', '# mine\nport = 8000  # quiet\nanswer_threshold = 0.5\n'),
        ("answer_threshold = 0.28  # the default\nport = 8000\n", "answer_threshold = 0.5\nport = 8000\n"),
        ("port = 8000\n[prices]\nanswer_threshold = 3\n", "port = 8000\nanswer_threshold = 0.5\n[prices]\nanswer_threshold = 3\n"),
        ('# answer_threshold = 1\nport = 1\n', '# answer_threshold = 1\nport = 1\nanswer_threshold = 0.5\n'),
    ],
)  # fmt: skip
def test_a_number_is_written_and_every_other_line_stays(tmp_path, before, after):
    path = tmp_path / "dossier.toml"
    if before is not None:
        path.write_text(before)
    write_setting("answer_threshold", 0.5, path)
    assert path.read_text() == after


@pytest.mark.parametrize(
    "before", ["port = ", 'host = """\nanswer_threshold = 0.1\n"""\n', "answer_threshold = [\n 1]\n"]
)
def test_a_file_that_cannot_be_changed_safely_stays_as_it_is(tmp_path, before):
    path = tmp_path / "dossier.toml"
    path.write_text(before)
    with pytest.raises(SettingInvalid, match=r"left as it is.*Put this line into it: answer_threshold = 0\.5"):
        write_setting("answer_threshold", 0.5, path)
    assert path.read_text() == before
    assert [file.name for file in tmp_path.iterdir()] == ["dossier.toml"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tune")
    for name, text in TEXTS.items():
        (folder / name).write_text(f"{text}\n")
    with open_dossier(load_settings(data=folder / "data")) as dossier:
        dossier.collection(create=True).ingest(find_files([folder / name for name in TEXTS], max_files=10).files)
    return folder / "data"


@pytest.fixture
def invoke(data, tmp_path, monkeypatch):
    monkeypatch.setenv("DOSSIER_DATA", str(data))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(run.app, [str(argument) for argument in arguments])


def gold(tmp_path, *, unanswerable=10):
    answerable = [{**CASES[number % 3], "id": f"a{number}"} for number in range(12)]
    asked = [f"Who won the {n} ski race in Lapland?" for n in ("first", "second", "third", "last", "big", "old")]
    asked += [f"Which {n} did the queen of Spain buy?" for n in ("hat", "horse", "house", "ship", "crown", "ring")]
    without = [{"id": f"u{n}", "kind": "unanswerable", "question": q} for n, q in enumerate(asked[:unanswerable])]
    return write(tmp_path, *answerable, *without)


def test_the_command_chooses_a_threshold_and_writes_it(invoke, tmp_path):
    (tmp_path / "dossier.toml").write_text("port = 7999\n")
    result = invoke(gold(tmp_path), "--tune", "--target-error", "0.2")
    assert result.exit_code == 0, result.output
    assert "22 questions, 10 of them without an answer." in result.stdout
    assert "run this again with --write" in result.stdout
    assert (tmp_path / "dossier.toml").read_text() == "port = 7999\n"
    tuned = json.loads(invoke(gold(tmp_path), "--tune", "--write", "--json").stdout)
    assert tuned["wrong"] <= 0.2 * tuned["answered"]
    assert tuned["questions"] == 22
    assert tomllib.loads((tmp_path / "dossier.toml").read_text()) == {
        "port": 7999,
        "answer_threshold": tuned["answer_threshold"],
    }


def test_what_wins_over_the_file_is_said(invoke, tmp_path, monkeypatch):
    monkeypatch.setenv("DOSSIER_ANSWER_THRESHOLD", "0.99")
    assert "DOSSIER_ANSWER_THRESHOLD is set to 0.99 and wins" in invoke(gold(tmp_path), "--tune", "--write").stdout


@pytest.mark.parametrize("unanswerable", [0, 9])
def test_too_few_questions_without_an_answer_are_refused_before_anything_is_asked(invoke, tmp_path, unanswerable):
    result = invoke(gold(tmp_path, unanswerable=unanswerable), "--tune")
    assert result.exit_code == 1
    assert f"holds {unanswerable} questions without an answer" in result.stderr
    assert not (tmp_path / "reports").exists()


def test_options_that_do_not_belong_to_tuning_are_refused(invoke, tmp_path):
    assert invoke(gold(tmp_path), "--tune", "--limit", "3").exit_code == 2
    assert invoke(gold(tmp_path), "--write").exit_code == 2
    assert invoke(tmp_path, "--tune").exit_code in (1, 2)
