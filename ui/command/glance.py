"""What lies in a data directory, seen from outside: for the TAB key and for `dossier` alone.

Read from the catalogues without owning them and without a model, whether a server runs or not. Nobody is told of what goes
wrong here: there is only less to choose from. Shells evaluate what they are offered, so only names of our own making are.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from index.errors import DossierError

if TYPE_CHECKING:
    from rag.settings import Settings

_COLLECTIONS = "collections"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_ID = re.compile(r"[A-Za-z0-9_]{1,100}")
_BUSY_S = 0.5
_MOST = 200


def collection_names(data: Path) -> list[str]:
    """Names of the collections, sorted."""
    from index.catalogue import FILE_NAME

    found = (data / _COLLECTIONS).glob(f"*/{FILE_NAME}")
    return sorted(one.parent.name for one in found if _NAME.fullmatch(one.parent.name))


def document_counts(data: Path) -> dict[str, int]:
    """How many documents each collection holds."""
    counts = {}
    for name in collection_names(data):
        found = _select(data, name, "SELECT count(*) FROM documents")
        counts[name] = int(found[0]) if found else 0
    return counts


def _select(data: Path, collection: str, query: str) -> list[str]:
    """The first column of a query over a catalogue; nothing where it cannot be read."""
    from index.catalogue import FILE_NAME

    path = (data / _COLLECTIONS / collection / FILE_NAME).absolute()
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)) as connection:
            return [str(row[0]) for row in connection.execute(query)]
    except (sqlite3.Error, ValueError):
        return []


def complete_collection(ctx: typer.Context, incomplete: str) -> list[str]:
    """Collections that begin so."""
    settings = _settings(ctx)
    return [one for one in collection_names(settings.data) if one.startswith(incomplete)] if settings else []


def complete_document(ctx: typer.Context, incomplete: str) -> list[str]:
    """Documents that begin so, newest first."""
    return _ids(ctx, incomplete, "documents")


def complete_answer(ctx: typer.Context, incomplete: str) -> list[str]:
    """Kept answers that begin so, newest first."""
    return _ids(ctx, incomplete, "answers")


def _ids(ctx: typer.Context, incomplete: str, table: str) -> list[str]:
    settings = _settings(ctx)
    if settings is None or (incomplete and not _ID.fullmatch(incomplete)):
        return []
    name = ctx.params.get("collection") or settings.collection
    if not _NAME.fullmatch(name):
        return []
    begun = f"WHERE substr(id, 1, {len(incomplete)}) = '{incomplete}'"
    found = _select(settings.data, name, f"SELECT id FROM {table} {begun} ORDER BY key DESC LIMIT {_MOST}")  # noqa: S608
    return [one for one in found if _ID.fullmatch(one)]


def _settings(ctx: typer.Context) -> Settings | None:
    """The settings of a command that is still being typed."""
    from rag.settings import load_settings

    try:
        return load_settings(data=ctx.find_root().params.get("data"))
    except (DossierError, OSError, ValueError):
        return None
