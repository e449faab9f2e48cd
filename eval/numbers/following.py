"""Follow-up questions: how much of what a person's rewrite finds is found with ours, and how often ours spoils a good one.

TREC CAsT gives conversations with a stand-alone rewrite of each turn; its 2021 turns also name a passage that answers. The
passages of all turns, and those of two other sets so that they do not lie alone, are searched by the product's own retriever.
A conversation is earlier user turns and nothing else: no answers are known to the rule here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.intervals import bootstrap_ratio
from eval.numbers.corpus import ingested, pooled
from eval.numbers.figure import Figure, mean_figure
from eval.numbers.questions import sample
from eval.progress import Progress
from eval.sets.cases import EvaluationSet, SetDocument, SetProblem
from eval.sets.lines import SetInvalid, read_lines
from rag.follow_up import Turn, stand_alone
from rag.wording import content_words

SET = "cast_rewrite"
OTHERS = ("clapnq", "qed")
"""Sets whose passages are searched, too."""
TOP_K = 10
_CHUNKS = 40
"""Chunks searched for, so that there are TOP_K documents among them."""

Search = Callable[[str], Sequence[str]]
"""A query to the ids of documents, best first."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One turn of a conversation that has turns before it.

    Attributes:
        ours: The turn as our rule rewrites it, earlier turns rewritten by it, too.
        passage: The id of the document that answers; None where the set does not say.
        kept: Whether the rule leaves the person's rewrite as it is, in the same place of the conversation.
    """

    asked: str
    ours: str
    human: str
    passage: str | None
    kept: bool


def read_follow_ups(path: Path) -> tuple[list[FollowUp], list[SetDocument]]:
    """The follow-ups of a file of conversations, and its passages as documents.

    Raises:
        NoSet: There is no such file.
        SetInvalid: A line is not as it should be.
    """
    fields = {"id": str, "history": list, "utterance": str, "rewrite": str}
    rows = read_lines(path, fields)
    ids: dict[str, str] = {}
    for row in rows:
        if isinstance(row.get("passage"), str) and row["passage"].strip():
            ids.setdefault(row["passage"], str(row["id"]))
    rewritten: dict[tuple[str, ...], str] = {}
    found: list[FollowUp] = []
    for number, row in enumerate(rows, start=1):
        if not all(isinstance(said, str) for said in row["history"]):
            raise SetInvalid(path.parent, [SetProblem(path.name, number, "field 'history' must hold texts")])
        said = tuple(row["history"])
        if not said:
            continue
        turns = conversation(said, rewritten)
        found.append(
            FollowUp(
                asked=row["utterance"],
                ours=stand_alone(row["utterance"], turns).text,
                human=row["rewrite"],
                passage=ids.get(row.get("passage") or ""),
                kept=stand_alone(row["rewrite"], turns).by is None,
            )
        )
    return found, [SetDocument(identifier, "", text) for text, identifier in ids.items()]


def conversation(said: Sequence[str], known: dict[tuple[str, ...], str]) -> list[Turn]:
    """Turns that were asked one after the other, each rewritten by rule; `known` keeps what was rewritten before."""
    turns: list[Turn] = []
    for number, question in enumerate(said, start=1):
        so_far = tuple(said[:number])
        if so_far not in known:
            known[so_far] = stand_alone(question, turns).text
        turns.append(Turn(question, known[so_far], ""))
    return turns


def score_follow_ups(
    follow_ups: Sequence[FollowUp], search: Search, progress: Progress | None = None
) -> dict[str, Any]:
    """Recall@10 and reciprocal rank of each wording, and the share of the human rewrite's Recall@10 that the others reach."""
    places: dict[str, list[int | None]] = {"as asked": [], "rewritten by rule": [], "rewritten by a person": []}
    for done, turn in enumerate(follow_ups, start=1):
        for name, query in zip(places, (turn.asked, turn.ours, turn.human), strict=True):
            found = list(search(query))[:TOP_K]
            places[name].append(found.index(turn.passage) + 1 if turn.passage in found else None)
        if progress:
            progress(done, len(follow_ups))
    hits = {name: [float(place is not None) for place in ranks] for name, ranks in places.items()}
    firsts = {name: [1 / place if place else 0.0 for place in ranks] for name, ranks in places.items()}
    return {
        "n": len(follow_ups),
        "rows": {
            name: {"recall": mean_figure(hits[name]).to_json(), "reciprocal_rank": mean_figure(firsts[name]).to_json()}
            for name in places
        },
        "share_of_human": {
            measure: {name: _share(values[name], values["rewritten by a person"]) for name in list(places)[:2]}
            for measure, values in (("recall", hits), ("reciprocal_rank", firsts))
        },
    }


def _share(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, Any]:
    """A row's sum over another's, with the interval of that ratio."""
    total = math.fsum(theirs)
    if not total:
        return Figure(None, len(ours)).to_json()
    return Figure(math.fsum(ours) / total, len(ours), bootstrap_ratio(ours, theirs)).to_json()


def score_wording(follow_ups: Sequence[FollowUp]) -> dict[str, Any]:
    """Without any search: human rewrites left alone, and words that a person added and the rule did, too."""
    missing = [(turn, content_words(turn.human) - content_words(turn.asked)) for turn in follow_ups]
    added = [len(content_words(turn.ours) & words) / len(words) for turn, words in missing if words]
    return {
        "human_rewrites_left_alone": mean_figure([float(turn.kept) for turn in follow_ups]).to_json(),
        "rewritten": mean_figure([float(turn.ours != turn.asked) for turn in follow_ups]).to_json(),
        "missing_words_added": mean_figure(added).to_json(),
    }


def measure_following(data: Path, *, limit: int | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """The follow-ups of SET, searched among its passages and those of OTHERS, with the settings in force."""
    follow_ups, passages = read_follow_ups(data / SET / "dev" / "examples.jsonl.gz")
    others = pooled([data / name for name in OTHERS])
    searched = EvaluationSet(SET, (*passages, *others.documents), (), others.digest)
    questions = sample([turn for turn in follow_ups if turn.passage is not None], limit)
    with ingested(searched) as (dossier, indexed):
        retriever = dossier.pipeline().retriever

        def search(query: str) -> list[str]:
            hits = retriever.retrieve(query, _CHUNKS)
            return list(dict.fromkeys(indexed.ids[hit.chunk.document_id] for hit in hits))

        found = score_follow_ups(questions, search, progress)
    return {"documents": len(searched.documents), **found, "wording": score_wording(follow_ups)}
