"""Every chunk encoded anew by another embedder; the old vectors serve until all the new ones are there."""

from __future__ import annotations

from collections.abc import Callable

from index.catalogue import Catalogue
from index.heading import heading, passage_text
from index.ingest import MODEL
from index.protocols import Embedder
from index.vectors import check_vectors, known_vectors, passage_hash, prune_vectors, store_vectors

BATCH_CHUNKS = 512

Progress = Callable[[str, int, int], None]


def reembed_chunks(
    catalogue: Catalogue, embedder: Embedder, fingerprint: str, progress: Progress | None = None
) -> None:
    """Give every chunk a vector of `embedder`, then switch to them in one transaction.

    Vectors are committed batch by batch, so a run that was cut off goes on where it was.
    """
    with catalogue.reading() as connection:
        rows = connection.execute(
            """SELECT chunks.key, documents.title, documents.publisher, documents.published, chunks.text
            FROM chunks JOIN documents ON documents.id = chunks.document ORDER BY chunks.key"""
        ).fetchall()
    passages = [(key, passage_text(heading(title, outlet, date), text)) for key, title, outlet, date, text in rows]
    chosen: list[tuple[int, int]] = []
    for start in range(0, len(passages), BATCH_CHUNKS):
        part = passages[start : start + BATCH_CHUNKS]
        texts = {passage_hash(fingerprint, passage): passage for _, passage in part}
        known = catalogue.known_vectors(list(texts))
        missing = [name for name in texts if name not in known]
        if missing:
            vectors = embedder.embed_passages([texts[name] for name in missing])
            check_vectors(vectors, len(missing))
            with catalogue.writing() as connection:
                store_vectors(connection, missing, vectors)
                known = known_vectors(connection, list(texts))
        chosen += [(known[passage_hash(fingerprint, passage)], key) for key, passage in part]
        if progress:
            progress("encode", min(start + BATCH_CHUNKS, len(passages)), len(passages))
    with catalogue.writing() as connection:
        connection.executemany("UPDATE chunks SET embedding = ? WHERE key = ?", chosen)
        connection.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (MODEL, fingerprint)
        )
        connection.execute("INSERT INTO log (action, document) SELECT 'add', id FROM documents")
        prune_vectors(connection)
