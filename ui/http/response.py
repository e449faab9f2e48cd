"""An answer in the shape of OpenAI's responses, whole or as the events of that API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from rag.values import Answer
from rag.views import View
from ui.http.completion import new_id, usage_of
from ui.http.form import Form, UrlCitation, UrlOf, Writing, Written, write
from ui.http.parameters import Ignored


class OutputCitation(UrlCitation):
    type: Literal["url_citation"] = "url_citation"


class OutputContent(View):
    type: Literal["output_text", "refusal"] = "output_text"
    text: str | None = None
    refusal: str | None = None
    annotations: tuple[OutputCitation, ...] = ()


class OutputMessage(View):
    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    status: Literal["completed", "incomplete", "in_progress"] = "completed"
    content: tuple[OutputContent, ...] = ()


class ResponseUsage(View):
    input_tokens: int
    output_tokens: int
    total_tokens: int


class ResponseView(View):
    """`dossier` is the whole answer, as `POST /v1/answer` gives it; `ignored` is what was sent and changed nothing."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    status: Literal["completed", "incomplete", "in_progress"]
    model: str
    output: tuple[OutputMessage, ...] = ()
    error: None = None
    incomplete_details: dict[str, str] | None = None
    instructions: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    parallel_tool_calls: bool = False
    tool_choice: Literal["none"] = "none"
    tools: tuple[str, ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    store: bool = False
    usage: ResponseUsage | None = None
    ignored: tuple[Ignored, ...] = ()
    dossier: Answer | None = None


def _content(written: Written) -> OutputContent:
    if written.refusal:
        return OutputContent(type="refusal", refusal=written.refusal)
    cited = tuple(OutputCitation(**one.model_dump()) for one in written.cited)
    return OutputContent(text=written.content, annotations=cited)


def whole(begun: ResponseView, answer: Answer, url_of: UrlOf, form: Form) -> ResponseView:
    """The response that is not streamed."""
    return _whole(begun, new_id("msg_"), answer, write(answer, form, url_of), form)


def _whole(begun: ResponseView, message_id: str, answer: Answer, written: Written, form: Form) -> ResponseView:
    cut = written.finish == "length"
    status: Literal["completed", "incomplete"] = "incomplete" if cut else "completed"
    used = usage_of(answer, written, form)
    return begun.model_copy(
        update={
            "status": status,
            "output": (OutputMessage(id=message_id, status=status, content=(_content(written),)),),
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "usage": ResponseUsage(
                input_tokens=used.prompt_tokens, output_tokens=used.completion_tokens, total_tokens=used.total_tokens
            ),
            "ignored": form.ignored(answer),
            "dossier": answer,
        }
    )


class Events:
    """The events of an answer as those of a response, each called with the name and content of one."""

    def __init__(self, begun: ResponseView, url_of: UrlOf, form: Form) -> None:
        self._begun = begun
        self._form = form
        self._writing = Writing(form, url_of)
        self._message = OutputMessage(id=new_id("msg_"), status="in_progress")
        self._number = 0
        self._place = {"item_id": self._message.id, "output_index": 0, "content_index": 0}

    def __call__(self, name: str, content: Mapping[str, Any]) -> bytes:
        return b"".join(self._of(name, content))

    def _of(self, name: str, content: Mapping[str, Any]) -> Iterator[bytes]:
        if self._number == 0:
            yield from self._opening()
        if name == "error":
            code = str(content["type"]).rsplit(":", 1)[-1]
            yield self._event("error", code=code, message=content["detail"], param=None)
        if name == "delta" and (text := self._writing.hear(content)):
            yield self._event("response.output_text.delta", **self._place, delta=text, logprobs=[])
        if name == "done":
            yield from self._end(Answer.model_validate(content))

    def _opening(self) -> Iterator[bytes]:
        begun = self._begun.model_dump(mode="json")
        yield self._event("response.created", response=begun)
        yield self._event("response.in_progress", response=begun)
        yield self._event("response.output_item.added", output_index=0, item=self._message.model_dump(mode="json"))
        part = OutputContent(text="").model_dump(mode="json", exclude={"refusal"})
        yield self._event("response.content_part.added", **self._place, part=part)

    def _end(self, answer: Answer) -> Iterator[bytes]:
        rest, written = self._writing.end(answer)
        if rest:
            yield self._event("response.output_text.delta", **self._place, delta=rest, logprobs=[])
        response = _whole(self._begun, self._message.id, answer, written, self._form)
        part = response.output[0].content[0].model_dump(mode="json")
        for number, one in enumerate(part["annotations"]):
            yield self._event(
                "response.output_text.annotation.added", **self._place, annotation_index=number, annotation=one
            )
        if written.refusal:
            yield self._event("response.refusal.done", **self._place, refusal=written.refusal)
        else:
            yield self._event("response.output_text.done", **self._place, text=written.content, logprobs=[])
        yield self._event("response.content_part.done", **self._place, part=part)
        yield self._event("response.output_item.done", output_index=0, item=response.output[0].model_dump(mode="json"))
        yield self._event(f"response.{response.status}", response=response.model_dump(mode="json"))

    def _event(self, kind: str, **content: Any) -> bytes:
        told = {"type": kind, "sequence_number": self._number, **content}
        self._number += 1
        return f"event: {kind}\ndata: {json.dumps(told)}\n\n".encode()
