"""Whether what a passage says held at the time for which a question asks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.values import Span
from rag.facts.periods import NEAR_DAYS, Period, day_number, fit, periods

AROUND = 600
"""Characters before and after a passage in which the story that it is part of is looked at."""
CARRIED = 0.6
"""Of a fit that rests on a state going on after the day that is told, or on the date of an earlier sentence."""
STARTED = 0.7
"""Of a fit that rests on the first day alone: what began when the time asked for began."""
_CROSSINGS = (
    (re.compile(r";|\.\s|\n|\s-\s"), 160),
    (re.compile(r",|\)|\band\b|\bthen\b|\bbefore\b|\bwhile\b"), 40),
)
"""How far apart a sign puts a date and what it is the date of, in characters. "A (1998-2003), B" tells the date of A."""
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_JOINING = frozenset("and or then to in at with for by from of until as on since before after during between".split())


@dataclass(frozen=True, slots=True)
class Story:
    """The times told in a passage and just around it, in order; offsets are the document's."""

    text: str
    within: Span
    told: tuple[Period, ...]

    @classmethod
    def of(cls, text: str, within: Span, published: str | None = None) -> Story:
        """The times of a passage of a document that was published on that ISO date, if that is known."""
        start = max(0, within.start - AROUND)
        told = periods(text[start : within.end + AROUND], published)
        return cls(text, within, tuple(_moved(period, start) for period in told))

    def held(self, asked: Period) -> float:
        """How well the best time that the passage tells fits the time asked for, 0 to 1."""
        within = self.within
        inside = [at for at, period in enumerate(self.told) if within.start <= period.span.start < within.end]
        return max((self._fit(asked, at) for at in inside), default=0.0)

    def held_at(self, asked: Period, sentence: Span, span: Span) -> float:
        """How well the time told of a span fits the time asked for, 0 to 1; 0 when no time is told of it.

        That is the time of its own clause, else of its sentence, else of the sentence before that told one. A day or a
        "since" goes on until the next later time that is told, as a life is told in order.

        >>> text = "In 2003 he joined Sel. In 2008 he moved to Lom."
        >>> story, asked = Story.of(text, Span(0, 47)), periods("in 2007")[0]
        >>> story.held_at(asked, Span(0, 22), Span(18, 21)) > story.held_at(asked, Span(23, 47), Span(43, 46))
        True
        """
        inside = [at for at, period in enumerate(self.told) if sentence.start <= period.span.start < sentence.end]
        if inside:
            return self._fit(asked, min(inside, key=lambda at: _distance(self.text, self.told[at].span, span)))
        earlier = [at for at, period in enumerate(self.told) if period.span.start < sentence.start]
        return CARRIED * self._fit(asked, earlier[-1]) if earlier else 0.0

    def apart(self, span: Span) -> list[Span]:
        """What a span holds besides times and the words that join them; the span itself when that is all or nothing.

        >>> text = "Sel, in 1991 to Quay"
        >>> [text[s.start : s.end] for s in Story.of(text, Span(0, 20)).apart(Span(0, 20))]
        ['Sel', 'Quay']
        """
        times = [p.span for p in self.told if p.span.start < span.end and span.start < p.span.end]
        ends = [span.start, *(end for time in times for end in (time.start, time.end)), span.end]
        between = [Span(start, end) for start, end in zip(ends[::2], ends[1::2], strict=True) if start < end]
        kept = [piece for gap in between if (piece := _unjoined(self.text, gap))]
        return kept if times and kept else [span]

    def _fit(self, asked: Period, place: int) -> float:
        period = self.told[place]
        fits = fit(asked, [period])
        if period.kind in ("at", "since"):
            going_on = _going_on(period, self.told[place + 1 :])
            fits = max(fits, CARRIED * fit(asked, [going_on]), STARTED * _begins(asked, period))
        return fits


def _unjoined(text: str, span: Span) -> Span | None:
    """A span from its first to its last word that does more than join; None without one."""
    found = list(_WORD.finditer(text, span.start, span.end))
    own = [at for at, word in enumerate(found) if word[0].lower() not in _JOINING]
    return Span(found[own[0]].start(), found[own[-1]].end()) if own else None


def _distance(text: str, period: Span, span: Span) -> int:
    between = text[min(period.end, span.end) : max(period.start, span.start)]
    return len(between) + sum(cost * len(pattern.findall(between)) for pattern, cost in _CROSSINGS)


def _going_on(period: Period, following: Sequence[Period]) -> Period:
    """A state from the first day of a period until the next later day that is told; open without one."""
    later = (other.first for other in following if other.first and period.first and other.first > period.first)
    return replace(period, last=next(later, None), kind="since")


def _begins(asked: Period, period: Period) -> float:
    """1 when a state began on the first day of the span asked for, as far as both are told; 0 from two years away."""
    if asked.kind != "range" or asked.first is None or period.first is None:
        return 0.0
    first, begun = day_number(asked.first), day_number(period.first)
    ended = day_number(period.last) if period.last else begun
    gap = 0 if begun <= first <= ended else min(abs(first - begun), abs(first - ended))
    return max(0.0, 1 - gap / NEAR_DAYS)


def _moved(period: Period, by: int) -> Period:
    return replace(period, span=Span(period.span.start + by, period.span.end + by))
