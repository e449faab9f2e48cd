"""What an answer says beside its statements: who holds which position, what was said when, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer.lines import Line
from rag.contradictions.claims import Claim
from rag.contradictions.judging import Judges
from rag.contradictions.positions import (
    ClaimGroup,
    Positions,
    find_positions,
    outcome_and_expectations,
    with_holders,
)
from rag.facts.wording import WORD, fold
from rag.gate.verify import VerifiedStatement
from rag.reading.judge import AskedFor, stem, stems
from rag.values import Evidence, Nearness

NEAR_SHARE = 0.5
"""Of a question's content words: a passage that holds as many speaks of something close to it."""
MOST_MISSING = 8


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Positions that disagree on what a line asks."""

    about: str
    positions: Positions


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found along the lines of a question.

    Attributes:
        statements: What is shown; none when the documents do not say.
        timeline: Dated values of one thing, newest first; empty when there is a single date.
        missing, nearness: See `rag.values.Answer`.
        nearest: The statements are the nearest that was found: not sure enough for a headline.
    """

    statements: tuple[VerifiedStatement, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    timeline: tuple[ClaimGroup, ...] = ()
    missing: tuple[str, ...] = ()
    nearness: Nearness | None = None
    nearest: bool = False


def find(
    lines: Sequence[Line],
    statements: Sequence[VerifiedStatement],
    evidence: Sequence[Evidence],
    confidence: float,
    threshold: float,
    *,
    quoted_from: float = 1.0,
    compared: bool = True,
    judges: Judges | None = None,
) -> Findings:
    """What the lines and the checked statements come to.

    Args:
        confidence: That the documents answer; under `threshold` they do not say, or only the nearest is shown.
        quoted_from: Confidence from which on the nearest is shown, where it is under the threshold.
        compared: Whether what the sources say is one value that they may disagree on.
        judges: Trained models that read what other documents say of the same thing.
    """
    if not statements or confidence < min(threshold, quoted_from):
        missing, nearness = nearest(" ".join(line.question for line in lines), evidence)
        return Findings(missing=missing, nearness=nearness)
    if confidence < threshold or not compared:
        return Findings(tuple(statements), nearest=confidence < threshold)
    answered = [line for line in lines if _answered(line, threshold, alone=len(lines) == 1)]
    found = [(line.question, positions) for line in answered if (positions := _positions(line, evidence, judges))]
    shown = tuple(statements)
    for _, positions in found:
        shown = with_holders(shown, positions, evidence)
    return Findings(
        shown,
        tuple(Disagreement(about.rstrip(" ?"), positions) for about, positions in found if positions.disagree),
        tuple(position for _, positions in found for position in timeline_of(positions)),
        tuple(line.question for line in lines if line not in answered),
    )


def _answered(line: Line, threshold: float, *, alone: bool) -> bool:
    """Whether a line has an answer: of a plan, whether somebody tells what came of it; confidence is that of a line alone."""
    return bool(line.told) if line.planned else alone or line.answered(threshold)


def _positions(line: Line, evidence: Sequence[Evidence], judges: Judges | None) -> Positions | None:
    if line.planned:
        return outcome_and_expectations(line.told, line.candidates)
    return find_positions(line.question, line.candidates, evidence, judges)


def timeline_of(positions: Positions) -> tuple[ClaimGroup, ...]:
    """Each claim as a point of its own, newest first and undated last; none unless two dates, or a hope and its outcome, are told."""
    points = [claim for position in positions.groups for claim in position.claims]
    told_twice = len({claim.published for claim in points if claim.published}) > 1
    if not told_twice and len({claim.standing for claim in points}) < 2:
        return ()
    return tuple(ClaimGroup((claim,)) for claim in sorted(points, key=_when, reverse=True))


def nearest(question: str, evidence: Sequence[Evidence]) -> tuple[tuple[str, ...], Nearness]:
    """The names and numbers of a question that no passage holds, and whether a passage speaks of something close."""
    asked = AskedFor.of(question)
    passages = [stems(_around(item)) for item in evidence]
    known = frozenset().union(*passages)
    absent = asked.hard - known
    named = dict.fromkeys(word for match in WORD.finditer(fold(question)) if stem(word := match[0]) in absent)
    close = not absent and any(len(asked.words & words) >= NEAR_SHARE * len(asked.words) for words in passages)
    return tuple(named)[:MOST_MISSING], "something else" if close else "nothing"


def _when(claim: Claim) -> str:
    return claim.published


def _around(item: Evidence) -> str:
    provenance = item.document.provenance
    return f"{provenance.title or ''} {provenance.publisher or ''} {item.hit.chunk.text}"
