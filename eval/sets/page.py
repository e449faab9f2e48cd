"""Public sets as a section of a static page: one dot plot a set, rows down, intervals, and the rows to beat as marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from eval.page import html_page, origin_line
from eval.plots import svg

WIDTH, ROW, LABEL, RIGHT = 720, 24, 150, 210
SHOWN = "nDCG@10"
DOTS = """
svg .spot{fill:var(--bar)}svg .above{fill:var(--good)}svg .under{fill:var(--bad)}.given{stroke:var(--mark);stroke-width:2;fill:none}
svg .givenname{fill:var(--mark);font-size:10px}table.sets td,table.sets th{text-align:right;white-space:nowrap}table.sets td:first-child,table.sets th:first-child{text-align:left}
"""


def render_sets_html(report: Mapping[str, Any]) -> str:
    """One file that a browser shows without a network."""
    title = f"Retrieval on {len(report['sets'])} public sets"
    body = (
        f"<h1>{escape(title)}</h1><p>Made {escape(report['created_at'])}.</p>"
        f"{origin_line(report['origin'])}{sets_section(report)}"
    )
    return html_page(title, body, style=DOTS)


def sets_section(report: Mapping[str, Any]) -> str:
    """The section alone: means, then a card for each set. It needs DOTS beside the page's style."""
    means = [
        {"row": item["row"], "figure": item, "verdict": "", "n": f"{item['sets']} sets"}
        for item in report["means"]
        if item["measure"] == SHOWN
    ]
    cards = []
    if len(report["sets"]) > 1:
        cards.append(f'<h2>Mean {SHOWN}</h2><div class="card wide">{dot_chart(means, {}, f"Mean {SHOWN}")}</div>')
    cards += [_card(result, report["given"].get(result["set"], {})) for result in report["sets"]]
    return (
        '<p class="soft">Dots are nDCG@10 of documents with their 95 % bootstrap interval. Green is above and red under the '
        "better of lexical and dense, where a paired bootstrap and Wilcoxon's test agree at 5 %. Orange marks are the rows to "
        f"beat that come with the sets.</p>{''.join(cards)}"
    )


def _card(result: Mapping[str, Any], given: Mapping[str, float]) -> str:
    found = {figure["key"]: figure for figure in result["figures"]}
    verdicts = {test["row"]: test["verdict"] for test in result["against_best"]}
    rows = [
        {"row": row, "figure": figure, "verdict": verdicts.get(row, ""), "n": f"n = {figure['n']}"}
        for row in result["rows"]
        if (figure := found.get(f"documents/{row}/{SHOWN}"))
    ]
    lost = f", {len(result['lost'])} of them not searchable" if result["lost"] else ""
    name, title = escape(result["set"]), f"{result['set']}: {SHOWN}"
    return (
        f'<h2>{name}</h2><p class="soft">{result["documents"]} documents{lost}, {result["passages"]} passages, '
        f"{result['asked']} questions</p>"
        f'<div class="card wide">{dot_chart(rows, given, title)}{_table(result, found)}</div>'
    )


def _table(result: Mapping[str, Any], found: Mapping[str, Mapping[str, Any]]) -> str:
    """Every measure, folded away."""
    tables = []
    for group in dict.fromkeys(key.split("/")[0] for key in found):
        measures = list(dict.fromkeys(key.split("/")[2] for key in found if key.startswith(f"{group}/")))
        head = "".join(f"<th>{escape(name)}</th>" for name in measures)
        lines = "".join(
            f"<tr><td>{escape(row)}</td>"
            + "".join(f"<td>{found[f'{group}/{row}/{name}']['value']:.3f}</td>" for name in measures)
            + "</tr>"
            for row in result["rows"]
        )
        tables.append(f'<table class="sets"><tr><th>{escape(group)}</th>{head}</tr>{lines}</table>')
    return f"<details><summary>all measures</summary>{''.join(tables)}</details>"


def dot_chart(rows: Sequence[Mapping[str, Any]], given: Mapping[str, float], title: str) -> str:
    """A dot with its interval for each row, on an axis that begins at the tenth below the lowest value."""
    figures = [row["figure"] for row in rows]
    lowest = min([*(figure["interval"]["low"] for figure in figures), *given.values(), 0.9])
    low = max(0.0, int(lowest * 10) / 10)
    scale = (WIDTH - LABEL - RIGHT) / (1 - low)
    top = 28 if given else 8
    height = top + ROW * len(rows) + 24

    def at(value: float) -> float:
        return LABEL + scale * (min(max(value, low), 1.0) - low)

    parts = []
    for tick in range(round(low * 10), 11):
        x = at(tick / 10)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 4}" y2="{height - 20}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{height - 6}" text-anchor="middle">{tick / 10:.1f}</text>')
    for place, (name, value) in enumerate(sorted(given.items(), key=lambda pair: pair[1])):
        x = at(value)
        parts.append(
            f'<path class="given" d="M{x:.1f} {top - 4}V{height - 20}"><title>{escape(name)} {value:.3f}</title></path>'
        )
        anchor = ("end", "middle", "start")[min(place, 2)]
        parts.append(
            f'<text class="givenname" x="{x:.1f}" y="{19 if place == 1 else 9}" text-anchor="{anchor}">{escape(name)}</text>'
        )
    for number, row in enumerate(rows):
        parts += _dot(row, top + ROW * number + ROW / 2, at)
    return svg(WIDTH, height, title, parts)


def _dot(row: Mapping[str, Any], middle: float, at: Callable[[float], float]) -> list[str]:
    figure = row["figure"]
    value, low, high = (figure["value"], figure["interval"]["low"], figure["interval"]["high"])
    mark = {"above": "above", "under": "under"}.get(row["verdict"], "spot")
    says = {"above": "▲ above", "under": "▼ under"}.get(row["verdict"], "")
    return [
        f'<text class="label" x="{LABEL - 10}" y="{middle + 4:.1f}" text-anchor="end">{escape(row["row"])}</text>',
        f'<path class="whisker" d="M{at(low):.1f} {middle:.1f}H{at(high):.1f}M{at(low):.1f} {middle - 4:.1f}v8M{at(high):.1f} {middle - 4:.1f}v8"/>',
        f'<circle class="{mark}" cx="{at(value):.1f}" cy="{middle:.1f}" r="5"/>',
        f'<text class="value" x="{WIDTH - RIGHT + 12}" y="{middle + 4:.1f}">{value:.3f} '
        f'<tspan class="tick">{escape(row["n"])} {says}</tspan></text>',
    ]
