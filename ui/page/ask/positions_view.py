"""What sources say differently, and what was said over time, as markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.values import Citation, Conflict, Position
from ui.page.markup import Html, fill, join
from ui.page.proof_view import chip, excerpt
from ui.words import STANDINGS, backing_of, count, listed, written

QUOTE_CHARS = 240

Citations = Mapping[int, Citation]


def conflict_view(conflict: Conflict, cited: Citations, *, named: bool) -> Html:
    """The positions side by side, newest first, the undated last.

    Args:
        named: Say what the conflict is about.
    """
    positions = sorted(conflict.positions, key=lambda one: one.published or "", reverse=True)
    return fill(
        '{about}<div class="positions">{positions}</div>',
        about=fill('<p class="about">{about}</p>', about=conflict.about) if named else Html(""),
        positions=join(_position(position, cited) for position in positions),
    )


def _position(position: Position, cited: Citations) -> Html:
    known = [cited[number] for number in position.citations if number in cited]
    return fill(
        '<section class="position {standing}"><p class="short">{value}</p><p class="byline">{byline}&nbsp;{chips}</p>{quote}'
        '<p class="backing">{backing}</p></section>',
        standing=position.standing,
        value=position.value,
        byline=listed([position.publisher, written(position.published)]),
        chips=join(map(chip, known)),
        quote=fill('<p class="quote">{quote}</p>', quote=excerpt(known[0].quote, QUOTE_CHARS)) if known else Html(""),
        backing=backing_of(position) or listed([STANDINGS[position.standing], count(1, "document")], ", "),
    )


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
