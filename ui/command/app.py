"""The command line: its commands in the order of `dossier --help`, and errors as one line and an exit code.

Heavy libraries are imported by the command that needs them, so that help and completion are quick.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from index.errors import DossierError
from ui.command import asking, collections, documents, keeping, keys, life, models
from ui.command.options import EXIT_FAILED, EXIT_INTERRUPTED
from ui.terminal import complain

DEBUG = "DOSSIER_DEBUG"
_HELP = "Answers questions over your own documents and proves every sentence."
_EPILOG = "\n\n".join(
    (
        "[bold]Exit codes[/]",
        "  0 done, for ask whatever the verdict is; 1 failed; 2 wrong call; 3 some files were refused;",
        "  4 a gated measure of eval fell; 130 interrupted.",
        "What a script reads goes to standard output, everything else to standard error; --json gives whole objects.",
        "Tab completion: dossier --install-completion. Colour is off with --no-color or NO_COLOR=1, and in a pipe.",
    )
)


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
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help=_HELP,
    epilog=_EPILOG,
)


def _without_colour(given: bool) -> bool:
    if given:
        os.environ["NO_COLOR"] = "1"
    return given


@app.callback()
def options(
    ctx: typer.Context,
    data: Annotated[
        Path | None, typer.Option("--data", help="Data directory; DOSSIER_DATA or .dossier if left out.")
    ] = None,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colour; NO_COLOR=1 does the same.", callback=_without_colour)
    ] = False,
) -> None:
    ctx.obj = {"data": data}
    if ctx.invoked_subcommand is None:
        from ui.command.options import settings_of
        from ui.command.show.start import show_start
        from ui.terminal import out

        show_start(out(), settings_of(ctx))


def _add(panel: str, command: Callable[..., None], *examples: str, into: typer.Typer = app, **more: Any) -> None:
    shown = "\n\n".join(["[bold]Examples[/]", *(f"  {one}" for one in examples)]) if examples else None
    into.command(rich_help_panel=panel, epilog=shown, **more)(command)


_ASK, _DOCUMENTS, _KEPT, _RUN, _CARE = "Ask", "Documents", "Kept answers", "Run", "Care"
_add(
    _ASK,
    asking.ask,
    'dossier ask "When did the harbour reopen?"',
    'dossier ask "Who won?" --publisher "The Tarn Courier" --since 2025-06',
    'dossier ask "Who won?" --json | jq -r ".verdict, .short"',
)
_add(_ASK, asking.search, 'dossier search "harbour strike" --top-k 5 --context 1')
_add(
    _ASK,
    asking.coverage,
    'dossier coverage "Oskar Lindqvist"',
    'dossier coverage "How many members voted?" --as question',
)
_add(
    _DOCUMENTS,
    documents.index,
    "dossier index notes/ report.pdf",
    "dossier index ~/clippings --collection clippings",
    "dossier index https://example.org/report https://example.org/sitemap.xml",
)
_add(
    _DOCUMENTS, documents.watch, "dossier watch ~/clippings", "dossier watch minutes/ --collection minutes --tag board"
)
_add(_DOCUMENTS, documents.documents, "dossier documents --json | jq -r '.documents[].id'")
_add(
    _DOCUMENTS,
    documents.edit,
    'dossier edit ID --date 2025-11-16 --publisher "The Tarn Courier"',
    "dossier edit ID --undo",
)
_add(_DOCUMENTS, documents.supersede, "dossier supersede OLD NEW", "dossier supersede OLD --undo")
_add(_DOCUMENTS, documents.remove)
_add(_DOCUMENTS, documents.erase)
app.add_typer(collections.collections, name="collections", rich_help_panel=_DOCUMENTS)
_add(_KEPT, keeping.answers, "dossier answers --limit 5")
_add(_KEPT, keeping.replay)
_add(_KEPT, keeping.changes)
_add(_KEPT, keeping.export, "dossier export ID --format docx --out answer.docx")
_add(_KEPT, keeping.feedback)
_add(_KEPT, keeping.gold, "dossier gold --out gold.jsonl && dossier eval gold.jsonl")
_add(_RUN, life.serve, "dossier serve --port 8000")
app.add_typer(keys.keys, name="keys", rich_help_panel=_RUN)
app.add_typer(models.models, name="models", rich_help_panel=_RUN)
_add(_RUN, life.mcp)
_add(_CARE, life.backup, "dossier backup dossier.tar.gz")
_add(_CARE, life.restore, "dossier --data elsewhere restore dossier.tar.gz")
_add(_CARE, life.doctor, "dossier doctor --repair")
_add(_CARE, life.rebuild)
_add(_CARE, life.config)
_add(
    _CARE,
    life.evaluate,
    name="eval",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)


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
