"""Jupyter notebooks: what was written and computed, cell by cell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from index.errors import FileRefused
from index.load.decode import decode
from index.load.extracted import Extracted

MAX_OUTPUT_CHARS = 20_000


def parse_notebook(content: bytes) -> Extracted:
    text, notes = decode(content)
    try:
        cells = json.loads(text)["cells"]
        blocks = [block for cell in cells for block in _cell(cell) if block.strip()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileRefused("parse_error", "It is not a readable notebook.") from error
    return Extracted(("\n\n".join(blocks),), "application/x-ipynb+json", debris=False, notes=tuple(notes))


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    yield _joined(cell.get("source"))
    for output in cell.get("outputs") or ():
        shown = output.get("text") or (output.get("data") or {}).get("text/plain")
        yield _joined(shown)[:MAX_OUTPUT_CHARS]


def _joined(source: Any) -> str:
    return "".join(source) if isinstance(source, list) else str(source or "")
