"""The report of a run over domains, as plain data (domains.json) and as tables: classes by domain and by kind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.classes import CLASS_WORDS, CLASSES
from eval.domains.values import Asked, DomainResult
from eval.gold import KINDS
from eval.intervals import wilson
from eval.write import write_texts


def build_report(results: Sequence[DomainResult]) -> dict[str, Any]:
    """Counts, shares and Wilson intervals by domain, by kind and over all; the questions of open domains one by one.

    Nothing of a sealed domain but its counts goes in: neither a question nor what was answered.
    """
    everything = [asked for result in results for asked in result.asked]
    sealed = [asked for result in results if result.domain.sealed for asked in result.asked]
    unsealed = [asked for result in results if not result.domain.sealed for asked in result.asked]
    kinds = [kind for kind in KINDS if any(asked.kind == kind for asked in everything)]
    return {
        "domains": [
            {
                "name": result.domain.name,
                "sealed": result.domain.sealed,
                "documents": result.documents,
                "files_refused": list(result.refused),
                **_tally(result.asked),
            }
            for result in results
        ],
        "kinds": [{"name": kind, **_tally(one for one in everything if one.kind == kind)} for kind in kinds],
        "open": _tally(unsealed),
        "sealed": _tally(sealed),
        "all": _tally(everything),
        "cases": [
            {"domain": result.domain.name, **asdict(asked)}
            for result in results
            if not result.domain.sealed
            for asked in result.asked
        ],
    }


def write_report(report: Mapping[str, Any], out: Path) -> list[Path]:
    """Write domains.json and domains.md; each replaces its predecessor at once or not at all."""
    return write_texts(
        out,
        {
            "domains.json": json.dumps(report, ensure_ascii=False, indent=1) + "\n",
            "domains.md": render_markdown(report),
        },
    )


def render_markdown(report: Mapping[str, Any]) -> str:
    """Both tables, then every question of an open domain that did not come out good."""
    failing = [case for case in report["cases"] if case["outcome"] != "good"]
    parts = [
        "# Answers over domains",
        domain_table(report),
        kind_table(report),
        f"## Not good, open domains ({len(failing)} of {len(report['cases'])})",
        "\n".join(_failing_line(case) for case in failing),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def domains_summary(report: Mapping[str, Any], out: Path) -> str:
    """What is printed after a run."""
    return f"{domain_table(report)}\n\n{kind_table(report)}\n\nReports: {out / 'domains.json'}, {out / 'domains.md'}"


def domain_table(report: Mapping[str, Any]) -> str:
    """Domains down, classes across; the last lines are the sealed ones, the open ones, and all."""
    rows = [(f"{domain['name']}{' (sealed)' if domain['sealed'] else ''}", domain) for domain in report["domains"]]
    if report["sealed"]["n"] and report["open"]["n"]:
        rows += [("all open", report["open"]), ("all sealed", report["sealed"])]
    return _table("domain", [*rows, ("all", report["all"])])


def kind_table(report: Mapping[str, Any]) -> str:
    """Kinds down, classes across, over all domains."""
    return _table("kind", [(kind["name"], kind) for kind in report["kinds"]])


def _tally(asked: Iterable[Asked]) -> dict[str, Any]:
    """How many questions, how many in each class with share and 95 % interval, and how many could not be asked."""
    outcomes = [one.outcome for one in asked]
    n = len(outcomes)
    return {
        "n": n,
        "errors": outcomes.count("error"),
        "classes": {
            one: {
                "count": outcomes.count(one),
                "share": outcomes.count(one) / n,
                "interval": asdict(wilson(outcomes.count(one), n)),
            }
            for one in CLASSES
            if n
        },
    }


def _table(first: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    errors = any(row["errors"] for _, row in rows)
    heads = [first, "n", *(f"{CLASS_WORDS[one]} (%)" for one in CLASSES), *(["errors"] if errors else [])]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for name, row in rows:
        cells = [_plain(name), str(row["n"]), *(_share(row, one) for one in CLASSES)]
        lines.append(f"| {' | '.join([*cells, *([str(row['errors'])] if errors else [])])} |")
    return "\n".join(lines)


def _share(row: Mapping[str, Any], one: str) -> str:
    if not row["n"]:
        return ""
    found = row["classes"][one]
    low, high = found["interval"]["low"], found["interval"]["high"]
    return f"{100 * found['share']:.1f} ({100 * low:.0f} to {100 * high:.0f})"


def _failing_line(case: Mapping[str, Any]) -> str:
    shown = case["short"] or case["text"]
    words = CLASS_WORDS.get(case["outcome"], case["outcome"])
    return f"- {_plain(case['domain'])} {_plain(case['id'])} ({case['kind']}): {words}. {_plain(case['question'])} - {_plain(shown[:200])}"


def _plain(text: str) -> str:
    """One line in which nothing is Markdown."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|!" else char for char in " ".join(text.split()))
