"""Commands that ask: a question, a search, one thing of every document."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ui.command.options import (
    Among,
    Collection,
    Json,
    Publisher,
    Since,
    Tagged,
    Until,
    Where,
    Within,
    desk_of,
    filters_of,
    tell,
)


def ask(
    ctx: typer.Context,
    question: str,
    as_json: Json = False,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Answer as of this date.")] = None,
    publisher: Publisher = None,
    since: Since = None,
    until: Until = None,
    where: Where = None,
    tag: Tagged = None,
    within: Within = None,
    document: Among = None,
    llm: Annotated[str | None, typer.Option("--llm", metavar="URL", help="Answer with this LLM.")] = None,
    no_llm: Annotated[bool, typer.Option("--no-llm", help="Let no LLM see this question.")] = False,
    strictness: Annotated[
        Literal["lenient", "normal", "strict"], typer.Option("--strictness", help="How sure an answer must be.")
    ] = "normal",
    thread: Annotated[
        str | None, typer.Option("--thread", metavar="ID", help="Go on with this conversation; 'new' begins one.")
    ] = None,
    collection: Collection = None,
) -> None:
    """Ask one question; "the documents do not say" is an answer too."""
    from ui.command.show.answer import show_answer

    if llm and no_llm:
        raise typer.BadParameter("Give --llm or --no-llm, not both.")
    narrow = {"where": where, "tag": tag, "in": within, "document": document}
    filters = filters_of("answer", question, narrow, publisher=publisher, since=since, until=until, as_of=as_of)
    from rag.manner import Manner

    manner = Manner(strictness=strictness, llm=False if no_llm else None)
    with desk_of(ctx, collection, llm=llm) as (desk, name):
        answer = desk.answer(question, collection=name, filters=filters, thread=thread, manner=manner)
    tell(answer, as_json, show_answer)


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
    where: Where = None,
    tag: Tagged = None,
    within: Within = None,
    document: Among = None,
    collection: Collection = None,
) -> None:
    """List the passages nearest to a query, and why each ranks."""
    from ui.command.show.documents import show_hits

    narrow = {"where": where, "tag": tag, "in": within, "document": document}
    filters = filters_of("search", query, narrow, publisher=publisher, since=since, until=until)
    with desk_of(ctx, collection) as (desk, name):
        found = desk.search(query, top_k=top_k, context=context, collection=name, filters=filters)
    tell(found, as_json, show_hits)


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
    where: Where = None,
    tag: Tagged = None,
    within: Within = None,
    document: Among = None,
    collection: Collection = None,
) -> None:
    """Say what each document says: a phrase is counted in all of them, a question is read in each."""
    from ui.command.show.coverage import show_coverage
    from ui.command.show.progress import progress_bars

    narrow = {"where": where, "tag": tag, "in": within, "document": document}
    filters = filters_of("search", asked, narrow, publisher=publisher, since=since, until=until)
    with desk_of(ctx, collection) as (desk, name), progress_bars() as progress:
        found = desk.coverage(
            asked,
            reading=reading,
            per_document=per_document,
            collection=name,
            filters=filters,
            progress=progress,
        )
    tell(found, as_json, show_coverage)
