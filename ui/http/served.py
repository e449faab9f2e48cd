"""What a model's name stands for at the OpenAI-compatible addresses, and where a citation is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request

from rag.values import Citation
from ui.http.collections import usual_collection
from ui.http.form import UrlOf
from ui.problems import Problem
from ui.protocols import Dossier

MODEL = "dossier"
EMBEDDING = "dossier-embedding"
RERANK = "dossier-rerank"


def model_names(dossier: Dossier) -> Sequence[str]:
    """Every model: the collections, the usual one first, then those that only embed or rank."""
    names, usual = dossier.names(), usual_collection(dossier)
    asked = [MODEL if name == usual else f"{MODEL}/{name}" for name in sorted(names, key=lambda name: name != usual)]
    return [*asked, EMBEDDING, RERANK]


def collection_of(model: str) -> str | None:
    """The collection that a model's name stands for; None is the usual one. Raises Problem."""
    first, slash, name = model.partition("/")
    if first != MODEL or (slash and not name):
        raise unknown_model()
    return name or None


def check_model(model: str, name: str) -> None:
    """Raises Problem where the model is another than the one of that address."""
    if model != name:
        raise unknown_model(f"There is no such model here; this address has '{name}'. GET /v1/models lists them.")


def unknown_model(detail: str = "There is no such model. GET /v1/models lists them.") -> Problem:
    return Problem("unknown-model", detail)


def url_of_citations(request: Request, collection: str | None) -> UrlOf:
    """Where the stored text of a citation is read, as the client reaches this server."""
    base = str(request.base_url).rstrip("/")

    def url_of(citation: Citation) -> str:
        span: dict[str, Any] = {"start": citation.start, "end": citation.end}
        if collection is not None:
            span["collection"] = collection
        return f"{base}/v1/documents/{quote(citation.document_id, safe='')}/text?{urlencode(span)}"

    return url_of
