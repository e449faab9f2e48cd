"""Web pages: the main text, without what a visitor does not see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import html as lxml_html
from lxml.etree import LxmlError

from index.errors import FileRefused
from index.load.decode import decode
from index.load.extracted import Extracted
from index.load.limits import check_html
from index.load.markup import metadata_of, provenance_of
from index.load.rows import row_lines
from index.values import Provenance

MAX_ELEMENTS = 300_000
MAX_DEPTH = 250
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][\w:-]*)")
_VOID = frozenset(
    """area base br col embed hr img input link meta param source track wbr p li td tr th option dd dt""".split()
)
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)|font-size\s*:\s*(?:0(?:\.\d+)?|1)(?:px|pt|em|rem|%)?\s*(?:;|!|$)"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}|clip(?:-path)?\s*:\s*(?:rect\(\s*0|inset\(\s*(?:50|100)%)|(?:^|;|\s)(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|!|$)",
    re.I,
)
_UNREAD = frozenset(
    """script style noscript template iframe object embed applet svg math canvas audio video form button select textarea
    head""".split()
)
_BLOCKS = frozenset(
    """address article aside blockquote br dd div dl dt figcaption footer h1 h2 h3 h4 h5 h6 header hr li main nav
    ol p pre section table tr ul body""".split()
)
_CONSENT = re.compile(r"cookie|consent|gdpr|onetrust|didomi|usercentrics|\bcmp\b", re.I)
LONGEST_CELL = 600
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,40})", re.I)


def parse_html(content: bytes) -> Extracted:
    check_html(content)
    source, notes = _decoded(content)
    text, provenance, metadata, more = read_html(source)
    return Extracted((text,), "text/html", provenance=provenance, notes=(*notes, *more), metadata=metadata)


def read_html(source: str) -> tuple[str, Provenance, dict[str, object], list[str]]:
    """The main text, what the markup says about the source, its free metadata, and notes."""
    _refuse_deep(source)
    tree = _tree(source)
    provenance, metadata = provenance_of(tree, source), metadata_of(tree)
    hidden = _drop_unseen(tree)
    _drop_consent(tree)
    _write_out_tables(tree)
    notes = [f"left out {hidden} hidden element" + ("" if hidden == 1 else "s")] if hidden else []
    visible = lxml_html.tostring(tree, encoding="unicode")
    whole = _plain(tree)
    text = _main_text(visible)
    if text is None or (len(text) < 200 and len(text) < 0.3 * len(whole)):
        text = whole
        notes.append("kept all visible text: no main text was found")
    return text, provenance, metadata, notes


def visible_text(source: str) -> str:
    """All text of a page or chapter that a reader sees, one line per block."""
    _refuse_deep(source)
    tree = _tree(source)
    _drop_unseen(tree)
    _write_out_tables(tree)
    return _plain(tree)


def _decoded(content: bytes) -> tuple[str, list[str]]:
    """A page names its encoding itself; what it names is believed when every byte agrees."""
    named = _CHARSET.search(content[:4096])
    if named and not content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        name = named.group(1).decode("ascii").lower()
        # Browsers read these labels as windows-1252, and pages mean it.
        name = "cp1252" if name in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "windows-1252") else name
        try:
            if name not in ("utf-8", "utf8") and not name.startswith(
                ("utf-16", "utf-32", "utf-7", "idna", "puny", "raw", "unicode")
            ):
                return content.decode(name), [f"read as {name}"]
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(content)


def _refuse_deep(source: str) -> None:
    """Count tags before a tree is built: its size and depth are what costs."""
    depth = deepest = count = 0
    for match in _TAG.finditer(source):
        count += 1
        if match.group("name").lower() not in _VOID:
            depth = max(0, depth - 1) if match.group("close") else depth + 1
            deepest = max(deepest, depth)
    if count > 2 * MAX_ELEMENTS or deepest > MAX_DEPTH * 20:
        raise FileRefused("too_complex", f"It has {count:,} tags, {deepest:,} deep.")


def _tree(source: str) -> Any:
    parser = lxml_html.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    try:
        tree = lxml_html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except (LxmlError, ValueError) as error:
        raise FileRefused("parse_error", "It cannot be read as a web page.") from error
    depth, element = 0, tree
    pending = [(tree, 0)]
    while pending:
        element, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise FileRefused("too_complex", f"Its elements are nested more than {MAX_DEPTH} deep.")
        pending.extend((child, depth + 1) for child in element)
    return tree


def _drop_unseen(tree: Any) -> int:
    """Take out scripts, forms and what is hidden; returns how many hidden elements with text there were."""
    hidden = 0
    for element in list(tree.iter()):
        if element is tree or element.getparent() is None or not isinstance(element.tag, str):
            continue
        if element.tag in _UNREAD and element.tag != "head":
            element.drop_tree()
        elif _is_hidden(element):
            hidden += bool(element.text_content().strip())
            element.drop_tree()
    return hidden


def _drop_consent(tree: Any) -> None:
    """Take out banners that ask for consent: what its own markup calls so, as long as it is not the page itself."""
    for element in list(tree.iter("div", "section", "aside", "dialog", "footer")):
        named = " ".join(element.get(name, "") for name in ("id", "class", "aria-label", "data-nosnippet"))
        if _CONSENT.search(named) and element.getparent() is not None and not element.xpath(".//article|.//main|.//h1"):
            element.drop_tree()


def _write_out_tables(tree: Any) -> None:
    """Data tables become a paragraph a row, with the head before each cell; tables that only lay out a page stay as they are."""
    for table in list(tree.iter("table")):
        rows = _data_rows(table)
        if rows is None or table.getparent() is None:
            continue
        caption = table.find("caption")
        lines = row_lines(rows)
        if caption is not None and (words := " ".join(caption.text_content().split())):
            lines = [words, *lines]
        written = lxml_html.Element("div")
        for line in lines:
            paragraph = lxml_html.Element("p")
            paragraph.text = line
            written.append(paragraph)
        written.tail = table.tail
        table.getparent().replace(table, written)


def _data_rows(table: Any) -> list[list[str]] | None:
    """The cells of a table of data; None for one inside or around another, of one column, or with whole texts in its cells."""
    if table.xpath("ancestor::table or .//table") or table.get("role") == "presentation":
        return None
    rows: list[list[str]] = []
    for row in table.iter("tr"):
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            words = " ".join(cell.text_content().split())
            if len(words) > LONGEST_CELL or len(cell.xpath("./p|./div|./ul|./ol")) > 3:
                return None
            span = cell.get("colspan", "1")
            cells += [words, *[""] * (min(int(span), 50) - 1 if span.isdecimal() and len(span) < 4 else 0)]
        rows.append(cells)
    return rows if max(map(len, rows), default=0) > 1 and len(rows) > 1 else None


def _is_hidden(element: Any) -> bool:
    if "hidden" in element.attrib or element.get("aria-hidden", "").strip().lower() == "true":
        return True
    return bool(_HIDDEN_STYLE.search(element.get("style", "")))


def _plain(tree: Any) -> str:
    """All visible text, one line per block."""
    pieces: list[str] = []
    body = tree.find("body")
    for event, element in _walk(tree if body is None else body):
        is_block = element.tag in _BLOCKS
        if is_block:
            pieces.append("\n\n" if element.tag not in ("br", "tr", "li") else "\n")
        text = element.text if event == "start" else element.tail
        if text and not (event == "start" and element.tag == "head"):
            pieces.append(re.sub(r"\s+", " ", text))
    return re.sub(
        r" ?\n ?", "\n", re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \n]*\n[ \n]*\n[ \n]*", "\n\n", "".join(pieces)))
    ).strip()


def _walk(root: Any) -> Iterator[tuple[str, Any]]:
    from lxml import etree

    for event, element in etree.iterwalk(root, events=("start", "end")):
        if isinstance(element.tag, str) and not (event == "end" and element is root):
            yield event, element


def _main_text(visible: str) -> str | None:
    from trafilatura import bare_extraction

    found = bare_extraction(
        visible, include_comments=False, include_tables=True, with_metadata=False, deduplicate=False
    )
    text = getattr(found, "text", None)
    if not isinstance(text, str) or not text.strip():
        return None
    # One line per paragraph; a blank line between keeps them apart from wrapped lines.
    return re.sub(r"\n+", "\n\n", text.strip())
