"""The command line. Heavy libraries are imported by the command that needs them, so that `dossier --help` is quick."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from index.errors import DossierError
from ui.command import asking, documents, keeping, life
from ui.command.options import EXIT_FAILED, EXIT_INTERRUPTED
from ui.terminal import complain

DEBUG = "DOSSIER_DEBUG"


class Commands(TyperGroup):
    """Turns every error into one line and an exit code, in this one place."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except KeyboardInterrupt:
            _fail("interrupted", EXIT_INTERRUPTED)
        except Exception as error:
            if isinstance(error, typer.Abort) or hasattr(error, "exit_code") or DEBUG in os.environ:
                raise
            if isinstance(error, DossierError | ValueError | OSError):
                _fail(_sentence(error))
            _fail(f"unexpected {type(error).__name__}: {error}. {DEBUG}=1 shows where.")


app = typer.Typer(
    name="dossier",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Answers questions over your own documents and proves every sentence.",
)


@app.callback()
def options(
    ctx: typer.Context,
    data: Annotated[
        Path | None, typer.Option("--data", help="Data directory; DOSSIER_DATA or .dossier if left out.")
    ] = None,
) -> None:
    ctx.obj = {"data": data}


for command in (
    asking.ask,
    asking.search,
    asking.coverage,
    documents.index,
    documents.documents,
    documents.remove,
    documents.erase,
    keeping.answers,
    keeping.replay,
    keeping.changes,
    keeping.export,
    life.serve,
    life.doctor,
    life.rebuild,
    life.config,
):
    app.command()(command)
app.command(
    name="eval",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(life.evaluate)


def main() -> NoReturn:
    """The `dossier` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="dossier")
    raise AssertionError("typer ends the process")


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}"
    detail = getattr(error, "detail", None)
    return str(detail or error) or type(error).__name__


def _fail(message: str, code: int = EXIT_FAILED) -> NoReturn:
    complain(message)
    raise typer.Exit(code)
