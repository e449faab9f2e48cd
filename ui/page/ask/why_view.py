"""Why each passage was read, as markup: in words, with its ranks, scores and signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag.values import Answer, EvidenceView
from ui.page.ask.reasons import why_read
from ui.page.markup import Html, fill, join
from ui.page.proof_view import excerpt, reference
from ui.words import listed, written

_SCORES = ("dense_score", "lexical_score")


def why_view(answer: Answer) -> Html:
    seconds = answer.timings_ms.get("total", 0.0) / 1000
    return fill(
        '<details class="why"><summary>Why these passages</summary><p class="note">Passages are found by their meaning and by '
        "their words; the two rankings are fused, and a reader puts the best into order. {facts}</p>"
        '<div class="scroll" tabindex="0"><table><thead><tr><th>Rank</th><th>Passage, and why it was read</th><th>By meaning</th>'
        "<th>By words</th><th>Reader</th><th>Score</th></tr></thead><tbody>{rows}</tbody></table></div></details>",
        facts=listed(
            [
                f"Answered by {_answerer(answer.answered_by)}",
                f"confidence {answer.confidence:.2f}",
                f"{seconds:.2f} s" if seconds else None,
            ]
        ),
        rows=join(_row(passage) for passage in answer.evidence),
    )


def _answerer(name: str) -> str:
    return "the built-in reader" if name == "extractive" else name.replace("llm:", "language model ", 1)


def _row(passage: EvidenceView) -> Html:
    return fill(
        '<tr><td>{rank}</td><td class="passage"><span class="byline">{byline}</span>'
        '<button type="button" class="quiet open">{text}{reference}</button><span class="because">{why}</span>{signals}</td>'
        "<td>{dense}</td><td>{lexical}</td><td>{rerank}</td><td>{score}</td></tr>",
        rank=passage.rank,
        byline=listed([passage.publisher or passage.title, written(passage.published)]),
        text=excerpt(passage.text, 140),
        reference=reference(passage.document_id, passage.start, passage.end),
        why=why_read(passage),
        signals=_signals(passage.signals),
        dense=_ranked(passage.dense_rank, passage.signals.get("dense_score")),
        lexical=_ranked(passage.lexical_rank, passage.signals.get("lexical_score")),
        rerank="–" if passage.rerank_score is None else f"{passage.rerank_score:+.1f}",
        score=f"{passage.score:.4f}",
    )


def _signals(signals: Mapping[str, Any]) -> Html:
    shown = listed(
        (
            f"{name.replace('_', ' ')} {value:.2f}"
            for name, value in signals.items()
            if isinstance(value, int | float) and name not in _SCORES
        ),
        ", ",
    )
    return fill('<span class="signals">{shown}</span>', shown=shown) if shown else Html("")


def _ranked(rank: int | None, score: object) -> str:
    if rank is None:
        return "–"
    return f"#{rank} ({score:.2f})" if isinstance(score, int | float) else f"#{rank}"
