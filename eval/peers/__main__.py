"""`python -m eval.peers install`: makes the environment that txtai and haystack are measured in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eval.peers.install import ENVIRONMENT, install
from index.errors import DossierError

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def peers() -> None:
    """Peers in an environment of their own."""


@app.command("install")
def install_peers(
    environment: Annotated[Path, typer.Option(help="Folder of the environment, about 1.3 GB.")] = ENVIRONMENT,
) -> None:
    """Install txtai and haystack at their locked versions, torch as a CPU build."""
    try:
        typer.echo(f"Peers: {install(environment)}")
    except DossierError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
