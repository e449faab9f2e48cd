"""What is in a collection, at a glance: how much, from whom, and from when, as markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from index.values import Document
from ui.page.documents.periods import Period, Timeline, timeline
from ui.page.markup import Html, block, escape, fill, join
from ui.words import count, listed, written

MOST_OUTLETS = 12
MOST_AUTHORS = 8


def contents_view(documents: Sequence[Document]) -> str:
    """Nothing for an empty collection: the list says so."""
    if not documents:
        return ""
    return block(
        fill(
            "<section><h2>What is in here</h2>{counts}{timeline}{outlets}{authors}</section>",
            counts=_counts(documents),
            timeline=_timeline(documents),
            outlets=_outlets(documents),
            authors=_authors(documents),
        ),
        "contents",
    )


def narrowing(label: str, fields: Html, name: str = "quiet") -> Html:
    """A button that narrows the list: `fields` are hidden elements, each named after a field of `Listing`."""
    return fill(
        '<button type="button" class="{name} narrow">{label}{fields}</button>', name=name, label=label, fields=fields
    )


def field(name: str, value: str) -> Html:
    return fill('<i hidden class="{name}">{value}</i>', name=Html(name), value=value)


def _counts(documents: Sequence[Document]) -> Html:
    dates = sorted(one.provenance.published.date for one in documents if one.provenance.published)
    copies = sum(one.origin != one.id for one in documents)
    undated = len(documents) - len(dates)
    facts = [
        _fact(f"{len(documents):,}", "document" if len(documents) == 1 else "documents"),
        _fact(f"{len({one.origin for one in documents}):,}", "independent reports", _copies(copies)),
        _fact(_from_to(dates), "published") if dates else None,
        _fact(f"{undated:,}", "without a date", narrowing("Show them", field("undated", "yes"))) if undated else None,
    ]
    return fill('<ul class="counts">{facts}</ul>', facts=join(one for one in facts if one))


def _fact(value: str, label: str, more: Html | str = "") -> Html:
    return fill(
        '<li><b class="value">{value}</b> <span class="label">{label}</span> {more}</li>',
        value=value,
        label=label,
        more=more,
    )


def _copies(copies: int) -> Html:
    if not copies:
        return Html("")
    label = f"{count(copies, 'document repeats', 'documents repeat')} another"
    return narrowing(label, field("copies", "yes"))


def _from_to(dates: Sequence[str]) -> str:
    first, last = written(dates[0]), written(dates[-1])
    return first if first == last else f"{first} – {last}"


def _outlets(documents: Sequence[Document]) -> Html:
    outlets = Counter(one.provenance.publisher for one in documents if one.provenance.publisher)
    unnamed = len(documents) - outlets.total()
    if not outlets:
        return Html("")
    named = sorted(outlets.items(), key=lambda item: (-item[1], item[0].casefold()))
    buttons = join(fill("<li>{button}</li>", button=_outlet(name, number)) for name, number in named[:MOST_OUTLETS])
    rest = listed(
        [
            f"and {count(len(named) - MOST_OUTLETS, 'more outlet')}" if len(named) > MOST_OUTLETS else None,
            f"{count(unnamed, 'document names', 'documents name')} none" if unnamed else None,
        ],
        "; ",
    )
    return fill(
        '<h3>{title}</h3><ul class="outlets">{buttons}</ul>{rest}',
        title=count(len(outlets), "outlet"),
        buttons=buttons,
        rest=fill('<p class="note">{rest}</p>', rest=rest) if rest else Html(""),
    )


def _outlet(name: str, number: int) -> Html:
    inside = fill(
        '<span class="name">{name}</span> <span class="number-of">{number}<span class="sr"> {noun}</span></span>{field}',
        name=name,
        number=f"{number:,}",
        noun="document" if number == 1 else "documents",
        field=field("outlet", name),
    )
    return fill('<button type="button" class="outlet narrow">{inside}</button>', inside=inside)


def _authors(documents: Sequence[Document]) -> Html:
    authors = Counter(one.provenance.author for one in documents if one.provenance.author)
    if not authors:
        return Html("")
    named = [name for name, _ in sorted(authors.items(), key=lambda item: (-item[1], item[0].casefold()))]
    rest = len(named) - MOST_AUTHORS
    return fill(
        '<p class="note authors">{count}: {names}{rest}</p>',
        count=count(len(named), "author"),
        names=", ".join(named[:MOST_AUTHORS]),
        rest=f" and {rest:,} more" if rest > 0 else "",
    )


def _timeline(documents: Sequence[Document]) -> Html:
    """Bars, the oldest first; a list of sentences to those who hear the page."""
    found = timeline(one.provenance.published.date for one in documents if one.provenance.published)
    if len(found.periods) < 2:
        return Html("")
    most = max(one.count for one in found.periods)
    return fill(
        '<h3 class="sr">Publication dates, by {step}</h3><ol class="bars">{bars}</ol>'
        '<p class="axis"><span>{first}</span><span>{last}</span></p>{coarser}',
        step=found.step,
        bars=join(_bar(one, most) for one in found.periods),
        first=found.periods[0].label,
        last=found.periods[-1].label,
        coarser=_coarser(found),
    )


def _bar(period: Period, most: int) -> Html:
    if not period.count:
        return Html('<li class="none"></li>')
    said = f"{count(period.count, 'document')}, {period.label}"
    return fill(
        '<li><button type="button" class="period narrow" title="{said}"><span class="sr">{said}</span>'
        '<span class="height" style="height: {percent}%"></span>{since}{until}</button></li>',
        said=said,
        percent=max(4, round(100 * period.count / most)),
        since=field("since", period.since),
        until=field("until", period.until),
    )


def _coarser(found: Timeline) -> Html:
    if not found.coarser:
        return Html("")
    noun = count(found.coarser, "document has", "documents have")
    return fill(
        '<p class="note">{text}</p>',
        text=escape(f"{noun} a date that is known less exactly, and no place among the bars."),
    )
