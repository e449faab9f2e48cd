"""What storage tests share: a parser without a child process, a splitter by lines, and invented texts."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from index.collection import Collection
from index.directory import DataDirectory
from index.errors import FileRefused
from index.files import SourceFile
from index.heading import heading_of, passage_text
from index.load.limits import read_regular_file
from index.values import ParsedFile, Provenance, Published, Span
from tests.fakes import WordHashEmbedder

PLACES = "Arlen Borvik Caldera Dunmore Estrel Fairhaven Galdor Hestia Ivanhoe Jorvik Kestrel Lomar Marrow Norvale Ostrava Pellam".split()
THINGS = "harbour bridge railway reservoir museum observatory granary lighthouse tunnel quarry orchard mill archive ferry canal depot".split()
DEEDS = "opened closed flooded burned reopened expanded halved doubled moved sold leased mapped repaired painted insured surveyed".split()


class PlainParser:
    """Front lines "title:", "publisher:", "date:" and then text; refuses a file that says REFUSE."""

    def parse(self, path: Path, name: str) -> ParsedFile:
        text = read_regular_file(path, 10_000_000).decode()
        if "REFUSE" in text:
            raise FileRefused("parse_error", "It says REFUSE.")
        fields: dict[str, str] = {}
        start = 0
        for line in text.splitlines(keepends=True):
            key, colon, value = line.partition(":")
            if not colon or key not in ("title", "publisher", "date"):
                break
            fields[key] = value.strip()
            start += len(line)
        date = fields.get("date")
        published = Published(date, {4: "year", 7: "month", 10: "day"}[len(date)], "front matter") if date else None  # type: ignore[arg-type]
        provenance = Provenance(title=fields.get("title"), publisher=fields.get("publisher"), published=published)
        return ParsedFile(text, "text/plain", provenance, (Span(start, len(text)),) if start < len(text) else ())

    def close(self) -> None:
        """Nothing to end."""


def split_lines(parsed: ParsedFile) -> list[Span]:
    """One chunk for each line of the body that says something."""
    spans = []
    for part in parsed.body:
        at = part.start
        for line in parsed.text[part.start : part.end].splitlines(keepends=True):
            stripped = line.strip()
            if stripped:
                start = at + line.index(stripped)
                spans.append(Span(start, start + len(stripped)))
            at += len(line)
    return spans


def sentence(seed: int) -> str:
    """An invented sentence; different seeds say different things."""
    chance = random.Random(seed)
    place, other = chance.sample(PLACES, 2)
    number = chance.randrange(1_000, 999_999)
    return (
        f"The {chance.choice(THINGS)} of {place} was {chance.choice(DEEDS)} in {chance.randrange(1700, 2020)} "
        f"for {number:,} crowns, said registry entry k{seed} near {other}."
    )


def article(seed: int, lines: int = 4, **front: str) -> str:
    """An invented text of `lines` sentences, each unlike any of another seed."""
    head = "".join(f"{key}: {value}\n" for key, value in front.items())
    return head + "\n".join(sentence(seed * 1_000 + line) for line in range(lines)) + "\n"


def write(folder: Path, texts: Mapping[str, str]) -> list[SourceFile]:
    """Write files, return them as an ingest is offered them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return offered(folder)


def offered(folder: Path, names: Sequence[str] | None = None) -> list[SourceFile]:
    """The files of a folder, or those named, as an ingest is offered them."""
    return [
        SourceFile(str(path), path, path.name)
        for path in sorted(folder.iterdir())
        if names is None or path.name in names
    ]


def own(path: Path) -> DataDirectory:
    """A data directory with the plain parser and splitter."""
    return DataDirectory.own(path, parser=PlainParser(), splitter=split_lines)


def found_by_own_words(collection: Collection, embedder: WordHashEmbedder) -> dict[str, set[str]]:
    """For each document: which of "lexical" and "dense" find every chunk of it by the chunk's own words."""
    found: dict[str, set[str]] = {}
    for document in collection.documents():
        ids = collection.catalogue.chunk_ids([document.id])
        chunks = collection.chunks(ids)
        ways = {"lexical", "dense"} if len(chunks) == document.chunk_count == len(ids) else set()
        for chunk in chunks.values():
            if document.text[chunk.start : chunk.end] != chunk.text:
                ways.clear()
            if chunk.id not in dict(collection.search_lexical(chunk.text, 3)):
                ways.discard("lexical")
            vector = embedder.embed_query(passage_text(heading_of(document.provenance), chunk.text))
            hits = collection.search_dense(vector, 3)
            if chunk.id not in dict(hits) or dict(hits)[chunk.id] < 0.999:
                ways.discard("dense")
        found[document.id] = ways
    return found
