"""The corpus in frozen values: what was read, where it came from, and which spans of it are searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MetadataValue = str | int | float | tuple[str, ...]
Metadata = Mapping[str, MetadataValue]
"""Free metadata: text (an ISO date is text too), a number, or a list of text; keys are lower case."""
DatePrecision = Literal["day", "month", "year"]
DateSource = Literal["front matter", "json-ld", "meta", "dateline", "header", "file name", "edited"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of a document's text, in Unicode code points from 0."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Recognised:
    """A range of a document's text that was read off a picture; `confidence` is the model's own, on average, 0 to 1."""

    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Published:
    """When a source says it was published; never the file's time nor the time of ingest.

    Attributes:
        date: ISO 8601, cut to what is known: "2025-11-16", "2025-11" or "2025". Sorts as text.
        precision: How much of the date is known.
        source: What said so.
    """

    date: str
    precision: DatePrecision
    source: DateSource


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who says it. Every field is read from the source itself; None means that it does not say.

    Attributes:
        kind: "report", "analysis", "opinion", "machine-assisted", or another word from front matter.
    """

    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    published: Published | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """One file after loading and cleaning, before it has an id.

    Attributes:
        text: The normalised text that is stored and cited: newlines are "\\n", drop caps are joined; boilerplate is still in it.
        body: The spans worth searching, in order, not overlapping: `text` without headers, share bars, comment forms, disclaimers.
        page_starts: Offset at which each page (PDF) or slide (PPTX) begins; empty for sources without pages.
        notes: What was repaired or flagged, in words ("joined 1 drop cap").
        language: ISO 639-1 code of the language that most of it is in; None where the text does not say.
        recognised: The ranges of `text` that were read by text recognition, in order.
        metadata: What the file says of itself besides its provenance.
    """

    text: str
    media_type: str
    provenance: Provenance
    body: tuple[Span, ...]
    page_starts: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    language: str | None = None
    recognised: tuple[Recognised, ...] = ()
    metadata: Metadata = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Document:
    """One source as stored. The id derives from text and provenance, so the same content has the same id everywhere.

    Attributes:
        sources: Where it came from: absolute file paths or upload names. Several when the same content was found twice.
        origin: Id of the oldest near-duplicate (itself when it has none): copies of one report share an origin.
        language: ISO 639-1 code of the language that most of it is in; None where the text does not say.
        recognised: The ranges of `text` that were read by text recognition, in order.
        original_bytes: Size of the file that it was read from; None where that is not kept.
        metadata: What its sources say besides provenance, with what was given or set by hand laid over it.
        superseded_by: Id of the document that is marked as standing in its place.
    """

    id: str
    text: str
    media_type: str
    provenance: Provenance
    page_starts: tuple[int, ...]
    sources: tuple[str, ...]
    origin: str
    chunk_count: int
    added_at: str
    notes: tuple[str, ...] = ()
    language: str | None = None
    original_bytes: int | None = None
    recognised: tuple[Recognised, ...] = ()

    def recognised_at(self, start: int, end: int) -> float | None:
        """How sure text recognition is of what it read in this range, the least sure part counting; None where it read nothing of it."""
        found = [one.confidence for one in self.recognised if one.start < end and start < one.end]
        return min(found, default=None)

    metadata: Metadata = field(default_factory=dict, hash=False)
    superseded_by: str | None = None

    def page_of(self, offset: int) -> int | None:
        """The 1-based page that holds `offset`, or None for a source without pages."""
        if not self.page_starts:
            return None
        return sum(1 for start in self.page_starts if start <= offset) or 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document that is searched as one unit: `document.text[start:end] == text`, always."""

    id: str
    document_id: str
    ordinal: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What one key of a document's metadata must be. Case and the type of a number do not matter.

    Attributes:
        any_of: One of these, whole; of a list, one of its items.
        least, most: Bounds of a number, or ISO prefixes of a date; inclusive.
        contains: Stands somewhere in the text.
    """

    key: str
    any_of: tuple[str | int | float, ...] = ()
    least: str | int | float | None = None
    most: str | int | float | None = None
    contains: str | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents may be searched: those that pass everything that is set.

    Attributes:
        since, until: ISO prefixes, inclusive; an undated document passes no date filter.
        tags: All of these.
        sources: At or below one of these folders, pages or files.
        documents: One of these ids.
        metadata: One condition a key.
    """

    publisher: str | None = None
    since: str | None = None
    until: str | None = None
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    metadata: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return any((self.publisher, self.since, self.until, self.tags, self.sources, self.documents, self.metadata))

    @property
    def dated(self) -> bool:
        return bool(self.since or self.until)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that did not go in, and why. `code` is stable; `reason` is for people."""

    source: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Replacement:
    """A source that holds another document than before. `gone` when no other source holds the old one."""

    source: str
    old: str
    new: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Successor:
    """Two documents of which `new` looks like the version that stands in the place of `old`, and what says so."""

    old: str
    new: str
    why: str


@dataclass(frozen=True, slots=True)
class KeptBeside:
    """A file whose name was taken by another content: both are kept, this one as `source`."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one ingest did. Every file that was offered is counted once, in `added` to `refused`.

    Attributes:
        replacements: What was replaced by what, by source.
        beside: Files that went in beside another of the same name.
        successors: Documents that look like newer versions of others; nothing is marked until a person marks it.
        unchanged: Files whose content was already in the collection: nothing was parsed into it or embedded again.
        embedded_chunks: Chunks that went through the encoder.
        reused_chunks: Chunks of new or changed documents whose vector was already known.
        seconds: Wall time by part: "parse", "encode", "store", "index", "total".
    """

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    refused: tuple[Refusal, ...] = ()
    embedded_chunks: int = 0
    reused_chunks: int = 0
    replacements: tuple[Replacement, ...] = ()
    beside: tuple[KeptBeside, ...] = ()
    successors: tuple[Successor, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
