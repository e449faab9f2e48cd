"""The report of one run as plain data (report.json) and as Markdown; `eval.page` draws it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.cases import LocatedCase
from eval.compare import Change
from eval.figures import case_shares, confidence_figures, figures, is_right
from eval.measures import calibration, risk_coverage
from eval.observe import Observation
from eval.page import render_html
from eval.sets.report import sets_table
from eval.write import write_texts

FORMAT = 1
SUMMARY_KEYS = (
    "passages/lexical/nDCG@10",
    "passages/dense/nDCG@10",
    "passages/fused/nDCG@10",
    "passages/reranked/nDCG@10",
    "passages/quickstart/nDCG@10",
    "passages/fused/Recall@10",
    "passages/reranked/Recall@10",
    "passages/quickstart/Recall@10",
    "answers/fact/in short",
    "answers/fact/in short or a quote",
    "answers/fact/exact match",
    "answers/fact/token F1",
    "answers/multi/in short or a quote",
    "answers/time/in short or a quote",
    "answers/all/same number or date",
    "conflicts/positions shown",
    "refusal/precision",
    "refusal/recall",
    "refusal/F1",
    "citations/valid",
    "citations/of gold evidence (precision)",
    "citations/gold evidence cited (recall)",
    "confidence/AUROC answerable",
    "confidence/ECE",
)
"""The figures of the README's table."""


def build_report(cases: Sequence[tuple[LocatedCase, Observation]], origin: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of one run: origin, figures with n and interval, curves, and every case with what was expected and got."""
    shares = [case_shares(located, observation) for located, observation in cases]
    found = [*figures(shares), *confidence_figures(cases)]
    confidences = [observation.answer.confidence for _, observation in cases]
    right = [is_right(located, observation) for located, observation in cases]
    return {
        "format": FORMAT,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "origin": dict(origin),
        "kinds": dict(Counter(located.case.kind for located, _ in cases)),
        "figures": [asdict(figure) for figure in found],
        "risk_coverage": risk_coverage(confidences, right),
        "calibration": calibration(confidences, right),
        "comparison": None,
        "cases": [_case(*pair, share) for pair, share in zip(cases, shares, strict=True)],
    }


def add_comparison(report: dict[str, Any], baseline: Mapping[str, Any], changes: Sequence[Change]) -> list[Change]:
    """Put the changes into the report and return those that the gate does not pass."""
    fell = [change for change in changes if change.fell]
    report["comparison"] = {
        "baseline_commit": baseline.get("origin", {}).get("commit"),
        "changes": [change.to_json() for change in changes],
        "passed": not fell,
    }
    return fell


def write_report(report: Mapping[str, Any], out: Path) -> list[Path]:
    """Write report.json, report.md and report.html; each replaces its predecessor at once or not at all."""
    texts = {
        "report.json": json.dumps(report, ensure_ascii=False, indent=1) + "\n",
        "report.md": render_markdown(report),
        "report.html": render_html(report),
    }
    return write_texts(out, texts)


def render_markdown(report: Mapping[str, Any]) -> str:
    """The figures as tables, with n and 95 % interval beside each."""
    origin = report["origin"]
    parts = [
        "# Evaluation",
        f"{len(report['cases'])} questions ({_kinds(report)}) from {origin.get('gold', 'a gold file')}; "
        f"commit {_short(origin.get('commit'))}, settings {origin.get('settings_hash')}, corpus {origin.get('corpus_hash')}, "
        f"generation {origin.get('generation')}. Intervals hold 95 %: Wilson for shares, bootstrap for the rest.",
    ]
    groups: dict[str, list[dict[str, Any]]] = {}
    for figure in report["figures"]:
        groups.setdefault(figure["key"].split("/")[0], []).append(figure)
    for group, rows in groups.items():
        parts += [f"## {group.capitalize()}", figure_table(rows)]
    if report.get("sets"):
        parts += ["## Public retrieval sets, nDCG@10 (%)", sets_table(report["sets"])]
    if report.get("comparison"):
        parts += ["## Against the baseline", _comparison_table(report["comparison"])]
    failing = [case for case in report["cases"] if not case["passed"]]
    parts.append(f"## Failing questions ({len(failing)} of {len(report['cases'])})")
    parts += [_failing_line(case) for case in failing]
    return "\n\n".join(parts) + "\n"


def summary_table(report: Mapping[str, Any]) -> str:
    """The table that the README shows: the figures of SUMMARY_KEYS that the run has."""
    found = {figure["key"]: figure for figure in report["figures"]}
    return figure_table([found[key] for key in SUMMARY_KEYS if key in found])


def figure_table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| measure | value | 95 % interval | n | to reach |", "|---|---|---|---|---|"]
    for row in rows:
        low, high = row["interval"]["low"], row["interval"]["high"]
        reach = "" if row["reach"] is None else f"{row['reach']:.2f}"
        name = row["key"].replace("/", " · ").replace("|", "\\|")
        lines.append(f"| {name} | {row['value']:.3f} | {low:.3f} to {high:.3f} | {row['n']} | {reach} |")
    return "\n".join(lines)


def passed(located: LocatedCase, observation: Observation) -> bool:
    """A case passes when what is shown is right, or rightly refused, and no citation is at fault."""
    if observation.citation_faults:
        return False
    return is_right(located, observation) if located.case.answerable else observation.answer.verdict == "not_stated"


def _case(located: LocatedCase, observation: Observation, shares: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    case, answer = located.case, observation.answer
    return {
        "id": case.id,
        "digest": case.digest,
        "line": case.line,
        "kind": case.kind,
        "question": case.question,
        "answers": list(case.answers),
        "positions": [list(forms) for forms in case.positions],
        "evidence": [{"document": item.document, "quote": item.quote} for item in case.evidence],
        "passed": passed(located, observation),
        "verdict": answer.verdict,
        "short": answer.short,
        "text": answer.text,
        "confidence": answer.confidence,
        "answered_by": answer.answered_by,
        "citations": [
            {"number": c.number, "document_id": c.document_id, "title": c.title, "publisher": c.publisher, "published": c.published,
             "quote": c.quote, "start": c.start, "end": c.end}
            for c in answer.citations
        ],
        "citation_faults": list(observation.citation_faults),
        "rankings": {row: [asdict(hit) for hit in ranking] for row, ranking in observation.rankings.items()},
        "seconds": round(observation.seconds, 4),
        "shares": {key: list(share) for key, share in shares.items()},
    }  # fmt: skip


def _kinds(report: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in report["kinds"].items())


def _short(commit: str | None) -> str:
    return commit[:12] if commit else "unknown"


def _comparison_table(comparison: Mapping[str, Any]) -> str:
    lines = ["| measure | baseline | now | difference | 95 % interval | p | gate |", "|---|---|---|---|---|---|---|"]
    for change in comparison["changes"]:
        difference = change["difference"]
        interval = f"{difference['interval']['low']:+.3f} to {difference['interval']['high']:+.3f}"
        gate = "fell" if change["fell"] else "holds" if change["gated"] else ""
        lines.append(
            f"| {change['key'].replace('/', ' · ')} | {change['baseline']:.3f} | {change['ours']:.3f} | {difference['delta']:+.3f} "
            f"| {interval} | {difference['p']:.3f} | {gate} |"
        )
    return "\n".join(lines)


def _failing_line(case: Mapping[str, Any]) -> str:
    expected = case["answers"] or [" / ".join(forms) for forms in case["positions"]] or ["the documents do not say"]
    lines = [
        f"- **{_plain(case['id'])}** ({case['kind']}) {_plain(case['question'])}",
        f"  - expected: {_plain('; '.join(expected))}",
        f"  - got: {case['verdict']}, {_plain(case['short']) or 'nothing'} (confidence {case['confidence']:.2f})",
    ]
    lines += [f"  - quoted: {_plain(citation['quote'])}" for citation in case["citations"]]
    lines += [f"  - fault: {_plain(fault)}" for fault in case["citation_faults"]]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """One line in which nothing is Markdown."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|!" else char for char in " ".join(text.split()))
