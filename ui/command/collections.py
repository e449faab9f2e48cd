"""Commands over collections: listed, made, removed with everything in them."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.command.glance import complete_collection
from ui.command.options import Json, desk_of, tell
from ui.terminal import say

collections = typer.Typer(invoke_without_command=True, help="List collections; create or remove one.")
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="1 to 63 of a-z, 0-9, '_' and '-'.", autocompletion=complete_collection, show_default=False
    ),
]


@collections.callback()
def list_collections(ctx: typer.Context, as_json: Json = False) -> None:
    """List collections; create or remove one."""
    if ctx.invoked_subcommand is not None:
        return
    from ui.command.show.documents import show_collections

    with desk_of(ctx, None) as (desk, _):
        found = desk.collections()
    tell(found, as_json, show_collections)


@collections.command()
def create(ctx: typer.Context, name: Name) -> None:
    """Make an empty collection; `dossier index --collection NAME` makes one too."""
    with desk_of(ctx, None) as (desk, _):
        desk.create_collection(name)
    say(f"Created {name}. Run: dossier index FOLDER --collection {name}")


@collections.command()
def remove(
    ctx: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a collection with its documents, answers and feedback."""
    if not yes:
        typer.confirm(f"Remove {name} with every document, answer and judgement in it?", abort=True, err=True)
    with desk_of(ctx, None) as (desk, _):
        desk.remove_collection(name)
    say(f"Removed {name}.")
