"""Several public sets, one after the other, into one report: which sets, which rows, and their means."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from eval.intervals import bootstrap_mean_of_means
from eval.observe import QUICKSTART, ROWS, Passage, Ranker
from eval.origin import code_hash, commit, versions
from eval.progress import StageProgress
from eval.rows import PEER_ROWS, own_collection, row_rankers
from eval.sets.corpus import IndexedSet
from eval.sets.figures import MEASURES
from eval.sets.lines import NoSet
from eval.sets.read import find_sets
from eval.sets.report import given_to_beat, write_sets
from eval.sets.run import Systems, run_set
from index.collection import Collection
from index.values import Filters

if TYPE_CHECKING:
    from rag.build import Dossier

NINE = (
    "scifact",
    "cranfield",
    "multihop_rag_500",
    "lihua_world",
    "squad2_dev",
    "xquad_en",
    "clapnq",
    "qed",
    "multihop_wiki",
)
"""The sets that a run over a folder of sets takes when they are there: what their README reports a mean of."""


@dataclass(frozen=True)
class DossierSystems:
    """The rows of a report over an open Dossier."""

    dossier: Dossier
    rows: Sequence[str] = ROWS

    @property
    def made_with(self) -> str:
        return self.dossier.settings.answer_hash()

    def collection(self, name: str) -> Collection:
        return own_collection(self.dossier, name)

    def rankers(self, indexed: IndexedSet, questions: Sequence[str], folder: Path) -> Mapping[str, Ranker]:
        rankers = row_rankers(
            self.dossier, indexed.collection, indexed.bare_documents, questions, rows=self.rows, folder=folder
        )
        bare = (QUICKSTART, *PEER_ROWS)
        return {row: _in_stored_text(rank, indexed) if row in bare else rank for row, rank in rankers.items()}


def _in_stored_text(rank: Ranker, indexed: IndexedSet) -> Ranker:
    """A row that searched documents without their front matter, with spans counted in the stored text."""

    def ranked(query: str, top_k: int, filters: Filters | None) -> tuple[Passage, ...]:
        return tuple(_moved(passage, indexed) for passage in rank(query, top_k, filters))

    return ranked


def _moved(passage: Passage, indexed: IndexedSet) -> Passage:
    front = indexed.fronts[indexed.ids[passage.document_id]]
    return replace(passage, start=passage.start + front, end=passage.end + front)


def choose_sets(folder: Path, names: Sequence[str] = (), part: str = "dev") -> list[Path]:
    """The set folders to run: the folder itself, or those named, or the NINE that are there, or all of them.

    Raises:
        NoSet: The folder holds no set, or none of a name.
    """
    found = {path.name: path for path in find_sets(folder, part)}
    unknown = [name for name in names if name not in found]
    if unknown:
        raise NoSet(f"{folder} holds no set {', '.join(unknown)}. There are: {', '.join(found)}.")
    wanted = names or [name for name in NINE if name in found] or list(found)
    return [found[name] for name in dict.fromkeys(wanted)]


def run_sets(
    folders: Sequence[Path],
    systems: Systems,
    out: Path,
    *,
    part: str = "dev",
    limit: int | None = None,
    progress: StageProgress | None = None,
) -> dict[str, Any]:
    """Run every set and write out/sets.json, sets.md and sets.html, and each set's questions to out/SET/cases.json.

    Returns:
        What sets.json holds.
    """
    results = []
    for folder in folders:
        place = out / folder.resolve().name
        result = run_set(folder, systems, place, part=part, limit=limit, progress=progress)
        results.append(result)
        origin = {"set": result["set"], "part": part, "digest": result["digest"], "commit": commit()}
        cases = {"origin": origin, "cases": result["cases"]}
        (place / "cases.json").write_text(json.dumps(cases, ensure_ascii=False) + "\n", encoding="utf-8")
    report = {
        "format": 1,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "origin": {
            "commit": commit(),
            "code_hash": code_hash(),
            "settings_hash": systems.made_with,
            "part": part,
            "limit": limit,
            "versions": versions(),
        },
        "given": given_to_beat([result["set"] for result in results], part),
        "means": means(results),
        "test_means": means(results, only_test=True),
        "sets": [{key: value for key, value in result.items() if key != "cases"} for result in results],
    }
    write_sets(report, out)
    return report


def means(results: Sequence[Mapping[str, Any]], *, only_test: bool = False) -> list[dict[str, Any]]:
    """For every row and measure the mean over the sets, each set counted once, questions resampled within their set.

    Args:
        only_test: Only the questions that no training pool holds, and only the sets that list them.
    """
    figures = "test_figures" if only_test else "figures"
    counted = [result for result in results if result[figures]]
    found = []
    for row in dict.fromkeys(row for result in counted for row in result["rows"]):
        for measure in map(str, MEASURES):
            key = f"documents/{row}/{measure}"
            values = [figure["value"] for result in counted for figure in result[figures] if figure["key"] == key]
            listed = {result["set"]: _listed(result, only_test) for result in counted}
            groups = [
                [case["shares"][key][0] for case in result["cases"] if case["id"] in listed[result["set"]]]
                for result in counted
                if row in result["rows"]
            ]
            interval = bootstrap_mean_of_means(groups)
            found.append(
                {
                    "row": row,
                    "measure": measure,
                    "value": mean(values),
                    "interval": asdict(interval),
                    "sets": len(values),
                }
            )
    return found


def _listed(result: Mapping[str, Any], only_test: bool) -> frozenset[str]:
    return frozenset(case["id"] for case in result["cases"] if case["test"] or not only_test)
