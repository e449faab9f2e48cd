"""The models of this server for OpenAI's clients: which there are, and the packaged embedder and reader by themselves."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Request
from pydantic import Field, StrictBool, StrictInt, StrictStr

from rag.reading.odds import probability
from rag.views import View
from ui.http.idempotency import IdempotentRoute
from ui.http.openai_examples import RANKING
from ui.http.openapi import problems
from ui.http.parameters import Ignored, Open, look_through, unsupported
from ui.http.served import EMBEDDING, RERANK, check_model, model_names, unknown_model
from ui.http.work import RequestWork
from ui.protocols import Dossier
from ui.requests import Asked, PlainText, check_length
from ui.slots import Slots

MOST_INPUTS = 256
MOST_DOCUMENTS = 100
LONGEST_CHARS = 20_000
MOST_CHARS = 200_000

Input = Annotated[PlainText, Field(min_length=1, max_length=LONGEST_CHARS)]


class ModelView(View):
    """A collection that can be asked, or a model that embeds or ranks, as a model."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: Literal["dossier"] = "dossier"


class ModelsView(View):
    object: Literal["list"] = "list"
    data: tuple[ModelView, ...]


class EmbeddingsRequest(Open):
    """Texts to vectors of unit length. Tokens are not taken: they are another model's."""

    model: StrictStr = Field(examples=[EMBEDDING])
    input: Input | Annotated[tuple[Input, ...], Field(min_length=1, max_length=MOST_INPUTS)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: StrictInt | None = Field(None, ge=1, description="As many as the model has, or left out.")
    truncate: StrictBool = Field(False, description="Read only the beginning of a text that is too long for the model.")


class Embedding(View):
    object: Literal["embedding"] = "embedding"
    index: int
    embedding: tuple[float, ...] | str


class InputUsage(View):
    """Tokens of the embedder, or of the request for a ranking."""

    prompt_tokens: int
    total_tokens: int


class Embeddings(View):
    object: Literal["list"] = "list"
    data: tuple[Embedding, ...]
    model: str
    usage: InputUsage
    ignored: tuple[Ignored, ...] = ()


class Document(Open):
    text: Input


class RerankRequest(Open):
    """Passages to be put in order for a query, as Cohere and Jina name them (`documents`) or as TEI does (`texts`)."""

    query: Asked
    model: StrictStr = Field(RERANK, examples=[RERANK])
    documents: Annotated[tuple[Input | Document, ...], Field(min_length=1, max_length=MOST_DOCUMENTS)] | None = None
    texts: Annotated[tuple[Input, ...], Field(min_length=1, max_length=MOST_DOCUMENTS)] | None = None
    top_n: StrictInt | None = Field(None, ge=1, le=MOST_DOCUMENTS)
    return_documents: StrictBool = False
    return_text: StrictBool = False
    raw_scores: StrictBool = Field(False, description="Log-odds in place of probabilities.")

    def passages(self) -> list[str]:
        """Raises Problem unless there is one list of them."""
        if (self.documents is None) == (self.texts is None):
            raise unsupported("documents", "send one list, 'documents' or 'texts'.")
        given: Sequence[str | Document] = self.documents or self.texts or ()
        return [one if isinstance(one, str) else one.text for one in given]


class RankedText(View):
    text: str


class Ranked(View):
    index: int
    relevance_score: float
    document: RankedText | None = None


class RankedByTEI(View):
    index: int
    score: float
    text: str | None = None


class Ranking(View):
    """`relevance_score` is the probability that the passage answers the query."""

    id: str
    model: str
    results: tuple[Ranked, ...]
    ignored: tuple[Ignored, ...] = ()


def models(dossier: Dossier, slots: Slots) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"], route_class=IdempotentRoute)

    @router.get("/models", summary="What can be asked, and what embeds and ranks, as models")
    def list_models() -> ModelsView:
        """`dossier` is the usual collection, `dossier/NAME` another; `dossier-embedding` and `dossier-rerank` are not asked."""
        return ModelsView(data=tuple(ModelView(id=name) for name in model_names(dossier)))

    @router.get("/models/{model:path}", summary="One of them")
    def get_model(model: str) -> ModelView:
        """As it stands in the list."""
        if model not in model_names(dossier):
            raise unknown_model()
        return ModelView(id=model)

    @router.post(
        "/embeddings",
        summary="Texts to vectors, by the server's embedder",
        openapi_extra=problems("unknown-model", "unsupported-parameter"),
    )
    async def embed(asked: EmbeddingsRequest, request: Request) -> Embeddings:
        """A text that is longer than the model reads is refused, unless `truncate` allows to cut it."""
        check_model(asked.model, EMBEDDING)
        ignored = look_through(asked.model_extra or {})
        texts = [asked.input] if isinstance(asked.input, str) else list(asked.input)
        _check_size(texts, "input")
        return await RequestWork(request, slots, lambda _: _embedded(dossier, asked, texts, ignored)).whole()

    @router.post(
        "/rerank",
        response_model=Ranking | tuple[RankedByTEI, ...],
        responses={200: {"content": {"application/json": {"example": RANKING}}}},
        summary="Passages in order for a query, by the server's reader",
        openapi_extra=problems("unknown-model", "unsupported-parameter", "question-too-long"),
    )
    async def rerank(asked: RerankRequest, request: Request) -> Ranking | tuple[RankedByTEI, ...]:
        """Best first. A request with `texts` is answered as TEI answers it: with a list."""
        check_model(asked.model, RERANK)
        check_length(asked.query, dossier.settings.max_question_chars, "query")
        ignored = look_through(asked.model_extra or {})
        passages = asked.passages()
        _check_size(passages, "documents")
        scores = await RequestWork(request, slots, _scoring(dossier, asked, passages)).whole()
        order = sorted(range(len(passages)), key=lambda at: (-scores[at], at))[: asked.top_n]
        if asked.texts is not None:
            return tuple(
                RankedByTEI(index=at, score=scores[at], text=passages[at] if asked.return_text else None)
                for at in order
            )
        results = tuple(
            Ranked(
                index=at,
                relevance_score=scores[at],
                document=RankedText(text=passages[at]) if asked.return_documents else None,
            )
            for at in order
        )
        return Ranking(id=f"rerank-{uuid.uuid4().hex}", model=RERANK, results=results, ignored=ignored)

    return router


def _embedded(
    dossier: Dossier, asked: EmbeddingsRequest, texts: Sequence[str], ignored: tuple[Ignored, ...]
) -> Embeddings:
    embedder = dossier.embedder
    if asked.dimensions not in (None, embedder.dimension):
        raise unsupported("dimensions", f"the model has {embedder.dimension}.")
    tokens = embedder.count_tokens(texts)
    long = next((at for at, count in enumerate(tokens) if count > embedder.max_tokens), None)
    if long is not None and not asked.truncate:
        raise unsupported(
            f"input[{long}]",
            f"{tokens[long]} tokens, and the model reads {embedder.max_tokens}. Cut it, or send truncate: true.",
        )
    rows = embedder.embed_passages(texts).astype(np.float32)
    data = tuple(Embedding(index=at, embedding=_coded(row, asked.encoding_format)) for at, row in enumerate(rows))
    count = sum(min(one, embedder.max_tokens) for one in tokens)
    usage = InputUsage(prompt_tokens=count, total_tokens=count)
    return Embeddings(data=data, model=EMBEDDING, usage=usage, ignored=ignored)


def _coded(row: Any, how: str) -> tuple[float, ...] | str:
    return base64.b64encode(row.astype("<f4").tobytes()).decode() if how == "base64" else tuple(row.tolist())


def _scoring(dossier: Dossier, asked: RerankRequest, passages: Sequence[str]) -> Callable[[object], list[float]]:
    def score(_: object) -> list[float]:
        odds = [reading.answers for reading in dossier.ranker.read(asked.query, passages)]
        return [float(one) if asked.raw_scores else probability(one) for one in odds]

    return score


def _check_size(texts: Sequence[str], name: str) -> None:
    if (size := sum(map(len, texts))) > MOST_CHARS:
        raise unsupported(name, f"may have {MOST_CHARS} characters in all, got {size}.")
