"""What a site's robots.txt allows (RFC 9309), asked once a site."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin

from protego import Protego

from index.errors import FileRefused
from index.web.connection import AGENT, Response

MAX_ROBOTS_BYTES = 500 * 1024
LONGEST_PAUSE_S = 30.0


class Robots:
    """The rules of each site that is asked for.

    Args:
        get: Fetches an address, redirects followed.
    """

    def __init__(self, get: Callable[[str, int], Response]) -> None:
        self._get = get
        self._rules: dict[str, Protego] = {}

    def check(self, url: str) -> None:
        """Raises FileRefused(robots) where the site asks not to fetch this page, and unreachable where it does not say."""
        if not self._of(url).can_fetch(url, AGENT):
            raise FileRefused("robots", "The robots.txt of its site asks programs not to fetch it. Save it by hand.")

    def pause_s(self, url: str) -> float:
        """Seconds that the site asks to wait between two pages; a longer wait than half a minute is cut to that."""
        return min(float(self._of(url).crawl_delay(AGENT) or 0), LONGEST_PAUSE_S)

    def _of(self, url: str) -> Protego:
        place = urljoin(url, "/robots.txt")
        if place not in self._rules:
            self._rules[place] = self._read(place)
        return self._rules[place]

    def _read(self, place: str) -> Protego:
        answer = self._get(place, MAX_ROBOTS_BYTES)
        if answer.status >= 500 or answer.status == 429:
            raise FileRefused(
                "unreachable", f"{place[:200]} answers {answer.status}: whether it may be fetched is not known."
            )
        said = answer.content.decode("utf-8", "replace") if answer.status < 300 else ""
        return Protego.parse(said)
