"""Spreadsheets (xlsx, xls, ods): every sheet a table, each row a line with its heads, its sheet and its number."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from typing import Any

from index.errors import FileRefused
from index.load.extracted import Extracted
from index.load.limits import Archive
from index.load.rows import headed, heads_of
from index.load.table import MAX_COLUMNS, MAX_ROWS

MAX_SHEETS = 500
MAX_CELL_CHARS = 100_000
_COMPOUND = b"\xd0\xcf\x11\xe0"
_KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "xls": "application/vnd.ms-excel",
}


def parse_xlsx(content: bytes) -> Extracted:
    if content.startswith(_COMPOUND):
        raise FileRefused("encrypted", "It is an encrypted workbook. Save it without a password.")
    Archive(content, claimed="Excel workbook", required=("[Content_Types].xml",))
    return _parsed(content, "xlsx")


def parse_ods(content: bytes) -> Extracted:
    archive = Archive(content, claimed="OpenDocument spreadsheet", required=("content.xml", "META-INF/manifest.xml"))
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise FileRefused("encrypted", "It is an encrypted spreadsheet. Save it without a password.")
    return _parsed(content, "ods")


def parse_xls(content: bytes) -> Extracted:
    if not content.startswith(_COMPOUND):
        raise FileRefused("bad_type", "Its name says Excel workbook (.xls), but it is not one.")
    return _parsed(content, "xls")


def _parsed(content: bytes, kind: str) -> Extracted:
    """One block a row: with several sheets "Sheet NAME, row 12: Column: value; Column: value"."""
    try:
        from python_calamine import CalamineError, load_workbook
    except ImportError as error:
        raise FileRefused("no_parser", "Spreadsheets need a library. Run: pip install python-calamine") from error
    try:
        workbook = load_workbook(io.BytesIO(content))
        names = workbook.sheet_names
        if len(names) > MAX_SHEETS:
            raise FileRefused("too_complex", f"It has {len(names):,} sheets; {MAX_SHEETS:,} are allowed.")
        blocks = [block for name in names for block in _sheet(name, workbook.get_sheet_by_name(name), len(names) > 1)]
    except FileRefused:
        raise
    except (CalamineError, ValueError, OSError, KeyError, TypeError) as error:
        raise FileRefused("parse_error", f"It is not a readable spreadsheet ({type(error).__name__}).") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what the library does with a broken file
            raise
        raise FileRefused("parse_error", "It is not a readable spreadsheet.") from error
    if len(blocks) > MAX_ROWS:
        raise FileRefused("too_complex", f"It has more than {MAX_ROWS:,} rows. Split it.")
    return Extracted(tuple(blocks), _KINDS[kind], unit="row", debris=False)


def _sheet(name: str, sheet: Any, several: bool) -> Iterator[str]:
    if sheet.total_width > MAX_COLUMNS:
        raise FileRefused(
            "too_complex", f"Sheet '{name[:60]}' has {sheet.total_width:,} columns; {MAX_COLUMNS:,} are allowed."
        )
    if sheet.total_height > MAX_ROWS:
        raise FileRefused(
            "too_complex", f"Sheet '{name[:60]}' has {sheet.total_height:,} rows; {MAX_ROWS:,} are allowed."
        )
    first = (sheet.start or (0, 0))[0]
    numbered = [
        (first + n + 1, [_cell(cell) for cell in row]) for n, row in enumerate(sheet.to_python(skip_empty_area=True))
    ]
    numbered = [(n, row) for n, row in numbered if any(row)]
    titles = []
    while len(numbered) > 2 and sum(map(bool, numbered[0][1])) == 1 < sum(map(bool, numbered[1][1])):
        titles.append(next(cell for cell in numbered[0][1] if cell))
        numbered = numbered[1:]
    heads, rest = heads_of([row for _, row in numbered])
    yield from titles
    for number, row in numbered[len(numbered) - len(rest) :]:
        line = headed(row, heads) if heads else " | ".join(cell for cell in row if cell)
        yield f"{name}, row {number}: {line}" if several else line


def _cell(value: Any) -> str:
    """A cell as people read it: whole numbers without a point, dates as ISO."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return " ".join(str(value)[:MAX_CELL_CHARS].split())
