"""OpenDocument texts and slides (odt, odp), and Rich Text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from index.errors import FileRefused
from index.load.extracted import Extracted
from index.load.limits import Archive
from index.load.office import refuse_entities
from index.load.rows import row_lines
from index.values import Provenance

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_DUBLIN = "{http://purl.org/dc/elements/1.1/}"
_META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
_UNREAD = frozenset({f"{TEXT}tracked-changes", f"{OFFICE}annotation", f"{TEXT}sequence-decls", f"{OFFICE}forms"})


def parse_odt(content: bytes) -> Extracted:
    body, provenance, metadata = _opened(content, "OpenDocument text")
    text = "\n\n".join(line for line in _blocks(body) if line.strip())
    kind = "application/vnd.oasis.opendocument.text"
    return Extracted((text,), kind, provenance=provenance, debris=False, metadata=metadata)


def parse_odp(content: bytes) -> Extracted:
    """One block a slide, its notes at its end."""
    body, provenance, metadata = _opened(content, "OpenDocument slides")
    pages = list(body.iter(f"{DRAW}page"))
    blocks = tuple("\n\n".join(line for line in _blocks(page) if line.strip()) for page in pages)
    kind = "application/vnd.oasis.opendocument.presentation"
    return Extracted(blocks, kind, unit="page", provenance=provenance, debris=False, metadata=metadata)


def parse_rtf(content: bytes) -> Extracted:
    if not content.lstrip().startswith(b"{\\rtf"):
        raise FileRefused("bad_type", "Its name says Rich Text, but it does not begin like one.")
    try:
        from striprtf.striprtf import rtf_to_text
    except ImportError as error:
        raise FileRefused("no_parser", "Rich Text needs a library. Run: pip install striprtf") from error
    source = content.decode("latin-1")
    try:
        text = str(rtf_to_text(source, encoding="cp1252", errors="replace"))  # type: ignore[no-untyped-call]
    except (ValueError, IndexError, LookupError, TypeError) as error:
        raise FileRefused("parse_error", f"It is not readable Rich Text ({type(error).__name__}).") from error
    lines = [line.rstrip().rstrip("|") for line in text.replace("\r", "").split("\n")]
    return Extracted(("\n".join(lines),), "application/rtf")


def _opened(content: bytes, claimed: str) -> tuple[Any, Provenance, dict[str, object]]:
    archive = Archive(content, claimed=claimed, required=("content.xml",))
    names = archive.names()
    if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise FileRefused("encrypted", "It is encrypted. Save it without a password.")
    body = _xml(archive.read("content.xml")).find(f"{OFFICE}body")
    if body is None:
        raise FileRefused("parse_error", f"It is not a readable {claimed}.")
    said = _xml(archive.read("meta.xml")) if "meta.xml" in names else None
    if said is None:
        return body, Provenance(), {}
    title = " ".join("".join(said.itertext(f"{_DUBLIN}title")).split())[:300]
    author = " ".join("".join(said.itertext(f"{_META}initial-creator")).split())[:300]
    return body, Provenance(title=title or None, author=author or None), _properties(said)


def _properties(said: Any) -> dict[str, object]:
    """The file's own properties; its dates are kept under their names and are no date of publication."""

    def words(tag: str) -> list[str]:
        return [text for one in said.iter(tag) if (text := " ".join("".join(one.itertext()).split()))]

    own = {one.get(f"{_META}name") or "": "".join(one.itertext()) for one in said.iter(f"{_META}user-defined")}
    created, subject = words(f"{_META}creation-date"), words(f"{_DUBLIN}subject")
    return {
        **own,
        "keywords": words(f"{_META}keyword"),
        "created": created[0][:10] if created else None,
        "subject": subject[0] if subject else None,
    }


def _xml(content: bytes) -> Any:
    refuse_entities(content)
    try:
        return etree.fromstring(
            content, parser=etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        )
    except (etree.LxmlError, ValueError) as error:
        raise FileRefused("parse_error", "A part of it is not well-formed XML.") from error


def _blocks(element: Any) -> Iterator[str]:
    """Headings, paragraphs, list items and tables, in the order of the text."""
    for child in element:
        if child.tag in _UNREAD or not isinstance(child.tag, str):
            continue
        if child.tag in (f"{TEXT}h", f"{TEXT}p"):
            yield _text(child)
        elif child.tag == f"{TEXT}list-item":
            first, *rest = [line for line in _blocks(child) if line.strip()] or [""]
            yield f"- {first}"
            yield from rest
        elif child.tag == f"{TABLE}table":
            yield "\n".join(row_lines(list(_rows(child))))
        else:
            yield from _blocks(child)


def _rows(table: Any) -> Iterator[list[str]]:
    for row in table.iter(f"{TABLE}table-row"):
        cells: list[str] = []
        for cell in row:
            if cell.tag in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                repeated = int(cell.get(f"{TABLE}number-columns-repeated") or 1)
                cells += [" ".join(_blocks(cell))] * min(repeated, 50)
        yield cells


def _text(element: Any) -> str:
    """The words of a paragraph; tabs and breaks are white space."""
    pieces = [element.text or ""]
    for child in element:
        if child.tag == f"{TEXT}s":
            pieces.append(" ")
        elif child.tag in (f"{TEXT}tab", f"{TEXT}line-break"):
            pieces.append("\t" if child.tag.endswith("tab") else "\n")
        elif child.tag == f"{TEXT}note":
            pieces.append(f" ({' '.join(' '.join(_blocks(part)) for part in child if part.tag == f'{TEXT}note-body')})")
        elif isinstance(child.tag, str) and child.tag not in _UNREAD:
            pieces.append(_text(child))
        pieces.append(child.tail or "")
    return "".join(pieces)
