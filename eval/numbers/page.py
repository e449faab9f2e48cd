"""The numbers as one static page: the table, and how wrong the surest answers are."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from eval.numbers.table import HEAD, rows_of
from eval.page import html_page, origin_line
from eval.plots import curve

CURVES = "refusing"
"""The part whose results hold risk-coverage curves, one a set."""


def numbers_page(parts: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    """The table of every part that was measured, and the risk-coverage curves where refusals were."""
    head = "".join(f"<th>{escape(name)}</th>" for name in HEAD)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row.cells())}</tr>" for row in rows_of(parts))
    table = f'<div class="card wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return html_page("Numbers", f"<h1>Numbers</h1>{origin_line({'versions': versions})}{table}{_curves(parts)}")


def _curves(parts: Mapping[str, Any]) -> str:
    if CURVES not in parts:
        return ""
    cards = "".join(
        f'<div class="card"><b>{escape(name)}</b><br>{curve(measured["curve"], f"Risk and coverage, {name}", "share answered, surest first", "share of them wrong")}</div>'
        for name, measured in parts[CURVES]["result"].items()
    )
    return (
        f'<h2>What the confidence is worth</h2><div class="row">{cards}</div>'
        '<p class="soft">Wrong is an answer to a question that the documents do not answer, or, where a set has short accepted '
        "answers, one that does not hold any of them.</p>"
    )
