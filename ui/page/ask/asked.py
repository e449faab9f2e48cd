"""What was asked on the page: the question, the filters that were set with it, and those that it was searched with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from pydantic import ValidationError

from rag.asking import AS_SET
from rag.manner import Manner
from rag.replay import KeptAnswer
from rag.values import Answer, FiltersView, Kind
from ui.page.choices import chosen
from ui.problems import Problem
from ui.requests import AnswerFilters, check_asked, check_length, parse_json

Part = Literal["publisher", "since", "until", "as_of"]
_LONGEST = 3000
_NAMES = {"publisher": "Outlet", "since": "From", "until": "To", "as_of": "As of"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it can be asked again.

    Attributes:
        given: The filters that were set by hand.
        used: Those that it was searched with: what the question itself restricts is among them.
        collection: None is the one that this caller gets when none is named.
    """

    question: str
    given: AnswerFilters
    used: FiltersView
    manner: Manner = AS_SET
    collection: str | None = None

    def answered(self, answer: Answer) -> Asked:
        """The same, with what its answer tells: a follow-up as it stands alone, and the filters that were used."""
        return Asked(answer.query, self.given, answer.filters, self.manner, self.collection)

    def read_as(self, kind: Kind) -> Asked:
        """The same question, taken for one of another kind."""
        return replace(self, manner=self.manner.model_copy(update={"kind": kind}))

    def without(self, part: Part) -> Asked:
        """The same question without one of the filters, and without any that the question seems to ask for."""
        left = {name: getattr(self.used, name) for name in AnswerFilters.model_fields if name != part}
        manner = self.manner.model_copy(update={"detect_filters": False})
        return Asked(
            self.question, AnswerFilters.model_validate(_lists(left)), FiltersView(**left), manner, self.collection
        )


def asked(question: str, filters: str, choices: str, *, longest: int) -> Asked:
    """What the question box, the filters and the settings of the page hold. Raises Problem, or UnknownCollection."""
    if not isinstance(question, str):
        raise Problem("invalid-request", "The question must be text.")
    check_length(question, longest, "question")
    try:
        text = check_asked(question)
    except ValueError:
        raise Problem("invalid-request", "Type a question first.") from None
    given, how = _filters(filters), chosen(choices)
    return Asked(text, given, FiltersView(**given.model_dump()), how.manner, how.collection)


def asked_then(kept: KeptAnswer, collection: str | None) -> Asked:
    """What a kept answer was asked with."""
    given = AnswerFilters.model_validate(_lists(kept.asked.model_dump(include=set(AnswerFilters.model_fields))))
    return Asked(kept.answer.query, given, kept.answer.filters, kept.manner, collection)


def _lists(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def part_of(command: str) -> Part:
    """The filter that a button takes away. Raises Problem."""
    for part in get_args(Part):
        if command == part:
            return part  # type: ignore[no-any-return]
    raise Problem("invalid-request", "There is no such filter.")


def kind_of(command: str) -> Kind:
    """A kind of question. Raises Problem."""
    for kind in get_args(Kind):
        if command == kind:
            return kind  # type: ignore[no-any-return]
    raise Problem("invalid-request", "There is no such kind of question.")


def _filters(text: str) -> AnswerFilters:
    """Filters as `ask.js` writes them; "" is none. Raises Problem."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise Problem("invalid-request", "Those are no filters.")
    if not text:
        return AnswerFilters()
    try:
        found = AnswerFilters.model_validate(parse_json(text.encode("utf-8", "surrogatepass")))
    except ValidationError as error:
        first = error.errors()[0]
        name = _NAMES.get(str(first["loc"][0]) if first["loc"] else "", "Filters")
        raise Problem("invalid-request", f"{name}: {str(first['msg']).removeprefix('Value error, ')}.") from None
    if found.since and found.until and found.until < found.since[: len(found.until)]:
        raise Problem("invalid-request", "“From” lies after “to”: no document can be of that time.")
    return found
