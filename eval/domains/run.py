"""Index each domain into a collection of its own, ask every question, and keep what class each answer is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from eval.cases import LocatedCase
from eval.classes import classify
from eval.domains.read import Domain, load_cases
from eval.domains.report import build_report, write_report
from eval.domains.values import Asked, DomainResult
from eval.observe import Answering
from eval.origin import code_hash, commit, versions
from eval.progress import StageProgress, stage_bar
from eval.sets.run import chosen
from index.collection import Collection
from index.errors import DossierError, EmptyCollection
from index.files import find_files

MAX_FILES = 10_000


class Opening(Protocol):
    """Where domains are indexed and asked; an open `rag.build.Dossier` is the real one."""

    def collection(self, name: str | None = None, *, create: bool = False) -> Collection: ...

    def pipeline(self, collection: str | None = None) -> Answering: ...


def evaluate_domains(domains: Sequence[Domain], out: Path, *, limit: int | None = None) -> dict[str, Any]:
    """Run domains in a data directory that is removed afterwards, with the settings that hold here, and write the reports.

    Returns:
        What domains.json holds.

    Raises:
        GoldInvalid: With every line of a gold file that is wrong.
        EmptyCollection: A domain holds no file that can be read.
    """
    from rag.build import open_dossier
    from rag.settings import load_settings

    with TemporaryDirectory(prefix="dossier-eval-") as data:
        settings = load_settings(data=Path(data))
        with open_dossier(settings) as dossier, stage_bar() as progress:
            results = run_domains(dossier, domains, limit=limit, progress=progress)
    origin = {
        "commit": commit(),
        "code_hash": code_hash(),
        "settings_hash": settings.answer_hash(),
        "limit": limit,
        "versions": versions(),
    }
    report = {
        "format": 1,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "origin": origin,
        **build_report(results),
    }
    write_report(report, out)
    return report


def run_domains(
    dossier: Opening,
    domains: Sequence[Domain],
    *,
    limit: int | None = None,
    progress: StageProgress | None = None,
) -> list[DomainResult]:
    """Index every domain and check every gold file, then ask the questions, in order.

    Args:
        limit: At most so many questions of each domain, at even distances.
    """
    indexed = [_index(dossier, domain, f"domain_{number}") for number, domain in enumerate(domains, start=1)]
    results = []
    for domain in indexed:
        pipeline = dossier.pipeline(domain.collection)
        cases = chosen(domain.cases, limit)
        asked = []
        for done, located in enumerate(cases, start=1):
            asked.append(_ask(pipeline, located))
            if progress:
                progress(domain.domain.name, done, len(cases))
        results.append(DomainResult(domain.domain, domain.documents, domain.refused, tuple(asked)))
    return results


@dataclass(frozen=True, slots=True)
class _Indexed:
    """A domain that can be asked."""

    domain: Domain
    collection: str
    documents: int
    refused: tuple[str, ...]
    cases: Sequence[LocatedCase] = field(repr=False)


def _index(dossier: Opening, domain: Domain, collection: str) -> _Indexed:
    corpus = dossier.collection(collection, create=True)
    found = find_files([domain.files], max_files=MAX_FILES)
    report = corpus.ingest(found.files, roots=found.roots, refusals=found.refusals)
    documents = corpus.documents()
    if not documents:
        raise EmptyCollection(
            f"{domain.files} holds no file that can be read. Put the documents there, then run it again."
        )
    refused = tuple(Path(refusal.source).name for refusal in report.refused)
    return _Indexed(domain, collection, len(documents), refused, load_cases(domain, documents))


def _ask(pipeline: Answering, located: LocatedCase) -> Asked:
    case = located.case
    try:
        answer = pipeline.answer(case.question, filters=case.filtering.filters, as_of=case.filtering.as_of)
    except DossierError as error:
        return Asked(case.kind, "error", case.id, case.question, text=str(error))
    return Asked(case.kind, classify(case, answer), case.id, case.question, answer.verdict, answer.short, answer.text)
