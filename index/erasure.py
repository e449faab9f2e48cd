"""Erase: a document leaves every file of its collection, and the files are searched to prove it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any

from index.answers import json_of, now
from index.catalogue import Catalogue, holds
from index.changes import has_document, remove_document
from index.errors import NoOriginal, StorageFailed, UnknownDocument
from index.generations import Generations
from index.leftovers import remove_leftovers
from index.originals import Original, Originals, telling_runs
from index.pieces import SHORTEST_BYTES, Pieces, files_holding
from index.redaction import ERASED, stripped, without_document

PIECE_CHARS = 40
MAX_PIECES = 2_000
VECTOR_BYTES = 64
RUN_CHARS = 20
_CUT_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\(?:u[0-9a-f]{0,3})?\Z")

# An answer that read only documents which are still there can hold words of another one only in what was asked.
_SUSPECT = """SELECT key, asked || char(10) || CASE
    WHEN EXISTS (SELECT 1 FROM answer_documents WHERE answer = key AND document NOT IN (SELECT id FROM documents)) THEN content
    ELSE json_extract(content, '$.question') || char(10) || json_extract(content, '$.query') END FROM answers"""


def erase_document(
    catalogue: Catalogue, generations: Generations, originals: Originals, directory: Path, document_id: str
) -> None:
    """Remove, build the indexes anew without it, scrub catalogue and kept answers, then look for what is left.

    What other documents hold too stays with them and is not looked for; nor is what the original of another one holds. A document
    that was removed before, of which kept answers still hold passages, can be erased too; and one whose erasure was cut off is
    erased to its end.

    Raises:
        UnknownDocument: Nothing of such a document is there.
        StorageFailed: Something is left; the message names the files. What is to be done is noted, and done when the collection
            is opened again or the document is erased once more.
    """
    _begin(catalogue, originals, document_id)
    finish_erasures(catalogue, generations, originals, directory)


def pending_erasures(catalogue: Catalogue) -> list[str]:
    """Ids of documents that are removed, and of which it is not proved yet that nothing is left."""
    with catalogue.reading() as connection:
        return [row[0] for row in connection.execute("SELECT document FROM erasures ORDER BY document")]


def finish_erasures(catalogue: Catalogue, generations: Generations, originals: Originals, directory: Path) -> None:
    """Do what is left of every erasure that was begun, and prove it. Raises StorageFailed."""
    with catalogue.reading() as connection:
        pending = dict(connection.execute("SELECT document, pieces FROM erasures ORDER BY document").fetchall())
    if not pending:
        return
    names = ", ".join(pending)
    remove_leftovers(directory.parent.parent)
    try:
        originals.sweep()
        generations.rebuild()
        generations.drain()
        catalogue.scrub()
        found = files_holding(directory, Pieces.from_bytes(b"".join(pending.values())))
    except StorageFailed as error:
        raise StorageFailed(
            f"Document {names} is removed and is never cited again, but not erased yet: {error} "
            f"The next start goes on with it, and so does: dossier erase {next(iter(pending))}"
        ) from error
    with catalogue.reading() as connection:
        found = {piece: paths for piece, paths in found.items() if not _held(connection, piece)}
    of_others = {originals.folder / sha256 for sha256 in originals.kept()}
    left = {str(path.relative_to(directory)) for paths in found.values() for path in paths if path not in of_others}
    if left:
        raise StorageFailed(
            f"Document {names} is removed, but parts of it are still in {', '.join(sorted(left))} below {directory}. "
            "Run: dossier rebuild, then dossier doctor"
        )
    with catalogue.writing() as connection:
        connection.executemany("DELETE FROM erasures WHERE document = ?", ((name,) for name in pending))


def _begin(catalogue: Catalogue, originals: Originals, document_id: str) -> None:
    """In one transaction: the document is gone, its words are out of what is kept, and what to look for is noted."""
    with catalogue.writing() as connection:
        pending = connection.execute("SELECT pieces FROM erasures WHERE document = ?", (document_id,)).fetchone()
        present = has_document(connection, document_id)
        document = catalogue.document(document_id) if present else None
        texts = [document.text] if document else _passages_kept(connection, document_id)
        if not texts:
            if pending:
                return
            raise UnknownDocument(f"No document '{document_id}' in this collection. Run: dossier documents")
        own_vectors = connection.execute(
            """SELECT DISTINCT embeddings.vector FROM chunks JOIN embeddings ON embeddings.key = chunks.embedding
            WHERE chunks.document = ? AND NOT EXISTS (
                SELECT 1 FROM chunks AS other WHERE other.embedding = embeddings.key AND other.document != chunks.document)""",
            (document_id,),
        ).fetchall()
        runs = [run for one in originals.only_of(document_id) for run in _runs_of(one)]
        remove_document(connection, document_id)
        forms = [form for text in texts for piece in text_pieces(text) for form in {piece, in_json(piece)}]
        scrub_answers(connection, document_id, forms)
        scrub_feedback(connection, _names(document_id, document.sources if document else ()), texts)
        vectors = (piece for (vector,) in own_vectors for piece in vector_pieces(vector))
        wanted = Pieces.of([*forms, *vectors, *runs])
        connection.execute(
            "INSERT INTO erasures VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET pieces = excluded.pieces",
            (document_id, (pending[0] if pending else b"") + wanted.to_bytes(), now()),
        )


def _runs_of(original: Original) -> list[bytes]:
    """Runs of bytes of an original; none of one that is damaged, of which nobody can say what is its own."""
    try:
        return list(telling_runs(original.content()))
    except NoOriginal:
        return []


def _held(connection: sqlite3.Connection, found: bytes) -> bool:
    """Whether a document holds a run of bytes that stands in a file, be it as it is or inside a string of JSON."""
    return holds(connection, found) or holds(connection, _out_of_json(found))


def scrub_answers(connection: sqlite3.Connection, document_id: str, forms: Iterable[bytes]) -> None:
    """Take the words of a document, which the catalogue no longer holds, out of every kept answer.

    An answer that read it loses what is of it. A follow-up was rewritten with words of the turns before it: behind an answer
    that cites the document all but the question goes, and so it does wherever a piece of the text still stands.

    Args:
        forms: The bytes in which pieces of the text may be kept.
    """
    follow_ups: set[int] = set()
    for key, content in _reading(connection, document_id):
        if any(one["document_id"] == document_id for one in content["citations"]):
            follow_ups.update(_rewritten_after(connection, key))
        _replace(connection, key, without_document(content, document_id))
    connection.execute("UPDATE answer_documents SET erased = 1 WHERE document = ?", (document_id,))
    left = _finder(connection, forms)
    for thread, title in connection.execute("SELECT id, title FROM threads WHERE title IS NOT NULL").fetchall():
        if left(json_of({"title": title})):
            connection.execute("UPDATE threads SET title = NULL WHERE id = ?", (thread,))
    holding = {key for key, words in connection.execute(_SUSPECT) if left(words)}
    for key in sorted(follow_ups | holding):
        content, asked = connection.execute("SELECT content, asked FROM answers WHERE key = ?", (key,)).fetchone()
        question = json.loads(content)["question"]
        if left(json_of({"question": question})) or left(asked):
            question = ERASED
            connection.execute("UPDATE answers SET asked = '{}' WHERE key = ?", (key,))
        _replace(connection, key, stripped(json.loads(content), question=question))


def scrub_feedback(connection: sqlite3.Connection, names: Set[str], texts: Sequence[str]) -> None:
    """Take the words of a document, which the catalogue no longer holds, out of what was said of answers.

    A gold case goes whole when it names the document, or says something that stands in its text and in no other.

    Args:
        names: What a gold case may call the document.
        texts: What the document said.
    """
    runs = {text[start : start + RUN_CHARS] for text in texts for start in range(0, len(text), RUN_CHARS)}
    held = cache(lambda words: holds(connection, words.encode()))

    def said(words: str) -> bool:
        short = len(words) < 2 * RUN_CHARS and len(words.encode()) >= SHORTEST_BYTES
        if short and any(words in text for text in texts) and not held(words):
            return True
        ends = range(RUN_CHARS, len(words) + 1)
        return any(run in runs and not held(run) for run in (words[end - RUN_CHARS : end] for end in ends))

    for key, reasons, comment, gold in connection.execute(
        "SELECT key, reasons, comment, gold FROM feedback"
    ).fetchall():
        case = json.loads(gold) if gold is not None else {}
        if any(word in names or said(word) for word in _words(case)):
            connection.execute("UPDATE feedback SET gold = NULL WHERE key = ?", (key,))
        if said(comment):
            connection.execute("UPDATE feedback SET comment = ? WHERE key = ?", (ERASED, key))
        if any(map(said, json.loads(reasons))):
            connection.execute("UPDATE feedback SET reasons = '[]' WHERE key = ?", (key,))


def _names(document_id: str, sources: Sequence[str]) -> set[str]:
    """A document's id, and each tail of the path of each of its sources."""
    tails = (PurePath(source).parts for source in sources)
    return {document_id, *sources} | {"/".join(parts[start:]) for parts in tails for start in range(len(parts))}


def _words(value: object) -> Iterator[str]:
    """Every text in JSON values, at any depth."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            left += one.values()
        elif isinstance(one, list):
            left += one


def _reading(connection: sqlite3.Connection, document_id: str) -> list[tuple[int, dict[str, Any]]]:
    """Kept answers that read a document and still hold words of it."""
    rows = connection.execute(
        "SELECT key, content FROM answers JOIN answer_documents ON answer = key WHERE document = ? AND NOT erased",
        (document_id,),
    )
    return [(key, json.loads(content)) for key, content in rows]


def _passages_kept(connection: sqlite3.Connection, document_id: str) -> list[str]:
    """The passages of a document that kept answers hold, each once."""
    read = [one for _, content in _reading(connection, document_id) for one in content["evidence"]]
    return list(dict.fromkeys(one["text"] for one in read if one["document_id"] == document_id))


def _rewritten_after(connection: sqlite3.Connection, key: int) -> list[int]:
    rows = connection.execute(
        """SELECT later.key FROM answers JOIN answers AS later ON later.thread = answers.thread AND later.turn > answers.turn
        WHERE answers.key = ? AND json_extract(later.content, '$.rewritten_by') IS NOT NULL""",
        (key,),
    )
    return [row[0] for row in rows]


def _replace(connection: sqlite3.Connection, key: int, content: Mapping[str, Any]) -> None:
    connection.execute("UPDATE answers SET content = ? WHERE key = ?", (json_of(content), key))


def _finder(connection: sqlite3.Connection, forms: Iterable[bytes]) -> Callable[[str], bool]:
    """Says whether a text holds a piece that no document holds."""
    wanted = Pieces.of(forms)
    held = cache(lambda found: _held(connection, found))
    return lambda text: any(not held(found) for found in wanted.found_in(BytesIO(text.encode())))


def text_pieces(text: str) -> list[bytes]:
    """Up to MAX_PIECES pieces of a text, evenly spread, as UTF-8; a short text is one piece."""
    starts = range(0, max(1, len(text) - PIECE_CHARS + 1), PIECE_CHARS)
    step = max(1, -(-len(starts) // MAX_PIECES))
    pieces = (text[start : start + PIECE_CHARS].encode() for start in starts[::step])
    return [piece for piece in dict.fromkeys(pieces) if len(piece.strip()) >= SHORTEST_BYTES]


def vector_pieces(vector: bytes) -> list[bytes]:
    """Three runs of bytes of a stored vector: a file may hold it in parts."""
    last = max(0, len(vector) - VECTOR_BYTES)
    return list(dict.fromkeys(vector[start : start + VECTOR_BYTES] for start in (0, last // 2, last)))


def in_json(piece: bytes) -> bytes:
    """A piece of a text as it stands inside a string of JSON."""
    return json.dumps(piece.decode(), ensure_ascii=False)[1:-1].encode()


def _out_of_json(found: bytes) -> bytes:
    """The words of a run of bytes that stood inside a string of JSON and may be cut at its end, even in the middle of a letter."""
    try:
        text: str = json.loads('"' + _CUT_ESCAPE.sub(rb"\1", found).decode("utf-8", "ignore") + '"')
        return text.encode()
    except ValueError:
        return found
