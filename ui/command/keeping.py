"""Commands over the answers that were kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ui.command.options import AnswerId, Collection, Json, desk_of, tell
from ui.terminal import say


def answers(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")] = 20,
    as_json: Json = False,
    collection: Collection = None,
) -> None:
    """List the answers that were kept, newest first."""
    from ui.command.show.kept import show_answers

    with desk_of(ctx, collection) as (desk, name):
        found = desk.answers(collection=name, limit=limit)
    tell(found, as_json, show_answers)


def replay(
    ctx: typer.Context,
    answer_id: AnswerId,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the new answer too.")] = False,
    as_json: Json = False,
    collection: Collection = None,
) -> None:
    """Ask the question of a kept answer again and say what changed."""
    from ui.command.show.kept import show_replay

    with desk_of(ctx, collection) as (desk, name):
        found = desk.replay(answer_id, collection=name, keep=keep)
    tell(found, as_json, show_replay)


def changes(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=50, help="How many answers are asked again.")] = 10,
    as_json: Json = False,
    collection: Collection = None,
) -> None:
    """Say which of the newest answers changed since documents came or went."""
    from ui.command.show.kept import show_changes

    with desk_of(ctx, collection) as (desk, name):
        found = desk.changes(collection=name, limit=limit)
    tell(found, as_json, lambda console, told: show_changes(console, told, limit))


def export(
    ctx: typer.Context,
    answer_id: AnswerId,
    form: Annotated[str, typer.Option("--format", help="markdown, docx, csv or json.")] = "markdown",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to; ./ID.SUFFIX if left out.")
    ] = None,
    collection: Collection = None,
) -> None:
    """Write a kept answer to a file, with where every sentence comes from."""
    from ui.export import check_format

    checked = check_format(form)
    with desk_of(ctx, collection) as (desk, name):
        file = desk.export(answer_id, checked, collection=name)
    path = out or Path(file.name)
    path.write_bytes(file.content)
    say(f"Wrote {path}.")


def feedback(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")] = 20,
    as_json: Json = False,
    collection: Collection = None,
) -> None:
    """List what people said of answers, newest first."""
    from ui.command.show.kept import show_feedback

    with desk_of(ctx, collection) as (desk, name):
        found = desk.feedback(collection=name, limit=limit)
    tell(found, as_json, show_feedback)


def gold(
    ctx: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to; standard output if left out.")
    ] = None,
    collection: Collection = None,
) -> None:
    """Write the gold cases that were made of feedback, one a line, as `dossier eval` reads them."""
    with desk_of(ctx, collection) as (desk, name):
        cases = desk.gold_cases(collection=name)
    lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
    if out is None:
        print(lines, end="")
    else:
        out.write_text(lines, encoding="utf-8")
        say(f"Wrote {len(cases)} cases to {out}. Run: dossier eval {out}")
