"""Chat completions as OpenAI's clients send and read them: the last question of a conversation, answered like any other.

Of the conversation only what the user said is looked at, and only to make the last question stand alone; nothing that a client
sends becomes part of a prompt as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from rag.answer.telling import Listener
from rag.conversation.follow_up import TURNS
from rag.values import Answer, Citation
from rag.views import View
from ui.desk import LocalDesk
from ui.http.collections import usual_collection
from ui.http.completion import ChatCompletion, Chunks, completion
from ui.http.events import EventStream, Hearing
from ui.http.idempotency import IdempotentRoute
from ui.http.openapi import problems
from ui.problems import Problem
from ui.protocols import Dossier
from ui.requests import AnswerFilters, Asked
from ui.slots import Slots

MODEL = "dossier"
MOST_MESSAGES = 1000


class Lenient(BaseModel):
    """Takes what it knows and passes over the rest: clients send many a setting that changes nothing here."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Part(Lenient):
    """A part of a message; only text can be asked."""

    type: Literal["text"]
    text: Asked


class UserMessage(Lenient):
    role: Literal["user"]
    content: Asked | Annotated[tuple[Part, ...], Field(min_length=1)]

    @property
    def said(self) -> str:
        return self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)


class OtherMessage(Lenient):
    """What the client says that somebody else said; it is not read."""

    role: Literal["system", "developer", "assistant", "tool", "function"]


class StreamOptions(Lenient):
    include_usage: StrictBool | None = None


class ChatRequest(Lenient):
    """The last message of the user is the question. Settings of a language model, such as `temperature`, change nothing."""

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
    n: StrictInt | None = Field(None, ge=1, le=1, description="One answer is given.")
    tool_choice: Literal["none", "auto"] | None = Field(None, description="No tool is ever called.")

    def asked(self) -> tuple[str, list[str]]:
        """The question, and the user's questions before it."""
        questions = [one.said for one in self.messages if isinstance(one, UserMessage)]
        if not questions:
            raise Problem("invalid-request", "messages: there is no message of the user")
        return questions[-1], questions[-1 - TURNS : -1]


class ModelView(View):
    """A collection that can be asked, as a model."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: Literal["dossier"] = "dossier"


class ModelsView(View):
    object: Literal["list"] = "list"
    data: tuple[ModelView, ...]


def chat(desk: LocalDesk, dossier: Dossier, slots: Slots) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"], route_class=IdempotentRoute)

    @router.post(
        "/chat/completions",
        response_model=ChatCompletion,
        summary="The last question of a conversation",
        openapi_extra=problems("unknown-collection", "unknown-model", "question-too-long"),
    )
    async def complete_chat(asked: ChatRequest, request: Request) -> ChatCompletion | Response:
        """The last message of the user is answered with proof or not at all; `annotations` say where each [n] of the content stands, and
        link to the quote in the stored document. Earlier messages of the user only make a follow-up stand alone. What the client
        ascribes to system, assistant or tools is not read. Settings of a language model change nothing.

        With `stream`, chunks as OpenAI sends them; the last delta has the annotations, and its chunk the whole answer.
        """
        question, history = asked.asked()
        collection = _collection(asked.model)
        base = str(request.base_url).rstrip("/")

        def make(listener: Listener) -> Answer:
            return desk.answer(
                question, collection=collection, filters=AnswerFilters(), history=history, listener=listener
            )

        def url_of(citation: Citation) -> str:
            return f"{base}{_address(citation, collection)}"

        hearing = Hearing(request, slots, make)
        if not asked.stream:
            return completion(await hearing.whole(), asked.model, url_of)
        await hearing.begun()
        usage = bool(asked.stream_options and asked.stream_options.include_usage)
        return EventStream(hearing, Chunks(asked.model, url_of, usage=usage))

    @router.get("/models", summary="The collections that can be asked, as models")
    def list_models() -> ModelsView:
        """`dossier` is the usual collection, `dossier/NAME` another."""
        return ModelsView(data=tuple(ModelView(id=name) for name in _models(dossier)))

    @router.get("/models/{model:path}", summary="One of them")
    def get_model(model: str) -> ModelView:
        """As it stands in the list."""
        if model not in _models(dossier):
            raise _unknown()
        return ModelView(id=model)

    return router


def _models(dossier: Dossier) -> Sequence[str]:
    names, usual = dossier.names(), usual_collection(dossier)
    return [MODEL if name == usual else f"{MODEL}/{name}" for name in sorted(names, key=lambda name: name != usual)]


def _collection(model: str) -> str | None:
    """The collection that a model's name stands for; None is the usual one."""
    first, slash, name = model.partition("/")
    if first != MODEL or (slash and not name):
        raise _unknown()
    return name or None


def _unknown() -> Problem:
    return Problem("unknown-model", "There is no such model. GET /v1/models lists them.")


def _address(citation: Citation, collection: str | None) -> str:
    span: dict[str, Any] = {"start": citation.start, "end": citation.end}
    if collection is not None:
        span["collection"] = collection
    return f"/v1/documents/{quote(citation.document_id, safe='')}/text?{urlencode(span)}"
