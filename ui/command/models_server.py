"""Language models behind a server: what it has, and whether the one in the settings answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ui.command.options import EXIT_FAILED, Json, print_json, settings_of
from ui.terminal import complain, out, say, write

if TYPE_CHECKING:
    from rag.llm.check import Checked
    from rag.settings import Settings


def check(
    ctx: typer.Context,
    llm: Annotated[str | None, typer.Option("--llm", metavar="URL", help="Check this one instead.")] = None,
    as_json: Json = False,
) -> None:
    """Ask the language model one question; say what failed and what mends it. Exit 1 when it does not answer."""
    settings = settings_of(ctx, llm=llm)
    checked = checked_model(settings)
    if checked is None:
        say("No language model is set, so answers are extractive. To set one: docs/language-models.md")
        return
    if as_json:
        from dataclasses import asdict

        print_json({**asdict(checked), "ok": checked.ok})
    else:
        write(out(), f"{'ok ' if checked.ok else 'BAD'}  {checked.model} ({checked.place}): {checked.said}")
        if checked.mend:
            write(out(), f"mend: {checked.mend}", indent=5)
    if not checked.ok:
        raise typer.Exit(EXIT_FAILED)


def checked_model(settings: Settings) -> Checked | None:
    """What came of asking the language model of the settings; None without one. Raises what is wrong with the setting."""
    if settings.llm is None:
        return None
    from contextlib import closing

    from rag.llm.check import check_model
    from rag.llm.model import open_llm
    from rag.models.local import located

    key = settings.llm_key.get_secret_value() if settings.llm_key else None
    opened = open_llm(
        located(settings.llm, settings.models),
        key=key,
        timeout_s=settings.llm_timeout_s,
        max_tokens=settings.llm_max_tokens,
        window=settings.llm_context_tokens,
    )
    with closing(opened) as llm:
        llm.warm_up()
        return check_model(llm)


def list_of_server(url: str, settings: Settings, *, as_json: bool) -> None:
    """Print the models of a server, each as the setting that names it. Exit 1 when it lists none."""
    from rag.llm.address import check_key, read_address
    from rag.llm.server import Server

    key = settings.llm_key.get_secret_value() if settings.llm_key else None
    address = read_address(url, name="--from", any_model=True)
    offered = Server(address, check_key(key)).models()
    if as_json:
        print_json([{"name": one.name, "window": one.window, "setting": address.shown(one.name)} for one in offered])
    elif offered:
        for one in offered:
            window = f"  ({one.window:,} tokens)" if one.window else ""
            write(out(), f"DOSSIER_LLM='{address.shown(one.name)}'{window}")
    if not offered:
        pull = "Run: ollama pull MODEL" if address.ollama else "Load one there, or name one that you know of."
        complain(f"The server at {address.place} lists no models. {pull}")
        raise typer.Exit(EXIT_FAILED)
