"""How a client of OpenAI's API wants its answer, read off what it sent: form, end, sources, and how a model is to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field, StrictInt, StrictStr

from rag.manner import LONGEST_STYLE, Manner
from rag.settings import Settings
from ui.http.ending import Ending, count_tokens
from ui.http.filling import check_fillable
from ui.http.form import Form
from ui.http.parameters import Ignored, look_through, unsupported
from ui.http.schema import WantedSchema, refused
from ui.problems import Problem
from ui.requests import check_text

SOURCES = "x-dossier-sources"
"""Header of a client that says what it does with sources: "annotations" (it shows them) or "text" (it does not)."""
LONGEST_STOP = 100

StopText = Annotated[StrictStr, Field(min_length=1, max_length=LONGEST_STOP)]
Stop = StopText | Annotated[tuple[StopText, ...], Field(max_length=4)]
Most = Annotated[StrictInt, Field(ge=1, le=10**6)]
_FORMATS = ("text", "json_object", "json_schema")


def form_of(
    request: Request,
    settings: Settings,
    *,
    texts: Sequence[str],
    rest: Mapping[str, Any],
    stop: Stop | None,
    most: int | None,
    wanted: Mapping[str, Any] | None,
    wish: tuple[str, str] = ("", ""),
    where: str = "response_format",
) -> Form:
    """The form of a request. Raises Problem for what is not supported.

    Args:
        texts: All that was sent, to be counted.
        rest: The parameters that the address does not read itself.
        wanted: The format, as chat completions name it, `where` it was sent.
        wish: The parameter that wishes how a model is to write, and the wish; `manner_of` takes it up.
    """
    told = look_through(rest)
    if len(wish[1]) > LONGEST_STYLE:
        told += (Ignored(param=wish[0], why=f"Only {LONGEST_STYLE} characters say how an answer is written."),)
        wish = ("", "")
    kind, schema = _format(wanted, where)
    return Form(
        ending=Ending((stop,) if isinstance(stop, str) else stop or (), most),
        as_json=kind != "text",
        schema=schema,
        sources=kind == "text" and _sources(request, settings),
        told=told,
        wish=wish[0],
        prompt_tokens=sum(map(count_tokens, texts)),
    )


def manner_of(form: Form, wish: str, *, model: bool) -> Manner:
    """How the question is answered. Without a language model there is nobody to write otherwise.

    Args:
        model: There is a language model.
    """
    return Manner(style=wish) if form.wish and model else Manner()


def wish_of(param: str, texts: Sequence[str]) -> tuple[str, str]:
    """What instructions wish, by the first parameter that holds any."""
    wish = "\n".join(one.strip() for one in texts).strip()
    try:
        return (param, check_text(wish)) if wish else ("", "")
    except ValueError as error:
        raise Problem("invalid-request", f"{param}: {error}") from None


def _sources(request: Request, settings: Settings) -> bool:
    said = request.headers.get(SOURCES, "").strip().lower()
    return said == "text" if said in ("text", "annotations") else settings.sources_in_text


def _format(wanted: Mapping[str, Any] | None, where: str) -> tuple[str, WantedSchema | None]:
    if wanted is None:
        return "text", None
    kind = wanted.get("type")
    if kind not in _FORMATS:
        raise unsupported(f"{where}.type", f"must be one of {', '.join(_FORMATS)}.")
    if kind != "json_schema":
        return str(kind), None
    held = wanted.get("json_schema")
    if not isinstance(held, Mapping) or "schema" not in held:
        raise refused("is missing")
    schema = WantedSchema(held["schema"])
    check_fillable(schema)
    return "json_schema", schema
