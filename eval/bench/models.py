"""Language models behind the gate, on the gold questions of this repository: `python -m eval.bench.models --llm URL`.

Every answer is on disk before the next question is asked, so that a run that was ended goes on where it stopped.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from eval.cases import GoldCase
from eval.gold import load_gold
from eval.log import append_log, read_log
from eval.measures import contains_any, positions_shown, shown_text
from eval.origin import ROOT, code_hash
from eval.progress import progress_bar
from eval.rows import own_collection
from eval.seeds import COLLECTION, GOLD
from index.files import find_files
from rag.answer.telling import Listener
from rag.build import open_dossier
from rag.pipeline import Pipeline
from rag.settings import load_settings
from rag.values import Answer, Citation, Statement

EXTRACTIVE = "extractive"
_FIGURE = re.compile(r"\d[\d,.]*")

app = typer.Typer(add_completion=False)


class Stopwatch(Listener):
    """Seconds until something could be read, and until the first sentence of the language model."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.draft_s: float | None = None
        self.first_s: float | None = None

    def draft(self, answer: Answer, writing: str) -> None:
        self.draft_s = time.perf_counter() - self.began

    def statement(self, statement: Statement, citations: Sequence[Citation]) -> None:
        if self.first_s is None:
            self.first_s = time.perf_counter() - self.began


@dataclass(frozen=True, slots=True)
class Observed:
    """What one answer was worth, and how long it took.

    Attributes:
        key: The case, the model and the code.
        invented: How many figures of the sentences shown stand in no quote of theirs.
        reason: Why the language model was of no use, if it was not.
        draft_s, first_s: Seconds until something could be read, and until the first sentence of the answer as it ended.
    """

    key: str
    answerable: bool
    right: bool
    refused: bool
    invented: int
    answered_by: str
    reason: str | None
    draft_s: float | None
    first_s: float | None
    seconds: float

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Observed:
        return cls(**raw)


@dataclass(frozen=True, slots=True)
class Row:
    """One model on the questions that it was asked.

    Attributes:
        facts: Share of the answerable questions of which every wanted answer is shown.
        refused: Share of the unanswerable ones that got no answer; `wrongly` of the answerable ones.
        invented: Figures of sentences that are shown and stand in no quote of theirs.
    """

    model: str
    questions: int
    facts: float
    refused: float
    wrongly: float
    invented: int
    by_model: float
    first_s: float
    whole_s: float

    @classmethod
    def of(cls, model: str, seen: Sequence[Observed]) -> Row:
        answerable = [one for one in seen if one.answerable]
        rest = [one for one in seen if not one.answerable]
        written = [one for one in seen if one.answered_by != EXTRACTIVE] or seen
        return cls(
            model,
            len(seen),
            _share([one.right for one in answerable]),
            _share([one.refused for one in rest]),
            _share([one.refused for one in answerable]),
            sum(one.invented for one in seen),
            _share([one.answered_by != EXTRACTIVE for one in seen]),
            median([one.first_s for one in written if one.first_s is not None] or [0.0]),
            median([one.seconds for one in written]),
        )


def measured(key: str, case: GoldCase, answer: Answer, watch: Stopwatch) -> Observed:
    """What one answer was worth; to be asked at once, since the watch still runs."""
    seconds = time.perf_counter() - watch.began
    shown = shown_text(answer)
    if case.positions:
        right = positions_shown(answer, case.positions) == len(case.positions)
    else:
        right = any(contains_any(text, case.answers) for text in shown)
    refused = answer.verdict == "not_stated"
    return Observed(
        key=key,
        answerable=case.answerable,
        right=right and not refused,
        refused=refused,
        invented=len(invented_figures(answer)),
        answered_by=answer.answered_by,
        reason=answer.degraded_reason.code if answer.degraded_reason else None,
        draft_s=watch.draft_s,
        first_s=watch.first_s,
        seconds=seconds,
    )


def invented_figures(answer: Answer) -> list[str]:
    """Figures of the sentences shown that stand, digit by digit, in no quote that the sentence cites."""
    quotes = {citation.number: citation.quote for citation in answer.citations}
    found = []
    for statement in answer.statements:
        cited = _figures(" ".join(quotes.get(number, "") for number in statement.citations))
        found += [figure for figure in _figures(statement.text) if figure not in cited]
    return found


def _figures(text: str) -> list[str]:
    return [figure.replace(",", "").rstrip(".") for figure in _FIGURE.findall(text)]


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 0.0


def table(rows: Sequence[Row]) -> str:
    """As Markdown."""
    head = "| model | questions | facts | refused rightly | refused wrongly | invented figures | written by it | first sentence | whole answer |"
    return "\n".join(
        [
            head,
            "|---" * 9 + "|",
            *(
                f"| {row.model} | {row.questions} | {row.facts:.0%} | {row.refused:.0%} | {row.wrongly:.0%} | {row.invented} "
                f"| {row.by_model:.0%} | {row.first_s:.1f} s | {row.whole_s:.1f} s |"
                for row in rows
            ),
        ]
    )


@app.command()
def main(
    llm: Annotated[list[str], typer.Option(help="A model, as DOSSIER_LLM names it; may be given several times.")],
    every: Annotated[int, typer.Option(min=1, help="Ask every so-many-th question.")] = 1,
    timeout: Annotated[float, typer.Option(help="Seconds for one answer of a model.")] = 600.0,
    out: Annotated[Path, typer.Option(help="Folder for what was observed.")] = Path("reports/models"),
) -> None:
    """Ask each question of every model in turn, and without one; print the table."""
    kept = read_log(out / "answers.jsonl", Observed.from_json)
    seen: dict[str, list[Observed]] = {name: [] for name in (EXTRACTIVE, *llm)}
    with ExitStack() as stack:
        pipelines, corpus = {}, None
        for number, name in enumerate(llm):
            settings = load_settings(
                data=out / f"data-{number}", collection=COLLECTION, llm=name, llm_timeout_s=timeout
            )
            dossier = stack.enter_context(open_dossier(settings))
            corpus = own_collection(dossier, COLLECTION)
            found = find_files(seeds(), max_files=1000)
            corpus.ingest(found.files, roots=found.roots, refusals=found.refusals)
            dossier.warm_up()
            pipelines[name] = dossier.pipeline()
            pipelines.setdefault(EXTRACTIVE, dossier.pipeline(settings=settings.model_copy(update={"llm": None})))
        cases = load_gold(GOLD, corpus.documents() if corpus else ())[::every]
        keep = stack.enter_context(append_log(out / "answers.jsonl"))
        progress = stack.enter_context(progress_bar())
        for done, located in enumerate(cases, start=1):
            for name, pipeline in pipelines.items():
                key = f"{located.case.id} {located.case.digest} {name} {code_hash()}"
                if key not in kept:
                    watch = Stopwatch()
                    kept[key] = measured(key, located.case, asked(pipeline, located.case, watch), watch)
                    keep(asdict(kept[key]))
                seen[name].append(kept[key])
            if progress:
                progress(done, len(cases))
    typer.echo(table([Row.of(_short(name), found) for name, found in seen.items()]))


def asked(pipeline: Pipeline, case: GoldCase, watch: Stopwatch) -> Answer:
    """The case's question, with the filters that it has."""
    filtering = case.filtering
    return pipeline.answer(case.question, filters=filtering.filters, as_of=filtering.as_of, listener=watch)


def seeds() -> list[Path]:
    """The documents that the questions are about."""
    return sorted((ROOT / "seeds").glob("[0-9]*.md"))


def _short(name: str) -> str:
    return Path(name).stem if name.startswith("llama:") else name


if __name__ == "__main__":
    app()
