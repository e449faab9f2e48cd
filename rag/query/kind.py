"""The kind of a question, by a small trained classifier over the embedder's vector of it and its words.

The weights are of one multinomial logistic regression (`rag.training.kinds`); they belong to the packaged embedder, and with another one
every question counts as a fact. So does one that the classifier is unsure of: a fact is read, and never silenced.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from index.protocols import Embedder
from rag.values import Kind

Detail = Literal[
    "author", "published", "publisher", "count", "list", "newest", "oldest", "largest", "smallest", "sum", "mean"
]
"""What is asked about the documents themselves, or of a column of a table."""
KINDS: tuple[str, ...] = get_args(Kind)
WEIGHTS_FILE = Path(__file__).parent.parent / "models" / "kinds.json"
BAG, BAG_WEIGHT, MOST_WORDS = 1024, 1.0, 40
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
OPEN = ("yesno", "list", "compare", "definition", "howto", "why", "summary")
LISTING = ("list", "howto", "summary")
SURE, SURE_AMONG = 0.4, 0.25
"""Probability from which on a kind is taken; under it a question is a fact. The second where more than a bare value is asked for in any
case, and only in which form is open; a summary, which nothing is read for, needs the first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's kind, and of one about the documents themselves or a table, what it asks of them.

    Attributes:
        probability: Of the kind, before the doubt.
        open: Probability that more is asked for than a bare value: reasons, steps, items, whether. The nearest sentences then help also
            where no headline can be given, and documents that are near seldom say nothing of it.
        listing: Probability that items or steps are asked for.
    """

    kind: Kind
    probability: float
    detail: Detail | None = None
    open: float = 0.0
    listing: float = 0.0


def told(kind: Kind, guessed: Asked) -> Asked:
    """A question of the kind that its asker says it is; what it asks of it stays where it was taken for the same kind."""
    detail = guessed.detail if guessed.kind == kind else None
    return Asked(kind, 1.0, detail, float(kind in OPEN), float(kind in LISTING))


def inputs(questions: Sequence[str], embedder: Embedder) -> NDArray[np.float32]:
    """What the classifier reads of each question: its vector, then its words and pairs of words hashed into BAG places, then 1.

    The vector knows what a question is about; "how many" and "which ... are" are in the words.
    """
    bags = np.zeros((len(questions), BAG), dtype=np.float32)
    for row, question in enumerate(questions):
        words = [match[0].lower() for match in _WORD.finditer(question)][:MOST_WORDS]
        for gram in (*words, *(" ".join(pair) for pair in pairwise(("^", *words)))):
            bags[row, zlib.crc32(gram.encode()) % BAG] = 1.0
    bags *= BAG_WEIGHT / np.sqrt(np.maximum(1.0, bags.sum(axis=1, keepdims=True)))
    ones = np.ones((len(questions), 1), dtype=np.float32)
    return np.column_stack([embedder.embed_passages(list(questions)), bags, ones])


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
        logits = weights @ inputs([question], self._embedder)[0]
        odds = np.exp(logits - logits.max())
        shares = odds / odds.sum()
        by_kind: dict[str, float] = {}
        for label, share in zip(labels, shares, strict=True):
            kind = label.partition(":")[0]
            by_kind[kind] = by_kind.get(kind, 0.0) + float(share)
        best = max(by_kind, key=lambda kind: by_kind[kind])
        is_open, listing = (sum(by_kind.get(kind, 0.0) for kind in kinds) for kinds in (OPEN, LISTING))
        if is_open >= 0.5:
            best = max(OPEN, key=lambda kind: by_kind.get(kind, 0.0))
        least = SURE_AMONG if is_open >= 0.5 and best != "summary" else SURE
        if best not in KINDS or by_kind[best] < least:
            return Asked("fact", by_kind[best], open=is_open, listing=listing)
        details = {label: float(s) for label, s in zip(labels, shares, strict=True) if label.partition(":")[0] == best}
        detail = max(details, key=lambda label: details[label]).partition(":")[2] or None
        return Asked(best, by_kind[best], detail, is_open, listing)  # type: ignore[arg-type]

    @cached_property
    def _stored(self) -> tuple[list[str], NDArray[np.float32], str]:
        stored = json.loads(self._file.read_text(encoding="utf-8"))
        return stored["labels"], np.array(stored["weights"], dtype=np.float32), stored["embedder"]
