"""The kind of a question, by a small trained classifier over the embedder's vector of it.

The weights are of one multinomial logistic regression (`rag.training.kinds`); they belong to the packaged embedder, and with another one
every question counts as a fact. So does one that the classifier is unsure of: a fact is read, and never silenced.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from index.protocols import Embedder

Kind = Literal[
    "fact", "yesno", "list", "count", "compare", "table", "definition", "howto", "why", "summary", "about", "chat"
]
Detail = Literal["author", "published", "publisher", "count", "list", "newest", "oldest"]
"""What is asked about the documents themselves."""
KINDS: tuple[str, ...] = get_args(Kind)
WEIGHTS_FILE = Path(__file__).parent.parent / "models" / "kinds.json"
SURE = 0.5
"""Probability from which on a kind is taken; under it a question is a fact. Chosen on phrasings that were not trained on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's kind, and of one about the documents themselves, what it asks of them.

    Attributes:
        probability: Of the kind, before the doubt.
    """

    kind: Kind
    probability: float
    detail: Detail | None = None


class KindClassifier:
    """Says of what kind a question is."""

    def __init__(self, embedder: Embedder, weights_file: Path = WEIGHTS_FILE) -> None:
        self._embedder = embedder
        self._file = weights_file

    def of(self, question: str) -> Asked:
        """The kind of one question; "fact" where it is unsure, or where the embedder is another one than the weights are for."""
        labels, weights, fingerprint = self._stored
        if self._embedder.fingerprint != fingerprint:
            return Asked("fact", 0.0)
        vector = self._embedder.embed_query(question)
        logits = weights[:, :-1] @ vector + weights[:, -1]
        odds = np.exp(logits - logits.max())
        shares = odds / odds.sum()
        by_kind: dict[str, float] = {}
        for label, share in zip(labels, shares, strict=True):
            kind = label.partition(":")[0]
            by_kind[kind] = by_kind.get(kind, 0.0) + float(share)
        best = max(by_kind, key=lambda kind: by_kind[kind])
        if best not in KINDS or by_kind[best] < SURE:
            return Asked("fact", by_kind[best])
        details = {label: float(s) for label, s in zip(labels, shares, strict=True) if label.startswith(f"{best}:")}
        detail = max(details, key=lambda label: details[label]).partition(":")[2] if details else None
        return Asked(best, by_kind[best], detail)  # type: ignore[arg-type]

    @cached_property
    def _stored(self) -> tuple[list[str], NDArray[np.float32], str]:
        stored = json.loads(self._file.read_text(encoding="utf-8"))
        return stored["labels"], np.array(stored["weights"], dtype=np.float32), stored["embedder"]
