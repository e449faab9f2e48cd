"""The numbers that reading, refusing, chunking, support and the whole route reach: `python -m eval.numbers DATA`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.origin import code_hash, commit, versions
from eval.reading import OTHER_SETS, Progress
from eval.run import EXIT_FAILED, progress_bar
from index.errors import DossierError

BEGIN, END = "<!-- numbers:begin -->", "<!-- numbers:end -->"
RESULT, TABLE = "numbers.json", "numbers.md"

Result = Mapping[str, Any]
app = typer.Typer(add_completion=False)


class NumbersUnusable(DossierError):
    """Earlier numbers cannot be read, or a file has no place for the table."""

    code = "numbers-unusable"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; `reached` is a figure as JSON, see `eval.figure`."""

    what: str
    reached: Mapping[str, Any]
    beat: str = ""
    reach: str = ""

    def cells(self) -> tuple[str, ...]:
        return self.what, f"{self.reached['n']:,}", shown(self.reached), self.beat, self.reach


def shown(figure: Mapping[str, Any]) -> str:
    """A figure in percent with its interval.

    >>> shown({"value": 0.5, "n": 4, "interval": {"low": 0.25, "high": 0.75}}), shown({"value": None, "n": 0})
    ('50.0 [25.0, 75.0]', 'not measured')
    """
    if figure["value"] is None:
        return "not measured"
    interval = figure.get("interval")
    ends = f" [{100 * interval['low']:.1f}, {100 * interval['high']:.1f}]" if interval else ""
    return f"{100 * figure['value']:.1f}{ends}"


def chunking_lines(result: Result) -> Iterator[Row]:
    rows = result["rows"]
    peers = [name for name in rows if name.startswith("llama-index")]
    for name in (name for name in rows if name not in peers):
        for key, label in (("recall", "character recall"), ("iou", "IoU")):
            beat = ", ".join(f"{peer} {shown({**rows[peer][key], 'interval': None})}" for peer in peers)
            yield Row(f"chunking, {name}: {label} at {result['top_k']}", rows[name][key], beat, "above both")


def reading_lines(result: Result) -> Iterator[Row]:
    beat = {"squad2_dev": "58.2 / 70.6", "xquad_en": "47.5 / 65.1", "qed": "39.2 / 54.4"}
    reach = {"squad2_dev": "80", "xquad_en": "76", "qed": "64"}
    for name, measured in result["sets"].items():
        start = f"starting reader, other parts: EM / F1 {beat[name]}" if name in beat else ""
        kind = " (other texts)" if name in OTHER_SETS else ""
        yield Row(f"reader on the gold passage, {name}{kind}: EM", measured["em"], start)
        yield Row(f"reader on the gold passage, {name}{kind}: F1", measured["f1"], start, reach.get(name, ""))


def refusing_lines(result: Result) -> Iterator[Row]:
    named = (
        ("squad2_dev", "human unanswerable (squad2_dev)", "75"),
        ("clapnq", "clapnq", "85"),
        ("near_wrong_passage", "BM25-near wrong passage", "95"),
        ("nomiracl_en", "best of ten passages (nomiracl_en)", ""),
    )
    for key, label, reach in named:
        plain = shown({**result[key]["span"], "interval": None})
        beat = f"span over no answer {plain}" + ("; starting reader 61" if key == "squad2_dev" else "")
        yield Row(f"answerability AUROC, {label}", result[key]["answers"], beat, reach)
    even = result["nomiracl_en"]["at_even_odds"]
    yield Row(
        "nomiracl_en at even odds: answers though no passage does",
        even["wrongly_answers"],
        "gpt-4 42.4, Mistral-7B 6.4",
    )
    yield Row(
        "nomiracl_en at even odds: refuses though one does", even["wrongly_refuses"], "gpt-4 4.8, Mistral-7B 58.8"
    )


def supporting_lines(result: Result) -> Iterator[Row]:
    for name, group in result["sources"].items():
        yield Row(f"support, {name}: balanced accuracy", group["balanced_accuracy"], "majority 50")
    yield Row("support, mean over sources: balanced accuracy", result["mean"]["balanced_accuracy"], "majority 50", "72")
    yield Row("support, mean over sources: AUROC", result["mean"]["auroc"], "chance 50")
    for name, group in result["altered_quotes"].items():
        yield Row(
            f"support, quotes with a changed {name}: balanced accuracy", group["balanced_accuracy"], "majority 50"
        )


def endtoend_lines(result: Result) -> Iterator[Row]:
    rows = result["rows"]
    for key, label in (("f1", "F1"), ("em", "EM")):
        beat = f"quickstart retrieval + same reader {shown({**rows['quickstart'][key], 'interval': None})}"
        yield Row(f"question to answer: {label} of the best draft", rows["ours, best draft"][key], beat)
        yield Row(f"question to answer: {label} as shown", rows["ours, as shown"][key], beat)
    yield Row("question to answer: F1 over the quickstart peer, points", result["gain"]["f1"], "0", "+8")


def chats_lines(result: Result) -> Iterator[Row]:
    yield Row(
        "lihua_world: accepted answer shown, or rightly refused",
        result["right"],
        "naive RAG, gpt-4o-mini, judged: 46.6",
        "report",
    )
    yield Row("lihua_world: wrong answer shown", result["wrong"], "naive RAG, gpt-4o-mini, judged: 19.1", "under 19")
    yield Row("lihua_world: refused although there is an answer", result["refused"])


PARTS: dict[str, Callable[[Result], Iterator[Row]]] = {
    "reading": reading_lines,
    "refusing": refusing_lines,
    "supporting": supporting_lines,
    "chunking": chunking_lines,
    "endtoend": endtoend_lines,
    "chats": chats_lines,
}


def measure_parts(data: Path, names: Sequence[str], *, limit: int | None, keep: Callable[[str, Result], None]) -> None:
    """Measure each part and hand it to `keep` as soon as it is done, with what it was measured on."""
    from rag.reader import EncoderReader
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
        from eval.reading import measure_reading

        return measure_reading(data, reader, limit=limit, progress=progress)
    if name == "refusing":
        from eval.refusing import measure_refusing

        return measure_refusing(data, reader, limit=limit, progress=progress)
    if name == "supporting":
        from eval.supporting import measure_supporting

        return measure_supporting(data, reader, limit=limit, progress=progress)
    if name == "chunking":
        from eval.chunking import measure_chunking
        from index.embed import SentenceEmbedder

        return measure_chunking(data, SentenceEmbedder(embedder), limit=limit, progress=progress)
    from eval.endtoend import measure_chats, measure_endtoend

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


def numbers_table(parts: Mapping[str, Any]) -> str:
    """The table of every part that was measured, in percent with 95 % bootstrap intervals."""
    rows = [line.cells() for name, lines in PARTS.items() if name in parts for line in lines(parts[name]["result"])]
    head = ["| what | n | reached [95 % interval] | row to beat | to reach |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def paste_numbers(text: str, table: str) -> str:
    """`text` with whatever stood between the markers replaced.

    >>> paste_numbers("a <!-- numbers:begin --> old <!-- numbers:end --> z", "new").split()[4]
    'new'
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise NumbersUnusable(
            f"The file must hold one line {BEGIN} and after it one line {END}. Put them where the table belongs."
        )
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.split(END)[1]}"


@app.command()
def main(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder that holds the sets, one folder each.")],
    out: Annotated[Path, typer.Option(help="Folder for numbers.json and numbers.md.")] = Path("reports/numbers"),
    only: Annotated[
        list[str] | None, typer.Option(help=f"Measure this part, the rest stays as it was: {', '.join(PARTS)}.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many questions of each set.")] = None,
    readme: Annotated[Path | None, typer.Option(help="Paste the table into this file, between its markers.")] = None,
) -> None:
    """Measure, write numbers.json and numbers.md, and print the table."""
    names = list(dict.fromkeys(only or PARTS))
    if unknown := [name for name in names if name not in PARTS]:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(PARTS)}", param_hint="--only")
    try:
        if readme:
            paste_numbers(readme.read_text(encoding="utf-8"), "")
        parts = read_numbers(out / RESULT)

        def keep(name: str, part: Result) -> None:
            parts[name] = part
            write_numbers(out, parts)

        measure_parts(data, names, limit=limit, keep=keep)
        if readme:
            readme.write_text(paste_numbers(readme.read_text(encoding="utf-8"), numbers_table(parts)), encoding="utf-8")
    except (DossierError, OSError) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error
    typer.echo(f"{numbers_table(parts)}\n\n{out / RESULT}")


def write_numbers(out: Path, parts: Mapping[str, Any]) -> None:
    """Both files, after each part: a run that is stopped keeps what it has."""
    out.mkdir(parents=True, exist_ok=True)
    stored = {"versions": versions(), "parts": dict(parts)}
    fresh = out / f"{RESULT}.new"
    fresh.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    fresh.replace(out / RESULT)
    (out / TABLE).write_text(numbers_table(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m eval.numbers"))
