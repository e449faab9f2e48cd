"""What an older Dossier did not note of its documents, noted when their catalogue is opened."""

from __future__ import annotations

from index.catalogue import Catalogue
from index.language import language_of

_AT_ONCE = 500


def note_languages(catalogue: Catalogue) -> None:
    """Note the language of every document that was stored before languages were; about a second for a thousand documents."""
    while True:
        with catalogue.reading() as connection:
            rows = connection.execute(
                "SELECT key, text FROM documents WHERE language IS NULL ORDER BY key LIMIT ?", (_AT_ONCE,)
            ).fetchall()
        if not rows:
            return
        found = [(language_of(text) or "", key) for key, text in rows]
        with catalogue.writing() as connection:
            connection.executemany("UPDATE documents SET language = ? WHERE key = ?", found)
