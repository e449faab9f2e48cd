"""How well the headline check tells spans that answer a question from spans that do not.

The reader's own best spans on passages of the dev sets: right where a span shares most of its words with an accepted answer, wrong where
it shares none, or where the passage does not answer. What lies between counts as neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from eval.measures import token_f1
from eval.numbers.figure import auroc_figure, mean_figure
from eval.numbers.questions import Question, read_questions, sample
from eval.numbers.reading import LONG_CHARS
from eval.progress import Progress
from index.values import Span
from rag.protocols import HeadlineChecker, Reader
from rag.reading.extract import HEADLINE
from rag.reading.headline import stretch
from rag.reading.odds import probability

SETS = ("squad2_dev", "xquad_en", "qed", "squadshifts")
LIMIT = 400
SPANS = 3
RIGHT = 0.8


class Checked(Reader, HeadlineChecker, Protocol):
    """A reader that checks its own spans."""


def measure_headline(
    data: Path, reader: Checked, *, limit: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """AUROC by set and over all, and which shares of right and wrong spans pass as a headline."""
    sets: dict[str, Any] = {}
    pooled: list[tuple[float, bool]] = []
    for name in SETS:
        questions = sample(read_questions(data / name), min(limit or LIMIT, LIMIT))
        found: list[tuple[float, bool]] = []
        for done, question in enumerate(questions, start=1):
            found += checked_spans(reader, question)
            if progress:
                progress(done, len(questions))
        sets[name] = _figures(found)
        pooled += found
    return {"sets": sets, "all": _figures(pooled)}


def checked_spans(reader: Checked, question: Question) -> list[tuple[float, bool]]:
    """(probability of the check, whether it is right) of each of the reader's spans that is clearly one or the other."""
    text, title = question.passage.text[:LONG_CHARS], question.passage.title
    reading = reader.read(question.query.text, [text], titles=[title] if title else (), spans=SPANS)[0]
    spans = [Span(span.start, span.end) for span in reading.spans]
    lead = f"{title}\n" if title else ""
    marked = []
    for span in spans:
        around = stretch(text, span, Span(0, len(text)))
        shift = len(lead) - around.start
        marked.append((lead + text[around.start : around.end], span.start + shift, span.end + shift))
    scores = [probability(value) for value in reader.right(question.query.text, marked)] if marked else []
    found = []
    for span, score in zip(spans, scores, strict=True):
        f1 = token_f1(text[span.start : span.end], question.query.answers) if question.answerable else 0.0
        if f1 >= RIGHT or f1 == 0.0:
            found.append((score, f1 >= RIGHT))
    return found


def _figures(found: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    scores, labels = [score for score, _ in found], [right for _, right in found]
    return {
        "auroc": auroc_figure(scores, labels).to_json(),
        "right_shown": mean_figure([float(score >= HEADLINE) for score, right in found if right]).to_json(),
        "wrong_shown": mean_figure([float(score >= HEADLINE) for score, right in found if not right]).to_json(),
    }
