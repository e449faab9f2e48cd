"""The last evaluation as markup: each measure with its interval as a bar, what fell short, and the worst questions."""

from __future__ import annotations

from collections.abc import Sequence, Set

from ui.page.evaluation.reports import Case, Figure, Quoted, Report
from ui.page.markup import Html, block, fill, join
from ui.page.proof_view import excerpt, reference
from ui.words import VERDICTS, count, listed

WORST = 20
MOST_QUOTES = 3


def evaluation_view(report: Report, gold_cases: int, collection: str | None, present: Set[str] = frozenset()) -> str:
    """The whole report.

    Args:
        gold_cases: How many were saved in the collection.
        present: Documents that can be opened here; the report may be of others.
    """
    goals = [one for one in report.figures if one.reach is not None]
    return block(
        fill(
            "<h2>The last evaluation</h2>{about}{gold}{goals}{rest}{worst}",
            about=_about(report),
            gold=_gold(gold_cases, collection),
            goals=_table("What has a goal", goals) if goals else Html(""),
            rest=_groups([one for one in report.figures if one.reach is None]),
            worst=_worst(report, present),
        ),
        "evaluation",
    )


def no_report_view(gold_cases: int, collection: str | None, why: str = "") -> str:
    """How to make one."""
    return block(
        fill(
            "<h2>There is no evaluation yet</h2>{why}<p>An evaluation asks questions whose answers are known, and counts what came "
            "out. Stop the server, run this on the machine that has the documents, and start it again:</p>"
            '<p class="command-line"><code>dossier eval gold.jsonl</code></p>'
            "<p>The questions come from a gold file: your own, or one made of the answers that people judged here.</p>{gold}",
            why=fill('<p class="alarm">The report cannot be shown. {why}</p>', why=why) if why else Html(""),
            gold=_gold(gold_cases, collection),
        ),
        "evaluation",
    )


def _about(report: Report) -> Html:
    passed = sum(one.passed for one in report.cases)
    origin = report.origin
    return fill(
        '<p class="said-in-all">{passed} of {questions} came out right.</p><p class="note">{about}</p>',
        passed=f"{passed:,}",
        questions=count(len(report.cases), "question"),
        about=listed(
            [
                report.created_at[:16].replace("T", " ") or None,
                origin.gold or None,
                f"collection {origin.collection}" if origin.collection else None,
                count(origin.documents, "document") if origin.documents else None,
                f"settings {origin.settings_hash}" if origin.settings_hash else None,
                f"commit {origin.commit[:12]}" if origin.commit else None,
            ]
        ),
    )


def _gold(cases: int, collection: str | None) -> Html:
    """What people's judgements have come to, with the file for the next evaluation."""
    if not cases:
        return Html(
            '<p class="note">No test question was kept yet. Judge an answer under “Ask” and keep it as one.</p>'
        )
    return fill(
        '<p class="note">{cases} saved from judged answers. <a class="quiet" href="v1/gold{query}" download>Download them</a></p>',
        cases=count(cases, "test question"),
        query=Html(f"?collection={collection}") if collection else Html(""),
    )


def _groups(figures: Sequence[Figure]) -> Html:
    groups = dict.fromkeys(one.group for one in figures)
    return join(
        fill(
            '<details class="why"><summary>{name}: {count}</summary>{table}</details>',
            name=group.capitalize(),
            count=count(sum(one.group == group for one in figures), "measure"),
            table=_table("", [one for one in figures if one.group == group]),
        )
        for group in groups
    )


def _table(heading: str, figures: Sequence[Figure]) -> Html:
    named = len({one.group for one in figures}) > 1
    return fill(
        '{heading}<div class="scroll" tabindex="0"><table class="figures"><thead><tr><th>Measure</th><th>Value</th><th>95 % interval</th>'
        "<th>Questions</th><th>Goal</th></tr></thead><tbody>{rows}</tbody></table></div>",
        heading=fill("<h3>{heading}</h3>", heading=heading) if heading else Html(""),
        rows=join(_figure(one, named=named) for one in figures),
    )


def _figure(figure: Figure, *, named: bool) -> Html:
    return fill(
        "<tr><td>{name}</td><td><b>{value}</b></td><td>{bar}</td><td>{n}</td><td>{goal}</td></tr>",
        name=f"{figure.group} · {figure.name}" if named else figure.name,
        value=f"{figure.value:.3f}",
        bar=_bar(figure),
        n=f"{figure.n:,}",
        goal=_goal(figure),
    )


def _bar(figure: Figure) -> Html:
    """The interval on a line from 0 to 1, with the value and the goal on it; in words beside it."""
    low, high = (min(max(one, 0.0), 1.0) for one in (figure.interval.low, figure.interval.high))
    return fill(
        '<span class="interval"><span class="line"><span class="from-to" style="left: {left}%; width: {width}%"></span>'
        '<span class="at" style="left: {at}%"></span>{goal}</span>{words}</span>',
        left=round(100 * low, 1),
        width=round(100 * max(high - low, 0), 1),
        at=round(100 * min(max(figure.value, 0.0), 1.0), 1),
        goal=fill('<span class="goal" style="left: {at}%"></span>', at=round(100 * min(max(figure.reach, 0.0), 1.0), 1))
        if figure.reach is not None
        else Html(""),
        words=f"{figure.interval.low:.2f} to {figure.interval.high:.2f}",
    )


def _goal(figure: Figure) -> Html:
    if figure.reach is None:
        return Html("")
    reached = figure.value >= figure.reach
    return fill(
        '<span class="{name}">{goal} {words}</span>',
        name="reached" if reached else "missed",
        goal=f"{figure.reach:.2f}",
        words="reached" if reached else "not reached",
    )


def _worst(report: Report, present: Set[str]) -> Html:
    failing = report.failing
    if not failing:
        return Html('<p class="note">No question came out wrong.</p>')
    return fill(
        '<h3>Worst questions{of}</h3><p class="note">Those that it was surest of come first.</p><ol class="worst">{items}</ol>',
        of=f": {WORST} of {len(failing):,}" if len(failing) > WORST else f": {len(failing)}",
        items=join(_case(one, present) for one in failing[:WORST]),
    )


def _case(case: Case, present: Set[str]) -> Html:
    expected = (
        case.answers or tuple(" or ".join(forms) for forms in case.positions) or ("that the documents don’t say",)
    )
    verdict = next((words for name, words in VERDICTS.items() if name == case.verdict), case.verdict)
    return fill(
        '<li><p class="asked">{question}</p><p>Expected: {expected}</p><p>Said: {said}</p>{quotes}{faults}</li>',
        question=case.question,
        expected="; ".join(expected[:6]),
        said=listed([verdict, case.short or None, f"confidence {case.confidence:.2f}"]),
        quotes=fill(
            '<p class="quotes">{quotes}</p>', quotes=join(_quote(one, present) for one in case.citations[:MOST_QUOTES])
        )
        if case.citations
        else Html(""),
        faults=fill('<p class="alarm">{faults}</p>', faults="; ".join(case.citation_faults))
        if case.citation_faults
        else Html(""),
    )


def _quote(quoted: Quoted, present: Set[str]) -> Html:
    inside = fill("“{quote}” <b>{outlet}</b>", quote=excerpt(quoted.quote, 160), outlet=quoted.publisher)
    if quoted.document_id not in present:
        return fill('<span class="quote">{inside}</span>', inside=inside)
    return fill(
        '<button type="button" class="open quote">{inside}{reference}</button>',
        inside=inside,
        reference=reference(quoted.document_id, quoted.start, quoted.end),
    )
