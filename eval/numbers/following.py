"""Follow-up questions: how much of what a person's rewrite finds is found with ours, and how often ours spoils a good one.

TREC CAsT gives conversations with a stand-alone rewrite of each turn; its 2021 turns also name a passage that answers. The
passages of all turns, and those of two other sets so that they do not lie alone, are searched by the product's own retriever.
MTRAG-UN gives conversations with the passages that answer, and no rewrite. A conversation is earlier user turns and nothing
else: no answers are known to the rule here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from rag.conversation.follow_up import Turn, stand_alone
from rag.facts.wording import content_words

SET, CHATS = "cast_rewrite", "mtrag_un"
OTHERS = ("clapnq", "qed")
"""Sets whose passages are searched beside those of SET."""
TOP_K = 10
_CHUNKS = 40
"""Chunks searched for, so that there are TOP_K documents among them."""
ASKED, OURS, HUMAN = "as asked", "rewritten by rule", "rewritten by a person"

Search = Callable[[str], Sequence[str]]
"""A query to the ids of documents, best first."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One turn of a conversation that has turns before it.

    Attributes:
        wordings: As it was asked, as our rule rewrites it (earlier turns rewritten by it, too), as a person did.
        kept: Whether the rule leaves the person's rewrite as it is, in the same place of the conversation.
        relevant: The ids of the documents that answer; empty where the set does not say.
    """

    wordings: Mapping[str, str]
    kept: bool = True
    relevant: frozenset[str] = frozenset()


def read_cast(path: Path) -> tuple[list[FollowUp], list[SetDocument]]:
    """The follow-ups of TREC CAsT, and its passages as documents. Raises NoSet or SetInvalid."""
    rows = read_lines(path, {"id": str, "history": list, "utterance": str, "rewrite": str})
    ids: dict[str, str] = {}
    for row in rows:
        if isinstance(row.get("passage"), str) and row["passage"].strip():
            ids.setdefault(row["passage"], row["id"])
    rewritten: dict[tuple[str, ...], str] = {}
    found: list[FollowUp] = []
    for number, row in enumerate(rows, start=1):
        turns = conversation(_texts(row["history"], path, number), rewritten)
        if turns:
            asked, human = row["utterance"], row["rewrite"]
            wordings = {ASKED: asked, OURS: stand_alone(asked, turns).text, HUMAN: human}
            relevant = frozenset({ids[row["passage"]]}) if row.get("passage") in ids else frozenset()
            found.append(FollowUp(wordings, stand_alone(human, turns).by is None, relevant))
    return found, [SetDocument(identifier, "", text) for text, identifier in ids.items()]


def read_chats(path: Path) -> tuple[list[FollowUp], list[SetDocument]]:
    """The follow-ups of MTRAG-UN that its documents answer, and all its documents. Raises NoSet or SetInvalid."""
    rows = read_lines(path, {"conversation": list, "documents": list, "answerability": list})
    documents: dict[str, SetDocument] = {}
    rewritten: dict[tuple[str, ...], str] = {}
    found: list[FollowUp] = []
    for number, row in enumerate(rows, start=1):
        turns = _objects(row["conversation"], path, number)
        said = _texts((turn.get("text") for turn in turns if turn.get("role") == "user"), path, number)
        own = [_document(raw, path, number) for raw in _objects(row["documents"], path, number)]
        documents |= {document.id: document for document in own if document.id not in documents}
        if len(said) > 1 and own and {"ANSWERABLE", "PARTIAL"}.intersection(map(str, row["answerability"])):
            ours = stand_alone(said[-1], conversation(said[:-1], rewritten)).text
            relevant = frozenset(document.id for document in own)
            found.append(FollowUp({ASKED: said[-1], OURS: ours}, relevant=relevant))
    return found, list(documents.values())


def _document(raw: Mapping[str, Any], path: Path, line: int) -> SetDocument:
    identifier, text = _texts((raw.get("doc_id"), raw.get("text")), path, line)
    return SetDocument(identifier, str(raw.get("title") or ""), text)


def _objects(values: Sequence[object], path: Path, line: int) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = [value for value in values if isinstance(value, dict)]
    if len(found) < len(values):
        raise SetInvalid(path.parent, [SetProblem(path.name, line, "turns and documents must be JSON objects")])
    return found


def _texts(values: Iterable[object], path: Path, line: int) -> tuple[str, ...]:
    found = tuple(values)
    if not all(isinstance(value, str) for value in found):
        raise SetInvalid(
            path.parent, [SetProblem(path.name, line, "what was said, and ids and texts of documents, must be strings")]
        )
    return tuple(str(value) for value in found)


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
    """Recall@10 and reciprocal rank of each wording, and the shares of a person's that the others reach, where there is one."""
    recall: dict[str, list[float]] = {name: [] for name in (follow_ups[0].wordings if follow_ups else ())}
    rank: dict[str, list[float]] = {name: [] for name in recall}
    for done, turn in enumerate(follow_ups, start=1):
        for name, query in turn.wordings.items():
            found = list(search(query))[:TOP_K]
            places = [place for place, identifier in enumerate(found, start=1) if identifier in turn.relevant]
            recall[name].append(len(places) / len(turn.relevant))
            rank[name].append(1 / places[0] if places else 0.0)
        if progress:
            progress(done, len(follow_ups))
    measured = {"recall": recall, "reciprocal_rank": rank}
    return {
        "n": len(follow_ups),
        "rows": {
            name: {measure: mean_figure(values[name]).to_json() for measure, values in measured.items()}
            for name in recall
        },
        "share_of_human": {
            measure: {name: _share(values[name], values[HUMAN]) for name in (ASKED, OURS)}
            for measure, values in measured.items()
            if HUMAN in values
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
    added = []
    for wordings in (turn.wordings for turn in follow_ups):
        missing = content_words(wordings[HUMAN]) - content_words(wordings[ASKED])
        if missing:
            added.append(len(content_words(wordings[OURS]) & missing) / len(missing))
    return {
        "human_rewrites_left_alone": mean_figure([float(turn.kept) for turn in follow_ups]).to_json(),
        "rewritten": mean_figure([float(t.wordings[OURS] != t.wordings[ASKED]) for t in follow_ups]).to_json(),
        "missing_words_added": mean_figure(added).to_json(),
    }


def measure_following(data: Path, *, limit: int | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """The follow-ups of SET among its passages and those of OTHERS, and those of CHATS among its own; settings in force."""
    follow_ups, passages = read_cast(data / SET / "dev" / "examples.jsonl.gz")
    chats, documents = read_chats(data / CHATS / "dev" / "examples.jsonl.gz")
    others = pooled([data / name for name in OTHERS]).documents
    asked = sample([turn for turn in follow_ups if turn.relevant], limit)
    return {
        "documents": len(passages) + len(others),
        **_searched([*passages, *others], asked, progress),
        "wording": score_wording(follow_ups),
        "chats": {"documents": len(documents), **_searched(documents, sample(chats, limit), progress)},
    }


def _searched(
    documents: Sequence[SetDocument], follow_ups: Sequence[FollowUp], progress: Progress | None
) -> dict[str, Any]:
    """Follow-ups searched in a collection of their own."""
    with ingested(EvaluationSet(SET, tuple(documents), (), "")) as (dossier, indexed):
        retriever = dossier.pipeline().retriever

        def search(query: str) -> list[str]:
            hits = retriever.retrieve(query, _CHUNKS)
            return list(dict.fromkeys(indexed.ids[hit.chunk.document_id] for hit in hits))

        return score_follow_ups(follow_ups, search, progress)
