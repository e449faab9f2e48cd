"""Keys for the server: made, listed, revoked. A running server knows of it with the next request."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.command.options import Json, print_json, settings_of
from ui.terminal import err, out, say, write

if TYPE_CHECKING:
    from ui.access.keys import Key, Keys

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LASTS = re.compile(r"(\d{1,5})([mhdw])", re.ASCII)

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke the keys that a server asks for.")


@keys.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Option("--name", help="Whose key it is, to tell it from others.")],
    collections: Annotated[
        list[str] | None,
        typer.Option("--collection", metavar="NAME", help="Only this collection; may be given again. All if left out."),
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="It may ask and read, not change documents.")] = False,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="TIME", help="How long it is good for: 12h, 30d, 8w.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it, this once. Only its hash is kept."""
    key, text = _keys(ctx).create(
        name,
        collections=collections or None,
        may_write=not read_only,
        lasts=None if expires is None else _lasts(expires),
    )
    if as_json:
        print_json({"key": text, **_shown(key)})
        return
    write(err(), f"{key.id} may {_scope(key)}. Keep the key: it is shown only now.")
    print(text)


@keys.command(name="list")
def list_keys(ctx: typer.Context, as_json: Json = False) -> None:
    """List every key that was made; none is shown."""
    found = _keys(ctx).every()
    if as_json:
        print_json([_shown(key) for key in found])
    elif not found:
        say("There are no keys. Run: dossier keys create --name NAME")
    else:
        _show(found)


@keys.command()
def revoke(
    ctx: typer.Context,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `dossier keys list` has it.")],
    as_json: Json = False,
) -> None:
    """End a key at once and for good."""
    key = _keys(ctx).revoke(key_id)
    if as_json:
        print_json(_shown(key))
    else:
        say(f"{key.id} ({key.name}) opens nothing any more.")


def _keys(ctx: typer.Context) -> Keys:
    from ui.access.keys import Keys

    return Keys(settings_of(ctx).data)


def _lasts(text: str) -> timedelta:
    found = _LASTS.fullmatch(text)
    if found is None:
        raise ValueError(f"--expires: a number with m, h, d or w, as 30d, got {text!r}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _shown(key: Key) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(key), "state": key.state(datetime.now(UTC))}


def _scope(key: Key) -> str:
    may = "read and write" if key.may_write else "read"
    where = "every collection" if key.collections is None else ", ".join(key.collections)
    return f"{may} {where}" + (f", until {key.expires_at[:16]}" if key.expires_at else "")


def _show(found: list[Key]) -> None:
    console, now = out(), datetime.now(UTC)
    for key in found:
        state = key.state(now)
        write(console, f"{key.id}  {key.name}  ({state})", "bold" if state == "usable" else "")
        used = f"last used {key.used_at[:16]}" if key.used_at else "never used"
        write(console, f"{_scope(key)}; made {key.created_at[:10]}, {used}", "dim", indent=4)
