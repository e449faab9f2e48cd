"""Which chunks a filter leaves, and the nearest among them: exact for a small selection, over-fetched for a large one."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from index.catalogue import Catalogue
from index.dense import DenseIndex
from index.protocols import Vectors
from index.values import Filters

EXACT_CHUNKS = 8_192
CACHED = 8
_MARGIN = 1.5
_EXTRA = 20
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Selection:
    """The documents that pass a filter, with their chunks.

    Attributes:
        documents: Ids of the documents.
        ids: Ids of their chunks.
        vectors: One row per chunk id, for exact search; None when the selection is large.
        members: The chunk ids as a set; empty when `vectors` is there.
    """

    documents: list[str]
    ids: list[str]
    vectors: Vectors | None
    members: frozenset[str]


class Selections:
    """Filters resolved against the catalogue, remembered until the next change."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Filters, tuple[int, int]], Selection] = OrderedDict()

    def select(self, filters: Filters) -> Selection:
        """The documents and chunks that pass. Raises ValueError for a date that is not an ISO prefix."""
        for name, date in (("since", filters.since), ("until", filters.until)):
            if date and not _DATE.fullmatch(date):
                raise ValueError(f"{name} must be a date such as 2025, 2025-11 or 2025-11-16, got {date!r}")
        key = (filters, self._catalogue.version)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        selection = self._resolve(filters)
        with self._lock:
            self._known[key] = selection
            for stale in [known for known in self._known if known[1] != key[1]]:
                del self._known[stale]
            while len(self._known) > CACHED:
                self._known.popitem(last=False)
        return selection

    def _resolve(self, filters: Filters) -> Selection:
        documents = self._catalogue.matching(filters)
        if sum(self._catalogue.chunk_counts(documents).values()) <= EXACT_CHUNKS:
            ids, vectors = self._catalogue.vectors(documents)
            return Selection(documents, ids, vectors, frozenset())
        ids = self._catalogue.chunk_ids(documents)
        return Selection(documents, ids, None, frozenset(ids))


def search_selection(dense: DenseIndex, selection: Selection, vector: Vectors, top_k: int) -> list[tuple[str, float]]:
    """Up to `top_k` (chunk id, cosine similarity) of the selection, best first."""
    if not selection.ids:
        return []
    if selection.vectors is not None:
        return exact_nearest(selection.ids, selection.vectors, vector, top_k)
    total = max(dense.count(), 1)
    top_k = min(top_k, len(selection.ids))
    wanted = int(top_k * total / len(selection.ids) * _MARGIN) + _EXTRA
    while True:
        wanted = min(wanted, total)
        found = [hit for hit in dense.search(vector, wanted) if hit[0] in selection.members]
        if len(found) >= top_k or wanted >= total:
            return found[:top_k]
        wanted *= 2


def exact_nearest(ids: list[str], vectors: Vectors, vector: Vectors, top_k: int) -> list[tuple[str, float]]:
    """The nearest rows by cosine, for unit vectors; ties in id order."""
    scores = vectors @ np.asarray(vector, dtype=np.float32)
    top_k = min(top_k, len(ids))
    best = np.argpartition(-scores, top_k - 1)[:top_k]
    return sorted(((ids[row], float(scores[row])) for row in best), key=lambda hit: (-hit[1], hit[0]))
