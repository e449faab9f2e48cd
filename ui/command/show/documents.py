"""Documents, what an ingest did, and the passages nearest to a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from ui.terminal import flat, write
from ui.words import listed

if TYPE_CHECKING:
    from rag.views import DocumentsView, IngestView, SearchView

_PASSAGE_CHARS = 300


def show_hits(console: Console, found: SearchView) -> None:
    if not found.hits:
        write(console, "No passage was found.")
    for hit in found.hits:
        ranks = [f"{name} {rank}" for name, rank in (("dense", hit.dense_rank), ("lexical", hit.lexical_rank)) if rank]
        ranks += [f"{name.replace('_', ' ')} {value:g}" for name, value in hit.signals.items() if value]
        write(
            console,
            f"{hit.rank}. {hit.score:.4f} ({', '.join(ranks)})  {listed([hit.publisher, hit.published, hit.title], ', ')}",
            "bold",
        )
        write(console, f"document {hit.document_id}, characters {hit.start} to {hit.end}", "dim", indent=4)
        if hit.before:
            write(console, flat(hit.before), "dim", indent=4)
        write(console, flat(hit.text, _PASSAGE_CHARS), indent=4)
        if hit.after:
            write(console, flat(hit.after), "dim", indent=4)


def show_documents(console: Console, found: DocumentsView) -> None:
    for one in found.documents:
        said = "  ".join((one.published or "undated", one.publisher or "-", flat(one.title or "-")))
        write(console, f"{one.id}  {said}  ({one.chunk_count} chunks)")
    write(console, f"{found.total} documents")


def show_ingest(console: Console, report: IngestView) -> None:
    done = f"{len(report.added)} added, {len(report.replaced)} replaced, {len(report.removed)} removed, {report.unchanged} unchanged (not embedded again), {len(report.refused)} refused"
    total = report.seconds.get("total")
    write(console, done + (f" in {total:.1f} s" if total else ""))
    write(console, f"{report.embedded_chunks} chunks embedded, {report.reused_chunks} reused")


def show_refusals(console: Console, report: IngestView) -> None:
    """One line per file that did not go in."""
    for one in report.refused:
        write(console, f"{flat(one.source)}: {one.code}: {flat(one.reason)}")
