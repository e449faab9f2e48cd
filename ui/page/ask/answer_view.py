"""An Answer as markup: the question, the verdict in words, the text with its numbers, the proof under it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from rag.answer.prose import NEAREST_SAY
from rag.values import Answer, Citation, Statement
from ui.page.ask.body_view import body_view
from ui.page.ask.filters_view import used_view
from ui.page.ask.positions_view import conflict_view, said_once, timeline_view
from ui.page.ask.reasons import confidence_of, dates_of_sources, reason_of
from ui.page.ask.why_view import why_view
from ui.page.markup import Html, block, escape, fill, join
from ui.page.proof_view import citations_view, nearest_view
from ui.words import KINDS, VERDICTS, count, listed

NEAREST = 3
EXPORTS = {"markdown": "Markdown", "docx": "Word", "csv": "CSV", "json": "JSON"}
_NOT_STATED = "The documents don't say."

_NEAREST = fill('<p class="note">{say}</p>', say=NEAREST_SAY)
_UNDATED = Html('<p class="note">Documents without a date pass no filter by date.</p>')
_DEGRADED = "The language model did not answer; the built-in reader stood in for it."


def answer_view(answer: Answer, *, kept: bool = False, collection: str | None = None, today: date | None = None) -> str:
    """The whole answer. `not_stated` shows what was searched and the nearest passages instead of citations.

    Args:
        kept: It can be opened again, judged and fetched as a file.
        collection: Where it is kept, when that is not where this caller asks by default.
        today: What "more than a year old" is counted from.
    """
    cited = {citation.number: citation for citation in answer.citations}
    today = today or datetime.now(UTC).date()
    tools = _tools(answer, kept=kept, collection=collection)
    parts = [_not_stated(answer, tools) if answer.verdict == "not_stated" else _stated(answer, cited, tools, today)]
    if answer.timeline:
        parts.append(timeline_view(answer.timeline, cited))
    if answer.citations:
        parts.append(citations_view(answer.citations, said=quoted_in(answer)))
    if answer.evidence:
        parts.append(why_view(answer))
    return block(join(parts), "answer")


def turn_view(answer: Answer) -> Html:
    """An earlier answer of a conversation: all that it says, with its proof; a press brings it back whole."""
    cited = {citation.number: citation for citation in answer.citations}
    stated = answer.verdict != "not_stated"
    body = (
        body_view(answer, cited, said=_in_positions(answer, cited))
        if stated and answer.statements
        else escape(answer.text.removeprefix(_NOT_STATED))
    )
    return fill(
        '<article class="card past"><h3 class="question">{question}</h3>{rewritten}<p class="verdict {name}">{words}</p>{lead}{body}'
        '{sources}<p class="tools"><button type="button" class="quiet turn">Open this answer<i hidden>{id}</i></button></p></article>',
        question=answer.question,
        rewritten=_asked_as(answer),
        name=answer.verdict,
        words=VERDICTS[answer.verdict],
        lead=_lead(answer, cited),
        body=body if stated else fill('<p class="text">{body}</p>', body=body),
        sources=fill(
            '<details class="proof"><summary>{count}</summary>{list}</details>',
            count=count(len(answer.citations), "source"),
            list=citations_view(answer.citations, said=quoted_in(answer), headed=False),
        )
        if answer.citations
        else Html(""),
        id=answer.id,
    )


def quoted_in(answer: Answer) -> frozenset[int]:
    """Citations whose quotes the answer says word for word, so that the list of its sources need not say them again."""

    def left(citation: Citation) -> str:
        quote = " ".join(citation.quote.split())
        for one in answer.statements:
            if citation.number in one.citations:
                quote = quote.replace(" ".join(one.text.split()), "")
        return quote

    return frozenset(one.number for one in answer.citations if not any(map(str.isalnum, left(one))))


def _in_positions(answer: Answer, cited: Mapping[int, Citation]) -> list[Statement]:
    """Statements that are quoted beside the positions of a conflict."""
    positions = [position for conflict in answer.conflicts for position in conflict.positions]
    first = [next((cited[number] for number in one.citations if number in cited), None) for one in positions]
    quotes = {said_once(citation) for citation in first if citation}
    return [one for one in answer.statements if " ".join(one.text.split()) in quotes]


def question_view(question: str) -> Html:
    """The question that an answer belongs to."""
    return fill('<h2 class="question">{question}</h2>', question=question)


def _head(answer: Answer) -> Html:
    why, confidence = reason_of(answer), confidence_of(answer)
    return fill(
        '{question}{rewritten}<p class="verdict {name}">{words}</p>{reason}{kind}{used}',
        question=question_view(answer.question),
        rewritten=_asked_as(answer),
        name=answer.verdict,
        words=VERDICTS[answer.verdict],
        reason=fill(
            '<p class="reason">{why} <span class="confidence">{confidence}</span></p>', why=why, confidence=confidence
        )
        if why or confidence
        else Html(""),
        kind=kind_view(answer.kind),
        used=used_view(answer.filters),
    )


def kind_view(kind: str) -> Html:
    """What the question was taken for, and the other ways to read it; `ask.js` asks again on a change."""
    if kind not in KINDS:
        return Html("")
    options = join(
        fill(
            '<option value="{name}"{chosen}>{label}</option>',
            name=Html(name),
            chosen=Html(" selected") if name == kind else Html(""),
            label=label,
        )
        for name, label in KINDS.items()
        if name != "chat" or kind == "chat"
    )
    return fill(
        '<p class="read-as"><label for="kind">Read as</label> <select id="kind">{options}</select></p>', options=options
    )


def _asked_as(answer: Answer) -> Html:
    """A follow-up as it was searched: whoever reads the answer must see which question it answers."""
    if answer.rewritten_by is None:
        return Html("")
    return fill('<p class="note asked">Asked as: <q>{query}</q></p>', query=answer.query)


def _stated(answer: Answer, cited: Mapping[int, Citation], tools: Html, today: date) -> Html:
    dates = dates_of_sources(answer.citations, today)
    return fill(
        '<section class="card stated">{head}{lead}{nearest}{body}{missing}{degraded}{dates}{tools}</section>',
        head=_head(answer),
        lead=_lead(answer, cited),
        nearest=_NEAREST if answer.text.startswith(NEAREST_SAY) else Html(""),
        body=body_view(answer, cited, said=_in_positions(answer, cited))
        if answer.statements
        else fill('<p class="text">{text}</p>', text=answer.text),
        missing=_missing(answer),
        degraded=_degraded(answer),
        dates=fill('<p class="note dates">{dates}.</p>', dates=dates) if dates else Html(""),
        tools=tools,
    )


def draft_view(answer: Answer) -> Html:
    """What an answer says, without its proof: it stands while a better one is written."""
    cited = {citation.number: citation for citation in answer.citations}
    return fill(
        "{lead}{body}", lead=_lead(answer, cited), body=body_view(answer, cited, said=_in_positions(answer, cited))
    )


def _degraded(answer: Answer) -> Html:
    """Why the language model was of no use, and that the answer is whole all the same."""
    if not answer.degraded:
        return Html("")
    reason = answer.degraded_reason
    why = f"{reason.message} The built-in reader stood in for it." if reason else _DEGRADED
    if reason and answer.answered_by != "extractive":  # part of what it wrote is shown
        why = reason.message
    return fill('<p class="note degraded">{why}</p>', why=why)


def _lead(answer: Answer, cited: Mapping[int, Citation]) -> Html:
    """The bare answer, or the positions side by side where the sources disagree: none of them is chosen."""
    if answer.conflicts:
        leads = {" ".join(one.text.split()): one.attribution for one in answer.statements if one.attribution}
        named = len(answer.conflicts) > 1
        return join(conflict_view(conflict, cited, named=named, leads=leads) for conflict in answer.conflicts)
    return fill('<p class="short">{short}</p>', short=answer.short) if answer.short else Html("")


def _missing(answer: Answer) -> Html:
    if not answer.missing:
        return Html("")
    return fill(
        '<p class="missing"><b>Not in the documents:</b> {parts}</p>', parts=listed(list(answer.missing), " · ")
    )


def _not_stated(answer: Answer, tools: Html) -> Html:
    said = answer.text.removeprefix(_NOT_STATED).strip()
    nearest = answer.evidence[:NEAREST]
    by_date = answer.filters.since or answer.filters.until or answer.filters.as_of
    return fill(
        '<section class="card unstated">{head}<p class="text">{said}</p>{undated}{degraded}{nearest}{tools}</section>',
        head=_head(answer),
        said=said,
        undated=_UNDATED if by_date and not nearest else Html(""),
        degraded=_degraded(answer),
        nearest=fill(
            '<h3>Nearest passages</h3><ul class="nearest">{items}</ul>',
            items=join(nearest_view(one) for one in nearest),
        )
        if nearest
        else Html(""),
        tools=tools,
    )


def _tools(answer: Answer, *, kept: bool, collection: str | None) -> Html:
    """Copying, asking again, judging, and the answer as a file; addresses are of this server, and hold only names of ours."""
    return fill(
        '<div class="tools"><button type="button" class="quiet copy">Copy with sources</button>{link}'
        '<button type="button" class="quiet retry">Ask again</button>{exports}{judging}</div>',
        link=fill(
            '<button type="button" class="quiet link">Copy link<i hidden>{id}</i></button>',
            id=answer.id,
        )
        if kept
        else Html(""),
        exports=_exports(answer.id, collection) if kept else Html(""),
        judging=_judging(answer) if kept else Html(""),
    )


def _exports(answer_id: str, collection: str | None) -> Html:
    links = join(
        (
            fill(
                '<a class="quiet" href="v1/answers/{id}/export?format={name}{where}">{label}</a>',
                id=Html(answer_id),
                name=Html(name),
                where=Html(f"&#38;collection={collection}" if collection else ""),
                label=label,
            )
            for name, label in EXPORTS.items()
        ),
        " ",
    )
    return fill('<span class="exports">Export: {links}</span>', links=links)


def _judging(answer: Answer) -> Html:
    """Two presses; `judge.js` sends the one and asks for reasons after the other."""
    return fill(
        '<span class="judging"><span class="label">Is this right?</span>'
        '<button type="button" class="quiet good">Yes<span class="sr">, it is right</span><i hidden>{id}</i></button>'
        '<button type="button" class="quiet bad">No …<span class="sr"> say what is wrong</span><i hidden>{id}</i></button>'
        '<button type="button" class="quiet gold">Keep as a test question<i hidden>{id}</i></button>'
        '<i hidden class="answered">{short}</i></span>',
        id=answer.id,
        short="" if answer.conflicts else answer.short,
    )
