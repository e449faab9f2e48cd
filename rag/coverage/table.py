"""What each document of a collection says about one thing: the values, and the counts that stand above them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from rag.values import FiltersView, Frozen, Position

Status = Literal["says", "contradicts", "silent"]
Reading = Literal["mention", "question"]


class DocumentCoverage(Frozen):
    """What one document says. `quote` is verbatim `document.text[start:end]`, offsets in code points.

    Attributes:
        number: Its number in this coverage, which positions cite.
        value: What stands for the answer in the quote; of a mention, the mention as it is written there.
        attribution: Outlet, date, kind of text and whom it quotes, in words.
        mentions: How often the whole body mentions it; 0 when a question was asked.
        places: Offsets of the first mentions.
        support: Probability that the passage answers the question; 1 for a mention.
        passages, searched, read: How many passages the document has, how many were searched for the nearest, and how many
            of those were read. A mention is looked for in all of them, word by word.
    """

    number: int
    document_id: str
    origin: str
    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    kind: str | None = None
    published: str | None = None
    published_precision: str | None = None
    status: Status
    quote: str | None = None
    start: int | None = None
    end: int | None = None
    page: int | None = None
    value: str | None = None
    attribution: str = ""
    mentions: int = 0
    places: tuple[tuple[int, int], ...] = ()
    support: float = 0.0
    passages: int = 0
    searched: int = 0
    read: int = 0


class Count(Frozen):
    """Documents, and of how many origins: copies of one report are one origin."""

    documents: int = 0
    origins: int = 0


class Coverage(Frozen):
    """What every document says about one thing.

    Attributes:
        asked: As it was typed. `query` is what was looked for: the phrase, or the question.
        reading: A phrase is counted word by word; a question is read by the reader.
        text: The counts in words.
        says: Documents that say it, without those that contradict.
        mentions: In all documents together.
        positions: The values that the documents hold, most origins first; they cite documents by their number.
        documents: Newest published first, undated last.
        left_out: Documents beyond the most that are covered; they were not looked at.
    """

    asked: str
    query: str
    reading: Reading
    text: str
    says: Count
    contradicts: Count
    silent: Count
    mentions: int = 0
    positions: tuple[Position, ...] = ()
    documents: tuple[DocumentCoverage, ...] = ()
    left_out: int = 0
    passages: int = 0
    searched: int = 0
    read: int = 0
    filters: FiltersView = FiltersView()
    collection: str
    generation: str
    settings_hash: str
    timings_ms: dict[str, float] = Field(default_factory=dict)


def count(rows: Sequence[DocumentCoverage], status: Status) -> Count:
    """How many documents have a status, and of how many origins they are."""
    held = [row for row in rows if row.status == status]
    return Count(documents=len(held), origins=len({row.origin for row in held}))


def in_words(reading: Reading, query: str, rows: Sequence[DocumentCoverage], left_out: int) -> str:
    """The counts as sentences, with what was not looked at."""
    if not rows:
        return "There is no document to look at."
    said = [row for row in rows if row.status != "silent"]
    origins, total = len({row.origin for row in said}), len(rows)
    what = f"{len(said)} of {_documents(total)}"
    what += f" ({_number(origins, 'origin')})" if said else ""
    if reading == "mention":
        mentions = sum(row.mentions for row in said)
        verb = "mentions" if len(said) == 1 else "mention"
        lines = [f'{what} {verb} "{query}"' + (f", {_number(mentions, 'time')} in all." if said else ".")]
    else:
        lines = [f"{what} {'says' if len(said) == 1 else 'say'} something that answers."]
        against = sum(row.status == "contradicts" for row in rows)
        if against:
            lines.append(
                f"{against} of them {'holds a value' if against == 1 else 'hold values'} that others contradict."
            )
        lines += _unread(rows)
    if left_out:
        lines.append(f"{_documents(left_out)} more {'was' if left_out == 1 else 'were'} not looked at.")
    return " ".join(lines)


def _unread(rows: Sequence[DocumentCoverage]) -> list[str]:
    """Silence is only said of what was read: how much that is, and what was not even searched."""
    tally = Counter[str]()
    for row in rows:
        tally.update(passages=row.passages, searched=row.searched, read=row.read)
    lines = [f"{tally['read']} of {_number(tally['passages'], 'passage')} were read, the nearest of each document."]
    unsearched = tally["passages"] - tally["searched"]
    return [*lines, f"{_number(unsearched, 'passage')} were not searched."] if unsearched else lines


def _documents(number: int) -> str:
    return _number(number, "document")


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
