"""A running Dossier inside LlamaIndex: `DossierRetriever` gives ranked passages, `DossierQueryEngine` proved answers.

from llama_index_dossier import DossierQueryEngine

engine = DossierQueryEngine("http://127.0.0.1:7860")
response = engine.query("When did the harbour reopen?")
print(response, [node.metadata["quote"] for node in response.source_nodes])
"""

from __future__ import annotations

from typing import Any

import httpx
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.response.schema import RESPONSE_TYPE, Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

_SAID = ("title", "publisher", "author", "published", "document_id", "start", "end")


class DossierProblem(RuntimeError):
    """What the server refused, in its own words."""


class _Door:
    """The server over HTTP.

    Args:
        url: Where it is reached, a proxy's path included.
        key: Of `dossier keys create`, where the server asks for one.
        collection: The usual one when left out.
    """

    def __init__(self, url: str, key: str | None, collection: str | None, timeout_s: float) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._given = {"headers": headers, "timeout": timeout_s}
        self._url = url.rstrip("/")
        self._named = {"collection": collection} if collection else {}

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        with httpx.Client(**self._given) as http:
            return _content(http.post(f"{self._url}{path}", json=self._named | body))

    async def apost(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with httpx.AsyncClient(**self._given) as http:
            return _content(await http.post(f"{self._url}{path}", json=self._named | body))


def _content(response: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = response.json()
    if response.is_success:
        return found
    raise DossierProblem(f"{found.get('title', response.status_code)}: {found.get('detail', '')}")


class DossierRetriever(BaseRetriever):
    """The passages nearest to a query, as nodes whose text is word for word that of the document."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:7860",
        *,
        key: str | None = None,
        collection: str | None = None,
        top_k: int = 10,
        timeout_s: float = 120.0,
    ) -> None:
        super().__init__()
        self._door = _Door(url, key, collection, timeout_s)
        self._top_k = top_k

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return _passages(self._door.post("/v1/search", self._asked(query_bundle)))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return _passages(await self._door.apost("/v1/search", self._asked(query_bundle)))

    def _asked(self, query: QueryBundle) -> dict[str, Any]:
        return {"query": query.query_str, "top_k": self._top_k}


class DossierQueryEngine(BaseQueryEngine):
    """Proved answers: `response.source_nodes` are the quotes, `response.metadata["verdict"]` says whether it is stated at all."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:7860",
        *,
        key: str | None = None,
        collection: str | None = None,
        timeout_s: float = 120.0,
    ) -> None:
        super().__init__(callback_manager=CallbackManager())
        self._door = _Door(url, key, collection, timeout_s)

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return _response(self._door.post("/v1/answer", {"question": query_bundle.query_str}))

    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return _response(await self._door.apost("/v1/answer", {"question": query_bundle.query_str}))

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}


def _passages(found: dict[str, Any]) -> list[NodeWithScore]:
    return [_node(one, one["text"], one["score"]) for one in found["hits"]]


def _response(answer: dict[str, Any]) -> Response:
    quotes = [_node(one, one["quote"], one["support"]) for one in answer["citations"]]
    metadata = {name: answer[name] for name in ("id", "verdict", "short", "confidence", "conflicts", "missing")}
    return Response(answer["text"], source_nodes=quotes, metadata=metadata)


def _node(one: dict[str, Any], text: str, score: float) -> NodeWithScore:
    metadata = {name: one[name] for name in _SAID if one.get(name) is not None}
    metadata |= {"quote": one["quote"], "number": one["number"]} if "quote" in one else {}
    excluded = list(metadata)
    node = TextNode(
        id_=f"{one['document_id']}:{one['start']}-{one['end']}",
        text=text,
        metadata=metadata,
        excluded_embed_metadata_keys=excluded,
    )
    return NodeWithScore(node=node, score=score)
