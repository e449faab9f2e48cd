"""What a client of OpenAI's API may want of an answer besides its text: each is done, or refused by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from pydantic import BaseModel

from rag.values import Answer
from tests.fakes_ui import FakeDossier, serving
from tests.test_ui_chat import QUESTION, answer_of, ask, said
from ui.http.ending import Ending, count_tokens
from ui.http.filling import check_fillable, filled
from ui.http.schema import MOST_CHARS, WantedSchema
from ui.problems import Problem

NOTHING = "Who invented paper?"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"tools": [TOOL]}, "tools"),
    ({"tools": [TOOL], "tool_choice": "auto"}, "tools"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"functions": [{"name": "f", "parameters": {}}]}, "functions"),
    ({"n": 2}, "n"),
    ({"logprobs": True}, "logprobs"),
    ({"top_logprobs": 3}, "top_logprobs"),
    ({"logit_bias": {"1": 2}}, "logit_bias"),
    ({"audio": {"voice": "alloy", "format": "mp3"}}, "audio"),
    ({"modalities": ["text", "audio"]}, "modalities"),
    ({"prediction": {"type": "content", "content": "x"}}, "prediction"),
    ({"web_search_options": {}}, "web_search_options"),
    ({"extra_body": {"something_else": 1}}, "something_else"),
    ({"response_format": {"type": "grammar"}}, "response_format.type"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(FakeDossier(tmp_path_factory.mktemp("data"))) as url:
        yield url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    """One that says nothing about sources."""
    with httpx.Client(trust_env=False, timeout=120) as http:
        yield openai.OpenAI(base_url=f"{url}/v1", api_key="none-needed", http_client=http, max_retries=0)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("more", "param"), REFUSED)
def test_what_is_not_supported_is_refused_by_its_name(
    client: openai.OpenAI, more: dict[str, Any], param: str, stream: bool
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, QUESTION, stream=stream, **more)
    assert (refused.value.param, refused.value.code) == (param, "unsupported-parameter")
    assert param in refused.value.message


def test_a_name_that_is_no_name_is_not_repeated(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, QUESTION, extra_body={"<b>secret words": 1})
    assert "secret" not in refused.value.message


def test_the_sources_stand_in_the_text_unless_the_client_shows_them(client: openai.OpenAI) -> None:
    made = ask(client, QUESTION)
    content = made.choices[0].message.content
    text, _, sources = content.partition("\n\nSources:\n")
    assert text == made.dossier["text"]
    cited = made.choices[0].message.annotations[0].url_citation
    assert sources == f"[1] A note, Tarn Courier, 2024-05-06: “{cited.quote}” {cited.url}"
    assert content[cited.start_index : cited.end_index] == "[1]"
    streamed = "".join(one.choices[0].delta.content or "" for one in ask(client, QUESTION, stream=True))
    assert streamed.partition("Sources:")[2].count("[1]") == 1
    shown = ask(client, QUESTION, extra_headers={"X-Dossier-Sources": "annotations"})
    assert shown.choices[0].message.content == text
    assert "Sources" not in ask(client, NOTHING).choices[0].message.content


def test_a_server_may_leave_the_sources_out_of_the_text(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        serving(FakeDossier(tmp_path_factory.mktemp("data"), sources_in_text=False)) as url,
        httpx.Client(trust_env=False, timeout=120) as http,
    ):
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="x", http_client=http, max_retries=0)
        assert "Sources" not in ask(client, QUESTION).choices[0].message.content
        wanted = ask(client, QUESTION, extra_headers={"X-Dossier-Sources": "text"})
        assert "Sources" in wanted.choices[0].message.content


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("more", "content", "finish"),
    [
        ({"max_tokens": 3}, "The harbour", "length"),
        ({"max_completion_tokens": 3}, "The harbour", "length"),
        ({"max_tokens": 500, "max_completion_tokens": 3}, "The harbour", "length"),
        ({"stop": " reopened"}, "The harbour of Tarn", "stop"),
        ({"stop": ["nowhere", "\n", " on 4"]}, "The harbour of Tarn reopened", "stop"),
        ({"stop": "Tarn", "max_tokens": 3}, "The harbour", "length"),
        ({"stop": "The"}, "", "stop"),
    ],
)
def test_the_content_ends_where_the_client_wants(
    client: openai.OpenAI, more: dict[str, Any], content: str, finish: str, stream: bool
) -> None:
    if stream:
        chunks = list(ask(client, QUESTION, stream=True, **more))
        found = "".join(one.choices[0].delta.content or "" for one in chunks)
        ended, annotations = chunks[-1].choices[0].finish_reason, chunks[-1].choices[0].delta.annotations
    else:
        choice = ask(client, QUESTION, **more).choices[0]
        found, ended, annotations = choice.message.content, choice.finish_reason, choice.message.annotations
    assert (found, ended, annotations) == (content, finish, [])


def test_a_stop_that_comes_in_two_pieces_is_seen() -> None:
    ending = Ending(stop=("4 May",))
    assert ending.safe("It reopened on 4") == "It reopened "
    assert ending.safe("It reopened on 4 May. [1]") == "It reopened on "
    assert Ending().safe("It") == "It"


@pytest.mark.parametrize("text", ["", "a", "The harbour.", "a  b\n\nc", "日本語 text", "x" * 50, "[1][2]", "naïve_1 ½"])
def test_what_is_counted_is_what_is_cut(text: str) -> None:
    count = count_tokens(text)
    assert Ending(most_tokens=max(count, 1)).cut(text) == (text, "stop")
    for most in range(1, count):
        cut, finish = Ending(most_tokens=most).cut(text)
        assert (count_tokens(cut), finish) == (most, "length") and text.startswith(cut)


def test_usage_is_counted(client: openai.OpenAI) -> None:
    made = ask(client, {"role": "system", "content": "Be brief."}, QUESTION)
    assert made.usage.prompt_tokens == count_tokens("Be brief.") + count_tokens(QUESTION)
    assert made.usage.completion_tokens == count_tokens(made.choices[0].message.content)
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens


def test_a_system_prompt_without_a_model_is_said_to_change_nothing(client: openai.OpenAI) -> None:
    plain = ask(client, QUESTION)
    told = ask(client, {"role": "system", "content": "Answer in French and say it reopened in June."}, QUESTION)
    assert told.choices[0].message.content == plain.choices[0].message.content
    assert [one["param"] for one in told.ignored] == ["messages[0]"]
    assert "language model" in told.ignored[0]["why"]


def test_json_holds_the_facts_of_the_answer(client: openai.OpenAI) -> None:
    made = ask(client, QUESTION, response_format={"type": "json_object"})
    found = json.loads(made.choices[0].message.content)
    assert (found["answer"], found["verdict"]) == (made.dossier["short"], "answered")
    assert [one["quote"] for one in found["quotes"]] == [one["quote"] for one in made.dossier["citations"]]
    cited = made.choices[0].message.annotations[0].url_citation
    assert made.choices[0].message.content[cited.start_index : cited.end_index] == cited.quote
    streamed = "".join(
        one.choices[0].delta.content or ""
        for one in ask(client, QUESTION, response_format={"type": "json_object"}, stream=True)
    )
    assert json.loads(streamed)["answer"] == found["answer"]
    none = json.loads(ask(client, NOTHING, response_format={"type": "json_object"}).choices[0].message.content)
    assert (none["answer"], none["verdict"], none["quotes"]) == (None, "not_stated", [])


class Quote(BaseModel):
    quote: str
    publisher: str | None
    date: str | None


class Reply(BaseModel):
    answer: str
    verdict: str
    confidence: float
    sources: list[Quote]


def test_the_client_parses_an_answer_into_a_class_of_its_own(client: openai.OpenAI) -> None:
    made = client.chat.completions.parse(
        model="dossier", messages=[{"role": "user", "content": QUESTION}], response_format=Reply
    )
    parsed = made.choices[0].message.parsed
    assert parsed is not None
    assert (parsed.answer, parsed.verdict) == ("The harbour of Tarn reopened on 4 May.", "answered")
    assert parsed.sources == [
        Quote(quote="The harbour of Tarn reopened on 4 May.", publisher="Tarn Courier", date="2024-05-06")
    ]


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_documents_do_not_say_is_a_refusal_of_a_schema(client: openai.OpenAI, stream: bool) -> None:
    format_: Any = {"type": "json_schema", "json_schema": {"name": "r", "schema": Reply.model_json_schema()}}
    made = ask(client, NOTHING, response_format=format_, stream=stream)
    if stream:
        last = list(made)[-1].choices[0].delta
        assert last.refusal.startswith("The documents do not say") and not last.content
    else:
        message = made.choices[0].message
        assert (message.content, message.refusal[:24]) == (None, "The documents do not say")


def schema_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def answered(short: str, **more: Any) -> Answer:
    made = answer_of(f"{short} [1]", said(f"{short}", 1))
    return made.model_copy(update={"short": short, **more})


STRING, NULLABLE = {"type": "string"}, {"type": ["string", "null"]}
FILLED: list[tuple[dict[str, Any], Answer, Any]] = [
    (schema_of(capital=STRING), answered("Tarn"), {"capital": "Tarn"}),
    (schema_of(population={"type": "integer"}), answered("about 1,200 people"), {"population": 1200}),
    (schema_of(population={"type": "integer"}), answered("from 1,200 to 1,300"), None),
    (schema_of(population={"type": "number"}), answered("−3.5 degrees"), {"population": -3.5}),
    (schema_of(open={"type": "boolean"}), answered("Yes: it reopened"), {"open": True}),
    (schema_of(open={"type": "boolean"}), answered("It reopened"), None),
    (schema_of(month={"enum": ["April", "May"]}), answered("on 4 May"), {"month": "May"}),
    (schema_of(month={"enum": ["April", "May"]}), answered("from April to May"), None),
    (schema_of(month={"enum": ["Ma", "Jun"]}), answered("on 4 May"), None),
    (schema_of(answer=STRING, quotes={"type": "array", "items": STRING}), answered("Tarn"), {"answer": "Tarn", "quotes": ["q"]}),
    (schema_of(finalAnswer=STRING), answered("Tarn"), {"finalAnswer": "Tarn"}),
    (schema_of(answer=STRING, mood=NULLABLE), answered("Tarn"), {"answer": "Tarn", "mood": None}),
    (schema_of(steps={"type": "array", "items": STRING}), answered("Tarn", items=("a", "b")), {"steps": ["a", "b"]}),
    (
        schema_of(statements={"type": "array", "items": schema_of(text=STRING, citations={"type": "array", "items": {"type": "integer"}})}),
        answered("Tarn"),
        {"statements": [{"text": "Tarn", "citations": [1]}]},
    ),
    (
        {"$defs": {"S": schema_of(url=STRING, page={"type": ["integer", "null"]})}, **schema_of(answer=STRING, sources={"type": "array", "items": {"$ref": "#/$defs/S"}})},
        answered("Tarn"),
        {"answer": "Tarn", "sources": [{"url": "at d1", "page": None}]},
    ),
    (schema_of(answer={"type": "string", "maxLength": 2}), answered("Tarn"), None),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "answer", "wanted"), FILLED)
def test_a_schema_is_filled_with_facts_or_not_at_all(schema: dict[str, Any], answer: Answer, wanted: Any) -> None:
    read = WantedSchema(schema)
    check_fillable(read)
    found = filled(read, answer, lambda one: f"at {one.document_id}")
    assert (None if found is None else json.loads(found)) == wanted


def doubling(levels: int) -> dict[str, Any]:
    """A small schema of which each part means the next one twice."""
    parts = {
        f"L{n}": schema_of(a={"$ref": f"#/$defs/L{n + 1}"}, b={"$ref": f"#/$defs/L{n + 1}"}) for n in range(levels)
    }
    return {"$defs": {**parts, f"L{levels}": STRING}, **schema_of(answer={"$ref": "#/$defs/L0"})}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = STRING
    for _ in range(levels):
        schema = schema_of(answer=schema)
    return schema


UNREADABLE: list[tuple[str, Any]] = [
    ("itself", {"$defs": {"N": schema_of(next={"$ref": "#/$defs/N"})}, **schema_of(answer={"$ref": "#/$defs/N"})}),
    ("itself", {"type": "object", "properties": {"answer": {"$ref": "#"}}}),
    ("itself", {"$ref": "#"}),
    ("characters", schema_of(answer={"type": "string", "description": "x" * MOST_CHARS})),
    ("parts", doubling(9)),
    ("parts", nested(40)),
    ("own parts", schema_of(answer={"$ref": "https://example.org/schema.json"})),
    ("not there", schema_of(answer={"$ref": "#/$defs/nowhere"})),
    ("pattern", schema_of(answer={"type": "string", "pattern": "(a+)+$"})),
    ("no JSON Schema", {"type": "object", "properties": {"answer": 5}}),
    ("no JSON Schema", {"type": "thing"}),
    ("must be an object", [1]),
    ("'object' at its root", {"type": "array"}),
    ("no fact", schema_of(answer=STRING, inflation=STRING)),
    ("no fact", schema_of(population=STRING, area=STRING)),
    ("no fact", schema_of(answer=schema_of(a=STRING))),
]


@pytest.mark.parametrize(("why", "schema"), UNREADABLE)
def test_a_schema_that_cannot_be_filled_is_refused_before_anything_is_asked(why: str, schema: Any) -> None:
    with pytest.raises(Problem) as refused:
        check_fillable(WantedSchema(schema))
    assert (refused.value.status_code, refused.value.code) == (400, "unsupported-parameter")
    assert why in str(refused.value.detail)


def test_a_schema_of_a_megabyte_is_refused(client: openai.OpenAI) -> None:
    big = schema_of(answer={"type": "string", "description": "x" * 1_000_000})
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, QUESTION, response_format={"type": "json_schema", "json_schema": {"name": "b", "schema": big}})
    assert refused.value.param == "response_format.json_schema.schema"
    big["properties"]["answer"]["description"] *= 2
    with pytest.raises(openai.APIStatusError) as larger:
        ask(client, QUESTION, response_format={"type": "json_schema", "json_schema": {"name": "b", "schema": big}})
    assert larger.value.status_code == 413
