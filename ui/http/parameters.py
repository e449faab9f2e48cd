"""Parameters of OpenAI's clients that this server does not take: refused by name, or said to have changed nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from rag.views import View
from ui.problems import Problem

_NOT_SAMPLED = "No answer is drawn by chance: the same question gets the same answer."
_LABEL = "It is a label for the caller's own use and is not kept."
_NO_REASONING = "No model of this server takes it."
IDLE: dict[str, str] = {
    **dict.fromkeys(
        (
            "temperature top_p top_k min_p typical_p seed frequency_penalty presence_penalty repetition_penalty "
            "repeat_penalty repeat_last_n mirostat mirostat_eta mirostat_tau tfs_z"
        ).split(),
        _NOT_SAMPLED,
    ),
    **dict.fromkeys("user metadata safety_identifier prompt_cache_key prompt_cache_retention".split(), _LABEL),
    **dict.fromkeys("reasoning_effort reasoning verbosity".split(), _NO_REASONING),
    "store": "Answers are kept as the server's setting 'keep_answers' says.",
    "service_tier": "There is one.",
    "parallel_tool_calls": "No tool is called.",
    "truncation": "Nothing is cut off what is asked.",
}
"""What changes nothing about an answer that is proved, and why. Whoever sends it is told."""
_ASK_NOTHING: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "tools": ([],),
    "functions": ([],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "background": (False,),
    "include": ([],),
}
"""Values with which a parameter that is not supported asks for nothing."""


class Open(BaseModel):
    """Takes what it knows; the rest is looked at by `look_through`."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Ignored(View):
    """Something that was sent and changed nothing."""

    param: str
    why: str


def unsupported(param: str, why: str) -> Problem:
    """A refusal that names the parameter."""
    return Problem("unsupported-parameter", f"{param}: {why}", errors=[{"where": param, "message": why}])


def look_through(given: Mapping[str, Any]) -> tuple[Ignored, ...]:
    """What of the parameters changes nothing. Raises Problem for one that would have to change something and cannot."""
    told = []
    for name, value in given.items():
        if value is None or any(value == one and type(value) is type(one) for one in _ASK_NOTHING.get(name, ())):
            continue
        if name not in IDLE:
            shown = (
                name if name.isidentifier() and len(name) <= 64 else "a parameter"
            )  # repeated only where it is a name
            raise unsupported(shown, "this server does not support it. Leave it out.")
        told.append(Ignored(param=name, why=IDLE[name]))
    return tuple(told)
