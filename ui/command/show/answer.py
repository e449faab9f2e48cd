"""An answer as a person reads it: the verdict in words, the text with its numbers, then what each number stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from ui.terminal import flat, write
from ui.words import backing_of, listed

if TYPE_CHECKING:
    from rag.values import Answer, Citation, FiltersView, Position

VERDICTS = {
    "answered": "The documents say:",
    "partial": "The documents say, in part:",
    "conflicting": "The documents disagree:",
    "not_stated": "The documents do not say.",
}
_NEAREST_SHOWN = 3
_PASSAGE_CHARS = 300


def show_answer(console: Console, answer: Answer) -> None:
    """Verdict in words, the text with its numbers, then what each number stands for."""
    if answer.degraded:
        write(console, "The language model did not answer; this is the answer without it.", "yellow")
    if answer.rewritten_by:
        write(console, f"Searched as: {answer.query}", "dim")
    if answer.filters.detected:
        write(console, f"Searched as the question asks: {_searched(answer.filters)}.", "dim")
    if answer.verdict != "not_stated":
        write(console, VERDICTS[answer.verdict], "bold")
    write(console, answer.text, "" if answer.citations else "bold")
    for conflict in answer.conflicts:
        write(console, f"They disagree on {conflict.about}:", "bold")
        for position in conflict.positions:
            _show_position(console, position, "")
    if answer.timeline:
        write(console, "Over time:", "bold")
        for point in answer.timeline:
            _show_position(console, point, f"{point.published or 'undated'}: ")
    for citation in answer.citations:
        _show_citation(console, citation)
    if answer.verdict == "not_stated" and answer.evidence:
        write(console, "Nearest passages:")
        for near in answer.evidence[:_NEAREST_SHOWN]:
            write(
                console, listed([near.publisher, near.published, near.title], ", ") or near.document_id, "dim", indent=2
            )
            write(console, flat(near.text, _PASSAGE_CHARS), indent=4)
    if answer.thread:
        write(console, f"Go on with: dossier ask --thread {answer.thread} QUESTION", "dim")


def _searched(filters: FiltersView) -> str:
    only = f"only {filters.publisher}" if filters.publisher else None
    since, until = (
        f"{word} {bound}" if bound else None for word, bound in (("from", filters.since), ("until", filters.until))
    )
    return listed([only, since, until], ", ")


def _show_position(console: Console, position: Position, lead: str) -> None:
    numbers = "".join(f"[{number}]" for number in position.citations)
    who = listed([position.publisher, None if lead else position.published, backing_of(position)], ", ")
    write(console, f"{lead}{flat(position.value)} {numbers} {who}".rstrip(), indent=2)


def _show_citation(console: Console, citation: Citation) -> None:
    page = f"page {citation.page}" if citation.page else None
    console.print()
    write(console, f"[{citation.number}] \u201c{flat(citation.quote)}\u201d")
    said = listed([citation.publisher, citation.author, citation.published, page], ", ") or "outlet and date not stated"
    write(console, said, "cyan", indent=4)
    write(console, listed([citation.title, f"document {citation.document_id}"], ", "), "dim", indent=4)
