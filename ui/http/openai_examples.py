"""Examples of the OpenAI-compatible addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ui.http.shown import ANSWER, ID, QUESTION, QUOTE, SAID

_CITED = {
    "start_index": 66,
    "end_index": 69,
    "url": f"http://127.0.0.1:7860/v1/documents/{ID}/text?start=0&end={len(QUOTE)}",
    "title": SAID["title"],
    "number": 1,
    "quote": QUOTE,
    "publisher": SAID["publisher"],
    "published": SAID["published"],
    "author": None,
    "document_id": ID,
    "start": 0,
    "end": len(QUOTE),
}
_COMPLETION = {
    "id": "chatcmpl-2b6f8a",
    "object": "chat.completion",
    "created": 1717320600,
    "model": "dossier",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": ANSWER.text,
                "refusal": None,
                "annotations": [{"type": "url_citation", "url_citation": _CITED}],
            },
            "finish_reason": "stop",
            "logprobs": None,
        }
    ],
    "usage": {"prompt_tokens": 9, "completion_tokens": 24, "total_tokens": 33},
    "system_fingerprint": ANSWER.settings_hash,
    "ignored": [],
    "dossier": ANSWER.model_dump(mode="json"),
}
_MODEL = {"id": "dossier", "object": "model", "created": 0, "owned_by": "dossier"}
_USED = {"input_tokens": 9, "output_tokens": 24, "total_tokens": 33}
_PART = {
    "type": "output_text",
    "text": ANSWER.text,
    "refusal": None,
    "annotations": [{"type": "url_citation", **_CITED}],
}
_RESPONSE = {
    "id": "resp_2b6f8a",
    "object": "response",
    "created_at": 1717320600,
    "status": "completed",
    "model": "dossier",
    "output": [
        {"id": "msg_1c7a", "type": "message", "role": "assistant", "status": "completed", "content": [_PART]},
    ],
    "usage": _USED,
    "dossier": ANSWER.model_dump(mode="json"),
}
_SAILED = "The ferry sails at noon."
RANKING = {
    "id": "rerank-5c0d",
    "model": "dossier-rerank",
    "results": [
        {"index": 1, "relevance_score": 0.94, "document": None},
        {"index": 0, "relevance_score": 0.02, "document": None},
    ],
    "ignored": [],
}

OPENAI: Mapping[str, Any] = {
    "ChatCompletion": _COMPLETION,
    "ResponseView": _RESPONSE,
    "Embeddings": {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.01, -0.07, 0.12]}],
        "model": "dossier-embedding",
        "usage": {"prompt_tokens": 11, "total_tokens": 11},
        "ignored": [],
    },
    "Ranking": RANKING,
    "ModelView": _MODEL,
    "ModelsView": {"object": "list", "data": [_MODEL]},
    "ChatRequest": {"model": "dossier", "messages": [{"role": "user", "content": QUESTION}]},
    "ResponseRequest": {"model": "dossier", "input": QUESTION},
    "EmbeddingsRequest": {"model": "dossier-embedding", "input": [QUOTE]},
    "RerankRequest": {"model": "dossier-rerank", "query": QUESTION, "documents": [_SAILED, QUOTE], "top_n": 2},
}
"""By the name of the schema."""

OPENAI_STREAMS: Mapping[str, Any] = {
    "complete_chat": {
        "data": '{"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "4 May"}}]}'
    },
    "respond": {
        "event": "response.output_text.delta",
        "data": '{"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "4 May"}',
    },
}
"""One event, by the operation."""
