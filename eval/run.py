"""Ask every gold question, keep each observation as it is made, and report. The command line of `dossier eval`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eval.cases import LocatedCase
from eval.compare import Change, compare, read_report, read_sets
from eval.domains.read import choose_domains, find_domains
from eval.domains.report import domains_summary
from eval.domains.run import evaluate_domains
from eval.gold import load_gold
from eval.log import append_log, read_log
from eval.observe import ROWS, Answering, Observation, Ranker, observe
from eval.origin import code_hash, commit, corpus_hash, versions
from eval.progress import Progress, progress_bar, stage_bar
from eval.report import add_comparison, build_report, summary_table, write_report
from eval.rows import KNOWN_ROWS, SWITCHED_OFF, installed_peers, row_rankers
from index.errors import DossierError, EmptyCollection
from index.protocols import Corpus

if TYPE_CHECKING:
    from rag.build import Dossier

OBSERVATIONS = "observations.jsonl"
EXIT_FAILED, EXIT_FELL = 1, 4

app = typer.Typer(add_completion=False)


def run_gold(
    pipeline: Answering,
    collection: Corpus,
    cases: Sequence[LocatedCase],
    *,
    rankers: Mapping[str, Ranker],
    settings_hash: str,
    out: Path,
    progress: Progress | None = None,
) -> list[tuple[LocatedCase, Observation]]:
    """Observe every case, in order; observations already in `out` that were made the same way are taken from there.

    Made the same way means: same case, settings, code, index generation and rows. Each new observation is on disk before the
    next question is asked, so a run that was killed goes on where it stopped.
    """
    kept = read_log(out / OBSERVATIONS, Observation.from_json)
    made_with = f"{settings_hash} {code_hash()} {collection.name} {collection.generation} {' '.join(rankers)}"
    observed = []
    with append_log(out / OBSERVATIONS) as keep:
        for done, located in enumerate(cases, start=1):
            key = hashlib.sha256(f"{located.case.id} {located.case.digest} {made_with}".encode()).hexdigest()[:16]
            observation = kept.get(key)
            if observation is None:
                observation = observe(key, located.case, rankers, pipeline, collection)
                keep(observation.to_json())
            observed.append((located, observation))
            if progress:
                progress(done, len(cases))
    return observed


def evaluate_collection(
    dossier: Dossier,
    gold: Path,
    *,
    collection: str | None,
    out: Path,
    baseline: Path | None,
    progress: Progress | None,
    sets: Path | None = None,
    rows: Sequence[str] = (),
) -> tuple[dict[str, Any], list[Change]]:
    """Run a gold file on one collection of an open Dossier and write the reports.

    Args:
        rows: Rankings to compare; by default all that can be made here.
        sets: A sets.json that `dossier eval SETS` wrote; its table and plots go into the reports.

    Returns:
        The report, and the gated figures that fell against the baseline.

    Raises:
        GoldInvalid: With every line that is wrong.
        EmptyCollection: There is nothing to search.
        ReportUnusable: Before any question is asked when the file cannot be read.
    """
    earlier = read_report(baseline) if baseline else None
    public = read_sets(sets) if sets else None
    corpus = dossier.collection(collection)
    documents = corpus.documents()
    if not documents:
        raise EmptyCollection(f"Collection '{corpus.name}' holds no document. Run: dossier index FOLDER")
    cases = load_gold(gold, documents)
    pipeline = dossier.pipeline(collection)
    rankers = row_rankers(
        dossier,
        corpus,
        lambda: documents,
        [located.case.question for located in cases],
        rows=rows or (*ROWS, *SWITCHED_OFF, *installed_peers()),
        folder=out / "peers",
    )
    settings_hash = dossier.settings.answer_hash()
    observed = run_gold(
        pipeline, corpus, cases, rankers=rankers, settings_hash=settings_hash, out=out, progress=progress
    )
    origin = {
        "commit": commit(),
        "code_hash": code_hash(),
        "settings_hash": settings_hash,
        "collection": corpus.name,
        "corpus_hash": corpus_hash(document.id for document in documents),
        "documents": len(documents),
        "chunks": corpus.chunk_count,
        "generation": corpus.generation,
        "gold": gold.name,
        "gold_sha256": hashlib.sha256(gold.read_bytes()).hexdigest(),
        "versions": versions(),
    }
    report = build_report(observed, origin) | {"sets": public}
    fell = add_comparison(report, earlier, compare(report, earlier)) if earlier else []
    write_report(report, out)
    return report, fell


@app.command()
def evaluate(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="GOLD.jsonl|FOLDER",
            help="A gold file; a domain (files/ and gold.jsonl) or a folder of domains; a set or a folder of sets.",
        ),
    ],
    collection: Annotated[
        str | None, typer.Option(help="Gold file: collection to ask; the one in the settings by default.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the reports; that of the settings, reports/domains or reports/sets by default."),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="Gold file: an earlier report.json; exit 4 when a gated measure fell.")
    ] = None,
    sets: Annotated[
        str,
        typer.Option(help="Sets: names with commas between; the nine usual ones by default. Domains: all by default."),
    ] = "",
    rows: Annotated[
        str,
        typer.Option(
            help=f"Which of {','.join(KNOWN_ROWS)}. By default all that can be made here; sets: without the rows that lack a stage."
        ),
    ] = "",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Sets and domains: at most so many questions each, for a quick look.")
    ] = None,
    part: Annotated[str, typer.Option(help="Sets: the folder of each set that holds its questions.")] = "dev",
    sets_report: Annotated[
        Path | None, typer.Option(help="Gold file: a sets.json to show in the reports beside it.")
    ] = None,
    tune: Annotated[
        bool, typer.Option("--tune", help="Gold file: choose the confidence under which nothing is answered.")
    ] = False,
    target_error: Annotated[
        float, typer.Option(min=0, max=1, help="With --tune: share of the answers shown that may be wrong.")
    ] = 0.2,
    write: Annotated[
        bool, typer.Option("--write", help="With --tune: put the threshold into dossier.toml of this folder.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure retrieval, answers, citations and refusals on a gold file, answers over domains, or retrieval on public sets; or tune to a gold file."""
    try:
        if tune:
            from eval.tune import run_tuning

            _refuse(path, "to be tuned to", {"--baseline": baseline, "--sets": sets, "--limit": limit, "--rows": rows})
            typer.echo(run_tuning(path, collection, out, target_error, write=write, as_json=as_json))
            return
        if write:
            raise typer.BadParameter("it writes what --tune chose", param_hint="--write")
        if path.is_dir():
            _refuse(
                path, "a folder", {"--collection": collection, "--baseline": baseline, "--sets-report": sets_report}
            )
            if domains := find_domains(path):
                _refuse(path, "a folder of domains", {"--rows": rows})
                out = out or Path("reports/domains")
                report = evaluate_domains(choose_domains(domains, _names(sets)), out, limit=limit)
                typer.echo(json.dumps(report, ensure_ascii=False) if as_json else domains_summary(report, out))
                return
            report = _run_sets(
                path, out or Path("reports/sets"), _names(sets), _rows(rows) or (*ROWS, *installed_peers()), limit, part
            )
            typer.echo(json.dumps(report, ensure_ascii=False) if as_json else sets_summary(report, out))
            return
        _refuse(path, "a gold file", {"--sets": sets, "--limit": limit})
        _run_gold(path, out, collection, baseline, sets_report, _rows(rows), as_json=as_json)
    except DossierError as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(EXIT_FAILED) from error


def _run_gold(
    gold: Path,
    out: Path | None,
    collection: str | None,
    baseline: Path | None,
    sets: Path | None,
    rows: Sequence[str],
    *,
    as_json: bool,
) -> None:
    from rag.build import open_dossier
    from rag.settings import load_settings

    settings = load_settings()
    out = out or settings.reports
    with open_dossier(settings) as dossier, progress_bar() as progress:
        report, fell = evaluate_collection(
            dossier, gold, collection=collection, out=out, baseline=baseline, progress=progress, sets=sets, rows=rows
        )
    if as_json:
        typer.echo(
            json.dumps({key: report[key] for key in ("origin", "kinds", "figures", "comparison")}, ensure_ascii=False)
        )
    else:
        typer.echo(
            f"{summary_table(report)}\n\nReports: {', '.join(str(out / f'report.{kind}') for kind in ('html', 'md', 'json'))}"
        )
    for change in fell:
        interval = change.difference.interval
        typer.echo(
            f"{change.key} fell from {change.baseline:.3f} to {change.ours:.3f} "
            f"(difference {interval.low:+.3f} to {interval.high:+.3f}, n = {change.difference.n})",
            err=True,
        )
    if fell:
        raise typer.Exit(EXIT_FELL)


def _run_sets(
    path: Path, out: Path, sets: Sequence[str], rows: Sequence[str], limit: int | None, part: str
) -> dict[str, Any]:
    from eval.sets.suite import DossierSystems, choose_sets, run_sets
    from rag.build import open_dossier
    from rag.settings import load_settings

    folders = choose_sets(path, sets, part)
    settings = load_settings(data=out / "data")
    with open_dossier(settings) as dossier, stage_bar() as progress:
        return run_sets(folders, DossierSystems(dossier, rows), out, part=part, limit=limit, progress=progress)


def sets_summary(report: Mapping[str, Any], out: Path | None) -> str:
    """What is printed after a run over sets."""
    from eval.sets.report import sets_table

    folder = out or Path("reports/sets")
    reports = ", ".join(str(folder / f"sets.{kind}") for kind in ("html", "md", "json"))
    return f"nDCG@10 (%)\n\n{sets_table(report)}\n\nReports: {reports}"


def _refuse(path: Path, kind: str, given: Mapping[str, object]) -> None:
    """Options that say nothing about what was given are refused, not ignored."""
    for name, value in given.items():
        if value not in (None, ""):
            raise typer.BadParameter(f"{path} is {kind}: {name} does not apply", param_hint=name)


def _rows(given: str) -> list[str]:
    rows = _names(given)
    if unknown := [row for row in rows if row not in KNOWN_ROWS]:
        raise typer.BadParameter(
            f"there is no row {', '.join(unknown)}; there are {', '.join(KNOWN_ROWS)}", param_hint="--rows"
        )
    return rows


def _names(given: str) -> list[str]:
    return [name for name in (part.strip() for part in given.split(",")) if name]


def command(arguments: Sequence[str]) -> None:
    """`dossier eval ARGUMENTS...`; ends the process with its exit code."""
    app(list(arguments), prog_name="dossier eval")
