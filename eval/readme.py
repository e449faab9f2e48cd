"""Put the figures of a report.json or sets.json into docs/quality.md, between its markers: `python -m eval.readme REPORT.json [docs/quality.md]`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.compare import read_report, read_sets
from eval.report import summary_table
from eval.sets.report import REACH, sets_table
from index.errors import DossierError

SETS_REPORT = "sets.json"


class MarkersMissing(DossierError):
    """A file has no place for the table."""

    code = "markers-missing"


def paste_table(text: str, table: str, *, name: str = "eval") -> str:
    """`text` with whatever stood between the markers of this name replaced.

    Raises:
        MarkersMissing: Unless there is exactly one pair, in order.

    >>> paste_table("a <!-- eval:begin --> old <!-- eval:end --> z", "new").split()
    ['a', '<!--', 'eval:begin', '-->', 'new', '<!--', 'eval:end', '-->', 'z']
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise MarkersMissing(
            f"The file must hold one line {begin} and after it one line {end}. Put them where the table belongs."
        )
    before, rest = text.split(begin)
    return f"{before}{begin}\n\n{table}\n\n{end}{rest.split(end)[1]}"


def readme_block(report: Mapping[str, Any]) -> str:
    """The summary table and what it was measured on."""
    origin = report["origin"]
    kinds = ", ".join(f"{count} {kind}" for kind, count in report["kinds"].items())
    line = (
        f"{len(report['cases'])} questions ({kinds}) of `{origin['gold']}`, {origin['documents']} documents, {origin['chunks']} chunks; "
        f"settings `{origin['settings_hash']}`, corpus `{origin['corpus_hash']}`. Made by `make eval`."
    )
    return f"{summary_table(report)}\n\n{line}"


def sets_block(report: Mapping[str, Any]) -> str:
    """nDCG@10 of every set and row, and what it was measured on."""
    origin = report["origin"]
    limit = f", at most {origin['limit']} questions of each, evenly spread" if origin["limit"] else ""
    line = f"Part {origin['part']}{limit}; settings `{origin['settings_hash']}`, code `{origin['code_hash']}`. Made by `dossier eval`."
    legend = (
        "nDCG@10 (%) of documents, ± half of the 95 % interval; + above and - under the better of lexical and dense by a paired "
        "bootstrap and Wilcoxon's test at 5 %."
    )
    if report["given"]:
        legend += " BM25, MiniLM and RRF are given with the sets, for all their questions."
    return "\n\n".join((legend, sets_table(report), *_to_reach(report), line))


def _to_reach(report: Mapping[str, Any]) -> list[str]:
    """What the whole route shall reach on single sets, and every row's figure."""
    found = []
    for (name, measure), value in REACH.items():
        for result in (result for result in report["sets"] if result["set"] == name):
            figures = {figure["key"]: figure["value"] for figure in result["figures"]}
            rows = ", ".join(f"{row} {100 * figures[f'documents/{row}/{measure}']:.1f}" for row in result["rows"])
            found.append(f"{name}, {measure}: {rows}; to reach {100 * value:.0f}.")
    return found


def main(arguments: Sequence[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print("Usage: python -m eval.readme REPORT.json [docs/quality.md]", file=sys.stderr)
        return 2
    readme = Path(arguments[1] if len(arguments) == 2 else "docs/quality.md")
    try:
        path, text = Path(arguments[0]), readme.read_text(encoding="utf-8")
        pasted = (
            paste_table(text, sets_block(read_sets(path)), name="sets")
            if path.name == SETS_REPORT
            else paste_table(text, readme_block(read_report(path)))
        )
        readme.write_text(pasted, encoding="utf-8")
    except (DossierError, OSError) as error:
        print(f"{readme}: {error}", file=sys.stderr)
        return 1
    print(f"{readme}: renewed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
