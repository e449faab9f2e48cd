"""What later runs are held against: `python -m eval.baseline REPORT.json [BASELINE.json]` keeps a report without its texts."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.compare import read_report
from eval.seeds import BASELINE
from eval.write import write_texts
from index.errors import DossierError

KEPT = ("format", "created_at", "origin", "kinds", "figures")


def baseline_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """All that `eval.compare` reads: each case's id, digest and shares, and what the report says of its origin."""
    cases = [{name: case[name] for name in ("id", "digest", "shares")} for case in report["cases"]]
    return {**{name: report[name] for name in KEPT if name in report}, "cases": cases}


def main(arguments: Sequence[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print("Usage: python -m eval.baseline REPORT.json [BASELINE.json]", file=sys.stderr)
        return 2
    target = Path(arguments[1]) if len(arguments) == 2 else BASELINE
    try:
        text = json.dumps(baseline_of(read_report(Path(arguments[0]))), ensure_ascii=False, separators=(",", ":"))
        write_texts(target.parent, {target.name: text + "\n"})
    except (DossierError, OSError) as error:
        print(f"{target}: {error}", file=sys.stderr)
        return 1
    print(f"{target}: kept")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
