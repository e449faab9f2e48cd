"""Conflicts shown when there are any, and not when there are none: on invented pairs and on the gold set of `seeds/`.

Asked at the product's own door, without an LLM. A conflict is shown when the verdict is `conflicting` and each gold position is
among the positions laid side by side; what else the answer quotes does not count.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from eval.cases import GoldCase
from eval.gold import load_gold
from eval.measures import contains_any
from eval.numbers.corpus import ingested
from eval.numbers.figure import mean_figure, ratio_figure
from eval.numbers.questions import sample
from eval.origin import ROOT
from eval.progress import Progress
from eval.sets.cases import EvaluationSet, SetDocument
from eval.sets.lines import read_lines
from rag.values import Answer, Conflict

GOLD = ROOT / "eval" / "gold" / "conflicts.jsonl"
SEEDS_GOLD = ROOT / "eval" / "gold" / "seeds.jsonl"
REVISED = "revised"
"""The later text names the earlier value as superseded: both should be seen, and neither verdict is wrong."""
_FIELDS = {"id": str, "kind": str, "question": str, "documents": list, "positions": list}


@dataclass(frozen=True, slots=True)
class Pair:
    """Texts and one question about them.

    Attributes:
        positions: Accepted forms of each position; none when the texts agree or speak of different things.
    """

    id: str
    kind: str
    question: str
    documents: tuple[SetDocument, ...]
    positions: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one answer showed.

    Attributes:
        wanted, found: Gold positions, and how many of them are among the positions laid side by side.
        traced: How many of them are on the timeline or among those positions.
    """

    kind: str
    verdict: str
    wanted: int
    found: int
    traced: int

    @property
    def conflict(self) -> bool:
        return self.wanted > 1 and self.kind != REVISED

    @property
    def alarm(self) -> bool:
        return self.verdict == "conflicting"

    @property
    def right(self) -> bool:
        """It is a conflict, is said to be one, and all of it is there."""
        return self.conflict and self.alarm and self.found == self.wanted


Case = TypeVar("Case", Pair, GoldCase)


def read_pairs(path: Path = GOLD) -> list[Pair]:
    """Pairs of a gold file. Raises NoSet or SetInvalid, with every line that is wrong."""
    return [
        Pair(
            raw["id"],
            raw["kind"],
            raw["question"],
            tuple(SetDocument(f"{raw['id']}-{number}", **fields) for number, fields in enumerate(raw["documents"])),
            tuple(tuple(forms) for forms in raw["positions"]),
        )
        for raw in read_lines(path, _FIELDS)
    ]


def outcome_of(kind: str, positions: Sequence[Sequence[str]], answer: Answer) -> Outcome:
    """Compare an answer with the positions that it should lay side by side."""
    beside = [text for conflict in answer.conflicts for text in _position_texts(conflict, answer)]
    on_timeline = [position.value for position in answer.timeline]
    return Outcome(
        kind,
        answer.verdict,
        len(positions),
        sum(any(contains_any(text, forms) for text in beside) for forms in positions),
        sum(any(contains_any(text, forms) for text in (*beside, *on_timeline)) for forms in positions),
    )


def _position_texts(conflict: Conflict, answer: Answer) -> Iterator[str]:
    """What each position says. An outcome is said by a sentence ("walked out at two"), so there the quotes count too."""
    quotes = {citation.number: citation.quote for citation in answer.citations}
    for position in conflict.positions:
        yield position.value
        if conflict.kind == "outcome":
            yield from (quotes[number] for number in position.citations if number in quotes)


def score(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Figures over the outcomes.

    - recall: conflicts that are shown with all their positions;
    - position_recall: their positions that are shown;
    - precision: of the answers that say "conflicting", those to a question on which the texts conflict;
    - precision_shown: of the same, those that show two or more of its positions;
    - false_alarms: of the texts that do not conflict, those said to conflict;
    - refused: questions of either sort that are not answered at all;
    - revised: values of which one supersedes the other, both seen, in a conflict or on the timeline.
    """
    judged = [item for item in outcomes if item.kind != REVISED]
    conflicts = [item for item in judged if item.conflict]
    revised = [item for item in outcomes if item.kind == REVISED]
    return {
        "n": len(outcomes),
        "recall": mean_figure([float(item.right) for item in conflicts]).to_json(),
        "position_recall": ratio_figure([(item.found, item.wanted) for item in conflicts]).to_json(),
        "precision": mean_figure([float(item.conflict) for item in judged if item.alarm]).to_json(),
        "precision_shown": mean_figure(
            [float(item.conflict and item.found > 1) for item in judged if item.alarm]
        ).to_json(),
        "false_alarms": mean_figure([float(item.alarm) for item in judged if not item.conflict]).to_json(),
        "refused": mean_figure([float(item.verdict == "not_stated") for item in judged]).to_json(),
        "revised": mean_figure([float(item.traced == item.wanted) for item in revised]).to_json(),
        "kinds": {
            kind: _of_kind([item for item in outcomes if item.kind == kind])
            for kind in dict.fromkeys(item.kind for item in outcomes)
        },
    }


def _of_kind(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "n": len(outcomes),
        "conflicting": sum(item.alarm for item in outcomes),
        "right": sum(item.right for item in outcomes),
        "verdicts": dict(Counter(item.verdict for item in outcomes)),
    }


def measure_conflicts(
    gold: Path = GOLD, *, limit: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """The pairs and the gold set of `seeds/`, each in one collection of its own, with the settings in force."""
    return {"pairs": score(_ask_pairs(gold, limit, progress)), "seeds": score(_ask_seeds(limit, progress))}


def _ask_pairs(gold: Path, limit: int | None, progress: Progress | None) -> list[Outcome]:
    """The texts of all pairs lie in one collection, as in one person's folder."""
    pairs = read_pairs(gold)
    documents = tuple(document for pair in pairs for document in pair.documents)
    with ingested(EvaluationSet("conflicts", documents, (), "")) as (dossier, _):
        pipeline = dossier.pipeline()
        return _outcomes(sample(pairs, limit), lambda pair: pipeline.answer(pair.question), progress)


def _ask_seeds(limit: int | None, progress: Progress | None) -> list[Outcome]:
    """Every question of the gold set of `seeds/`, so that a conflict shown for a plain fact is a false alarm."""
    from index.files import find_files
    from rag.build import open_dossier
    from rag.settings import load_settings

    paths = sorted((ROOT / "seeds").glob("[0-9]*.md"))
    with (
        tempfile.TemporaryDirectory(prefix="dossier-eval-") as place,
        open_dossier(load_settings(data=Path(place))) as dossier,
    ):
        corpus = dossier.collection(create=True)
        found = find_files(paths, max_files=len(paths))
        corpus.ingest(found.files, roots=found.roots, refusals=found.refusals)
        pipeline = dossier.pipeline()
        cases = [located.case for located in load_gold(SEEDS_GOLD, corpus.documents())]

        def ask(case: GoldCase) -> Answer:
            return pipeline.answer(case.question, filters=case.filtering.filters, as_of=case.filtering.as_of)

        return _outcomes(sample(cases, limit), ask, progress)


def _outcomes(cases: Sequence[Case], ask: Callable[[Case], Answer], progress: Progress | None) -> list[Outcome]:
    found: list[Outcome] = []
    for done, case in enumerate(cases, start=1):
        found.append(outcome_of(case.kind, case.positions, ask(case)))
        if progress:
            progress(done, len(cases))
    return found
