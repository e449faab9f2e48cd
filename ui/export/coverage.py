"""What each document says, as CSV: one row for each document, inert in a spreadsheet."""

from __future__ import annotations

import csv
import io

from rag.coverage.table import Coverage
from ui.export.rows import inert

_HEAD = (
    "asked", "number", "status", "value", "mentions", "quote", "outlet", "author", "headline", "kind", "published",
    "published_precision", "page", "start", "end", "document", "origin", "passages", "read",
)  # fmt: skip


def coverage_csv(found: Coverage) -> str:
    """Every document, the silent ones too, in the order of their numbers; with a byte order mark, as spreadsheets want it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_HEAD)
    for row in found.documents:
        cells = (
            found.asked, row.number, row.status, row.value, row.mentions, row.quote, row.publisher, row.author, row.title,
            row.kind, row.published, row.published_precision, row.page, row.start, row.end, row.document_id, row.origin,
            row.passages, row.read,
        )  # fmt: skip
        writer.writerow([inert(cell) for cell in cells])
    return "\ufeff" + buffer.getvalue()
