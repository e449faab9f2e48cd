"""Commands that run Dossier and keep its data well."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import DossierError
from ui.command.options import EXIT_FAILED, Collection, Json, desk_of, print_json, settings_of
from ui.terminal import out, say

if TYPE_CHECKING:
    from index.backup import BackupReport

EXTENSIONS = "dossier.commands"


def serve(
    ctx: typer.Context,
    host: Annotated[
        str | None, typer.Option("--host", help="Address; any but this machine's own needs a key: dossier keys create.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535)] = None,
) -> None:
    """Serve the page and the API in one process, until Ctrl-C."""
    settings = settings_of(ctx, host=host, port=port)
    from ui.serve import serve as run

    run(settings)


def doctor(
    ctx: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Build search indexes that are broken anew.")] = False,
    as_json: Json = False,
) -> None:
    """Say what is broken and what mends it. Exit 1 when something is."""
    settings = settings_of(ctx)
    from dataclasses import asdict

    from ui.command.checkup import check_up
    from ui.command.show.findings import show_findings

    findings = check_up(settings, mend=repair)
    if as_json:
        print_json([asdict(one) for one in findings])
    else:
        show_findings(out(), findings)
    if not all(one.ok for one in findings):
        raise typer.Exit(EXIT_FAILED)


def rebuild(
    ctx: typer.Context,
    collection: Collection = None,
    reembed: Annotated[bool, typer.Option("--reembed", help="Encode every chunk again, for another model.")] = False,
) -> None:
    """Build the search indexes again from the catalogue."""
    from ui.command.show.progress import progress_bars

    with desk_of(ctx, collection) as (desk, name), progress_bars() as progress:
        desk.rebuild(collection=name, reembed=reembed, progress=progress)
    say("Rebuilt.")


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to write.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write every collection into one file; a server may go on working."""
    from index.backup import backup as write_backup
    from ui.command.show.progress import progress_bars

    settings = settings_of(ctx)
    with progress_bars() as progress:
        report = write_backup(settings.data, file, force=force, progress=progress)
    say(f"Wrote {report.file}: {_held(report)}.")


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.", exists=False)],
) -> None:
    """Make a data directory of a backup; the directory must be missing or empty."""
    from index.backup import restore as read_backup
    from ui.command.show.progress import progress_bars

    settings = settings_of(ctx)
    with progress_bars() as progress:
        report = read_backup(file, settings.data, progress=progress)
    say(f"Restored {settings.data}: {_held(report)}.")


def _held(report: BackupReport) -> str:
    from ui.words import count, size_in_words

    documents, collections = sum(report.documents.values()), len(report.documents)
    held = f"{count(documents, 'document')} in {count(collections, 'collection')}"
    return f"{held}, {size_in_words(report.size_bytes)}, of {report.written_at}"


def mcp(ctx: typer.Context) -> None:
    """Answer an assistant over MCP on standard input and output."""
    from importlib.util import find_spec

    if find_spec("mcp") is None:
        raise DossierError("dossier mcp needs the official SDK. Run: pip install 'mcp>=2.3,<3'")
    settings = settings_of(ctx)
    from ui.mcp import serve as run
    from ui.opening import open_desk

    run(open_desk(settings), settings)


def config(ctx: typer.Context, as_json: Json = False) -> None:
    """List every setting, its value, and what set it."""
    from ui.command.origins import setting_origins
    from ui.command.show.findings import show_table

    found = setting_origins(settings_of(ctx), ctx.obj)
    if as_json:
        print_json([one.as_dict() for one in found])
    else:
        show_table(out(), ((one.name, one.value, one.where, one.description) for one in found))


def evaluate(ctx: typer.Context) -> None:
    """Measure answers against a gold file: dossier eval GOLD.jsonl."""
    from importlib.metadata import entry_points

    found = list(entry_points(group=EXTENSIONS, name="eval"))
    if not found:
        raise DossierError("The measures are not installed with this Dossier. Run: python -m eval GOLD.jsonl")
    settings = settings_of(ctx)
    os.environ["DOSSIER_DATA"] = str(settings.data)
    code = found[0].load()(list(ctx.args))
    raise typer.Exit(code if isinstance(code, int) else 0)
