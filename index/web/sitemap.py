"""The addresses that a sitemap lists. It is read by its marks, not as XML: nothing in it can unfold."""

from __future__ import annotations

import html
import re
import zlib

from index.errors import FileRefused

_ROOT = re.compile(rb"<(?:urlset|sitemapindex)\b[^>]{0,2000}?sitemaps?\.org", re.I)
_PLACE = re.compile(rb"<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]\s]{1,2048})\s*(?:\]\]>)?\s*</loc>", re.I)
_SEEN_BYTES = 8_192


def unpacked(content: bytes, max_bytes: int) -> bytes:
    """The content of a file in gzip, or the bytes as they are. Raises FileRefused."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        found = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(content, max_bytes + 1)
    except zlib.error as error:
        raise FileRefused("parse_error", "It cannot be unpacked.") from error
    if len(found) > max_bytes:
        raise FileRefused("too_complex", f"It unpacks to more than {max_bytes:,} bytes.")
    return found


def is_sitemap(content: bytes) -> bool:
    """Whether it is a list of pages, or of sitemaps, in the form of sitemaps.org."""
    start = content[:_SEEN_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith((b"<?xml", b"<urlset", b"<sitemapindex")) and _ROOT.search(start) is not None


def places(content: bytes) -> list[str]:
    """The addresses in it, in order, each once."""
    found = (html.unescape(one.decode("utf-8", "replace")) for one in _PLACE.findall(content))
    return list(dict.fromkeys(found))
