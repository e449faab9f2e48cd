"""Answers, passages, documents and reports for a person at a terminal; what a document says is never taken for markup."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from index.doctor import Finding
    from rag.values import Answer, Citation, FiltersView
    from ui.protocols import Progress as Report
    from ui.views import DocumentsView, IngestView, SearchView

VERDICTS = {
    "answered": "The documents say:",
    "partial": "The documents say, in part:",
    "conflicting": "The documents disagree:",
    "not_stated": "The documents do not say.",
}
STAGES = {"read": "Reading", "encode": "Encoding", "index": "Indexing", "queued": "Waiting"}
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NEAREST_SHOWN = 3
_PASSAGE_CHARS = 300


def printable(text: str) -> str:
    r"""Text in which no escape sequence, direction override or stray surrogate reaches the terminal.

    >>> printable("a\x1b[31mb")
    'a\ufffd[31mb'
    """
    kept = (char if char in "\n\t" or not _dangerous(char) else "\ufffd" for char in text)
    return "".join(kept)


def _dangerous(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs") or char in _OVERRIDES


def out() -> Console:
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def err() -> Console:
    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def say(text: str) -> None:
    _line(out(), text)


def complain(text: str) -> None:
    """One line on standard error."""
    _line(err(), "dossier: " + _flat(text), "red" if err().is_terminal else "")


def _line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    shown = Text(printable(text), style=style)
    if console.is_terminal:
        console.print(Padding(shown, (0, 0, 0, indent)), soft_wrap=False)
    else:
        console.print(Text(" " * indent) + shown)


def _flat(text: str, most: int | None = None) -> str:
    flat = " ".join(text.split())
    return flat if most is None or len(flat) <= most else flat[:most].rstrip() + " ..."


def _who(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def show_answer(console: Console, answer: Answer) -> None:
    """Verdict in words, the text with its numbers, then what each number stands for."""
    if answer.degraded:
        _line(console, "The language model did not answer; this is the answer without it.", "yellow")
    if answer.filters.detected:
        _line(console, f"Searched as the question asks: {_searched(answer.filters)}.", "dim")
    if answer.verdict != "not_stated":
        _line(console, VERDICTS[answer.verdict], "bold")
    _line(console, answer.text, "" if answer.citations else "bold")
    for conflict in answer.conflicts:
        _line(console, f"They disagree on {conflict.about}:", "bold")
        for position in conflict.positions:
            numbers = "".join(f"[{number}]" for number in position.citations)
            _line(
                console, f"{position.value} {numbers} {_who(position.publisher, position.published)}".rstrip(), indent=2
            )
    for citation in answer.citations:
        _show_citation(console, citation)
    if answer.verdict == "not_stated" and answer.evidence:
        _line(console, "Nearest passages:")
        for near in answer.evidence[:_NEAREST_SHOWN]:
            _line(console, _who(near.publisher, near.published, near.title) or near.document_id, "dim", indent=2)
            _line(console, _flat(near.text, _PASSAGE_CHARS), indent=4)


def _searched(filters: FiltersView) -> str:
    only = f"only {filters.publisher}" if filters.publisher else None
    since, until = (
        f"{word} {bound}" if bound else None for word, bound in (("from", filters.since), ("until", filters.until))
    )
    return _who(only, since, until)


def _show_citation(console: Console, citation: Citation) -> None:
    page = f"page {citation.page}" if citation.page else None
    console.print()
    _line(console, f"[{citation.number}] \u201c{_flat(citation.quote)}\u201d")
    said = _who(citation.publisher, citation.author, citation.published, page) or "outlet and date not stated"
    _line(console, said, "cyan", indent=4)
    _line(console, _who(citation.title, f"document {citation.document_id}"), "dim", indent=4)


def show_hits(console: Console, found: SearchView) -> None:
    if not found.hits:
        _line(console, "No passage was found.")
    for hit in found.hits:
        ranks = [f"{name} {rank}" for name, rank in (("dense", hit.dense_rank), ("lexical", hit.lexical_rank)) if rank]
        ranks += [f"{name.replace('_', ' ')} {value:g}" for name, value in hit.signals.items() if value]
        _line(
            console,
            f"{hit.rank}. {hit.score:.4f} ({', '.join(ranks)})  {_who(hit.publisher, hit.published, hit.title)}",
            "bold",
        )
        _line(console, f"document {hit.document_id}, characters {hit.start} to {hit.end}", "dim", indent=4)
        if hit.before:
            _line(console, _flat(hit.before), "dim", indent=4)
        _line(console, _flat(hit.text, _PASSAGE_CHARS), indent=4)
        if hit.after:
            _line(console, _flat(hit.after), "dim", indent=4)


def show_documents(console: Console, found: DocumentsView) -> None:
    for one in found.documents:
        said = "  ".join((one.published or "undated", one.publisher or "-", _flat(one.title or "-")))
        _line(console, f"{one.id}  {said}  ({one.chunk_count} chunks)")
    _line(console, f"{found.total} documents")


def show_ingest(console: Console, report: IngestView) -> None:
    done = f"{len(report.added)} added, {len(report.replaced)} replaced, {len(report.removed)} removed, {report.unchanged} unchanged (not embedded again), {len(report.refused)} refused"
    total = report.seconds.get("total")
    _line(console, done + (f" in {total:.1f} s" if total else ""))
    _line(console, f"{report.embedded_chunks} chunks embedded, {report.reused_chunks} reused")


def show_refusals(console: Console, report: IngestView) -> None:
    """One line per file that did not go in."""
    for one in report.refused:
        _line(console, f"{_flat(one.source)}: {one.code}: {_flat(one.reason)}")


def show_findings(console: Console, findings: Iterable[Finding]) -> None:
    """One line for each thing that was looked at; under a broken one, what mends it."""
    for one in findings:
        _line(console, f"{'ok ' if one.ok else 'BAD'}  {one.name}: {_flat(one.detail)}", "" if one.ok else "red")
        if one.mend is not None:
            _line(console, f"mend: {_flat(one.mend)}", indent=5)


def show_table(console: Console, rows: Iterable[tuple[str, str, str, str]]) -> None:
    for name, value, where, description in rows:
        _line(console, f"{name} = {value}  ({where})", "bold")
        _line(console, description, "dim", indent=4)


@contextmanager
def progress_bars() -> Iterator[Report | None]:
    """Bars on standard error while a person watches; None when it is no terminal."""
    console = err()
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(STAGES.get(stage, stage))
            bars.update(tasks[stage], completed=done, total=total)

        yield report
