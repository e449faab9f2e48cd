"""The command line. Every command is short: settings, a desk, one question, and what a person or a script reads.

Heavy libraries are imported by the command that needs them, so that `dossier --help` and `dossier config` are quick.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from typer.core import TyperGroup

from index.errors import DossierError
from ui import show

if TYPE_CHECKING:
    from rag.settings import Settings
    from ui.protocols import Desk

EXIT_FAILED, EXIT_SOME_REFUSED, EXIT_INTERRUPTED = 1, 3, 130
EXTENSIONS = "dossier.commands"
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

Collection = Annotated[
    str | None, typer.Option("--collection", help="Collection; the one in the settings if left out.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Publisher = Annotated[str | None, typer.Option("--publisher", help="Only documents of this outlet.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Only published on or after this date (2025, 2025-11, 2025-11-16).")
]
Until = Annotated[str | None, typer.Option("--until", help="Only published on or before this date.")]
AnswerId = Annotated[str, typer.Argument(metavar="ID", help="As `dossier answers` lists it.")]
DocumentId = Annotated[str, typer.Argument(metavar="ID", help="As `dossier documents` lists it.")]


@app.callback()
def options(
    ctx: typer.Context,
    data: Annotated[
        Path | None, typer.Option("--data", help="Data directory; DOSSIER_DATA or .dossier if left out.")
    ] = None,
) -> None:
    ctx.obj = {"data": data}


@app.command()
def index(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders.")],
    collection: Collection = None,
    as_json: Json = False,
) -> None:
    """Bring files and folders in; what vanished from a folder goes. Exit 3 when some files were refused."""
    settings = _settings(ctx, collection=collection)
    with _desk(settings) as desk, show.progress_bars() as progress:
        report = desk.index(paths, collection=settings.collection, progress=progress)
    show.show_refusals(show.err(), report)
    if as_json:
        _print_json(report.model_dump(mode="json"))
    else:
        show.show_ingest(show.out(), report)
    if report.refused:
        went_in = report.added or report.replaced or report.unchanged
        raise typer.Exit(EXIT_SOME_REFUSED if went_in else EXIT_FAILED)


@app.command()
def ask(
    ctx: typer.Context,
    question: str,
    as_json: Json = False,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Answer as of this date.")] = None,
    publisher: Publisher = None,
    since: Since = None,
    until: Until = None,
    llm: Annotated[str | None, typer.Option("--llm", metavar="URL", help="Answer with this LLM.")] = None,
    thread: Annotated[
        str | None, typer.Option("--thread", metavar="ID", help="Go on with this conversation; 'new' begins one.")
    ] = None,
    collection: Collection = None,
) -> None:
    """Ask one question; "the documents do not say" is an answer too."""
    settings = _settings(ctx, collection=collection, llm=llm)
    asked = _checked("answer", question, publisher=publisher, since=since, until=until, as_of=as_of)
    with _desk(settings, llm=llm is not None) as desk:
        answer = desk.answer(question, collection=settings.collection, filters=asked, thread=thread)
    if as_json:
        _print_json(answer.model_dump(mode="json"))
    else:
        show.show_answer(show.out(), answer)


@app.command()
def answers(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many.")] = 20,
    as_json: Json = False,
    collection: Collection = None,
) -> None:
    """List the answers that were kept, newest first."""
    settings = _settings(ctx, collection=collection)
    with _desk(settings) as desk:
        found = desk.answers(collection=settings.collection, limit=limit)
    if as_json:
        _print_json(found.model_dump(mode="json"))
    else:
        show.show_answers(show.out(), found)


@app.command()
def replay(
    ctx: typer.Context,
    answer_id: AnswerId,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the new answer too.")] = False,
    as_json: Json = False,
    collection: Collection = None,
) -> None:
    """Ask the question of a kept answer again and say what changed."""
    settings = _settings(ctx, collection=collection)
    with _desk(settings) as desk:
        found = desk.replay(answer_id, collection=settings.collection, keep=keep)
    if as_json:
        _print_json(found.model_dump(mode="json"))
    else:
        show.show_replay(show.out(), found)


@app.command()
def changes(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=50, help="How many answers are asked again.")] = 10,
    as_json: Json = False,
    collection: Collection = None,
) -> None:
    """Say which of the newest answers changed since documents came or went."""
    settings = _settings(ctx, collection=collection)
    with _desk(settings) as desk:
        found = desk.changes(collection=settings.collection, limit=limit)
    if as_json:
        _print_json(found.model_dump(mode="json"))
    else:
        show.show_changes(show.out(), found, limit)


@app.command()
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
    settings = _settings(ctx, collection=collection)
    from ui.export import check_format

    with _desk(settings) as desk:
        file = desk.export(answer_id, check_format(form), collection=settings.collection)
    path = out or Path(file.name)
    path.write_bytes(file.content)
    show.say(f"Wrote {path}.")


@app.command()
def search(
    ctx: typer.Context,
    query: str,
    top_k: Annotated[int, typer.Option("--top-k", min=1, max=50, help="How many passages.")] = 10,
    context: Annotated[
        int, typer.Option("--context", min=0, max=20, help="Sentences shown before and after each passage.")
    ] = 0,
    as_json: Json = False,
    publisher: Publisher = None,
    since: Since = None,
    until: Until = None,
    collection: Collection = None,
) -> None:
    """List the passages nearest to a query, and why each ranks."""
    settings = _settings(ctx, collection=collection)
    filters = _checked("search", query, publisher=publisher, since=since, until=until)
    with _desk(settings) as desk:
        found = desk.search(query, top_k=top_k, context=context, collection=settings.collection, filters=filters)
    if as_json:
        _print_json(found.model_dump(mode="json"))
    else:
        show.show_hits(show.out(), found)


@app.command()
def coverage(
    ctx: typer.Context,
    asked: Annotated[str, typer.Argument(metavar="QUESTION_OR_TOPIC")],
    reading: Annotated[
        Literal["mention", "question"] | None,
        typer.Option("--as", help="How to take it; as it looks if left out."),
    ] = None,
    per_document: Annotated[
        int | None,
        typer.Option("--per-document", min=1, max=10, help="Most passages of one document that are read."),
    ] = None,
    as_json: Json = False,
    publisher: Publisher = None,
    since: Since = None,
    until: Until = None,
    collection: Collection = None,
) -> None:
    """Say what each document says: a phrase is counted in all of them, a question is read in each."""
    settings = _settings(ctx, collection=collection)
    filters = _checked("search", asked, publisher=publisher, since=since, until=until)
    with _desk(settings) as desk, show.progress_bars() as progress:
        found = desk.coverage(
            asked,
            reading=reading,
            per_document=per_document,
            collection=settings.collection,
            filters=filters,
            progress=progress,
        )
    if as_json:
        _print_json(found.model_dump(mode="json"))
    else:
        from ui.coverage_table import show_coverage

        show_coverage(show.out(), found)


@app.command()
def documents(ctx: typer.Context, as_json: Json = False, collection: Collection = None) -> None:
    """List the documents, newest first."""
    settings = _settings(ctx, collection=collection)
    with _desk(settings) as desk:
        found = desk.documents(collection=settings.collection)
    if as_json:
        _print_json(found.model_dump(mode="json"))
    else:
        show.show_documents(show.out(), found)


@app.command()
def remove(ctx: typer.Context, document_id: DocumentId, collection: Collection = None) -> None:
    """Remove a document: from now on it is not cited."""
    settings = _settings(ctx, collection=collection)
    with _desk(settings) as desk:
        desk.remove(document_id, collection=settings.collection, erase=False)
    show.say(f"Removed {document_id}.")


@app.command()
def erase(ctx: typer.Context, document_id: DocumentId, collection: Collection = None) -> None:
    """Remove a document and prove that no byte of it is left."""
    settings = _settings(ctx, collection=collection)
    with _desk(settings) as desk:
        desk.remove(document_id, collection=settings.collection, erase=True)
    show.say(f"Erased {document_id}: no byte of it is left.")


@app.command()
def rebuild(
    ctx: typer.Context,
    collection: Collection = None,
    reembed: Annotated[bool, typer.Option("--reembed", help="Encode every chunk again, for another model.")] = False,
) -> None:
    """Build the search indexes again from the catalogue."""
    settings = _settings(ctx, collection=collection)
    with _desk(settings) as desk, show.progress_bars() as progress:
        desk.rebuild(collection=settings.collection, reembed=reembed, progress=progress)
    show.say("Rebuilt.")


@app.command()
def serve(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="Address; only this machine's own.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535)] = None,
) -> None:
    """Serve the page and the API in one process, until Ctrl-C."""
    settings = _settings(ctx, host=host, port=port)
    from ui.serve import serve as run

    run(settings)


@app.command()
def doctor(
    ctx: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Build search indexes that are broken anew.")] = False,
    as_json: Json = False,
) -> None:
    """Say what is broken and what mends it. Exit 1 when something is."""
    settings = _settings(ctx)
    from dataclasses import asdict

    from ui.checkup import check_up

    findings = check_up(settings, mend=repair)
    if as_json:
        _print_json([asdict(one) for one in findings])
    else:
        show.show_findings(show.out(), findings)
    if not all(one.ok for one in findings):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def config(ctx: typer.Context, as_json: Json = False) -> None:
    """List every setting, its value, and what set it."""
    from ui.origins import setting_origins

    found = setting_origins(_settings(ctx), ctx.obj)
    if as_json:
        _print_json([one.as_dict() for one in found])
    else:
        show.show_table(show.out(), ((one.name, one.value, one.where, one.description) for one in found))


@app.command(
    name="eval",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def evaluate(ctx: typer.Context) -> None:
    """Measure answers against a gold file: dossier eval GOLD.jsonl."""
    from importlib.metadata import entry_points

    found = list(entry_points(group=EXTENSIONS, name="eval"))
    if not found:
        raise DossierError("The measures are not installed with this Dossier. Run: python -m eval GOLD.jsonl")
    settings = _settings(ctx)
    os.environ["DOSSIER_DATA"] = str(settings.data)
    code = found[0].load()(list(ctx.args))
    raise typer.Exit(code if isinstance(code, int) else 0)


def main() -> NoReturn:
    """The `dossier` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="dossier")
    raise AssertionError("typer ends the process")


def _settings(ctx: typer.Context, **given: Any) -> Settings:
    from rag.settings import load_settings
    from ui.origins import check_config_file

    check_config_file()
    ctx.obj.update({name: value for name, value in given.items() if value is not None})
    return load_settings(**ctx.obj)


@contextmanager
def _desk(settings: Settings, *, llm: bool = False) -> Iterator[Desk]:
    from ui.opening import open_desk

    desk = open_desk(settings, llm=llm)
    try:
        yield desk
    finally:
        desk.close()


def _checked(kind: str, text: str, **filters: str | None) -> Any:
    """Filters as the API takes them; raises ValueError that names the option that is wrong."""
    from pydantic import ValidationError

    from ui.requests import AnswerFilters, SearchFilters, check_asked

    check_asked(text)
    try:
        return (AnswerFilters if kind == "answer" else SearchFilters).model_validate(filters)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}") from error


def _print_json(content: Any) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2))


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}"
    detail = getattr(error, "detail", None)
    return str(detail or error) or type(error).__name__


def _fail(message: str, code: int = EXIT_FAILED) -> NoReturn:
    show.complain(message)
    raise typer.Exit(code)
