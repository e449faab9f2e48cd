"""The rows of a report over an open Dossier: its stages, the whole route without one of them, and the peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from eval.observe import ROWS, Ranker, standard_rankers, whole_route
from eval.peers.ask import ROWS as PEERS
from eval.peers.ask import PeerUnusable, peer_rows
from eval.peers.install import ENVIRONMENT, python_of
from index.collection import Collection
from index.embed import packaged_folder
from index.errors import ModelChanged
from index.values import Document
from rag.pipeline import Pipeline
from rag.protocols import Reader
from rag.values import Reading

if TYPE_CHECKING:
    from rag.build import Dossier

SWITCHED_OFF: Mapping[str, Mapping[str, object]] = {
    "fused by rank": {"fusion": "ranks"},
    "without reranking": {"rerank": 0},
    "without signals": {"signals": False},
    "without parts": {"split_questions": False},
}
"""What each stage is worth: the settings that switch it off. "without reranking" is the order of the search, part by part."""
PEER_ROWS = tuple(row for rows in PEERS.values() for row in rows)
KNOWN_ROWS = (*ROWS, *SWITCHED_OFF, *PEER_ROWS)


class RememberingReader:
    """Reads each passage of a question once, for all rows that rerank it. Only the last question's readings are kept."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._question = ""
        self._kept: dict[tuple[str, str | None, int], Reading] = {}

    def read(
        self, question: str, passages: Sequence[str], *, titles: Sequence[str | None] = (), spans: int = 1
    ) -> list[Reading]:
        if question != self._question:
            self._question, self._kept = question, {}
        asked = [(text, title, spans) for text, title in zip(passages, titles or [None] * len(passages), strict=True)]
        new = [key for key in dict.fromkeys(asked) if key not in self._kept]
        read = self._reader.read(question, [key[0] for key in new], titles=[key[1] for key in new], spans=spans)
        self._kept.update(zip(new, read, strict=True))
        return [self._kept[key] for key in asked]


def installed_peers() -> tuple[str, ...]:
    """The rows of the peers that have an environment here; it is made by `python -m eval.peers install`."""
    return PEER_ROWS if python_of(ENVIRONMENT).exists() else ()


def own_collection(dossier: Dossier, name: str) -> Collection:
    """A collection made for measuring only: one that another embedder has made is embedded again unasked."""
    collection = dossier.collection(name, create=True)
    try:
        collection.check_model()
    except ModelChanged:
        collection.rebuild(reembed=True)
    return collection


def row_rankers(
    dossier: Dossier,
    collection: Collection,
    documents: Callable[[], Sequence[Document]],
    questions: Sequence[str],
    *,
    rows: Sequence[str],
    folder: Path,
) -> dict[str, Ranker]:
    """A ranker for each of `rows`, in their order.

    Args:
        documents: What the peers search.
        questions: All that will be asked: peers outside of this process answer them in one go.
        folder: Where their jobs are kept.

    Raises:
        PeerUnusable: A peer's row cannot be made; why, and what mends it.
    """
    pipeline = dossier.pipeline(collection.name)
    reader = RememberingReader(pipeline.reranker.reader)

    def remembering(pipeline: Pipeline) -> Pipeline:
        return replace(pipeline, reranker=replace(pipeline.reranker, reader=reader))

    own = standard_rankers(
        remembering(pipeline),
        collection,
        dossier.embedder,
        documents,
        rows=[row for row in rows if row in ROWS],
    )
    without = {
        row: whole_route(
            remembering(
                dossier.pipeline(collection.name, settings=dossier.settings.model_copy(update=dict(SWITCHED_OFF[row])))
            )
        )
        for row in rows
        if row in SWITCHED_OFF
    }
    peers = [peer for peer, names in PEERS.items() if set(names) & set(rows)]
    asked = peer_rows(documents() if peers else (), questions, model=packaged_folder(), folder=folder, peers=peers)
    if absent := [asked.absent[row] for row in rows if row in asked.absent]:
        raise PeerUnusable(absent[0])
    made = {**own, **without, **asked.rankers}
    return {row: made[row] for row in rows}
