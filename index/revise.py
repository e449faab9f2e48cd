"""A document under corrected provenance: a new revision of the same text, in one transaction; the old one is gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from index.catalogue import Catalogue
from index.changes import NewDocument, add_document, has_document, link_source
from index.duplicates import Sketch
from index.edits import Edit, EditedSource, edit_of, store_edit
from index.fitting import refitted
from index.generations import Generations
from index.protocols import Embedder
from index.reading import new_document
from index.stored import StoredSource
from index.values import Document, ParsedFile, Provenance, Span
from index.vectors import check_vectors, put_vectors


@dataclass(frozen=True, slots=True)
class _Source:
    """One source of the document: how it was read, what its file says, and its correction before and after."""

    name: str
    stored: StoredSource
    said: Provenance
    before: Edit
    after: Edit


def revise_document(
    catalogue: Catalogue,
    generations: Generations,
    embedder: Embedder,
    document_id: str,
    fields: Mapping[str, str | None],
    *,
    fingerprint: str,
) -> str:
    """Lay a correction over every source of a document; returns the id of what its first source holds then.

    Sources whose files say different things of themselves may hold different documents once a correction is taken back.

    Raises:
        UnknownDocument: There is no such document.
        ValueError: A field or its value cannot be.
    """
    with generations.lock:  # whoever changes documents waits; searches do not
        document = catalogue.document(document_id)
        with catalogue.reading() as connection:
            sources = _sources(connection, document, fields)
            chunks = connection.execute(
                "SELECT start, end FROM chunks WHERE document = ? ORDER BY ordinal", (document_id,)
            ).fetchall()
            own = connection.execute("SELECT sketch FROM documents WHERE id = ?", (document_id,)).fetchone()[0]
        if all(source.before == source.after for source in sources):
            return document_id
        spans = [Span(*row) for row in chunks]
        revisions: dict[Provenance, NewDocument] = {}
        passages: dict[bytes, str] = {}
        for provenance in dict.fromkeys(source.after.over(source.said) for source in sources):
            fitting = refitted(document.text, spans, provenance, embedder)
            revisions[provenance], more = new_document(
                _parsed(document, provenance, spans), fitting, Sketch.from_bytes(own), fingerprint
            )
            passages |= more
        _store(catalogue, embedder, sources, revisions, passages)
        generations.catch_up()
        first = sources[0]
        return revisions[first.after.over(first.said)].id


def _sources(connection: sqlite3.Connection, document: Document, fields: Mapping[str, str | None]) -> list[_Source]:
    rows = connection.execute(
        "SELECT source, document, size_bytes, sha256, recipe FROM sources WHERE document = ? ORDER BY source",
        (document.id,),
    )
    found = []
    for name, *stored in rows.fetchall():
        kept = edit_of(connection, name) or EditedSource(Edit(), document.provenance)
        found.append(_Source(name, StoredSource(*stored), kept.said, kept.edit, kept.edit.changed(fields)))
    return found


def _parsed(document: Document, provenance: Provenance, body: Sequence[Span]) -> ParsedFile:
    return ParsedFile(
        document.text,
        document.media_type,
        provenance,
        tuple(body),
        document.page_starts,
        document.notes,
        document.language,
        document.recognised,
    )


def _store(
    catalogue: Catalogue,
    embedder: Embedder,
    sources: Sequence[_Source],
    revisions: Mapping[Provenance, NewDocument],
    passages: Mapping[bytes, str],
) -> None:
    """Encode what stands under a new heading; then, in one transaction, store the revisions and move the sources to them."""
    known = catalogue.known_vectors(list(passages))
    missing = [name for name in passages if name not in known]
    vectors = embedder.embed_passages([passages[name] for name in missing])
    if missing:
        check_vectors(vectors, len(missing))
    with catalogue.writing() as connection:
        keys = put_vectors(connection, list(passages), dict(zip(missing, vectors, strict=True)))
        assert keys is not None  # a rebuild, which drops unused vectors, waits for the lock
        for new in revisions.values():
            if not has_document(connection, new.id):
                add_document(connection, new, keys)
        for source in sources:
            new = revisions[source.after.over(source.said)]
            link_source(connection, source.name, replace(source.stored, document_id=new.id))
            store_edit(connection, source.name, EditedSource(source.after, source.said))
