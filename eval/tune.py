"""A threshold for a target error rate, from the risk-coverage curve of a person's own gold file: `dossier eval GOLD.jsonl --tune`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.cases import LocatedCase
from eval.figures import is_right
from eval.intervals import Interval, wilson
from eval.observe import Observation
from eval.progress import Progress, progress_bar
from index.errors import DossierError, EmptyCollection

if TYPE_CHECKING:
    from rag.build import Dossier

SETTING = "answer_threshold"
LEAST = 10
"""Fewest questions with an answer, and fewest without: under that, the error is anyone's guess."""
ROWS = 10
"""Points of the curve that are printed."""


class NotTunable(DossierError):
    """A gold file does not carry a threshold."""

    code = "not-tunable"


@dataclass(frozen=True, slots=True)
class Tried:
    """One question, answered at any confidence.

    Attributes:
        right: An accepted answer is in what would be shown.
        answerable: The documents do answer it.
    """

    confidence: float
    right: bool
    answerable: bool


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold does: how many questions are answered, and how many of those wrongly."""

    threshold: float
    answered: int
    wrong: int
    refused_rightly: int

    @property
    def risk(self) -> float:
        return self.wrong / self.answered


@dataclass(frozen=True, slots=True)
class Tuned:
    """A threshold and what it can be expected to do.

    Attributes:
        curve: Every threshold that makes a difference, the highest first.
        chosen: The point that answers most questions at the target error or under it.
        expected: (wrong, answered) when each question is judged by the threshold that the others choose.
    """

    target: float
    tried: tuple[Tried, ...]
    curve: tuple[Point, ...]
    chosen: Point
    expected: tuple[int, int]

    @property
    def interval(self) -> Interval:
        """95 % interval of the expected error; all that can be said when nothing is answered is 0 to 1."""
        wrong, answered = self.expected
        return wilson(wrong, answered) if answered else Interval(0.0, 1.0)


def run_tuning(
    gold: Path, collection: str | None, out: Path | None, target: float, *, write: bool, as_json: bool
) -> str:
    """What `dossier eval GOLD.jsonl --tune` prints; with `write` the threshold stands in the settings file afterwards."""
    from rag.build import open_dossier
    from rag.settings import CONFIG_FILE, load_settings, write_setting

    with open_dossier(load_settings()) as dossier, progress_bar() as progress:
        folder = out or Path("reports/tune")
        tuned = tune_gold(dossier, gold, collection=collection, target=target, out=folder, progress=progress)
    line = f"{SETTING} = {tuned.chosen.threshold}"
    if write:
        write_setting(SETTING, tuned.chosen.threshold)
        in_force = load_settings().answer_threshold
        done = f"Written to {CONFIG_FILE}: {line}"
        if in_force != tuned.chosen.threshold:
            done += f"\nDOSSIER_{SETTING.upper()} is set to {in_force} and wins over it."
    else:
        done = f"Put this line into {CONFIG_FILE}, or run this again with --write:\n{line}"
    return json.dumps(as_data(tuned)) if as_json else f"{describe(tuned)}\n\n{done}"


def tune_gold(
    dossier: Dossier, gold: Path, *, collection: str | None, target: float, out: Path, progress: Progress | None = None
) -> Tuned:
    """Ask every question of a gold file with no threshold, and choose one.

    Raises:
        NotTunable: Before anything is asked when the file holds too few questions of either kind.
    """
    from eval.gold import load_gold
    from eval.run import run_gold

    corpus = dossier.collection(collection)
    documents = corpus.documents()
    if not documents:
        raise EmptyCollection(f"Collection '{corpus.name}' holds no document. Run: dossier index FOLDER")
    cases = load_gold(gold, documents)
    _refuse_too_few(gold, cases)
    settings = dossier.settings.model_copy(update={SETTING: 0.0})
    out.mkdir(parents=True, exist_ok=True)
    observed = run_gold(
        dossier.pipeline(collection, settings=settings),
        corpus,
        cases,
        rankers={},
        settings_hash=settings.answer_hash(),
        out=out,
        progress=progress,
    )
    return tune(tried_of(observed), target)


def _refuse_too_few(gold: Path, cases: Sequence[LocatedCase]) -> None:
    without = sum(not located.case.answerable for located in cases)
    for count, kind in ((without, "without an answer (kind 'unanswerable')"), (len(cases) - without, "with an answer")):
        if count < LEAST:
            raise NotTunable(
                f"{gold} holds {count} questions {kind}; a threshold wants {LEAST} or more of them, and rests well on 50. "
                "Add questions that people ask and your documents do not answer, about as many as there are in practice."
            )


def tried_of(observed: Sequence[tuple[LocatedCase, Observation]]) -> list[Tried]:
    """What was said at any confidence. A question on which nothing could be said is refused at every threshold."""
    return [
        Tried(
            observation.answer.confidence if observation.answer.verdict != "not_stated" else -1.0,
            is_right(located, observation),
            located.case.answerable,
        )
        for located, observation in observed
    ]


def tune(tried: Sequence[Tried], target: float) -> Tuned:
    """The threshold that answers most at the target error, and its error on questions that did not choose it.

    Raises:
        NotTunable: Even the most confident answers err more often than the target allows.
    """
    points = curve_of(tried)
    chosen = choose(points, target)
    if chosen is None:
        lowest = min((point.risk for point in points), default=1.0)
        raise NotTunable(
            f"No threshold keeps the error at {target:.0%}: the lowest that these questions reach is {lowest:.0%}. "
            "Give a higher --target-error."
        )
    return Tuned(target, tuple(tried), tuple(points), chosen, left_out(tried, target))


def curve_of(tried: Sequence[Tried]) -> list[Point]:
    """One point per distinct confidence, the highest first: what is answered when that is the threshold.

    >>> [(p.threshold, p.answered, p.wrong) for p in curve_of([Tried(0.9, True, True), Tried(0.4, False, False)])]
    [(0.9, 1, 0), (0.4, 2, 1)]
    """
    ranked = sorted((item for item in tried if item.confidence >= 0), key=lambda item: -item.confidence)
    unanswerable = sum(not item.answerable for item in tried)
    points: list[Point] = []
    wrong = answered_though_unanswerable = 0
    for count, item in enumerate(ranked, start=1):
        wrong += not item.right
        answered_though_unanswerable += not item.answerable
        if count == len(ranked) or ranked[count].confidence < item.confidence:
            points.append(Point(item.confidence, count, wrong, unanswerable - answered_though_unanswerable))
    return points


def choose(points: Sequence[Point], target: float) -> Point | None:
    """The point that answers most at the target error or under it."""
    return next((point for point in reversed(points) if point.risk <= target), None)


def left_out(tried: Sequence[Tried], target: float) -> tuple[int, int]:
    """(wrong, answered) when each question is answered or refused by the threshold that all others choose.

    The chosen point's own error is too low, as it was chosen for it; this one is what a new question can expect.
    """
    wrong = answered = 0
    for number, item in enumerate(tried):
        point = choose(curve_of([*tried[:number], *tried[number + 1 :]]), target)
        if point is not None and item.confidence >= point.threshold:
            answered += 1
            wrong += not item.right
    return wrong, answered


def describe(tuned: Tuned) -> str:
    """The curve as a table, the threshold, and what to expect of it."""
    count, without = len(tuned.tried), sum(not item.answerable for item in tuned.tried)
    chosen, (wrong, answered) = tuned.chosen, tuned.expected
    low, high = tuned.interval.low, tuned.interval.high
    expected = f"{wrong / answered:.1%}" if answered else "not known"
    return "\n".join(
        [
            f"{count} questions, {without} of them without an answer. A threshold answers what is at least so confident:",
            "",
            f"| threshold | answered | wrong among them | error | without an answer, refused (of {without}) |",
            "|---|---|---|---|---|",
            *(_row(point, point is chosen) for point in _shown(tuned)),
            "",
            f"Target error {tuned.target:.0%}: {SETTING} = {chosen.threshold} answers {chosen.answered} of {count}, {chosen.wrong} wrongly.",
            f"Error to expect of new questions like these: {expected} [{low:.1%}, {high:.1%}], from {answered} answers, each judged by the "
            "threshold that the other questions choose. It holds while about the same share of questions has no answer.",
        ]
    )


def _shown(tuned: Tuned) -> list[Point]:
    """At most ROWS points, evenly spread, and the chosen one."""
    last = len(tuned.curve) - 1
    places = {round(step * last / (ROWS - 1)) for step in range(ROWS)} | {tuned.curve.index(tuned.chosen)}
    return [tuned.curve[place] for place in sorted(places)]


def _row(point: Point, chosen: bool) -> str:
    mark = "**" if chosen else ""
    return f"| {mark}{point.threshold}{mark} | {point.answered} | {point.wrong} | {point.risk:.1%} | {point.refused_rightly} |"


def as_data(tuned: Tuned) -> dict[str, Any]:
    """What `--json` prints."""
    wrong, answered = tuned.expected
    return {
        SETTING: tuned.chosen.threshold,
        "target_error": tuned.target,
        "questions": len(tuned.tried),
        "answered": tuned.chosen.answered,
        "wrong": tuned.chosen.wrong,
        "expected_error": {
            "value": wrong / answered if answered else None,
            "n": answered,
            "interval": {"low": tuned.interval.low, "high": tuned.interval.high},
        },
        "curve": [[point.threshold, point.answered, point.wrong] for point in tuned.curve],
    }
