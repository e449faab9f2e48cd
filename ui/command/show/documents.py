"""Documents, collections, what an ingest did, and the passages nearest to a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ui.terminal import flat, text_of, write
from ui.words import count, date_with_source, listed, size_in_words

if TYPE_CHECKING:
    from rag.views import CollectionsView, DocumentsView, DocumentView, HitView, IngestView, SearchView

_PASSAGE_CHARS = 300


def show_hits(console: Console, found: SearchView) -> None:
    """Each passage under its score, the ranks behind it, and where it comes from."""
    if not found.hits:
        write(console, "No passage was found.")
    if found.undated_left_out:
        write(console, f"{count(found.undated_left_out, 'undated document')} left out by the dates.", "dim")
    for hit in found.hits:
        write(
            console,
            f"{hit.score:.4f} ({_why(hit)})  {listed([hit.publisher, hit.published, hit.title], ', ')}",
            "bold",
            lead=f"{hit.rank}.",
        )
        later = f", superseded by document {hit.superseded_by}" if hit.superseded_by else ""
        write(console, f"document {hit.document_id}, characters {hit.start} to {hit.end}{later}", "dim", indent=4)
        if hit.before:
            write(console, flat(hit.before), "dim", indent=4)
        write(console, flat(hit.text, _PASSAGE_CHARS), indent=4)
        if hit.after:
            write(console, flat(hit.after), "dim", indent=4)


def _why(hit: HitView) -> str:
    ranks = [f"{name} {rank}" for name, rank in (("dense", hit.dense_rank), ("lexical", hit.lexical_rank)) if rank]
    return ", ".join(ranks + [f"{name.replace('_', ' ')} {value:g}" for name, value in hit.signals.items() if value])


def show_documents(console: Console, found: DocumentsView) -> None:
    """A table on a terminal; one line each where there is none."""
    if console.is_terminal and found.documents:
        _show_table(console, found)
    else:
        for one in found.documents:
            said = "  ".join((one.published or "undated", one.publisher or "-", flat(one.title or "-")))
            write(console, f"{one.id}  {said}  ({one.chunk_count} chunks)")
    write(console, f"{found.total} documents")


def _show_table(console: Console, found: DocumentsView) -> None:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("id", no_wrap=True, style="dim")
    table.add_column("published", no_wrap=True)
    table.add_column("outlet", overflow="ellipsis", max_width=24)
    table.add_column("title", ratio=1)
    table.add_column("chunks", justify="right", no_wrap=True)
    for one in found.documents:
        cells = (one.id, one.published or "undated", one.publisher or "-", flat(one.title or "-"), str(one.chunk_count))
        table.add_row(*map(text_of, cells))
    console.print(table, soft_wrap=False)


def show_document(console: Console, one: DocumentView) -> None:
    """What is known of a document, and what says so."""
    write(console, flat(one.title or "untitled"), "bold")
    when = date_with_source(one.published, one.published_precision, one.published_source)
    write(console, listed([one.publisher or "outlet not stated", one.author, when], ", "), "cyan", indent=2)
    write(console, f"document {one.id}", "dim", indent=2)
    if one.superseded_by:
        write(console, f"superseded by document {one.superseded_by}", "yellow", indent=2)
    for key, value in one.metadata.items():
        said = ", ".join(value) if isinstance(value, list) else str(value)
        write(console, flat(f"{key}: {said}"), indent=2)


def show_collections(console: Console, found: CollectionsView) -> None:
    """One line each; the usual one is marked."""
    for one in found.collections:
        held = f"{count(one.documents, 'document')}, {count(one.chunks, 'chunk')}"
        held += f", {size_in_words(one.original_bytes)} of originals" if one.original_bytes else ""
        usual = "  (the usual one)" if one.usual else ""
        write(console, f"{one.name:24} {held if one.readable else 'cannot be read; run: dossier doctor'}{usual}")
    if not found.collections:
        write(console, "No collections yet. Run: dossier index FOLDER")


def show_ingest(console: Console, report: IngestView) -> None:
    """What went in and what did not, in two lines; then what was replaced, and what was kept beside another of its name."""
    done = (
        f"{len(report.added)} added, {len(report.replaced)} replaced, {len(report.removed)} removed, "
        f"{report.unchanged} unchanged (not embedded again), {len(report.refused)} refused"
    )
    total = report.seconds.get("total")
    write(console, done + (f" in {total:.1f} s" if total else ""))
    write(console, f"{report.embedded_chunks} chunks embedded, {report.reused_chunks} reused")
    for one in report.replacements:
        end = "is gone" if one.gone else "stays under another source"
        write(console, f"{flat(one.source)}: replaced; what it held, {one.old}, {end}")
    for beside in report.beside:
        write(
            console,
            f"{flat(beside.name)}: another content has this name; both are kept, this one as {flat(beside.source)}",
        )

    for offered in report.successors:
        write(
            console,
            f"{offered.new} looks like the newer version of {offered.old}: {offered.why}. If it is: dossier supersede {offered.old} {offered.new}",
        )


def show_refusals(console: Console, report: IngestView) -> None:
    """One line per file that did not go in."""
    for one in report.refused:
        write(console, f"{flat(one.source)}: {one.code}: {flat(one.reason)}", "yellow" if console.is_terminal else "")
