"""An answer in the shape that clients of OpenAI's chat completions read: text with [n], and an annotation for each [n]."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from rag.values import Answer, Citation
from rag.views import View
from ui.problems import for_openai

DONE = b"data: [DONE]\n\n"
_MARKS = re.compile(r" ?((?:\[\d+\])+)")
_MARK = re.compile(r"\[(\d+)\]")

UrlOf = Callable[[Citation], str]


class UrlCitation(View):
    """Where a mark leads: `content[start_index:end_index]` is the mark, in code points; the rest says what it cites."""

    start_index: int
    end_index: int
    url: str
    title: str
    number: int
    quote: str
    publisher: str | None = None
    published: str | None = None
    author: str | None = None
    document_id: str
    start: int
    end: int


class Annotation(View):
    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class Message(View):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: tuple[Annotation, ...] = ()


class Choice(View):
    index: int = 0
    message: Message
    finish_reason: Literal["stop"] = "stop"
    logprobs: None = None


class Usage(View):
    """Tokens of the language model; 0 where none was asked."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class ChatCompletion(View):
    """`dossier` is the whole answer, as `POST /v1/answer` gives it."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: Usage
    system_fingerprint: str
    dossier: Answer


def completion(answer: Answer, model: str, url_of: UrlOf) -> ChatCompletion:
    return ChatCompletion(
        id=new_id(),
        created=int(time.time()),
        model=model,
        choices=(Choice(message=Message(content=answer.text, annotations=cited_in(answer.text, answer, url_of))),),
        usage=_usage(answer),
        system_fingerprint=answer.settings_hash,
        dossier=answer,
    )


def new_id() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"


def cited_in(content: str, answer: Answer, url_of: UrlOf) -> tuple[Annotation, ...]:
    """One for each mark of `content`; brackets that a document has in its own text are none."""
    cited = {citation.number: citation for citation in answer.citations}
    return tuple(
        _annotation(cited[number], start, end, url_of)
        for start, end, number in _marks(content, answer)
        if number in cited
    )


def _marks(content: str, answer: Answer) -> Iterator[tuple[int, int, int]]:
    """Start, end and number of each mark that stands behind a statement."""
    at = 0
    for statement in answer.statements:
        said = _flat(statement.text)
        found = content.find(said, at)
        behind = _MARKS.match(content, found + len(said)) if found >= 0 else None
        if behind is None:
            continue
        for mark in _MARK.finditer(content, behind.start(1), behind.end(1)):
            yield mark.start(), mark.end(), int(mark[1])
        at = behind.end()


def _annotation(citation: Citation, start: int, end: int, url_of: UrlOf) -> Annotation:
    return Annotation(
        url_citation=UrlCitation(
            start_index=start,
            end_index=end,
            url=url_of(citation),
            title=citation.title or citation.publisher or citation.document_id,
            number=citation.number,
            quote=citation.quote,
            publisher=citation.publisher,
            published=citation.published,
            author=citation.author,
            document_id=citation.document_id,
            start=citation.start,
            end=citation.end,
        )
    )


def _usage(answer: Answer) -> Usage:
    read, written = (answer.usage.get(name, 0) for name in ("prompt_tokens", "completion_tokens"))
    return Usage(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


class Chunks:
    """The events of an answer as chunks of a completion, each called with the name and content of one.

    Args:
        usage: The client wants the tokens in a chunk of their own.
    """

    def __init__(self, model: str, url_of: UrlOf, *, usage: bool) -> None:
        self._same: dict[str, Any] = {
            "id": new_id(),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
            **({"usage": None} if usage else {}),
        }
        self._url_of = url_of
        self._counts = usage
        self._begun = False
        self._told = ""
        self._source: tuple[str, str | None] | None = None

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
        if name == "delta":
            yield self._chunk({"content": self._next(self._sentence(content))})
        if name == "done":
            yield from self._end(Answer.model_validate(content))

    def _sentence(self, statement: Mapping[str, Any]) -> str:
        """A statement as the whole text will most likely have it; it has the last word in `dossier`."""
        source = (statement.get("attribution", ""), statement.get("speaker"))
        lead = f"{source[0]}: " if source[0] and source != self._source else ""
        self._source = source
        marks = "".join(f"[{number}]" for number in statement.get("citations", ()))
        return f"{' ' if self._told else ''}{lead}{_flat(statement['text'])}{' ' if marks else ''}{marks}"

    def _end(self, answer: Answer) -> Iterator[bytes]:
        if answer.text.startswith(self._told):
            rest = answer.text[len(self._told) :]
        else:  # what was told is not taken back
            rest = f" The documents don't say: {'; '.join(answer.missing)}" if answer.missing else ""
        if rest:
            yield self._chunk({"content": self._next(rest)})
        found = [one.model_dump(mode="json") for one in cited_in(self._told, answer, self._url_of)]
        yield self._chunk({"annotations": found}, finish="stop", dossier=answer.model_dump(mode="json"))
        if self._counts:
            yield _data({**self._same, "choices": [], "usage": _usage(answer).model_dump()})
        yield DONE

    def _next(self, text: str) -> str:
        self._told += text
        return text

    def _chunk(self, delta: Mapping[str, Any], *, finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data({**self._same, "choices": [choice], **more})


def _flat(text: str) -> str:
    return " ".join(text.split())


def _data(content: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(content)}\n\n".encode()
