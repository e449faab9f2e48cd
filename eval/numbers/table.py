"""The table of numbers: what was reached, beside the row to beat and what is to be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eval.numbers.reading import OTHER_SETS

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; `reached` is a figure as JSON, see `eval.numbers.figure`."""

    what: str
    reached: Mapping[str, Any]
    beat: str = ""
    reach: str = ""

    def cells(self) -> tuple[str, ...]:
        return self.what, f"{self.reached['n']:,}", shown(self.reached), self.beat, self.reach


def shown(figure: Mapping[str, Any]) -> str:
    """A figure in percent with its interval.

    >>> shown({"value": 0.5, "n": 4, "interval": {"low": 0.25, "high": 0.75}}), shown({"value": None, "n": 0})
    ('50.0 [25.0, 75.0]', 'not measured')
    """
    if figure["value"] is None:
        return "not measured"
    interval = figure.get("interval")
    ends = f" [{100 * interval['low']:.1f}, {100 * interval['high']:.1f}]" if interval else ""
    return f"{100 * figure['value']:.1f}{ends}"


def chunking_lines(result: Result) -> Iterator[Row]:
    rows = result["rows"]
    peers = [name for name in rows if name.startswith("llama-index")]
    for name in (name for name in rows if name not in peers):
        for key, label in (("recall", "character recall"), ("iou", "IoU")):
            beat = ", ".join(f"{peer} {shown({**rows[peer][key], 'interval': None})}" for peer in peers)
            yield Row(f"chunking, {name}: {label} at {result['top_k']}", rows[name][key], beat, "above both")


def reading_lines(result: Result) -> Iterator[Row]:
    beat = {"squad2_dev": "58.2 / 70.6", "xquad_en": "47.5 / 65.1", "qed": "39.2 / 54.4"}
    reach = {"squad2_dev": "80", "xquad_en": "76", "qed": "64"}
    for name, measured in result["sets"].items():
        start = f"starting reader, other parts: EM / F1 {beat[name]}" if name in beat else ""
        kind = " (other texts)" if name in OTHER_SETS else ""
        yield Row(f"reader on the gold passage, {name}{kind}: EM", measured["em"], start)
        yield Row(f"reader on the gold passage, {name}{kind}: F1", measured["f1"], start, reach.get(name, ""))


def answerable_lines(result: Result) -> Iterator[Row]:
    named = (
        ("squad2_dev", "human unanswerable (squad2_dev)", "75"),
        ("clapnq", "clapnq", "85"),
        ("near_wrong_passage", "BM25-near wrong passage", "95"),
        ("nomiracl_en", "best of ten passages (nomiracl_en)", ""),
    )
    for key, label, reach in named:
        plain = shown({**result[key]["span"], "interval": None})
        beat = f"span over no answer {plain}" + ("; starting reader 61" if key == "squad2_dev" else "")
        yield Row(f"answerability AUROC, {label}", result[key]["answers"], beat, reach)
    even = result["nomiracl_en"]["at_even_odds"]
    yield Row(
        "nomiracl_en at even odds: answers though no passage does",
        even["wrongly_answers"],
        "gpt-4 42.4, Mistral-7B 6.4",
    )
    yield Row(
        "nomiracl_en at even odds: refuses though one does", even["wrongly_refuses"], "gpt-4 4.8, Mistral-7B 58.8"
    )


def refusing_lines(result: Result) -> Iterator[Row]:
    for name, measured in result.items():
        ceiling = f"best of any threshold {100 * measured['best_f1']['f1']:.1f}"
        yield Row(f"refusals, {name}: F1", measured["f1"], ceiling, "75" if name == "squad2_dev" else "")
        for key in ("precision", "recall"):
            yield Row(f"refusals, {name}: {key}", measured[key])
        yield Row(f"refusals, {name}: AUROC of the confidence", measured["auroc"], "chance 50")
    closed = result["nomiracl_en"]
    others = "gpt-4 {}, Mixtral-8x7B {}, Mistral-7B {}"
    yield Row(
        "nomiracl_en: answers though no passage does",
        closed["wrongly_answers"],
        others.format(42.4, 27.2, 6.4),
        "under 27.2",
    )
    yield Row(
        "nomiracl_en: refuses though one does", closed["wrongly_refuses"], others.format(4.8, 20.8, 58.8), "under 20.8"
    )


def supporting_lines(result: Result) -> Iterator[Row]:
    for name, group in result["sources"].items():
        yield Row(f"support, {name}: balanced accuracy", group["balanced_accuracy"], "majority 50")
    yield Row("support, mean over sources: balanced accuracy", result["mean"]["balanced_accuracy"], "majority 50", "72")
    yield Row("support, mean over sources: AUROC", result["mean"]["auroc"], "chance 50")
    for name, group in result["altered_quotes"].items():
        yield Row(
            f"support, quotes with a changed {name}: balanced accuracy", group["balanced_accuracy"], "majority 50"
        )


def relations_lines(result: Result) -> Iterator[Row]:
    reach = {"nli_breaking": "75", "nli_negation": "72", "claims_contractnli": "65"}
    for name, measured in result["sets"].items():
        yield Row(
            f"relations, {name}: balanced accuracy over its labels",
            measured["balanced_accuracy"],
            "chance 33",
            reach.get(name, ""),
        )
    pairs = result["contradictions"]
    yield Row("contradictions, invented pairs of seven domains: F1", pairs["f1"], "", "75")
    yield Row(
        "contradictions, invented pairs of seven domains: balanced accuracy", pairs["balanced_accuracy"], "chance 33"
    )


def headline_lines(result: Result) -> Iterator[Row]:
    for name, measured in result["sets"].items():
        yield Row(f"headline check, {name}: AUROC of right against wrong spans", measured["auroc"], "chance 50")
    yield Row("headline check, all sets: AUROC of right against wrong spans", result["all"]["auroc"], "chance 50", "85")
    yield Row("headline check: of the right spans shown as a headline", result["all"]["right_shown"])
    yield Row("headline check: of the wrong spans shown as a headline", result["all"]["wrong_shown"])


def gate_lines(result: Result) -> Iterator[Row]:
    changed, true, reworded = result["changed"], result["true"], result["true_reworded"]
    yield Row("gate: changed statements not shown as verified", changed["caught"], "", "95")
    yield Row("gate: of the changed ones cut, not only marked as weak", changed["cut"])
    yield Row("gate: true statements cut", true["cut"], "", "at most 5")
    yield Row("gate: true statements marked as weak", true["weak"])
    yield Row("gate: true statements in other words than their quotes cut", reworded["cut"])
    for kind, shares in result["changed_by_kind"].items():
        yield Row(f"gate: caught with a change of {kind}", shares["caught"])


def endtoend_lines(result: Result) -> Iterator[Row]:
    rows = result["rows"]
    for key, label in (("f1", "F1"), ("em", "EM")):
        beat = f"quickstart retrieval + same reader {shown({**rows['quickstart'][key], 'interval': None})}"
        yield Row(f"question to answer: {label} of the best draft", rows["ours, best draft"][key], beat)
        yield Row(f"question to answer: {label} as shown", rows["ours, as shown"][key], beat)
    yield Row("question to answer: F1 over the quickstart peer, points", result["gain"]["f1"], "0", "+8")


def chats_lines(result: Result) -> Iterator[Row]:
    yield Row(
        "lihua_world: accepted answer shown, or rightly refused",
        result["right"],
        "naive RAG, gpt-4o-mini, judged: 46.6",
        "report",
    )
    yield Row("lihua_world: wrong answer shown", result["wrong"], "naive RAG, gpt-4o-mini, judged: 19.1", "under 19")
    yield Row("lihua_world: refused although there is an answer", result["refused"])


def following_lines(result: Result) -> Iterator[Row]:
    rows, share = result["rows"], result["share_of_human"]
    for key, label, reach in (("recall", "Recall@10", "85"), ("reciprocal_rank", "reciprocal rank", "")):
        ours, human = rows["rewritten by rule"][key], shown({**rows["rewritten by a person"][key], "interval": None})
        yield Row(f"follow-ups (cast_rewrite) rewritten by rule: {label}", ours, f"rewritten by a person {human}")
        asked = shown({**share[key]["as asked"], "interval": None})
        yield Row(
            f"follow-ups: share of the {label} with a person's rewrite",
            share[key]["rewritten by rule"],
            f"as asked {asked}",
            reach,
        )
    yield Row(
        "follow-ups: questions that stand alone, left as they are", result["wording"]["human_rewrites_left_alone"]
    )
    chats = result["chats"]["rows"]
    yield Row(
        "follow-ups (mtrag_un) rewritten by rule: Recall@10",
        chats["rewritten by rule"]["recall"],
        f"as asked {shown({**chats['as asked']['recall'], 'interval': None})}",
    )


def timed_lines(result: Result) -> Iterator[Row]:
    used, ignored = result["rows"]["times used"], result["rows"]["times ignored"]
    for key, label in (("em", "EM"), ("f1", "F1"), ("shown", "accepted answer shown")):
        beat = f"times ignored {shown({**ignored[key], 'interval': None})}"
        yield Row(f"questions of time ({result['pages']} pages of timeqa_human), times used: {label}", used[key], beat)
    for key, label in (("em", "EM"), ("f1", "F1")):
        yield Row(f"questions of time: {label} over ignoring times, points", result["gain"][key], "0", "+10")


def conflicts_lines(result: Result) -> Iterator[Row]:
    for name, label in (("pairs", "invented pairs"), ("seeds", "gold set of seeds/")):
        measured = result[name]
        yield Row(f"conflicts, {label}: recall, all positions shown", measured["recall"], reach="80")
        yield Row(f"conflicts, {label}: precision", measured["precision"], reach="80")
        yield Row(f"conflicts, {label}: precision, of the positions too", measured["precision_shown"])
        yield Row(f"conflicts, {label}: positions shown", measured["position_recall"])
        yield Row(f"conflicts, {label}: shown where there is none", measured["false_alarms"])
    yield Row("values that were revised: both shown", result["pairs"]["revised"])


def disputed_lines(result: Result) -> Iterator[Row]:
    ambiguous = result["ramdocs"]
    yield Row("ramdocs: every valid answer, no wrong one unmarked", ambiguous["exact"], reach="report")
    yield Row("ramdocs: valid answers shown", ambiguous["recall"])
    yield Row("ramdocs: of the answers shown as true, the valid ones", ambiguous["precision"])
    for name in ("conflictnq", "rgb_fact_en"):
        yield Row(f"{name}: the disagreement is shown", result[name]["shown"], reach="report")
        yield Row(f"{name}: the answer follows its document", result[name]["follows"], reach="report")


PARTS: dict[str, Callable[[Result], Iterator[Row]]] = {
    "reading": reading_lines,
    "answerable": answerable_lines,
    "refusing": refusing_lines,
    "supporting": supporting_lines,
    "relations": relations_lines,
    "headline": headline_lines,
    "gate": gate_lines,
    "chunking": chunking_lines,
    "endtoend": endtoend_lines,
    "chats": chats_lines,
    "following": following_lines,
    "timed": timed_lines,
    "conflicts": conflicts_lines,
    "disputed": disputed_lines,
}


HEAD = ("what", "n", "reached [95 % interval]", "row to beat", "to reach")


def rows_of(parts: Mapping[str, Any]) -> list[Row]:
    """The rows of every part that was measured."""
    return [row for name, lines in PARTS.items() if name in parts for row in lines(parts[name]["result"])]


def numbers_table(parts: Mapping[str, Any]) -> str:
    """The table of every part that was measured, in percent with 95 % bootstrap intervals."""
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells() for row in rows_of(parts))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
