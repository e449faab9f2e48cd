"""Measures the parts and keeps the numbers. The command line of `python -m eval.numbers`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.numbers.page import numbers_page
from eval.numbers.table import PARTS, Result, numbers_table
from eval.origin import code_hash, commit, versions
from eval.progress import Progress, progress_bar
from eval.readme import paste_table
from eval.run import EXIT_FAILED
from eval.write import write_texts
from index.errors import DossierError

MARKERS = "numbers"
RESULT, TABLE, PAGE = "numbers.json", "numbers.md", "numbers.html"

app = typer.Typer(add_completion=False)


class NumbersUnusable(DossierError):
    """Earlier numbers cannot be read."""

    code = "numbers-unusable"


def measure_parts(data: Path, names: Sequence[str], *, limit: int | None, keep: Callable[[str, Result], None]) -> None:
    """Measure each part and hand it to `keep` as soon as it is done, with what it was measured on."""
    from rag.reading.reader import EncoderReader
    from rag.settings import load_settings

    settings = load_settings()
    reader = EncoderReader(settings.reader)
    for name in names:
        started = time.monotonic()
        with progress_bar(name) as progress:
            result = _measure(name, data, reader, settings.embedder, limit, progress)
        origin = {
            "commit": commit(),
            "code_hash": code_hash(),
            "settings_hash": settings.answer_hash(),
            "limit": limit,
            "seconds": round(time.monotonic() - started, 1),
        }
        keep(name, {"origin": origin, "result": result})


def _measure(
    name: str, data: Path, reader: Any, embedder: str, limit: int | None, progress: Progress | None
) -> dict[str, Any]:
    """One part. Modules are imported here, so that a part needs only what it uses."""
    if name == "reading":
        from eval.numbers.reading import measure_reading

        return measure_reading(data, reader, limit=limit, progress=progress)
    if name == "answerable":
        from eval.numbers.answerable import measure_answerable

        return measure_answerable(data, reader, limit=limit, progress=progress)
    if name == "refusing":
        from eval.numbers.refusing import measure_refusing

        return measure_refusing(data, limit=limit, progress=progress)
    if name == "supporting":
        from eval.numbers.supporting import measure_supporting

        return measure_supporting(data, reader, limit=limit, progress=progress)
    if name == "gate":
        from eval.numbers.gate import measure_gate

        return measure_gate(data, reader, limit=limit, progress=progress)
    if name == "chunking":
        from eval.numbers.chunking import measure_chunking
        from index.embed import open_embedder

        return measure_chunking(data, open_embedder(embedder), limit=limit, progress=progress)
    if name == "following":
        from eval.numbers.following import measure_following

        return measure_following(data, limit=limit, progress=progress)
    if name == "timed":
        from eval.numbers.timed import measure_timed

        return measure_timed(data, limit=limit, progress=progress)
    if name == "conflicts":
        from eval.numbers.conflicts import measure_conflicts

        return measure_conflicts(limit=limit, progress=progress)
    if name == "disputed":
        from eval.numbers.disputed import measure_disputed

        return measure_disputed(data, limit=limit, progress=progress)
    from eval.numbers.endtoend import measure_chats, measure_endtoend

    if name == "endtoend":
        return measure_endtoend(data, reader, limit=limit, progress=progress)
    return measure_chats(data, limit=limit, progress=progress)


def read_numbers(path: Path) -> dict[str, Any]:
    """Earlier numbers by part; none when there is no file. Raises NumbersUnusable."""
    if not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        parts = stored["parts"]
        return {name: parts[name] for name in PARTS if name in parts}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NumbersUnusable(
            f"{path} is not a file of numbers ({error!r:.120}). Delete it, or choose another --out."
        ) from error


@app.command()
def main(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder that holds the sets, one folder each.")],
    out: Annotated[Path, typer.Option(help="Folder for numbers.json, numbers.md and numbers.html.")] = Path(
        "reports/numbers"
    ),
    only: Annotated[
        list[str] | None, typer.Option(help=f"Measure this part, the rest stays as it was: {', '.join(PARTS)}.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many questions of each set.")] = None,
    readme: Annotated[Path | None, typer.Option(help="Paste the table into this file, between its markers.")] = None,
) -> None:
    """Measure, write numbers.json, numbers.md and numbers.html, and print the table."""
    names = list(dict.fromkeys(only or PARTS))
    if unknown := [name for name in names if name not in PARTS]:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(PARTS)}", param_hint="--only")
    try:
        if readme:
            paste_table(readme.read_text(encoding="utf-8"), "", name=MARKERS)
        parts = read_numbers(out / RESULT)

        def keep(name: str, part: Result) -> None:
            parts[name] = part
            write_numbers(out, parts)

        measure_parts(data, names, limit=limit, keep=keep)
        if readme:
            text = paste_table(readme.read_text(encoding="utf-8"), numbers_table(parts), name=MARKERS)
            readme.write_text(text, encoding="utf-8")
    except (DossierError, OSError) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error
    typer.echo(f"{numbers_table(parts)}\n\n{out / RESULT}")


def write_numbers(out: Path, parts: Mapping[str, Any]) -> None:
    """The files of all parts, after each part: a run that is stopped keeps what it has."""
    stored = {"versions": versions(), "parts": dict(parts)}
    as_json = json.dumps(stored, ensure_ascii=False, indent=1) + "\n"
    write_texts(
        out, {RESULT: as_json, TABLE: numbers_table(parts) + "\n", PAGE: numbers_page(parts, stored["versions"])}
    )
