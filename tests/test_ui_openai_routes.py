"""Responses, embeddings and rerank: OpenAI's own client, and the calls of other clients as they arrive."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from pydantic import BaseModel

from rag.build import Dossier
from tests.fakes_ui import FakeDossier, running, serving
from tests.test_ui_chat import QUESTION
from ui.access.permitted import Permitted
from ui.http.app import create_app
from ui.serve import guarded
from ui.slots import Slots

NOTHING = "Who invented paper?"


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> FakeDossier:
    return FakeDossier(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def http(dossier: FakeDossier) -> Iterator[httpx.Client]:
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as http:
        yield http


@pytest.fixture(scope="module")
def client(http: httpx.Client) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{http.base_url}/v1", api_key="sk-no-key-required", http_client=http, max_retries=0)


def test_a_response_is_the_answer_with_its_citations(client: openai.OpenAI) -> None:
    made: Any = client.responses.create(model="dossier", input=QUESTION)
    assert (made.status, made.error, made.output[0].role) == ("completed", None, "assistant")
    assert made.output_text.startswith(made.dossier["text"]) and "Sources:" in made.output_text
    cited = made.output[0].content[0].annotations[0]
    assert made.output_text[cited.start_index : cited.end_index] == "[1]"
    assert client._client.get(cited.url).json()["text"] == made.dossier["citations"][0]["quote"]
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens > 0


def test_the_events_of_a_response_make_the_response(client: openai.OpenAI) -> None:
    events: list[Any] = list(client.responses.create(model="dossier", input=QUESTION, stream=True))
    assert [one.sequence_number for one in events] == list(range(len(events)))
    kinds = [one.type for one in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    text = "".join(one.delta for one in events if one.type == "response.output_text.delta")
    assert text == events[-1].response.output_text
    added = [one for one in events if one.type == "response.output_text.annotation.added"]
    assert len(added) == len(events[-1].response.output[0].content[0].annotations) == 1
    assert len({one.item_id for one in events if hasattr(one, "item_id")}) == 1


def test_the_stream_helper_of_the_client_follows_it(client: openai.OpenAI) -> None:
    with client.responses.stream(model="dossier", input=QUESTION) as stream:
        seen = [one.type for one in stream]
        final: Any = stream.get_final_response()
    assert "response.output_text.delta" in seen
    assert final.output_text.startswith(final.dossier["text"])


def test_a_conversation_and_instructions_are_read_as_messages(client: openai.OpenAI) -> None:
    said: Any = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": QUESTION}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "On 4 May."}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"role": "user", "content": "And the market?"},
    ]
    made: Any = client.responses.create(model="dossier", input=said, instructions="In French.", temperature=0)
    assert made.dossier["query"] == "And the market? (the harbour)"
    assert [one["param"] for one in made.ignored] == ["temperature", "instructions"]


def test_what_is_cut_is_incomplete(client: openai.OpenAI) -> None:
    made = client.responses.create(model="dossier", input=QUESTION, max_output_tokens=3)
    assert (made.status, made.output_text) == ("incomplete", "The harbour")
    assert made.incomplete_details is not None and made.incomplete_details.reason == "max_output_tokens"
    last = list(client.responses.create(model="dossier", input=QUESTION, max_output_tokens=3, stream=True))[-1]
    assert last.type == "response.incomplete"


class Reply(BaseModel):
    answer: str
    verdict: str


def test_a_response_is_parsed_into_a_class_of_the_client(client: openai.OpenAI) -> None:
    parsed = client.responses.parse(model="dossier", input=QUESTION, text_format=Reply).output_parsed
    assert parsed == Reply(answer="The harbour of Tarn reopened on 4 May.", verdict="answered")
    refused = client.responses.parse(model="dossier", input=NOTHING, text_format=Reply)
    assert refused.output_parsed is None and refused.output[0].content[0].type == "refusal"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"include": ["message.output_text.logprobs"]}, "include"),
        ({"text": {"format": {"type": "grammar"}}}, "text.format.type"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]}, "input[0].content[0]"),
    ],
)
def test_a_response_that_cannot_be_made_is_refused_by_name(
    client: openai.OpenAI, more: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(**{"model": "dossier", "input": QUESTION, **more})
    assert refused.value.param == param


@pytest.mark.parametrize(
    "given", [" ", [], [{"role": "assistant", "content": "x"}], [{"type": "item_reference"}], 5, None]
)
def test_an_input_without_a_question_is_refused(http: httpx.Client, given: Any) -> None:
    assert http.post("/v1/responses", json={"model": "dossier", "input": given}).status_code == 422


def test_embeddings_are_those_of_the_server(client: openai.OpenAI, dossier: FakeDossier) -> None:
    texts = ["The harbour reopened.", "Bread"]
    made = client.embeddings.create(model="dossier-embedding", input=texts)
    assert np.allclose([one.embedding for one in made.data], dossier.embedder.embed_passages(texts), atol=1e-6)
    assert [one.index for one in made.data] == [0, 1]
    plain = client.embeddings.create(model="dossier-embedding", input=texts[0], encoding_format="float").data[0]
    assert np.allclose(plain.embedding, made.data[0].embedding)
    assert made.usage.total_tokens == sum(dossier.embedder.count_tokens(texts))


@pytest.mark.parametrize(
    ("more", "status", "param"),
    [
        ({"dimensions": 63}, 400, "dimensions"),
        ({"input": "x " * 300}, 400, "input[0]"),
        ({"input": ["a" * 20_000] * 11, "truncate": True}, 400, "input"),
        ({"input": [[1, 2, 3]]}, 422, None),
        ({"input": [1, 2, 3]}, 422, None),
        ({"input": ""}, 422, None),
        ({"input": []}, 422, None),
        ({"input": ["a"] * 257}, 422, None),
        ({"encoding_format": "int8"}, 422, None),
        ({"model": "text-embedding-3-small"}, 404, None),
        ({"task": "retrieval.query"}, 400, "task"),
    ],
)
def test_embeddings_that_cannot_be_made_are_refused(
    http: httpx.Client, more: dict[str, Any], status: int, param: str | None
) -> None:
    answer = http.post("/v1/embeddings", json={"model": "dossier-embedding", "input": "x", **more})
    assert answer.status_code == status
    assert param is None or answer.json()["error"]["param"] == param


def test_a_long_text_is_cut_where_that_is_allowed(http: httpx.Client) -> None:
    asked = {"model": "dossier-embedding", "input": "x " * 300, "truncate": True, "encoding_format": "base64"}
    vector = np.frombuffer(
        base64.b64decode(http.post("/v1/embeddings", json=asked).json()["data"][0]["embedding"]), "<f4"
    )
    assert abs(float(np.linalg.norm(vector)) - 1) < 1e-5


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"documents": []},
        {"documents": ["a"], "texts": ["a"]},
        {"documents": ["a"] * 101},
        {"documents": [{"title": "a"}]},
        {"documents": ["a"], "top_n": 0},
        {"documents": ["a"], "query": " "},
        {"documents": ["a"], "query": "x" * 5000},
        {"documents": ["a"], "rank_fields": ["title"]},
        {"documents": ["a"], "model": "rerank-v3.5"},
    ],
)
def test_a_ranking_that_cannot_be_made_is_refused(http: httpx.Client, more: dict[str, Any]) -> None:
    assert http.post("/v1/rerank", json={"query": "x", **more}).status_code in (400, 404, 422)


def test_the_packaged_models_embed_and_rank(harbour_dossier: Dossier) -> None:
    passages = ["Bread is baked at night.", "On 9 May 1,200 passengers were counted.", "The sea was calm."]
    query = "How many passengers were counted?"
    app = guarded(create_app(Permitted(harbour_dossier), slots=Slots(2)), harbour_dossier.settings)
    with running(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=120) as http:
        body: dict[str, Any] = {"query": query, "documents": passages, "top_n": 2, "return_documents": True}
        ranked = http.post("/v1/rerank", json=body).json()["results"]
        assert (ranked[0]["index"], ranked[0]["document"]["text"], len(ranked)) == (1, passages[1], 2)
        assert 1 >= ranked[0]["relevance_score"] > ranked[1]["relevance_score"] >= 0
        by_tei = http.post("/v1/rerank", json={"query": query, "texts": passages, "raw_scores": True}).json()
        assert by_tei[0]["index"] == 1 and len(by_tei) == 3
        made = http.post("/v1/embeddings", json={"model": "dossier-embedding", "input": [query, *passages]}).json()
        vectors = np.array([one["embedding"] for one in made["data"]])
        assert vectors.shape == (4, 384)
        assert int(np.argmax(vectors[1:] @ vectors[0])) == 1


LANGCHAIN: dict[str, Any] = {
    "messages": [
        {"content": "You are a helpful assistant.", "role": "system"},
        {"content": QUESTION, "role": "user"},
    ],
    "model": "dossier",
    "stream": False,
    "temperature": 0.7,
    "n": 1,
}
LITELLM: dict[str, Any] = {
    "model": "dossier",
    "messages": [{"role": "user", "content": QUESTION}],
    "max_tokens": 512,
    "user": "team-7",
    "extra_headers": None,
}
OPEN_WEBUI: dict[str, Any] = {
    "stream": True,
    "model": "dossier",
    "messages": [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}],
    "stream_options": {"include_usage": True},
    "temperature": 0.8,
}
LLAMA_INDEX: dict[str, Any] = {
    "messages": [{"role": "user", "content": QUESTION}],
    "model": "dossier",
    "stream": False,
    "temperature": 0.1,
    "max_tokens": None,
}


@pytest.mark.parametrize("asked", [LANGCHAIN, LITELLM, OPEN_WEBUI, LLAMA_INDEX])
def test_the_calls_of_other_clients_are_answered_with_sources(http: httpx.Client, asked: dict[str, Any]) -> None:
    answer = http.post("/v1/chat/completions", json=asked, headers={"Authorization": "Bearer EMPTY"})
    assert answer.status_code == 200, answer.text
    if not asked.get("stream"):
        content = answer.json()["choices"][0]["message"]["content"]
    else:
        lines = [one.removeprefix("data: ") for one in answer.text.split("\n\n") if one.startswith("data: {")]
        chunks = [json.loads(one) for one in lines]
        content = "".join(one["choices"][0]["delta"].get("content", "") for one in chunks if one["choices"])
        assert chunks[-1]["usage"]["total_tokens"] > 0 and answer.text.endswith("data: [DONE]\n\n")
    assert content.startswith("The harbour of Tarn reopened on 4 May. [1]\n\nSources:\n[1] A note, Tarn Courier")


TITLE = "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history."


def test_the_background_calls_of_open_webui_do_no_harm(http: httpx.Client) -> None:
    """It asks for titles and tags of a chat, and lists models first."""
    listed = http.get("/v1/models", headers={"Authorization": "Bearer sk-1"}).json()
    assert listed["object"] == "list" and {"id", "object", "created", "owned_by"} <= set(listed["data"][0])
    asked = {
        "model": "dossier",
        "messages": [{"role": "user", "content": TITLE}],
        "stream": False,
        "max_completion_tokens": 1000,
    }
    assert http.post("/v1/chat/completions", json=asked).status_code == 200


def test_langchain_tools_and_functions_are_a_400_that_says_so(http: httpx.Client) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "Reply", "parameters": schema}}
    forced = {"tools": [tool], "tool_choice": {"type": "function", "function": {"name": "Reply"}}}
    answer = http.post("/v1/chat/completions", json=LANGCHAIN | forced)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "tools")
