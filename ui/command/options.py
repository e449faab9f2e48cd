"""What commands share: options, the desk they ask at, and JSON for scripts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ui.command.glance import complete_answer, complete_collection, complete_document
from ui.terminal import out

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

    from rag.settings import Settings
    from ui.protocols import Desk

EXIT_FAILED, EXIT_SOME_REFUSED, EXIT_INTERRUPTED = 1, 3, 130

Collection = Annotated[
    str | None,
    typer.Option(
        "--collection",
        metavar="NAME",
        help="Collection; the one in the settings if left out.",
        autocompletion=complete_collection,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Publisher = Annotated[str | None, typer.Option("--publisher", help="Only documents of this outlet.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Only published on or after this date (2025, 2025-11, 2025-11-16).")
]
Until = Annotated[str | None, typer.Option("--until", help="Only published on or before this date.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Free metadata; a key given twice is a list, KEY= is not known."),
]
TagOption = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="A tag; may be given several times.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", metavar="KEY=VALUE", help="Only with this metadata; also KEY>=VALUE, KEY<=VALUE and KEY~TEXT."
    ),
]
Tagged = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Only with this tag.")]
Within = Annotated[
    list[str] | None, typer.Option("--in", metavar="SOURCE", help="Only at or below this folder, file or page.")
]
Among = Annotated[list[str] | None, typer.Option("--document", metavar="ID", help="Only this document.")]
AnswerId = Annotated[
    str, typer.Argument(metavar="ID", help="As `dossier answers` lists it.", autocompletion=complete_answer)
]
DocumentId = Annotated[
    str, typer.Argument(metavar="ID", help="As `dossier documents` lists it.", autocompletion=complete_document)
]

Found = TypeVar("Found", bound="BaseModel")


def settings_of(ctx: typer.Context, **given: Any) -> Settings:
    """The settings with what the command was given laid over them."""
    from rag.settings import load_settings
    from ui.command.origins import check_config_file

    check_config_file()
    ctx.obj.update({name: value for name, value in given.items() if value is not None})
    return load_settings(**ctx.obj)


@contextmanager
def desk_of(ctx: typer.Context, collection: str | None, **given: Any) -> Iterator[tuple[Desk, str]]:
    """A desk, and the name of the collection that is meant; an `llm` that was given is one that no server takes."""
    from ui.opening import open_desk

    settings = settings_of(ctx, collection=collection, **given)
    desk = open_desk(settings, llm=given.get("llm") is not None)
    try:
        yield desk, settings.collection
    finally:
        desk.close()


def filters_of(kind: str, text: str, narrow: Mapping[str, list[str] | None], **filters: Any) -> Any:
    """Filters as the API takes them; raises ValueError that names the option that is wrong.

    Args:
        narrow: What was given as --where, --tag, --in and --document, by those names.
    """
    from pydantic import ValidationError

    from ui.metadata import conditions_options
    from ui.requests import AnswerFilters, SearchFilters, check_asked

    check_asked(text)
    filters |= {
        "metadata": conditions_options(narrow["where"] or ()),
        "tags": narrow["tag"] or [],
        "sources": [_source(one) for one in narrow["in"] or ()],
        "documents": narrow["document"] or [],
    }
    try:
        return (AnswerFilters if kind == "answer" else SearchFilters).model_validate(filters)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}") from error


def _source(given: str) -> str:
    """A source as documents name it: uploads and pages as they are, anything else is a path."""
    known = given.startswith(("upload/", "http://", "https://"))
    return given if known else os.path.abspath(given)  # noqa: PTH100 - links are not followed


def tell(found: Found, as_json: bool, show: Callable[[Console, Found], None]) -> None:
    """For a script the value as JSON, for a person as `show` puts it."""
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        show(out(), found)


def print_json(content: Any) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2))
