"""OpenAI's responses: the last question of the input, answered like any other, whole or as the events of that API."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field, StrictBool, StrictStr

from rag.answer.telling import Listener
from rag.conversation.follow_up import TURNS
from rag.values import Answer
from ui.desk import LocalDesk
from ui.http.chat import MOST_MESSAGES, Lenient
from ui.http.completion import new_id
from ui.http.events import EventStream, Hearing
from ui.http.form import Form
from ui.http.idempotency import IdempotentRoute
from ui.http.openapi import problems
from ui.http.parameters import Open, unsupported
from ui.http.response import Events, ResponseView, whole
from ui.http.served import MODEL, collection_of, url_of_citations
from ui.http.wanted import Most, form_of, manner_of, wish_of
from ui.problems import Problem
from ui.protocols import Dossier
from ui.requests import AnswerFilters, Asked, PlainText
from ui.slots import Slots

_TEXTS = ("input_text", "output_text", "text")


class InputPart(Lenient):
    type: StrictStr = Field(examples=["input_text"])
    text: PlainText | None = None


class InputItem(Lenient):
    """A message; items of other types are not read."""

    type: StrictStr = "message"
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: PlainText | tuple[InputPart, ...] | None = None

    def said(self, where: str) -> str:
        """Raises Problem for what is no text."""
        if isinstance(self.content, str):
            return self.content
        for at, part in enumerate(self.content or ()):
            if part.type not in _TEXTS or part.text is None:
                raise unsupported(f"{where}.content[{at}]", "only text can be asked.")
        return "\n".join(part.text for part in self.content or () if part.text is not None)


class TextFormat(Open):
    """How the answer is written: `format` as in chat completions, with the schema beside its type."""

    format: dict[str, Any] | None = None
    verbosity: StrictStr | None = None


class ResponseRequest(Open):
    """The last message of the user is the question. A parameter that is not supported is refused by its name."""

    model: StrictStr = Field(description="'dossier' for the usual collection, or 'dossier/NAME'.", examples=[MODEL])
    input: Asked | Annotated[tuple[InputItem, ...], Field(min_length=1, max_length=MOST_MESSAGES)]
    instructions: PlainText | None = Field(None, description="Tell a language model how to write, where one writes.")
    stream: StrictBool | None = None
    max_output_tokens: Most | None = None
    text: TextFormat | None = None

    def messages(self) -> list[tuple[str, str, str]]:
        """Where each message stands, who says it, and what."""
        if isinstance(self.input, str):
            return [("input", "user", self.input)]
        return [
            (f"input[{at}]", one.role or "", one.said(f"input[{at}]"))
            for at, one in enumerate(self.input)
            if one.type == "message"
        ]

    def asked(self) -> tuple[str, list[str]]:
        questions = [text for _, role, text in self.messages() if role == "user"]
        if not questions:
            raise Problem("invalid-request", "input: there is no message of the user")
        return questions[-1], questions[-1 - TURNS : -1]

    def wish(self) -> tuple[str, str]:
        told = [("instructions", self.instructions or "")]
        told += [(where, text) for where, role, text in self.messages() if role in ("system", "developer")]
        found = [(where, text) for where, text in told if text.strip()]
        return wish_of(found[0][0], [text for _, text in found]) if found else ("", "")

    def form(self, request: Request, dossier: Dossier) -> Form:
        rest = dict(self.model_extra or {})
        if self.text is not None:
            rest |= {f"text.{name}": value for name, value in (self.text.model_extra or {}).items()}
            rest["verbosity"] = self.text.verbosity
        return form_of(
            request,
            dossier.settings,
            texts=[self.instructions or "", *(text for _, _, text in self.messages())],
            rest=rest,
            stop=None,
            most=self.max_output_tokens,
            wanted=_as_chat(self.text.format if self.text else None),
            wish=self.wish(),
            where="text.format",
        )


def responses(desk: LocalDesk, dossier: Dossier, slots: Slots) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"], route_class=IdempotentRoute)

    @router.post(
        "/responses",
        response_model=ResponseView,
        summary="The last question of an input",
        openapi_extra=problems("unknown-collection", "unknown-model", "question-too-long", "unsupported-parameter"),
    )
    async def respond(asked: ResponseRequest, request: Request) -> ResponseView | Response:
        """As chat completions, in the shape of OpenAI's responses. Nothing is kept for a later `previous_response_id`: send the
        conversation. With `stream`, the events of that API, from `response.created` to `response.completed`.
        """
        question, history = asked.asked()
        collection = collection_of(asked.model)
        form, url_of = asked.form(request, dossier), url_of_citations(request, collection)
        manner = manner_of(form, asked.wish()[1], model=dossier.language_model is not None)

        def make(listener: Listener) -> Answer:
            return desk.answer(
                question,
                collection=collection,
                filters=AnswerFilters(),
                history=history,
                manner=manner,
                listener=listener,
            )

        hearing, begun = Hearing(request, slots, make), _begun(asked)
        if not asked.stream:
            return whole(begun, await hearing.whole(), url_of, form)
        await hearing.begun()
        return EventStream(hearing, Events(begun, url_of, form))

    return router


def _as_chat(wanted: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if wanted is None or wanted.get("type") != "json_schema":
        return wanted
    return {"type": "json_schema", "json_schema": {name: one for name, one in wanted.items() if name != "type"}}


def _begun(asked: ResponseRequest) -> ResponseView:
    return ResponseView(
        id=new_id("resp_"),
        created_at=int(time.time()),
        status="in_progress",
        model=asked.model,
        instructions=asked.instructions,
    )
