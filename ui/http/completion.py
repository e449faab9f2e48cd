"""An answer in the shape of OpenAI's chat completions, whole or in chunks, with an annotation for each [n] of its text."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from rag.values import Answer
from rag.views import View
from ui.http.ending import Finish, count_tokens
from ui.http.form import Form, UrlCitation, UrlOf, Writing, Written, write
from ui.http.parameters import Ignored
from ui.problems import for_openai

DONE = b"data: [DONE]\n\n"


class Annotation(View):
    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class Message(View):
    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: str | None = None
    annotations: tuple[Annotation, ...] = ()


class Choice(View):
    index: int = 0
    message: Message
    finish_reason: Finish = "stop"
    logprobs: None = None


class Usage(View):
    """Tokens as the language model counts them; where none was asked, of what was sent and written, as `ui.http.ending` does."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class ChatCompletion(View):
    """`dossier` is the whole answer, as `POST /v1/answer` gives it; `ignored` is what was sent and changed nothing."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: Usage
    system_fingerprint: str
    ignored: tuple[Ignored, ...] = ()
    dossier: Answer


def completion(answer: Answer, model: str, url_of: UrlOf, form: Form) -> ChatCompletion:
    written = write(answer, form, url_of)
    message = Message(
        content=None if written.refusal else written.content,
        refusal=written.refusal,
        annotations=tuple(Annotation(url_citation=one) for one in written.cited),
    )
    return ChatCompletion(
        id=new_id("chatcmpl-"),
        created=int(time.time()),
        model=model,
        choices=(Choice(message=message, finish_reason=written.finish),),
        usage=usage_of(answer, written, form),
        system_fingerprint=answer.settings_hash,
        ignored=form.ignored(answer),
        dossier=answer,
    )


def new_id(prefix: str) -> str:
    return f"{prefix}{uuid.uuid4().hex}"


def usage_of(answer: Answer, written: Written, form: Form) -> Usage:
    counted = {"prompt_tokens": form.prompt_tokens, "completion_tokens": count_tokens(written.content)}
    told = answer.usage or counted
    asked, wrote = (told.get(name, 0) for name in ("prompt_tokens", "completion_tokens"))
    return Usage(prompt_tokens=asked, completion_tokens=wrote, total_tokens=asked + wrote)


class Chunks:
    """The events of an answer as chunks of a completion, each called with the name and content of one.

    Args:
        usage: The client wants the tokens in a chunk of their own.
    """

    def __init__(self, model: str, url_of: UrlOf, form: Form, *, usage: bool) -> None:
        self._same: dict[str, Any] = {
            "id": new_id("chatcmpl-"),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
            **({"usage": None} if usage else {}),
        }
        self._form = form
        self._writing = Writing(form, url_of)
        self._counts = usage
        self._begun = False

    def __call__(self, name: str, content: Mapping[str, Any]) -> bytes:
        if name == "error":
            return _data(for_openai(content))
        return self._opening() + b"".join(self._of(name, content))

    def _opening(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return self._chunk({"role": "assistant", "content": ""})

    def _of(self, name: str, content: Mapping[str, Any]) -> Iterator[bytes]:
        if name == "delta" and (text := self._writing.hear(content)):
            yield self._chunk({"content": text})
        if name == "done":
            yield from self._end(Answer.model_validate(content))

    def _end(self, answer: Answer) -> Iterator[bytes]:
        rest, written = self._writing.end(answer)
        if rest:
            yield self._chunk({"content": rest})
        found = [Annotation(url_citation=one).model_dump(mode="json") for one in written.cited]
        last: dict[str, Any] = {"annotations": found} | ({"refusal": written.refusal} if written.refusal else {})
        ignored = [one.model_dump() for one in self._form.ignored(answer)]
        yield self._chunk(last, finish=written.finish, ignored=ignored, dossier=answer.model_dump(mode="json"))
        if self._counts:
            yield _data({**self._same, "choices": [], "usage": usage_of(answer, written, self._form).model_dump()})
        yield DONE

    def _chunk(self, delta: Mapping[str, Any], *, finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data({**self._same, "choices": [choice], **more})


def _data(content: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(content)}\n\n".encode()
