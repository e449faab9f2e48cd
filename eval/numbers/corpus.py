"""The corpora of several sets as one, in a Dossier of their own that is deleted afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eval.sets.cases import EvaluationSet, SetDocument, SetProblem
from eval.sets.corpus import IndexedSet, index_set
from eval.sets.lines import SetInvalid
from eval.sets.read import read_set

if TYPE_CHECKING:
    from rag.build import Dossier

NAME = "evaluation"


def pooled(folders: Sequence[Path]) -> EvaluationSet:
    """The documents of several sets and their distractors. What two sets hold is there once, as in one person's folder."""
    sets = [read_set(folder) for folder in folders]
    by_id: dict[str, SetDocument] = {}
    for document in (document for found in sets for document in found.documents):
        by_id.setdefault(document.id, document)
    by_text: dict[tuple[str, str], SetDocument] = {}
    for document in by_id.values():
        by_text.setdefault((document.title, document.text), document)
    return EvaluationSet(NAME, tuple(by_text.values()), (), " ".join(found.digest for found in sets))


@contextmanager
def ingested(evaluation_set: EvaluationSet) -> Iterator[tuple[Dossier, IndexedSet]]:
    """A Dossier with the settings in force over the documents of a set.

    Raises:
        SetInvalid: With every document that could not go in, and why.
    """
    from rag.build import open_dossier
    from rag.settings import load_settings

    with tempfile.TemporaryDirectory(prefix="dossier-eval-") as name:
        place = Path(name)
        with open_dossier(load_settings(data=place / "data", collection=NAME)) as dossier:
            indexed = index_set(evaluation_set, place / "documents", dossier.collection(create=True))
            if indexed.lost:
                raise SetInvalid(place, [SetProblem(f"document {lost.id}", 0, lost.reason) for lost in indexed.lost])
            yield dossier, indexed
