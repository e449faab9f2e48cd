"""Models by name: listed, fetched and proved by their hash, removed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ui.command.models_server import check, list_of_server
from ui.command.options import Json, print_json, settings_of
from ui.terminal import out, say

if TYPE_CHECKING:
    from rag.models.table import Model
    from rag.settings import Settings

models = typer.Typer(
    no_args_is_help=True, help="List models, get one by its name, remove one, check the language model."
)
models.command()(check)


def _complete(incomplete: str) -> list[str]:
    from rag.models.table import models as known

    return [model.name for model in known() if model.name.startswith(incomplete)]


Name = Annotated[str, typer.Argument(metavar="NAME", help="As `dossier models list` has it.", autocompletion=_complete)]


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of the table as it is on this machine."""

    model: Model
    path: Path | None
    here: bool
    in_use: bool

    def as_dict(self) -> dict[str, Any]:
        model = self.model
        return {
            "name": model.name,
            "title": model.title,
            "role": model.role,
            "size_bytes": model.size_bytes,
            "licence": model.licence,
            "sha256": model.sha256,
            "sources": list(model.sources),
            "path": None if self.path is None else str(self.path),
            "here": self.here,
            "in_use": self.in_use,
        }


@models.command(name="list")
def list_models(
    ctx: typer.Context,
    server: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="URL", help="List what a server of language models has: http://HOST/v1, ollama."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the models that are known by name: which are here, which can be had, which the settings use."""
    if server is not None:
        list_of_server(server, settings_of(ctx), as_json=as_json)
        return
    from rag.models.table import models as known
    from ui.command.show.models import show_models

    settings = settings_of(ctx)
    found = [_listed(model, settings) for model in known()]
    if as_json:
        print_json([one.as_dict() for one in found])
    else:
        show_models(out(), found)


@models.command()
def get(
    ctx: typer.Context,
    name: Name,
    place: Annotated[
        str | None,
        typer.Option("--from", metavar="PLACE", help="A folder, a file or an http(s) address to take it from."),
    ] = None,
    hub: Annotated[bool, typer.Option("--hub", help="Take it from the Hugging Face hub.")] = False,
    use: Annotated[
        bool, typer.Option("--use/--no-use", help="Write the setting that uses it into dossier.toml.")
    ] = True,
) -> None:
    """Fetch a model, prove it by its hash, and write the setting that uses it. What came is kept for the next try."""
    if place is not None and hub:
        raise typer.BadParameter("Give --from or --hub, not both.")
    settings = settings_of(ctx)
    from rag.models.get import get as fetch
    from rag.models.local import models_folder, path_of
    from rag.models.table import find
    from ui.command.show.progress import download_bar

    model, folder = find(name), models_folder(settings.models)
    with download_bar(name) as report:
        fetched = fetch(model, folder, place=place, hub=hub, report=report)
    say(f"{'Got' if fetched else 'Already here:'} {name}, sha256 {model.sha256} as published: {path_of(model, folder)}")
    if use:
        _use(model, folder, settings)


@models.command()
def remove(ctx: typer.Context, name: Name) -> None:
    """Delete a model from this machine; settings stay as they are."""
    settings = settings_of(ctx)
    from rag.models.get import remove as delete
    from rag.models.local import models_folder, setting_of
    from rag.models.table import find

    model = find(name)
    used = _in_use(model, settings)
    deleted = delete(model, models_folder(settings.models))
    say(f"Removed {name}." if deleted else f"{name} was not here.")
    if used:
        setting, _ = setting_of(model, models_folder(settings.models))
        say(f"{_where(setting)} still names it. Take '{setting}' out there, or run: dossier models get {name}")


def _use(model: Model, folder: Path, settings: Settings) -> None:
    from rag.models.local import setting_of
    from rag.settings import CONFIG_FILE, load_settings, write_setting

    name, value = setting_of(model, folder)
    if getattr(settings, name) == value:
        say(f"The setting {name} = {value} is in force.")
        return
    write_setting(name, value)
    say(f"Written to {Path(CONFIG_FILE).absolute()}: {name} = {value}")
    if getattr(load_settings(), name) != value:
        say(f"{_where(name)} says something else and wins over it.")
    elif model.role == "embedder":
        say("Collections that are there have vectors of another model. Run: dossier rebuild --reembed")


def _listed(model: Model, settings: Settings) -> Listed:
    from index.errors import ModelUnavailable
    from rag.models.local import is_here, models_folder, path_of

    folder = models_folder(settings.models)
    try:
        path = path_of(model, folder)
    except ModelUnavailable:
        path = None
    return Listed(model, path, is_here(model, folder), _in_use(model, settings))


def _in_use(model: Model, settings: Settings) -> bool:
    from rag.models.local import address_of, models_folder, path_of, setting_of

    folder = models_folder(settings.models)
    name, value = setting_of(model, folder)
    same = {value} if model.packaged else {value, address_of(path_of(model, folder))}
    return getattr(settings, name) in same


def _where(setting: str) -> str:
    """What sets a setting, as the beginning of a sentence."""
    from rag.settings import CONFIG_FILE

    variable = f"DOSSIER_{setting.upper()}"
    found = any(name.upper() == variable for name in os.environ)
    return f"The variable {variable}" if found else str(Path(CONFIG_FILE).absolute())
