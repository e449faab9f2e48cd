"""Tables of comma-separated values: every row becomes a line that names its columns, and can be cited alone."""

from __future__ import annotations

import csv
import io
import re

from index.errors import FileRefused
from index.load.decode import decode
from index.load.extracted import Extracted
from index.load.limits import check_text
from index.split import MAX_CHUNKS

MAX_COLUMNS = 1_000
MAX_ROWS = MAX_CHUNKS
_MOST_CELL_CHARS = 1_000_000
_SNIFFED_CHARS = 8_192
_NUMBER = re.compile(r"[-+(]?[$€£¥]?\s?\d[\d,.\s]*%?\)?")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")


def parse_csv(content: bytes) -> Extracted:
    """One block per row: "Column: value; Column: value". Empty cells are left out."""
    check_text(content)
    text, notes = decode(content)
    text = text.replace("\x00", "")
    if not text.strip():
        raise FileRefused("no_text", "It holds only white space.")
    rows = _rows(text)
    width = max(map(len, rows), default=0)
    if width > MAX_COLUMNS:
        raise FileRefused("too_complex", f"It has {width:,} columns; {MAX_COLUMNS:,} are allowed.")
    header = _header(rows)
    names = [name or f"Column {place}" for place, name in enumerate(header or [""] * width, start=1)]
    names += [f"Column {place}" for place in range(len(names) + 1, width + 1)]
    blocks = tuple(_line(row, names) for row in (rows[1:] if header else rows))
    if not header:
        notes = [*notes, "columns are numbered: the first row does not name them"]
    return Extracted(tuple(block for block in blocks if block), "text/csv", unit="row", notes=tuple(notes))


def _rows(text: str) -> list[list[str]]:
    limit = csv.field_size_limit(_MOST_CELL_CHARS)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), _dialect(text)):
            cells = [" ".join(cell.split()) for cell in row]
            if any(cells):
                rows.append(cells)
            if len(rows) > MAX_ROWS:
                raise FileRefused("too_complex", f"It has more than {MAX_ROWS:,} rows. Split it.")
    except csv.Error as error:
        raise FileRefused("parse_error", f"Row {len(rows) + 1:,} cannot be read: {error}.") from error
    finally:
        csv.field_size_limit(limit)
    return rows


def _dialect(text: str) -> type[csv.Dialect]:
    """The separator that splits the first lines into the same number of cells; quotes are always double quotes."""
    lines = [line for line in text[:_SNIFFED_CHARS].splitlines()[:20] if line.strip()]
    # The last line may be cut.
    lines = lines[:-1] if len(lines) > 1 and len(text) > _SNIFFED_CHARS else lines

    def evenness(mark: str) -> tuple[float, int]:
        counts = [len(next(csv.reader([line], delimiter=mark), [])) for line in lines]
        common = max(set(counts), key=lambda count: (counts.count(count), count))
        return (counts.count(common) / len(counts) if common > 1 else 0.0), common

    try:
        chosen = max(",;\t|", key=evenness)
    except csv.Error:
        chosen = ","

    class Sniffed(csv.excel):
        delimiter = chosen

    return Sniffed


def _header(rows: list[list[str]]) -> list[str] | None:
    """The first row, when it names the columns: distinct words, over columns that hold something else."""
    if len(rows) < 2:
        return None
    first = rows[0]
    filled = [cell for cell in first if cell]
    if not filled or len(set(filled)) < len(filled) or any(len(cell) > 200 for cell in filled):
        return None
    numbers = [cell for cell in filled if _NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell)]
    return None if numbers or all(_NUMBER.fullmatch(cell) for cell in filled) else first


def _line(row: list[str], names: list[str]) -> str:
    return "; ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=False) if cell)
