"""Put the figures of a report into the README, between two markers: `python -m eval.readme REPORT.json [README.md]`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.compare import read_report
from eval.report import summary_table
from index.errors import DossierError


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


def main(arguments: Sequence[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print("Usage: python -m eval.readme REPORT.json [README.md]", file=sys.stderr)
        return 2
    readme = Path(arguments[1] if len(arguments) == 2 else "README.md")
    try:
        report = read_report(Path(arguments[0]))
        text = readme.read_text(encoding="utf-8")
        readme.write_text(paste_table(text, readme_block(report)), encoding="utf-8")
    except (DossierError, OSError) as error:
        print(f"{readme}: {error}", file=sys.stderr)
        return 1
    print(f"{readme}: renewed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
