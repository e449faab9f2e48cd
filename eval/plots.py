"""Plots as inline SVG: bars with intervals, and curves. Colours come from the page's style sheet, every label is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH, ROW, LABEL, RIGHT = 720, 26, 250, 130
SIDE, EDGE = 300, 44


def bar_chart(rows: Sequence[tuple[str, Mapping[str, Any]]], title: str) -> str:
    """One horizontal bar per (label, figure) from 0 to 1, with its interval, its value, its n and a mark at what to reach."""
    height = ROW * len(rows) + 30
    scale = WIDTH - LABEL - RIGHT
    parts = []
    for tick in range(0, 11, 2):
        x = LABEL + scale * tick / 10
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{height - 22}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{height - 6}" text-anchor="middle">{tick / 10:.1f}</text>')
    for number, (label, figure) in enumerate(rows):
        parts += _bar(LABEL, 8 + ROW * number, scale, label, figure)
    return svg(WIDTH, height, title, parts)


def _bar(left: float, top: float, scale: float, label: str, figure: Mapping[str, Any]) -> list[str]:
    value, low, high = (
        _unit(number) for number in (figure["value"], figure["interval"]["low"], figure["interval"]["high"])
    )
    middle = top + ROW / 2 - 3
    reach = figure.get("reach")
    parts = [
        f'<text class="label" x="{left - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(label)}</text>',
        f'<rect class="bar" x="{left}" y="{top}" width="{scale * value:.1f}" height="{ROW - 8}" rx="2"/>',
        f'<path class="whisker" d="M{left + scale * low:.1f} {middle:.1f}H{left + scale * high:.1f}'
        f'M{left + scale * low:.1f} {middle - 4:.1f}v8M{left + scale * high:.1f} {middle - 4:.1f}v8"/>',
        f'<text class="value" x="{left + scale + 10}" y="{middle + 4:.1f}">{value:.3f} <tspan class="tick">n = {int(figure["n"])}</tspan></text>',
    ]
    if reach is not None:
        x = left + scale * _unit(reach)
        parts.append(
            f'<path class="reach" d="M{x:.1f} {top - 3:.1f}v{ROW - 2}"><title>to reach: {reach:.2f}</title></path>'
        )
    return parts


def curve(
    points: Sequence[tuple[float, float]],
    title: str,
    across: str,
    up: str,
    *,
    diagonal: bool = False,
    joined: bool = True,
) -> str:
    """Points in the unit square, joined as steps; with `diagonal` the line on which both sides agree."""
    parts = []
    for tick in range(0, 11, 5):
        x, y = _place(tick / 10, tick / 10)
        parts.append(
            f'<path class="grid" d="M{x:.1f} {EDGE / 2:.1f}V{SIDE - EDGE}M{EDGE} {y:.1f}H{SIDE - EDGE / 2:.1f}"/>'
        )
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{SIDE - EDGE + 14}" text-anchor="middle">{tick / 10:.1f}</text>'
        )
        parts.append(f'<text class="tick" x="{EDGE - 6}" y="{y + 4:.1f}" text-anchor="end">{tick / 10:.1f}</text>')
    if diagonal:
        (x1, y1), (x2, y2) = _place(0, 0), _place(1, 1)
        parts.append(f'<path class="whisker" stroke-dasharray="4 4" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>')
    places = [_place(_unit(x), _unit(y)) for x, y in points]
    if joined and places:
        parts.append(f'<polyline class="curve" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>')
    parts += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{2 if joined else 4}"/>' for x, y in places]
    parts.append(f'<text class="label" x="{SIDE / 2}" y="{SIDE - 6}" text-anchor="middle">{escape(across)}</text>')
    parts.append(
        f'<text class="label" transform="translate(12 {SIDE / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>'
    )
    return svg(SIDE, SIDE, title, parts)


def _place(x: float, y: float) -> tuple[float, float]:
    inner = SIDE - EDGE * 1.5
    return EDGE + inner * x, SIDE - EDGE - inner * y


def _unit(value: float) -> float:
    return min(max(float(value), 0.0), 1.0)


def svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """A picture of its parts, named for those who do not see it."""
    body = "".join(parts)
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{escape(title)}"><title>{escape(title)}</title>{body}</svg>'
