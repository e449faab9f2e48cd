"""One file, read in a way that a file which changes or vanishes meanwhile cannot go in half."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Protocol

from index.changes import NewDocument
from index.duplicates import Sketch, sketch
from index.edits import EditedSource
from index.errors import FileRefused
from index.files import SourceFile
from index.heading import heading_of, passage_text
from index.stored import StoredSource, document_id_of
from index.values import ParsedFile, Refusal, Span
from index.vectors import passage_hash

ATTEMPTS = 2

Splitter = Callable[[ParsedFile], Sequence[Span]]


class FileParser(Protocol):
    """File to text; `index.sandbox.ParserProcess` is the real one."""

    def parse(self, path: Path, name: str) -> ParsedFile:
        """Raises FileRefused."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read: `document` with the passages to embed, or, when its bytes are known already, only its `stored`.

    Attributes:
        edited: The correction that is laid over it in `document`, with what the file says itself.
        staged: Where its bytes lie until they are kept; None where they are not to be kept, or are already.
    """

    file: SourceFile
    stored: StoredSource
    document: NewDocument | None = None
    passages: Mapping[bytes, str] | None = None
    edited: EditedSource | None = None
    staged: Path | None = None


class FileReader:
    """Reads, parses and splits files, one at a time.

    Args:
        parser: File to text.
        splitter: Text to chunks.
        fingerprint: The embedder, and how passages are made of chunks.
        recipe: How files are parsed and split; bytes that were read by another recipe are read again.
        max_bytes: Largest file that is read.
        known: What the catalogue holds for a source now.
        edit: The correction that is kept for a source now.
        stage: Writes bytes that are to be kept aside; None where originals are not kept.
        kept: The SHA-256 of every original that is kept already.
    """

    def __init__(
        self,
        parser: FileParser,
        splitter: Splitter,
        *,
        fingerprint: str,
        recipe: str,
        max_bytes: int,
        known: Callable[[str], StoredSource | None],
        edit: Callable[[str], EditedSource | None],
        stage: Callable[[bytes], Path] | None = None,
        kept: Collection[str] = (),
    ) -> None:
        self._parser = parser
        self._splitter = splitter
        self._fingerprint = fingerprint
        self._recipe = recipe
        self._max_bytes = max_bytes
        self._known = known
        self._edit = edit
        self._stage = stage
        self._kept = kept
        self._names: dict[str, str] = {}

    def read(self, file: SourceFile) -> ReadFile | Refusal:
        """Read one file; every way in which it may fail to be one is a Refusal."""
        try:
            _check_source(file.source)
            return self._read(file)
        except FileRefused as refused:
            return Refusal(_shown(file.source), refused.code, str(refused))

    def forget(self, name: str) -> None:
        """A name that was found to be free is not: another content has it by now."""
        self._names.pop(name, None)

    def _read(self, file: SourceFile) -> ReadFile:
        content, digest = self._digest(file.path)
        if file.keeps:
            file = replace(file, source=self._free_source(file.source, digest))
        for _ in range(ATTEMPTS):
            known = self._known(file.source)
            if known and (known.size_bytes, known.sha256, known.recipe) == (len(content), digest, self._recipe):
                return ReadFile(file, known, staged=self._staged(content, digest))
            parsed: ParsedFile | FileRefused
            try:
                parsed = self._parser.parse(file.path, file.name)
            except FileRefused as refused:
                parsed = refused
            again = self._digest_or_none(file.path)
            if again is None:
                raise FileRefused(
                    "changed", "It vanished while it was read. Nothing of it was changed; run the command again."
                )
            same = again[1] == digest
            content, digest = again
            if same:
                if isinstance(parsed, FileRefused):
                    raise parsed
                read = self._prepared(file, parsed, len(content), digest)
                return replace(read, staged=self._staged(content, digest))
        raise FileRefused(
            "changed", "It changed while it was read, twice. Run the command again when nothing writes to it."
        )

    def _prepared(self, file: SourceFile, parsed: ParsedFile, size: int, digest: str) -> ReadFile:
        for text in (
            parsed.text,
            parsed.provenance.title,
            parsed.provenance.publisher,
            parsed.provenance.author,
            *parsed.notes,
        ):
            _check_storable(text)
        edited = self._edit(file.source)
        if edited is not None:
            edited = replace(edited, said=parsed.provenance)
            parsed = replace(parsed, provenance=edited.edit.over(edited.said))
        spans = self._splitter(parsed)
        if not spans:
            raise FileRefused("no_text", "It holds no text worth searching.")
        for span in spans:
            if not 0 <= span.start < span.end <= len(parsed.text):
                raise ValueError(f"spans must lie in the text of {len(parsed.text)} characters, got {span}")
        new, passages = new_document(parsed, spans, sketch(parsed.text, parsed.body), self._fingerprint)
        return ReadFile(file, StoredSource(new.id, size, digest, self._recipe), new, passages, edited)

    def _free_source(self, source: str, digest: str) -> str:
        """The source, or the first of its numbered names, that is free or holds the same bytes."""
        stem, dot, suffix = source.rpartition(".")
        stem, ending = (stem, f".{suffix}") if dot and "/" not in suffix else (source, "")
        for number in count(1):
            name = source if number == 1 else f"{stem} ({number}){ending}"
            known = self._known(name)
            held = self._names.get(name, known.sha256 if known else digest)
            if held == digest:
                self._names[name] = digest
                return name
        raise AssertionError("numbers do not end")

    def _staged(self, content: bytes, digest: str) -> Path | None:
        return self._stage(content) if self._stage is not None and digest not in self._kept else None

    def _digest(self, path: Path) -> tuple[bytes, str]:
        from index.load.limits import read_regular_file  # see `index.files`: only an ingest needs it

        content = read_regular_file(path, self._max_bytes)
        return content, hashlib.sha256(content).hexdigest()

    def _digest_or_none(self, path: Path) -> tuple[bytes, str] | None:
        try:
            return self._digest(path)
        except FileRefused:
            return None


def new_document(
    parsed: ParsedFile, spans: Sequence[Span], own: Sketch, fingerprint: str
) -> tuple[NewDocument, dict[bytes, str]]:
    """A document ready to be stored, and the passages to embed by the name of their vector."""
    head = heading_of(parsed.provenance)
    texts = [passage_text(head, parsed.text[span.start : span.end]) for span in spans]
    hashes = tuple(passage_hash(fingerprint, text) for text in texts)
    document_id = document_id_of(parsed.text, parsed.provenance)
    return NewDocument(document_id, parsed, tuple(spans), hashes, own), dict(zip(hashes, texts, strict=True))


def _check_source(source: str) -> None:
    if not source:
        raise ValueError("source must not be empty")
    try:
        source.encode()
    except UnicodeEncodeError:
        raise FileRefused("bad_encoding", "Its name is not valid UTF-8. Rename it.") from None


def _check_storable(text: str | None) -> None:
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        raise FileRefused("bad_encoding", "Its text holds half of a character pair (a lone surrogate).") from None


def _shown(source: str) -> str:
    return source.encode("utf-8", "backslashreplace").decode()
