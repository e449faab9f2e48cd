"""What sources say differently, and what was said over time, as markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.values import Citation, Conflict, Position
from ui.page.markup import Html, fill, join
from ui.page.proof_view import chip, excerpt
from ui.words import STANDINGS, backing_of, count, listed, written

QUOTE_CHARS = 240

Citations = Mapping[int, Citation]


def conflict_view(conflict: Conflict, cited: Citations, *, named: bool, leads: Mapping[str, str] | None = None) -> Html:
    """The positions side by side, newest first, the undated last.

    Args:
        leads: Who says a quote, by its words, where more is known than outlet and date.
        named: Say what the conflict is about.
    """
    positions = sorted(conflict.positions, key=lambda one: one.published or "", reverse=True)
    return fill(
        '{about}<div class="positions">{positions}</div>',
        about=fill('<p class="about">{about}</p>', about=conflict.about) if named else Html(""),
        positions=join(_position(position, cited, leads or {}) for position in positions),
    )


def _position(position: Position, cited: Citations, leads: Mapping[str, str]) -> Html:
    known = [cited[number] for number in position.citations if number in cited]
    return fill(
        '<section class="position {standing}"><p class="short">{value}</p><p class="byline">{byline}&nbsp;{chips}</p>{quote}'
        '<p class="backing">{backing}</p></section>',
        standing=position.standing,
        value=position.value,
        byline=(known and leads.get(said_once(known[0]))) or listed([position.publisher, written(position.published)]),
        chips=join(map(chip, known)),
        quote=fill('<p class="quote">{quote}</p>', quote=excerpt(known[0].quote, QUOTE_CHARS)) if known else Html(""),
        backing=backing_of(position) or listed([STANDINGS[position.standing], count(1, "document")], ", "),
    )


def said_once(citation: Citation) -> str:
    """The words of a quote, on one line; "" where they are cut when they are shown beside a position."""
    line = " ".join(citation.quote.split())
    return line if excerpt(citation.quote, QUOTE_CHARS) == line else ""


def timeline_view(points: Sequence[Position], cited: Citations) -> Html:
    """What was said when, newest first."""
    rows = join(
        fill(
            '<li class="{standing}"><span class="when">{date}</span><span class="what">{value}&nbsp;{chips}</span>'
            '<span class="byline">{byline}</span></li>',
            standing=point.standing,
            date=written(point.published),
            value=point.value,
            chips=join(chip(cited[number]) for number in point.citations if number in cited),
            byline=listed([point.publisher, STANDINGS[point.standing] or None]),
        )
        for point in points
    )
    return fill('<section class="over-time"><h2>Over time</h2><ol class="timeline">{rows}</ol></section>', rows=rows)
