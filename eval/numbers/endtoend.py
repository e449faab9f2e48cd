"""From the question alone to what a person sees: found, read, shown or refused, on pooled corpora of several sets.

Two routes over the same documents with the same reader. The quickstart peer hands the reader the two passages that
llama-index finds with its defaults; of both, the span of the passage that answers best is taken. Ours is `Pipeline.answer`:
its best draft (whatever its confidence), and what a person sees (nothing under the threshold).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval.intervals import paired_bootstrap
from eval.measures import contains_any, exact_match, shown_text, token_f1
from eval.numbers.corpus import ingested, pooled
from eval.numbers.figure import Figure, mean_figure
from eval.numbers.questions import Question, read_questions, sample
from eval.numbers.reading import best_text
from eval.observe import Ranker
from eval.peers.quickstart import QUICKSTART_TOP_K, quickstart_ranker
from eval.progress import Progress
from eval.sets.cases import SetQuery
from eval.sets.read import read_set
from index.values import Document, Filters
from rag.pipeline import Pipeline
from rag.protocols import Reader
from rag.values import Answer

SETS = ("squad2_dev", "xquad_en", "qed")
LIMIT = 150
"""Questions of each set."""
CHATS = "lihua_world"
CHAT_LIMIT = 319

Route = Callable[[str], str]
_LEAD = re.compile(r"^\s*(?:question|answer)\s*:\s*", re.IGNORECASE)
_PARTS = re.compile(r"\s*(?:&|,(?!\d)|;|\band\b)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Drafted:
    """What the pipeline would say at any confidence, and whether a person sees it."""

    short: str
    shown: bool
    answer: Answer


def draft(pipeline: Pipeline, question: str, *, filters: Filters | None = None) -> Drafted:
    """The pipeline's answer with its threshold at 0, and whether its own threshold would show it.

    Of figures that disagree, the first stands for the draft: a person sees them all.
    """
    open_to_all = replace(pipeline, settings=pipeline.settings.model_copy(update={"answer_threshold": 0.0}))
    answer = open_to_all.answer(question, filters=filters)
    stated = answer.verdict != "not_stated"
    short = answer.conflicts[0].positions[0].value if stated and answer.conflicts else answer.short
    return Drafted(short, stated and answer.confidence >= pipeline.settings.answer_threshold, answer)


def quickstart_route(ranker: Ranker, documents: Sequence[Document], reader: Reader) -> Route:
    """The peer's passages, read by our reader with their titles; of all passages the best span of the one that answers best."""
    by_id = {document.id: document for document in documents}

    def route(question: str) -> str:
        found = [place for place in ranker(question, QUICKSTART_TOP_K, None) if place.start < place.end]
        passages = [by_id[place.document_id].text[place.start : place.end] for place in found]
        titles = [by_id[place.document_id].provenance.title for place in found]
        readings = reader.read(question, passages, titles=titles)
        return best_of([(r.answers, best_text(r, text)) for r, text in zip(readings, passages, strict=True)])

    return route


def best_of(candidates: Sequence[tuple[float, str]]) -> str:
    """The text of the highest score among those that found a span; "" when none did.

    >>> best_of([(3.0, ""), (1.0, "Oslo"), (2.0, "Bergen")])
    'Bergen'
    """
    return max(((score, text) for score, text in candidates if text), key=lambda pair: pair[0], default=(0.0, ""))[1]


def score_routes(
    questions: Sequence[tuple[str, Question]],
    quickstart: Route,
    ours: Callable[[str], Drafted],
    progress: Progress | None = None,
) -> dict[str, Any]:
    """EM and F1 of each route over (set, question), in all and by set; what is refused scores 0 where a person looks.

    `gain` is our best draft minus the peer, on the same questions.
    """
    rows: dict[str, list[tuple[str, float, float]]] = {"quickstart": [], "ours, best draft": [], "ours, as shown": []}
    refused = 0
    for done, (name, question) in enumerate(questions, start=1):
        asked, accepted = question.query.text, question.query.answers
        drafted = ours(asked)
        refused += not drafted.shown
        said = {
            "quickstart": quickstart(asked),
            "ours, best draft": drafted.short,
            "ours, as shown": drafted.answer.short if drafted.shown else "",
        }
        for row, text in said.items():
            em = float(bool(text) and exact_match(text, accepted))
            rows[row].append((name, em, token_f1(text, accepted) if text else 0.0))
        if progress:
            progress(done, len(questions))
    names = sorted({name for name, _ in questions})
    best, theirs = rows["ours, best draft"], rows["quickstart"]
    gains = {
        "em": _gain([em for _, em, _ in best], [em for _, em, _ in theirs]),
        "f1": _gain([f1 for _, _, f1 in best], [f1 for _, _, f1 in theirs]),
    }
    return {
        "n": len(questions),
        "rows": {
            row: {**_figures(scores), "sets": {name: _figures([s for s in scores if s[0] == name]) for name in names}}
            for row, scores in rows.items()
        },
        "gain": gains,
        "refused_share": refused / len(questions),
    }


def _figures(scores: Sequence[tuple[str, float, float]]) -> dict[str, Any]:
    return {
        "em": mean_figure([em for _, em, _ in scores]).to_json(),
        "f1": mean_figure([f1 for _, _, f1 in scores]).to_json(),
    }


def _gain(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, Any]:
    difference = paired_bootstrap([(value, 1.0) for value in ours], [(value, 1.0) for value in theirs])
    return {**Figure(difference.delta, difference.n, difference.interval).to_json(), "p": difference.p}


def measure_endtoend(
    data: Path, reader: Reader, *, limit: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Both routes over the pooled corpora of SETS, with the settings in force; `reader` reads for the peer."""
    most = min(limit or LIMIT, LIMIT)
    questions = [
        (name, question)
        for name in SETS
        for question in sample([q for q in read_questions(data / name) if q.answerable], most)
    ]
    with ingested(pooled([data / name for name in SETS])) as (dossier, indexed):
        documents = indexed.bare_documents()
        pipeline = dossier.pipeline()
        quickstart = quickstart_route(quickstart_ranker(documents, dossier.embedder), documents, reader)
        return {
            "documents": len(documents),
            **score_routes(questions, quickstart, lambda question: draft(pipeline, question), progress),
        }


def measure_chats(data: Path, *, limit: int | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """What a person sees of questions on a year of chats: right, wrong or refused."""
    chats = read_set(data / CHATS)
    questions = sample(chats.queries, min(limit or CHAT_LIMIT, CHAT_LIMIT))
    with ingested(chats) as (dossier, _):
        pipeline = dossier.pipeline()
        return score_chats(questions, lambda question: pipeline.answer(question), progress)


def score_chats(
    questions: Sequence[SetQuery], ask: Callable[[str], Answer], progress: Progress | None = None
) -> dict[str, Any]:
    """Shares of questions, by what is shown and not by a judge.

    - right: the accepted answer occurs in what is shown, word for word; or a question without an answer is refused;
    - wrong: something is shown that does not hold it (a true "yes" in other words counts as wrong);
    - refused: a question with an answer is refused;
    - contained_parts: every part of the accepted answer ("A & B") occurs in what is shown, of questions with an answer.
    """
    outcomes: list[tuple[str, str, bool | None]] = []
    for done, query in enumerate(questions, start=1):
        answer = ask(_LEAD.sub("", query.text))
        outcomes.append((query.kind or "", *_outcome(query, answer)))
        if progress:
            progress(done, len(questions))
    kinds = sorted({kind for kind, _, _ in outcomes})
    return {
        **_shares(outcomes),
        "types": {kind: _shares([item for item in outcomes if item[0] == kind]) for kind in kinds},
    }


def _outcome(query: SetQuery, answer: Answer) -> tuple[str, bool | None]:
    shown = shown_text(answer) if answer.verdict != "not_stated" else ()
    if not query.answerable:
        return ("wrong" if shown else "right"), None
    accepted = [_LEAD.sub("", answer).strip() for answer in query.answers]
    parts = [part for answer in accepted for part in _PARTS.split(answer) if part]
    together = " \n ".join(shown)
    whole = any(contains_any(text, accepted) for text in shown)
    return (
        "right" if whole else "wrong" if shown else "refused",
        bool(parts) and all(contains_any(together, [part]) for part in parts),
    )


def _shares(outcomes: Sequence[tuple[str, str, bool | None]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: mean_figure([float(outcome == name) for _, outcome, _ in outcomes]).to_json()
        for name in ("right", "wrong", "refused")
    }
    found["contained_parts"] = mean_figure([float(parts) for _, _, parts in outcomes if parts is not None]).to_json()
    return {"n": len(outcomes), **found}
