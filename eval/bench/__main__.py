"""Ratios against the bare libraries: `python -m eval.bench`. A ratio carries over to another machine where seconds do not."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from eval.bench.answering import bench_answering
from eval.bench.doors import bench_doors
from eval.bench.load import HASTY, PATIENT, bench_load
from eval.bench.reading import bench_reading
from eval.bench.speed import CHUNKS_PER_ARTICLE, bench_ingest, bench_search, peak_memory_bytes
from eval.origin import commit, versions
from index.embed import open_embedder

app = typer.Typer(add_completion=False)


@app.command()
def main(
    chunks: Annotated[int, typer.Option(min=10, help="Chunks to ingest.")] = 1500,
    rounds: Annotated[int, typer.Option(min=1, help="Times that each side ingests.")] = 3,
    search_chunks: Annotated[
        int, typer.Option(min=10, help="Chunks in the collections that are searched and asked.")
    ] = 10_000,
    queries: Annotated[int, typer.Option(min=1, help="Questions that each side answers.")] = 300,
    read_questions: Annotated[int, typer.Option(min=1, help="Questions whose passages are read.")] = 40,
    clients: Annotated[int, typer.Option(min=1, help="Clients that ask a server at once.")] = 200,
    load_seconds: Annotated[float, typer.Option(min=1, help="How long they ask.")] = 60,
    out: Annotated[Path, typer.Option(help="Result as JSON.")] = Path("reports/bench.json"),
) -> None:
    """Print how ingest, search and reading compare with the bare libraries."""
    embedder = open_embedder()
    with tempfile.TemporaryDirectory(prefix="dossier-bench-") as name:
        ingest = bench_ingest(Path(name), embedder, articles=math.ceil(chunks / CHUNKS_PER_ARTICLE), rounds=rounds)
        memory = {"after_ingest": peak_memory_bytes()}
        search = bench_search(Path(name), embedder, chunks=search_chunks, queries=queries)
        memory["after_search"] = peak_memory_bytes()
        reading = bench_reading(Path(name), embedder, questions=read_questions)
        answering = bench_answering(Path(name), embedder, questions=read_questions, chunks=search_chunks)
        doors = bench_doors(Path(name), rounds=1)
        load = bench_load(Path(name), clients=clients, seconds=load_seconds)
    result = {
        "commit": commit(),
        "versions": versions(),
        "ingest": ingest,
        "search": search,
        "reading": reading,
        "answering": answering,
        "doors": doors,
        "load": load,
        "peak_memory_bytes": memory,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    typer.echo(f"{bench_table(result)}\n\n{out}")


def bench_table(result: Mapping[str, Any]) -> str:
    """What was compared, the ratio, and what shall be reached."""
    ingest, search, reading, answering = (result[name] for name in ("ingest", "search", "reading", "answering"))
    memory = result["peak_memory_bytes"]
    at = f"{search['chunks']:,} chunks, {search['queries']} questions"
    rows = [
        (
            "ingest: throughput / bare encode",
            f"{ingest['throughput_ratio']:.3f}",
            "at least 0.90",
            f"{ingest['chunks']:,} chunks, {ingest['rounds']} rounds",
        ),
        (
            "ingest: share of time not encoding",
            f"{ingest['share_not_encoding']:.1%}",
            "",
            f"{median(ingest['ingest_s']):.1f} s an ingest",
        ),
        ("search: time / bare Chroma query, same top_k", f"{search['time_ratio']:.2f}", "at most 2", at),
        ("search: time / bare Chroma query at fusion depth", f"{search['time_ratio_at_depth']:.2f}", "", at),
        ("search: median, p95", f"{search['ours_ms']['median']:.2f}, {search['ours_ms']['p95']:.2f} ms", "", at),
        (
            "rerank + read: time / bare forward pass over the same tokens",
            f"{reading['time_ratio']:.2f}",
            "at most 1.2",
            f"{reading['passages']:g} passages, {reading['questions']} questions, {reading['ours_ms']['median']:.0f} ms",
        ),
        (
            "whole answer, no LLM: time / bare forward pass over what it reads",
            f"{answering['time_ratio']:.2f}",
            "at most 1.5",
            f"{answering['chunks']:,} chunks, {answering['questions']} questions, {answering['ours_ms']['median']:.0f} ms",
        ),
        (
            "peak memory, ingest",
            f"{memory['after_ingest']['process'] / 2**20:.0f} MiB",
            "",
            f"largest child {memory['after_ingest']['largest_child'] / 2**20:.0f} MiB",
        ),
        ("peak memory, with search", f"{memory['after_search']['process'] / 2**20:.0f} MiB", "", ""),
    ]
    rows += _door_rows(result["doors"], result["load"])
    return "\n".join(
        ["| measured | result | to reach | on |", "|---|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    )


def _door_rows(doors: Mapping[str, Any], load: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    ratio, difference = doors["ratio"], doors["difference_ms"]
    rows = [
        (
            "answer over HTTP / in process",
            f"{ratio['median']:.3f} ({ratio['low']:.3f} to {ratio['high']:.3f}), {difference['median']:+.1f} ms",
            "at most 1.1, or 5 ms",
            f"{doors['answers']} answers, {doors['in_process_ms']['median']:.0f} ms",
        )
    ]
    for crowd in (PATIENT, HASTY):
        seen = load[crowd]
        at = f"{load['clients']} {crowd}, {load['seconds']:g} s"
        statuses = ", ".join(f"{count} x {status}" for status, count in seen["statuses"].items())
        rows += [
            ("load: statuses", statuses, "only 200, 429, 503", at),
            (
                "load: refusals, median and p99",
                f"{seen['refusal_ms']['p50']:.0f}, {seen['refusal_ms']['p99']:.0f} ms",
                "at most 100 ms",
                at,
            ),
            ("load: growth of memory", f"{seen['rss_mib']['growth']:+.1%}", "at most +20 %", at),
        ]
    return rows


if __name__ == "__main__":
    app(prog_name="python -m eval.bench")
