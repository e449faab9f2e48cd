"""The rows of a report over an open Dossier: its stages, the whole route without one of them, and the peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eval.observe import ROWS, Ranker, standard_rankers, whole_route
from eval.peers.ask import ROWS as PEERS
from eval.peers.ask import PeerUnusable, peer_rows
from eval.peers.install import ENVIRONMENT, python_of
from index.collection import Collection
from index.embed import packaged_folder
from index.values import Document

if TYPE_CHECKING:
    from rag.build import Dossier

SWITCHED_OFF: Mapping[str, Mapping[str, object]] = {
    "fused by rank": {"fusion": "ranks"},
    "without reading": {"rerank": 0},
    "without signals": {"signals": False},
    "without parts": {"split_questions": False},
}
"""What each stage is worth: the settings that switch it off. "without reading" is the order of the search, part by part."""
PEER_ROWS = tuple(row for rows in PEERS.values() for row in rows)
KNOWN_ROWS = (*ROWS, *SWITCHED_OFF, *PEER_ROWS)


def installed_peers() -> tuple[str, ...]:
    """The rows of the peers that have an environment here; it is made by `python -m eval.peers install`."""
    return PEER_ROWS if python_of(ENVIRONMENT).exists() else ()


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
    own = standard_rankers(
        dossier.pipeline(collection.name),
        collection,
        dossier.embedder,
        documents,
        rows=[row for row in rows if row in ROWS],
    )
    without = {
        row: whole_route(
            dossier.pipeline(collection.name, settings=dossier.settings.model_copy(update=dict(SWITCHED_OFF[row])))
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
