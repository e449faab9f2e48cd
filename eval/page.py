"""The report as one static page: no script, nothing fetched, everything that was read is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from eval.plots import bar_chart, curve

STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6b7c;--line:#d9dfe6;--back:#fbfcfd;--card:#fff;--bar:#5b8def;--mark:#c2410c;--bad:#b3261e;--good:#1a7f4b}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf2;--soft:#98a5b5;--line:#2f3a48;--back:#12171e;--card:#1a212b;--bar:#4774cc;--mark:#fb923c;--bad:#f28b82;--good:#6fcf97}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);margin:0 auto;padding:24px;max-width:1080px}
h1{margin:0 0 4px}h2{margin:32px 0 8px;font-size:19px}p.origin,.soft{color:var(--soft)}code{font-size:13px}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:18px 0}.tile,.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 16px}
.tile{flex:1 1 190px}.tile b{display:block;font-size:26px}.tile small{color:var(--soft)}.row{display:flex;flex-wrap:wrap;gap:16px}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:left;padding:5px 10px;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}svg .tick{fill:var(--soft);font-size:11px}
.grid{stroke:var(--line);fill:none}.bar{fill:var(--bar);opacity:.75}.whisker{stroke:var(--ink);stroke-width:1.3;fill:none}.reach{stroke:var(--mark);stroke-width:2.5;fill:none}
.curve{fill:none;stroke:var(--bar);stroke-width:2}.dot{fill:var(--bar)}.bad{color:var(--bad)}.good{color:var(--good)}
details.card{margin:8px 0}summary{cursor:pointer}blockquote{margin:6px 0;padding:2px 12px;border-left:3px solid var(--bar);white-space:pre-wrap;overflow-wrap:anywhere}
"""
TILES = (
    ("answers/fact/in short", "facts right in the short answer"),
    ("answers/fact/in short or a quote", "facts right in the answer or a quote"),
    ("refusal/precision", "refusals that were right"),
    ("refusal/recall", "unanswerable questions refused"),
    ("citations/valid", "citations verbatim at their offsets"),
)
CHARTS = (
    ("passages", "Retrieval: gold quotes among the passages"),
    ("documents", "Retrieval: gold documents"),
    ("conflicts", "Conflicts"),
    ("refusal", "Saying that the documents do not say"),
    ("citations", "Citations"),
    ("confidence", "Confidence"),
)


def render_html(report: Mapping[str, Any]) -> str:
    """One file that a browser shows without a network."""
    found = {figure["key"]: figure for figure in report["figures"]}
    body = [_head(report), _tiles(found), _answers(found)]
    for group, title in CHARTS:
        rows = [
            (key.removeprefix(f"{group}/").replace("/", " · "), figure)
            for key, figure in found.items()
            if key.startswith(f"{group}/")
        ]
        if rows:
            rows = (
                sorted(rows, key=lambda row: row[0].rsplit(" · ", 1)[-1])
                if group in ("passages", "documents")
                else rows
            )
            body.append(f'<h2>{escape(title)}</h2><div class="card wide">{bar_chart(rows, title)}</div>')
    body += [_curves(report), *_sets(report), _comparison(report), _cases(report)]
    return html_page(f"Evaluation of {len(report['cases'])} questions", "".join(body))


def html_page(title: str, body: str, *, style: str = "") -> str:
    """The page around a body. Whatever the body says, the page fetches nothing and runs nothing.

    Args:
        style: Rules beside the common ones.
    """
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{STYLE}{style}</style></head><body>{body}</body></html>\n"
    )


def origin_line(origin: Mapping[str, Any]) -> str:
    """What was measured, and with which versions; what is not known is left out."""
    facts = " · ".join(
        f"{escape(name.replace('_', ' '))} <code>{escape(str(value))}</code>"
        for name, value in origin.items()
        if name != "versions" and value is not None
    )
    versions = ", ".join(f"{escape(name)} {escape(str(value))}" for name, value in origin.get("versions", {}).items())
    return f'<p class="origin">{facts}<br>{versions}</p>'


def _sets(report: Mapping[str, Any]) -> list[str]:
    """The section on public sets, in a report that holds them."""
    if not report.get("sets"):
        return []
    from eval.sets.page import DOTS, sets_section

    return [f"<style>{DOTS}</style><h2>Public retrieval sets</h2>{sets_section(report['sets'])}"]


def _head(report: Mapping[str, Any]) -> str:
    kinds = ", ".join(f"{count} {escape(kind)}" for kind, count in report["kinds"].items())
    return (
        f"<h1>Evaluation</h1><p>{len(report['cases'])} questions: {kinds}. Made {escape(report['created_at'])}.</p>"
        f"{origin_line(report['origin'])}"
        '<p class="soft">Every bar shows its 95 % interval (Wilson for shares, bootstrap for the rest) and its n; an orange mark is what shall be reached.</p>'
    )


def _tiles(found: Mapping[str, Mapping[str, Any]]) -> str:
    tiles = []
    for key, words in TILES:
        if key in found:
            figure = found[key]
            reached = "" if figure["reach"] is None else (" good" if figure["value"] >= figure["reach"] else " bad")
            tiles.append(
                f'<div class="tile"><b class="{reached.strip()}">{figure["value"]:.1%}</b>{escape(words)}<br>'
                f"<small>{figure['interval']['low']:.1%} to {figure['interval']['high']:.1%}, n = {figure['n']}</small></div>"
            )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _answers(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Kinds down, measures across."""
    cells: dict[str, dict[str, Mapping[str, Any]]] = {}
    for key, figure in found.items():
        table, *rest = key.split("/")
        if table == "answers" and len(rest) == 2:
            cells.setdefault(rest[0], {})[rest[1]] = figure
    if not cells:
        return ""
    names = list(dict.fromkeys(name for row in cells.values() for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    kinds = sorted(cells, key=lambda kind: (kind == "all", kind))
    lines = "".join(
        f"<tr><th>{escape(kind)}</th>{''.join(_cell(cells[kind].get(name)) for name in names)}</tr>" for kind in kinds
    )
    return f'<h2>Answers by kind</h2><div class="card wide"><table><tr><th>kind</th>{head}</tr>{lines}</table></div>'


def _cell(figure: Mapping[str, Any] | None) -> str:
    if figure is None:
        return '<td class="soft">none</td>'
    interval = figure["interval"]
    return f'<td>{figure["value"]:.3f}<br><small class="soft">{interval["low"]:.2f} to {interval["high"]:.2f}, n = {figure["n"]}</small></td>'


def _curves(report: Mapping[str, Any]) -> str:
    risk = curve(report["risk_coverage"], "Risk and coverage", "share answered, surest first", "share of them wrong")
    bins = [(confidence, share) for confidence, share, _ in report["calibration"]]
    sure = curve(bins, "Calibration", "confidence", "share right", diagonal=True, joined=False)
    return (
        '<h2>What confidence is worth</h2><div class="row">'
        f'<div class="card">{risk}<p class="soft">Answering only the surest questions: how many of them are wrong.</p></div>'
        f'<div class="card">{sure}<p class="soft">On the diagonal, a confidence of 0.8 is right 8 times in 10.</p></div></div>'
    )


def _comparison(report: Mapping[str, Any]) -> str:
    comparison = report.get("comparison")
    if not comparison:
        return ""
    lines = []
    for change in comparison["changes"]:
        difference = change["difference"]
        gate = (
            '<b class="bad">fell</b>'
            if change["fell"]
            else '<span class="good">holds</span>'
            if change["gated"]
            else ""
        )
        lines.append(
            f"<tr><td>{escape(change['key'].replace('/', ' · '))}</td><td>{change['baseline']:.3f}</td><td>{change['ours']:.3f}</td>"
            f"<td>{difference['delta']:+.3f}</td><td>{difference['interval']['low']:+.3f} to {difference['interval']['high']:+.3f}</td>"
            f"<td>{difference['p']:.3f}</td><td>{difference['n']}</td><td>{gate}</td></tr>"
        )
    head = "<tr><th>measure</th><th>baseline</th><th>now</th><th>difference</th><th>95 % interval</th><th>p</th><th>n</th><th>gate</th></tr>"
    return f'<h2>Against the baseline</h2><div class="card wide"><table>{head}{"".join(lines)}</table></div>'


def _cases(report: Mapping[str, Any]) -> str:
    failing = [case for case in report["cases"] if not case["passed"]]
    passing = [case for case in report["cases"] if case["passed"]]
    return (
        f"<h2>Failing questions ({len(failing)} of {len(report['cases'])})</h2>{_details(failing, unfolded=True)}"
        f"<h2>Passing questions ({len(passing)})</h2>{_details(passing, unfolded=False)}"
    )


def _details(cases: Iterable[Mapping[str, Any]], *, unfolded: bool) -> str:
    return "".join(_detail(case, unfolded) for case in cases)


def _detail(case: Mapping[str, Any], unfolded: bool) -> str:
    expected: Sequence[str] = (
        case["answers"] or [" / ".join(forms) for forms in case["positions"]] or ["the documents do not say"]
    )
    quotes = "".join(_quote(citation) for citation in case["citations"])
    gold = "".join(
        f"<blockquote>{escape(item['quote'] or '')}<br><small class='soft'>{escape(item['document'])}</small></blockquote>"
        for item in case["evidence"]
    )
    faults = "".join(f'<p class="bad">{escape(fault)}</p>' for fault in case["citation_faults"])
    return (
        f'<details class="card"{" open" if unfolded else ""}><summary><b>{escape(case["id"])}</b> <span class="soft">{escape(case["kind"])}</span> '
        f"{escape(case['question'])}</summary><p><b>Expected:</b> {escape('; '.join(expected))}</p>"
        f"<p><b>Got:</b> {escape(case['verdict'])}, {escape(case['short']) or 'nothing'} "
        f'<span class="soft">(confidence {case["confidence"]:.2f}, {escape(case["answered_by"])})</span></p>{faults}'
        f"<div class='row'><div><small class='soft'>cited</small>{quotes or '<p>nothing</p>'}</div><div><small class='soft'>gold</small>{gold or '<p>nothing</p>'}</div></div></details>"
    )


def _quote(citation: Mapping[str, Any]) -> str:
    source = ", ".join(str(citation[name]) for name in ("title", "publisher", "published") if citation[name])
    return f"<blockquote>[{int(citation['number'])}] {escape(citation['quote'])}<br><small class='soft'>{escape(source)}</small></blockquote>"
