"""Public sets over real collections: SQLite, Chroma, tantivy and the real parser; only the embedder is a fake."""

import json
import math

import ir_measures
import pytest

from eval.compare import ReportUnusable, compare, read_report, read_sets
from eval.measures import Hits
from eval.observe import DENSE, FUSED, LEXICAL, RERANKED, standard_rankers
from eval.readme import main as paste
from eval.report import write_report
from eval.sets.cases import SetDocument
from eval.sets.corpus import front_matter, index_set, write_documents
from eval.sets.figures import MEASURES
from eval.sets.read import NoSet, read_set
from eval.sets.report import GIVEN, given_to_beat
from eval.sets.run import RANKINGS, chosen, collection_name, run_set
from eval.sets.suite import NINE, choose_sets, means, run_sets
from index.directory import DataDirectory
from index.load import parse_file
from tests.eval_fakes import FakePipeline, HashedSystems, MemoryCorpus
from tests.eval_sets import DOCUMENTS, write_set
from tests.test_eval_run import Tags, ask, report_of

FIELD = {"Success": "Success", "Hits": "Success", "Recall": "R", "MRR": "RR", "MAP": "AP", "nDCG": "nDCG"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with DataDirectory.own(tmp_path_factory.mktemp("data")) as owned:
        yield owned


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp("sets") / "small")


@pytest.fixture(scope="module")
def indexed(data, folder, tmp_path_factory):
    return index_set(read_set(folder), tmp_path_factory.mktemp("documents"), HashedSystems(data).collection("indexed"))


def test_no_document_is_lost_and_provenance_is_kept(indexed):
    assert indexed.lost == ()
    assert sorted(indexed.ids.values()) == sorted(f"d{number}" for number in range(DOCUMENTS))
    for document in indexed.evaluation_set.documents:
        said = indexed.stored[document.id].provenance
        assert (said.title, said.publisher, said.author) == (document.title, document.publisher, document.author)
        assert said.published.date == document.published


def test_a_text_that_looks_like_front_matter_stays_text(indexed):
    for document_id in ("d3", "d4"):
        text = next(item.text for item in indexed.evaluation_set.documents if item.id == document_id)
        assert indexed.stored[document_id].text[indexed.fronts[document_id] :] == text


def test_spans_of_the_set_stand_in_the_stored_text_also_where_it_was_cleaned(indexed):
    assert "\u200b" not in indexed.stored["d5"].text
    for query in indexed.evaluation_set.searched:
        for span, answer in zip(query.spans, query.answers, strict=True):
            place = indexed.place(query.doc_id, span)
            assert indexed.stored[query.doc_id].text[place.start : place.end] == answer.replace("\u00ad", "")


def test_two_documents_with_one_text_stay_two(data, tmp_path):
    twins = [{"_id": name, "title": "Twins", "text": "The mill of Orba was sold for 12 crowns."} for name in ("a", "b")]
    write_set(tmp_path, corpus=twins, distractors=[], queries=[{"_id": "q", "text": "mill"}], qrels=[], test_ids=[])
    found = index_set(read_set(tmp_path), tmp_path / "documents", HashedSystems(data).collection("twins"))
    assert sorted(found.ids.values()) == ["a", "b"]


def test_a_document_without_text_is_named_and_one_with_only_a_title_is_searched_by_it(data, tmp_path):
    documents = [{"_id": "a", "title": "", "text": " "}, {"_id": "b", "title": "Only a title here", "text": ""}]
    write_set(tmp_path, corpus=documents, distractors=[], queries=[{"_id": "q", "text": "t"}], qrels=[], test_ids=[])
    found = index_set(read_set(tmp_path), tmp_path / "documents", HashedSystems(data).collection("empty"))
    assert [(item.id, item.reason) for item in found.lost] == [("a", "It holds no text.")]
    assert found.stored["b"].text.endswith("Only a title here")


@pytest.mark.parametrize(
    "title", ['"', "'", "a: b", "# x", "--- ", "[1]", "{a}", "&a *a", "!!python/none", "a\n---\nb", "\\n \\", "ß“\u2028”\x85", "x" * 999]
)  # fmt: skip
def test_any_title_survives_the_front_matter(tmp_path, title):
    (path,) = write_documents([SetDocument("1", title, "A text of the set.")], tmp_path)
    parsed = parse_file(path, path.name, max_bytes=10_000)
    kept = " ".join("".join(c if c.isprintable() else " " for c in title).split())[:300]
    assert parsed.provenance.title == kept
    assert parsed.text.endswith("---\nA text of the set.")
    assert parsed.notes == ()


def test_documents_that_left_the_set_leave_the_folder(tmp_path):
    documents = [SetDocument(str(number), "t", "text") for number in range(3)]
    write_documents(documents, tmp_path)
    written = write_documents(documents[:1], tmp_path)
    assert list(tmp_path.iterdir()) == list(written)
    assert front_matter(documents[0]).startswith('---\nid: "0"\n')


def test_a_run_measures_every_row_with_intervals_and_tests(data, folder, tmp_path):
    result = run_set(folder, HashedSystems(data), tmp_path)
    assert (result["documents"], result["questions"], result["asked"], result["without_relevant"]) == (24, 13, 12, 1)
    assert result["rows"] == [LEXICAL, DENSE, FUSED]
    keys = {figure["key"] for figure in result["figures"]}
    assert {f"documents/{row}/{measure}" for row in result["rows"] for measure in MEASURES} <= keys
    assert {figure["n"] for figure in result["figures"]} == {12}
    assert {figure["n"] for figure in result["test_figures"]} == {2}
    assert all(
        figure["interval"]["low"] <= figure["value"] <= figure["interval"]["high"] for figure in result["figures"]
    )
    assert [test["row"] for test in result["against_best"]] == [
        row for row in result["rows"] if row != result["best_single"]
    ]
    values = {figure["key"]: figure["value"] for figure in result["figures"]}
    assert values["documents/lexical/Success@1"] == 1
    assert values["passages/lexical/Recall@10"] == 1


def test_the_measures_of_a_run_agree_with_ir_measures(data, folder, tmp_path):
    result = run_set(folder, HashedSystems(data), tmp_path)
    lines = [json.loads(line) for line in (tmp_path / RANKINGS).read_text().splitlines()]
    qrels = [ir_measures.Qrel(f"q{number}", f"d{number}", 1) for number in range(12)]
    values = {figure["key"]: figure["value"] for figure in result["figures"]}
    for row in result["rows"]:
        run = [
            ir_measures.ScoredDoc(line["query_id"], document, -float(rank))
            for line in lines
            if line["row"] == row
            for rank, document in enumerate(line["documents"])
        ]
        for measure in MEASURES:
            field = getattr(ir_measures, FIELD[measure.name]) @ measure.cutoff
            expected = ir_measures.calc_aggregate([field], qrels, run)[field]
            assert math.isclose(values[f"documents/{row}/{measure}"], expected, abs_tol=1e-9), (row, str(measure))


def test_a_run_that_was_ended_goes_on_where_it_stopped(data, folder, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run_set(folder, HashedSystems(data, fails_at=8), tmp_path)
    lines = (tmp_path / RANKINGS).read_text().splitlines()
    assert len(lines) == 7
    (tmp_path / RANKINGS).write_text("\n".join([*lines[:5], lines[5][:40]]))
    again = HashedSystems(data)
    resumed = run_set(folder, again, tmp_path)
    assert again.asked == 12 * 3 - 5
    fresh = run_set(folder, HashedSystems(data), tmp_path / "fresh")
    assert resumed["figures"] == fresh["figures"]
    run_set(folder, again, tmp_path)
    assert again.asked == 12 * 3 - 5


def test_rankings_made_with_other_settings_or_documents_are_not_reused(data, folder, tmp_path):
    run_set(folder, HashedSystems(data), tmp_path / "out")
    other = HashedSystems(data, made_with="s2")
    run_set(folder, other, tmp_path / "out")
    assert other.asked == 36
    changed = write_set(tmp_path / "small", distractors=[])
    fewer = HashedSystems(data)
    run_set(changed, fewer, tmp_path / "out")
    assert fewer.asked == 36


def test_a_limit_takes_questions_from_all_over_the_set(data, folder, tmp_path):
    assert chosen("abcdefghij", 3) == ["a", "d", "g"]
    assert chosen("abc", 9) == "abc"
    assert run_set(folder, HashedSystems(data), tmp_path, limit=4)["asked"] == 4
    with pytest.raises(ValueError, match="limit must be 1 or more, got 0"):
        chosen("abc", 0)


def test_several_sets_make_one_report_with_their_mean(data, folder, tmp_path):
    other = write_set(tmp_path / "sets" / "Other <b>set")
    report = run_sets([folder, other], HashedSystems(data), tmp_path / "out")
    for row in (LEXICAL, DENSE):
        values = [
            next(figure["value"] for figure in result["figures"] if figure["key"] == f"documents/{row}/nDCG@10")
            for result in report["sets"]
        ]
        (mean,) = [item for item in report["means"] if (item["row"], item["measure"]) == (row, "nDCG@10")]
        assert mean["value"] == pytest.approx(sum(values) / 2)
        assert mean["interval"]["low"] <= mean["value"] <= mean["interval"]["high"]
        assert mean["sets"] == 2
    assert json.loads((tmp_path / "out" / "sets.json").read_text()) == json.loads(json.dumps(report))
    markdown = (tmp_path / "out" / "sets.md").read_text()
    assert "| set | documents / questions | lexical | dense | fused |" in markdown
    assert "| mean of these 2 | |" in markdown
    assert "only questions that no training pool holds" in markdown
    page = (tmp_path / "out" / "sets.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not {"script", "img", "link", "b"} & set(tags.seen)
    assert "Other &lt;b&gt;set" in page
    cases = read_report(tmp_path / "out" / "small" / "cases.json")
    assert not any(change.fell for change in compare(cases, cases))


def test_the_report_of_a_gold_file_shows_the_sets_beside_it(data, folder, tmp_path):
    run_sets([folder], HashedSystems(data), tmp_path / "sets")
    report = report_of(ask(tmp_path)) | {"sets": read_sets(tmp_path / "sets" / "sets.json")}
    write_report(report, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert "Public retrieval sets" in page
    assert "| small | 24 / 12 |" in (tmp_path / "out" / "report.md").read_text()


def test_the_table_of_sets_goes_between_its_markers_in_a_readme(data, folder, tmp_path):
    run_sets([folder], HashedSystems(data), tmp_path / "sets", limit=3)
    readme = tmp_path / "README.md"
    readme.write_text("# A\n<!-- sets:begin -->\nold\n<!-- sets:end -->\nend\n")
    assert paste([str(tmp_path / "sets" / "sets.json"), str(readme)]) == 0
    text = readme.read_text()
    assert "old" not in text and text.endswith("<!-- sets:end -->\nend\n")
    assert "| set | documents / questions | lexical | dense | fused |" in text
    assert "at most 3 questions of each" in text


@pytest.mark.parametrize("content", ["", "[]", '{"sets": []}'])
def test_a_file_that_is_no_report_on_sets_is_refused_by_name(tmp_path, content):
    (tmp_path / "old.json").write_text(content)
    with pytest.raises(ReportUnusable, match=r"old\.json cannot be read"):
        read_sets(tmp_path / "old.json")


def test_the_rows_to_beat_stand_beside_the_sets_they_were_measured_on():
    assert set(GIVEN) == set(NINE)
    means = [round(sum(row[place] for row in GIVEN.values()) / len(GIVEN), 3) for place in range(3)]
    assert means == [0.795, 0.746, 0.798]
    assert given_to_beat(["qed", "small"], "dev") == {"qed": {"BM25": 0.937, "MiniLM": 0.983, "RRF": 0.966}}
    assert given_to_beat(["qed"], "kept") == {}


def test_a_set_counts_once_in_the_mean_however_many_questions_it_has():
    key = "documents/lexical/nDCG@10"

    def result(name, values):
        cases = [
            {"id": str(n), "test": False, "shares": {f"documents/lexical/{m}": (v, 1.0) for m in MEASURES}}
            for n, v in enumerate(values)
        ]
        found = [{"key": f"documents/lexical/{m}", "value": sum(values) / len(values)} for m in MEASURES]
        return {"set": name, "rows": ["lexical"], "figures": found, "test_figures": [], "cases": cases}  # fmt: skip

    found = means([result("a", [1.0] * 90), result("b", [0.0] * 10)])
    assert {item["value"] for item in found} == {0.5}
    assert means([result("a", [1.0])], only_test=True) == []
    assert key.endswith(str(MEASURES[0]))


def test_the_usual_sets_are_taken_when_they_are_there_and_names_choose_others(tmp_path):
    for name in ("scifact", "qed", "covidqa"):
        write_set(tmp_path / name)
    assert [path.name for path in choose_sets(tmp_path)] == ["scifact", "qed"]
    assert [path.name for path in choose_sets(tmp_path, ["covidqa", "covidqa"])] == ["covidqa"]
    assert [path.name for path in choose_sets(tmp_path / "covidqa")] == ["covidqa"]
    with pytest.raises(NoSet, match=r"holds no set nq\. There are: covidqa, qed, scifact"):
        choose_sets(tmp_path, ["nq"])


def test_a_set_may_have_any_folder_name():
    assert collection_name("MultiHop RAG (500)") == "multihop_rag_500"
    assert collection_name("数据") == "set"
    assert len(collection_name("x" * 200)) == 63


def test_hits_are_counted_as_multihop_rag_counts_them():
    from eval.measures import judge_documents

    judged = judge_documents(["a", "x", "y", "z", "b"], frozenset("abcd"))
    assert ((Hits @ 4)(judged), (Hits @ 10)(judged)) == (1.0, 1.0)
    assert (Hits @ 4)(judge_documents(["w", "x", "y", "z", "b"], frozenset("abcd"))) == 0.0


def test_a_row_that_does_not_exist_is_refused_and_the_peer_waits_for_its_first_question():
    corpus = MemoryCorpus()
    given = []
    rankers = standard_rankers(
        FakePipeline(corpus),
        corpus,
        corpus.embedder,
        lambda: given.append(1) or corpus.documents(),
        rows=("quickstart", RERANKED),
    )
    assert (list(rankers), given) == (["quickstart", RERANKED], [])
    assert rankers["quickstart"]("harbour at Sel", 2, None)[0].document_id == "d-harbour.md"
    rankers["quickstart"]("mill in Orba", 2, None)
    assert given == [1]
    with pytest.raises(ValueError, match="rows must be among lexical, dense, fused, reranked, quickstart, got bm26"):
        standard_rankers(FakePipeline(corpus), corpus, corpus.embedder, corpus.documents, rows=("bm26",))
