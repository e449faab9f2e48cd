"""E-books: the chapters in the order of the spine."""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import unquote

from lxml import etree

from index.dates import published
from index.errors import FileRefused
from index.load.decode import decode
from index.load.extracted import Extracted
from index.load.html import visible_text
from index.load.limits import Archive
from index.values import Provenance

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_MEDIA_TYPE = "application/epub+zip"
# These two only scramble embedded fonts.
_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_CHAPTER_TYPES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


def parse_epub(content: bytes) -> Extracted:
    archive = Archive(content, claimed="EPUB", required=("mimetype", _CONTAINER))
    if archive.read("mimetype").strip() != _MEDIA_TYPE.encode():
        raise FileRefused("bad_type", "Its name says EPUB, but its mimetype says something else.")
    _refuse_encrypted(archive)
    roots = _xml(archive.read(_CONTAINER)).xpath("//*[local-name()='rootfile']/@full-path")
    if not roots:
        raise FileRefused("parse_error", "Its container names no package.")
    package = _xml(archive.read(str(roots[0])))
    chapters = tuple(visible_text(decode(archive.read(name))[0]) for name in _spine(package, str(roots[0])))
    return Extracted(
        tuple(chapter for chapter in chapters if chapter),
        _MEDIA_TYPE,
        provenance=_provenance(package),
        debris=False,
        metadata={name: _said(package, name) for name in ("subject", "language", "identifier", "description")},
    )


def _refuse_encrypted(archive: Archive) -> None:
    if _ENCRYPTION not in archive.names():
        return
    used = _xml(archive.read(_ENCRYPTION)).xpath("//*[local-name()='EncryptionMethod']/@Algorithm")
    if any(method not in _FONT_SCRAMBLING for method in used):
        raise FileRefused("encrypted", "Its chapters are encrypted (DRM).")


def _xml(content: bytes) -> Any:
    """Parse without entities, network or document types."""
    if b"<!ENTITY" in content.replace(b"\x00", b""):
        raise FileRefused("parse_error", "It declares XML entities, which no e-book needs.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except (etree.LxmlError, ValueError) as error:
        raise FileRefused("parse_error", "One of its parts is not well-formed XML.") from error


def _spine(package: Any, package_name: str) -> list[str]:
    folder = posixpath.dirname(package_name)
    items = {item.get("id"): item for item in package.xpath("//*[local-name()='manifest']/*[local-name()='item']")}
    names: list[str] = []
    for reference in package.xpath("//*[local-name()='spine']/*[local-name()='itemref']/@idref"):
        item = items.get(reference)
        if (
            item is None
            or item.get("media-type") not in _CHAPTER_TYPES
            or "nav" in (item.get("properties") or "").split()
        ):
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        if name not in names:
            names.append(name)
    if not names:
        raise FileRefused("no_text", "Its spine names no chapter.")
    return names


def _said(package: Any, name: str) -> list[str]:
    found = package.xpath(f"//*[local-name()='metadata']/*[local-name()='{name}']")
    return [text for element in found[:10] if (text := " ".join("".join(element.itertext()).split())[:300])]


def _provenance(package: Any) -> Provenance:
    dates = package.xpath(
        "//*[local-name()='metadata']/*[local-name()='date'][not(@*[local-name()='event']) or @*[local-name()='event']='publication']"
    )
    when = next((stamp for element in dates[:5] if (stamp := published(element.text or "", "meta"))), None)
    return Provenance(
        title=next(iter(_said(package, "title")), None),
        publisher=next(iter(_said(package, "publisher")), None),
        author=", ".join(_said(package, "creator")) or None,
        published=when,
    )
