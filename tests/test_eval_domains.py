"""`dossier eval FOLDER` over domains: what is read, counted and reported, and that a sealed one gives counts only."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval import run
from eval.domains.read import NoDomain, choose_domains, find_domains, load_cases
from eval.domains.report import build_report, domain_table, kind_table, render_markdown
from eval.domains.run import run_domains
from eval.domains.values import Asked, DomainResult
from eval.gold import GoldInvalid
from eval.intervals import wilson
from index.directory import DataDirectory
from index.errors import DossierError, EmptyCollection
from tests.eval_fakes import FakePipeline, MemoryCorpus
from tests.fakes import WordHashEmbedder
from tests.storage import PlainParser, split_lines

OPEN_TEXT = "The harbour at Sel opened on 18 October. Mira Tolle runs it."
SEALED_TEXT = "The observatory on Krummel Hill was built in 1893. Its dome weighs 14 tonnes."
OPEN_GOLD = [
    {"id": "o1", "kind": "fact", "question": "When did the harbour at Sel open?", "answers": ["18 October"],
     "evidence": [{"document": "harbour.md", "quote": "opened on 18 October"}]},
    {"id": "o2", "kind": "unanswerable", "question": "Which violin did the mayor buy in Vienna?"},
]  # fmt: skip
SEALED_GOLD = [
    {"id": "s1", "kind": "fact", "question": "When was the observatory on Krummel Hill built?", "answers": ["1893"],
     "evidence": [{"document": "hill.md", "quote": "was built in 1893"}]},
    {"id": "s2", "kind": "near_unanswerable", "question": "Who built the observatory on Krummel Hill?"},
]  # fmt: skip
SECRETS = ("Krummel", "observatory", "1893", "14 tonnes", "s1", "s2")


def write_domain(folder: Path, name: str, file: str, text: str, gold, *, sealed=False) -> Path:
    place = folder / name
    (place / "files").mkdir(parents=True)
    (place / "files" / file).write_text(f"{text}\n", encoding="utf-8")
    (place / "gold.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in gold), encoding="utf-8")
    if sealed:
        (place / "sealed").touch()
    return place


@pytest.fixture
def domains(tmp_path):
    write_domain(tmp_path / "own", "harbours", "harbour.md", OPEN_TEXT, OPEN_GOLD)
    write_domain(tmp_path / "own", "stars", "hill.md", SEALED_TEXT, SEALED_GOLD, sealed=True)
    (tmp_path / "own" / "notes").mkdir()
    return tmp_path / "own"


class Opened:
    """A real data directory; answers come from the pipeline that is given."""

    def __init__(self, data, pipeline):
        self.data, self.asked_with = data, pipeline

    def collection(self, name=None, *, create=False):
        return self.data.collection(name, WordHashEmbedder(), create=create)

    def pipeline(self, collection=None):
        return self.asked_with


class Failing(FakePipeline):
    def answer(self, question, *, filters=None, as_of=None):
        if "violin" in question:
            raise DossierError("the model is gone")
        return super().answer(question, filters=filters, as_of=as_of)


def test_domains_are_found_by_what_they_hold_and_chosen_by_name(domains):
    found = find_domains(domains)
    assert [(one.name, one.sealed) for one in found] == [("harbours", False), ("stars", True)]
    assert [one.name for one in find_domains(domains / "stars")] == ["stars"]
    assert find_domains(domains / "notes") == []
    assert [one.name for one in choose_domains(found, ["stars"])] == ["stars"]
    assert choose_domains(found, []) == found
    with pytest.raises(NoDomain, match=r"no domain moons\. There are: harbours, stars\."):
        choose_domains(found, ["moons"])


def test_every_question_is_asked_and_one_that_fails_is_counted_apart(domains, tmp_path):
    with DataDirectory.own(tmp_path / "data", parser=PlainParser(), splitter=split_lines) as data:
        opened = Opened(data, Failing(MemoryCorpus({"harbour.md": OPEN_TEXT})))
        [result] = run_domains(opened, find_domains(domains)[:1])
        [few] = run_domains(opened, find_domains(domains)[:1], limit=1)
    assert [(one.id, one.outcome) for one in result.asked] == [("o1", "good"), ("o2", "error")]
    assert [one.id for one in few.asked] == ["o1"]
    report = build_report([result])
    assert report["domains"][0]["errors"] == 1
    assert "| harbours | 2 | 50.0 (9 to 91) | 0.0 (0 to 66) | 0.0 (0 to 66) | 0.0 (0 to 66) | 1 |" in domain_table(
        report
    )


def test_counts_are_by_domain_and_kind_with_intervals(domains):
    opened, closed = find_domains(domains)
    asked = [
        Asked("fact", outcome, str(number), "q?") for number, outcome in enumerate(["good", "good", "half", "refused"])
    ]
    report = build_report(
        [
            DomainResult(opened, 3, ("a.png",), tuple(asked)),
            DomainResult(closed, 2, (), (Asked("list", "wrong", "x", "hidden question"),)),
        ]
    )
    good = report["domains"][0]["classes"]["good"]
    low, high = wilson(2, 4).low, wilson(2, 4).high
    assert good == {"count": 2, "share": 0.5, "interval": {"low": low, "high": high}}
    assert report["domains"][0]["files_refused"] == ["a.png"]
    assert [(kind["name"], kind["n"], kind["classes"]["wrong"]["count"]) for kind in report["kinds"]] == [
        ("fact", 4, 0),
        ("list", 1, 1),
    ]
    assert (report["all"]["n"], report["open"]["n"], report["sealed"]["n"]) == (5, 4, 1)
    assert [case["id"] for case in report["cases"]] == ["0", "1", "2", "3"]
    assert "| stars (sealed) | 1 | 0.0 (0 to 79) |" in domain_table(report)
    assert "| list | 1 |" in kind_table(report)
    assert "hidden question" not in json.dumps(report) + render_markdown(report)


def test_a_wrong_line_is_told_whole_of_an_open_domain_and_by_number_of_a_sealed_one(domains):
    for name in ("harbours", "stars"):
        with (domains / name / "gold.jsonl").open("a", encoding="utf-8") as gold:
            gold.write('{"id": "bad", "kind": "guess", "question": "Is the dome of Krummel blue?"}\n')
    opened, closed = find_domains(domains)
    with pytest.raises(GoldInvalid, match=r"line 3 \(bad\): unknown kind 'guess'"):
        load_cases(opened, [])
    with pytest.raises(GoldInvalid) as told:
        load_cases(closed, [])
    assert "line 3: wrong; the domain is sealed" in str(told.value)
    chain = [told.value, told.value.__cause__, told.value.__context__]
    assert not [secret for secret in (*SECRETS, "guess", "dome") for one in chain if secret in str(one or "")]


def test_no_question_is_asked_while_a_gold_file_is_wrong_and_empty_folders_are_named(domains, tmp_path):
    pipeline = Failing(MemoryCorpus())
    gold = domains / "stars" / "gold.jsonl"
    whole = gold.read_text(encoding="utf-8")
    with DataDirectory.own(tmp_path / "data", parser=PlainParser(), splitter=split_lines) as data:
        gold.write_text(whole.replace("was built in 1893", "was built in 1894"), encoding="utf-8")
        with pytest.raises(GoldInvalid, match="line 1: wrong; the domain is sealed"):
            run_domains(Opened(data, pipeline), find_domains(domains))
        (domains / "stars" / "files" / "hill.md").unlink()
        with pytest.raises(EmptyCollection, match="stars/files holds no file that can be read"):
            run_domains(Opened(data, pipeline), find_domains(domains))
    assert pipeline.asked == []


def test_the_command_runs_a_folder_of_domains_and_gives_nothing_of_a_sealed_one(domains, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOSSIER_DATA", str(tmp_path / "elsewhere"))
    result = CliRunner().invoke(run.app, [str(domains)])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "reports" / "domains" / "domains.json").read_text(encoding="utf-8"))
    assert [(one["name"], one["n"], one["documents"]) for one in report["domains"]] == [
        ("harbours", 2, 1),
        ("stars", 2, 1),
    ]
    assert {case["id"]: case["outcome"] for case in report["cases"]} == {"o1": "good", "o2": "good"}
    assert report["domains"][0]["errors"] == report["domains"][1]["errors"] == 0
    assert "| harbours | 2 | 100.0 (34 to 100) |" in result.stdout
    assert "| all sealed | 2 |" in result.stdout
    written = [path.read_text(encoding="utf-8") for path in (tmp_path / "reports").rglob("*") if path.is_file()]
    assert len(written) == 2
    assert not [secret for secret in SECRETS for text in (result.output, *written) if secret in text]
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("option", [("--rows", "lexical"), ("--baseline", "b.json"), ("--collection", "c")])
def test_options_that_do_not_apply_to_domains_are_refused(domains, option):
    result = CliRunner().invoke(run.app, [str(domains), *option])
    assert result.exit_code == 2
    assert option[0] in result.stderr


def test_an_unknown_domain_ends_with_1_and_the_names_there_are(domains):
    result = CliRunner().invoke(run.app, [str(domains), "--sets", "moons"])
    assert result.exit_code == 1
    assert result.stderr == "There is no domain moons. There are: harbours, stars.\n"
