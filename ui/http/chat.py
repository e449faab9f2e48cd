"""Chat completions as OpenAI's clients send and read them: the last question of a conversation, answered like any other.

Of the conversation only what the user said is looked at, and only to make the last question stand alone. What the client says as
system may tell a language model how to write; never what is true.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from rag.answer.telling import Listener
from rag.conversation.follow_up import TURNS
from rag.values import Answer
from ui.desk import LocalDesk
from ui.http.completion import ChatCompletion, Chunks, completion
from ui.http.events import EventStream, Hearing
from ui.http.form import Form
from ui.http.idempotency import IdempotentRoute
from ui.http.openapi import problems
from ui.http.parameters import Open, unsupported
from ui.http.served import MODEL, collection_of, url_of_citations
from ui.http.wanted import Most, Stop, form_of, manner_of, wish_of
from ui.problems import Problem
from ui.protocols import Dossier
from ui.requests import AnswerFilters, Asked
from ui.slots import Slots

MOST_MESSAGES = 1000
UNSUPPORTED = "unsupported-parameter"


class Lenient(BaseModel):
    """Takes what it knows and passes over the rest."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Part(Lenient):
    """A part of a message; only text can be asked."""

    type: StrictStr = Field(examples=["text"])
    text: Asked | None = None


class UserMessage(Lenient):
    role: Literal["user"]
    content: Asked | Annotated[tuple[Part, ...], Field(min_length=1)]


class OtherMessage(Lenient):
    """What the client says that somebody else said; of the system's words only how to write is read."""

    role: Literal["system", "developer", "assistant", "tool", "function"]
    content: Any = None


class StreamOptions(Lenient):
    include_usage: StrictBool | None = None


class ChatRequest(Open):
    """The last message of the user is the question. A parameter that is not supported is refused by its name."""

    model: StrictStr = Field(description="'dossier' for the usual collection, or 'dossier/NAME'.", examples=[MODEL])
    messages: Annotated[
        tuple[Annotated[UserMessage | OtherMessage, Field(discriminator="role")], ...],
        Field(
            min_length=1,
            max_length=MOST_MESSAGES,
            json_schema_extra={"contains": {"$ref": "#/components/schemas/UserMessage"}},
        ),
    ]
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None
    stop: Stop | None = Field(None, description="The content ends before the first of these.")
    max_tokens: Most | None = None
    max_completion_tokens: Most | None = Field(
        None, description="Most tokens of the content, counted in pieces of 4 letters."
    )
    response_format: dict[str, Any] | None = Field(
        None,
        description="json_object, or a json_schema whose properties are named after facts of an answer; docs/api.md.",
    )

    def asked(self) -> tuple[str, list[str]]:
        """The question, and the user's questions before it."""
        questions = [
            said(one, f"messages[{at}]") for at, one in enumerate(self.messages) if isinstance(one, UserMessage)
        ]
        if not questions:
            raise Problem("invalid-request", "messages: there is no message of the user")
        return questions[-1], questions[-1 - TURNS : -1]

    def wish(self) -> tuple[str, str]:
        found = [
            (f"messages[{at}]", text)
            for at, one in enumerate(self.messages)
            if isinstance(one, OtherMessage) and one.role in ("system", "developer")
            for text in _texts(one.content)
        ]
        return wish_of(found[0][0], [text for _, text in found]) if found else ("", "")

    def form(self, request: Request, dossier: Dossier) -> Form:
        return form_of(
            request,
            dossier.settings,
            texts=[text for one in self.messages for text in _texts(one.content)],
            rest=self.model_extra or {},
            stop=self.stop,
            most=self.max_completion_tokens or self.max_tokens,
            wanted=self.response_format,
            wish=self.wish(),
        )


def said(message: UserMessage, where: str) -> str:
    """What the user says. Raises Problem for what is no text."""
    if isinstance(message.content, str):
        return message.content
    for at, part in enumerate(message.content):
        if part.type != "text" or part.text is None:
            raise unsupported(f"{where}.content[{at}]", "only text can be asked.")
    return "\n".join(part.text for part in message.content if part.text is not None)


def _texts(content: Any) -> list[str]:
    """Whatever text a message holds."""
    if isinstance(content, str):
        return [content]
    held = content if isinstance(content, list | tuple) else ()
    texts = [one.get("text") if isinstance(one, dict) else getattr(one, "text", None) for one in held]
    return [text for text in texts if isinstance(text, str)]


def chat(desk: LocalDesk, dossier: Dossier, slots: Slots) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"], route_class=IdempotentRoute)

    @router.post(
        "/chat/completions",
        response_model=ChatCompletion,
        summary="The last question of a conversation",
        openapi_extra=problems("unknown-collection", "unknown-model", "question-too-long", UNSUPPORTED),
    )
    async def complete_chat(asked: ChatRequest, request: Request) -> ChatCompletion | Response:
        """The last message of the user is answered with proof or not at all; `annotations` say where each [n] of the content stands, and
        link to the quote in the stored document. Earlier messages of the user only make a follow-up stand alone. What the client says as
        system tells a language model how to write, where one writes; `ignored` says what changed nothing. What is not supported, such as
        tools, is refused by its name.

        With `stream`, chunks as OpenAI sends them; the last delta has the annotations, and its chunk the whole answer.
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

        hearing = Hearing(request, slots, make)
        if not asked.stream:
            return completion(await hearing.whole(), asked.model, url_of, form)
        await hearing.begun()
        usage = bool(asked.stream_options and asked.stream_options.include_usage)
        return EventStream(hearing, Chunks(asked.model, url_of, form, usage=usage))

    return router
