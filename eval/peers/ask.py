"""Asks a peer through files: writes the job, runs it in the peers' environment, reads its rankings as rankers."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.observe import Passage, Ranker
from eval.peers.install import ENVIRONMENT, INSTALL, python_of
from eval.peers.quickstart import missing_title, passes
from index.errors import DossierError
from index.values import Document, Filters

ROWS = {"txtai": ("txtai", "txtai hybrid"), "haystack": ("haystack", "haystack bm25")}
"""The rows that each peer gives."""

DEPTH = 100
"""Passages asked for: deeper than any cutoff, so that a filter leaves enough."""

TIMEOUT_S = 3_600.0
RUNNER = Path(__file__).with_name("runner.py")
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "TOKENIZERS_PARALLELISM": "false",
}


class PeerUnusable(DossierError):
    """A peer that is not installed, that failed, or that wrote something else than rankings."""


@dataclass(frozen=True, slots=True)
class PeerRows:
    """What the peers found.

    Attributes:
        rankers: A ranker for each row that could be made; it knows the questions that were asked, no others.
        absent: For each row that could not be made, why; a report prints it in the row's place.
        versions: Packages of the peers' environment that took part.
    """

    rankers: Mapping[str, Ranker] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def peer_rows(
    documents: Sequence[Document],
    questions: Sequence[str],
    *,
    model: Path,
    folder: Path,
    environment: Path = ENVIRONMENT,
    peers: Sequence[str] = tuple(ROWS),
    timeout_s: float = TIMEOUT_S,
) -> PeerRows:
    """Every peer's rows; a peer that cannot be asked is a reason, not an exception.

    Args:
        model: Folder of the sentence-transformers model that every peer uses.
        folder: Where jobs and rankings are kept: the same job is not run twice.
    """
    rankers: dict[str, Ranker] = {}
    absent: dict[str, str] = {}
    versions: dict[str, str] = {}
    for peer in peers:
        try:
            made = ask_peer(
                peer,
                documents,
                questions,
                model=model,
                folder=folder / peer,
                python=python_of(environment),
                timeout_s=timeout_s,
            )
        except PeerUnusable as error:
            absent.update(dict.fromkeys(ROWS[peer], str(error)))
        else:
            rankers.update(made.rankers)
            versions.update(made.versions)
    return PeerRows(rankers, absent, versions)


def ask_peer(
    peer: str,
    documents: Sequence[Document],
    questions: Sequence[str],
    *,
    model: Path,
    folder: Path,
    python: Path,
    runner: Path = RUNNER,
    rows: Sequence[str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> PeerRows:
    """One peer's rows, from an earlier run of the same job when there is one.

    Raises:
        PeerUnusable: With what was found, and the log when the peer failed.
    """
    asked = list(dict.fromkeys(questions))
    wanted = ROWS[peer] if rows is None else rows
    if not any(document.text.strip() for document in documents):
        nothing: Mapping[str, tuple[Passage, ...]] = dict.fromkeys(asked, ())
        return PeerRows({row: _Ranked(row, nothing, {}) for row in wanted})
    key = _write_job(folder, documents, asked, model, runner)
    if _done(folder).get("key") != key:
        _run(peer, folder, python, runner, timeout_s)
        if _done(folder).get("key") != key:
            raise PeerUnusable(f"Peer '{peer}' ended without rankings.jsonl and done.json for this job. {_log(folder)}")
    rankings = read_rankings(folder / "rankings.jsonl", documents, rows=wanted, queries=len(asked))
    rankers: dict[str, Ranker] = {
        row: _Ranked(row, dict(zip(asked, found, strict=True)), {document.id: document for document in documents})
        for row, found in rankings.items()
    }
    return PeerRows(rankers, versions={str(name): str(number) for name, number in _done(folder)["versions"].items()})


def read_rankings(
    path: Path, documents: Sequence[Document], *, rows: Sequence[str], queries: int
) -> dict[str, list[tuple[Passage, ...]]]:
    """Rankings by row, one for each query in order, offsets in the document's own text.

    Raises:
        PeerUnusable: With the line, when it is not a ranking of known documents, or with the row that lacks a query.
    """
    known = {document.id: (len(_heading(document)), len(document.text)) for document in documents}
    found: dict[str, dict[int, tuple[Passage, ...]]] = {row: {} for row in rows}
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            try:
                raw = json.loads(line)
                ranking = found[raw["row"]]
                place = int(raw["query_id"])
                if place in ranking or not 0 <= place < queries:
                    raise ValueError(f"query {place} is unknown or there twice")
                ranking[place] = tuple(_passage(passage, known) for passage in raw["passages"])
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise PeerUnusable(
                    f"{path.name} line {number} is not a ranking: {type(error).__name__}: {error}. "
                    f"Delete {path.parent} and run again."
                ) from error
    for row, ranking in found.items():
        if len(ranking) < queries:
            first = next(place for place in range(queries) if place not in ranking)
            raise PeerUnusable(
                f"{path.name} has no ranking of row '{row}' for query {first}. Delete {path.parent} and run again."
            )
    return {row: [ranking[place] for place in range(queries)] for row, ranking in found.items()}


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A row that was made in one go. The filters of a case leave out passages, as they do in every row."""

    row: str
    rankings: Mapping[str, tuple[Passage, ...]]
    documents: Mapping[str, Document]

    def __call__(self, query: str, top_k: int, filters: Filters | None = None) -> tuple[Passage, ...]:
        if query not in self.rankings:
            raise ValueError(f"query must be one that row '{self.row}' was made for, got {query!r}")
        left = (found for found in self.rankings[query] if passes(self.documents[found.document_id], filters))
        return tuple(passage for passage, _ in zip(left, range(top_k), strict=False))


def _heading(document: Document) -> str:
    title = missing_title(document)
    return f"{title}\n" if title else ""


def _passage(raw: Any, known: Mapping[str, tuple[int, int]]) -> Passage:
    document_id, start, end, score = raw
    heading, length = known[document_id]
    if not (0 <= start <= end <= heading + length) or not math.isfinite(score):
        raise ValueError(f"passage {raw} does not stand in its document of {length} characters")
    return Passage(document_id, max(0, start - heading), max(0, end - heading), float(score))


def _write_job(folder: Path, documents: Sequence[Document], questions: Sequence[str], model: Path, runner: Path) -> str:
    """Write what the peer reads; returns the hash of all of it, which names the job."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "documents.jsonl": [{"id": document.id, "text": _heading(document) + document.text} for document in documents],
        "queries.jsonl": [{"id": str(place), "text": question} for place, question in enumerate(questions)],
    }
    digest = hashlib.sha256(runner.read_bytes())
    digest.update(runner.with_name("requirements.lock").read_bytes() if runner == RUNNER else b"")
    for weights in sorted(model.glob("*.safetensors")):
        with weights.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    digest.update(f"{model}\n{DEPTH}\n".encode())
    for name, rows in texts.items():
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        digest.update(content)
        (folder / name).write_bytes(content)
    key = digest.hexdigest()
    job = {"key": key, "model": str(model), "top_k": DEPTH}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    return key


def _run(peer: str, folder: Path, python: Path, runner: Path, timeout_s: float) -> None:
    if not python.exists():
        raise PeerUnusable(f"Peer '{peer}' is not installed in {python.parent.parent}. Run: {INSTALL}")
    (folder / "done.json").unlink(missing_ok=True)
    command = [str(python), "-I", str(runner), peer, str(folder.resolve())]
    with (folder / "log.txt").open("wb") as log:
        try:
            ended = subprocess.run(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | _OFFLINE,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise PeerUnusable(f"Peer '{peer}' took longer than {timeout_s:.0f} s and was stopped.") from error
    if ended.returncode:
        raise PeerUnusable(f"Peer '{peer}' ended with exit code {ended.returncode}. {_log(folder)}")


def _done(folder: Path) -> dict[str, Any]:
    try:
        done = json.loads((folder / "done.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    whole = isinstance(done, dict) and isinstance(done.get("versions"), dict) and (folder / "rankings.jsonl").exists()
    return done if whole else {}


def _log(folder: Path) -> str:
    written = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"Its last words: {written[-1][:300]} (all of them: {folder / 'log.txt'})" if written else "It said nothing."
