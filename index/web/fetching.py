"""Pages as files: fetched into a folder, named so that their loader is found, known by their address from then on."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from index.errors import FileRefused
from index.files import SourceFile
from index.values import Refusal
from index.web.connection import Response, get
from index.web.robots import Robots
from index.web.sitemap import is_sitemap, places, unpacked

LONGEST_URL = 2048
MOST_REDIRECTS = 5
MOST_SITEMAPS = 50
MAX_TOTAL_BYTES = 1 << 30
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "application/pdf": ".pdf",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/calendar": ".ics",
    "text/rtf": ".rtf",
    "application/rtf": ".rtf",
    "application/json": ".json",
    "application/rss+xml": ".rss",
    "application/atom+xml": ".atom",
    "application/epub+zip": ".epub",
    "application/zip": ".zip",
    "message/rfc822": ".eml",
    "application/vnd.ms-outlook": ".msg",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
_TEXT_SUFFIX = {"text/plain": ".txt", "text/xml": ".xml", "application/xml": ".xml"}
"""What a server calls so may be more than that: the suffix of its address counts first."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What fetching may take.

    Attributes:
        max_bytes: Of one page, unpacked.
        page_s: Seconds for one page, its redirects included.
        max_pages: Most pages of one call.
        pause_s: Seconds between two pages of one site; more where its robots.txt asks for more.
        private: Whether addresses may be reached that are not public.
    """

    max_bytes: int
    page_s: float = 30.0
    max_pages: int = 500
    pause_s: float = 0.2
    private: bool = False


def is_address(given: str) -> bool:
    """Whether a person named a page and not a file."""
    return given.lower().startswith(("http://", "https://"))


def normal(url: str, base: str = "") -> str:
    """An address, which may lead on from `base`, as it is kept: host in lower case, no usual port, no fragment. Raises FileRefused."""
    if len(url) > LONGEST_URL or re.search(r"[\x00-\x20\x7f\\]", url):
        raise FileRefused("bad_type", f"An address has at most {LONGEST_URL} characters, and no spaces.")
    try:
        parts = urlsplit(urljoin(base, url))
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError) as error:
        raise FileRefused("bad_type", "It is no address that can be read.") from error
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host:
        raise FileRefused("bad_type", "Only pages of http:// and https:// are fetched.")
    if parts.username is not None or parts.password is not None:
        raise FileRefused(
            "bad_type", "It holds a name or password, which would be kept with it. Save the page by hand."
        )
    named = f"[{host}]" if ":" in host else host
    place = named if port in (None, _PORTS[scheme]) else f"{named}:{port}"
    safe = "/%:@!$&'()*+,;=~-._?"
    return urlunsplit((scheme, place, quote(parts.path or "/", safe=safe), quote(parts.query, safe=safe), ""))


class Fetcher:
    """Fetches pages one after another into `folder`."""

    def __init__(self, folder: Path, limits: FetchLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._robots = Robots(lambda url, most: self._followed(url, most, ask=False)[1])
        self._last: dict[str, float] = {}
        self._left = MAX_TOTAL_BYTES

    def fetch(
        self, urls: Iterable[str], progress: Callable[[str, int, int], None] | None = None
    ) -> Iterator[SourceFile | Refusal]:
        """Each page as a file known by its address, or why it is none; the pages of a sitemap in its place.

        Args:
            progress: Told ("fetch", done, total).
        """
        waiting, sitemaps = list(dict.fromkeys(urls)), 0
        seen: set[str] = set()
        while waiting:
            if progress is not None:
                progress("fetch", len(seen), len(seen) + len(waiting))
            given = waiting.pop(0)
            try:
                url = normal(given)
                if url in seen:
                    continue
                if len(seen) >= self._limits.max_pages + sitemaps:
                    most = f"{self._limits.max_pages:,}"
                    yield Refusal(
                        url,
                        "quota",
                        f"{len(waiting) + 1:,} pages are left: at most {most} are fetched at once. Raise DOSSIER_MAX_PAGES.",
                    )
                    return
                seen.add(url)
                found = self._page(url)
            except FileRefused as refused:
                yield Refusal(given[:LONGEST_URL], refused.code, str(refused))
                continue
            if isinstance(found, SourceFile):
                yield found
                continue
            sitemaps += 1
            if sitemaps > MOST_SITEMAPS:
                yield Refusal(url, "quota", f"More than {MOST_SITEMAPS} sitemaps are not read at once.")
                continue
            own = [one for one in found if _site(one) == _site(url)]
            if len(own) < len(found):
                others = len(found) - len(own)
                yield Refusal(url, "other_site", f"{others:,} of its addresses are of other sites and were left out.")
            waiting = own + waiting

    def _page(self, url: str) -> SourceFile | list[str]:
        """One page stored, or the addresses that it lists, being a sitemap."""
        place, answer = self._followed(url, self._limits.max_bytes, ask=True)
        if answer.status != 200:
            code = "missing" if answer.status in (404, 410) else "unreachable"
            raise FileRefused(code, f"Its server answers {answer.status}.")
        plain = unpacked(answer.content, self._limits.max_bytes) if place.endswith(".gz") else answer.content
        if is_sitemap(plain):
            return places(plain)[: 10 * self._limits.max_pages]
        self._left -= len(answer.content)
        if self._left < 0:
            raise FileRefused("quota", f"More than {MAX_TOTAL_BYTES:,} bytes are not fetched at once.")
        path = self._folder / secrets.token_hex(16)
        path.write_bytes(answer.content)
        return SourceFile(url, path, _name(place, answer.headers.get("content-type", "")))

    def _followed(self, url: str, max_bytes: int, *, ask: bool) -> tuple[str, Response]:
        """The answer at the end of the redirects, each address checked anew. Raises FileRefused."""
        end = time.monotonic() + self._limits.page_s
        for _ in range(MOST_REDIRECTS + 1):
            if ask:
                self._robots.check(url)
                end += self._wait(url)
            left = max(0.001, end - time.monotonic())
            answer = get(url, seconds=left, max_bytes=max_bytes, private=self._limits.private)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return url, answer
            url = normal(answer.headers["location"].encode("latin-1").decode("utf-8", "replace"), url)
        raise FileRefused("unreachable", f"It redirects more than {MOST_REDIRECTS} times.")

    def _wait(self, url: str) -> float:
        """Wait as long as the site asks for since the last page of it; returns the seconds."""
        site = _site(url)
        pause = max(self._limits.pause_s, self._robots.pause_s(url))
        wait = max(0.0, self._last[site] + pause - time.monotonic()) if site in self._last else 0.0
        time.sleep(wait)
        self._last[site] = time.monotonic()
        return wait


def _site(url: str) -> str:
    try:
        return urlsplit(normal(url)).netloc
    except FileRefused:
        return ""


def _name(url: str, content_type: str) -> str:
    """A file name with the suffix of what the server says it is, else of its address."""
    parts = urlsplit(url)
    last = PurePosixPath(unquote(parts.path)).name.replace("/", " ").replace("\x00", " ")
    media_type = content_type.partition(";")[0].strip().lower()
    own = PurePosixPath(last).suffix.lower()
    suffix = _SUFFIXES.get(media_type) or (own if re.fullmatch(r"\.[a-z0-9]{1,8}", own) else "")
    stem = last[: -len(own)] if own and suffix else last
    return (stem[:150] or parts.hostname or "page") + (
        suffix or _TEXT_SUFFIX.get(media_type, ".html" if not media_type else "")
    )
