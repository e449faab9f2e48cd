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

from ui.words import backing_of

if TYPE_CHECKING:
    from index.doctor import Finding
    from rag.replay import Changes, Replay
    from rag.values import Answer, Citation, FiltersView, Position
    from rag.views import AnswersView, ChangesView, DocumentsView, IngestView, SearchView
    from ui.protocols import Progress as Report

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
    if answer.rewritten_by:
        _line(console, f"Searched as: {answer.query}", "dim")
    if answer.filters.detected:
        _line(console, f"Searched as the question asks: {_searched(answer.filters)}.", "dim")
    if answer.verdict != "not_stated":
        _line(console, VERDICTS[answer.verdict], "bold")
    _line(console, answer.text, "" if answer.citations else "bold")
    for conflict in answer.conflicts:
        _line(console, f"They disagree on {conflict.about}:", "bold")
        for position in conflict.positions:
            _show_position(console, position, "")
    if answer.timeline:
        _line(console, "Over time:", "bold")
        for point in answer.timeline:
            _show_position(console, point, f"{point.published or 'undated'}: ")
    for citation in answer.citations:
        _show_citation(console, citation)
    if answer.verdict == "not_stated" and answer.evidence:
        _line(console, "Nearest passages:")
        for near in answer.evidence[:_NEAREST_SHOWN]:
            _line(console, _who(near.publisher, near.published, near.title) or near.document_id, "dim", indent=2)
            _line(console, _flat(near.text, _PASSAGE_CHARS), indent=4)
    if answer.thread:
        _line(console, f"Go on with: dossier ask --thread {answer.thread} QUESTION", "dim")


def show_answers(console: Console, found: AnswersView) -> None:
    """One line for each kept answer, and how many there are."""
    for one in found.answers:
        said = _flat(one.short, 80) or VERDICTS[one.verdict].rstrip(":.")
        stale = "  (before documents came or went)" if one.outdated else ""
        _line(console, f"{one.id}  {one.asked_at}  {_flat(one.question, 100)}  ->  {said}{stale}")
    _line(console, f"{found.total} answers")


def show_replay(console: Console, replay: Replay) -> None:
    """What changed, or that nothing did, and why it may have."""
    changes = replay.changes
    _line(console, _flat(replay.old.answer.question), "bold")
    if not changes.changed:
        _line(console, "Nothing changed but the wording." if changes.statements_new else "Nothing changed.")
    if changes.verdict:
        before, after = (one.replace("_", " ") for one in changes.verdict)
        _line(console, f"verdict: was {before}, is {after}", indent=2)
    if changes.short:
        before, after = (_flat(one) or "nothing" for one in changes.short)
        _line(console, f"answer: was {before}, is {after}", indent=2)
    for sign, lines in (("-", _gone(changes)), ("+", _new(changes))):
        for line in lines:
            _line(console, f"{sign} {_flat(line)}", indent=2)
    for name, ids in (("came in", changes.documents_came), ("left", changes.documents_went)):
        for document_id in ids:
            _line(console, f"document {document_id} {name} since", "dim", indent=2)
    if changes.settings:
        _line(console, "the settings are others than then", "dim", indent=2)


def _gone(changes: Changes) -> list[str]:
    positions = [f"position: {_who(one.value, one.publisher, one.published)}" for one in changes.positions_gone]
    return [*positions, *changes.statements_gone, *map(_source, changes.citations_gone)]


def _new(changes: Changes) -> list[str]:
    positions = [f"position: {_who(one.value, one.publisher, one.published)}" for one in changes.positions_new]
    return [*positions, *changes.statements_new, *map(_source, changes.citations_new)]


def _source(citation: Citation) -> str:
    return f"source: {_who(citation.publisher, citation.published, citation.title) or citation.document_id}"


def show_changes(console: Console, found: ChangesView, limit: int) -> None:
    """The answers that changed, and how many were looked at."""
    for replay in found.changed:
        _line(console, replay.old.answer.id, "dim")
        show_replay(console, replay)
    looked_at = f" The newest {limit} of them were asked again." if found.outdated > limit else ""
    _line(console, f"{len(found.changed)} changed of {found.outdated} since which documents came or went.{looked_at}")


def _searched(filters: FiltersView) -> str:
    only = f"only {filters.publisher}" if filters.publisher else None
    since, until = (
        f"{word} {bound}" if bound else None for word, bound in (("from", filters.since), ("until", filters.until))
    )
    return _who(only, since, until)


def _show_position(console: Console, position: Position, lead: str) -> None:
    numbers = "".join(f"[{number}]" for number in position.citations)
    who = _who(position.publisher, None if lead else position.published, backing_of(position))
    _line(console, f"{lead}{_flat(position.value)} {numbers} {who}".rstrip(), indent=2)


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
