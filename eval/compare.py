"""Two runs over the same questions: what changed, how sure that is, and whether the gate holds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.figures import EXACT, GATED, Share
from eval.intervals import Difference, paired_bootstrap
from index.errors import DossierError


class ReportUnusable(DossierError):
    """An earlier report cannot be read, or not compared with this run."""

    code = "report-unusable"


@dataclass(frozen=True, slots=True)
class Change:
    """One figure against the baseline, over the questions that both runs have.

    Attributes:
        fell: It is gated and fell beyond noise: the whole interval of the difference lies below 0, or, for a figure
            without noise, it is lower at all.
    """

    key: str
    ours: float
    baseline: float
    difference: Difference
    gated: bool
    fell: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


Shares = Mapping[str, Mapping[str, Share]]
"""What each case adds to each figure, by case id."""


def read_report(path: Path) -> dict[str, Any]:
    """An earlier report.json. Raises ReportUnusable."""
    mend = "Give a report.json that 'dossier eval' wrote."
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        cases = {case["id"]: case["shares"] for case in report["cases"]}
        if not all(len(share) == 2 for shares in cases.values() for share in shares.values()):
            raise ValueError("a case holds a share that is not a pair")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportUnusable(f"Report {path} cannot be read: {type(error).__name__}: {error}. {mend}") from error
    return dict(report)


def read_sets(path: Path) -> dict[str, Any]:
    """An earlier sets.json. Raises ReportUnusable."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        missing = [name for name in ("sets", "means", "test_means", "given", "origin") if name not in report]
        if missing:
            raise ValueError(f"it has no {', '.join(missing)}")
    except (OSError, ValueError, TypeError) as error:
        raise ReportUnusable(
            f"Report {path} cannot be read: {type(error).__name__}: {error}. Give a sets.json that 'dossier eval' wrote."
        ) from error
    return dict(report)


def compare(report: Mapping[str, Any], baseline: Mapping[str, Any]) -> list[Change]:
    """Every figure that both reports have, on the questions that are word for word the same in both.

    Raises:
        ReportUnusable: No question is in both reports.
    """
    theirs = {case["id"]: case for case in baseline["cases"]}
    pairs = [
        (case["shares"], theirs[case["id"]]["shares"])
        for case in report["cases"]
        if case["id"] in theirs and theirs[case["id"]].get("digest") == case["digest"]
    ]
    if not pairs:
        raise ReportUnusable(
            "The baseline and this run share no question. Make a new baseline from this run's report.json."
        )
    keys = dict.fromkeys(key for pair in pairs for shares in pair for key in shares)
    return [change for key in keys if (change := _change(key, pairs))]


def _change(key: str, pairs: Sequence[tuple[Mapping[str, Share], Mapping[str, Share]]]) -> Change | None:
    ours, theirs = ([_share(shares, key) for shares in run] for run in zip(*pairs, strict=True))
    gated = key in GATED
    if not any(below for _, below in theirs):
        return None
    if not any(below for _, below in ours):
        if not gated:
            return None
        ours = [(0.0, 1.0)] * len(ours)  # a gated figure with nothing left to measure has fallen, not vanished
    difference = paired_bootstrap(ours, theirs)
    fell = gated and (difference.delta < 0 if key in EXACT else difference.interval.high < 0)
    return Change(key, _ratio(ours), _ratio(theirs), difference, gated, fell)


def _share(shares: Mapping[str, Share], key: str) -> Share:
    """What a case adds to a figure; a case that does not count in it adds nothing to either sum."""
    above, below = shares.get(key, (0.0, 0.0))
    return float(above), float(below)


def _ratio(shares: list[Share]) -> float:
    return sum(share[0] for share in shares) / sum(share[1] for share in shares)
