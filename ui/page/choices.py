"""What a person has chosen on the page: kept by the browser, sent with every event, and checked here like anything that is sent."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, ValidationError

from rag.manner import Manner, Strictness
from ui.problems import Problem
from ui.requests import CollectionName, Strict, check_collection, parse_json

MOST_READ = 20
_LONGEST = 1000


class Choices(Strict):
    """The default changes nothing.

    Attributes:
        collection: None is the one that this caller gets when none is named.
    """

    collection: CollectionName | None = None
    strictness: Strictness = "normal"
    llm: StrictBool | None = None
    read: Annotated[StrictInt, Field(ge=1, le=MOST_READ)] | None = None

    @property
    def manner(self) -> Manner:
        return Manner(strictness=self.strictness, llm=self.llm, read=self.read)


def chosen(text: str | None) -> Choices:
    """Choices as `settings.js` writes them; nothing is the usual. Raises Problem, or UnknownCollection."""
    if not text:
        return Choices()
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise Problem("invalid-request", "Those are no settings of this page.")
    try:
        found = Choices.model_validate(parse_json(text.encode("utf-8", "surrogatepass")))
    except ValidationError:
        raise Problem("invalid-request", "Those are no settings of this page.") from None
    check_collection(found.collection)
    return found
