"""What narrows a question, as markup: the filters that can be set by hand, and those that an answer was searched with."""

from __future__ import annotations

from collections.abc import Sequence

from index.values import Document
from rag.values import FiltersView
from ui.page.markup import Html, block, fill, join
from ui.words import written

MOST_OUTLETS = 500
_DATES = {"since": "From", "until": "To", "as_of": "As of"}


def filters_view(documents: Sequence[Document]) -> str:
    """The filters; `ask.js` sends what is set in them. Nothing without documents."""
    if not documents:
        return ""
    outlets = sorted({one.provenance.publisher for one in documents if one.provenance.publisher}, key=str.casefold)
    options = join(fill('<option value="{name}">{name}</option>', name=one) for one in outlets[:MOST_OUTLETS])
    dates = join(
        fill(
            '<p class="field"><label for="filter-{name}">{label}</label><input type="date" id="filter-{name}" class="filter"></p>',
            name=Html(name),
            label=label,
        )
        for name, label in _DATES.items()
    )
    return block(
        fill(
            '<details class="filtering"><summary>Filter</summary><div class="narrowing"><p class="field">'
            '<label for="filter-publisher">Outlet</label><select id="filter-publisher" class="filter">'
            '<option value="">All outlets</option>{options}</select></p>{dates}'
            '<p class="field"><button type="button" class="quiet clear">Clear</button></p></div>'
            '<p class="note">“From” and “to” are dates of publication. “As of” answers as it could be answered on that day.</p>'
            "</details>",
            options=options,
            dates=dates,
        )
    )


def used_view(used: FiltersView) -> Html:
    """The filters of an answer, each with a press that asks again without it; nothing when there were none."""
    words = {
        "publisher": f"only {used.publisher}" if used.publisher else "",
        "since": f"from {written(used.since)}" if used.since else "",
        "until": f"until {written(used.until)}" if used.until else "",
        "as_of": f"as of {written(used.as_of)}" if used.as_of else "",
    }
    chips = join(
        fill(
            '<button type="button" class="filter-chip">{words}<span class="sr">: ask again without it</span><i hidden>{part}</i>'
            '<span class="away"></span></button>',
            words=said,
            part=part,
        )
        for part, said in words.items()
        if said
    )
    if not chips:
        return Html("")
    found = Html('<span class="found">as the question asks</span>') if used.detected else Html("")
    return fill('<p class="used"><span class="label">Searched</span> {chips} {found}</p>', chips=chips, found=found)
