"""Prompts that an assistant offers a person, one for each kind of question that Dossier answers in its own way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from ui.terminal import flat, printable

_RULES = (
    "Quote word for word, name the outlet and the date of each source, add nothing of your own, and where the documents do "
    "not say it, say that they do not."
)
_LONGEST = 2000

Words = Annotated[str, Field(min_length=1, max_length=_LONGEST)]


def fact(question: Words) -> str:
    """One question, answered with its proof."""
    return f"Call `ask` with the question “{_line(question)}” and pass on its answer. {_RULES}"


def everything(of: Words) -> str:
    """A list of all that the documents name of a kind."""
    return (
        f"Call `ask` with “List every {_line(of)}.”, then `search` for more with the same words. Give a list: each item with "
        f"the quote that names it. {_RULES}"
    )


def compare(first: Words, second: Words, by: Words = "what is said of both") -> str:
    """Two things side by side."""
    return (
        f"Call `ask` about {_line(first)} and about {_line(second)}, each by {_line(by)}. Lay the answers side by side in a "
        f"table, each cell with its quote; leave a cell empty where nothing is stated. {_RULES}"
    )


def summary(document: Words) -> str:
    """What a document says, in its own sentences."""
    return f"Call `ask` with “Summarise {_line(document)}.” and pass on the sentences that it gives, in their order. {_RULES}"


def timeline(subject: Words) -> str:
    """What was said of one thing over time."""
    return (
        f"Call `ask` with “When did what happen to {_line(subject)}?” and order what it gives by the dates of the sources, "
        f"newest first. {_RULES}"
    )


def disagreements(subject: Words) -> str:
    """Where the sources contradict each other."""
    return (
        f"Call `ask` about {_line(subject)} and give every position of its conflicts with outlet, date and quote. Choose none "
        f"of them. If there is no conflict, say so. {_RULES}"
    )


PROMPTS: dict[str, tuple[str, Callable[..., str]]] = {
    "fact": ("Ask one thing", fact),
    "list": ("List everything of a kind", everything),
    "compare": ("Compare two things", compare),
    "summary": ("Summarise a document", summary),
    "timeline": ("What happened when", timeline),
    "disagreements": ("Where sources disagree", disagreements),
}
"""Title and text, by name."""


def _line(text: str) -> str:
    return printable(flat(text))[:_LONGEST]
