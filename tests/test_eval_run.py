import json
import re
from html.parser import HTMLParser

import pytest

from eval.baseline import main as baseline
from eval.compare import ReportUnusable, compare, read_report
from eval.gold import load_gold
from eval.observe import DENSE, FUSED, LEXICAL, RERANKED, standard_rankers
from eval.origin import code_hash
from eval.report import add_comparison, build_report, write_report
from eval.run import OBSERVATIONS, run_gold
from tests.eval_fakes import FakePipeline, MemoryCorpus
from tests.test_eval_gold import write

QUESTIONS = [
    ("fact", "When did the harbour at Sel open?", ["18 October"], "harbour.md", "opened on 18 October"),
    ("fact", "Who runs the harbour, Mira Tolle runs what?", ["Mira Tolle"], "harbour.md", "Mira Tolle runs it."),
    ("fact", "When did the mill in Orba burn down?", ["2019"], "mill.md", "burned down in 2019"),
    ("time", "How many workers rebuilt it?", ["40 workers"], "mill.md", "with 40 workers"),
    ("multi", "How long is the bridge over the Lenn?", ["240 metres", "240 m"], "bridge.md", "240 metres long"),
    ("fact", "Which tower?", ["none at all"], "bridge.md", "The bridge over the Lenn"),
]
CASES = [
    *(
        {"id": f"g{number}", "kind": kind, "question": question, "answers": answers, "evidence": [{"document": document, "quote": quote}]}
        for number, (kind, question, answers, document, quote) in enumerate(QUESTIONS)
    ),
    {
        "id": "g8", "kind": "conflict", "question": "What did it cost in crowns?", "positions": [["1.7 million"], ["2 million"]],
        "evidence": [{"document": "harbour.md", "quote": "1.7 million crowns"}, {"document": "bridge.md", "quote": "2 million crowns"}],
    },
    {"id": "g9", "kind": "unanswerable", "question": "Wer gewann <script>alert(1)</script>?"},
    {"id": "g10", "kind": "unanswerable", "question": "Who designed the bridge over the Lenn?"},
]  # fmt: skip


def ask(tmp_path, pipeline=None, cases=CASES, settings_hash="s1"):
    corpus = pipeline.corpus if pipeline else MemoryCorpus()
    pipeline = pipeline or FakePipeline(corpus)
    tmp_path.mkdir(exist_ok=True)
    located = load_gold(write(tmp_path, *cases), corpus.documents())
    rows = (LEXICAL, DENSE, FUSED, RERANKED)
    rankers = standard_rankers(pipeline, corpus, corpus.embedder, corpus.documents, rows=rows)
    return run_gold(pipeline, corpus, located, rankers=rankers, settings_hash=settings_hash, out=tmp_path)


def report_of(observed):
    return build_report(
        observed, {"commit": "c0ffee", "settings_hash": "s1", "gold": "gold.jsonl", "versions": {"python": "3"}}
    )


def figure(report, key):
    return next(figure for figure in report["figures"] if figure["key"] == key)


def test_every_case_is_asked_once_and_reported_with_n_and_interval(tmp_path):
    report = report_of(ask(tmp_path))
    assert [case["id"] for case in report["cases"]] == [case["id"] for case in CASES]
    assert {(row["key"].split("/")[1], row["n"]) for row in report["figures"] if row["key"].startswith("passages/")} == {
        ("lexical", 7), ("dense", 7), ("fused", 7), ("reranked", 7),
    }  # fmt: skip
    assert all(
        row["interval"]["low"] <= row["value"] <= row["interval"]["high"] and row["n"] > 0 for row in report["figures"]
    )


def test_the_figures_are_those_counted_by_hand(tmp_path):
    report = report_of(ask(tmp_path))
    assert figure(report, "answers/fact/in short")["value"] == 3 / 4
    assert figure(report, "answers/fact/in short")["n"] == 4
    assert figure(report, "answers/multi/in short")["value"] == 1
    assert figure(report, "conflicts/positions shown")["value"] == 1
    assert figure(report, "refusal/precision")["value"] == 1 / 2  # "Which tower?" is refused too
    assert figure(report, "refusal/recall")["value"] == 1 / 2  # the bridge's designer is made up from its length
    assert figure(report, "citations/valid")["value"] == 1
    assert figure(report, "passages/fused/Recall@10")["value"] == pytest.approx(sum(report_recalls(report)) / 7)
    assert [case["id"] for case in report["cases"] if not case["passed"]] == ["g5", "g10"]


def report_recalls(report):
    return [
        case["shares"]["passages/fused/Recall@10"][0]
        for case in report["cases"]
        if "passages/fused/Recall@10" in case["shares"]
    ]


def test_a_false_citation_is_counted_and_fails_its_case(tmp_path):
    corpus = MemoryCorpus()
    report = report_of(ask(tmp_path, FakePipeline(corpus, shift=1)))
    assert figure(report, "citations/valid")["value"] == 0
    assert figure(report, "citations/valid")["interval"]["high"] < 1
    assert "not at 1-" in report["cases"][0]["citation_faults"][0]
    assert not report["cases"][0]["passed"]


def test_a_run_goes_on_where_it_was_killed(tmp_path):
    corpus = MemoryCorpus()
    whole = ask(tmp_path, FakePipeline(corpus))
    log = tmp_path / OBSERVATIONS
    lines = log.read_text().splitlines()
    log.write_text("\n".join(lines[:4]) + "\n" + lines[4][:50])
    again = FakePipeline(corpus)
    resumed = ask(tmp_path, again)
    assert again.asked == [case["question"] for case in CASES[4:]]
    assert [found.answer for _, found in resumed] == [found.answer for _, found in whole]
    assert [found.rankings for _, found in resumed] == [found.rankings for _, found in whole]
    ask(tmp_path, again)
    assert len(again.asked) == len(CASES[4:])


@pytest.mark.parametrize("change", ["settings", "generation", "case"])
def test_an_observation_made_otherwise_is_not_reused(tmp_path, change):
    corpus = MemoryCorpus()
    ask(tmp_path, FakePipeline(corpus), CASES[:2])
    cases = [{**CASES[0], "answers": ["another"]}, CASES[1]] if change == "case" else CASES[:2]
    if change == "generation":
        corpus.generation = "g2"
    again = FakePipeline(corpus)
    ask(tmp_path, again, cases, settings_hash="s2" if change == "settings" else "s1")
    assert len(again.asked) == (1 if change == "case" else 2)


def test_the_gate_holds_against_itself_and_fails_on_a_broken_retriever(tmp_path):
    corpus = MemoryCorpus()
    many = [{**case, "id": f"{case['id']}-{copy}"} for copy in range(4) for case in CASES]
    good = report_of(ask(tmp_path, FakePipeline(corpus), many))
    assert add_comparison(good, good, compare(good, good)) == []
    assert good["comparison"]["passed"]
    broken = report_of(ask(tmp_path / "broken", FakePipeline(corpus, broken=True), many, settings_hash="broken"))
    fell = add_comparison(broken, good, compare(broken, good))
    assert {"passages/fused/nDCG@10", "answers/fact/in short or a quote", "citations/valid"} <= {
        change.key for change in fell
    }
    assert "passages/lexical/nDCG@10" not in {change.key for change in fell}
    assert not broken["comparison"]["passed"]


def test_one_false_quote_fails_the_gate_although_it_is_within_noise(tmp_path):
    good = report_of(ask(tmp_path))
    worse = json.loads(json.dumps(good))
    worse["cases"][0]["shares"]["citations/valid"] = [0, 1]
    assert [change.key for change in compare(worse, good) if change.fell] == ["citations/valid"]


def test_edited_questions_are_not_compared(tmp_path):
    good = report_of(ask(tmp_path))
    other = report_of(ask(tmp_path, cases=[{**CASES[0], "answers": ["no"]}, *CASES[1:]]))
    assert {change.difference.n for change in compare(other, good)} == {len(CASES) - 1}
    alone = report_of(ask(tmp_path, cases=[{**CASES[0], "answers": ["no"]}]))
    with pytest.raises(ReportUnusable, match="share no question"):
        compare(alone, good)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"cases": [{"id": "g1"}]}', '{"cases": [{"id": "g1", "shares": {"a": 1}}]}']
)
def test_a_file_that_is_no_report_is_refused_by_name(tmp_path, content):
    (tmp_path / "old.json").write_text(content)
    with pytest.raises(ReportUnusable, match=r"old\.json cannot be read"):
        read_report(tmp_path / "old.json")


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.open, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_escaped_and_fetches_nothing(tmp_path):
    report = report_of(ask(tmp_path))
    add_comparison(report, report, compare(report, report))
    write_report(report, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert {"svg", "rect", "polyline", "table", "details"} <= set(tags.seen)
    assert not {"script", "img", "link", "iframe", "object"} & set(tags.seen)
    assert not [name for name in tags.attributes if name.startswith("on") or name in {"src", "href"}]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert all(case["question"].split()[0] in page for case in CASES)


def test_the_three_reports_tell_the_same_figures(tmp_path):
    report = report_of(ask(tmp_path))
    paths = write_report(report, tmp_path / "out")
    assert [path.name for path in paths] == ["report.json", "report.md", "report.html"]
    assert read_report(paths[0])["figures"] == json.loads(json.dumps(report["figures"]))
    markdown = paths[1].read_text()
    recall = figure(report, "passages/fused/Recall@10")
    assert re.search(rf"passages · fused · Recall@10 \| {recall['value']:.3f} \| .* \| 7 \|", markdown)
    assert "Failing questions (2 of 9)" in markdown
    assert not list((tmp_path / "out").glob(".*"))


def test_other_weights_are_another_system(tmp_path):
    weights = tmp_path / "rag" / "models" / "judge.json"
    weights.parent.mkdir(parents=True)
    weights.write_text("{}", encoding="utf-8")
    before = code_hash(tmp_path)
    weights.write_text('{"bias": 1}', encoding="utf-8")
    assert code_hash(tmp_path) != before


def test_a_baseline_gives_the_same_comparison_as_the_whole_report_and_holds_no_text(tmp_path):
    report = report_of(ask(tmp_path / "one"))
    worse = report_of(ask(tmp_path / "two", FakePipeline(MemoryCorpus(), broken=True)))
    (tmp_path / "report.json").write_text(json.dumps(report))
    kept = tmp_path / "kept" / "baseline.json"
    assert baseline([str(tmp_path / "report.json"), str(kept)]) == 0
    assert compare(worse, read_report(kept)) == compare(worse, report)
    assert any(change.fell for change in compare(worse, read_report(kept)))
    assert "harbour at Sel" not in kept.read_text()


def test_a_baseline_of_something_else_is_refused_by_name(tmp_path, capsys):
    assert baseline([]) == 2
    assert baseline([str(tmp_path / "none.json"), str(tmp_path / "kept.json")]) == 1
    assert "none.json cannot be read" in capsys.readouterr().err and not (tmp_path / "kept.json").exists()
