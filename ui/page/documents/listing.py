"""Which documents the list shows and in what order, as the page's search box and bars ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr, ValidationError

from index.values import Document
from ui.problems import Problem
from ui.requests import IsoDate, Strict, Text, check_text, parse_json
from ui.words import source_name, title_of

Order = Literal["newest", "oldest", "outlet", "title", "added"]
_LONGEST = 4000
_LAST = "\U0010ffff"


class Listing(Strict):
    """One view of the list; the default is all of it, newest first.

    Attributes:
        find: Words that must all occur in the title, outlet, author or file names.
        since, until: Inclusive; a date that is known less exactly than these does not pass.
        undated: Only those without a date.
        copies: Only those that repeat another.
    """

    page: Annotated[StrictInt, Field(ge=0, le=1_000_000)] = 0
    order: Order = "newest"
    find: Annotated[StrictStr, Field(max_length=200), AfterValidator(check_text)] = ""
    outlet: Text | None = None
    since: IsoDate | None = None
    until: IsoDate | None = None
    undated: StrictBool = False
    copies: StrictBool = False

    @property
    def narrowed(self) -> bool:
        return bool(self.find.strip() or self.outlet or self.since or self.until or self.undated or self.copies)


def listing(command: str | None) -> Listing:
    """What `documents.js` sends; nothing is the default. Raises Problem."""
    if not command:
        return Listing()
    if not isinstance(command, str) or len(command) > _LONGEST:
        raise Problem("invalid-request", "That is nothing this page can list.")
    try:
        return Listing.model_validate(parse_json(command.encode("utf-8", "surrogatepass")))
    except ValidationError:
        raise Problem("invalid-request", "That is nothing this page can list.") from None


def select(documents: Iterable[Document], wanted: Listing) -> list[Document]:
    """The documents that pass, in order."""
    words = wanted.find.casefold().split()
    return in_order([one for one in documents if _passes(one, wanted, words)], wanted.order)


def in_order(documents: Sequence[Document], order: Order) -> list[Document]:
    """Undated and unnamed ones come last, whichever way."""
    newest = sorted(documents, key=_date_of, reverse=True)
    if order == "oldest":
        return sorted(documents, key=lambda one: _date_of(one) or _LAST)
    if order == "outlet":
        return sorted(newest, key=lambda one: (one.provenance.publisher or _LAST).casefold())
    if order == "title":
        return sorted(newest, key=lambda one: title_of(one).casefold())
    if order == "added":
        return sorted(newest, key=lambda one: one.added_at, reverse=True)
    return newest


def _passes(document: Document, wanted: Listing, words: Sequence[str]) -> bool:
    date = _date_of(document)
    if wanted.undated and date:
        return False
    if wanted.copies and document.origin == document.id:
        return False
    if wanted.outlet is not None and document.provenance.publisher != wanted.outlet:
        return False
    if wanted.since and date[: len(wanted.since)] < wanted.since:
        return False
    if wanted.until and not (date and date[: len(wanted.until)] <= wanted.until):
        return False
    return not words or _holds(document, words)


def _holds(document: Document, words: Sequence[str]) -> bool:
    said = document.provenance
    named = (title_of(document), said.publisher, said.author, *map(source_name, document.sources))
    text = " ".join(part for part in named if part).casefold()
    return all(word in text for word in words)


def _date_of(document: Document) -> str:
    return document.provenance.published.date if document.provenance.published else ""
