"""What a caller may send, checked at the door: strict JSON, strict types, no key that is not known."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from index.errors import UnknownCollection
from index.values import Filters
from rag.filters import filters_of
from rag.manner import Manner, Strictness
from rag.values import Kind
from ui.metadata import MetadataFilter, Named
from ui.problems import Problem

MAX_NAME_CHARS = 500
LONGEST_SOURCE = 4096
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_COLLECTION = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LONGEST_NUMBER = 20
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def check_text(value: str) -> str:
    """Refuse what no document can hold: NUL, and halves of surrogate pairs."""
    if "\0" in value:
        raise ValueError("must not contain NUL")
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("must be valid Unicode: it holds half of a surrogate pair")
    return value


def check_line(value: str) -> str:
    """Refuse what does not fit on one line: control characters, and halves of surrogate pairs."""
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in value):
        raise ValueError("must be text without control characters")
    return value


def check_asked(value: str) -> str:
    """Refuse a question or query in which there is nothing to see."""
    check_text(value)
    if all(char in _INVISIBLE_LETTERS or unicodedata.category(char)[0] in "ZCM" for char in value):
        raise ValueError("must not be blank")
    return value


def check_date(value: str) -> str:
    """An ISO 8601 date, cut to what is known: "2025", "2025-11" or "2025-11-16".

    >>> check_date("2025-11")
    '2025-11'
    """
    if not (_DATE.fullmatch(value) and value.isascii()):
        raise ValueError("must be a date as 2025-11-16, 2025-11 or 2025")
    try:
        date.fromisoformat((value + "-01-01")[:10])
    except ValueError:
        raise ValueError(f"must be a date that exists, got {value}") from None
    return value


def is_source(key: str) -> bool:
    """True for a text that may be the key of a file in a collection: not empty, no control characters, no surrogates."""
    return 0 < len(key) <= LONGEST_SOURCE and not any(unicodedata.category(char) in ("Cc", "Cs") for char in key)


def check_source(key: str) -> str:
    """Raises Problem for a text that cannot be the key of a file."""
    if not is_source(key):
        raise Problem("invalid-request", f"source: a key must be text of 1 to {LONGEST_SOURCE} characters")
    return key


def check_collection(name: str | None) -> str | None:
    """Raises UnknownCollection for a name that no collection can have."""
    if name is not None and not _COLLECTION.fullmatch(name):
        raise UnknownCollection("There is no such collection. Run: dossier index FOLDER --collection NAME")
    return name


# What the checks ask for, as the description of the API says it.
_LINE = {"pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"}
_TEXT = {"pattern": r"^[^\u0000]*$"}
_VISIBLE = {"pattern": r"^[^\u0000]*[\p{L}\p{N}\p{P}\p{S}][^\u0000]*$"}
_WORD = {"pattern": r"^[^\u0000]*[\p{L}\p{N}][^\u0000]*$"}
_ISO = {"pattern": r"^(?!0000)[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$", "examples": ["2025-11"]}

Asked = Annotated[StrictStr, AfterValidator(check_asked), Field(json_schema_extra=_VISIBLE)]
Line = Annotated[StrictStr, AfterValidator(check_line), Field(json_schema_extra=_LINE)]
PlainText = Annotated[StrictStr, AfterValidator(check_text), Field(json_schema_extra=_TEXT)]
Text = Annotated[PlainText, Field(max_length=MAX_NAME_CHARS)]
IsoDate = Annotated[StrictStr, AfterValidator(check_date), Field(json_schema_extra=_ISO)]
CollectionName = PlainText
ThreadName = Text


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchFilters(Strict):
    """Which documents may be searched: those that pass all of it. Dates are inclusive; an undated document passes no date filter."""

    publisher: Text | None = None
    since: IsoDate | None = None
    until: IsoDate | None = None
    tags: Named = Field(default=[], description="All of these tags.")
    sources: Named = Field(
        default=[], description="At or below one of these folders, pages or files, as `sources` names them."
    )
    documents: Named = Field(default=[], description="One of these document ids.")
    metadata: MetadataFilter = Field(
        default={}, description="For each key a value, a list of values, or min, max or contains."
    )

    def to_filters(self) -> Filters:
        return filters_of(self.model_dump())


class AnswerFilters(SearchFilters):
    """As for a search, and `as_of`: answer as it could be answered on that date."""

    as_of: IsoDate | None = None


class AnswerRequest(Strict):
    question: Asked
    collection: CollectionName | None = None
    filters: AnswerFilters = AnswerFilters()
    thread: ThreadName | None = Field(
        None,
        description="The conversation that the question goes on; 'new' begins one. A follow-up is rewritten to stand alone.",
    )
    strictness: Strictness = Field(
        "normal",
        description="How sure an answer must be: 'normal' is the server's threshold, 'strict' shows about half as many.",
    )
    llm: StrictBool | None = Field(
        None,
        description="false: no language model sees the question; true: one must be there. Left out: as the server is set.",
    )
    kind: Kind | None = Field(
        None, description="What kind of question it is, so what kind of answer is looked for. Left out: as it reads."
    )
    stream: StrictBool = Field(
        False, description="Server-sent events `sources`, `delta`, `citation` and `done`, or `error`."
    )

    @property
    def manner(self) -> Manner:
        return Manner(strictness=self.strictness, llm=self.llm, kind=self.kind)


MOST_CONTEXT = 20


class SearchRequest(Strict):
    query: Asked
    top_k: StrictInt = Field(10, ge=1, le=50)
    context: StrictInt = Field(0, ge=0, le=MOST_CONTEXT, description="Sentences shown before and after each passage.")
    collection: CollectionName | None = None
    filters: SearchFilters = SearchFilters()


class CoverageRequest(Strict):
    """A name or phrase that is counted, or a question that is read, in every document."""

    asked: Annotated[Asked, Field(json_schema_extra=_WORD)]
    reading: Literal["mention", "question"] | None = Field(None, description="How to take it; as it looks if left out.")
    per_document: StrictInt | None = Field(
        None, ge=1, le=10, description="Most passages of one document that are read; as for an answer if left out."
    )
    collection: CollectionName | None = None
    filters: SearchFilters = SearchFilters()


def check_length(text: str, longest: int, name: str) -> None:
    if len(text) > longest:
        raise Problem("question-too-long", f"{name} must be at most {longest} characters, got {len(text)}.")


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise Problem("invalid-request", "A number in the body has too many digits.")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Problem("invalid-request", "A number in the body is not finite.")
    return number


def _no_constant(name: str) -> float:
    raise Problem("invalid-request", f"{name} is not JSON.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Problem("invalid-request", "A key occurs twice in one object of the body.")
    return found


def parse_json(body: bytes) -> Any:
    """Strict JSON: UTF-8, finite numbers, no key twice, nested no deeper than the parser goes. Raises Problem."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem("invalid-json", f"The body is not UTF-8: byte {error.start}.") from None
    try:
        return json.loads(
            text, parse_int=_whole, parse_float=_finite, parse_constant=_no_constant, object_pairs_hook=_unique
        )
    except RecursionError:
        raise Problem("invalid-json", "The body is nested too deep.") from None
    except ValueError as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem("invalid-json", f"The body is not JSON{where}.") from None
