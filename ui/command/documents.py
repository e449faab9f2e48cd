"""Commands that bring documents in, list them and take them out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ui.command.options import (
    EXIT_FAILED,
    EXIT_SOME_REFUSED,
    Collection,
    DocumentId,
    Json,
    SetOption,
    TagOption,
    desk_of,
    settings_of,
    tell,
)
from ui.terminal import err, flat, say


def index(
    ctx: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH|URL...", help="Files, folders and pages.")],
    collection: Collection = None,
    set_: SetOption = None,
    tag: TagOption = None,
    as_json: Json = False,
) -> None:
    """Bring files, folders and web pages in; what vanished from a folder goes. Exit 3 when some were refused."""
    from ui.command.show.documents import show_ingest, show_refusals
    from ui.command.show.progress import progress_bars

    metadata = _metadata(set_, tag)
    with desk_of(ctx, collection) as (desk, name), progress_bars() as progress:
        report = desk.index(paths, collection=name, progress=progress, metadata=metadata or None)
    show_refusals(err(), report)
    tell(report, as_json, show_ingest)
    if report.refused:
        went_in = report.added or report.replaced or report.unchanged
        raise typer.Exit(EXIT_SOME_REFUSED if went_in else EXIT_FAILED)


def watch(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False, readable=True, help="The folder.")
    ],
    collection: Collection = None,
    set_: SetOption = None,
    tag: TagOption = None,
    every: Annotated[float, typer.Option("--every", min=0.1, max=86_400, help="Seconds between two looks.")] = 1.0,
) -> None:
    """Index a folder, then follow it: what changes is indexed, what goes is removed. Ctrl-C ends it."""
    import signal
    import threading

    from ui.folder_watch import FolderWatch

    metadata = _metadata(set_, tag)
    stop = threading.Event()
    before = {one: signal.signal(one, lambda *_: stop.set()) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        with desk_of(ctx, collection) as (desk, name):
            settings = settings_of(ctx)
            FolderWatch(
                desk,
                Path(os.path.abspath(folder)),  # noqa: PTH100 - links are not followed
                settings,
                collection=name,
                tell=lambda line: say(flat(line)),
                stop=stop,
                every_s=every,
                metadata=metadata or None,
            ).run()
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def documents(ctx: typer.Context, as_json: Json = False, collection: Collection = None) -> None:
    """List the documents, newest first."""
    from ui.command.show.documents import show_documents

    with desk_of(ctx, collection) as (desk, name):
        found = desk.documents(collection=name)
    tell(found, as_json, show_documents)


def edit(
    ctx: typer.Context,
    document_id: DocumentId,
    date: Annotated[
        str | None, typer.Option("--date", help="Published on: 2025-11-16, 2025-11 or 2025; '' where it is not known.")
    ] = None,
    publisher: Annotated[str | None, typer.Option("--publisher", help="Outlet; '' where it is not known.")] = None,
    author: Annotated[str | None, typer.Option("--author", help="Author; '' where it is not known.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="Title; '' where it is not known.")] = None,
    set_: SetOption = None,
    tag: TagOption = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take every correction back: what the file says holds again.")
    ] = False,
    as_json: Json = False,
    collection: Collection = None,
) -> None:
    """Correct what is known of a document; answers cite it so from now on."""
    from ui.command.show.documents import show_document

    given = {"published": date, "publisher": publisher, "author": author, "title": title}
    fields: dict[str, Any] = {name: value for name, value in given.items() if undo or value is not None}
    metadata = _metadata(set_, tag)
    if not (fields or metadata) or (undo and (metadata or any(value is not None for value in given.values()))):
        raise typer.BadParameter("Give --date, --publisher, --author, --title, --set or --tag, or --undo by itself.")
    if undo:
        fields["metadata"] = None
    elif metadata:
        fields["metadata"] = metadata
    with desk_of(ctx, collection) as (desk, name):
        found = desk.edit(document_id, fields, collection=name)
    tell(found, as_json, show_document)


def supersede(
    ctx: typer.Context,
    old: DocumentId,
    new: Annotated[str | None, typer.Argument(metavar="NEW", help="The document that stands in its place.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the mark back.")] = False,
    as_json: Json = False,
    collection: Collection = None,
) -> None:
    """Mark a document as superseded by a newer one: wherever it is cited, that is said."""
    from ui.command.show.documents import show_document

    if (new is None) != undo:
        raise typer.BadParameter("Give the document that is in force now, or --undo.")
    with desk_of(ctx, collection) as (desk, name):
        found = desk.edit(old, {"metadata": {"superseded_by": new}}, collection=name)
    tell(found, as_json, show_document)


def _metadata(pairs: list[str] | None, tags: list[str] | None) -> dict[str, Any]:
    from ui.metadata import metadata_options

    try:
        return metadata_options(pairs or (), tags or ())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def remove(ctx: typer.Context, document_id: DocumentId, collection: Collection = None) -> None:
    """Remove a document: from now on it is not cited."""
    with desk_of(ctx, collection) as (desk, name):
        desk.remove(document_id, collection=name, erase=False)
    say(f"Removed {document_id}.")


def erase(ctx: typer.Context, document_id: DocumentId, collection: Collection = None) -> None:
    """Remove a document and prove that no byte of it is left."""
    with desk_of(ctx, collection) as (desk, name):
        desk.remove(document_id, collection=name, erase=True)
    say(f"Erased {document_id}: no byte of it is left.")
