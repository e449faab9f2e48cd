"""What the door costs: an answer over HTTP against the same call in process, in turns: `python -m eval.bench.doors`."""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from eval.bench.load import SEEDS, questions, served
from eval.bench.speed import ingest_folder, seconds_of, spread
from eval.intervals import bootstrap_statistic
from rag.asking import Asking
from rag.build import open_dossier
from rag.settings import load_settings

WARM_UP = 3


class Client:
    """Asks over one connection that is kept, with nothing above the standard library."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)

    def ask(self, question: str) -> None:
        body = json.dumps({"question": question})
        self._connection.request("POST", "/v1/answer", body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        said = response.read()
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {said[:200]!r}")

    def close(self) -> None:
        self._connection.close()


def bench_doors(folder: Path, *, rounds: int) -> dict[str, Any]:
    """Every question of seeds/ asked `rounds` times on each side; the ratio and difference of the sides, question by question."""
    asked = questions()
    with (
        open_dossier(load_settings(data=folder / "within")) as dossier,
        served(folder / "http", paths=sorted(SEEDS.glob("[0-9]*.md"))) as (url, _),
    ):
        ingest_folder(dossier.collection(create=True), SEEDS)
        dossier.warm_up()
        asking, client = Asking(dossier), Client(url)

        def within(question: str) -> None:
            asking.ask(question)

        try:
            pairs = [
                pair
                for number in range(rounds)
                for pair in _pairs(asked, client.ask, within, http_first=number % 2 == 0)
            ]
        finally:
            client.close()
    return summary(pairs)


def _pairs(
    asked: list[str], over_http: Callable[[str], None], within: Callable[[str], None], *, http_first: bool
) -> list[tuple[float, float]]:
    """Milliseconds of both sides for each question."""
    pairs = []
    for number, question in enumerate([*asked[:WARM_UP], *asked]):
        times = {}
        for side in (over_http, within) if http_first == (number % 2 == 0) else (within, over_http):
            times[side] = seconds_of(lambda side=side, question=question: side(question)) * 1000  # type: ignore[misc]
        if number >= WARM_UP:
            pairs.append((times[over_http], times[within]))
    return pairs


def summary(pairs: list[tuple[float, float]]) -> dict[str, Any]:
    """Medians over the pairs, each with its 95 % interval."""

    def figure(of: Callable[[float, float], float]) -> dict[str, float]:
        values = [of(*pair) for pair in pairs]
        interval = bootstrap_statistic(len(values), lambda drawn: median(values[one] for one in drawn))
        return {"median": median(values), "low": interval.low, "high": interval.high}

    return {
        "answers": len(pairs),
        "http_ms": spread([over for over, _ in pairs]),
        "in_process_ms": spread([within for _, within in pairs]),
        "ratio": figure(lambda over, within: over / within),
        "difference_ms": figure(lambda over, within: over - within),
    }


def main(rounds: Annotated[int, typer.Option(min=1, help="Times that each question is asked.")] = 1) -> None:
    """Print what an answer over HTTP costs more than one in process."""
    with tempfile.TemporaryDirectory(prefix="dossier-doors-") as name:
        typer.echo(json.dumps(bench_doors(Path(name), rounds=rounds), indent=1))


if __name__ == "__main__":
    typer.run(main)
