"""An answer as a person reads it: the verdict in words, the text with its numbers, then what each number stands for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.columns import Columns
from rich.console import Console, Group
from rich.panel import Panel
from rich.style import Style

from ui.terminal import flat, text_of, write
from ui.words import DOUBTS, backing_of, date_with_source, listed, searched, written

if TYPE_CHECKING:
    from rag.values import Answer, Citation, EvidenceView, Position

VERDICTS = {
    "answered": "The documents say:",
    "partial": "The documents say, in part:",
    "conflicting": "The documents disagree:",
    "not_stated": "The documents do not say.",
}
_STYLES = {"answered": "bold green", "partial": "bold yellow", "conflicting": "bold yellow", "not_stated": "bold"}
_NEAREST_SHOWN = 3
_PASSAGE_CHARS = 300
_POSITION_WIDTH = 34


def show_answer(console: Console, answer: Answer) -> None:
    """The whole answer; on a terminal in colour, with the positions of a conflict side by side."""
    _show_notes(console, answer)
    if answer.verdict != "not_stated":
        write(console, VERDICTS[answer.verdict], _STYLES[answer.verdict])
    (_show_large if console.is_terminal else _show_plain)(console, answer)
    for citation in answer.citations:
        _show_citation(console, citation)
    if answer.verdict == "not_stated" and answer.evidence:
        _show_nearest(console, answer.evidence)
    if answer.thread:
        write(console, f"Go on with: dossier ask --thread {answer.thread} QUESTION", "dim")


def _show_notes(console: Console, answer: Answer) -> None:
    if answer.degraded:
        reason = answer.degraded_reason
        said = f"{reason.message} " if reason else "The language model did not answer. "
        write(console, f"{said}This is the answer without it.", "yellow")
    if answer.rewritten_by:
        write(console, f"Searched as: {answer.query}", "dim")
    if answer.filters.detected or answer.filters.undated_left_out:
        by = " as the question asks" if answer.filters.detected else ""
        write(console, f"Searched{by}: {searched(answer.filters)}.", "dim")


def _show_plain(console: Console, answer: Answer) -> None:
    """The text in one paragraph, then a line for each position."""
    write(console, answer.text)
    for conflict in answer.conflicts:
        write(console, f"They disagree on {conflict.about}:")
        for position in conflict.positions:
            write(console, _position(position), indent=2)
    _show_timeline(console, answer.timeline)


def _show_large(console: Console, answer: Answer) -> None:
    """The bare answer in a frame, or the positions in one each; then a paragraph for each sentence."""
    for conflict in answer.conflicts:
        if len(answer.conflicts) > 1:
            write(console, f"On {conflict.about}:", "bold")
        _show_side_by_side(console, conflict.positions)
    if answer.short and not answer.conflicts:
        console.print(Panel(text_of(flat(answer.short), "bold"), border_style="green", expand=False, padding=(0, 2)))
    if not answer.statements:
        write(console, answer.text, _STYLES[answer.verdict] if answer.verdict == "not_stated" else "")
    before = None
    for one in answer.statements:
        numbers = "".join(f"[{number}]" for number in one.citations)
        led = f"{one.attribution}: " if one.attribution and one.attribution != before else ""
        write(console, f"{led}{flat(one.text)} {numbers}")
        if DOUBTS[one.status]:
            write(console, DOUBTS[one.status], "yellow", indent=2)
        before = one.attribution
    if answer.statements and answer.missing:
        write(console, f"The documents do not say: {listed(answer.missing, '; ')}", "bold")
    _show_timeline(console, answer.timeline)


def _show_timeline(console: Console, timeline: Sequence[Position]) -> None:
    if timeline:
        write(console, "Over time:", "bold")
    for point in timeline:
        write(console, _position(point, lead=f"{point.published or 'undated'}: "), indent=2)


def _show_side_by_side(console: Console, positions: Sequence[Position]) -> None:
    width = max(12, min(_POSITION_WIDTH, console.width // min(len(positions), 2) - 1))
    console.print(Columns((_card(position, width) for position in positions), padding=(0, 1)))


def _position(position: Position, lead: str = "") -> str:
    numbers = "".join(f"[{number}]" for number in position.citations)
    who = listed([position.publisher, None if lead else position.published, backing_of(position)], ", ")
    return f"{lead}{flat(position.value)} {numbers} {who}".rstrip()


def _card(position: Position, width: int) -> Panel:
    numbers = "".join(f"[{number}]" for number in position.citations)
    lines = [
        text_of(flat(position.value), "bold"),
        text_of(f"{position.publisher or 'outlet not stated'} {numbers}"),
        text_of(written(position.published)),
        *([text_of(backing_of(position), "dim")] if backing_of(position) else []),
    ]
    return Panel(Group(*lines), width=width, border_style="dim" if position.outvoted else "yellow")


def _show_citation(console: Console, citation: Citation) -> None:
    page = f"page {citation.page}" if citation.page else None
    named = f"document {citation.document_id}"
    console.print()
    write(console, f"\u201c{flat(citation.quote)}\u201d", lead=f"[{citation.number}]")
    when = citation.published
    if console.is_terminal and when:
        when = date_with_source(when, citation.published_precision, citation.published_source)
    said = listed([citation.publisher, citation.author, when, page], ", ") or "outlet and date not stated"
    write(console, said, "cyan", indent=4)
    if citation.superseded_by:
        write(console, f"superseded by document {citation.superseded_by}", "yellow", indent=4)
    title = text_of(citation.title or "", "dim")
    if console.is_terminal and (address := _address(citation.uri)):
        title.stylize(Style(link=address))
    write(console, text_of(", ", "dim").join(filter(None, (title, text_of(named, "dim")))), indent=4)


def _address(source: str | None) -> str | None:
    """A file of this machine that the terminal can open; percent-encoded, so that no name steers the terminal."""
    if not source or not source.startswith("/") or "\0" in source:
        return None
    try:
        return Path(source).as_uri() if Path(source).is_file() else None
    except (OSError, ValueError):
        return None


def _show_nearest(console: Console, evidence: tuple[EvidenceView, ...]) -> None:
    write(console, "Nearest passages:")
    for near in evidence[:_NEAREST_SHOWN]:
        who = listed([near.publisher, near.published, near.title], ", ") or near.document_id
        write(console, who, "cyan", indent=2)
        write(console, flat(near.text, _PASSAGE_CHARS), indent=4)
